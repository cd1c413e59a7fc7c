//! Which account we run in, asked of STS where it is not given.

use aws_config::SdkConfig;
use aws_sdk_sts::error::ProvideErrorMetadata;

use crate::causes;
use crate::target::AccountId;

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
    let identity = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await.map_err(|error| {
        let problem = match error.code() {
            Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
            None => causes::in_words(&error),
        };
        IdentityError { problem }
    })?;
    let account = identity.account().unwrap_or_default();
    AccountId::parse(account)
        .ok_or_else(|| IdentityError { problem: format!("it answered with account `{account}`") })
}
