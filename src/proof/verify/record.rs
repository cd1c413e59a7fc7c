//! The parts of a run record that concern objects, and the objects that a run of its key can have written.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::lake::keys::{Key, ObjectKey};
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{MOST_TARGETS, RecordedDiscovery, limited};
use crate::lake::store::Location;
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId, Target};

use super::report::{Kind, shortened};

/// Most targets that a run is given by name, and one for a `*`.
const MOST_NAMED: usize = MOST_TARGETS + 1;

/// The times of an entry's pages: the request and the arrival of the first, and the arrival of the last.
pub type Pages = [Option<Timestamp>; 3];

/// A run record. Fields of other versions are ignored.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    run_id: String,
    snapshot_time: Timestamp,
    start: Timestamp,
    end: Option<Timestamp>,
    settings_in_force: Settings,
    targets: Vec<TargetEntry>,
    #[serde(default)]
    places: Vec<PlaceEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct Settings {
    lake: String,
    #[serde(default, deserialize_with = "limited::<MOST_NAMED, _, _>")]
    targets: Vec<String>,
}

impl Settings {
    /// Returns `true` if the run was given the endpoint by its id, and not only by a `*`.
    fn names(&self, endpoint_id: &str) -> bool {
        self.targets.iter().any(|arn| arn.rsplit('/').next() == Some(endpoint_id))
    }
}

#[derive(Debug, Clone, Deserialize)]
struct TargetEntry {
    account_id: String,
    region: String,
    endpoint_id: String,
    outcome: Outcome,
    #[serde(default)]
    restrictions: Vec<IgnoredAny>,
    pages: Option<u64>,
    rows_read: u64,
    rows: u64,
    active: Option<u64>,
    resume_token: Option<IgnoredAny>,
    bytes: Option<u64>,
    object_key: Option<String>,
    sha256: Option<String>,
    superseded: Option<Superseded>,
    first_page_requested_at: Option<Timestamp>,
    first_page_at: Option<Timestamp>,
    last_page_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
struct Superseded {
    object_key: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

#[derive(Debug, Clone, Deserialize)]
struct PlaceEntry {
    account_id: String,
    region: String,
    discovery: Option<RecordedDiscovery>,
    endpoints: Option<EndpointsEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct EndpointsEntry {
    outcome: Outcome,
    rows: u64,
    bytes: Option<u64>,
    object_key: Option<String>,
    sha256: Option<String>,
}

impl TargetEntry {
    fn pages(&self) -> Pages {
        [self.first_page_requested_at, self.first_page_at, self.last_page_at]
    }

    fn named(&self) -> NamedObject<'_> {
        NamedObject { key: self.object_key.as_deref(), bytes: self.bytes, sha256: self.sha256.as_deref() }
    }
}

impl EndpointsEntry {
    fn named(&self) -> NamedObject<'_> {
        NamedObject { key: self.object_key.as_deref(), bytes: self.bytes, sha256: self.sha256.as_deref() }
    }
}

/// The object of an entry, as far as the entry names it.
struct NamedObject<'a> {
    key: Option<&'a str>,
    bytes: Option<u64>,
    sha256: Option<&'a str>,
}

impl NamedObject<'_> {
    fn is_complete(&self) -> bool {
        self.key.is_some() && self.bytes.is_some() && self.sha256.is_some()
    }

    fn is_empty(&self) -> bool {
        self.key.is_none() && self.bytes.is_none() && self.sha256.is_none()
    }
}

/// An object as a run record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The object.
    pub object: ObjectKey,
    /// `true` if the record states that its run wrote the object.
    pub wrote: bool,
    /// Its SHA-256, if the record has it.
    pub sha256: Option<String>,
    /// Its size, if the record has it.
    pub bytes: Option<u64>,
    /// Its rows.
    pub rows: Option<u64>,
    /// The times of its pages, which are those of its footer; `None` if the record does not have them.
    pub pages: Option<Pages>,
}

/// A contradiction within a record.
pub type Contradiction = (Kind, String);

