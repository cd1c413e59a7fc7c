//! Identity: the account that we run in, and the roles that we assume in others. The only user of STS's client.

mod empty_endpoint_urls;
mod member_role;
mod own_credentials;
mod provider_chain;

use std::time::Duration;

use aws_config::SdkConfig;

use crate::aws::errors::{Call, describe};
use crate::error_code::ErrorCode;
use crate::target::AccountId;

pub(crate) use member_role::SharedSession;
pub use member_role::{AssumeRoleError, MemberRole, MemberSession};
pub use own_credentials::OwnSession;

/// Minimum life of credentials. Those that expire sooner count as expired: a request must still arrive.
const MIN_CREDENTIALS_LIFE: Duration = Duration::from_secs(60);

/// Failure to determine the own account.
#[derive(Debug, thiserror::Error)]
#[error(
    "asking STS for the own account (GetCallerIdentity): {problem}; set AUDIT_ACCOUNT_ID, or check the credentials"
)]
pub struct IdentityError {
    /// [`ErrorCode::IdentityUnknown`], or the code of a cause such as missing credentials.
    pub code: ErrorCode,
    problem: String,
}

/// Returns the account of the credentials in use.
///
/// # Errors
/// Returns an error if STS refuses, cannot be reached, or names no account.
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
