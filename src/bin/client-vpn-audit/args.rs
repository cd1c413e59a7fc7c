//! The flags, and what they come to: the same settings and payload that the Lambda gets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use client_vpn_audit::config::PREFIX;
use client_vpn_audit::fault::{Fault, Faults};
use client_vpn_audit::handler::Error;
use serde_json::{Map, Value, json};

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  # One endpoint of the own account, into a directory
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0

  # Two endpoints, into a bucket, for a machine to read
  client-vpn-audit snapshot --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0 \\
      --target cvpn-endpoint-0fedcba9876543210 --json

  # What one user does now; filtered, so it is kept as partial
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0 --filter username=maria

Exit status: 0 every target complete or already captured, 1 something was not, 2 wrong usage.
Settings without a flag come from the environment: AUDIT_CONCURRENCY, AUDIT_MAX_ATTEMPTS and others, see the README.
Credentials, profiles, Regions and endpoints are the AWS SDK's own: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_EC2, …";

const PREFLIGHT_EXAMPLES: &str = "\
Example:
  client-vpn-audit preflight --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0

Exit status: 0 everything is as it should be, 1 something is not, 2 wrong usage.";

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
    /// Endpoint to capture: an id (cvpn-endpoint-…) or an ARN; may be repeated [env: AUDIT_TARGETS]
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
    /// Time that the snapshot bears, RFC 3339 in whole seconds; the same time aims at the same objects [default: now]
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
    pub faults: Faults,
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
            faults: Faults::default(),
        }
    }
}

impl Snapshot {
    pub fn inputs(&self) -> Inputs {
        let mut faults = Faults::default();
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
        }
    }

    /// The values of each filter. A value may be a name, so no fault quotes it.
    fn filters(&self, faults: &mut Faults) -> BTreeMap<&str, Vec<&str>> {
        let mut filters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for filter in &self.filters {
            match filter.split_once('=') {
                Some((name, value)) => filters.entry(name).or_default().push(value),
                None => {
                    faults.push(Fault::without_value("filters", "must be NAME=VALUE, such as username=maria"))
                }
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
        "AUDIT_ACCOUNT_ID" => "--account-id (AUDIT_ACCOUNT_ID)".to_owned(),
        "AWS_REGION" => "--region (AWS_REGION)".to_owned(),
        "filters" => "--filter".to_owned(),
        "time" | "page_size" | "max_items" | "starting_token" => format!("--{}", name.replace('_', "-")),
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
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        Some((name, value.to_string_lossy().into_owned()))
    })
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
