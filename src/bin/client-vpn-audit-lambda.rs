//! The Lambda function: composes the handler once, then answers invocations.

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;

use client_vpn_audit::aws::sdk;
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::error_code::ErrorCode;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::event;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::metrics;
use client_vpn_audit::invocation::settings::Settings;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

// One thread: a function of this size has a fraction of a processor, and threads would each have memory of their own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    log_as_json();
    std::panic::set_hook(Box::new(log_panic));
    // Invalid settings must not end the process: the runtime would restart it again and again, without reporting the reason.
    let auditor = tokio::spawn(auditor()).await.unwrap_or_else(|_| {
        let allowed =
            "made the program panic when it started, which is a fault of this program; its log says where";
        Err(InvalidInput::without_value("settings", allowed).into())
    });
    let auditor = Arc::new(auditor);
    lambda_runtime::run(service_fn(|event| answer_or_panic(auditor.clone(), event))).await
}

/// Composes the handler, if all settings are valid.
async fn auditor() -> Result<Auditor, InvalidInputs> {
    let mut faults = InvalidInputs::default();
    let settings = Settings::parse(environment());
    let settings = settings.map_err(|wrong| faults.extend(wrong)).ok();
    let sdk = sdk::load(None, environment()).await.map_err(|wrong| faults.extend(wrong)).ok();
    match settings.zip(sdk) {
        Some((settings, sdk)) => Ok(Auditor::new(settings, sdk, Clock::system(), Progress::silent())),
        None => Err(faults),
    }
}

/// Answers an event. The runtime would answer a panic with its text, which can quote a row.
async fn answer_or_panic(
    auditor: Arc<Result<Auditor, InvalidInputs>>,
    event: LambdaEvent<Value>,
) -> Result<Answer, FailedAnswer> {
    let answer = tokio::spawn(async move { answer(&auditor, event).await }).await;
    answer.unwrap_or_else(|_| {
        let message = "the invocation ended in a panic, which is a fault of this program; its log says where";
        Err(FailedAnswer { code: ErrorCode::Panic, message: message.to_owned() })
    })
}

async fn answer(
    auditor: &Result<Auditor, InvalidInputs>,
    event: LambdaEvent<Value>,
) -> Result<Answer, FailedAnswer> {
    let auditor = auditor.as_ref().map_err(|faults| InvocationError::InvalidSettings(faults.clone()))?;
    let deadline =
        i64::try_from(event.context.deadline).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    let invocation = auditor.request(|now| event::parse(&event.payload, now))?;
    let answer = auditor.handle(invocation, &event.context.request_id, deadline).await;
    if let Err(InvocationError::RunRecord { report, .. }) = &answer {
        write_lines(&metrics::snapshot_lines(&report.record, auditor.stack(), auditor.endpoint_metrics()));
    }
    let answer = answer?;
    if let Answer::Snapshot(report) = &answer {
        write_lines(&metrics::snapshot_lines(&report.record, auditor.stack(), auditor.endpoint_metrics()));
        // Lambda's retry, the dead-letter queue and the alarms react to a failed invocation only.
        if let Some(message) = report.failure() {
            return Err(FailedAnswer { code: ErrorCode::TargetsFailed, message });
        }
    }
    if let Answer::Logs(report) = &answer {
        // A fault of connection logs fails no invocation: the next run reads what is missing.
        write_lines(metrics::connection_logs_line(&report.record, auditor.stack()).as_slice());
    }
    if let Answer::Seal(report) = &answer {
        write_lines(metrics::seal_line(Clock::system().now(), report, auditor.stack()).as_slice());
        if let Some(message) = report.failure() {
            return Err(FailedAnswer { code: ErrorCode::NotSealed, message });
        }
    }
    Ok(answer)
}

/// A failed answer: `errorType` and `errorMessage` of Lambda's answer.
#[derive(Debug)]
struct FailedAnswer {
    code: ErrorCode,
    message: String,
}

impl From<InvocationError> for FailedAnswer {
    fn from(error: InvocationError) -> FailedAnswer {
        let failure = FailedAnswer { code: error.code(), message: error.to_string() };
        error!(error_code = %failure.code, error_message = failure.message, "invocation failed");
        failure
    }
}

impl From<FailedAnswer> for Diagnostic {
    fn from(failure: FailedAnswer) -> Diagnostic {
        Diagnostic { error_type: failure.code.to_string(), error_message: failure.message }
    }
}

#[expect(clippy::disallowed_methods, reason = "the Lambda's door to the environment")]
fn environment() -> Vec<(String, String)> {
    let as_text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    std::env::vars_os().filter_map(as_text).collect()
}

/// Configures structured logs: informational messages of our code, and only warnings of the libraries, because their details
/// contain people's names and addresses.
fn log_as_json() {
    let levels = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("client_vpn_audit", LevelFilter::INFO)
        .with_target("client_vpn_audit_lambda", LevelFilter::INFO)
        // The SDK's warnings quote AWS's messages, and those quote names.
        .with_target("aws", LevelFilter::OFF)
        // It would log each failed answer again.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    tracing_subscriber::registry().with(levels).with(json).init();
}

/// Logs the location of a panic without its text, which can quote a row.
fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    error!(location, "panic");
}

/// Writes one line of JSON after the other to standard output, which is Lambda's log.
fn write_lines(lines: &[Value]) {
    let mut stdout = io::stdout().lock();
    for line in lines {
        // If standard output is closed, there is nowhere to report to.
        let _ = writeln!(stdout, "{line}");
    }
}