/// Returns the objects that the record under `key` names, and its contradictions with its key or itself.
pub fn claims(key: &ObjectKey, record: &Record) -> (Vec<Claim>, Vec<Contradiction>) {
    let mut wrong = misplaced(key, record);
    let mut claims = Vec::new();
    let (Some(time), Some(run_id)) = (key.time(), RunId::parse(key.after_time())) else {
        return (claims, wrong);
    };
    let prefix = prefix_of(&record.settings_in_force.lake);
    let of_key = OfKey { place: &key.place, time, run_id, prefix };
    wrong.extend(contradictions(record).into_iter().map(inconsistent));
    for entry in &record.targets {
        match of_key.target(entry) {
            Ok(of_target) => claims.extend(of_target),
            Err(contradiction) => wrong.push(contradiction),
        }
        wrong.extend(outside_the_run(record, entry).map(inconsistent));
    }
    for entry in record.places.iter().filter_map(|place| place.endpoints.as_ref()) {
        match of_key.endpoints(entry) {
            Ok(of_place) => claims.extend(of_place),
            Err(contradiction) => wrong.push(contradiction),
        }
    }
    (claims, wrong)
}

fn misplaced(key: &ObjectKey, record: &Record) -> Vec<Contradiction> {
    let mut wrong = Vec::new();
    let mut misplaced = |message: String| wrong.push((Kind::RecordMisplaced, message));
    if record.run_id != key.after_time() {
        misplaced(format!(
            "is the record of the run {}, and not of that in its key",
            shortened(&record.run_id)
        ));
    }
    if key.time().map(SnapshotTime::timestamp) != Some(record.snapshot_time) {
        misplaced(format!(
            "is the record of the snapshot of {}, and not of that in its key",
            record.snapshot_time
        ));
    }
    let places = record.places.iter().map(|place| (&place.account_id, &place.region));
    let targets = record.targets.iter().map(|target| (&target.account_id, &target.region));
    for (account_id, region) in places.chain(targets) {
        if *account_id != key.place.account_id.as_str() || *region != key.place.region.as_str() {
            let (account_id, region) = (shortened(account_id), shortened(region));
            misplaced(format!("speaks of {region} of {account_id}, and not of the place in its key"));
        }
    }
    wrong
}

/// Tolerance for the times of a record: clocks of an event and of a run differ.
const SLACK: SignedDuration = SignedDuration::from_secs(120);

/// Longest time from a snapshot's own time to the beginning of its run.
const LATEST_START: SignedDuration = SignedDuration::from_mins(60);

/// Returns the contradictions between the parts of a record.
fn contradictions(record: &Record) -> Vec<String> {
    let Record { snapshot_time, start, end, targets, places, .. } = record;
    let mut found = Vec::new();
    let after = start.duration_since(*snapshot_time);
    if after < -SLACK || after > LATEST_START + SLACK {
        found.push(format!(
            "begins at {start}, and no run begins so far from the time {snapshot_time} of its snapshot"
        ));
    }
    if end.is_some_and(|end| end < *start) {
        found.push("ends before it begins".to_owned());
    }
    let mut ids = BTreeSet::new();
    if let Some(twice) = targets.iter().find(|target| !ids.insert(target.endpoint_id.as_str())) {
        found.push(format!("has two entries of {}", shortened(&twice.endpoint_id)));
    }
    if places.len() > 1 {
        found.push("has two entries of its account and Region".to_owned());
    }
    let listed = places.iter().filter_map(|place| place.discovery.as_ref()?.endpoints.as_ref()).flatten();
    if let Some(left_out) = listed.into_iter().find(|id| !ids.contains(id.as_str())) {
        found.push(format!("lists {} among the endpoints and has no entry of it", shortened(left_out)));
    }
    for place in places {
        if let Some(discovery) = &place.discovery {
            found.extend(of_listing(record, discovery, place.endpoints.as_ref()));
        }
    }
    found
}

