//! An event of AWS's own connection log: its columns, the decoder of CloudWatch Logs' answers and of the events' messages, the
//! typing of their texts, and the rows of a page.

mod asterisks;
pub mod columns;
pub mod decoder;
pub mod event_ids;
mod message;
pub mod rows;
pub mod typing;

pub use columns::{LoggedEvent, RawLoggedEvent};
