//! Reports made from the lake for people, without Athena. Only the command line has them.

pub mod exhibit;
pub mod plain_text;
pub mod sessions;
mod table_objects;
