#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod caller;
mod config;
mod connection;
mod error;
mod fault;
mod fleet;
mod parameters;
mod place;
mod random;
mod replay;
mod served;
mod server;
mod signature;
mod simulator;
mod state;
mod token;
mod wire;
mod xml;

pub use config::{Authentication, Config, EndpointConfig, Place, TimeSource};
pub use connection::{Connection, ConnectionStatus};
pub use fault::{Fault, FaultKind, ParseFaultError};
pub use served::ServedPage;
pub use simulator::Simulator;
