//! The data files behind the tables, from the evidence.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::ExhibitError;
use super::captures::CAPTURE_COLUMNS;
use super::evidence::Evidence;
use super::output_folder::{DataFile, OutputFolder, time_value};
use super::population::Population;
use crate::proof::coverage::{EndpointCoverage, Hole, LogCoverage, MissingLog};

/// Writes every data file that is not written while the lake is read.
///
/// # Errors
/// Returns an error if one cannot be written.
pub(super) fn write(
    evidence: &Evidence,
    population: &Population,
    folder: &mut OutputFolder,
) -> Result<(), ExhibitError> {
    write_coverage(evidence, folder)?;
    write_population(evidence, population, folder)?;
    write_identities(evidence, folder)?;
    write_verification(evidence, folder)?;
    write_observations(evidence, folder)?;
    write_sample(evidence, folder)
}

/// Columns of the data file `holes`.
const HOLE_COLUMNS: [&str; 13] = [
    "account_id",
    "region",
    "endpoint_id",
    "from",
    "to",
    "open",
    "seconds",
    "attempts",
    "reason",
    "witness_maximum",
    "cause",
    "action",
    "ticket",
];

/// Returns the holes of all endpoints.
pub(super) fn holes(endpoints: &[EndpointCoverage]) -> impl Iterator<Item = (&EndpointCoverage, &Hole)> {
    endpoints.iter().flat_map(|endpoint| endpoint.holes.iter().map(move |hole| (endpoint, hole)))
}

/// Returns the windows of connection logs of all endpoints that are missing.
pub(super) fn missing_windows(logs: &[LogCoverage]) -> impl Iterator<Item = (&LogCoverage, &MissingLog)> {
    logs.iter().flat_map(|log| log.missing.iter().map(move |missing| (log, missing)))
}

