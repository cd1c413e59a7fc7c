//! The credentials that the program runs with, requested once, before any call of AWS, and kept until they expire.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::empty_endpoint_urls::without_empty_endpoints;
use super::{MIN_CREDENTIALS_LIFE, provider_chain};
use crate::aws::errors::CredentialsFailure;
use crate::aws::https;
use crate::aws::sdk::is_key;
use crate::aws::timeouts::{ATTEMPT_TIMEOUT, CREDENTIALS_TIMEOUT, for_each_attempt};
use crate::clock::Clock;

/// Time for which a failure is kept, so concurrent calls share it.
const FAILURE_KEPT_FOR: Duration = Duration::from_secs(30);

/// The program's own credentials.
#[derive(Debug)]
pub struct OwnSession {
    provider: Option<SharedCredentialsProvider>,
    patience: Duration,
    clock: Clock,
    kept: Mutex<KeptCredentials>,
}

#[derive(Debug, Default)]
struct KeptCredentials {
    credentials: Option<Credentials>,
    failure: Option<(Instant, CredentialsFailure)>,
}

impl OwnSession {
    /// Returns the session of the credentials that `sdk` is configured with, and a configuration whose clients use it. The
    /// configuration has a timeout and the shared HTTPS client.
    pub fn begin(sdk: SdkConfig, clock: Clock) -> (SdkConfig, Arc<OwnSession>) {
        let provider = sdk.credentials_provider();
        let session =
            Arc::new(OwnSession { provider, patience: CREDENTIALS_TIMEOUT, clock, kept: Mutex::default() });
        let http_client = sdk.http_client().unwrap_or_else(https::client);
        let sdk = without_empty_endpoints(sdk)
            .into_builder()
            .timeout_config(for_each_attempt(ATTEMPT_TIMEOUT))
            .http_client(http_client);
        let shared = SharedCredentialsProvider::new(SharedOwn(session.clone()));
        // The session keeps them itself, to be able to forget them.
        let sdk = sdk.credentials_provider(shared).identity_cache(IdentityCache::no_cache());
        (sdk.build(), session)
    }

    /// Returns valid credentials: the kept ones, or new ones.
    ///
    /// # Errors
    /// Returns an error if nothing provides any, or not in time.
    pub async fn credentials(&self) -> Result<Credentials, CredentialsFailure> {
        // Locked while they are requested, so one request serves all.
        let mut kept = self.kept.lock().await;
        if let Some(credentials) =
            kept.credentials.as_ref().filter(|credentials| self.lasts(credentials, MIN_CREDENTIALS_LIFE))
        {
            return Ok(credentials.clone());
        }
        if let Some((_, failure)) = kept.failure.as_ref().filter(|(at, _)| at.elapsed() < FAILURE_KEPT_FOR) {
            return Err(failure.clone());
        }
        match self.ask().await {
            Ok(credentials) => {
                *kept = KeptCredentials { credentials: Some(credentials.clone()), failure: None };
                Ok(credentials)
            }
            Err(failure) => {
                kept.failure = Some((Instant::now(), failure.clone()));
                // The old ones may still work in their last minute.
                let old = kept.credentials.clone().filter(|old| self.lasts(old, Duration::ZERO));
                old.ok_or(failure)
            }
        }
    }

    /// Forgets the credentials with this access key, which AWS no longer accepts, regardless of their expiry. Newer ones stay.
    pub async fn forget(&self, access_key_id: &str) {
        self.kept.lock().await.credentials.take_if(|kept| kept.access_key_id() == access_key_id);
    }

    /// Returns the providers of the credentials, by kind.
    pub async fn provider(&self) -> String {
        provider_chain::configured().await.kinds
    }

    fn lasts(&self, credentials: &Credentials, left: Duration) -> bool {
        let now = SystemTime::from(self.clock.now());
        credentials.expiry().is_none_or(|expiry| expiry > now + left)
    }

