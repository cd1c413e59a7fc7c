//! AWS: one door to each service, its errors, and the caller's identity.

pub mod ec2;
pub mod errors;
pub(crate) mod https;
pub mod identity;
pub mod logs;
pub(crate) mod rate_limits;
mod request_times;
mod response_reader;
pub mod sdk;
pub(crate) mod timeouts;
