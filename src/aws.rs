//! AWS: one door to each service, its errors, and the caller's identity.

pub mod ec2;
pub mod errors;
pub(crate) mod https;
pub mod identity;
pub mod logs;
pub(crate) mod rate_limits;
mod response_reader;
pub mod sdk;
mod timing;
