//! How old the newest complete captures are: what an alarm watches.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use crate::layout::{ObjectKey, ObjectKind};
use crate::ledger::Outcome;
use crate::ledger::recorded;
use crate::store::{Store, StoreError};
use crate::target::{AccountRegion, Target};

/// How far back the ledger is read.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Minutes from the first page of the newest complete capture to `now`, of the target for which that is longest. A target that
/// no record of today or yesterday has a complete capture of counts from the beginning of yesterday.
///
/// # Errors
/// When the ledger cannot be listed. A record that cannot be read counts for nothing, so that the alarm is raised.
pub async fn oldest_complete_age(
    store: &Store,
    home: &AccountRegion,
    targets: &[Target],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let yesterday = now.saturating_sub(DAY).unwrap_or(now);
    let mut newest: BTreeMap<[String; 3], Option<Timestamp>> =
        targets.iter().map(|target| (identifiers(target), None)).collect();
    'days: for time in [now, yesterday] {
        let found = store.find(&home.day("runs", &time.strftime("%Y-%m-%d").to_string())).await?;
        let keys: Vec<ObjectKey> =
            found.iter().rev().filter_map(|found| ObjectKey::parse(&found.key)).collect();
        let keys = keys.into_iter().filter(|key| key.kind == ObjectKind::Sealed);
        let mut records = std::pin::pin!(recorded::read(store, keys));
        while let Some((_, record)) = records.next().await {
            for target in record.into_iter().flat_map(|record| record.targets) {
                let endpoint = [target.account_id, target.region, target.endpoint_id];
                if let (Outcome::Complete, Some(known)) = (target.outcome, newest.get_mut(&endpoint)) {
                    *known = (*known).max(target.first_page_at);
                }
            }
            if newest.values().all(Option::is_some) {
                break 'days;
            }
        }
    }
    let start_of_yesterday = Timestamp::from_second(yesterday.as_second().div_euclid(86_400) * 86_400);
    let start_of_yesterday = start_of_yesterday.unwrap_or(yesterday);
    let ages = newest.values().map(|at| now.duration_since(at.unwrap_or(start_of_yesterday)).as_mins());
    Ok(ages.max().and_then(|minutes| u64::try_from(minutes).ok()).unwrap_or(0))
}

fn identifiers(target: &Target) -> [String; 3] {
    [target.account_id.to_string(), target.region.to_string(), target.endpoint_id.to_string()]
}
