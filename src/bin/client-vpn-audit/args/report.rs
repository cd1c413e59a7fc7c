//! The flags of `report`.

use std::path::PathBuf;

/// The exhibit to make, or with `--check` the one to check.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("task").required(true).args(["out", "check"])))]
pub struct ReportArgs {
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE", conflicts_with = "check")]
    pub lake: Option<String>,
    /// Beginning of the period: a day, an hour (2026-11-01T09) of the time zone, or RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "check", required_unless_present = "check")]
    pub from: Option<String>,
    /// End of the period, which is not part of it
    #[arg(long, value_name = "TIME", conflicts_with = "check", required_unless_present = "check")]
    pub to: Option<String>,
    /// Directory to write the exhibit to, which does not exist or is empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Time zone of the page, and of days and hours: a name of the IANA database, such as Europe/Berlin; data files have UTC
    #[arg(long, value_name = "ZONE", default_value = "UTC", conflicts_with = "check")]
    pub time_zone: String,
    /// File with public keys in PEM, or one in DER, that signatures are checked with; may be repeated
    #[arg(long = "public-key", value_name = "FILE")]
    pub public_keys: Vec<PathBuf>,
    /// A digest that was noted elsewhere, as KEY=SHA256; may be repeated. Detects a chain that was replaced by another
    #[arg(long = "known-digest", value_name = "KEY=SHA256", conflicts_with = "check")]
    pub known_digests: Vec<String>,
    /// CloudWatch's ActiveConnectionsCount of an endpoint, as ENDPOINT=FILE, to compare with; may be repeated
    #[arg(long = "witness", value_name = "ENDPOINT=FILE", conflicts_with = "check")]
    pub witnesses: Vec<String>,
    /// CSV file with the column user: the current users, to compare with those who connected
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub users: Option<PathBuf>,
    /// File with what `preflight --json` printed of the bucket and its protection
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub protection: Option<PathBuf>,
    /// Days after which evidence expires: what is older may be gone [default: it never does]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "check")]
    pub retention_days: Option<u32>,
    /// Name of whoever makes the report, which it states as not verified
    #[arg(long, value_name = "TEXT", conflicts_with = "check")]
    pub prepared_by: Option<String>,
    /// Replace names and addresses of people by pseudonyms, and write whose they are to this file, which does not exist. Keep it from the readers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "prove"])]
    pub pseudonyms: Option<PathBuf>,
    /// Sessions to draw of each endpoint and month, at most 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), requires = "seed", conflicts_with = "check")]
    pub sample: Option<u32>,
    /// Text that decides which sessions are drawn: choose it after the population is known
    #[arg(long, value_name = "TEXT", requires = "sample")]
    pub seed: Option<String>,
    /// Instead of an exhibit, write the package of one session of the period: its rows, the objects that decide it, and a sheet for the chain of custody
    #[arg(long, value_name = "CONNECTION_ID", conflicts_with_all = ["check", "sample", "seed", "users", "witnesses", "protection"])]
    pub prove: Option<String>,
    /// The Region of the bucket [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION", conflicts_with = "check")]
    pub region: Option<String>,
    /// Directory of an exhibit to check: every file against manifest.json
    #[arg(long, value_name = "DIR")]
    pub check: Option<PathBuf>,
    /// File with the receipt of the exhibit, which was kept elsewhere. Detects a manifest that was rewritten together with the files
    #[arg(long, value_name = "FILE", requires = "check", conflicts_with = "out")]
    pub receipt: Option<PathBuf>,
}
