//! The simulator as a program.

use clap::Parser;
use client_vpn_sim::{
    Config, Fault, FaultyAction, MemberRole, ParseFaultError, ServedPage, Simulator, Throttling, TimeSource,
};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A simulator of EC2's Client VPN connection API, and of the connection logs in CloudWatch Logs.
///
/// Serves DescribeClientVpnConnections, DescribeClientVpnEndpoints, DescribeClientVpnTargetNetworks,
/// DescribeClientVpnAuthorizationRules, DescribeClientVpnRoutes, ExportClientVpnClientCertificateRevocationList and
/// GetClientVpnEndpointAuthorizationPolicy, of CloudWatch Logs
/// FilterLogEvents and DescribeLogGroups, and of STS AssumeRole and GetCallerIdentity on 127.0.0.1, and prints one line: its URL, then its endpoints, those of the home's account and Region
/// first: their ids, or where there are several accounts or Regions their ARNs. People connect, transfer, leave, stay listed for 60 minutes, and vanish, all as the seed and
/// the clock have it. Which account and Region a request is for, its signature says.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Port on 127.0.0.1; 0 for any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Everything that varies follows from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Connections listed at any time, for each endpoint
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Number of endpoints in each account and Region: federated, certificate, directory service, and round again
    #[arg(long, default_value_t = 3)]
    endpoints: usize,
    /// The home's account: that of whoever did not assume a role
    #[arg(long, default_value = "123456789012")]
    account_id: String,
    /// Number of accounts: the home's and others, whose ids are always the same
    #[arg(long, default_value_t = 1)]
    accounts: usize,
    /// Region
    #[arg(long, default_value = "eu-central-1")]
    region: String,
    /// Regions in which each account has endpoints, the home's first
    #[arg(long, value_name = "REGION,...", value_delimiter = ',', conflicts_with = "region")]
    regions: Vec<String>,
    /// The role that may be assumed in each account, instead of any
    #[arg(long, value_name = "NAME")]
    member_role: Option<String>,
    /// The external id that its trust policy asks for, instead of any or none
    #[arg(long, value_name = "ID", requires = "member_role")]
    external_id: Option<String>,
    /// Throttle as AWS documents it, for each action, account and Region: EC2's 100 requests at once and then 20 a second, and 5,
    /// 10 or 25 a second for logs
    #[arg(long)]
    throttle: bool,
    /// An account in which no role may be assumed; once for each
    #[arg(long = "refuse-role", value_name = "ACCOUNT")]
    refused: Vec<String>,
    /// A Region in which EC2 is out of order; once for each
    #[arg(long, value_name = "REGION")]
    down: Vec<String>,
    /// A clock that stands still at this time, such as 2026-11-23T09:00:00Z, instead of this machine's
    #[arg(long)]
    time: Option<Timestamp>,
    /// Minimum time that every answer takes, in milliseconds
    #[arg(long, default_value_t = 0)]
    latency_millis: u64,
    /// Misbehave: KIND, at one endpoint or all, to the Nth (to Mth) request for connections or to all. Kinds: throttle,
    /// internal-error, unavailable, unauthorized, unknown-action, not-found, reset, cut-body, cut-body-unframed, stall, stall-body,
    /// malformed-xml, repeat-token, cycle-tokens, expire-token, empty-page, odd-values, latency-millis=MS,
    /// unknown-field, duplicate-row, wrong-endpoint-id, renamed-list, member-rows, result-wrapper, hidden-token,
    /// large-body, long-token, long-value
    #[arg(long = "fault", value_name = "KIND[:ENDPOINT][@N[-M]]")]
    faults: Vec<Fault>,
    /// Misbehave in the requests of another action, such as DescribeClientVpnRoutes=throttle@2
    #[arg(long = "action-fault", value_name = "ACTION=KIND[:ENDPOINT][@N[-M]]", value_parser = action_fault)]
    action_faults: Vec<(FaultyAction, Fault)>,
    /// Misbehave in FilterLogEvents, for one log group or all; further kinds: no-list, list-as-object, renamed-list,
    /// clock-skew, future-times
    #[arg(long = "log-fault", value_name = "KIND[:GROUP][@N[-M]]")]
    log_faults: Vec<Fault>,
    /// Answer a page that was asked for before with the same bytes again, request id and all: nothing is rendered twice
    #[arg(long, requires = "time", conflicts_with = "served")]
    replay: bool,
    /// Write every page of connections that was handed out to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    served: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  client-vpn-sim --port 8080 --connections 5000

  export AWS_ENDPOINT_URL_EC2=http://127.0.0.1:8080 AWS_ENDPOINT_URL_STS=http://127.0.0.1:8080
  export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://127.0.0.1:8080
  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=eu-central-1
  aws ec2 describe-client-vpn-endpoints
  aws ec2 describe-client-vpn-connections --client-vpn-endpoint-id cvpn-endpoint-...
  aws logs filter-log-events --log-group-name client-vpn --start-time $(( ($(date +%s) - 900) * 1000 ))

  # The second to fourth request for connections throttled, the body of the sixth cut:
  client-vpn-sim --port 8080 --fault throttle@2-4 --fault cut-body@6

  # Ten accounts with two endpoints in each of two Regions, one of them out of order:
  client-vpn-sim --port 8080 --accounts 10 --regions eu-central-1,us-east-1 --endpoints 2 --member-role audit \\
    --down us-east-1
  aws sts assume-role --role-arn arn:aws:iam::200000000000:role/audit --role-session-name me";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "error: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let mut file = arguments.served.as_ref().map(File::create).transpose()?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let simulator = start(&arguments).await?;
    let is_one_place = arguments.accounts <= 1 && arguments.regions.len() <= 1;
    let name = |(account_id, region, id)| {
        if is_one_place { id } else { format!("arn:aws:ec2:{region}:{account_id}:client-vpn-endpoint/{id}") }
    };
    let endpoints: Vec<String> = simulator.endpoints().into_iter().map(name).collect();
    writeln!(io::stdout(), "{} {}", simulator.url(), endpoints.join(" "))?;
    loop {
        tokio::select! {
            pages = simulator.next_served() => write(file.as_mut(), &pages)?,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    write(file.as_mut(), &simulator.take_served())
}

async fn start(arguments: &Arguments) -> io::Result<Simulator> {
    let simulator = Simulator::start(config(arguments), arguments.port).await?;
    arguments.faults.iter().cloned().for_each(|fault| simulator.inject(fault));
    let log_faults = arguments.log_faults.iter().cloned();
    log_faults.for_each(|fault| simulator.inject_into(FaultyAction::FilterLogEvents, fault));
    let action_faults = arguments.action_faults.iter().cloned();
    action_faults.for_each(|(action, fault)| simulator.inject_into(action, fault));
    arguments.refused.iter().for_each(|account_id| simulator.refuse_role(account_id));
    arguments.down.iter().for_each(|region| simulator.take_down(region));
    Ok(simulator)
}

/// Parses an action and its fault.
fn action_fault(text: &str) -> Result<(FaultyAction, Fault), ParseFaultError> {
    let (action, fault) = text.split_once('=').unwrap_or((text, ""));
    Ok((action.parse()?, fault.parse()?))
}

fn config(arguments: &Arguments) -> Config {
    let external_id = &arguments.external_id;
    let member_role = |name: &String| MemberRole { name: name.clone(), external_id: external_id.clone() };
    Config {
        member_role: arguments.member_role.as_ref().map(member_role),
        throttling: arguments.throttle.then_some(Throttling::EC2),
        time: arguments.time.map_or(TimeSource::System, TimeSource::Manual),
        latency: Duration::from_millis(arguments.latency_millis),
        record_served: arguments.served.is_some(),
        replay: arguments.replay,
        ..organisation(arguments)
    }
}

/// Returns the accounts and Regions that were asked for, with the home's account under the given id.
fn organisation(arguments: &Arguments) -> Config {
    let Arguments { seed, accounts, endpoints, connections, .. } = *arguments;
    let given: Vec<&str> = arguments.regions.iter().map(String::as_str).collect();
    let regions = if given.is_empty() { vec![arguments.region.as_str()] } else { given };
    let mut config = Config::organisation(seed, accounts, &regions, endpoints, connections);
    let of_home = config.places.iter_mut().filter(|place| place.account_id == config.account_id);
    of_home.for_each(|place| place.account_id.clone_from(&arguments.account_id));
    config.account_id.clone_from(&arguments.account_id);
    config
}

/// Writes each page as one line, at once, so that a reader never finds half a page for long.
fn write(file: Option<&mut File>, pages: &[ServedPage]) -> io::Result<()> {
    let Some(file) = file else { return Ok(()) };
    pages.iter().try_for_each(|page| {
        let mut line = serde_json::to_vec(page)?;
        line.push(b'\n');
        file.write_all(&line)
    })
}
