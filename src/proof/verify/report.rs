//! The report of a verification.

use serde::Serialize;

use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::target::AccountRegion;

/// The kind of a fault. To add one, see CONTRIBUTING.md, "Add an error code".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It has other bytes than were sealed.
    Changed,
    /// It has fewer bytes than were sealed.
    Truncated,
    /// It is missing.
    Missing,
    /// It lies under another name.
    Renamed,
    /// It exists, and nobody sealed it.
    Extra,
    /// A delete marker hides it.
    HiddenByDeleteMarker,
    /// It exists and cannot be read.
    Unreadable,
    /// A digest between others is missing.
    DigestMissing,
    /// The newest digests are missing.
    TailCut,
    /// A digest is not valid, or is that of another lake, account, Region or hour.
    DigestInvalid,
    /// A digest does not follow the one before it.
    ChainBroken,
    /// A signature is not one of this digest, or is missing.
    SignatureWrong,
    /// A digest is signed with a key that is not among those given.
    KeyUnknown,
    /// A link, a special file or a folder where this program puts a file or another folder.
    Irregular,
    /// A run record cannot be read.
    RecordUnreadable,
    /// A run record is of another run, snapshot, account or Region than its key.
    RecordMisplaced,
    /// A run record states what is impossible.
    RecordInconsistent,
    /// It was sealed, and is not the Parquet file of the snapshot that its key names.
    ObjectInvalid,
    /// A run record names an object of another snapshot, endpoint or place as its own.
    ObjectMisplaced,
    /// A run record names an object that does not exist and that no digest lists.
    RecordedMissing,
    /// A run record states something else of an object than its digest or another run record.
    RecordedOtherwise,
    /// Two run records claim to have written an object.
    WrittenTwice,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 22] = [
        Kind::Changed,
        Kind::Truncated,
        Kind::Missing,
        Kind::Renamed,
        Kind::Extra,
        Kind::HiddenByDeleteMarker,
        Kind::Unreadable,
        Kind::DigestMissing,
        Kind::TailCut,
        Kind::DigestInvalid,
        Kind::ChainBroken,
        Kind::SignatureWrong,
        Kind::KeyUnknown,
        Kind::Irregular,
        Kind::RecordUnreadable,
        Kind::RecordMisplaced,
        Kind::RecordInconsistent,
        Kind::ObjectInvalid,
        Kind::ObjectMisplaced,
        Kind::RecordedMissing,
        Kind::RecordedOtherwise,
        Kind::WrittenTwice,
    ];

    /// Returns the kind in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Kind::Changed => "changed",
            Kind::Truncated => "truncated",
            Kind::Missing => "missing",
            Kind::Renamed => "renamed",
            Kind::Extra => "extra",
            Kind::HiddenByDeleteMarker => "hidden by a delete marker",
            Kind::Unreadable => "unreadable",
            Kind::DigestMissing => "digest missing",
            Kind::TailCut => "tail of the chain cut",
            Kind::DigestInvalid => "digest invalid",
            Kind::ChainBroken => "chain broken",
            Kind::SignatureWrong => "signature wrong",
            Kind::KeyUnknown => "key unknown",
            Kind::Irregular => "irregular",
            Kind::RecordUnreadable => "run record unreadable",
            Kind::RecordMisplaced => "run record misplaced",
            Kind::RecordInconsistent => "run record contradicts itself",
            Kind::ObjectInvalid => "object invalid",
            Kind::ObjectMisplaced => "object misplaced",
            Kind::RecordedMissing => "recorded and missing",
            Kind::RecordedOtherwise => "recorded otherwise",
            Kind::WrittenTwice => "written twice",
        }
    }
}

/// Message for an object that a delete marker hides.
pub(super) const HIDDEN: &str = "is hidden by a delete marker; remove the marker to bring it back";

/// Shortens and escapes a text that may be hostile, for a message.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

/// Most objects that no run record names whose keys are in the report. All are counted.
const MOST_UNRECORDED: usize = 1000;

/// A fault of the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// The object or digest, relative to the lake's prefix.
    pub object_key: String,
    /// The finding.
    pub message: String,
}

impl Fault {
    /// Returns a fault of an object.
    pub fn new(kind: Kind, object_key: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { kind, object_key: object_key.into(), message: message.into() }
    }
}

