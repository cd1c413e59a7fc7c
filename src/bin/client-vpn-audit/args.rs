//! The flags, read into the settings and the request that the Lambda reads from its environment and its event.

mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use client_vpn_audit::aws::ec2::resume_token::ResumeToken;
use client_vpn_audit::aws::ec2::{Filter, PageSize};
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::invocation::filters::FILTERS;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::invocation::request::{
    Invocation, MAX_ITEMS_ALLOWED, STARTING_TOKEN_ALLOWED, SnapshotRequest, closed_hour, snapshot_time,
};
use client_vpn_audit::invocation::settings::SETTINGS;
use client_vpn_audit::lake::ledger::Trigger;
use jiff::Timestamp;

use crate::examples::{
    COVERAGE_EXAMPLES, DEMO_EXAMPLES, LOGS_EXAMPLES, PREFLIGHT_EXAMPLES, REPORT_EXAMPLES, SEAL_EXAMPLES,
    SESSIONS_EXAMPLES, SNAPSHOT_EXAMPLES, VERIFY_EXAMPLES,
};
pub use report::ReportArgs;

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
    Snapshot(Box<SnapshotArgs>),
    /// Find out whether a snapshot could be taken and is safe there, without writing evidence
    #[command(after_help = PREFLIGHT_EXAMPLES)]
    Preflight(CaptureArgs),
    /// Read the windows of AWS's own connection logs that are due into the lake
    #[command(after_help = LOGS_EXAMPLES)]
    Logs(CaptureArgs),
    /// Seal the hours that are closed: a digest each, chained and signed
    #[command(after_help = SEAL_EXAMPLES)]
    Seal(Seal),
    /// Verify that nothing of a sealed lake was changed, removed or added
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Report when a connection could have been missed, and why
    #[command(after_help = COVERAGE_EXAMPLES)]
    Coverage(CoverageArgs),
    /// Print one row for each connection: who, when, how long, how much, from where
    #[command(after_help = SESSIONS_EXAMPLES)]
    Sessions(SessionsArgs),
    /// Make the exhibit of a period for an auditor, or check that nothing of one was changed
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Box<ReportArgs>),
    /// Watch the whole pipeline work against a built-in simulator; needs no AWS account
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
}

/// The lake and the endpoints to read.
#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// Endpoint to capture: an id (cvpn-endpoint-…), an ARN, an ARN with * as ID for all endpoints there, or * for all of the own
    /// account and Region; may be repeated [env: AUDIT_TARGETS]
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Log group that may be read: arn:aws:logs:REGION:ACCOUNT:log-group:NAME, where REGION and ACCOUNT may be *, and NAME may end in *;
    /// may be repeated. Only the command logs reads it, but every run records the setting, and coverage goes by that
    /// [env: AUDIT_CONNECTION_LOG_GROUPS]
    #[arg(long = "log-group", value_name = "ARN")]
    log_groups: Vec<String>,
    /// The own account; requested from STS if not given [env: AUDIT_ACCOUNT_ID]
    #[arg(long, value_name = "ACCOUNT")]
    pub account_id: Option<String>,
    /// The own Region [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    #[command(flatten)]
    place: CaptureArgs,
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
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    lake: Option<String>,
    /// Last hour to seal, in UTC, such as 2026-11-23T09; those before it are sealed first [default: the newest that is closed]
    #[arg(long, value_name = "HOUR")]
    hour: Option<String>,
    /// Signing key: a KMS key's ARN, alias/NAME, or a file with a private key of the curve P-256 in PEM
    /// [env: AUDIT_SIGNING_KEY] [default: digests are not signed]
    #[arg(long, value_name = "KEY")]
    signing_key: Option<String>,
    /// The Region of the bucket and the key [default: that of the AWS profile or of AWS_REGION]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// File with public keys in PEM, or one in DER, that signatures are checked with; may be repeated
    #[arg(long = "public-key", value_name = "FILE")]
    pub public_keys: Vec<PathBuf>,
    /// A digest that was noted elsewhere, as KEY=SHA256; may be repeated. Detects a chain that was replaced by another
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
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
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
pub struct SessionsArgs {
    /// Lake: s3://bucket/prefix or a directory [env: AUDIT_LAKE]
    #[arg(long, value_name = "LAKE")]
    pub lake: Option<String>,
    /// Sessions that may have reached into the time from here on: a day, an hour (2026-11-01T09) or RFC 3339, in UTC [default: all]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Sessions that may have begun before this time [default: all]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Sessions that may have been there at this instant, which has passed; a day is its first moment
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"])]
    pub at: Option<String>,
    /// Sessions of a user: the user name, or the common name if there is no user name, in any case, with or without a domain that ends in a
    /// backslash
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Sessions of an endpoint
    #[arg(long, value_name = "ID")]
    pub endpoint: Option<String>,
    /// Print CSV with every column, values as they are
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// CSV file with the columns user and time, such as the log-ins of an identity provider: prints for each line if a session was found, is
    /// absent, or can have been missed in a hole
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "at", "user", "csv"])]
    pub trace: Option<PathBuf>,
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

/// The settings and the request of a command.
pub struct Inputs<'a> {
    /// The settings, as the environment would hold them.
    pub variables: BTreeMap<String, String>,
    /// The request.
    pub request: Request<'a>,
    /// The Region; `None` if none was given.
    pub region: Option<String>,
    /// `true` if there must be targets.
    pub needs_targets: bool,
}

