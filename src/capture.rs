//! One snapshot: discovery of the targets, one run over each account and Region, one capture of each target.

mod connection_ids;
pub mod discovery;
mod endpoint_configuration;
mod existing_object;
mod listing;
pub mod logs;
pub mod plan;
pub mod preflight;
pub mod request;
pub mod run;
pub mod target_capture;