/// Returns the contradictions between the listing of endpoints and the rest of its record.
fn of_listing(
    record: &Record,
    discovery: &RecordedDiscovery,
    configuration: Option<&EndpointsEntry>,
) -> Vec<String> {
    let mut found = Vec::new();
    let pages = [discovery.first_page_requested_at, discovery.first_page_at, discovery.last_page_at];
    if let Some(outside) = first_outside(record, record.start, &pages) {
        found.push(page_outside("the listing of endpoints", outside));
    }
    let Some(listed) = discovery.endpoints.as_ref().filter(|_| discovery.is_listed()) else { return found };
    if pages.iter().any(Option::is_none) {
        found.push("lists the endpoints and does not have the times of its pages".to_owned());
    }
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    // The endpoints are listed before any of them is captured, so one created in between was configured by its id.
    let is_unlisted = |target: &&TargetEntry| {
        target.outcome != Outcome::Failed
            && !listed.contains(target.endpoint_id.as_str())
            && !record.settings_in_force.names(&target.endpoint_id)
    };
    if let Some(TargetEntry { endpoint_id, outcome, .. }) = record.targets.iter().find(is_unlisted) {
        let id = shortened(endpoint_id);
        found.push(format!("calls {id} {} and does not list it among the endpoints", outcome.as_str()));
    }
    // Both are of one listing, and the configuration is also of endpoints that were deleted.
    let is_of_it = |entry: &&EndpointsEntry| entry.outcome == Outcome::Complete;
    if let Some(EndpointsEntry { rows, .. }) = configuration.filter(is_of_it)
        && *rows < listed.len() as u64
    {
        let count = listed.len();
        found.push(format!("lists {count} endpoints and has the configuration of {rows}"));
    }
    found
}

/// Returns the first of these times that is outside the time from `earliest` to the end of the run.
fn first_outside(record: &Record, earliest: Timestamp, pages: &Pages) -> Option<Timestamp> {
    let is_outside = |time: &Timestamp| {
        time.duration_since(earliest) < -SLACK
            || record.end.is_some_and(|end| time.duration_since(end) > SLACK)
    };
    pages.iter().copied().flatten().find(is_outside)
}

fn page_outside(of: &str, time: Timestamp) -> String {
    format!(
        "has a page of {of} at {time}, which is outside the time of its run: the clock stepped, or somebody changed it"
    )
}

/// Returns why the pages of an entry cannot have arrived at the times that it states.
fn outside_the_run(record: &Record, entry: &TargetEntry) -> Option<String> {
    let earliest = match entry.outcome {
        Outcome::Complete | Outcome::Partial => record.start,
        // The object can be of an earlier run of the same snapshot.
        Outcome::AlreadyCaptured => record.snapshot_time,
        Outcome::Failed => return None,
    };
    let outside = first_outside(record, earliest, &entry.pages())?;
    Some(page_outside(&shortened(&entry.endpoint_id), outside))
}

/// Returns the prefix of a lake's keys in its run records.
fn prefix_of(lake: &str) -> String {
    // The path of a directory is not looked at: it is one of the machine that made the record.
    let location = lake.starts_with("s3://").then(|| Location::parse(lake).ok()).flatten();
    match location {
        Some(Location::S3 { prefix, .. }) if !prefix.is_empty() => format!("{prefix}/"),
        _ => String::new(),
    }
}

/// The key of a record, which determines the objects of its run.
struct OfKey<'a> {
    place: &'a AccountRegion,
    time: SnapshotTime,
    run_id: RunId,
    prefix: String,
}

