//! The flags, and what they come to: the same settings and payload that the Lambda gets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::invocation::handler::Error;
use serde_json::{Map, Value, json};

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  # One endpoint of the own account, into a directory
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0

  # Two endpoints, into a bucket, for a machine to read
  client-vpn-audit snapshot --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0 \\
      --target cvpn-endpoint-0fedcba9876543210 --json

  # Every endpoint of this account and Region, and every one of another account, where a role is assumed
  AUDIT_MEMBER_ROLE=client-vpn-audit client-vpn-audit snapshot --lake s3://evidence/vpn --target '*' \\
      --target 'arn:aws:ec2:eu-central-1:444455556666:client-vpn-endpoint/*'

  # What one user does now; filtered, so it is kept as partial
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0 --filter username=maria

Exit status: 0 every target complete or already captured and the endpoints' configuration on record, 1 something was not, 2 wrong
usage.
Settings without a flag come from the environment: AUDIT_MEMBER_ROLE, AUDIT_CONCURRENCY and others, see docs/settings.md.
Credentials, profiles, Regions and endpoints are the AWS SDK's own: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_EC2, …
Proxies are HTTPS_PROXY, HTTP_PROXY and NO_PROXY (* for none); nothing that hands out credentials is asked through one.";

const PREFLIGHT_EXAMPLES: &str = "\
Example:
  client-vpn-audit preflight --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0

Exit status: 0 everything is as it should be, 1 something is not, 2 wrong usage.";

const SEAL_EXAMPLES: &str = "\
Examples:
  # Every hour that is closed and not sealed yet, with a KMS key of your own (only the function may sign with the template's)
  client-vpn-audit seal --lake s3://evidence/vpn --signing-key alias/evidence

  # Outside AWS, with a key in a file
  openssl ecparam -genkey -name prime256v1 -noout -out key.pem
  openssl ec -in key.pem -pubout -out public.pem
  client-vpn-audit seal --lake ./lake --signing-key key.pem

Exit status: 0 everything is sealed, 1 something could not be, 2 wrong usage.
Sealing again changes nothing. An hour is closed 35 minutes after its end, when no retry of it can come any more.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  # All of a bucket, with the public part of the key that signed
  aws kms get-public-key --key-id alias/evidence --query PublicKey --output text | base64 -d > public.der
  client-vpn-audit verify --lake s3://evidence/vpn --public-key public.der

  # November, of a copy in a directory, where evidence older than 400 days may be gone
  client-vpn-audit verify --lake ./copy --public-key public.pem --from 2026-11-01 --to 2026-12-01 --retention-days 400

Exit status: 0 nothing is wrong, 1 something is or could not be read, 2 wrong usage.
Without --public-key no signature is checked: then whoever may write the lake could have made all of it anew.
What `seal --json` prints as digest_key and digest_sha256, kept where the lake's administrators cannot write, is --known-digest.";

const COVERAGE_EXAMPLES: &str = "\
Examples:
  # Everything that is on record
  client-vpn-audit coverage --lake s3://evidence/vpn

  # November, held against CloudWatch's own count
  aws cloudwatch get-metric-statistics --namespace AWS/ClientVPN --metric-name ActiveConnectionsCount \\
      --dimensions Name=Endpoint,Value=cvpn-endpoint-0123456789abcdef0 --statistics Maximum --period 300 \\
      --start-time 2026-11-01T00:00:00Z --end-time 2026-11-05T00:00:00Z > connections.json
  client-vpn-audit coverage --lake s3://evidence/vpn --from 2026-11-01 --to 2026-11-05 \\
      --witness cvpn-endpoint-0123456789abcdef0=connections.json

Exit status: 0 no hole, 1 a hole, a capture whose clock stepped, or a run record or digest that cannot be read, 2 wrong usage.
A hole is a time of 60 minutes or more from the request of a complete capture to the last page of one that follows: AWS forgets a
connection 60 minutes after its end. Of an endpoint that is gone, the time after its last capture is one, however short. * is the
list of endpoints itself. --from covers every endpoint that was ever known and is not gone.";

const DEMO_EXAMPLES: &str = "\
Examples:
  client-vpn-audit demo
  client-vpn-audit demo --lake ./demo-lake

Exit status: 0 all snapshots complete, 1 something was not, 2 wrong usage.";

