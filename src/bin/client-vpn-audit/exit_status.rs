//! Failures of commands, and the exit status of each.

use client_vpn_audit::error_code::ErrorCode;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::store::StoreError;
use client_vpn_audit::proof::verify::VerifyError;

/// Exit status if something was not complete, or could not be done.
const EXIT_INCOMPLETE: u8 = 1;
/// Exit status if the command line or the settings are wrong.
const EXIT_USAGE: u8 = 2;

/// An error that leaves a command without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An error of the invocation, as the Lambda would report it.
    #[error(transparent)]
    Invocation(#[from] InvocationError),
    /// An error that prevented all verification.
    #[error(transparent)]
    NotVerifiable(VerifyError),
}

impl Failure {
    /// Returns the stable word for scripts.
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

    /// Returns the exit status of the process.
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
