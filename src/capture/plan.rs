//! A run that is spread over several invocations. EC2 throttles each account and Region separately, and functions cannot share the
//! budget of calls there, so no account and Region is divided. Small ones share an invocation: each batch costs two transitions of the
//! state machine.

use serde::Serialize;

use crate::snapshot_time::SnapshotTime;
use crate::target::PlaceTargets;

/// Maximum accounts and Regions of a run that is not spread: its answer describes each, and Step Functions accepts 256 KiB.
const MOST_PLACES: usize = 100;

/// Maximum accounts and Regions of one of several batches, which limits how many an invocation that crashes leaves without a record.
const BATCH_PLACES: usize = 16;

/// Maximum endpoints of a batch with several accounts and Regions; its answer describes each.
const BATCH_ENDPOINTS: u64 = 100;

/// The batches of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The time that the snapshot bears.
    pub snapshot_time: SnapshotTime,
    /// Number of endpoints; `None` if runs are never spread, and nobody counted.
    pub endpoints: Option<u64>,
    /// The payloads of the invocations.
    pub batches: Vec<Batch>,
}

/// The payload of one invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    action: &'static str,
    time: SnapshotTime,
    /// `None` for the configured ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<String>>,
}

impl Spread {
    /// Plans one batch with everything configured, of which nobody counts the endpoints.
    pub fn never(snapshot_time: SnapshotTime) -> Spread {
        Spread { snapshot_time, endpoints: None, batches: vec![Batch::new(snapshot_time, None)] }
    }

    /// Plans one batch with everything configured if there are at most `above` endpoints in at most 100 accounts and Regions.
    /// Otherwise, up to 16 accounts and Regions share a batch, in their order, if they have at most `above` and at most 100 endpoints
    /// together. Each has its number of endpoints; one with `None`, whose endpoints could not be counted, is a batch of its own.
    pub fn new(snapshot_time: SnapshotTime, counted: &[(PlaceTargets, Option<u64>)], above: u64) -> Spread {
        let endpoints = counted.iter().map(|(_, endpoints)| endpoints.unwrap_or(1)).sum();
        let batches = if endpoints > above || counted.len() > MOST_PLACES {
            let batches = packed(counted, above.min(BATCH_ENDPOINTS)).into_iter();
            batches.map(|targets| Batch::new(snapshot_time, Some(targets))).collect()
        } else {
            vec![Batch::new(snapshot_time, None)]
        };
        Spread { snapshot_time, endpoints: Some(endpoints), batches }
    }
}

impl Batch {
    fn new(time: SnapshotTime, targets: Option<Vec<String>>) -> Batch {
        Batch { action: "snapshot", time, targets }
    }
}

/// Returns the targets of each batch. An account and Region without endpoints counts as one: it has to be asked.
fn packed(counted: &[(PlaceTargets, Option<u64>)], most_endpoints: u64) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let (mut places_in_last, mut endpoints_in_last) = (0, 0);
    for (place, endpoints) in counted {
        let endpoints = endpoints.map_or(most_endpoints, |endpoints| endpoints.max(1));
        match batches.last_mut() {
            Some(last)
                if places_in_last < BATCH_PLACES && endpoints_in_last + endpoints <= most_endpoints =>
            {
                last.extend(place.arns());
                places_in_last += 1;
                endpoints_in_last += endpoints;
            }
            _ => {
                batches.push(place.arns());
                (places_in_last, endpoints_in_last) = (1, endpoints);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::target::{AccountId, AccountRegion, Region};

    fn time() -> SnapshotTime {
        SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap()
    }

    fn place(account: usize) -> PlaceTargets {
        PlaceTargets {
            all: true,
            ..PlaceTargets::of(AccountRegion {
                account_id: AccountId::parse(&format!("{account:012}")).unwrap(),
                region: Region::parse("eu-central-1").unwrap(),
            })
        }
    }

    #[test]
    fn above_the_limit_there_are_batches_of_accounts_and_regions() {
        let batches =
            |above| json!(Spread::new(time(), &[(place(1), Some(5)), (place(2), Some(5))], above).batches);
        let one = json!([{"action": "snapshot", "time": "2026-11-23T09:00:00Z"}]);
        assert_eq!(json!(Spread::never(time()).batches), one);
        assert_eq!(batches(10), one);
        let targets =
            |account| json!([format!("arn:aws:ec2:eu-central-1:{account:012}:client-vpn-endpoint/*")]);
        let batch = |account: usize| json!({"action": "snapshot", "time": "2026-11-23T09:00:00Z", "targets": targets(account)});
        assert_eq!(batches(9), json!([batch(1), batch(2)]));
    }

    #[test]
    fn a_batch_has_so_many_endpoints_of_so_many_accounts_and_regions() {
        let of = |endpoints: &[u64]| endpoints.iter().copied().map(Some).collect::<Vec<_>>();
        for (case, endpoints, above, expected) in [
            ("small ones share a batch", of(&[4, 5, 1, 9]), 10, vec![3, 1]),
            ("a large one has its own", of(&[1, 400, 1, 1]), 50, vec![1, 1, 2]),
            ("none is left out, whatever it has", of(&[0, 0, 30, 0]), 29, vec![2, 1, 1]),
            ("one without endpoints counts as one", of(&[0; 101]), 9, [vec![9; 11], vec![2]].concat()),
            ("sixteen at most", of(&[1; 101]), 1_000, vec![16, 16, 16, 16, 16, 16, 5]),
            ("a hundred endpoints at most", of(&[30; 101]), 5_000, [vec![3; 33], vec![2]].concat()),
            ("one that nobody counted has its own", vec![Some(2), None, Some(2), Some(2)], 5, vec![1, 1, 2]),
        ] {
            let counted: Vec<_> =
                endpoints.into_iter().enumerate().map(|(n, count)| (place(n), count)).collect();
            let spread = Spread::new(time(), &counted, above);
            let targets: Vec<Vec<String>> =
                spread.batches.into_iter().map(|batch| batch.targets.unwrap()).collect();
            assert_eq!(targets.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{case}");
            let all: Vec<String> = counted.iter().flat_map(|(place, _)| place.arns()).collect();
            assert_eq!(targets.concat(), all, "{case}");
            let total = counted.iter().map(|(_, count)| count.unwrap_or(1)).sum();
            assert_eq!(spread.endpoints, Some(total), "{case}");
        }
    }
}
