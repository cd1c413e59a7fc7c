//! Every key of the lake: what may lie there is a variant of [`Key`], what was found there is read by [`ObjectKey`], and
//! no key is formatted anywhere else.

use std::fmt;

use uuid::Uuid;

use crate::hour::Hour;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountId, AccountRegion, Region, Target};

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

    /// Reads an id that a run record names; `None` for a text that no key can carry.
    pub fn parse(text: &str) -> Option<RunId> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then(|| RunId(text.to_owned()))
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
pub const EVIDENCE: [&str; 5] = ["connections", "partials", "endpoints", "runs", "digests"];

/// Those whose objects digests list.
pub const SEALED: [&str; 4] = ["connections", "partials", "endpoints", "runs"];

impl AccountRegion {
    /// The folder of a day's objects in one of [`SEALED`], with a slash at its end.
    pub fn day(&self, table: &str, date: &str) -> String {
        format!("{table}/{self}/snapshot_date={date}/")
    }

    /// The folder of all its objects in one of [`EVIDENCE`], with a slash at its end.
    pub fn folder(&self, table: &str) -> String {
        format!("{table}/{self}/")
    }

    /// The folder of a day's digests, with a slash at its end.
    pub fn day_of_digests(&self, date: &str) -> String {
        format!("digests/{self}/digest_date={date}/")
    }

    /// Reads the names of the two folders.
    pub fn parse(account_folder: &str, region_folder: &str) -> Option<AccountRegion> {
        Some(AccountRegion {
            account_id: AccountId::parse(account_folder.strip_prefix("account_id=")?)?,
            region: Region::parse(region_folder.strip_prefix("region=")?)?,
        })
    }
}

impl fmt::Display for AccountRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account_id={}/region={}", self.account_id, self.region)
    }
}

/// What kind of object a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// One of [`SEALED`].
    Sealed,
    /// A digest.
    Digest,
}

/// The key of an object that was found in the lake, or of which a digest speaks: relative to the lake's prefix and checked,
/// so that it leads nowhere else. Digests and listings are hostile until then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    text: String,
    /// Whose object it is.
    pub place: AccountRegion,
    /// The hour of its snapshot, or of the digest.
    pub hour: Hour,
    /// What kind of object.
    pub kind: ObjectKind,
}

impl ObjectKey {
    /// The key of a digest.
    pub fn of_digest(place: &AccountRegion, hour: Hour) -> ObjectKey {
        let text = Key::Digest { place, hour }.to_string();
        ObjectKey { text, place: place.clone(), hour, kind: ObjectKind::Digest }
    }

    /// Reads a key as [`Key`] writes them; none for every other text.
    pub fn parse(text: &str) -> Option<ObjectKey> {
        let parts: Vec<&str> = text.split('/').collect();
        let [table, account_folder, region_folder, date_folder, name] = parts.as_slice() else {
            return None;
        };
        let place = AccountRegion::parse(account_folder, region_folder)?;
        if *table == "digests" {
            let hour =
                Hour::containing(SnapshotTime::parse_compact(name.strip_suffix(".json")?)?.timestamp());
            return Some(ObjectKey::of_digest(&place, hour)).filter(|key| key.text == text);
        }
        let stem = name.strip_suffix(if *table == "runs" { ".json" } else { ".parquet" })?;
        let (time, rest) = match *table {
            "connections" | "partials" | "runs" => {
                stem.split_once('_').filter(|(_, rest)| !rest.is_empty())?
            }
            "endpoints" => (stem, ""),
            _ => return None,
        };
        let time = SnapshotTime::parse_compact(time)?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let date = date_folder.strip_prefix("snapshot_date=")?;
        let fits = date == time.date() && rest.len() <= 256 && rest.bytes().all(is_plain);
        let hour = Hour::containing(time.timestamp());
        fits.then(|| ObjectKey { text: text.to_owned(), place, hour, kind: ObjectKind::Sealed })
    }

    /// The key, relative to the lake's prefix.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the table, which is the first folder.
    pub fn table(&self) -> &str {
        self.text.split('/').next().unwrap_or_default()
    }

    /// Returns true for a run record's key.
    pub fn is_run(&self) -> bool {
        self.table() == "runs"
    }

    /// Returns the time in its name.
    pub fn time(&self) -> Option<SnapshotTime> {
        SnapshotTime::parse_compact(self.stem().0)
    }

    /// Returns what follows the time in its name: of a run record, the run's id.
    pub fn after_time(&self) -> &str {
        self.stem().1
    }

