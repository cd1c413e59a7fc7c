//! Checks that a capture can work, without writing evidence.

mod log_groups;

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;

use self::log_groups::log_groups;
use crate::aws::ec2::{Action, Ec2Source, EndpointListing, EndpointRows, PageError, Places};
use crate::aws::identity::OwnSession;
use crate::aws::rate_limits::time_of_ec2_calls;
use crate::capture::logs::LogsRequest;
use crate::clock::Clock;
use crate::error_causes;
use crate::error_code::AwsCode;
use crate::lake::keys::Key;
use crate::lake::parquet::check_temporary_space;
use crate::lake::store::{Object, Protection, Store};
use crate::run_id::RunId;
use crate::target::{AccountRegion, PlaceTargets, Target};

/// Maximum accounts and Regions that are tried at a time.
const MAX_CONCURRENT_PLACES: usize = 64;

/// Maximum time for one of them, beside what its calls wait for their budget: one that does not answer must be reported with the
/// others, before time is over.
const PLACE_TIMEOUT: Duration = Duration::from_secs(60);

/// Calls from the budget for each endpoint: one for each part of its configuration, if that is one page.
const CALLS_OF_AN_ENDPOINT: usize = 5;

/// Largest difference between the clock here and EC2's that passes.
const MOST_CLOCK_DIFFERENCE_SECONDS: u64 = 60;

/// Endpoints of one account and Region that are tried at a time.
const MAX_CONCURRENT_ENDPOINTS: usize = 8;

const NO_POLICIES: &str =
    "this partition has no authorization policies, so the columns of `endpoints` for them stay null";

const MISSING: &str = "the list of the endpoints of this account and Region does not have it: it was deleted, or the id, the \
                       account or the Region is another one";

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// An API's action, or an operation on the lake.
    pub action: &'static str,
    /// An endpoint's ARN or the lake.
    pub resource: String,
    /// `true` if it may be done.
    pub ok: bool,
    /// The reason why not, and the remedy; `None` if it may.
    pub problem: Option<String>,
    /// A limit of the record, and the setting that changes it; `None` if there is none. It does not fail the preflight.
    pub note: Option<String>,
}

/// The dependencies of the checks.
#[derive(Debug)]
pub struct Preflight<'a> {
    /// The program's own credentials.
    pub own: &'a OwnSession,
    /// The provider of sources.
    pub sources: &'a Places,
    /// The connection logs that are read.
    pub logs: &'a LogsRequest,
    /// The lake.
    pub store: &'a Store,
    /// The clock.
    pub clock: &'a Clock,
    /// The account and Region that the program runs in.
    pub home: &'a AccountRegion,
    /// The attempt.
    pub run_id: &'a RunId,
}

