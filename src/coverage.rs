//! What the ledger proves: when every connection of an endpoint was seen, and where one could have been missed.
//!
//! AWS lists a connection until 60 minutes after its end. So where the last page of a complete capture arrived less than 60
//! minutes after the first page of the complete capture before it, every connection that existed between them was seen. Pages
//! count by their arrival, never by the snapshot's time, which a late retry or a person can set.

mod age;
mod attempts;
pub mod witness;

use std::collections::BTreeMap;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::layout::ObjectKey;
use crate::ledger::recorded;
use crate::store::{Store, StoreError};

pub use age::oldest_complete_age;
pub use attempts::LISTING;
use attempts::{Attempt, Attempts, EndpointName};
use witness::{Difference, Witness};

/// How long AWS lists a connection after its end. Source: EC2 API reference, `DescribeClientVpnConnections`.
pub const LISTED_AFTER_END: SignedDuration = SignedDuration::from_mins(60);

/// Why the time after the last capture of an endpoint that is gone is a hole.
const GONE: &str = "the endpoint is gone, so that no later capture could show what came after the last one";

/// Most records that are read at a time.
const AT_A_TIME: usize = 16;

/// A day, around the times asked for: a record lies under the day of its snapshot, and pages may arrive after midnight.
const MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// The times that are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From when on; none for the first attempt on record, of each endpoint.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
    /// What time it is.
    pub now: Timestamp,
}

impl Window {
    /// Up to when captures are looked for: what existed before `to` may be shown by one after it.
    fn horizon(self) -> Timestamp {
        self.to.saturating_add(MARGIN).unwrap_or(self.to).min(self.now).max(self.to)
    }
}

/// What the ledger proves of every endpoint that is in it.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// From when on; null for the first attempt on record, of each endpoint.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
    /// How many run records were read.
    pub runs: u64,
    /// Every endpoint.
    pub endpoints: Vec<EndpointCoverage>,
    /// Run records that could not be read, and why. What they say counts for nothing.
    pub unreadable: Vec<Unreadable>,
}

/// A run record that could not be read.
#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// Its key, relative to the lake's prefix.
    pub object_key: String,
    /// Why.
    pub problem: String,
}

/// What the ledger proves of one endpoint.
#[derive(Debug, PartialEq, Serialize)]
pub struct EndpointCoverage {
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// The endpoint; [`LISTING`] for the listing of which endpoints there are.
    pub endpoint_id: String,
    /// From when on something is said of it: the time asked for, or the first attempt.
    pub from: Timestamp,
    /// Attempts in that time by their outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Longest time between a complete capture's first page and the next one's last page.
    pub longest_gap: Gap,
    /// Every gap of 60 minutes or more: a connection could have come and gone in it. Of an endpoint that is gone also the time after its
    /// last capture.
    pub holes: Vec<Hole>,
    /// Share of the time outside holes, from 0 to 1.
    pub proven: f64,
    /// Where a witness says another number than the captures do; null where there is no witness of this endpoint.
    pub witness: Option<Vec<Difference>>,
}

/// The time between two complete captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the first page of a complete capture arrived, or where the time asked about begins.
    pub from: Timestamp,
    /// When the last page of the next one arrived, or where the time asked about ends.
    pub to: Timestamp,
    /// Its length in seconds.
    pub seconds: i64,
    /// Whether no complete capture came after it.
    pub open: bool,
}

/// A gap in which a connection could have been missed.
#[derive(Debug, PartialEq, Serialize)]
pub struct Hole {
    /// From when to when.
    #[serde(flatten)]
    pub gap: Gap,
    /// Attempts in it that were not complete.
    pub attempts: u64,
    /// Why it is there, as the ledger tells it.
    pub reason: String,
    /// The most connections that a witness saw in it; null where there is no witness.
    pub witness_maximum: Option<f64>,
}

