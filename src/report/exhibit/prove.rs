//! Writes the package of one session: what the lake has of it, copies of the objects that decide it, and the sheet that goes with them.

use std::path::Path;

use serde_json::{Value, json};

use super::claims::SealFacts;
use super::output_folder::{DataFile, OutputFolder};
use super::page::SessionSheet;
use super::session_evidence::{CAPTURE_COLUMNS, EVENT_COLUMNS, SessionEvidence, VerbatimRow, find_session};
use super::verdict::EvidenceState;
use super::zoned_times::ZonedTimes;
use super::{ExhibitError, ExhibitProgress, ExhibitRequest, claims, exhibit_number, inputs};
use crate::lake::store::ReadObjects;
use crate::report::sessions::COLUMNS;

/// A package that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPackage {
    /// Its exhibit number.
    pub number: String,
    /// SHA-256 of `manifest.json`, which the receipt has.
    pub manifest_sha256: String,
    /// The endpoint of the session.
    pub endpoint_id: String,
    /// Rows that show it.
    pub rows: usize,
    /// Objects that were copied.
    pub objects: usize,
    /// The verdict of the sheet on the claim that nothing was changed.
    pub changed: String,
    /// The sentences that the sheet opens with.
    pub answer: String,
    /// `true` if nothing of the session can have been missed.
    pub is_covered: bool,
    /// `true` if it is covered, `verify` found no fault, and everything around it could be read and is as its run record states.
    pub is_whole: bool,
}

/// Columns of the data file `objects`.
const OBJECT_COLUMNS: [&str; 11] = [
    "file",
    "roles",
    "object_key",
    "bytes",
    "sha256",
    "sha256_in_run_record",
    "outcome",
    "first_request_id",
    "last_request_id",
    "run_key",
    "digest_key",
];

/// Writes the package of the session of a connection, which overlaps the period, to the folder `out`, which does not exist or is empty.
///
/// # Errors
/// Returns an error if there is no such session, if the folder is not empty or cannot be written, or if the lake cannot be listed.
/// Everything else that is wrong is in the package.
pub async fn prove_session(
    request: &ExhibitRequest<'_>,
    connection_id: &str,
    out: &Path,
    on_progress: impl Fn(ExhibitProgress),
) -> Result<WrittenPackage, ExhibitError> {
    let read_objects = ReadObjects::default();
    let store = request.store.clone().noting_reads(read_objects.clone());
    let found = find_session(request, &store, connection_id, &on_progress).await?;
    let mut folder = OutputFolder::create(out, request.lake)?;
    let evidence = SessionEvidence::read(request, &read_objects, found, &mut folder, &on_progress).await?;
    let changed = claims::changed(&SealFacts {
        keys: &request.keys,
        inputs: &evidence.inputs,
        verification: &evidence.verification,
        digests: &evidence.digests,
        expected_until: evidence.verified_hours.last,
        last_hour: evidence.last_hour,
    });
    write_data(&evidence, &mut folder)?;
    let mut parameters = inputs::parameters(request);
    parameters.push(("connection_id", connection_id.to_owned()));
    let (content, inputs_sha256) = inputs::csv_of(&parameters, &request.files, &evidence.inputs)?;
    let number = exhibit_number(&inputs_sha256).to_owned();
    folder.write("inputs.csv", &content)?;
    let sheet = SessionSheet {
        request,
        evidence: &evidence,
        number: &number,
        inputs_sha256: &inputs_sha256,
        ended: request.clock.now(),
        times: &ZonedTimes(request.time_zone.clone()),
        changed: &changed,
    };
    folder.write("report.html", sheet.html().as_bytes())?;
    let answer = sheet.answer();
    let manifest_sha256 = folder.write_manifest(None)?;
    let is_covered = evidence.session.covered;
    Ok(WrittenPackage {
        number,
        manifest_sha256,
        endpoint_id: evidence.session.endpoint_id.clone(),
        rows: evidence.rows.len(),
        objects: evidence.objects.iter().filter(|object| object.file.is_some()).count(),
        changed: format!("{}. {}", changed.state, changed.sentence),
        answer,
        is_covered,
        is_whole: is_covered && evidence.is_certain() && changed.state != EvidenceState::Contradicted,
    })
}

fn write_data(evidence: &SessionEvidence, folder: &mut OutputFolder) -> Result<(), ExhibitError> {
    let columns = COLUMNS.iter().map(|column| column.name).collect();
    let row = COLUMNS.iter().map(|column| json!((column.value)(&evidence.session))).collect();
    write_rows(folder, "session", columns, [row])?;
    for (name, columns, rows) in
        [("rows", &CAPTURE_COLUMNS, &evidence.rows), ("events", &EVENT_COLUMNS, &evidence.events)]
    {
        let columns = ["object_key"].into_iter().chain(columns.iter().copied()).collect();
        write_rows(folder, name, columns, rows.iter().map(verbatim))?;
    }
    let rows = evidence.objects.iter().map(|of| {
        let read = evidence.inputs.get(&of.object_key);
        let capture = evidence.captures.get(&of.object_key);
        let target = capture.map(|capture| &capture.target);
        let roles: Vec<&str> = of.roles.iter().map(|role| role.words()).collect();
        [
            json!(of.file),
            json!(roles),
            json!(of.object_key),
            json!(read.map(|read| read.hashed.bytes)),
            json!(read.map(|read| hex::encode(read.hashed.sha256))),
            json!(target.and_then(|target| target.sha256.as_ref())),
            json!(target.map(|target| target.outcome)),
            json!(target.and_then(|target| target.first_request_id.as_ref())),
            json!(target.and_then(|target| target.last_request_id.as_ref())),
            json!(capture.map(|capture| capture.run_key.as_str())),
            json!(evidence.digests.listing.get(&of.object_key)),
        ]
    });
    folder.write_rows("objects", OBJECT_COLUMNS, rows)?;
    let rows = evidence.unreadable.iter().map(|of| [json!(of.object_key), json!(of.problem)]);
    folder.write_rows("unreadable", ["object_key", "problem"], rows)?;
    let Ok(verification) = &evidence.verification else { return Ok(()) };
    let faults = verification.faults.iter();
    let rows = faults.map(|fault| [json!(fault.kind), json!(fault.object_key), json!(fault.message)]);
    folder.write_rows("faults", ["kind", "object_key", "message"], rows)
}

fn verbatim(row: &VerbatimRow) -> Vec<Value> {
    [json!(row.object_key)].into_iter().chain(row.values.iter().cloned()).collect()
}

fn write_rows(
    folder: &mut OutputFolder,
    name: &'static str,
    columns: Vec<&'static str>,
    rows: impl IntoIterator<Item = Vec<Value>>,
) -> Result<(), ExhibitError> {
    let mut file = DataFile::create(folder, name, columns)?;
    rows.into_iter().try_for_each(|row| file.add(row))?;
    folder.finish(file)
}
