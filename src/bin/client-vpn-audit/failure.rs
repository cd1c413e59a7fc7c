//! Why a command could not do what it was asked for.

use client_vpn_audit::error_code::ErrorCode;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::store::StoreError;
use client_vpn_audit::proof::verify::VerifyError;

/// Something was not complete, or could not be done.
const EXIT_INCOMPLETE: u8 = 1;
/// The command line or the settings are wrong.
const EXIT_USAGE: u8 = 2;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// As the Lambda would say it.
    #[error(transparent)]
    Invocation(#[from] InvocationError),
    /// Nothing could be verified.
    #[error(transparent)]
    NotVerifiable(VerifyError),
}

impl Failure {
    /// Stable word for scripts.
    pub fn code(&self) -> ErrorCode {
        match self {
            Failure::Invocation(error) => error.code(),
            Failure::NotVerifiable(VerifyError::NotSealed { .. }) => ErrorCode::NotSealed,
            Failure::NotVerifiable(VerifyError::NothingAskedFor { .. }) => ErrorCode::NothingAskedFor,
            Failure::NotVerifiable(VerifyError::Store(error)) => error.code.clone(),
        }
    }

    /// Returns the same failure with the values of the flags and settings that are wrong.
    pub fn quoting_values(self) -> Failure {
        match self {
            Failure::Invocation(InvocationError::InvalidSettings(faults)) => {
                Failure::Invocation(InvocationError::InvalidSettings(faults.quoting_values()))
            }
            Failure::Invocation(InvocationError::InvalidEvent(faults)) => {
                Failure::Invocation(InvocationError::InvalidEvent(faults.quoting_values()))
            }
            other => other,
        }
    }

    /// What the process ends with.
    pub fn exit_status(&self) -> u8 {
        match self {
            Failure::Invocation(
                InvocationError::InvalidSettings(_)
                | InvocationError::InvalidEvent(_)
                | InvocationError::Signing(_),
            ) => EXIT_USAGE,
            Failure::Invocation(
                InvocationError::Identity(_) | InvocationError::RunRecord { .. } | InvocationError::Lake(_),
            )
            | Failure::NotVerifiable(_) => EXIT_INCOMPLETE,
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Failure {
        Failure::NotVerifiable(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Invocation(InvocationError::Lake(error))
    }
}