impl Preflight<'_> {
    /// Tries the credentials, every role, every listing of endpoints, a dry run on every target and every log group that is
    /// read, then checks that there is temporary space for `max_concurrency` of them, and that the lake can be looked at and written.
    pub async fn checks(&self, wanted: &[PlaceTargets], max_concurrency: usize, lake: String) -> Vec<Check> {
        let of_place = |wanted: PlaceTargets| async move { self.place(&wanted).await };
        let places = stream::iter(wanted.to_vec()).map(of_place).buffered(MAX_CONCURRENT_PLACES);
        let credentials = self.own.credentials().await.err().map(|error| error.to_string());
        let mut checks = vec![check("get credentials", self.own.provider().await, credentials)];
        checks.extend(places.collect::<Vec<_>>().await.into_iter().flatten());
        let space = check_temporary_space(max_concurrency).err().map(|error| error_causes::in_words(&error));
        checks.push(check("write temporary files", std::env::temp_dir().display().to_string(), space));
        let listed = self.store.contains(Key::Preflight).await;
        checks.push(check("look for an object", lake.clone(), listed.err().map(|error| error.to_string())));
        // It does not matter if the object already exists: a refusal because of that comes after the permission.
        let object = Object::from_bytes(b"client-vpn-audit preflight: no evidence\n", "text/plain");
        let put = self.store.put_if_absent(Key::Preflight, object).await;
        checks.push(check("put an object", lake.clone(), put.err().map(|error| error.to_string())));
        checks.extend(self.protections(lake).await);
        checks
    }

    async fn place(&self, wanted: &PlaceTargets) -> Vec<Check> {
        let no_answer = |patience: Duration| {
            let problem = format!("no answer came in {} seconds", patience.as_secs());
            vec![check(Action::Endpoints.permission(), wanted.place.arn_of("*"), Some(problem))]
        };
        let (source, listed) = match tokio::time::timeout(PLACE_TIMEOUT, self.listing(&wanted.place)).await {
            Ok(Ok(listing)) => listing,
            Ok(Err(refused)) => return vec![refused],
            Err(_) => return no_answer(PLACE_TIMEOUT),
        };
        let endpoints = listed.as_ref().map_or(0, |listing| listing.ids().len());
        let patience = PLACE_TIMEOUT + time_of_ec2_calls(endpoints * CALLS_OF_AN_ENDPOINT);
        let checks = tokio::time::timeout(patience, self.listed(wanted, &source, listed)).await;
        checks.unwrap_or_else(|_| no_answer(patience))
    }

    /// Lists the endpoints of an account and Region.
    ///
    /// # Errors
    /// Returns the check that failed if there are no credentials for it.
    async fn listing(
        &self,
        place: &AccountRegion,
    ) -> Result<(Ec2Source, Result<EndpointListing, PageError>), Check> {
        let source =
            self.sources.source(&self.home.account_id, place, self.run_id).await.map_err(|error| {
                // Without credentials, no role is requested and EC2 is not called.
                let is_home = place.account_id == self.home.account_id;
                let action = if is_home { Action::Endpoints.permission() } else { "sts:AssumeRole" };
                check(action, place.arn_of("*"), Some(error.to_string()))
            })?;
        let listed = source.endpoints(place).await;
        Ok((source, listed))
    }

    /// Checks what was listed, and tries each endpoint and log group.
    async fn listed(
        &self,
        wanted: &PlaceTargets,
        source: &Ec2Source,
        listed: Result<EndpointListing, PageError>,
    ) -> Vec<Check> {
        let everything = wanted.place.arn_of("*");
        let mut checks = vec![check(
            Action::Endpoints.permission(),
            everything.clone(),
            match &listed {
                Ok(listing) => listing.odd_endpoints().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            },
        )];
        let of_logs = async {
            match &listed {
                Ok(listing) => log_groups(self, wanted, listing).await,
                Err(_) => Vec::new(),
            }
        };
        let (of_endpoints, of_logs) = tokio::join!(endpoints(source, wanted, &listed), of_logs);
        checks.extend(of_endpoints);
        let clock_difference = listed.as_ref().ok().and_then(|listing| listing.clock_difference_seconds);
        checks.extend(clock_difference.map(|seconds| clock_check(everything, seconds)));
        checks.extend(of_logs);
        checks
    }

    /// Checks that the bucket's policy protects the evidence; nothing is checked if the lake is a directory.
    async fn protections(&self, lake: String) -> Vec<Check> {
        let missing = match self.store.missing_protections().await {
            Ok(None) => return Vec::new(),
            Ok(Some(missing)) => missing,
            Err(error) => return vec![check("read the bucket's policy", lake, Some(error.to_string()))],
        };
        let advice = "the bucket's policy does not; docs/bucket.md has the statement to add";
        let check_of = |protection: Protection| {
            let problem = missing.contains(&protection).then(|| advice.to_owned());
            check(protection.in_words(), lake.clone(), problem)
        };
        Protection::ALL.map(check_of).to_vec()
    }
}

/// Tries the configuration of every listed endpoint and a dry run on every target.
async fn endpoints(
    source: &Ec2Source,
    wanted: &PlaceTargets,
    listed: &Result<EndpointListing, PageError>,
) -> Vec<Check> {
    let found = listed.as_ref().map(EndpointListing::ids).unwrap_or_default();
    // A snapshot requests the configuration of every endpoint there, whichever are wanted.
    let every: Vec<Target> = found.iter().map(|id| wanted.target(id)).collect();
    let tried = stream::iter(every).map(|target| configuration(source, target));
    let tried: Vec<[Check; 5]> = tried.buffered(MAX_CONCURRENT_ENDPOINTS).collect().await;
    let mut checks: Vec<Check> = tried.into_iter().flatten().collect();
    let beside = found.iter().filter(|id| wanted.all && !wanted.endpoint_ids.contains(id));
    let targets = wanted.endpoint_ids.iter().chain(beside).map(|id| wanted.target(id));
    let targets: Vec<(Target, bool)> = targets
        .map(|target| {
            let is_missing = listed.is_ok() && !found.contains(&target.endpoint_id);
            (target, is_missing)
        })
        .collect();
    let tried = stream::iter(targets).map(|(target, is_missing)| connections(source, target, is_missing));
    checks.extend(tried.buffered(MAX_CONCURRENT_ENDPOINTS).collect::<Vec<_>>().await);
    checks
}

