//! The access review: the sessions of each identity.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::report::sessions::Session;

/// The sessions of one identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IdentityUse {
    /// The name as the first of its sessions has it; `None` for sessions of which AWS gave no name.
    pub identity: Option<String>,
    /// Sessions.
    pub sessions: u64,
    /// Days of the report's time zone on which one began.
    pub days: BTreeSet<Date>,
    /// The earliest beginning; if it is not known, the latest that it can have been.
    pub first: Option<Timestamp>,
    /// The latest end that is known.
    pub last: Option<Timestamp>,
    /// The least that the sessions lasted together, in seconds.
    pub seconds: i64,
    /// Bytes that the client sent, as far as AWS gave a number.
    pub ingress_bytes: i64,
    /// Bytes that the client received, as far as AWS gave a number.
    pub egress_bytes: i64,
    /// Endpoints.
    pub endpoints: BTreeSet<String>,
    /// Public addresses, by the connection logs.
    pub public_addresses: BTreeSet<String>,
    /// Common names of certificates.
    pub common_names: BTreeSet<String>,
}

/// The identities of all sessions, by their key; sessions without one are under `None`.
#[derive(Debug, Default)]
pub(super) struct Identities {
    pub by_key: BTreeMap<Option<String>, IdentityUse>,
}

impl Identities {
    /// Adds a session.
    pub(super) fn add(&mut self, session: &Session, time_zone: &TimeZone) {
        let of = self.by_key.entry(session.identity_key.clone()).or_default();
        if of.sessions == 0 {
            of.identity.clone_from(&session.identity);
        }
        let begin = session.connection_established_time;
        of.sessions += 1;
        of.days.insert(time_zone.to_datetime(begin).date());
        of.first = Some(of.first.map_or(begin, |first| first.min(begin)));
        of.last = of.last.max(Some(session.ends_at));
        of.seconds = of.seconds.saturating_add(session.duration_seconds);
        of.ingress_bytes = of.ingress_bytes.saturating_add(session.ingress_bytes.unwrap_or(0));
        of.egress_bytes = of.egress_bytes.saturating_add(session.egress_bytes.unwrap_or(0));
        of.endpoints.insert(session.endpoint_id.clone());
        of.public_addresses.extend(session.device_ip.clone());
        of.common_names.extend(session.common_name.clone());
    }

    /// Returns the number of identities, without the sessions that have none.
    pub(super) fn len(&self) -> usize {
        self.by_key.keys().flatten().count()
    }

    /// Returns the number of sessions without an identity.
    pub(super) fn without_identity(&self) -> u64 {
        self.by_key.get(&None).map_or(0, |of| of.sessions)
    }
}
