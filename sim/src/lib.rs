#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod config;
mod connection;
mod error;
mod fault;
mod fleet;
mod parameters;
mod random;
mod replay;
mod served;
mod server;
mod simulator;
mod state;
mod token;
mod wire;
mod xml;

pub use config::{Authentication, Config, EndpointConfig, TimeSource};
pub use connection::{Connection, ConnectionStatus};
pub use fault::{Fault, FaultKind, ParseFaultError};
pub use served::ServedPage;
pub use simulator::Simulator;
