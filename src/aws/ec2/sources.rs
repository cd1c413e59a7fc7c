//! EC2 in every account and Region. Each has a client, created on first use and kept, with the credentials for the account and
//! its own budget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{Region as SdkRegion, SdkConfig};
use aws_sdk_ec2::config::SharedCredentialsProvider;

use super::PageError;
use super::client::{Ec2Source, Limits, Session};
use crate::aws::identity::{MemberRole, MemberSession, OwnSession, SharedSession};
use crate::clock::Clock;
use crate::run_id::RunId;
use crate::target::{AccountId, AccountRegion};

/// The EC2 sources of all accounts and Regions.
#[derive(Debug)]
pub struct Places {
    sdk: SdkConfig,
    own: Arc<OwnSession>,
    limits: Limits,
    clock: Clock,
    member_role: Option<MemberRole>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sources: HashMap<AccountRegion, Ec2Source>,
    /// Sessions by account: the Regions of an account share its credentials.
    sessions: HashMap<AccountId, Arc<MemberSession>>,
}

impl Places {
    /// Returns sources with the credentials of `own`, which are those of `sdk`, and in other accounts with those of the role.
    pub fn new(
        sdk: SdkConfig,
        own: Arc<OwnSession>,
        limits: Limits,
        clock: Clock,
        member_role: Option<MemberRole>,
    ) -> Places {
        Places { sdk, own, limits, clock, member_role, kept: Mutex::default() }
    }

    /// Returns EC2 at `place`, for a run of a program that runs in the account `home`.
    ///
    /// # Errors
    /// Returns an error if there are no credentials, or the role there cannot be assumed.
    pub async fn source(
        &self,
        home: &AccountId,
        place: &AccountRegion,
        run_id: &RunId,
    ) -> Result<Ec2Source, PageError> {
        let source = self.kept(home, place);
        if let Session::Member(session) = source.session() {
            session.begin(run_id);
        }
        // Requested here, to report missing credentials once, with their cause.
        source.access_key().await?;
        Ok(source)
    }

    /// Returns the SDK's configuration for `place`, with its Region and the credentials of its account, and the session that
    /// provides these.
    ///
    /// # Errors
    /// Returns an error if there are no credentials, or the role there cannot be assumed.
    pub(in crate::aws) async fn configured(
        &self,
        home: &AccountId,
        place: &AccountRegion,
        run_id: &RunId,
    ) -> Result<(SdkConfig, Session), PageError> {
        let session = self.source(home, place, run_id).await?.session().clone();
        Ok((self.sdk_at(place, &session), session))
    }

    /// Returns the limits of calls, and the clock.
    pub(in crate::aws) fn limits(&self) -> (Limits, &Clock) {
        (self.limits, &self.clock)
    }

    fn sdk_at(&self, place: &AccountRegion, session: &Session) -> SdkConfig {
        let mut sdk = self.sdk.clone().into_builder().region(SdkRegion::new(place.region.to_string()));
        if let Session::Member(session) = session {
            let provider = SharedCredentialsProvider::new(SharedSession(session.clone()));
            // The session keeps them itself, to be able to forget them.
            sdk = sdk
                .credentials_provider(provider)
                .identity_cache(aws_config::identity::IdentityCache::no_cache());
        }
        sdk.build()
    }

    fn kept(&self, home: &AccountId, place: &AccountRegion) -> Ec2Source {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = kept.sources.get(place) {
            return source.clone();
        }
        let member_role = self.member_role.as_ref().filter(|_| place.account_id != *home);
        let session = member_role.map(|role| {
            let new = || {
                let partition = place.region.partition();
                MemberSession::new(&self.sdk, self.clock.clone(), role, &place.account_id, partition)
            };
            kept.sessions.entry(place.account_id.clone()).or_insert_with(new).clone()
        });
        let session = session.map_or_else(|| Session::Own(self.own.clone()), Session::Member);
        let sdk = self.sdk_at(place, &session);
        let source = Ec2Source::new(&sdk, place.to_string(), self.limits, self.clock.clone(), session);
        kept.sources.insert(place.clone(), source.clone());
        source
    }
}
