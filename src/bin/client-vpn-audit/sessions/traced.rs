//! Names and times from another source, and the sessions found for them.

use std::cell::RefCell;

use client_vpn_audit::lake::store::Store;
use client_vpn_audit::report::plain_text::escaped;
use client_vpn_audit::report::sessions::{
    Selection, SessionProgress, SessionsError, SessionsRead, Trace, TraceResult, Traced, read_sessions,
};
use jiff::Timestamp;
use serde_json::json;

use super::super::coverage::short;
use super::super::output::{counted, new_table, print};
use super::table::not_read;

/// Reads the sessions around the times of a trace, and returns the result for each of its entries.
pub async fn run(
    store: &Store,
    selection: Selection,
    trace: Trace,
    now: Timestamp,
    on_progress: impl Fn(SessionProgress),
) -> Result<(Vec<Traced>, SessionsRead), SessionsError> {
    let (from, to) = trace.period();
    let selection = Selection { from, to, ..selection };
    let trace = RefCell::new(trace);
    let see = |session| trace.borrow_mut().see(&session);
    let read = read_sessions(store, &selection, now, on_progress, see).await?;
    Ok((trace.into_inner().results(&read), read))
}

/// Prints the results. Returns `true` if every entry was found and everything could be read.
pub fn print_results((traced, read): (Vec<Traced>, SessionsRead), now: Timestamp, json: bool) -> bool {
    let count = |result| traced.iter().filter(|traced| traced.result == result).count() as u64;
    let [found, in_hole, absent] = [TraceResult::Found, TraceResult::InHole, TraceResult::Absent].map(count);
    if json {
        let counts = json!({"found": found, "in_hole": in_hole, "absent": absent});
        let answer = json!({"as_of": now, "traced": traced, "counts": counts, "unreadable": read.unreadable});
        print(&answer.to_string());
    } else {
        let mut table = new_table(["Line", "User", "Time", "Result", "Endpoint", "Connection"]);
        for Traced { entry, result, endpoint_id, connection_id } in &traced {
            let text = |text: &Option<String>| text.as_deref().map(escaped).unwrap_or_default();
            let result = match result {
                TraceResult::Found => "found",
                TraceResult::InHole => "in a hole",
                TraceResult::Absent => "absent",
            };
            table.add_row([
                entry.line.to_string(),
                escaped(&entry.user),
                short(entry.time),
                result.to_owned(),
                text(endpoint_id),
                text(connection_id),
            ]);
        }
        let mut parts = vec![table.to_string()];
        parts.extend(read.unreadable.iter().map(not_read));
        parts.push(format!(
            "{}: {found} found, {absent} absent, {in_hole} in a hole, where a session can have been missed.",
            counted(traced.len() as u64, "line")
        ));
        print(&parts.join("\n\n"));
    }
    found == traced.len() as u64 && read.unreadable.is_empty()
}
