//! The data files behind the tables, from the evidence.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ExhibitError;
use super::evidence::Evidence;
use super::output_folder::{OutputFolder, time_value};
use super::population::Population;

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
    let columns = [
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
    let holes = endpoints.iter().flat_map(|endpoint| endpoint.holes.iter().map(move |hole| (endpoint, hole)));
    let rows = holes.map(|(endpoint, hole)| {
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
    });
    folder.write_rows("holes", columns, rows)
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
            json!(evidence.ledger.stated_rows.get(key)),
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
    let rows = sample.sessions().flat_map(|(month, sampled)| {
        [("first", &sampled.first), ("last", &sampled.last)].map(|(shown, capture)| {
            let session = &sampled.session;
            let of = |text: fn(&super::sample::DecidingCapture) -> Option<String>| {
                json!(capture.as_ref().and_then(text))
            };
            let digest =
                capture.as_ref().and_then(|capture| evidence.digests.listing.get(&capture.object_key));
            [
                json!(session.endpoint_id),
                json!(month.strftime("%Y-%m").to_string()),
                json!(sampled.sha256),
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
    folder.write_rows("sample", columns, rows)
}
