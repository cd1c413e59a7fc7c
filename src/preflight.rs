//! Whether a capture could work, found out without writing evidence.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;

use crate::causes;
use crate::layout::{Key, RunId};
use crate::snapshot::check_temporary_space;
use crate::source::{Action, Places};
use crate::store::{Object, Protection, Store};
use crate::target::{AccountRegion, PlaceTargets};

/// Most accounts and Regions that are tried at a time.
const AT_A_TIME: usize = 64;

/// Longest time that one of them is tried: one that does not answer shall be told with the others, before time is over.
const PATIENCE: Duration = Duration::from_secs(60);

/// Largest difference between the clock here and EC2's that passes.
const MOST_CLOCK_DIFFERENCE_SECONDS: u64 = 60;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: an API's action, or what is done with the lake.
    pub action: &'static str,
    /// On what: an endpoint's ARN or the lake.
    pub resource: String,
    /// Whether it may be done.
    pub ok: bool,
    /// Why not, and what to do; none when it may.
    pub problem: Option<String>,
}

/// What trying needs of the outside.
#[derive(Debug)]
pub struct Preflight<'a> {
    /// Where sources come from.
    pub sources: &'a Places,
    /// The lake.
    pub store: &'a Store,
    /// Where the program runs.
    pub home: &'a AccountRegion,
    /// Which attempt it is.
    pub run_id: &'a RunId,
}

impl Preflight<'_> {
    /// Tries every role, every listing of endpoints and a dry run on every target, then whether there is temporary space for the
    /// `at_a_time` of them, and whether the lake can be looked at and written.
    pub async fn checks(&self, wanted: &[PlaceTargets], at_a_time: usize, lake: String) -> Vec<Check> {
        let of_place = |wanted: PlaceTargets| async move {
            let in_time = tokio::time::timeout(PATIENCE, self.place(&wanted)).await;
            in_time.unwrap_or_else(|_| {
                let problem = format!("no answer came in {} seconds", PATIENCE.as_secs());
                vec![check(Action::Endpoints.permission(), wanted.place.arn_of("*"), Some(problem))]
            })
        };
        let places = stream::iter(wanted.to_vec()).map(of_place).buffered(AT_A_TIME);
        let mut checks: Vec<Check> = places.collect::<Vec<_>>().await.into_iter().flatten().collect();
        let space = check_temporary_space(at_a_time).err().map(|error| causes::in_words(&error));
        checks.push(check("write temporary files", std::env::temp_dir().display().to_string(), space));
        let listed = self.store.contains(Key::Preflight).await;
        checks.push(check("look for an object", lake.clone(), listed.err().map(|error| error.to_string())));
        // Whether the object was there already does not matter: a refusal because of that comes after the permission.
        let object = Object::from_bytes(b"client-vpn-audit preflight: no evidence\n", "text/plain");
        let put = self.store.put_if_absent(Key::Preflight, object).await;
        checks.push(check("put an object", lake.clone(), put.err().map(|error| error.to_string())));
        checks.extend(self.protections(lake).await);
        checks
    }

    async fn place(&self, wanted: &PlaceTargets) -> Vec<Check> {
        let place = &wanted.place;
        let everything = place.arn_of("*");
        let source = match self.sources.source(&self.home.account_id, place, self.run_id).await {
            Ok(source) => source,
            Err(error) => return vec![check("sts:AssumeRole", everything, Some(error.to_string()))],
        };
        let listed = source.endpoints(place).await;
        let mut checks = vec![check(
            Action::Endpoints.permission(),
            everything,
            listed.as_ref().err().map(|error| error.to_string()),
        )];
        let clock_difference = listed.as_ref().ok().and_then(|listed| listed.clock_difference_seconds);
        let mut found = listed.map(|listed| listed.endpoints).unwrap_or_default();
        found.retain(|endpoint| !endpoint.is_deleted());
        if let Some(endpoint) = found.first() {
            let networks = source.associated_networks(place, &endpoint.endpoint_id).await;
            let arn = place.arn_of(endpoint.endpoint_id.as_str());
            checks.push(check(
                Action::TargetNetworks.permission(),
                arn,
                networks.err().map(|error| error.to_string()),
            ));
        }
        let all = found.iter().filter(|_| wanted.all).map(|endpoint| &endpoint.endpoint_id);
        let beside = all.filter(|id| !wanted.endpoint_ids.contains(id));
        for endpoint_id in wanted.endpoint_ids.iter().chain(beside) {
            let target = wanted.target(endpoint_id);
            let problem = source.dry_run(&target).await.err().map(|error| error.to_string());
            checks.push(check(Action::Connections.permission(), target.arn(), problem));
        }
        checks.extend(clock_difference.map(|seconds| clock_check(place.arn_of("*"), seconds)));
        checks
    }

    /// Whether the bucket's policy protects the evidence; nothing to check where the lake is a directory.
    async fn protections(&self, lake: String) -> Vec<Check> {
        let missing = match self.store.missing_protections().await {
            Ok(None) => return Vec::new(),
            Ok(Some(missing)) => missing,
            Err(error) => return vec![check("read the bucket's policy", lake, Some(error.to_string()))],
        };
        let advice = "the bucket's policy does not; docs/deploy.md has the statement to add";
        let check_of = |protection: Protection| {
            let problem = missing.contains(&protection).then(|| advice.to_owned());
            check(protection.in_words(), lake.clone(), problem)
        };
        Protection::ALL.map(check_of).to_vec()
    }
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

fn check(action: &'static str, resource: String, problem: Option<String>) -> Check {
    Check { action, resource, ok: problem.is_none(), problem }
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
}
