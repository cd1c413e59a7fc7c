//! The proof: hourly digests, their signatures and their chain, their verification, and the coverage of the ledger.

pub mod coverage;
pub mod digest;
pub mod seal;
pub mod signing;
pub mod verify;
