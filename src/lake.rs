//! The lake: keys, Parquet objects, the ledger of runs, and the store that holds them.

pub mod keys;
pub mod ledger;
pub mod parquet;
pub mod store;
