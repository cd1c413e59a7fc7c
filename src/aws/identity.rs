//! Who we are: the account that we run in, and the roles that we assume in others. The only user of STS's client.

mod member;
mod own;
mod provider;
mod service_settings;

use std::time::Duration;

use aws_config::SdkConfig;

use crate::aws::errors::{Call, describe};
use crate::error_code::ErrorCode;
use crate::target::AccountId;

pub(crate) use member::SharedSession;
pub use member::{AssumeRoleError, MemberRole, MemberSession};
pub use own::OwnSession;

/// Credentials that expire sooner than that are taken for expired: a request must still arrive.
const MIN_CREDENTIALS_LIFE: Duration = Duration::from_secs(60);

/// Why the own account is not known.
#[derive(Debug, thiserror::Error)]
#[error(
    "asking STS for the own account (GetCallerIdentity): {problem}; set AUDIT_ACCOUNT_ID, or check the credentials"
)]
pub struct IdentityError {
    /// [`ErrorCode::IdentityUnknown`], or why there are no credentials.
    pub code: ErrorCode,
    problem: String,
}

/// The account of the credentials in use.
///
/// # Errors
/// When STS refuses, cannot be reached, or names no account.
pub async fn own_account(sdk: &SdkConfig) -> Result<AccountId, IdentityError> {
    let identity = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await;
    let identity = identity.map_err(|error| {
        let call = Call { service: "STS", permission: "sts:GetCallerIdentity", resource: "*" };
        let error = describe(&error, call);
        let code = if error.is_own_cause() { error.code } else { ErrorCode::IdentityUnknown };
        IdentityError { code, problem: error.message }
    })?;
    AccountId::parse(identity.account().unwrap_or_default()).ok_or_else(|| IdentityError {
        code: ErrorCode::IdentityUnknown,
        problem: "its answer names no account".to_owned(),
    })
}
