//! One invocation: its request, its settings and its answer.

pub mod answer;
pub mod event;
pub mod filters;
pub mod handler;
pub mod metrics;
pub mod request;
pub mod settings;
