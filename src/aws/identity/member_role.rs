//! The role that is assumed in other accounts, and its credentials, kept until they expire.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tokio::sync::Mutex as AsyncMutex;

use super::MIN_CREDENTIALS_LIFE;
use crate::aws::errors::{Call, Denial, describe};
use crate::clock::Clock;
use crate::error_code::ErrorCode;
use crate::run_id::RunId;
use crate::target::AccountId;

/// Checks to make if STS refuses.
const REFUSED: &str = "does the role exist there, does it trust the role that this program runs as, and is AUDIT_EXTERNAL_ID \
                       the one that it asks for?";

/// A role that has the same name in every member account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRole {
    name: String,
    external_id: Option<String>,
}

impl MemberRole {
    /// Returns a role by its name, with its path if it has one; `None` if that is not such a name.
    /// Source: STS API reference, `AssumeRole`; IAM API reference, `CreateRole`.
    pub fn new(name: &str, external_id: Option<String>) -> Option<MemberRole> {
        let is_part = |part: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
            (1..=64).contains(&part.len()) && part.bytes().all(fits)
        };
        let is_name = name.len() <= 512 && name.split('/').all(is_part);
        is_name.then(|| MemberRole { name: name.to_owned(), external_id })
    }

    /// Returns `true` if STS accepts the text as an external id.
    pub fn is_external_id(text: &str) -> bool {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        (2..=1224).contains(&text.len()) && text.bytes().all(fits)
    }

    /// Returns its ARN in an account.
    pub fn arn(&self, account_id: &AccountId, partition: &str) -> String {
        format!("arn:{partition}:iam::{account_id}:role/{}", self.name)
    }
}

/// Failure to assume a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("assuming {role_arn} (sts:AssumeRole): {problem}")]
pub struct AssumeRoleError {
    /// [`ErrorCode::AssumeRoleRefused`], [`ErrorCode::AssumeRoleFailed`], or the code of a cause such as missing credentials.
    pub code: ErrorCode,
    role_arn: String,
    problem: String,
    /// STS's request id.
    pub request_id: Option<String>,
    /// The access that STS denied; `None` if the error is not a denial.
    pub denial: Option<Box<Denial>>,
}

/// The role in one account, with its newest credentials. Every Region of the account shares them.
#[derive(Debug)]
pub struct MemberSession {
    sts: aws_sdk_sts::Client,
    clock: Clock,
    role_arn: String,
    external_id: Option<String>,
    /// Name of the session for the current run.
    session_name: Mutex<String>,
    credentials: AsyncMutex<Option<Credentials>>,
}

impl MemberSession {
    /// Returns a session that has requested no credentials yet.
    pub fn new(
        sdk: &SdkConfig,
        clock: Clock,
        role: &MemberRole,
        account_id: &AccountId,
        partition: &str,
    ) -> Arc<MemberSession> {
        Arc::new(MemberSession {
            sts: aws_sdk_sts::Client::new(sdk),
            clock,
            role_arn: role.arn(account_id, partition),
            external_id: role.external_id.clone(),
            session_name: Mutex::default(),
            credentials: AsyncMutex::default(),
        })
    }

    /// Sets the current run. Later requests to STS carry its name, which CloudTrail shows in both accounts.
    pub fn begin(&self, run_id: &RunId) {
        // STS accepts 2 to 64 characters.
        let name = format!("client-vpn-audit-{run_id}").chars().take(64).collect();
        *self.session_name.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// Returns valid credentials: the kept ones, or new ones.
    ///
    /// # Errors
    /// Returns an error if STS refuses or cannot be asked.
    pub async fn credentials(&self) -> Result<Credentials, AssumeRoleError> {
        // Locked while STS is asked, so the Regions of an account ask once.
        let mut kept = self.credentials.lock().await;
        if let Some(credentials) = kept.as_ref().filter(|credentials| self.is_good(credentials)) {
            return Ok(credentials.clone());
        }
        let credentials = self.assume().await?;
        *kept = Some(credentials.clone());
        Ok(credentials)
    }

    /// Forgets the credentials with this access key, which EC2 no longer accepts, regardless of their expiry. Newer ones stay.
    pub async fn forget(&self, access_key_id: &str) {
        self.credentials.lock().await.take_if(|credentials| credentials.access_key_id() == access_key_id);
    }

    fn is_good(&self, credentials: &Credentials) -> bool {
        let now = std::time::SystemTime::from(self.clock.now());
        credentials.expiry().is_none_or(|expiry| expiry > now + MIN_CREDENTIALS_LIFE)
    }

    async fn assume(&self) -> Result<Credentials, AssumeRoleError> {
        let session_name = self.session_name.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let assumed = self
            .sts
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(session_name)
            .set_external_id(self.external_id.clone())
            .send()
            .await;
        let failed = |code, problem| AssumeRoleError {
            code,
            role_arn: self.role_arn.clone(),
            problem,
            request_id: None,
            denial: None,
        };
        let assumed = assumed.map_err(|error| {
            let call = Call { service: "STS", permission: "sts:AssumeRole", resource: &self.role_arn };
            let error = describe(&error, call);
            let failed = match &error.denial {
                Some(_) => failed(
                    ErrorCode::AssumeRoleRefused,
                    format!("{}: {}; {REFUSED}", error.code, error.message),
                ),
                None if error.is_own_cause() => failed(error.code, error.message),
                None => failed(ErrorCode::AssumeRoleFailed, error.message),
            };
            AssumeRoleError { request_id: error.request_id, denial: error.denial, ..failed }
        })?;
        let credentials = assumed.credentials.ok_or_else(|| {
            failed(ErrorCode::AssumeRoleFailed, "STS answered without credentials".to_owned())
        })?;
        Ok(Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            std::time::SystemTime::try_from(credentials.expiration).ok(),
            "client-vpn-audit",
        ))
    }
}

/// A session as the provider of credentials for the SDK's clients.
#[derive(Debug)]
pub(crate) struct SharedSession(pub Arc<MemberSession>);

impl ProvideCredentials for SharedSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.0.credentials().await.map_err(CredentialsError::provider_error)
        })
    }
}