impl Coverage {
    /// Reads the ledger of the lake in `store`.
    ///
    /// # Errors
    /// When it cannot be listed. Records that cannot be read are in the answer.
    pub async fn read(
        store: &Store,
        window: Window,
        witnesses: &[Witness],
        told: impl Fn(u64),
    ) -> Result<Coverage, StoreError> {
        let keys = records_of(store, window).await?;
        let mut attempts = Attempts::default();
        let (mut unreadable, mut runs) = (Vec::new(), 0);
        let mut records = std::pin::pin!(recorded::read(store, keys, AT_A_TIME));
        while let Some((key, record)) = records.next().await {
            match record {
                Ok(record) => {
                    runs += 1;
                    told(runs);
                    attempts.note(record);
                }
                Err(problem) => {
                    let (object_key, problem) = (key.to_string(), problem.to_string());
                    unreadable.push(Unreadable { object_key, problem });
                }
            }
        }
        let endpoints = attempts.endpoints().filter_map(|(name, of_endpoint)| {
            let witness = witnesses.iter().find(|witness| witness.endpoint_id == name[2]);
            cover(name, of_endpoint, window, attempts.not_there_yet(name), attempts.gone(name), witness)
        });
        Ok(Coverage { from: window.from, to: window.to, runs, endpoints: endpoints.collect(), unreadable })
    }

    /// Whether there is an endpoint, each was seen without a hole, and every record could be read.
    pub fn is_whole(&self) -> bool {
        self.unreadable.is_empty()
            && !self.endpoints.is_empty()
            && self.endpoints.iter().all(|endpoint| endpoint.holes.is_empty())
    }
}

/// The run records of the days of the window and of a day on each side, and the last one before these: it tells which
/// endpoints were there when an outage began.
async fn records_of(store: &Store, window: Window) -> Result<Vec<ObjectKey>, StoreError> {
    let first = window.from.map(|from| date(from.saturating_sub(MARGIN).unwrap_or(from))).unwrap_or_default();
    let last = date(window.horizon());
    let mut keys = Vec::new();
    for place in store.places().await? {
        let runs = place.folder("runs");
        let folders = store.level(&runs).await?.folders;
        let dates: Vec<&str> =
            folders.iter().filter_map(|name| name.strip_prefix("snapshot_date=")).collect();
        let (before, since): (Vec<&str>, Vec<&str>) = dates.into_iter().partition(|date| *date < &*first);
        for date in since.into_iter().filter(|date| *date <= &*last) {
            keys.extend(records_in(store, &place.day("runs", date)).await?);
        }
        for date in before.into_iter().rev() {
            if let Some(newest) = records_in(store, &place.day("runs", date)).await?.pop() {
                keys.push(newest);
                break;
            }
        }
    }
    Ok(keys)
}

async fn records_in(store: &Store, folder: &str) -> Result<Vec<ObjectKey>, StoreError> {
    let found = store.find(folder).await?;
    Ok(found.iter().filter_map(|found| ObjectKey::parse(&found.key)).collect())
}

fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// What `attempts` prove of an endpoint that was not there yet at one time and is gone at another, where these are known; none where
/// no attempt is of the window's time.
fn cover(
    [account_id, region, endpoint_id]: &EndpointName,
    attempts: &[Attempt],
    window: Window,
    not_there_yet: Option<Timestamp>,
    gone: Option<Timestamp>,
    witness: Option<&Witness>,
) -> Option<EndpointCoverage> {
    let first_attempt = attempts.iter().map(Attempt::at).min()?;
    let from = window.from.unwrap_or(first_attempt);
    let from = not_there_yet.map_or(from, |not_there_yet| from.max(not_there_yet));
    let gone = gone.filter(|gone| *gone < window.horizon());
    let (to, horizon) = gone.map_or((window.to, window.horizon()), |gone| (window.to.min(gone), gone));
    if first_attempt > to || from > to {
        return None;
    }
    let gaps = gaps(attempts, from, to, horizon);
    let longest_gap = gaps.iter().copied().max_by_key(|gap| gap.seconds)?;
    let longest_gap = Gap { open: longest_gap.open && gone.is_none(), ..longest_gap };
    let holes: Vec<Hole> = gaps
        .iter()
        .filter_map(|gap| match gone.is_some() && gap.open {
            // However short: what came after the last capture, no later one could show.
            true if gap.seconds > 0 => {
                let hole = hole(Gap { open: false, ..*gap }, attempts, witness);
                Some(Hole { reason: GONE.to_owned(), ..hole })
            }
            true => None,
            false => (gap.seconds >= LISTED_AFTER_END.as_secs()).then(|| hole(*gap, attempts, witness)),
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| (from..=to).contains(&attempt.at())) {
        *outcomes.entry(attempt.target.outcome.as_str()).or_insert(0) += 1;
    }
    let witness = witness.map(|witness| {
        let captures = attempts.iter().filter_map(|attempt| {
            let (first_page_at, _) = attempt.complete()?;
            (from..=to).contains(&first_page_at).then_some((first_page_at, attempt.target.active))
        });
        witness.differences(captures)
    });
    let proven = proven(&holes, from, to);
    Some(EndpointCoverage {
        account_id: account_id.clone(),
        region: region.clone(),
        endpoint_id: endpoint_id.clone(),
        from,
        outcomes,
        longest_gap,
        holes,
        proven,
        witness,
    })
}

/// The times between complete captures that reach into the time from `from` on, in order; the last one ends at `horizon`,
/// where no capture follows.
fn gaps(attempts: &[Attempt], from: Timestamp, to: Timestamp, horizon: Timestamp) -> Vec<Gap> {
    let mut captures: Vec<_> = attempts.iter().filter_map(Attempt::complete).collect();
    captures.sort();
    // Of captures at the same time, the one that ends first proves most.
    let mut ends = Timestamp::MAX;
    for (_, last_page_at) in captures.iter_mut().rev() {
        ends = ends.min(*last_page_at);
        *last_page_at = ends;
    }
    let gap = |begin: Timestamp, end: Timestamp, open| Gap {
        from: begin,
        to: end,
        seconds: end.duration_since(begin).as_secs(),
        open,
    };
    // What existed at `from` or later, a listing shows that ends less than 60 minutes after it: no capture before is needed.
    let mut begin = from;
    let mut gaps = Vec::new();
    for (first_page_at, last_page_at) in captures.into_iter().filter(|(first, _)| *first > from) {
        gaps.push(gap(begin, last_page_at, false));
        begin = first_page_at;
        if first_page_at >= to {
            return gaps;
        }
    }
    gaps.push(gap(begin, horizon.max(begin), true));
    gaps
}

fn hole(gap: Gap, attempts: &[Attempt], witness: Option<&Witness>) -> Hole {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let in_it = attempts
        .iter()
        .filter(|attempt| attempt.complete().is_none() && (gap.from..=gap.to).contains(&attempt.at()));
    for attempt in in_it {
        let outcome = attempt.target.outcome.as_str();
        let code = attempt.target.error.as_ref().map(|error| format!(", {}", error.code));
        *reasons.entry(format!("{outcome}{}", code.unwrap_or_default())).or_default() += 1;
    }
    let attempts = reasons.values().sum();
    let reasons: Vec<String> = reasons.iter().map(|(reason, times)| format!("{times} × {reason}")).collect();
    let reason = if reasons.is_empty() { "no attempt is on record".to_owned() } else { reasons.join("; ") };
    let witness_maximum = witness.and_then(|witness| witness.maximum(gap.from, gap.to));
    Hole { gap, attempts, reason, witness_maximum }
}

/// Share of the time that lies in no hole. Holes are in order, and one may begin before the other ends.
fn proven(holes: &[Hole], from: Timestamp, to: Timestamp) -> f64 {
    let (mut until, mut open) = (from, SignedDuration::ZERO);
    for Hole { gap, .. } in holes {
        let begin = gap.from.max(until);
        let end = gap.to.min(to);
        if end > begin {
            open += end.duration_since(begin);
            until = end;
        }
    }
    let all = to.duration_since(from).as_secs_f64();
    if all <= 0.0 { 1.0 } else { 1.0 - open.as_secs_f64() / all }
}

#[cfg(test)]
mod tests;
