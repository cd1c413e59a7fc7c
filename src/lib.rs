#![doc = include_str!("../README.md")]
//!
//! # The modules
//!
//! Data flows one way:
//!
//! ```text
//! event, config -> source (EC2) -> normalise -> snapshot (Parquet) -> store (S3 or a directory) -> ledger -> report, metrics
//!                  capture: one target        run: one account and Region        handler: one invocation
//!
//! store -> seal: digest (signing) -> store         store, public keys -> verify         ledger -> coverage
//! ```

pub mod aws_errors;
mod bounded_file;
pub mod capture;
pub mod causes;
pub mod clock;
pub mod config;
pub mod connection;
pub mod coverage;
pub mod digest;
pub mod discovery;
pub mod endpoint;
pub mod event;
pub mod fault;
pub mod handler;
pub mod hour;
mod https;
pub mod identity;
pub mod layout;
pub mod ledger;
pub mod metrics;
pub mod normalise;
pub mod preflight;
pub mod report;
pub mod run;
pub mod sdk;
pub mod seal;
pub mod signing;
pub mod snapshot;
pub mod snapshot_time;
pub mod source;
pub mod spread;
pub mod store;
pub mod target;
pub mod verify;

/// Version of this program, as the ledger and each object carry it.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
