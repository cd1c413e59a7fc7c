//! The sessions that are asked for.

use jiff::Timestamp;

use super::columns::Session;
use super::session::identity_key;
use crate::target::EndpointId;

/// The sessions that are asked for: those to which all of it applies. `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// They may have reached into the time from here on.
    pub from: Option<Timestamp>,
    /// They may have begun before this time.
    pub to: Option<Timestamp>,
    /// They may have been there at this instant.
    pub at: Option<Timestamp>,
    /// Name of the user, or common name if there is no user name, in any case, with or without a domain.
    pub user: Option<String>,
    /// The endpoint.
    pub endpoint_id: Option<EndpointId>,
}

impl Selection {
    /// Returns `true` if a session may have been there at the times that are asked for, as the saved queries `sessions_of_user` and
    /// `who_was_connected_at` decide.
    pub(in crate::report) fn is_of_time(&self, session: &Session) -> bool {
        let begins =
            if session.begin_seen { Some(session.connection_established_time) } else { session.began_after };
        let began = |is_in_time: &dyn Fn(Timestamp) -> bool| begins.is_none_or(is_in_time);
        let ended = |is_in_time: &dyn Fn(Timestamp) -> bool| session.ended_before.is_none_or(is_in_time);
        self.to.is_none_or(|to| began(&|begins| begins < to))
            && self.from.is_none_or(|from| ended(&|ends| ends >= from))
            && self.at.is_none_or(|at| began(&|begins| begins <= at) && ended(&|ends| ends > at))
    }

    /// Returns `true` if a session was there for certain at the times that are asked for, as `proven` of these queries.
    pub fn is_proven(&self, session: &Session) -> bool {
        let begins = session.connection_established_time;
        let is_of_period = self.to.is_none_or(|to| begins < to)
            && self.from.is_none_or(|from| session.ends_at >= from)
            && session.ended_after.is_some();
        let is_there = |at| begins <= at && session.ended_after.is_some_and(|ended| ended >= at);
        self.at.map_or(is_of_period, is_there)
    }

    /// Returns `true` if a session is of the user.
    pub(super) fn is_of_user(&self, session: &Session) -> bool {
        let asked = self.user.as_deref().map(identity_key);
        asked.is_none_or(|asked| session.identity_key == Some(asked))
    }

    /// Returns the first and the last time that is asked for.
    pub(super) fn period(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from.max(self.at), self.to.into_iter().chain(self.at).min())
    }
}
