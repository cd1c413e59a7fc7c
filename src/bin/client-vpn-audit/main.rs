//! The command line: composes the handler, runs one command, and reports the result in its exit status.

mod args;
mod coverage;
mod demo;
mod examples;
mod exit_status;
mod lake;
mod logs;
mod moment;
mod output;
mod preflight;
mod report;
mod seal;
mod sessions;
mod snapshot;
mod verify;

use std::process::ExitCode;

use args::{Args, Command, Inputs, Request};
use clap::Parser;
use client_vpn_audit::aws::sdk;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::InvalidInputs;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::settings::Settings;
use exit_status::Failure;
use uuid::Uuid;

/// Exit status if something was not complete, or is not as it should be.
const EXIT_INCOMPLETE: u8 = 1;

#[tokio::main]
async fn main() -> ExitCode {
    std::panic::set_hook(Box::new(output::panic));
    let args = Args::parse();
    let done = match &args.command {
        Command::Snapshot(snapshot) => run(snapshot.inputs(), args.json).await,
        Command::Preflight(place) => run(place.inputs(Request::Preflight), args.json).await,
        Command::Logs(place) => run(place.inputs(Request::Logs), args.json).await,
        Command::Seal(seal) => run(seal.inputs(), args.json).await,
        Command::Verify(verify) => verify::run(verify, args.json).await,
        Command::Coverage(coverage) => coverage::run(coverage, args.json).await,
        Command::Sessions(sessions) => sessions::run(sessions, args.json).await,
        Command::Report(report) => report::run(report, args.json).await,
        Command::Demo(demo) => demo::run(demo, args.json).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXIT_INCOMPLETE),
        Err(error) => {
            let error = error.quoting_values();
            output::error(&error, args.json);
            ExitCode::from(error.exit_status())
        }
    }
}

/// Runs one invocation as the Lambda would, and prints its answer. Returns `true` if all of it succeeded.
async fn run(inputs: Inputs<'_>, json: bool) -> Result<bool, Failure> {
    let clock = Clock::system();
    let settings = check(&inputs, &clock).await.map_err(InvocationError::InvalidSettings)?;
    let sdk = sdk::load(inputs.region.clone(), args::environment()).await;
    let sdk = sdk.map_err(|faults| InvocationError::InvalidSettings(faults.renamed(args::flag_name)))?;
    let progress = output::Spinner::new(json);
    let auditor = Auditor::new(settings, sdk, clock, progress.on_progress());
    let answer = match auditor.request(|now| inputs.request.read(now)) {
        Ok(invocation) => auditor.handle(invocation, &Uuid::new_v4().to_string(), None).await,
        Err(error) => Err(error),
    };
    progress.clear();
    let answer = answer.map_err(args::with_flag_names)?;
    output::answer(&answer, json);
    Ok(Answer::is_success(&answer))
}

/// Returns the settings. If they are wrong, the faults of the request are reported with theirs, by the names of the flags.
async fn check(inputs: &Inputs<'_>, clock: &Clock) -> Result<Settings, InvalidInputs> {
    let variables = inputs.variables.clone();
    let settings = if inputs.needs_targets {
        Settings::parse(variables)
    } else {
        Settings::parse_without_targets(variables)
    };
    let mut faults = InvalidInputs::default();
    faults.extend(sdk::check(inputs.region.as_deref(), &inputs.variables).await.err().unwrap_or_default());
    if settings.is_ok() && faults.iter().next().is_none() {
        return settings;
    }
    faults.extend(settings.err().unwrap_or_default());
    faults.extend(inputs.request.read(clock.now()).err().unwrap_or_default());
    Err(faults.renamed(args::flag_name))
}
