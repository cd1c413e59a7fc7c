//! The connection logs. Every event follows from seed, endpoint and time, as people do: events are made for the window
//! that is asked for, and none is kept.

mod arrival;
mod attempts;
mod device;
mod evaluation;
mod foreign;
mod groups;
mod index;
mod journal;
mod line;
mod logger;

pub(crate) use evaluation::Policy;
pub(crate) use groups::Groups;
pub(crate) use index::{Index, slice_of};
pub(crate) use journal::{Entry, Journal};
pub(crate) use logger::Logger;
