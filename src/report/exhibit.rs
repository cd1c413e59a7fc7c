//! An exhibit: a folder of files that a report wrote, and the check that nothing in it was changed since.
//!
//! `manifest.json` has the SHA-256 of every file, and a receipt, which is kept elsewhere, that of the manifest. `check`
//! compares both with the folder, in which anybody may have written: it follows no link, and hashes no file that is
//! longer than the manifest says.

mod check;
mod difference;
mod folder;
mod manifest;
mod receipt;
mod timestamp;

pub use check::{ExhibitCheck, check};
pub use difference::{ExhibitDifference, ExhibitDifferenceKind};
pub use folder::ExhibitFolder;
pub use manifest::{ExhibitFile, ExhibitManifest, ManifestError, exhibit_number};
pub use receipt::{ExhibitReceipt, receipt_text};

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
