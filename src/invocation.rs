//! One invocation: what is asked, with which settings, and what is answered.

pub mod answer;
pub mod event;
pub mod handler;
pub mod metrics;
pub mod request;
pub mod settings;
