//! Prints the steps of the Lambda function between exec and the first poll of the runtime API: the name of each and its
//! milliseconds, a line each. The first line is not a span but the time at which `main` began, in milliseconds since 1970.
//!
//! Usage: `cold_start`, with the function's settings in the environment.
#![allow(clippy::print_stdout, reason = "a program that prints numbers")]
#![allow(clippy::disallowed_methods, reason = "a front end, which measures")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("main {}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0);
    let mut step = Step(Instant::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    step.ends("asynchronous_runtime");
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    tracing_subscriber::registry().with(Targets::new().with_default(LevelFilter::WARN)).with(json).init();
    step.ends("logging");
    let settings = Settings::parse(std::env::vars())?;
    step.ends("settings");
    let sdk = runtime.block_on(aws_config::load_from_env());
    step.ends("credential_chain_and_Region");
    let auditor = Auditor::new(settings, sdk, Clock::system(), Progress::silent());
    step.ends("clients_of_EC2_and_S3");
    drop(auditor);
    Ok(())
}

struct Step(Instant);

impl Step {
    fn ends(&mut self, name: &str) {
        println!("{name} {}", self.0.elapsed().as_secs_f64() * 1000.0);
        self.0 = Instant::now();
    }
}
