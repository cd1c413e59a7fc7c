//! Every key of the lake: what may lie there is a variant of [`Key`], and no key is formatted anywhere else.

use std::fmt;

use uuid::Uuid;

use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountId, Region, Target};

/// The request and the attempt that an object is of. Lambda's retries keep their request id, so the request alone
/// would name two attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// A new attempt at `request_id`; a text that no key can carry is replaced by a random id.
    pub fn new(request_id: &str) -> RunId {
        let fits = !request_id.is_empty()
            && request_id.len() <= 64
            && request_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let request = if fits { request_id.to_owned() } else { Uuid::new_v4().to_string() };
        RunId(format!("{request}-{}", random_attempt()))
    }

    /// Another id of the same attempt, for a second object where the first has the key.
    pub fn again(&self) -> RunId {
        RunId(format!("{}-{}", self.0, random_attempt()))
    }

    /// The id as keys and the ledger carry it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn random_attempt() -> String {
    let (high, _, _, _) = Uuid::new_v4().as_fields();
    format!("{high:08x}")
}

/// The folders of the lake that hold evidence: nobody may overwrite or delete what lies there.
pub const EVIDENCE: [&str; 4] = ["connections", "partials", "runs", "digests"];

/// What may lie in the lake.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// A complete capture.
    Connections {
        /// Whose connections.
        target: &'a Target,
        /// Of which snapshot.
        snapshot_time: SnapshotTime,
    },
    /// Rows of a capture that was cut short, filtered, limited or resumed.
    Partial {
        /// Whose connections.
        target: &'a Target,
        /// Of which snapshot.
        snapshot_time: SnapshotTime,
        /// Of which attempt.
        run_id: &'a RunId,
    },
    /// The ledger's record of one attempt.
    Run {
        /// Whose endpoints were captured.
        account_id: &'a AccountId,
        /// Where they lie.
        region: &'a Region,
        /// Of which snapshot.
        snapshot_time: SnapshotTime,
        /// Of which attempt.
        run_id: &'a RunId,
    },
    /// What `preflight` puts to see whether it can; no evidence.
    Preflight,
}

impl fmt::Display for Key<'_> {
    /// The key, relative to the lake's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Connections { target, snapshot_time } => {
                let partition = partition(&target.account_id, &target.region, *snapshot_time);
                let (time, endpoint) = (snapshot_time.compact(), &target.endpoint_id);
                write!(f, "connections/{partition}/{time}_{endpoint}.parquet")
            }
            Key::Partial { target, snapshot_time, run_id } => {
                let partition = partition(&target.account_id, &target.region, *snapshot_time);
                let (time, endpoint) = (snapshot_time.compact(), &target.endpoint_id);
                write!(f, "partials/{partition}/{time}_{endpoint}_{run_id}.parquet")
            }
            Key::Run { account_id, region, snapshot_time, run_id } => {
                let partition = partition(account_id, region, *snapshot_time);
                write!(f, "runs/{partition}/{}_{run_id}.json", snapshot_time.compact())
            }
            Key::Preflight => f.write_str("preflight"),
        }
    }
}

fn partition(account_id: &AccountId, region: &Region, snapshot_time: SnapshotTime) -> String {
    format!("account_id={account_id}/region={region}/snapshot_date={}", snapshot_time.date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::EndpointId;

    fn target() -> Target {
        Target {
            account_id: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
            endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap(),
        }
    }

    #[test]
    fn keys_are_those_of_the_design() {
        let target = target();
        let Target { account_id, region, .. } = &target;
        let snapshot_time = SnapshotTime::parse("2026-11-23T09:15:00Z").unwrap();
        let run_id = &RunId("8f5a-1".to_owned());
        let place = "account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-23";
        let file = "20261123T091500Z_cvpn-endpoint-0123456789abcdef0";
        for (key, expected) in [
            (
                Key::Connections { target: &target, snapshot_time },
                format!("connections/{place}/{file}.parquet"),
            ),
            (
                Key::Partial { target: &target, snapshot_time, run_id },
                format!("partials/{place}/{file}_8f5a-1.parquet"),
            ),
            (
                Key::Run { account_id, region, snapshot_time, run_id },
                format!("runs/{place}/20261123T091500Z_8f5a-1.json"),
            ),
            (Key::Preflight, "preflight".to_owned()),
        ] {
            assert_eq!(key.to_string(), expected);
        }
    }

    #[test]
    fn two_attempts_at_one_request_have_two_ids() {
        let (first, second) = (RunId::new("8f5a"), RunId::new("8f5a"));
        assert!(first.as_str().starts_with("8f5a-"));
        assert_ne!(first, second);
    }

    #[test]
    fn a_request_id_that_no_key_can_carry_is_replaced() {
        for text in ["", "../../etc", "a_b", "a/b", "ä", &"x".repeat(65)] {
            let id = RunId::new(text);
            assert_eq!(id.as_str().len(), 36 + 1 + 8, "{id}");
        }
    }
}
