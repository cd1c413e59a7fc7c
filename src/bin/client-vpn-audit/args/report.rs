//! The flags of `report`.

use std::path::PathBuf;

/// The exhibit to check.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Directory of an exhibit to check: every file against manifest.json
    #[arg(long, value_name = "DIR")]
    pub check: PathBuf,
    /// File with the receipt of the exhibit, which was kept elsewhere. Detects a manifest that was rewritten
    /// together with the files
    #[arg(long, value_name = "FILE", requires = "check")]
    pub receipt: Option<PathBuf>,
    /// File with public keys in PEM, or one in DER, that manifest.json.sig is checked with; may be repeated
    #[arg(long = "public-key", value_name = "FILE", requires = "check")]
    pub public_keys: Vec<PathBuf>,
}