/// The result for one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The lake's name in the digests.
    pub sealed_as: Option<String>,
    /// The first hour.
    pub first_hour: Hour,
    /// The last hour of which a digest is expected.
    pub last_hour: Hour,
    /// Digests read.
    pub digests: u64,
    /// Digests made more than an hour after their hour was closed, as after an outage, or if some were removed and recreated.
    pub sealed_late: u64,
    /// Digests whose signature is right.
    pub signatures: u64,
    /// Entries of digests whose signature is wrong, or that the digest after them contradicts. Nothing proves these entries,
    /// even where the objects are as they list them. The faults of these digests name them.
    pub not_proven: u64,
    /// Objects read.
    pub objects: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Number of these that came after the digest of their hour.
    pub late: u64,
    /// Objects that no longer exist, because they are older than the retention.
    pub expired: u64,
    /// Objects of hours that are not closed yet.
    pub not_sealed_yet: u64,
    /// Objects of hours whose digest is missing or invalid.
    pub without_digest: u64,
    /// Run records whose content was compared with the digests and objects.
    pub run_records: u64,
    /// Sealed objects of this program that no run record names, as after a run that was killed before it wrote its record. No fault.
    pub unrecorded: u64,
}

impl Scope {
    pub(super) fn new(place: &AccountRegion, first_hour: Hour, last_hour: Hour) -> Scope {
        Scope {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            sealed_as: None,
            first_hour,
            last_hour,
            digests: 0,
            sealed_late: 0,
            signatures: 0,
            not_proven: 0,
            objects: 0,
            bytes: 0,
            late: 0,
            expired: 0,
            not_sealed_yet: 0,
            without_digest: 0,
            run_records: 0,
            unrecorded: 0,
        }
    }

    /// Returns `true` if an object is of this account and Region.
    pub fn is_of(&self, place: &AccountRegion) -> bool {
        self.account_id == place.account_id.as_str() && self.region == place.region.as_str()
    }

    /// Returns `true` if an object is of one of these hours, or of an earlier one: the first digest of a chain lists older objects.
    pub fn reaches(&self, key: &ObjectKey) -> bool {
        self.is_of(&key.place) && key.hour <= self.last_hour
    }

    /// Counts an object that was read.
    pub(super) fn read(&mut self, bytes: u64, late: bool) {
        self.objects += 1;
        self.bytes += bytes;
        self.late += u64::from(late);
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The lake.
    pub lake: String,
    /// SHA-256 of each public key that signatures were checked with.
    pub public_keys: Vec<String>,
    /// Every account and Region that was ever sealed.
    #[serde(rename = "verified")]
    pub scopes: Vec<Scope>,
    /// Objects read.
    pub objects: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Objects that no run record names; the first thousand of each account and Region.
    pub unrecorded: Vec<String>,
    /// All faults, in the order of the keys.
    pub faults: Vec<Fault>,
}

impl Verification {
    pub(super) fn new(lake: String, public_keys: Vec<String>) -> Verification {
        let (scopes, unrecorded, faults) = (Vec::new(), Vec::new(), Vec::new());
        Verification { lake, public_keys, scopes, objects: 0, bytes: 0, unrecorded, faults }
    }

    /// Counts an object that no run record names.
    pub(super) fn not_recorded(&mut self, key: &str, scope: &mut Scope) {
        scope.unrecorded += 1;
        if scope.unrecorded <= MOST_UNRECORDED as u64 {
            self.unrecorded.push(key.to_owned());
        }
    }

    /// Stops counting an object as unrecorded: a run record that was sealed late names it.
    pub(super) fn recorded(&mut self, key: &str, scope: &mut Scope) {
        if let Some(index) = self.unrecorded.iter().position(|unrecorded| unrecorded == key) {
            self.unrecorded.remove(index);
            scope.unrecorded = scope.unrecorded.saturating_sub(1);
        }
    }

    /// Counts an object that was read. Returns the number of objects so far, and their bytes.
    pub(super) fn read(&mut self, bytes: u64) -> (u64, u64) {
        self.objects += 1;
        self.bytes += bytes;
        (self.objects, self.bytes)
    }

    /// Returns `true` if every digest is signed by one of the keys. Otherwise somebody who may write the lake could have
    /// recreated all of it.
    pub fn is_tamper_evident(&self) -> bool {
        self.scopes.iter().any(|scope| scope.digests > 0)
            && self.scopes.iter().all(|scope| scope.signatures == scope.digests)
    }
}
