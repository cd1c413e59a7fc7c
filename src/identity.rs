//! Who we are: the account that we run in, and the roles that we assume in others. The only user of STS's client.

mod member;

use aws_config::SdkConfig;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use crate::causes;
use crate::target::AccountId;

pub(crate) use member::SharedSession;
pub use member::{AssumeRoleError, MemberRole, MemberSession};

/// Why the own account is not known.
#[derive(Debug, thiserror::Error)]
#[error(
    "asking STS for the own account (GetCallerIdentity): {problem}; set AUDIT_ACCOUNT_ID, or check the credentials"
)]
pub struct IdentityError {
    problem: String,
}

/// The account of the credentials in use.
///
/// # Errors
/// When STS refuses, cannot be reached, or names no account.
pub async fn own_account(sdk: &SdkConfig) -> Result<AccountId, IdentityError> {
    let identity = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await;
    let identity = identity.map_err(|error| IdentityError { problem: problem(&error) })?;
    let account = identity.account().unwrap_or_default();
    AccountId::parse(account)
        .ok_or_else(|| IdentityError { problem: format!("it answered with account `{account}`") })
}

/// What STS said, or what happened.
fn problem<E>(error: &SdkError<E>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match error.code() {
        Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
        None => causes::in_words(error),
    }
}
