//! A run that is spread over several invocations. EC2 throttles each account and Region separately, and functions cannot share the
//! budget of calls there, so no account and Region is divided. Small ones share an invocation: each batch costs two transitions of the
//! state machine.

use serde::Serialize;

use crate::snapshot_time::SnapshotTime;
use crate::target::PlaceTargets;

/// Maximum accounts and Regions of a run that is not spread: its answer describes each, and Step Functions accepts 256 KiB.
const MOST_PLACES: usize = 100;

/// Maximum accounts and Regions of one of several batches: an invocation that ends badly takes no more of them with it.
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
    /// Plans one batch with everything configured if there are at most `above` endpoints in at most 100 accounts and Regions.
    /// Otherwise, batches of accounts and Regions in their order, each with at most `above` and at most 100 endpoints in at most 16 of
    /// them; one with more is a batch of its own. `endpoints` has the number of each; without it and `above`, there is one batch.
    pub fn new(
        snapshot_time: SnapshotTime,
        wanted: &[PlaceTargets],
        endpoints: Option<&[u64]>,
        above: Option<u64>,
    ) -> Spread {
        let batch = |targets| Batch { action: "snapshot", time: snapshot_time, targets };
        let total = endpoints.map(|endpoints| endpoints.iter().sum());
        let batches = match endpoints.zip(above) {
            Some((endpoints, above)) if total > Some(above) || wanted.len() > MOST_PLACES => {
                let places = wanted.iter().zip(endpoints.iter().copied());
                packed(places, above.min(BATCH_ENDPOINTS))
                    .into_iter()
                    .map(|targets| batch(Some(targets)))
                    .collect()
            }
            _ => vec![batch(None)],
        };
        Spread { snapshot_time, endpoints: total, batches }
    }
}

/// Returns the targets of each batch. An account and Region without endpoints counts as one: it has to be asked.
fn packed<'a>(
    places: impl Iterator<Item = (&'a PlaceTargets, u64)>,
    most_endpoints: u64,
) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    let (mut places_in_last, mut endpoints_in_last) = (0, 0);
    for (place, endpoints) in places {
        let endpoints = endpoints.max(1);
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
        let wanted = [place(1), place(2)];
        let batches = |endpoints: Option<[u64; 2]>, above| {
            let endpoints = endpoints.as_ref().map(<[u64; 2]>::as_slice);
            json!(Spread::new(time(), &wanted, endpoints, above).batches)
        };
        let one = json!([{"action": "snapshot", "time": "2026-11-23T09:00:00Z"}]);
        for (endpoints, above) in [(None, None), (Some([4, 5]), None), (Some([4, 5]), Some(9))] {
            assert_eq!(batches(endpoints, above), one, "{endpoints:?} {above:?}");
        }
        let targets =
            |account| json!([format!("arn:aws:ec2:eu-central-1:{account:012}:client-vpn-endpoint/*")]);
        let batch = |account: usize| json!({"action": "snapshot", "time": "2026-11-23T09:00:00Z", "targets": targets(account)});
        assert_eq!(batches(Some([5, 5]), Some(9)), json!([batch(1), batch(2)]));
    }

    #[test]
    fn a_batch_has_so_many_endpoints_of_so_many_accounts_and_regions() {
        for (case, endpoints, above, expected) in [
            ("small ones share a batch", vec![4, 5, 1, 9], 10, vec![3, 1]),
            ("a large one has its own", vec![1, 400, 1, 1], 50, vec![1, 1, 2]),
            ("none is left out, whatever it has", vec![0, 0, 30, 0], 29, vec![2, 1, 1]),
            ("one without endpoints counts as one", vec![0; 101], 9, [vec![9; 11], vec![2]].concat()),
            ("sixteen at most", vec![1; 101], 1_000, vec![16, 16, 16, 16, 16, 16, 5]),
            ("a hundred endpoints at most", vec![30; 101], 5_000, [vec![3; 33], vec![2]].concat()),
        ] {
            let wanted: Vec<PlaceTargets> = (0..endpoints.len()).map(place).collect();
            let spread = Spread::new(time(), &wanted, Some(&endpoints), Some(above));
            let targets: Vec<Vec<String>> =
                spread.batches.into_iter().map(|batch| batch.targets.unwrap()).collect();
            assert_eq!(targets.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{case}");
            let all: Vec<String> = wanted.iter().flat_map(PlaceTargets::arns).collect();
            assert_eq!(targets.concat(), all, "{case}");
            assert_eq!(spread.endpoints, Some(endpoints.iter().sum()), "{case}");
        }
    }
}
