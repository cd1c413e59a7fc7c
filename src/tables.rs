//! The tables of the lake: for each its columns, the decoder of EC2's answers, the typing of their texts, and the rows.
//!
//! A column of `connections` begins in `connections/columns.rs`. It takes a field in `connections.rs`, an element in `decoder.rs`, its typing in
//! `typing.rs` and its builder in `rows.rs`; `UPDATE_GENERATED=1 tests/run --test it -- generated` writes it into the template and the docs.

pub mod column;
pub mod connections;
pub mod endpoints;
pub mod typing;
pub mod unknown;
pub mod xml;
