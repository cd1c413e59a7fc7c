//! The sheet of the package of one session: what the record shows of it, by which objects, and the chain of custody.

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::super::ExhibitRequest;
use super::super::population::counted;
use super::super::session_evidence::{EVENT_COLUMNS, ObjectCopy, ObjectRole, SessionEvidence, VerbatimRow};
use super::super::verdict::{EvidenceState, Verdict};
use super::super::zoned_times::{ZonedTimes, duration};
use super::NOTHING_CHANGED;
use super::configuration::{change_row, state_row};
use super::cover::{prepared_by, program_rows, row};
use super::document::document;
use super::markup::{answer, bytes, code, key, message, name, source, table, time};
use crate::report::plain_text::escaped;

/// Most events, faults and unreadable objects that the sheet shows.
const MOST_SHOWN: usize = 100;

/// Lines for those through whose hands the package goes.
const CUSTODY_LINES: usize = 6;

/// Everything that the sheet shows.
pub(in crate::report::exhibit) struct SessionSheet<'a> {
    pub request: &'a ExhibitRequest<'a>,
    pub evidence: &'a SessionEvidence,
    pub number: &'a str,
    /// SHA-256 of `inputs.csv`, in hexadecimal.
    pub inputs_sha256: &'a str,
    /// The time at which the evidence was read and judged.
    pub ended: Timestamp,
    pub times: &'a ZonedTimes,
    /// The verdict on the claim that nothing was changed since it was sealed.
    pub changed: &'a Verdict,
}

