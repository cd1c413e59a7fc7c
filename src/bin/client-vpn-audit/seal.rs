//! The text of a seal: each account and Region in a table, and notes.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::proof::seal::SealReport;
use indicatif::HumanCount;

use super::output::new_table;

/// Seconds that a clock may be behind without a note.
const CLOCK_NOTE_SECONDS: i64 = 300;

/// Renders a seal as a table, followed by notes.
pub fn text(report: &SealReport) -> String {
    let mut table = new_table([
        "Account",
        "Region",
        "First hour",
        "Last hour",
        "Digests",
        "Objects",
        "Late",
        "Newest digest",
    ]);
    for sealed in &report.sealed {
        let hour = |hour: Option<Hour>| hour.map(|hour| hour.to_string()).unwrap_or_default();
        table.add_row([
            sealed.account_id.clone(),
            sealed.region.clone(),
            hour(sealed.first_hour),
            hour(sealed.last_hour),
            sealed.digests.to_string(),
            sealed.objects.to_string(),
            sealed.late.to_string(),
            sealed
                .digest_sha256
                .as_deref()
                .and_then(|sha256| sha256.get(..16))
                .unwrap_or_default()
                .to_owned(),
        ]);
    }
    let mut lines = vec![table.to_string()];
    lines.extend(report.failure().map(|failure| format!("error: {failure}")));
    lines.extend(clock_note(report));
    if !report.signed {
        let advice = "Not signed: digests without a signature are no proof against whoever may write the lake. Set \
                      --signing-key.";
        lines.push(advice.to_owned());
    }
    lines.join("\n")
}

/// Returns a line about a clock that is far behind; one that is far ahead is an error.
fn clock_note(report: &SealReport) -> Option<String> {
    let behind = report.sealed.iter().find_map(|sealed| sealed.clock_ahead_seconds)?.checked_neg()?;
    (behind > CLOCK_NOTE_SECONDS).then(|| {
        let seconds = HumanCount(u64::try_from(behind).unwrap_or_default());
        format!("The clock is {seconds} seconds behind the store's own. Hours are sealed later for it. Set the clock.")
    })
}
