//! The invocation that reads connection logs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Auditor, InvocationError, end_of_work, recorded};
use crate::capture::logs::LogsRequest;
use crate::capture::request::CaptureRequest;
use crate::capture::run::Run;
use crate::invocation::answer::Answer;
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::PlaceTargets;

impl Auditor {
    /// Returns the connection logs that the settings ask for.
    pub(super) fn logs_request(&self) -> LogsRequest {
        LogsRequest {
            allowed: self.settings.connection_log_groups.clone(),
            span: SignedDuration::from_hours(24 * i64::from(self.settings.connection_log_days)),
            unmask: self.settings.unmask_connection_logs,
            sources: self.log_sources.clone(),
        }
    }

    /// Reads the connection logs that are due. Without an allowed log group of an account and Region, nothing is asked there.
    pub(super) async fn logs(
        &self,
        run_id: RunId,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, InvocationError> {
        let home = self.home().await?;
        let request = self.logs_request();
        let wanted: Vec<PlaceTargets> =
            self.targets(home, None)?.into_iter().filter(|wanted| request.is_of(wanted)).collect();
        let start = self.clock.now();
        let plan = CaptureRequest {
            snapshot_time: SnapshotTime::truncated(start),
            run_id,
            filters: Vec::new(),
            page_size: self.settings.page_size,
            max_items: None,
            starting_token: None,
            deadline: deadline.and_then(|deadline| end_of_work(start, deadline)),
            temporary_space: Ok(()),
        };
        let run = Arc::new(Run { logs: Some(request), ..self.run(home, plan, start, wanted.len()) });
        recorded(run.places(wanted).await).map(Answer::Logs)
    }
}