impl SessionSheet<'_> {
    /// Returns the HTML.
    pub(in crate::report::exhibit) fn html(&self) -> String {
        let session = &self.evidence.session;
        let title = format!("Exhibit {}: one session of AWS Client VPN", self.number);
        let sections = [
            ("What does the record show?", self.shown()),
            ("Which captures decide it?", self.captures()),
            ("What could it reach?", self.configuration()),
            ("What do the connection logs have?", self.events()),
            ("Was anything changed?", self.changed()),
            ("Who else is in this package?", self.others()),
            ("How to check it", self.method()),
            ("Chain of custody", self.custody()),
        ];
        let body = html! {
            header {
                p.soft { "Exhibit " span.mono { (self.number) } " · audit record of AWS Client VPN · package of one session" }
                h1 { "Connection " (key(&session.connection_id)) }
            }
            @for (index, (name, content)) in sections.iter().enumerate() {
                section { h2 { (index + 1) ". " (name) } (content) }
            }
        };
        document(&title, &format!("Exhibit {}", self.number), &body)
    }

    /// Returns what the record shows, in two sentences.
    pub(in crate::report::exhibit) fn answer(&self) -> String {
        let session = &self.evidence.session;
        let is_contradicted = self.changed.state == EvidenceState::Contradicted;
        let missed = if is_contradicted || !self.evidence.is_certain() {
            "Something in the lake is against the record of it, or could not be read: what is stated here is not certain."
        } else if !session.covered && session.complete_snapshots == 0 {
            "Only partial captures show it, so more of it may have been missed."
        } else if !session.covered {
            "Captures were missing around it, so a part of it can have been missed."
        } else if session.ended_before.is_none() {
            "Nothing of it can have been missed until it was last seen, if AWS lists connections as it says."
        } else {
            "Nothing of it can have been missed, if AWS lists connections as it says."
        };
        let end = match session.end_seen {
            Some(true) => "Its end is on record.",
            Some(false) => "It ended, and the time of its end is not on record.",
            None => "It is not known to have ended.",
        };
        format!("{end} {missed}")
    }

    /// Returns the columns of who and from where of which the rows have several values, with these.
    fn differing(&self) -> Vec<(&'static str, Vec<String>)> {
        let columns =
            ["username", "common_name", "client_ip", "client_ipv6_address", "connection_established_time"];
        let values = columns.map(|column| (column, self.evidence.values_of(column)));
        values.into_iter().filter(|(_, values)| values.len() > 1).collect()
    }

    fn shown(&self) -> Markup {
        let session = &self.evidence.session;
        let text = |text: &Option<String>| html! { @match text { Some(text) => (name(text)), None => span.soft { "not on record" } } };
        let amount = |number: Option<i64>| html! { @match number { Some(number) => (bytes(number)), None => span.soft { "not on record" } } };
        html! {
            p.answer { (self.answer()) }
            @if !self.evidence.is_certain() {
                p { span.state.open { "Insufficient evidence" } ". "
                    @if self.evidence.unreadable.is_empty() { "The rows that were found are in other snapshots than the session." }
                    @else { (counted(self.evidence.unreadable.len() as u64, "problem")) " around it: something could not be read, is not there, or is not as its run record states. See the \
                             table in section 5 and " a href="unreadable.csv" { "unreadable.csv" } "." } }
            }
            @for (column, values) in self.differing() {
                p { span.state.open { "Rows differ" } ". They have several values of " code { (column) } ": "
                    @for (index, value) in values.iter().enumerate() { @if index > 0 { ", " } (name(value)) } ". The table has the last known one." }
            }
            @if self.evidence.has_two_rows_of_a_capture() { p { span.state.open { "Rows differ" } ". A capture has more than one row of it: see " a href="rows.csv" { "rows.csv" } "." } }
            (table("The session", &[("Fact", false), ("Value", false)], &html! {
                (row("User name, common name", html! { (text(&session.username)) ", " (text(&session.common_name)) }))
                (row("Endpoint", html! { span.mono { (key(&session.endpoint_id)) } " of account " (session.account_id) ", " (session.region) }))
                (row("Began", self.began()))
                (row("Ended", self.ended()))
                (row("Duration", html! { (duration(session.duration_seconds)) ", as far as it is on record" }))
                (row("Address in the VPN", html! { (text(&session.client_ip)) @if session.client_ipv6_address.is_some() { ", " (text(&session.client_ipv6_address)) } }))
                (row("Public address", html! { (text(&session.device_ip)) @if session.device_ip.is_some() { ", by the connection logs" } }))
                (row("Sent by the client, received by it", html! { (amount(session.ingress_bytes)) ", " (amount(session.egress_bytes)) }))
                (row("Last status", html! { (text(&session.status_code)) @if session.status_message.is_some() { ": " (text(&session.status_message)) } }))
                (row("Posture", html! { @match &session.posture_compliance_statuses {
                    Some(statuses) if !statuses.is_empty() => (name(&statuses.join(", "))),
                    _ => span.soft { "not on record" },
                } }))
                (row("Shown by", html! { (counted(self.evidence.rows.len() as u64, "row")) " in " (session.snapshots) " snapshots, " (session.complete_snapshots) " of them complete" }))
            }))
            (source("session"))
            p { "Every row that shows it: " a href="rows.csv" { "rows.csv" } ", verbatim in " a href="rows.jsonl" { "rows.jsonl" } "." }
            p.soft { "A session is an entry in AWS's list of connections. It is not access to a resource behind the VPN, and an identity is a name that AWS passes on." }
        }
    }

    fn began(&self) -> Markup {
        let session = &self.evidence.session;
        let established = session.connection_established_time;
        html! {
            @if session.begin_seen { (time(self.times, established)) ", by AWS" }
            @else {
                "not known; on record from " (time(self.times, established))
                @if let Some(after) = session.began_after { ", and not in the capture that ended at " (time(self.times, after)) }
            }
        }
    }

    fn ended(&self) -> Markup {
        let session = &self.evidence.session;
        let or_none = |at: Option<Timestamp>| html! { @match at { Some(at) => (time(self.times, at)), None => "a time that is not known" } };
        html! {
            @match session.end_seen {
                Some(true) => { (or_none(session.connection_end_time)) ", by AWS" }
                Some(false) => { "not known; between " (or_none(session.ended_after)) " and " (or_none(session.ended_before)) }
                None => { "not known to have ended; last seen at " (time(self.times, session.last_seen)) }
            }
        }
    }

    fn captures(&self) -> Markup {
        let is_capture =
            |of: &&ObjectCopy| of.roles.iter().any(|role| *role < ObjectRole::ConfigurationAtBeginning);
        let (captures, others): (Vec<_>, Vec<_>) = self.evidence.objects.iter().partition(is_capture);
        let session = &self.evidence.session;
        let has = |role| captures.iter().any(|of| of.roles.contains(&role));
        html! {
            @if !has(ObjectRole::CaptureBefore) {
                p { "No complete capture without it is on record close before it: " @if session.begin_seen { "that it began then is AWS's word alone." } @else { "it may have begun earlier." } }
            }
            @if !has(ObjectRole::CaptureAfter) {
                p { "No complete capture without it is on record close after it: " @if session.end_seen == Some(true) { "that it ended then is AWS's word alone." } @else { "it may have lasted longer." } }
            }
            (table("Captures, copied whole", &[
                ("It", false), ("Copy and object", false), ("SHA-256", false), ("Pages of EC2", false), ("Request ids in CloudTrail", false), ("Run record and digest", false),
            ], &html! { @for of in &captures { (self.capture_row(of)) } }))
            (table("Other objects, copied whole", &[("It", false), ("Copy and object", false), ("SHA-256", false)], &html! {
                @for of in &others { tr { td { (roles(of)) } td.mono { (copy(of)) } td.mono { (self.sha256(of)) } } }
            }))
            (source("objects"))
        }
    }

    fn capture_row(&self, of: &ObjectCopy) -> Markup {
        let capture = self.evidence.captures.get(&of.object_key);
        let stated = capture.and_then(|capture| capture.target.sha256.as_deref());
        let or_none = |at: Option<Timestamp>| html! { @match at { Some(at) => (time(self.times, at)), None => "not stated" } };
        html! {
            tr {
                td { (roles(of)) @if let Some(capture) = capture { div.soft { (capture.target.outcome.as_str()) } } }
                td.mono { (copy(of)) }
                td.mono {
                    (self.sha256(of))
                    div.soft { @match stated {
                        None => "not stated in a run record",
                        Some(stated) if stated == self.sha256(of) => "as its run record states",
                        Some(stated) => { "its run record states " (key(stated)) }
                    } }
                }
                td { @if let Some(capture) = capture { div { (or_none(capture.target.first_page_at)) } div { (or_none(capture.target.last_page_at)) } } }
                td.mono { @if let Some(capture) = capture {
                    @for id in [&capture.target.first_request_id, &capture.target.last_request_id].into_iter().flatten() { div { (key(id)) } }
                } }
                td.mono {
                    @match capture { Some(capture) => { div { (key(capture.run_key.as_str())) } } None => { div { "in no run record" } } }
                    div { @match self.evidence.digests.listing.get(&of.object_key) { Some(digest) => (key(digest)), None => "in no digest" } }
                }
            }
        }
    }

    fn sha256(&self, of: &ObjectCopy) -> String {
        let read = self.evidence.inputs.get(&of.object_key);
        read.map_or_else(|| "not read".to_owned(), |read| hex::encode(read.hashed.sha256))
    }

    fn configuration(&self) -> Markup {
        let of = &self.evidence.configuration;
        let Some(place) = of.places.first() else {
            return html! { p.answer { "Not on record: the lake has no configuration of the endpoint at that time or on the day before." } };
        };
        let changes: u64 = of.changes.values().sum();
        html! {
            p.answer { "The endpoint as the snapshot of " (time(self.times, place.beginning)) " shows it, the "
                @if place.beginning > self.evidence.session.connection_established_time { "first on record after" } @else { "last before" }
                " the session began, and as that of " (time(self.times, place.end)) " does, the last before it ended or was last seen. " (counted(changes, "change")) " between them." }
            @if changes > 0 {
                (table("Changes while it was connected", &[
                    ("Between", false), ("and", false), ("Endpoint", false), ("Kind", false), ("What", false), ("Change", false), ("From", false), ("To", false),
                ], &html! { @for change in &of.first_changes { (change_row(self.times, change)) } }))
                (source("configuration_changes"))
            }
            (table("Rules, routes and options when it began and when it ended or was last seen", &[
                ("Endpoint", false), ("Kind", false), ("What", false), ("When it began", false), ("When it ended or was last seen", false),
            ], &html! { @for of in &of.first_states { (state_row(of)) } }))
            (source("configuration_states"))
            p.soft { "A rule for a group applies to its members: who was a member is in the identity provider, not here." }
        }
    }

    fn events(&self) -> Markup {
        let events = &self.evidence.events;
        let of = |event: &VerbatimRow, column: &str| {
            let place = EVENT_COLUMNS.iter().position(|name| *name == column);
            let value = place.and_then(|place| event.values.get(place));
            value.filter(|value| !value.is_null()).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
        };
        let cell = |text: Option<String>| html! { td { @if let Some(text) = text { (name(&text)) } } };
        html! {
            p.answer { @match (events.len() as u64, self.evidence.session.logged) {
                (0, Some(false)) => "No event, although the log was on and its windows around the beginning are in the lake.",
                (0, _) => "No event is in the lake: connection logs were off, or those of that time were not read.",
                (number, _) => (counted(number, "event")),
            } }
            @if !events.is_empty() {
                (table("Events that name it", &[
                    ("Time, by AWS", false), ("Type", false), ("Status", false), ("Reason", false), ("Public address", false), ("Object", false),
                ], &html! {
                    @for event in events.iter().take(MOST_SHOWN) {
                        tr {
                            (cell(of(event, "event_time"))) (cell(of(event, "connection_log_type"))) (cell(of(event, "connection_attempt_status")))
                            (cell(of(event, "connection_attempt_failure_reason"))) (cell(of(event, "device_ip"))) td.mono { (key(&event.object_key)) }
                        }
                    }
                }))
                (source("events"))
            }
        }
    }

    fn changed(&self) -> Markup {
        let evidence = self.evidence;
        let (first, last) = (evidence.verified_hours.first, evidence.verified_hours.last);
        html! {
            (answer(NOTHING_CHANGED, self.changed, None))
            @if evidence.verification.is_ok() { p { "The objects of the hours " (first) " to " (last) " (UTC) of the lake were compared with the digests, these among them, and so were 24 hours on each side, as far as there are digests." } }
            @for (sha256, key_id) in &evidence.digests.keys {
                p { "The digests name the key " span.mono { (name(key_id)) } ", SHA-256 " span.mono { (name(sha256)) } "." }
            }
            @for key in self.request.keys.iter().filter(|_| evidence.verification.is_ok()) { p { "Signatures were checked with the public key whose SHA-256 is " span.mono { (key.sha256) } ". This sheet cannot show where the copy of the key came from." } }
            @if let Ok(verification) = &evidence.verification && !verification.faults.is_empty() {
                (table("Faults in these hours", &[("Kind", false), ("Object", false), ("Finding", false)], &html! {
                    @for fault in verification.faults.iter().take(MOST_SHOWN) {
                        tr { td { (fault.kind.in_words()) } td.mono { (key(&fault.object_key)) } td { (message(&fault.message)) } }
                    }
                }))
                (source("faults"))
            }
            @if !evidence.unreadable.is_empty() {
                (table("Not readable, not there, or not as its run record states", &[("Object", false), ("Problem", false)], &html! {
                    @for of in evidence.unreadable.iter().take(MOST_SHOWN) { tr { td.mono { (key(&of.object_key)) } td { (message(&of.problem)) } } }
                }))
                (source("unreadable"))
            }
        }
    }

    fn others(&self) -> Markup {
        html! {
            p.answer { "The copies are whole objects, as they were sealed: they show every other person who was connected to the endpoint then, and events and endpoints of others." }
            p { "An object cannot be cut and still have the SHA-256 that its digest lists. Hand the copies only to those who may see all of it. The extracts, which are this sheet, "
                a href="session.csv" { "session" } ", " a href="rows.csv" { "rows" } ", " a href="events.csv" { "events" } " and the configuration, show this session and its endpoint alone, but for keys of objects in " a href="inputs.csv" { "inputs" } " and faults. \
                 They are outside the signature of the digests: whoever has only the extracts has the word of whoever made them." }
        }
    }

    fn method(&self) -> Markup {
        let session = &self.evidence.session;
        let tables = ["connections", "partials"].into_iter().filter(|table| {
            let folder = format!("{table}/");
            self.evidence.objects.iter().any(|of| of.file.is_some() && of.object_key.starts_with(&folder))
        });
        let patterns = tables.map(|table| format!("'*_{table}_*.parquet'")).collect::<Vec<_>>().join(", ");
        let is_plain = escaped(&session.connection_id) == session.connection_id;
        let id = if is_plain { session.connection_id.replace('\'', "''") } else { "…".to_owned() };
        html! {
            ol {
                li { "That the package is the one that was handed over: " (code("client-vpn-audit report --check DIR --receipt receipt.txt")) ", or " (code("sha256sum --check receipt.txt"))
                     " and the SHA-256 of each file in " a href="manifest.json" { "manifest.json" } "." }
                li { "That each copy is what the digest lists: compare its " (code("sha256sum")) " with the line of the object in the copy of the digest." }
                li { "That the digest is signed: docs/evidence.md of the program shows it by hand, with openssl and the public key." }
                li { "That the copies show the session, in the rows of the captures that decide it: with DuckDB, in this folder," pre { code {
                    "SELECT filename, captured_at, status_code, connection_established_time, connection_end_time, ingress_bytes, egress_bytes\n"
                    "FROM read_parquet([" (patterns) "], filename = true, union_by_name = true)\n"
                    "WHERE connection_id = '" (id) "' ORDER BY captured_at" } } }
                li { "That AWS was asked: search CloudTrail for the request ids. CloudTrail shows the call, not the answer." }
            }
        }
    }

    fn custody(&self) -> Markup {
        let request = self.request;
        html! {
            (table("Origin", &[("Fact", false), ("Value", false)], &html! {
                (row("Lake", html! { span.mono { (key(&request.lake.to_string())) } }))
                (row("Package made", html! { "from " (self.times.text(request.now)) " to " (self.times.text(self.ended)) }))
                (program_rows(&request.program))
                (row("SHA-256 of inputs.csv", html! { span.mono { (self.inputs_sha256) } }))
                (row("Prepared by", prepared_by(request.prepared_by.as_deref())))
            }))
            p { "The SHA-256 of manifest.json is on the receipt. Whoever receives the package compares it, and notes that they did." }
            div.together { (table("Fill in by hand", &[
                ("Date and time", false), ("From: name, signature", false), ("To: name, signature", false), ("Reason", false), ("Receipt compared", false),
            ], &html! { @for _ in 0..CUSTODY_LINES { tr.sign { td.blank {} td.blank {} td.blank {} td.blank {} td.blank {} } } })) }
        }
    }
}

fn roles(of: &ObjectCopy) -> Markup {
    html! { @for role in &of.roles { div { (role.words()) } } }
}

fn copy(of: &ObjectCopy) -> Markup {
    html! {
        div { @match &of.file { Some(file) => a href=(file) { (file) }, None => "could not be copied" } }
        div.soft { (key(&of.object_key)) }
    }
}
