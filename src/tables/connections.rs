//! A connection: its columns, the decoder of EC2's answers, the typing of their texts, and the rows of a page.

pub mod columns;
pub mod decoder;
pub mod rows;
pub mod typing;

pub use columns::{Connection, RawConnection};
