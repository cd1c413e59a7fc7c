//! The tables of the lake: for each its columns, the decoder of AWS's answers, the typing of their texts, and the rows.
//!
//! A field of an answer with a column of its own is one line in the table's `columns.rs`: CONTRIBUTING.md, "Add a column".

pub mod authorization_rules;
pub mod column;
pub mod configuration;
pub mod connection_logs;
pub mod connections;
pub mod endpoints;
pub(crate) mod json;
pub mod routes;
mod typed_fields;
pub mod typing;
pub mod unknown;
pub mod xml;
