#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod assumed;
mod bucket;
mod caller;
mod config;
mod connection;
mod error;
mod fault;
mod fleet;
mod outages;
mod parameters;
mod place;
mod random;
mod replay;
mod served;
mod server;
mod setup;
mod signature;
mod simulator;
mod state;
mod token;
mod wire;
mod xml;

pub use assumed::AssumedRole;
pub use config::{Authentication, Config, EndpointConfig, MemberRole, Place, Throttling, TimeSource};
pub use connection::{Connection, ConnectionStatus};
pub use fault::{Fault, FaultKind, ParseFaultError};
pub use served::ServedPage;
pub use simulator::Simulator;