impl OfKey<'_> {
    fn target(&self, entry: &TargetEntry) -> Result<Vec<Claim>, Contradiction> {
        let AccountRegion { account_id, region } = self.place.clone();
        let Some(endpoint_id) = EndpointId::parse(&entry.endpoint_id) else {
            return Err(inconsistent(format!(
                "names the endpoint {}, which is none",
                shortened(&entry.endpoint_id)
            )));
        };
        let target = Target { account_id, region, endpoint_id };
        let mut claims = Vec::new();
        if let Some(superseded) = &entry.superseded {
            claims.push(self.superseded(&target, superseded)?);
        }
        let whole = Key::Connections { target: &target, snapshot_time: self.time };
        let part = Key::Partial { target: &target, snapshot_time: self.time, run_id: &self.run_id };
        let key = match entry.outcome {
            Outcome::Complete | Outcome::AlreadyCaptured => whole,
            Outcome::Partial => part,
            Outcome::Failed if entry.named().is_empty() => return Ok(claims),
            Outcome::Failed => {
                return Err(inconsistent(format!("calls {} failed and names an object", target.endpoint_id)));
            }
        };
        let wrote = entry.outcome != Outcome::AlreadyCaptured;
        let says = format!("calls {} {}", target.endpoint_id, entry.outcome.as_str());
        if !entry.named().is_complete() {
            return Err(inconsistent(format!(
                "{says} and does not name its object, its size and its SHA-256"
            )));
        }
        // An object that already existed has the times of its own footer, which is compared.
        if wrote && entry.pages().iter().any(Option::is_none) {
            return Err(inconsistent(format!("{says} and does not have the times of its pages")));
        }
        if entry.outcome == Outcome::Complete && !entry.restrictions.is_empty() {
            return Err(inconsistent(format!("{says}, and it was asked for in part")));
        }
        if entry.outcome == Outcome::Complete && entry.resume_token.is_some() {
            return Err(inconsistent(format!("{says}, and has a token to go on with")));
        }
        if entry.outcome == Outcome::Complete && entry.pages == Some(0) {
            return Err(inconsistent(format!("{says}, and no page was read")));
        }
        if entry.outcome == Outcome::Complete && entry.active.is_some_and(|active| active > entry.rows) {
            return Err(inconsistent(format!("{says}, and has more active connections than rows")));
        }
        if wrote && entry.rows != entry.rows_read {
            let (rows, read) = (entry.rows, entry.rows_read);
            return Err(inconsistent(format!("{says}, and {rows} of {read} rows were written")));
        }
        claims.push(Claim {
            object: self.object(entry.object_key.as_deref().unwrap_or_default(), &key.to_string())?,
            wrote,
            sha256: entry.sha256.clone(),
            bytes: entry.bytes,
            rows: Some(entry.rows),
            pages: Some(entry.pages()),
        });
        Ok(claims)
    }

    /// Returns a second object of the run, whose id continues the run's.
    fn superseded(&self, target: &Target, entry: &Superseded) -> Result<Claim, Contradiction> {
        let own = Key::Partial { target, snapshot_time: self.time, run_id: &self.run_id }.to_string();
        let key = self.in_the_lake(&entry.object_key);
        let begins = own.strip_suffix(".parquet").map(|own| format!("{own}-"));
        let object = ObjectKey::parse(key)
            .filter(|object| begins.is_some_and(|begins| object.as_str().starts_with(&begins)));
        Ok(Claim {
            object: object.ok_or_else(|| misplaced_object(key, &own))?,
            wrote: true,
            sha256: Some(entry.sha256.clone()),
            bytes: Some(entry.bytes),
            rows: Some(entry.rows),
            pages: None,
        })
    }

    fn endpoints(&self, entry: &EndpointsEntry) -> Result<Option<Claim>, Contradiction> {
        let wrote = match entry.outcome {
            Outcome::Complete => true,
            Outcome::AlreadyCaptured => false,
            Outcome::Partial | Outcome::Failed if entry.named().is_empty() => return Ok(None),
            Outcome::Partial | Outcome::Failed => {
                let says = entry.outcome.as_str();
                return Err(inconsistent(format!("calls the endpoints {says} and names their object")));
            }
        };
        if !entry.named().is_complete() {
            let says = entry.outcome.as_str();
            let message = format!(
                "calls the endpoints {says} and does not name their object, its size and its SHA-256"
            );
            return Err(inconsistent(message));
        }
        let expected = Key::Endpoints { place: self.place, snapshot_time: self.time }.to_string();
        Ok(Some(Claim {
            object: self.object(entry.object_key.as_deref().unwrap_or_default(), &expected)?,
            wrote,
            sha256: entry.sha256.clone(),
            bytes: entry.bytes,
            rows: Some(entry.rows),
            pages: None,
        }))
    }

    fn object(&self, named: &str, expected: &str) -> Result<ObjectKey, Contradiction> {
        let key = self.in_the_lake(named);
        let object = ObjectKey::parse(key).filter(|object| object.as_str() == expected);
        object.ok_or_else(|| misplaced_object(key, expected))
    }

    /// Returns the key relative to the lake's prefix.
    fn in_the_lake<'k>(&self, key: &'k str) -> &'k str {
        key.strip_prefix(self.prefix.as_str()).unwrap_or(key)
    }
}

fn inconsistent(message: String) -> Contradiction {
    (Kind::RecordInconsistent, message)
}

fn misplaced_object(key: &str, expected: &str) -> Contradiction {
    (Kind::ObjectMisplaced, format!("names {} as its object, which would be {expected}", shortened(key)))
}
