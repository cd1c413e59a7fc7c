//! The exhibit: a folder with everything that an auditor is handed about a period. It is made from the lake, or a copy of it, and a public
//! key, and works offline.
//!
//! `Evidence` is read once. `claims` and `population` judge it and `page` shows it, without I/O. `inputs.csv` has each object that was
//! read with its hash. `manifest.json` has the SHA-256 of every file, and a receipt, which is kept elsewhere, that of the manifest. `check`
//! compares both with the folder, in which anybody may have written: it follows no link, and hashes no file that is longer than the
//! manifest says.

mod captures;
mod check;
mod claims;
mod compose;
mod configuration;
mod data;
mod difference;
mod digests;
mod endpoint_attempts;
mod evidence;
mod expected_captures;
mod findings;
mod folder;
mod identities;
mod inputs;
mod log_events;
mod manifest;
mod output_folder;
mod page;
mod population;
mod prove;
mod pseudonyms;
mod receipt;
mod reconciliation;
mod recorded_objects;
mod reperform;
mod run_records;
mod sample;
mod session_evidence;
mod session_figures;
mod timestamp;
mod users;
mod verdict;
mod verification;
mod zoned_times;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::sessions::{SessionProgress, SessionsError};
use crate::clock::Clock;
use crate::lake::store::{Location, Store, StoreError};
use crate::proof::coverage::cloudwatch_counts::Witness;
use crate::proof::signing::PublicKey;

pub use check::{ExhibitCheck, check};
pub use compose::{WrittenExhibit, make_exhibit};
pub use difference::{ExhibitDifference, ExhibitDifferenceKind};
pub use folder::ExhibitFolder;
pub use inputs::InputFile;
pub use manifest::{ExhibitFile, ExhibitManifest, ManifestError, exhibit_number};
pub use prove::{WrittenPackage, prove_session};
pub use receipt::{ExhibitReceipt, receipt_text};
pub use sample::SampleRequest;
pub use users::UserList;

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// Name of the receipt. It is not among the files of the manifest, which its text follows from.
pub const RECEIPT: &str = "receipt.txt";

/// Name of the signature of the manifest, which whoever hands over the exhibit may add.
pub const SIGNATURE: &str = "manifest.json.sig";

/// Name of a timestamp of the manifest (RFC 3161), which whoever hands over the exhibit may add.
pub const TIMESTAMP: &str = "manifest.json.tsr";

/// Name of the list of inputs. Its SHA-256 begins with the exhibit number.
pub const INPUTS: &str = "inputs.csv";

/// Names that the manifest does not have: its own, and those of files that follow from it.
const BESIDE_THE_MANIFEST: [&str; 4] = [MANIFEST, RECEIPT, SIGNATURE, TIMESTAMP];

/// The parameters of an exhibit.
#[derive(Debug)]
pub struct ExhibitRequest<'a> {
    /// The store that the lake is read from.
    pub store: &'a Store,
    /// The lake's location.
    pub lake: &'a Location,
    /// Beginning of the period.
    pub from: Timestamp,
    /// End of the period, which is not part of it.
    pub to: Timestamp,
    /// The current time.
    pub now: Timestamp,
    /// The clock, for the time at which the report was made.
    pub clock: &'a Clock,
    /// Time zone of the page.
    pub time_zone: TimeZone,
    /// Public keys that signatures are checked with.
    pub keys: Vec<PublicKey>,
    /// SHA-256 of digests, by their keys, that were noted elsewhere.
    pub known: BTreeMap<String, String>,
    /// CloudWatch's counts.
    pub witnesses: Vec<Witness>,
    /// The checks that a preflight printed; `None` if they were not given.
    pub protection: Option<Vec<ProtectionCheck>>,
    /// Days after which evidence expires; `None` for never.
    pub retention_days: Option<u32>,
    /// Name of whoever made it, as they stated it.
    pub prepared_by: Option<String>,
    /// The file to write the pseudonyms of people to, which replace them in the exhibit; `None` to show names and addresses.
    pub pseudonyms: Option<PathBuf>,
    /// The sample; `None` for none.
    pub sample: Option<SampleRequest>,
    /// The current users; `None` if they were not given.
    pub users: Option<UserList>,
    /// Files beside the lake that it is made of.
    pub files: Vec<InputFile>,
    /// The program that makes it.
    pub program: ProgramFacts,
    /// Most objects that are verified at a time.
    pub max_concurrency: usize,
}

