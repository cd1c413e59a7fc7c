//! Failures of commands, and the exit status of each.

use client_vpn_audit::error_code::ErrorCode;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::store::StoreError;
use client_vpn_audit::proof::verify::VerifyError;
use client_vpn_audit::report::exhibit::ExhibitError;
use client_vpn_audit::report::sessions::SessionsError;

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
    /// An error that prevented sessions from being made.
    #[error(transparent)]
    NoSessions(SessionsError),
    /// An error that prevented an exhibit from being made.
    #[error(transparent)]
    NoExhibit(ExhibitError),
    /// An error of the file that the answer is written to before it is printed.
    #[error("writing the answer to a temporary file: {0}; is there space in the temporary directory?")]
    Answer(#[from] std::io::Error),
}

impl Failure {
    /// Returns the stable word for scripts.
    pub fn code(&self) -> ErrorCode {
        match self {
            Failure::Invocation(error) => error.code(),
            Failure::NotVerifiable(VerifyError::NotSealed { .. }) => ErrorCode::NotSealed,
            Failure::NotVerifiable(VerifyError::NothingAskedFor { .. }) => ErrorCode::NothingAskedFor,
            Failure::NotVerifiable(VerifyError::Store(error)) => error.code.clone(),
            Failure::NoSessions(SessionsError::Store(error)) => error.code.clone(),
            Failure::NoSessions(SessionsError::TooManyConnections { .. }) => ErrorCode::LimitExceeded,
            Failure::NoExhibit(
                ExhibitError::Store(error) | ExhibitError::Sessions(SessionsError::Store(error)),
            ) => error.code.clone(),
            Failure::NoExhibit(ExhibitError::Sessions(SessionsError::TooManyConnections { .. })) => {
                ErrorCode::LimitExceeded
            }
            Failure::NoExhibit(ExhibitError::NoSession { .. }) => ErrorCode::NothingAskedFor,
            Failure::NoExhibit(
                ExhibitError::NotEmpty(_)
                | ExhibitError::InLake(_)
                | ExhibitError::PseudonymsWithin(_)
                | ExhibitError::SeveralSessions { .. }
                | ExhibitError::Manifest(_)
                | ExhibitError::Write { .. },
            ) => ErrorCode::StorageFailed,
            Failure::Answer(_) => ErrorCode::TemporarySpace,
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
            | Failure::NotVerifiable(_)
            | Failure::NoSessions(_)
            | Failure::NoExhibit(_)
            | Failure::Answer(_) => EXIT_INCOMPLETE,
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Failure {
        Failure::NotVerifiable(error)
    }
}

impl From<SessionsError> for Failure {
    fn from(error: SessionsError) -> Failure {
        Failure::NoSessions(error)
    }
}

impl From<ExhibitError> for Failure {
    fn from(error: ExhibitError) -> Failure {
        Failure::NoExhibit(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Invocation(InvocationError::Lake(error))
    }
}
