//! The tables of the lake: for each its columns, the decoder of EC2's answers, the typing of their texts, and the rows. To add a column,
//! see `CONTRIBUTING.md`.

pub mod column;
pub mod connections;
pub mod endpoints;
pub mod typing;
pub mod unknown;
pub mod xml;
