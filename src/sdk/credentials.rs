//! Credentials of any provider, checked before a request is signed with them.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// A provider whose credentials fit into a request. Signing with others panics.
#[derive(Debug)]
pub(super) struct CheckedCredentials(SharedCredentialsProvider);

impl CheckedCredentials {
    /// Wraps a provider.
    pub(super) fn of(provider: SharedCredentialsProvider) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(CheckedCredentials(provider))
    }

    /// Asks the provider in a task of its own, which keeps a panic from ending the process.
    async fn checked(&self) -> Result<Credentials, CredentialsError> {
        let provider = self.0.clone();
        let asked = tokio::spawn(async move { provider.provide_credentials().await }).await;
        let credentials = asked.unwrap_or_else(|_| {
            Err(CredentialsError::invalid_configuration(
                "the provider of credentials panicked at its settings",
            ))
        })?;
        if fit(&credentials) {
            Ok(credentials)
        } else {
            Err(CredentialsError::invalid_configuration(NOT_A_KEY))
        }
    }
}

const NOT_A_KEY: &str = "the access key, its secret or the session token has a character that no such key has, such as a \
                         line break or a blank";

fn fit(credentials: &Credentials) -> bool {
    is_key(credentials.access_key_id())
        && is_key(credentials.secret_access_key())
        && credentials.session_token().is_none_or(is_key)
}

/// Checks that a text can be a key, its secret or a session token: visible characters of ASCII.
pub(super) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

impl ProvideCredentials for CheckedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.checked())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.fallback_on_interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A provider that panics, as some of the SDK's do at odd settings.
    #[derive(Debug)]
    struct Panics;

    impl ProvideCredentials for Panics {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async { panic!("a test's own panic") })
        }
    }

    #[tokio::test]
    async fn what_no_request_can_carry_is_an_error() {
        for (key, secret, token, fits) in [
            ("AKIA", "se/cret+", None, true),
            ("AKIA", "secret", Some("to==ken"), true),
            ("AKIA\n", "secret", None, false),
            ("AK IA", "secret", None, false),
            ("AKIÄ", "secret", None, false),
            ("", "secret", None, false),
            ("AKIA", "secret\r\n", None, false),
            ("AKIA", "secret", Some("to\u{b}ken"), false),
        ] {
            let credentials = Credentials::new(key, secret, token.map(str::to_owned), None, "test");
            let provider = CheckedCredentials::of(SharedCredentialsProvider::new(credentials));
            let provided = provider.provide_credentials().await;
            assert_eq!(provided.is_ok(), fits, "{key:?} {secret:?} {token:?}");
        }
    }

    #[tokio::test]
    async fn a_provider_that_panics_is_an_error() {
        let provider = CheckedCredentials::of(SharedCredentialsProvider::new(Panics));
        let error = provider.provide_credentials().await.unwrap_err();
        assert!(matches!(error, CredentialsError::InvalidConfiguration(_)), "{error:?}");
    }
}
