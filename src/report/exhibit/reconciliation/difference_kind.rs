//! The kinds of difference between the two records, and what each shows.

/// A kind of difference between the two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report::exhibit) enum DifferenceKind {
    /// A session without an event, although the log was on and its windows are in the lake.
    WithoutEvent,
    /// A session of which the log has only attempts that failed.
    Refused,
    /// A logged connection that captures should have shown, and did not.
    Missed,
    /// A logged connection that began in a hole, and that no capture shows.
    InHole,
    /// A logged connection of an endpoint that was not on record when it began, and that no capture shows.
    NotOnRecord,
    /// A logged connection that captures should have shown, some of which could not be read.
    Unread,
    /// A logged connection that began after the last capture: the next one can still show it.
    NotYet,
}

impl DifferenceKind {
    /// Every kind.
    pub(in crate::report::exhibit) const ALL: [DifferenceKind; 7] = [
        DifferenceKind::WithoutEvent,
        DifferenceKind::Refused,
        DifferenceKind::Missed,
        DifferenceKind::InHole,
        DifferenceKind::NotOnRecord,
        DifferenceKind::Unread,
        DifferenceKind::NotYet,
    ];

    /// Returns the name in the data file.
    pub(in crate::report::exhibit) fn name(self) -> &'static str {
        match self {
            DifferenceKind::WithoutEvent => "no log event",
            DifferenceKind::Refused => "failed, by the log",
            DifferenceKind::Missed => "no session",
            DifferenceKind::InHole => "no session, in a hole",
            DifferenceKind::NotOnRecord => "no session, not on record then",
            DifferenceKind::Unread => "no session in what could be read",
            DifferenceKind::NotYet => "no session yet",
        }
    }

    /// Returns the meaning, as a line of the page.
    pub(in crate::report::exhibit) fn text(self) -> &'static str {
        match self {
            DifferenceKind::WithoutEvent => {
                "without an event, although the log was on and its windows are in the lake"
            }
            DifferenceKind::Refused => "of which the log has only attempts that failed",
            DifferenceKind::Missed => "without a session, although captures should have shown them",
            DifferenceKind::InHole => "without a session, begun in a hole",
            DifferenceKind::NotOnRecord => "without a session, of an endpoint that was not on record then",
            DifferenceKind::Unread => "without a session in the captures that could be read",
            DifferenceKind::NotYet => "without a session yet: begun after the last capture",
        }
    }

    /// Returns `true` if it shows that a connection is in no capture.
    pub(super) fn is_missed(self) -> bool {
        matches!(self, DifferenceKind::Missed | DifferenceKind::InHole | DifferenceKind::NotOnRecord)
    }

    /// Returns `true` if it is of a session.
    pub(super) fn is_of_session(self) -> bool {
        matches!(self, DifferenceKind::WithoutEvent | DifferenceKind::Refused)
    }
}