    async fn ask(&self) -> Result<Credentials, CredentialsFailure> {
        let Some(provider) = &self.provider else {
            return Err(CredentialsFailure::none(provider_chain::configured().await));
        };
        match timeout(self.patience, provider.provide_credentials()).await {
            Ok(Ok(credentials)) if is_usable(&credentials) => Ok(credentials),
            Ok(Ok(_)) => Err(CredentialsFailure::unusable(provider_chain::configured().await)),
            Ok(Err(error)) => Err(CredentialsFailure::read(&error, provider_chain::configured().await)),
            Err(_) => match provider.fallback_on_interrupt() {
                Some(credentials) => Ok(credentials),
                None => Err(CredentialsFailure::timed_out(
                    self.patience.as_secs(),
                    provider_chain::configured().await,
                )),
            },
        }
    }
}

/// Returns `true` if a request can carry the credentials. The SDK panics at a line break.
fn is_usable(credentials: &Credentials) -> bool {
    is_key(credentials.access_key_id())
        && is_key(credentials.secret_access_key())
        && credentials.session_token().is_none_or(|token| token.is_empty() || is_key(token))
}

/// The session as the provider of credentials for the SDK's clients.
#[derive(Debug)]
struct SharedOwn(Arc<OwnSession>);

impl ProvideCredentials for SharedOwn {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.0.credentials().await.map_err(CredentialsError::provider_error)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_config::{BehaviorVersion, SdkConfig};

    use super::*;
    use crate::error_code::ErrorCode;

    /// A provider whose calls each return a key with their number, fail or hang.
    #[derive(Debug)]
    struct Counted {
        calls: Arc<AtomicUsize>,
        hangs: bool,
    }

    impl ProvideCredentials for Counted {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let hangs = self.hangs;
            future::ProvideCredentials::new(async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Ok(Credentials::new(format!("key{call}"), "secret", None, None, "test"))
            })
        }
    }

    fn session(hangs: bool) -> (Arc<AtomicUsize>, OwnSession) {
        let calls = Arc::new(AtomicUsize::new(0));
        let provider = SharedCredentialsProvider::new(Counted { calls: calls.clone(), hangs });
        let (provider, patience) = (Some(provider), Duration::from_millis(10));
        (calls, OwnSession { provider, patience, clock: Clock::system(), kept: Mutex::default() })
    }

    #[tokio::test]
    async fn credentials_are_asked_for_once_and_again_when_forgotten() {
        let (calls, session) = session(false);
        assert_eq!(session.credentials().await.unwrap().access_key_id(), "key0");
        assert_eq!(session.credentials().await.unwrap().access_key_id(), "key0");
        session.forget("another").await;
        assert_eq!(session.credentials().await.unwrap().access_key_id(), "key0");
        session.forget("key0").await;
        assert_eq!(session.credentials().await.unwrap().access_key_id(), "key1");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn what_hangs_is_given_up_once_for_all_who_ask() {
        let (calls, session) = session(true);
        let (first, second) = tokio::join!(session.credentials(), session.credentials());
        for failure in [first.unwrap_err(), second.unwrap_err(), session.credentials().await.unwrap_err()] {
            assert_eq!(failure.code, ErrorCode::CredentialsTimedOut);
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        session.kept.lock().await.failure = None;
        session.credentials().await.unwrap_err();
        assert_eq!(calls.load(Ordering::SeqCst), 2, "and asked again once the failure is old");
    }

    #[test]
    fn what_a_request_cannot_bear_is_refused() {
        let is_usable = |key: &str, token: &str| {
            is_usable(&Credentials::new(key, "secret/+=", Some(token.to_owned()), None, "test"))
        };
        assert!(is_usable("AKIAEXAMPLE", "IQoJ//+=="));
        for (key, token) in
            [("AKIA\nX", "t"), ("AKIA", "t\r"), ("AKIA", "t\u{e9}"), ("AK IA", "t"), ("AKIA\0", "t")]
        {
            assert!(!is_usable(key, token), "{key:?} {token:?}");
        }
    }

    #[tokio::test]
    async fn no_provider_is_no_credentials() {
        let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let (_, session) = OwnSession::begin(sdk, Clock::system());
        assert_eq!(session.credentials().await.unwrap_err().code, ErrorCode::NoCredentials);
    }
}
