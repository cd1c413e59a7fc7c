//! The sessions of the period: one row each in the data file `sessions`, and the figures that are made of them.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::findings::Findings;
use super::identities::Identities;
use super::output_folder::{DataFile, OutputFolder};
use super::pseudonyms::Pseudonyms;
use super::reconciliation::Reconciliation;
use super::sample::Sample;
use super::{ExhibitError, ExhibitRequest, widened};
use crate::report::sessions::{COLUMNS, Selection, Session, TRACE_TOLERANCE};

/// Counts of the sessions of the period.
#[derive(Debug, Default)]
pub(super) struct SessionTallies {
    /// Those that overlap the period, or may.
    pub sessions: u64,
    /// Those that only partial captures show.
    pub only_partial: u64,
    /// Those of which AWS gave no beginning that could be typed.
    pub begin_not_known: u64,
    /// Those that are not known to have ended.
    pub end_not_known: u64,
    /// Those of which something can have been missed.
    pub not_covered: u64,
    /// Those that may have reached into the period and are not proven to.
    pub not_proven: u64,
}

/// Returns the sessions of a period, and so much around it: by the clock of the connection logs, a connection that begins when the period
/// ends can begin within it.
fn selection(from: Timestamp, to: Timestamp, around: SignedDuration) -> Selection {
    let (from, to) = widened((from, to), around);
    Selection { from: Some(from), to: Some(to), ..Selection::default() }
}

/// The sessions on their way into the data file and the figures.
pub(super) struct SessionSink<'a> {
    request: &'a ExhibitRequest<'a>,
    /// The sessions to read: those of the period, and a little more.
    pub selection: Selection,
    of_period: Selection,
    file: DataFile,
    failed: Option<ExhibitError>,
    figures: SessionFigures,
}

/// The figures that are made of the sessions one by one.
#[derive(Default)]
pub(super) struct SessionFigures {
    pub tallies: SessionTallies,
    pub identities: Identities,
    pub sample: Option<Sample>,
    pub findings: Findings,
    pub reconciliation: Reconciliation,
}

impl<'a> SessionSink<'a> {
    pub(super) fn new(
        request: &'a ExhibitRequest<'a>,
        folder: &OutputFolder,
    ) -> Result<SessionSink<'a>, ExhibitError> {
        let columns = COLUMNS.iter().map(|column| column.name).collect();
        Ok(SessionSink {
            request,
            selection: selection(request.from, request.to, TRACE_TOLERANCE),
            of_period: selection(request.from, request.to, SignedDuration::ZERO),
            file: DataFile::create(folder, "sessions", columns)?,
            failed: None,
            figures: SessionFigures {
                sample: request.sample.clone().map(Sample::new),
                ..SessionFigures::default()
            },
        })
    }

    /// Adds a session, with its names and addresses replaced if there are pseudonyms.
    pub(super) fn add(&mut self, mut session: Session, pseudonyms: Option<&mut Pseudonyms>) {
        if let Some(pseudonyms) = pseudonyms {
            pseudonyms.replace_in_session(&mut session);
        }
        let session = &session;
        let ExhibitRequest { from, to, time_zone, .. } = self.request;
        let SessionFigures { tallies, identities, sample, findings, reconciliation } = &mut self.figures;
        reconciliation.add(session, *from, *to);
        if !self.of_period.is_of_time(session) {
            return;
        }
        tallies.sessions += 1;
        tallies.only_partial += u64::from(session.complete_snapshots == 0);
        tallies.begin_not_known += u64::from(!session.begin_seen);
        tallies.end_not_known += u64::from(session.ended_before.is_none());
        tallies.not_covered += u64::from(!session.covered);
        tallies.not_proven += u64::from(!self.of_period.is_proven(session));
        identities.add(session, time_zone);
        sample.iter_mut().for_each(|sample| sample.add(session));
        findings.add_session(session, *from, *to, time_zone);
        if self.failed.is_none() {
            let row = COLUMNS.iter().map(|column| json!((column.value)(session))).collect();
            self.failed = self.file.add(row).err();
        }
    }

    pub(super) fn finish(self, folder: &mut OutputFolder) -> Result<SessionFigures, ExhibitError> {
        self.failed.map_or(Ok(()), Err)?;
        folder.finish(self.file)?;
        Ok(self.figures)
    }
}
