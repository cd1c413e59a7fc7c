//! Makes an exhibit: reads the evidence, judges it, and writes the folder.

use std::path::Path;

use super::claims::SealFacts;
use super::evidence::Evidence;
use super::output_folder::OutputFolder;
use super::page::ExhibitPage;
use super::population::Population;
use super::verdict::{EvidenceState, Verdict};
use super::zoned_times::ZonedTimes;
use super::{ExhibitError, ExhibitProgress, ExhibitRequest, claims, data, exhibit_number, inputs, reperform};

/// An exhibit that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenExhibit {
    /// Its number.
    pub number: String,
    /// SHA-256 of `manifest.json`, which the receipt has.
    pub manifest_sha256: String,
    /// Sessions that overlap the period, or may.
    pub sessions: u64,
    /// Holes of all endpoints.
    pub holes: u64,
    /// Faults that `verify` found.
    pub faults: u64,
    /// Objects that could not be read, or are not there.
    pub unreadable: u64,
    /// The claims of the cover, as a name and a sentence each.
    pub claims: Vec<(&'static str, String)>,
    /// `true` if there is a record, without a hole, without a fault, and everything could be read.
    pub is_whole: bool,
}

/// Makes the exhibit of a period in the folder `out`, which does not exist or is empty.
///
/// # Errors
/// Returns an error if the folder is not empty or cannot be written, or if the lake cannot be listed. Everything else that is wrong is in
/// the exhibit.
pub async fn make_exhibit(
    request: &ExhibitRequest<'_>,
    out: &Path,
    on_progress: impl Fn(ExhibitProgress),
) -> Result<WrittenExhibit, ExhibitError> {
    let mut folder = OutputFolder::create(out, request.lake)?;
    let mut evidence = Evidence::read(request, &mut folder, on_progress).await?;
    if let Some(sample) = &mut evidence.sample {
        for (endpoint, hole) in data::holes(&evidence.coverage.endpoints) {
            sample.add_hole(&endpoint.endpoint_id, hole.gap, &data::hole_row(endpoint, hole));
        }
    }
    let times = ZonedTimes(request.time_zone.clone());
    let population = Population::of(&evidence);
    let missed = claims::missed(request, &evidence, &times);
    let changed = claims::changed(&SealFacts {
        keys: &request.keys,
        inputs: &evidence.inputs,
        verification: &evidence.verification,
        digests: &evidence.digests,
        expected_until: evidence.verified_hours.last,
        last_hour: evidence.last_snapshot_hour,
    });
    let clock = claims::clock(&evidence);
    let agreement = evidence.reconciliation.verdict(&evidence.log_events, evidence.missing_windows());
    data::write(&evidence, &population, &mut folder)?;
    let (content, inputs_sha256) =
        inputs::csv_of(&inputs::parameters(request), &request.files, &evidence.inputs)?;
    let number = exhibit_number(&inputs_sha256).to_owned();
    folder.write("inputs.csv", &content)?;
    folder.write("reperform.sql", reperform::sql(request, &evidence, &number).as_bytes())?;
    let page = ExhibitPage {
        request,
        evidence: &evidence,
        number: &number,
        inputs_sha256: &inputs_sha256,
        ended: request.clock.now(),
        times: &times,
        population: &population,
        missed: &missed,
        changed: &changed,
        clock: &clock,
        agreement: &agreement,
        data_files: &folder.data_files,
    };
    let html = page.html();
    folder.write("report.html", html.as_bytes())?;
    let manifest_sha256 = folder.write_manifest(evidence.pseudonyms_sha256.clone())?;
    let holes = evidence.coverage.endpoints.iter().map(|endpoint| endpoint.holes.len() as u64).sum();
    let faults = evidence.verification.as_ref().map_or(0, |verification| verification.faults.len() as u64);
    let unreadable = evidence.unreadable.len() as u64;
    let has_changed = evidence.inputs.values().any(|object| object.has_changed);
    let stated = |verdict: &Verdict| format!("{}. {}", verdict.state, verdict.sentence);
    Ok(WrittenExhibit {
        number,
        manifest_sha256,
        sessions: evidence.tallies.sessions,
        holes,
        faults,
        unreadable,
        claims: vec![
            ("population", stated(&population.verdict)),
            ("missed", stated(&missed)),
            ("changed", stated(&changed)),
            ("clock", stated(&clock)),
            ("agreement", stated(&agreement)),
        ],
        is_whole: !evidence.coverage.endpoints.is_empty()
            && [holes, faults, unreadable] == [0; 3]
            && !has_changed
            && population.differing.is_empty()
            && evidence.coverage.of_another_time.is_empty()
            && [&population.verdict, &missed, &changed, &clock, &agreement]
                .iter()
                .all(|verdict| verdict.state != EvidenceState::Contradicted),
    })
}
