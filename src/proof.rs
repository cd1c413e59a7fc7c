//! The proof: hourly digests, their signatures and their chain, what verifies them, and what the ledger covers.

mod bounded_file;
pub mod coverage;
pub mod digest;
pub mod seal;
pub mod signing;
pub mod verify;
