//! A provider of credentials whose panics are errors: some of the SDK's panic at odd settings.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// A provider whose panics are errors.
#[derive(Debug)]
pub(super) struct PanicSafeProvider(SharedCredentialsProvider);

impl PanicSafeProvider {
    /// Wraps a provider.
    pub(super) fn of(provider: SharedCredentialsProvider) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(PanicSafeProvider(provider))
    }

    /// Calls the provider in a task of its own, which keeps a panic from ending the process.
    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        let provider = self.0.clone();
        let asked = tokio::spawn(async move { provider.provide_credentials().await }).await;
        asked.unwrap_or_else(|_| {
            Err(CredentialsError::invalid_configuration(
                "the provider of credentials panicked at its settings",
            ))
        })
    }
}

impl ProvideCredentials for PanicSafeProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
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
    async fn a_provider_that_panics_is_an_error() {
        let provider = PanicSafeProvider::of(SharedCredentialsProvider::new(Panics));
        let error = provider.provide_credentials().await.unwrap_err();
        assert!(matches!(error, CredentialsError::InvalidConfiguration(_)), "{error:?}");
    }
}