/// Returns a time span with so much before and after it.
fn widened((from, to): (Timestamp, Timestamp), by: SignedDuration) -> (Timestamp, Timestamp) {
    (from.saturating_sub(by).unwrap_or(from), to.saturating_add(by).unwrap_or(to))
}

/// The program that makes an exhibit, and its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFacts {
    /// Its version.
    pub version: &'static str,
    /// The commit that it was built from; `None` if the build did not state it.
    pub commit: Option<String>,
    /// SHA-256 of its file, in hexadecimal; `None` if it could not be read.
    pub binary_sha256: Option<String>,
    /// The command line.
    pub command: String,
    /// Name of the host; `None` if it is not known.
    pub host: Option<String>,
}

/// A check of a preflight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionCheck {
    /// The checked action.
    pub action: String,
    /// The checked resource.
    pub resource: String,
    /// `true` if it passed.
    pub ok: bool,
    /// The problem or note.
    pub remark: String,
}

/// The progress of an exhibit in the making.
#[derive(Debug, Clone, Copy)]
pub enum ExhibitProgress {
    /// Run records read for coverage.
    RunRecords(u64),
    /// The reading of sessions.
    Sessions(SessionProgress),
    /// Objects verified.
    Verified(u64),
}

/// The reason why an exhibit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExhibitError {
    /// The lake could not be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sessions could not be made.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// There is something in the folder.
    #[error(
        "creating the exhibit in {0}: the folder is not empty, and nothing in it is overwritten; choose another with --out"
    )]
    NotEmpty(PathBuf),
    /// The file of pseudonyms would lie beside what it is to be kept from.
    #[error(
        "creating the file of pseudonyms {0}: it lies in the lake or in the exhibit, whose readers are not to know whose they are; \
         choose another with --pseudonyms"
    )]
    PseudonymsWithin(PathBuf),
    /// The folder lies in the lake, which nothing but captures and seals may write to.
    #[error(
        "creating the exhibit in {0}: the folder lies in the lake, to which a report adds nothing; choose another with --out"
    )]
    InLake(PathBuf),
    /// No session of the connection in the period.
    #[error(
        "looking for the connection {connection_id:?} from {from} to {to}: no session of it overlaps the period{}; check the id, or choose \
         another period with --from and --to",
        match unreadable { 0 => String::new(), number => format!(", and {number} objects could not be read") }
    )]
    NoSession {
        /// The id that was asked for.
        connection_id: String,
        /// Beginning of the period.
        from: Timestamp,
        /// End of the period.
        to: Timestamp,
        /// Objects that could have shown it and could not be read.
        unreadable: usize,
    },
    /// More than one endpoint has a session of the connection.
    #[error(
        "looking for the connection {connection_id:?}: it has a session at each of {}, and AWS gives an id once; run `verify`",
        endpoints.join(", ")
    )]
    SeveralSessions {
        /// The id that was asked for.
        connection_id: String,
        /// The endpoints.
        endpoints: Vec<String>,
    },
    /// The files make no manifest.
    #[error("making the manifest of the exhibit: {0}")]
    Manifest(#[from] ManifestError),
    /// A file could not be written.
    #[error("{doing} {path}: {error}; check the folder, its permissions and the space left")]
    Write {
        /// The step.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

impl ExhibitError {
    fn write(doing: &'static str, path: &Path, error: io::Error) -> ExhibitError {
        ExhibitError::Write { doing, path: path.to_owned(), error }
    }
}