/// Keeps the audit record of AWS Client VPN: who was connected, when, how long, how much, and whether anything was
/// missed.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON for machines instead of tables for people
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Capture every connection of the targets into the lake
    #[command(after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(Box<Snapshot>),
    /// Find out whether a snapshot could be taken and is safe there, without writing evidence
    #[command(after_help = PREFLIGHT_EXAMPLES)]
    Preflight(Place),
    /// Seal the hours that are closed: a digest each, chained and signed
    #[command(after_help = SEAL_EXAMPLES)]
    Seal(Seal),
    /// Verify that nothing of a sealed lake was changed, removed or added
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Tell when every connection was seen, and when one may be missing
    #[command(after_help = COVERAGE_EXAMPLES)]
    Coverage(CoverageArgs),
    /// Watch the whole pipeline work against a built-in simulator; needs no AWS account
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
}

/// Where to read and where to write.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Where the record lies: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// Endpoint to capture: an id (cvpn-endpoint-…), an ARN, an ARN with * as ID for all endpoints there, or * for all of the own
    /// account and Region; may be repeated [env: AUDIT_TARGETS]
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// The own account; asked of STS where it is not given [env: AUDIT_ACCOUNT_ID]
    #[arg(long, value_name = "ACCOUNT")]
    pub account_id: Option<String>,
    /// The own Region [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Snapshot {
    #[command(flatten)]
    place: Place,
    /// Time that the snapshot bears, RFC 3339 in whole seconds, at most 60 minutes in the past or 60 seconds ahead; the same time aims at the same
    /// objects [default: now]
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Only connections that match, as username=U or connection-id=C; may be repeated, and one name's values are
    /// alternatives. The snapshot is then partial
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// Connections of a page, 5 to 1000 [env: AUDIT_PAGE_SIZE] [default: 1000]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    page_size: Option<String>,
    /// Most connections of each target. The snapshot is then partial
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    max_items: Option<String>,
    /// Go on where an earlier snapshot stopped: the resume_token of its target. The snapshot is then partial
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    starting_token: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Seal {
    /// Where the record lies: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    lake: Option<String>,
    /// Last hour to seal, in UTC, such as 2026-11-23T09; those before it are sealed first [default: the newest that is closed]
    #[arg(long, value_name = "HOUR")]
    hour: Option<String>,
    /// What to sign with: a KMS key's ARN, alias/NAME, or a file with a private key of the curve P-256 in PEM
    /// [env: AUDIT_SIGNING_KEY] [default: digests are not signed]
    #[arg(long, value_name = "KEY")]
    signing_key: Option<String>,
    /// The Region of the bucket and the key [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Where the record lies: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// File with public keys in PEM, or one in DER, that signatures are checked with; may be repeated
    #[arg(long = "public-key", value_name = "FILE")]
    pub public_keys: Vec<PathBuf>,
    /// A digest that was noted elsewhere, as KEY=SHA256; may be repeated. Tells a chain that was made anew
    #[arg(long = "known-digest", value_name = "KEY=SHA256")]
    pub known_digests: Vec<String>,
    /// First time: a day, an hour (2026-11-01T09) or RFC 3339, in UTC [default: the beginning of the record]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Time before which to end [default: now; a digest is expected of every hour that is closed]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Days after which evidence expires: what is older may be gone [default: it never does]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    pub retention_days: Option<u32>,
    /// The Region of the bucket [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct CoverageArgs {
    /// Where the record lies: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// First time: a day, an hour (2026-11-01T09) or RFC 3339, in UTC [default: the first attempt on each endpoint]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Time at which to end [default: now]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// CloudWatch's ActiveConnectionsCount of an endpoint, as ENDPOINT=FILE, to compare with; may be repeated
    #[arg(long = "witness", value_name = "ENDPOINT=FILE")]
    pub witnesses: Vec<String>,
    /// The Region of the bucket [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Directory to write to [default: a new temporary directory]
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
}

/// What the handler gets.
pub struct Inputs {
    /// The settings, as the environment would hold them.
    pub variables: BTreeMap<String, String>,
    /// The payload, as an invocation would hold it.
    pub payload: Value,
    /// The Region, where one was given.
    pub region: Option<String>,
    /// Flags that are no settings and no payload.
    pub faults: InvalidInputs,
    /// Whether there must be targets.
    pub needs_targets: bool,
}