    fn stem(&self) -> (&str, &str) {
        let name = self.text.rsplit('/').next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.split_once('_').unwrap_or((stem, ""))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

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
    /// The configuration of the endpoints of an account and Region.
    Endpoints {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// Of which snapshot.
        snapshot_time: SnapshotTime,
    },
    /// The ledger's record of one attempt at an account and Region.
    Run {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// Of which snapshot.
        snapshot_time: SnapshotTime,
        /// Of which attempt.
        run_id: &'a RunId,
    },
    /// What was there of an account and Region in an hour, signed.
    Digest {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// The hour.
        hour: Hour,
    },
    /// What `preflight` puts to see whether it can; no evidence.
    Preflight,
}

impl fmt::Display for Key<'_> {
    /// The key, relative to the lake's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Connections { target, snapshot_time } => {
                let folder = target.place().day("connections", &snapshot_time.date());
                write!(f, "{folder}{}_{}.parquet", snapshot_time.compact(), target.endpoint_id)
            }
            Key::Partial { target, snapshot_time, run_id } => {
                let folder = target.place().day("partials", &snapshot_time.date());
                write!(f, "{folder}{}_{}_{run_id}.parquet", snapshot_time.compact(), target.endpoint_id)
            }
            Key::Endpoints { place, snapshot_time } => {
                let (folder, time) = (place.day("endpoints", &snapshot_time.date()), snapshot_time.compact());
                write!(f, "{folder}{time}.parquet")
            }
            Key::Run { place, snapshot_time, run_id } => {
                let (folder, time) = (place.day("runs", &snapshot_time.date()), snapshot_time.compact());
                write!(f, "{folder}{time}_{run_id}.json")
            }
            Key::Digest { place, hour } => {
                write!(f, "digests/{place}/digest_date={}/{}.json", hour.date(), hour.compact())
            }
            Key::Preflight => f.write_str("preflight"),
        }
    }
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
        let place = &target.place();
        let snapshot_time = SnapshotTime::parse("2026-11-23T09:15:00Z").unwrap();
        let run_id = &RunId("8f5a-1".to_owned());
        let folder = "account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-23";
        let file = "20261123T091500Z_cvpn-endpoint-0123456789abcdef0";
        for (key, expected) in [
            (
                Key::Connections { target: &target, snapshot_time },
                format!("connections/{folder}/{file}.parquet"),
            ),
            (
                Key::Partial { target: &target, snapshot_time, run_id },
                format!("partials/{folder}/{file}_8f5a-1.parquet"),
            ),
            (
                Key::Run { place, snapshot_time, run_id },
                format!("runs/{folder}/20261123T091500Z_8f5a-1.json"),
            ),
            (Key::Endpoints { place, snapshot_time }, format!("endpoints/{folder}/20261123T091500Z.parquet")),
            (Key::Preflight, "preflight".to_owned()),
        ] {
            assert_eq!(key.to_string(), expected);
            let read = ObjectKey::parse(&expected);
            assert_eq!(read.is_some(), expected != "preflight", "{expected}");
            assert!(read.is_none_or(
                |read| read.hour.to_string() == "2026-11-23T09" && read.kind == ObjectKind::Sealed
            ));
        }
        let hour = Hour::parse("2026-11-23T09").unwrap();
        let expected = "digests/account_id=111122223333/region=eu-central-1/digest_date=2026-11-23/20261123T090000Z.json";
        assert_eq!(Key::Digest { place, hour }.to_string(), expected);
        assert_eq!(ObjectKey::parse(expected), Some(ObjectKey::of_digest(place, hour)));
    }

    #[test]
    fn what_is_no_key_of_ours_is_not_read() {
        let place = "account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-23";
        for text in [
            String::new(),
            "/etc/passwd".to_owned(),
            format!("connections/{place}/../../../../etc/passwd"),
            format!("connections/{place}/20261123T091500Z_..parquet"),
            format!("connections/{place}/20261123T091500Z_a/b.parquet"),
            format!("connections/{place}/20261123T091500Z_.parquet"),
            format!("connections/{place}/20261123T091500Z_a.json"),
            format!("connections/{place}/20261124T091500Z_a.parquet"),
            format!("connections/{place}/.20261123T091500Z_a.parquet"),
            format!("elsewhere/{place}/20261123T091500Z_a.parquet"),
            format!("elsewhere/{place}/20261123T091500Z.parquet"),
            format!("endpoints/{place}/20261123T091500Z_a.parquet"),
            format!("endpoints/{place}/20261123T091500Z.json"),
            format!("endpoints/{place}/20261124T091500Z.parquet"),
            format!("connections/{}/20261123T091500Z_a.parquet", place.replace("111122223333", "1")),
            format!("connections/{}/20261123T091500Z_a.parquet", place.replace("eu-central-1", "..")),
            format!("digests/{place}/20261123T090000Z.json"),
            format!("digests/{}/20261123T091500Z.json", place.replace("snapshot", "digest")),
        ] {
            assert_eq!(ObjectKey::parse(&text), None, "{text}");
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
