#![doc = include_str!("../README.md")]
//!
//! # The map
//!
//! Data flows one way; each room imports only rooms below it:
//!
//! | room | contents |
//! |---|---|
//! | [`invocation`] | request and answer: event, settings, handler, answer, metrics |
//! | `report` | reports for people, of the command line alone: sessions, exhibits |
//! | [`capture`] | one snapshot: targets, run, capture of a target, plan of a fleet, preflight; connection logs |
//! | [`proof`] | digests, seal, verify, coverage, signing |
//! | [`lake`] | keys, Parquet objects, ledger, store |
//! | [`aws`] | EC2, CloudWatch Logs, identities, the SDK's set-up, AWS's errors |
//! | [`tables`] | each table's columns, decoder, typing and rows |
//! | the words of all rooms | [`target`], [`run_id`], [`snapshot_time`], [`hour`], [`log_group`], [`log_window`], [`clock`], [`error_code`], [`answer_limits`], [`error_causes`], [`invalid_input`] |
//!
//! The command line and the Lambda function, in `src/bin`, are front ends of [`invocation`], `report` and [`proof`].

pub mod answer_limits;
pub mod aws;
mod bounded_file;
pub mod capture;
pub mod clock;
pub mod error_causes;
pub mod error_code;
pub mod hour;
pub mod invalid_input;
pub mod invocation;
pub mod lake;
pub mod log_group;
pub mod log_window;
pub mod proof;
#[cfg(feature = "cli")]
pub mod report;
pub mod run_id;
pub mod snapshot_time;
pub mod tables;
pub mod target;

/// Version of this program, as the ledger and each object carry it.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
