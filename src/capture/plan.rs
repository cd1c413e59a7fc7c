//! A run that is spread over several invocations: EC2 throttles each account and Region separately, and functions cannot share
//! the budget of calls there, so each account and Region is one batch.

use serde::Serialize;

use crate::snapshot_time::SnapshotTime;
use crate::target::PlaceTargets;

/// Maximum accounts and Regions of one batch: its answer describes each, and Step Functions accepts 256 KiB.
const MOST_PLACES: usize = 100;

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
    /// Plans one batch with everything configured if there are at most `above` endpoints in at most 100 accounts and
    /// Regions, and otherwise one for each account and Region. Without `above`, one.
    pub fn new(
        snapshot_time: SnapshotTime,
        wanted: &[PlaceTargets],
        endpoints: Option<u64>,
        above: Option<u64>,
    ) -> Spread {
        let batch = |targets| Batch { action: "snapshot", time: snapshot_time, targets };
        let is_many = |endpoints: u64, above: u64| endpoints > above || wanted.len() > MOST_PLACES;
        let is_spread = endpoints.zip(above).is_some_and(|(endpoints, above)| is_many(endpoints, above));
        let batches = if is_spread {
            wanted.iter().map(|wanted| batch(Some(wanted.arns()))).collect()
        } else {
            vec![batch(None)]
        };
        Spread { snapshot_time, endpoints, batches }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::target::{AccountId, AccountRegion, Region};

    #[test]
    fn above_the_limit_each_account_and_region_is_a_batch() {
        let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let wanted = ["111122223333", "444455556666"].map(|account| PlaceTargets {
            all: true,
            ..PlaceTargets::of(AccountRegion {
                account_id: AccountId::parse(account).unwrap(),
                region: Region::parse("eu-central-1").unwrap(),
            })
        });
        let batches = |endpoints, above| json!(Spread::new(time, &wanted, endpoints, above).batches);
        let one = json!([{"action": "snapshot", "time": "2026-11-23T09:00:00Z"}]);
        for (endpoints, above) in [(None, None), (Some(9), None), (Some(9), Some(9))] {
            assert_eq!(batches(endpoints, above), one, "{endpoints:?} {above:?}");
        }
        let targets = |account| json!([format!("arn:aws:ec2:eu-central-1:{account}:client-vpn-endpoint/*")]);
        let batch = |account| json!({"action": "snapshot", "time": "2026-11-23T09:00:00Z", "targets": targets(account)});
        assert_eq!(batches(Some(10), Some(9)), json!([batch("111122223333"), batch("444455556666")]));
        let many = wanted[0].clone();
        let many = vec![many; MOST_PLACES + 1];
        assert_eq!(Spread::new(time, &many, Some(0), Some(9)).batches.len(), MOST_PLACES + 1);
    }
}
