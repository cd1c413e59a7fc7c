//! Sessions as a table for people.

use client_vpn_audit::proof::coverage::Unreadable;
use client_vpn_audit::report::plain_text::escaped;
use client_vpn_audit::report::sessions::{Selection, Session, SessionsRead};
use comfy_table::{CellAlignment, Table};
use indicatif::DecimalBytes;
use jiff::Timestamp;

use super::super::coverage::{duration, short};
use super::super::output::{counted, new_table};

/// Sessions in the table. More are for `--csv`.
const MOST_PRINTED: u64 = 500;

/// A table of the first sessions, and counts of all.
pub struct PrintedTable {
    selection: Selection,
    table: Table,
    sessions: u64,
    not_proven: u64,
    not_covered: u64,
}

impl PrintedTable {
    /// Returns a table without a row.
    pub fn new(selection: Selection) -> PrintedTable {
        let mut table = new_table([
            "User", "Endpoint", "Began", "Ended", "Lasted", "Sent", "Received", "From", "Covered",
        ]);
        for column in table.column_iter_mut().skip(4).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        PrintedTable { selection, table, sessions: 0, not_proven: 0, not_covered: 0 }
    }

    /// Adds a session.
    pub fn add(&mut self, session: &Session) {
        self.sessions += 1;
        self.not_covered += u64::from(!session.covered);
        self.not_proven += u64::from(!self.selection.is_proven(session));
        if self.sessions > MOST_PRINTED {
            return;
        }
        let lasted = duration(session.duration_seconds);
        self.table.add_row([
            session.identity.as_deref().map_or_else(|| "not known".to_owned(), escaped),
            escaped(&session.endpoint_id),
            began(session),
            ended(session),
            if session.begin_seen && session.end_seen == Some(true) {
                lasted
            } else {
                format!("≥ {lasted}")
            },
            bytes(session.ingress_bytes),
            bytes(session.egress_bytes),
            session.device_ip.as_deref().map(escaped).unwrap_or_default(),
            if session.covered { "yes" } else { "no" }.to_owned(),
        ]);
    }

    /// Returns the table, followed by notes.
    pub fn text(&self, read: &SessionsRead) -> String {
        let mut parts = Vec::new();
        if self.sessions > 0 {
            parts.push(self.table.to_string());
        }
        if self.sessions > MOST_PRINTED {
            let more = counted(self.sessions - MOST_PRINTED, "more session");
            parts.push(format!("{more} are not shown. Use --csv or --json, or choose fewer with --from, --to, --user or --endpoint."));
        }
        parts.extend(read.unreadable.iter().map(not_read));
        let rows = counted(read.rows, "row");
        parts.push(format!(
            "{} from {rows} in {}.",
            counted(self.sessions, "session"),
            counted(read.objects, "object")
        ));
        if read.runs == 0 {
            parts.push(
                "No run record: nothing is known of any time. Is this the lake, with its prefix?".to_owned(),
            );
        }
        if self.not_proven > 0 {
            let count = counted(self.not_proven, "session");
            parts.push(format!(
                "{count} may have been there then, which is not proven: see `by` and `active at`."
            ));
        }
        if self.not_covered > 0 {
            let count = counted(self.not_covered, "session");
            parts.push(format!(
                "{count} not covered: the record does not show the beginning, the end or a time between them without a hole. `coverage` \
                 lists the holes."
            ));
        }
        parts.join("\n\n")
    }
}

/// Returns a line about an object that could not be read.
pub fn not_read(unreadable: &Unreadable) -> String {
    format!("Not read: {} {}", escaped(&unreadable.object_key), escaped(&unreadable.problem))
}

fn began(session: &Session) -> String {
    let time = short(session.connection_established_time);
    if session.begin_seen { time } else { format!("by {time}") }
}

fn ended(session: &Session) -> String {
    let between = |time: Option<Timestamp>, word: &str| time.map(|time| format!("{word} {}", short(time)));
    match session.end_seen {
        Some(true) => short(session.ends_at),
        Some(false) => between(session.ended_before, "by").unwrap_or_default(),
        None => between(Some(session.as_of), "active at").unwrap_or_default(),
    }
}

fn bytes(bytes: Option<i64>) -> String {
    let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok());
    bytes.map(|bytes| DecimalBytes(bytes).to_string()).unwrap_or_default()
}