/// The flags of a request.
#[derive(Clone, Copy)]
pub enum Request<'a> {
    /// A snapshot.
    Snapshot(&'a SnapshotArgs),
    /// A preflight, which has no flags of its own.
    Preflight,
    /// A reading of connection logs, which has no flags of its own.
    Logs,
    /// A seal.
    Seal(&'a Seal),
}

impl Request<'_> {
    /// Reads the flags.
    ///
    /// # Errors
    /// Every fault of them, by the names that an event has for them.
    pub fn read(self, now: Timestamp) -> Result<Invocation, InvalidInputs> {
        match self {
            Request::Snapshot(snapshot) => snapshot.request(now).map(Invocation::Snapshot),
            Request::Preflight => Ok(Invocation::Preflight),
            Request::Logs => Ok(Invocation::Logs),
            Request::Seal(seal) => seal.request(now),
        }
    }
}

impl CaptureArgs {
    /// The settings of the environment, with those of the flags over them.
    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables: BTreeMap<String, String> = environment().collect();
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let flags = [
            ("AUDIT_LAKE", self.lake.clone()),
            ("AUDIT_TARGETS", list(&self.targets)),
            ("AUDIT_CONNECTION_LOG_GROUPS", list(&self.log_groups)),
            ("AUDIT_ACCOUNT_ID", self.account_id.clone()),
        ];
        for (name, value) in flags {
            variables.extend(value.map(|value| (name.to_owned(), value)));
        }
        variables
    }

    /// Returns the inputs of a request for the endpoints.
    pub fn inputs<'a>(&self, request: Request<'a>) -> Inputs<'a> {
        let variables = self.variables();
        Inputs { variables, request, region: self.region.clone(), needs_targets: true }
    }
}

impl Seal {
    pub fn inputs(&self) -> Inputs<'_> {
        let mut variables: BTreeMap<String, String> = environment().collect();
        let flags = [("AUDIT_LAKE", &self.lake), ("AUDIT_SIGNING_KEY", &self.signing_key)];
        for (name, value) in flags {
            variables.extend(value.clone().map(|value| (name.to_owned(), value)));
        }
        Inputs { variables, request: Request::Seal(self), region: self.region.clone(), needs_targets: false }
    }

    fn request(&self, now: Timestamp) -> Result<Invocation, InvalidInputs> {
        let mut faults = InvalidInputs::default();
        let read = |text: &String| {
            closed_hour(text, now).map_err(|allowed| InvalidInput::new("hour", text, allowed))
        };
        let hour = self.hour.as_ref().and_then(|text| faults.keep(read(text)));
        faults.or(Invocation::Seal { hour })
    }
}

impl SnapshotArgs {
    pub fn inputs(&self) -> Inputs<'_> {
        self.place.inputs(Request::Snapshot(self))
    }

    fn request(&self, now: Timestamp) -> Result<SnapshotRequest, InvalidInputs> {
        let mut faults = InvalidInputs::default();
        let time = |text: &String| {
            snapshot_time(text, now).map_err(|allowed| InvalidInput::new("time", text, allowed))
        };
        let page_size = |text: &String| {
            let size = text.parse().ok().and_then(PageSize::new);
            size.ok_or_else(|| InvalidInput::new("page_size", text, PageSize::ALLOWED))
        };
        let max_items = |text: &String| {
            let most = text.parse().ok().filter(|&most| most > 0);
            most.ok_or_else(|| InvalidInput::new("max_items", text, MAX_ITEMS_ALLOWED))
        };
        // A text in place of a token may be anything, so no fault quotes it.
        let starting_token = |text: &String| {
            ResumeToken::parse(text)
                .ok_or_else(|| InvalidInput::of_hidden("starting_token", text, STARTING_TOKEN_ALLOWED))
        };
        let snapshot_time = self.time.as_ref().and_then(|text| faults.keep(time(text)));
        let request = SnapshotRequest {
            filters: self.filters(&mut faults),
            page_size: self.page_size.as_ref().and_then(|text| faults.keep(page_size(text))),
            max_items: self.max_items.as_ref().and_then(|text| faults.keep(max_items(text))),
            starting_token: self.starting_token.as_ref().and_then(|text| faults.keep(starting_token(text))),
            ..SnapshotRequest::new(Trigger::Action, snapshot_time)
        };
        if let Some((page_size, allowed)) = request.page_size.zip(request.other_page_size()) {
            let allowed = format!("{allowed}, the page size that --starting-token was made with");
            faults.push(InvalidInput::new("page_size", &page_size.to_string(), allowed));
        }
        faults.or(request)
    }

    /// Reads the filters. A value may be a name, so no fault quotes it.
    fn filters(&self, faults: &mut InvalidInputs) -> Vec<Filter> {
        let mut filters: Vec<Filter> = Vec::new();
        for filter in &self.filters {
            let Some((name, value)) = filter.split_once('=') else {
                let allowed = "must be NAME=VALUE, such as username=maria";
                faults.push(InvalidInput::without_value("filters", allowed));
                continue;
            };
            let Some(name) = FILTERS.into_iter().find(|known| *known == name) else {
                faults.push(InvalidInput::of_name("filters", name, FILTERS.join(", ")));
                continue;
            };
            match filters.iter_mut().find(|filter| filter.name == name) {
                Some(filter) => filter.values.push(value.to_owned()),
                None => filters.push(Filter { name, values: vec![value.to_owned()] }),
            }
        }
        filters
    }
}

/// A setting or field by the name of its flag, where it has one.
pub fn flag_name(name: &str) -> String {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    if let Some(flag) = setting.and_then(|setting| setting.flag) {
        return format!("--{flag} ({name})");
    }
    match name {
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
pub fn with_flag_names(error: InvocationError) -> InvocationError {
    match error {
        InvocationError::InvalidSettings(faults) => {
            InvocationError::InvalidSettings(faults.renamed(flag_name))
        }
        InvocationError::InvalidEvent(faults) => InvocationError::InvalidEvent(faults.renamed(flag_name)),
        other => other,
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line's door to the environment")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

#[cfg(test)]
mod tests;
