//! Verifies a sealed lake and prints what was found.

use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::InvalidInput;
use std::collections::{BTreeMap, BTreeSet};

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::keys::{ObjectKey, Table};
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::proof::signing::PublicKey;
use client_vpn_audit::proof::verify::{Verification, Verifier};
use comfy_table::CellAlignment;
use indicatif::{HumanBytes, HumanCount};
use jiff::SignedDuration;
use serde_json::json;

use super::args::Verify;
use super::exit_status::Failure;
use super::lake::open;
use super::moment::Moments;
use super::output::{Spinner, counted, new_table, print};

/// Objects of a bucket that are read at a time; for a directory, as many as there are processors.
const CONCURRENT_BUCKET_READS: usize = 16;

/// Runs the command. Returns `true` if nothing differs from what was sealed, and all of it could be read.
pub async fn run(verify: &Verify, json: bool) -> Result<bool, Failure> {
    let mut moments = Moments::default();
    let from = moments.read("--from", verify.from.as_deref());
    let to = moments.read("--to", verify.to.as_deref());
    moments.check_order(from, to);
    let mut faults = moments.faults();
    let mut keys = Vec::new();
    for path in &verify.public_keys {
        let read = PublicKey::read_all(path);
        let read = read.map_err(|error| InvalidInput::without_value("--public-key", error.to_string()));
        keys.extend(faults.keep(read).into_iter().flatten());
    }
    let mut known = BTreeMap::new();
    for text in &verify.known_digests {
        known.extend(faults.keep(known_digest(text)));
    }
    let (location, store) = open(verify.lake.as_deref(), verify.region.as_deref(), faults).await?;
    let verifier = Verifier {
        store: &store,
        lake: &location,
        keys: &keys,
        known,
        from: from.map(Hour::containing),
        to: to.map(|to| Hour::containing(to.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(to))),
        up_to: None,
        retention_days: verify.retention_days,
        now: Clock::system().now(),
        max_concurrency: max_concurrency(&location),
    };
    let spinner = Spinner::new(json);
    let on_progress = |objects, bytes| {
        spinner.message(format!("{} objects, {}", HumanCount(objects), HumanBytes(bytes)));
    };
    let verification = verifier.verify(on_progress).await;
    spinner.clear();
    let verification = verification?;
    if json {
        let mut answer = json!(verification);
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("tamper_evident".to_owned(), json!(verification.is_tamper_evident()));
        }
        print(&answer.to_string());
    } else {
        print(&text(&verification));
    }
    Ok(verification.faults.is_empty())
}

/// Returns the number of objects that are verified at a time.
pub fn max_concurrency(lake: &Location) -> usize {
    match lake {
        Location::S3 { .. } => CONCURRENT_BUCKET_READS,
        Location::Directory(_) => std::thread::available_parallelism().map_or(2, usize::from),
    }
}

/// Parses a digest's key and its SHA-256.
pub fn known_digest(text: &str) -> Result<(String, String), InvalidInput> {
    let allowed = "KEY=SHA256: the key of a digest within the lake, and 64 digits of hexadecimal";
    let fault = || InvalidInput::new("--known-digest", text, allowed);
    let (key, sha256) = text.rsplit_once('=').ok_or_else(fault)?;
    let is_digest = ObjectKey::parse(key).is_some_and(|key| key.table == Table::Digests);
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
    if is_digest && is_hash { Ok((key.to_owned(), sha256.to_lowercase())) } else { Err(fault()) }
}

fn text(verification: &Verification) -> String {
    let mut table = new_table([
        "Account",
        "Region",
        "First hour",
        "Last hour",
        "Digests",
        "Objects",
        "Bytes",
        "Late",
        "Expired",
        "Not sealed yet",
    ]);
    for scope in &verification.scopes {
        table.add_row([
            scope.account_id.clone(),
            scope.region.clone(),
            scope.first_hour.to_string(),
            scope.last_hour.to_string(),
            scope.digests.to_string(),
            scope.objects.to_string(),
            scope.bytes.to_string(),
            scope.late.to_string(),
            scope.expired.to_string(),
            scope.not_sealed_yet.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut parts = vec![table.to_string(), sealed_as(verification)];
    // Names of objects are too long for a table.
    for fault in &verification.faults {
        parts.push(format!("{}: {}\n    {}", fault.kind.in_words(), fault.object_key, fault.message));
    }
    parts.push(unrecorded(verification));
    parts.push(verdict(verification));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// Lists the lakes that the digests name as theirs. For a copy, that is another lake than the verified one.
fn sealed_as(verification: &Verification) -> String {
    let names: BTreeSet<&String> =
        verification.scopes.iter().filter_map(|scope| scope.sealed_as.as_ref()).collect();
    // A digest may be hostile, and must not send control characters to a terminal.
    let line = |name: &&String| {
        format!("Sealed as {}", name.chars().take(200).flat_map(char::escape_debug).collect::<String>())
    };
    names.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Lists the objects that no run record names.
fn unrecorded(verification: &Verification) -> String {
    let all: u64 = verification.scopes.iter().map(|scope| scope.unrecorded).sum();
    if all == 0 {
        return String::new();
    }
    let sealed = counted(all, "sealed object");
    let mut lines =
        vec![format!("{sealed} without a run record, as a run leaves that was killed. This is no fault.")];
    lines.extend(verification.unrecorded.iter().map(|key| format!("    {key}")));
    let more = all.saturating_sub(verification.unrecorded.len() as u64);
    lines.extend((more > 0).then(|| format!("    and {more} more")));
    lines.join("\n")
}

/// States the verdict in words.
fn verdict(verification: &Verification) -> String {
    let digests = verification.scopes.iter().map(|scope| scope.digests).sum();
    let read = format!(
        "{} ({}) and {} of {}",
        counted(verification.objects, "object"),
        HumanBytes(verification.bytes),
        counted(digests, "digest"),
        verification.lake
    );
    let state = match verification.faults.len() {
        0 => format!("No difference from what was sealed, in {read}."),
        faults => format!("{} in {read}.", counted(faults as u64, "fault")),
    };
    let late: u64 = verification.scopes.iter().map(|scope| scope.sealed_late).sum();
    let late = match late {
        0 => String::new(),
        late => format!(
            "\n{} made more than an hour after their hour was closed: after an outage, or anew after some were removed. Compare \
             with --known-digest.",
            counted(late, "digest")
        ),
    };
    let proof = if verification.is_tamper_evident() {
        "Signed: every digest that is there has a right signature by a key that you gave.".to_owned()
    } else if verification.public_keys.is_empty() {
        "Not tamper-evident: no signature was checked. Whoever may write the lake could have made all of it anew. Give the \
         public key with --public-key, and seal with a signing key."
            .to_owned()
    } else {
        "Not tamper-evident: not every digest is signed by a key that you gave.".to_owned()
    };
    let not_proven: u64 = verification.scopes.iter().map(|scope| scope.not_proven).sum();
    let not_proven = match not_proven {
        0 => String::new(),
        1 => "\n1 entry of a digest that was changed is not proven: the fault of the digest names it."
            .to_owned(),
        entries => format!(
            "\n{} entries of digests that were changed are not proven: the faults of the digests name them.",
            HumanCount(entries)
        ),
    };
    format!("{state}\n{proof}{not_proven}{late}")
}
