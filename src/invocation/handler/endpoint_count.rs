//! The number of endpoints of each account and Region, before a run is planned.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Auditor;
use crate::run_id::RunId;
use crate::target::{AccountRegion, PlaceTargets};

/// Longest time for which endpoints are counted before a run is planned: the batches have yet to be captured.
const COUNT_TIMEOUT: Duration = Duration::from_secs(30);

impl Auditor {
    /// Returns each account and Region with the number of its wanted endpoints; `None` if they could not be listed, or not in time: the
    /// batch that has them reports the error.
    pub(super) async fn counted(
        &self,
        home: &AccountRegion,
        wanted: Vec<PlaceTargets>,
        run_id: &RunId,
    ) -> Vec<(PlaceTargets, Option<u64>)> {
        let mut counts = JoinSet::new();
        for (index, wanted) in wanted.iter().cloned().enumerate() {
            let (sources, home, run_id) = (self.sources.clone(), home.account_id.clone(), run_id.clone());
            counts.spawn(async move {
                if !wanted.all {
                    return (index, Some(wanted.endpoint_ids.len()));
                }
                let listed = match sources.source(&home, &wanted.place, &run_id).await {
                    Ok(source) => source.endpoints(&wanted.place).await,
                    Err(error) => Err(error),
                };
                (index, listed.ok().map(|listing| listing.ids().len()))
            });
        }
        let mut counted: Vec<_> = wanted.into_iter().map(|wanted| (wanted, None)).collect();
        let end = Instant::now() + COUNT_TIMEOUT;
        while let Ok(Some(count)) = tokio::time::timeout_at(end, counts.join_next()).await {
            if let Ok((index, count)) = count
                && let Some((_, of_place)) = counted.get_mut(index)
            {
                *of_place = count.map(|count| count as u64);
            }
        }
        counted
    }
}
