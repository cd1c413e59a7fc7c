//! The proof: hourly digests, their signatures and their chain, what verifies them, and what the ledger covers.

pub mod coverage;
pub mod digest;
pub mod seal;
pub mod signing;
pub mod verify;