impl Place {
    /// The settings of the environment, with those of the flags over them.
    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables: BTreeMap<String, String> = environment().collect();
        let targets = (!self.targets.is_empty()).then(|| self.targets.join(","));
        let flags = [
            ("AUDIT_LAKE", self.lake.clone()),
            ("AUDIT_TARGETS", targets),
            ("AUDIT_ACCOUNT_ID", self.account_id.clone()),
        ];
        for (name, value) in flags {
            variables.extend(value.map(|value| (name.to_owned(), value)));
        }
        variables
    }

    pub fn preflight_inputs(&self) -> Inputs {
        Inputs {
            variables: self.variables(),
            payload: json!({"action": "preflight"}),
            region: self.region.clone(),
            faults: InvalidInputs::default(),
            needs_targets: true,
        }
    }
}

impl Seal {
    pub fn inputs(&self) -> Inputs {
        let mut variables: BTreeMap<String, String> = environment().collect();
        let flags = [("AUDIT_LAKE", &self.lake), ("AUDIT_SIGNING_KEY", &self.signing_key)];
        for (name, value) in flags {
            variables.extend(value.clone().map(|value| (name.to_owned(), value)));
        }
        let hour = self.hour.as_ref().map(|hour| ("hour".to_owned(), json!(hour)));
        let payload = Map::from_iter([("action".to_owned(), json!("seal"))].into_iter().chain(hour));
        Inputs {
            variables,
            payload: Value::Object(payload),
            region: self.region.clone(),
            faults: InvalidInputs::default(),
            needs_targets: false,
        }
    }
}

impl Snapshot {
    pub fn inputs(&self) -> Inputs {
        let mut faults = InvalidInputs::default();
        let mut payload = Map::new();
        payload.insert("action".to_owned(), json!("snapshot"));
        let fields = [
            ("time", self.time.as_ref().map(|time| json!(time))),
            ("page_size", self.page_size.as_deref().map(number_or_text)),
            ("max_items", self.max_items.as_deref().map(number_or_text)),
            ("starting_token", self.starting_token.as_ref().map(|token| json!(token))),
        ];
        for (name, value) in fields {
            payload.extend(value.map(|value| (name.to_owned(), value)));
        }
        if !self.filters.is_empty() {
            payload.insert("filters".to_owned(), json!(self.filters(&mut faults)));
        }
        Inputs {
            variables: self.place.variables(),
            payload: Value::Object(payload),
            region: self.place.region.clone(),
            faults,
            needs_targets: true,
        }
    }

    /// The values of each filter. A value may be a name, so no fault quotes it.
    fn filters(&self, faults: &mut InvalidInputs) -> BTreeMap<&str, Vec<&str>> {
        let mut filters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for filter in &self.filters {
            match filter.split_once('=') {
                Some((name, value)) => filters.entry(name).or_default().push(value),
                None => faults.push(InvalidInput::without_value(
                    "filters",
                    "must be NAME=VALUE, such as username=maria",
                )),
            }
        }
        filters
    }
}

/// A number where the text is one; else the text, which the event's check then refuses along with all other faults.
fn number_or_text(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}

/// A setting or field by the name of its flag, where it has one.
pub fn flag_name(name: &str) -> String {
    match name {
        "AUDIT_LAKE" => "--lake (AUDIT_LAKE)".to_owned(),
        "AUDIT_TARGETS" => "--target (AUDIT_TARGETS)".to_owned(),
        "AUDIT_SIGNING_KEY" => "--signing-key (AUDIT_SIGNING_KEY)".to_owned(),
        "AUDIT_ACCOUNT_ID" => "--account-id (AUDIT_ACCOUNT_ID)".to_owned(),
        "AWS_REGION" => "--region (AWS_REGION)".to_owned(),
        "filters" => "--filter".to_owned(),
        "hour" | "time" | "page_size" | "max_items" | "starting_token" => {
            format!("--{}", name.replace('_', "-"))
        }
        other => match other.strip_prefix("filters.") {
            Some(filter) => format!("--filter {filter}"),
            None => other.to_owned(),
        },
    }
}

/// The same error, by the names of the flags.
pub fn with_flag_names(error: Error) -> Error {
    match error {
        Error::InvalidSettings(faults) => Error::InvalidSettings(faults.renamed(flag_name)),
        Error::InvalidEvent(faults) => Error::InvalidEvent(faults.renamed(flag_name)),
        other => other,
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line's door to the environment")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Args::command().debug_assert();
    }
}