/// Returns the row of a hole.
pub(super) fn hole_row(endpoint: &EndpointCoverage, hole: &Hole) -> [Value; 13] {
    [
        json!(endpoint.account_id),
        json!(endpoint.region),
        json!(endpoint.endpoint_id),
        time_value(Some(hole.gap.from)),
        time_value(Some(hole.gap.to)),
        json!(hole.gap.open),
        json!(hole.gap.seconds),
        json!(hole.attempts),
        json!(hole.reason),
        json!(hole.witness_maximum),
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}

fn write_coverage(evidence: &Evidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let endpoints = &evidence.coverage.endpoints;
    let columns = [
        "account_id",
        "region",
        "endpoint_id",
        "from",
        "complete",
        "already_captured",
        "partial",
        "failed",
        "longest_gap_seconds",
        "holes",
        "proven",
        "differs_from_witness",
    ];
    let rows = endpoints.iter().map(|endpoint| {
        let outcome = |name| json!(endpoint.outcomes.get(name).copied().unwrap_or(0));
        [
            json!(endpoint.account_id),
            json!(endpoint.region),
            json!(endpoint.endpoint_id),
            time_value(Some(endpoint.from)),
            outcome("complete"),
            outcome("already_captured"),
            outcome("partial"),
            outcome("failed"),
            json!(endpoint.longest_gap.seconds),
            json!(endpoint.holes.len()),
            json!(endpoint.proven),
            json!(endpoint.witness.as_ref().map(Vec::len)),
        ]
    });
    folder.write_rows("endpoints", columns, rows)?;
    let rows = holes(endpoints).map(|(endpoint, hole)| hole_row(endpoint, hole));
    folder.write_rows("holes", HOLE_COLUMNS, rows)?;
    let columns = [
        "account_id",
        "region",
        "endpoint_id",
        "log_group",
        "from",
        "to",
        "late",
        "allowed",
        "lost",
        "reason",
    ];
    let rows = missing_windows(&evidence.coverage.connection_logs).map(|(log, missing)| {
        [
            json!(log.account_id),
            json!(log.region),
            json!(log.endpoint_id),
            json!(log.log_group),
            time_value(Some(missing.from)),
            time_value(Some(missing.to)),
            json!(missing.late),
            json!(missing.allowed),
            json!(missing.lost),
            json!(missing.reason),
        ]
    });
    folder.write_rows("missing_windows", columns, rows)
}

fn write_population(
    evidence: &Evidence,
    population: &Population,
    folder: &mut OutputFolder,
) -> Result<(), ExhibitError> {
    let rows = population
        .lines
        .iter()
        .map(|line| [json!(line.group), json!(line.line), json!(line.part.word()), json!(line.count)]);
    folder.write_rows("population", ["group", "line", "part", "count"], rows)?;
    let rows = evidence.read.rows_by_object.iter().map(|(key, rows)| {
        let sha256 = evidence.inputs.get(key).map(|object| hex::encode(object.hashed.sha256));
        [
            json!(key),
            json!(evidence.ledger.stated.get(key).map(|stated| stated.rows)),
            json!(rows.rows),
            json!(rows.without_id),
            json!(sha256),
        ]
    });
    folder.write_rows("objects", ["object_key", "rows_stated", "rows", "rows_without_id", "sha256"], rows)?;
    let rows = evidence.unreadable.iter().map(|of| [json!(of.object_key), json!(of.problem)]);
    folder.write_rows("unreadable", ["object_key", "problem"], rows)
}

fn write_identities(evidence: &Evidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let columns = [
        "identity_key",
        "identity",
        "sessions",
        "days",
        "first",
        "last",
        "duration_seconds",
        "ingress_bytes",
        "egress_bytes",
        "endpoints",
        "public_addresses",
        "common_names",
    ];
    let list = |values: &BTreeSet<String>| json!(values);
    let rows = evidence.identities.by_key.iter().map(|(key, of)| {
        [
            json!(key),
            json!(of.identity),
            json!(of.sessions),
            json!(of.days.len()),
            time_value(of.first),
            time_value(of.last),
            json!(of.seconds),
            json!(of.ingress_bytes),
            json!(of.egress_bytes),
            list(&of.endpoints),
            list(&of.public_addresses),
            list(&of.common_names),
        ]
    });
    folder.write_rows("identities", columns, rows)
}

fn write_verification(evidence: &Evidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let Ok(verification) = &evidence.verification else { return Ok(()) };
    let columns = [
        "account_id",
        "region",
        "sealed_as",
        "first_hour",
        "last_hour",
        "digests",
        "signatures",
        "objects",
        "bytes",
        "late",
        "expired",
        "not_sealed_yet",
        "without_digest",
        "not_proven",
    ];
    let rows = verification.scopes.iter().map(|scope| {
        [
            json!(scope.account_id),
            json!(scope.region),
            json!(scope.sealed_as),
            json!(scope.first_hour.to_string()),
            json!(scope.last_hour.to_string()),
            json!(scope.digests),
            json!(scope.signatures),
            json!(scope.objects),
            json!(scope.bytes),
            json!(scope.late),
            json!(scope.expired),
            json!(scope.not_sealed_yet),
            json!(scope.without_digest),
            json!(scope.not_proven),
        ]
    });
    folder.write_rows("verified", columns, rows)?;
    let rows = verification
        .faults
        .iter()
        .map(|fault| [json!(fault.kind), json!(fault.object_key), json!(fault.message)]);
    folder.write_rows("faults", ["kind", "object_key", "message"], rows)
}

fn write_observations(evidence: &Evidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let rows = evidence.findings.list.iter().map(|of| {
        [
            json!(of.rule.name()),
            json!(of.identity),
            json!(of.endpoint_id),
            json!(of.connection_id),
            time_value(of.at),
            json!(of.detail),
        ]
    });
    folder.write_rows(
        "findings",
        ["rule", "identity", "endpoint_id", "connection_id", "at", "detail"],
        rows,
    )?;
    let rows = evidence.reconciliation.differences.iter().map(|of| {
        [json!(of.kind.name()), json!(of.endpoint_id), json!(of.connection_id), time_value(Some(of.began))]
    });
    folder.write_rows("differences", ["kind", "endpoint_id", "connection_id", "began"], rows)
}

fn write_sample(evidence: &Evidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let Some(sample) = &evidence.sample else { return Ok(()) };
    let columns = [
        "endpoint_id",
        "month",
        "sha256",
        "connection_id",
        "identity",
        "connection_established_time",
        "ends_at",
        "shown",
        "object_key",
        "object_sha256",
        "first_request_id",
        "last_request_id",
        "run_key",
        "digest_key",
    ];
    let rows = sample.sessions().flat_map(|(month, sha256, sampled)| {
        [("first", &sampled.first), ("last", &sampled.last)].map(|(shown, capture)| {
            let session = &sampled.session;
            let of = |text: fn(&super::sample::DecidingCapture) -> Option<String>| {
                json!(capture.as_ref().and_then(text))
            };
            let digest =
                capture.as_ref().and_then(|capture| evidence.digests.listing.get(&capture.object_key));
            [
                json!(session.endpoint_id),
                month_value(month),
                json!(sha256),
                json!(session.connection_id),
                json!(session.identity),
                time_value(Some(session.connection_established_time)),
                time_value(Some(session.ends_at)),
                json!(shown),
                of(|capture| Some(capture.object_key.clone())),
                of(|capture| capture.sha256.clone()),
                of(|capture| capture.request_ids.first().cloned().flatten()),
                of(|capture| capture.request_ids.last().cloned().flatten()),
                of(|capture| Some(capture.run_key.clone())),
                json!(digest),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    folder.write_rows("sample", columns, rows)?;
    let captures = sample.captures.members().map(|(month, sha256, of)| (month, sha256, of.row.as_slice()));
    write_drawn(folder, "sample_captures", &CAPTURE_COLUMNS, captures)?;
    let holes = sample.holes.members().map(|(month, sha256, of)| (month, sha256, of.row.as_slice()));
    write_drawn(folder, "sample_holes", &HOLE_COLUMNS, holes)
}

fn month_value(month: Date) -> Value {
    json!(month.strftime("%Y-%m").to_string())
}

/// Writes the drawn rows of a data file, with month and hash before them.
fn write_drawn<'a>(
    folder: &mut OutputFolder,
    name: &'static str,
    columns: &[&'static str],
    rows: impl Iterator<Item = (Date, &'a str, &'a [Value])>,
) -> Result<(), ExhibitError> {
    let columns = ["month", "drawn_by"].into_iter().chain(columns.iter().copied()).collect();
    let mut file = DataFile::create(folder, name, columns)?;
    for (month, sha256, row) in rows {
        let drawn = [month_value(month), json!(sha256)];
        file.add(drawn.into_iter().chain(row.iter().cloned()).collect())?;
    }
    folder.finish(file)
}