/// Compares the clock here with EC2's: times of pages and the proof of coverage follow from it.
fn clock_check(resource: String, ahead_seconds: i64) -> Check {
    let direction = if ahead_seconds > 0 { "ahead of" } else { "behind" };
    let problem = (ahead_seconds.unsigned_abs() > MOST_CLOCK_DIFFERENCE_SECONDS).then(|| {
        let seconds = ahead_seconds.unsigned_abs();
        format!("the clock here is {seconds} s {direction} EC2's; set it, or times and coverage on record are wrong")
    });
    check("compare the clock with EC2's", resource, problem)
}

/// Tries each part of one endpoint's configuration.
async fn configuration(source: &Ec2Source, target: Target) -> [Check; 5] {
    let of = |action: Action, error: Option<PageError>| {
        // Authorization policies are not in every partition.
        let is_absent = |error: &PageError| {
            action == Action::AuthorizationPolicy && error.code == AwsCode::INVALID_ACTION
        };
        let note = error.as_ref().filter(|error| is_absent(error)).map(|_| NO_POLICIES.to_owned());
        let problem = error.filter(|error| !is_absent(error)).map(|error| error.to_string());
        Check { note, ..check(action.permission(), target.arn(), problem) }
    };
    [
        of(
            Action::TargetNetworks,
            source.associated_networks(&target, &mut EndpointRows::default()).await.err(),
        ),
        of(
            Action::AuthorizationRules,
            source.authorization_rules(&target, &mut EndpointRows::default()).await.err(),
        ),
        of(Action::Routes, source.routes(&target, &mut EndpointRows::default()).await.err()),
        of(
            Action::AuthorizationPolicy,
            source.authorization_policy(&target).await.map_or_else(Some, |(_, error)| error),
        ),
        of(
            Action::RevocationList,
            source.revocation_list(&target).await.map_or_else(Some, |(_, error)| error),
        ),
    ]
}

/// Tries a dry run of one target. EC2 may allow it for an endpoint that does not exist, so one that the listing of endpoints
/// lacks has a problem all the same (`is_missing`).
async fn connections(source: &Ec2Source, target: Target, is_missing: bool) -> Check {
    let tried = source.dry_run(&target).await;
    let problem =
        tried.err().map(|error| error.to_string()).or_else(|| is_missing.then(|| MISSING.to_owned()));
    check(Action::Connections.permission(), target.arn(), problem)
}

fn check(action: &'static str, resource: String, problem: Option<String>) -> Check {
    Check { action, resource, ok: problem.is_none(), problem, note: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_more_than_a_minute_wrong_fails() {
        for (ahead, found) in [
            (0, None),
            (60, None),
            (-60, None),
            (61, Some("61 s ahead of EC2's")),
            (-61, Some("61 s behind EC2's")),
            (i64::MIN, Some("9223372036854775808 s behind EC2's")),
        ] {
            let check = clock_check(String::new(), ahead);
            assert_eq!(check.ok, found.is_none(), "{ahead}");
            assert!(found.is_none_or(|found| check.problem.unwrap().contains(found)), "{ahead}");
        }
    }

    #[test]
    fn what_calls_wait_for_their_budget_is_added_to_the_patience() {
        let seconds = |endpoints: usize| time_of_ec2_calls(endpoints * CALLS_OF_AN_ENDPOINT).as_secs();
        // EC2 accepts 20 calls a second.
        assert_eq!([0, 4, 400].map(seconds), [0, 1, 100]);
        assert!(time_of_ec2_calls(usize::MAX) > Duration::from_secs(200_000_000));
    }
}
