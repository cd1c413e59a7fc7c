#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access;
mod account_region;
mod answer;
mod api;
mod assumed;
mod caller;
mod config;
mod connection;
mod element;
mod error;
mod fault;
mod log_event;
mod log_group;
mod logs;
mod outages;
mod parameters;
mod people;
mod place;
mod random;
mod replay;
mod request;
mod served;
mod server;
mod setup;
mod signature;
mod simulator;
mod state;
mod throttle;
mod token;
mod wire;
mod xml;

pub use access::{
    Access, AccessStatus, AuthenticationOption, AuthorizationPolicy, AuthorizationRule, EndpointOptions,
    RevocationList, RevokedCertificate, Route, TransitGateway, TrustProvider,
};
pub use assumed::AssumedRole;
pub use config::{Authentication, Config, EndpointConfig, MemberRole, Place, Throttling, TimeSource};
pub use connection::{Connection, ConnectionStatus};
pub use fault::{Fault, FaultKind, FaultyAction, ParseFaultError};
pub use log_event::LogEvent;
pub use log_group::{LateEvents, LogGroup, LogGroupClass};
pub use served::{ServedLogPage, ServedPage};
pub use simulator::Simulator;
