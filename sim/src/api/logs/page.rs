//! The events and the token of one page.

use crate::account_region::AccountRegion;
use crate::api::logs::error;
use crate::error::ApiError;
use crate::fault::{FaultKind, odd_message};
use crate::log_event::LogEvent;
use crate::log_group::LogGroup;
use crate::logs::{Entry, Index, Journal, slice_of};
use crate::random::mix_bytes;
use crate::state::State;
use serde::{Deserialize, Serialize};

/// Bytes of events on a page, counted as CloudWatch Logs counts a batch: each message and 26 more.
const MAX_PAGE_BYTES: usize = 1 << 20;
const EVENT_OVERHEAD_BYTES: usize = 26;

/// Number of slices that are searched for one page, a day: a page of a quiet group is empty, and more may follow.
const MAX_SLICES: i64 = 96;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The window, streams and page that a request is for.
#[derive(Debug)]
pub(crate) struct Query {
    /// Milliseconds since 1970, both included.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) streams: Streams,
    pub(crate) limit: usize,
    pub(crate) unmask: bool,
    pub(crate) token: Option<String>,
}

/// The streams whose events are wanted.
#[derive(Debug)]
pub(crate) enum Streams {
    All,
    Named(Vec<String>),
    Prefixed(String),
}

/// A page of events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) events: Vec<LogEvent>,
    pub(crate) next_token: Option<String>,
}

/// The position at which a listing continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// A digest of what is listed.
    #[serde(rename = "q")]
    listing: u64,
    /// The time of the first page, in milliseconds since 1970: later pages show what had arrived by then.
    #[serde(rename = "t")]
    as_of: i64,
    #[serde(rename = "p")]
    place: PageStart,
    /// The beginning of the page before; `None` on the first two.
    #[serde(rename = "b")]
    before: Option<PageStart>,
    /// Number of empty pages before, to make their tokens differ.
    #[serde(rename = "r")]
    empty: u32,
}

/// The beginning of a page: a slice, and the number of its events on pages before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct PageStart {
    #[serde(rename = "s")]
    slice: i64,
    #[serde(rename = "o")]
    offset: usize,
}

/// Returns the requested page of a group, as changed by `faults`.
pub(crate) fn page(
    state: &State,
    location: &AccountRegion,
    group: LogGroup,
    query: &Query,
    faults: &[FaultKind],
) -> Result<Page, ApiError> {
    let position = position(state, location, &group, query)?;
    if query.token.is_some() && faults.contains(&FaultKind::ExpireToken) {
        return Err(error::invalid_token());
    }
    let journal = state.journal(location, group);
    let (mut events, next) = list(&state.index, &journal, query, &position);
    let before = query.token.is_some().then_some(position.place);
    let next = next.map(|place| Position { place, before, empty: 0, ..position.clone() });
    let next = bend_token(faults, &position, next);
    let next_token = match &query.token {
        Some(token) if faults.contains(&FaultKind::RepeatToken) => Some(token.clone()),
        _ => next.map(|position| state.sealer.seal(&position)),
    };
    faults.iter().for_each(|fault| bend_events(fault, state.now().as_millisecond(), &mut events));
    Ok(Page { events, next_token })
}

fn position(
    state: &State,
    location: &AccountRegion,
    group: &LogGroup,
    query: &Query,
) -> Result<Position, ApiError> {
    let now = state.now().as_millisecond();
    let listing = format!("{location:?} {} {:?} {:?} {:?}", group.name, query.from, query.to, query.streams);
    let listing = mix_bytes(0, listing.as_bytes());
    let Some(token) = &query.token else {
        let place = PageStart { slice: slice_of(beginning(group, query, now)), offset: 0 };
        return Ok(Position { listing, as_of: now, place, before: None, empty: 0 });
    };
    let position: Position = state.sealer.open(token).ok_or_else(error::invalid_token)?;
    let is_expired = now - position.as_of > DAY_MILLIS;
    if position.listing != listing || is_expired { Err(error::invalid_token()) } else { Ok(position) }
}

/// Returns the time of the first event that may be listed.
fn beginning(group: &LogGroup, query: &Query, as_of: i64) -> i64 {
    let kept_since = group.retention_days.map_or(0, |days| as_of - i64::from(days) * DAY_MILLIS);
    query.from.unwrap_or(0).max(kept_since).max(group.created.as_millisecond())
}

/// Returns the events of a page, and the beginning of the next if there may be more.
fn list(
    index: &Index,
    journal: &Journal,
    query: &Query,
    position: &Position,
) -> (Vec<LogEvent>, Option<PageStart>) {
    let from = beginning(journal.group(), query, position.as_of);
    // Nothing arrives before it happens.
    let to = query.to.unwrap_or(i64::MAX).min(position.as_of);
    let is_listed = |entry: &&Entry| {
        (from..=to).contains(&entry.timestamp)
            && entry.ingestion_time <= position.as_of
            && query.streams.accept(journal, entry)
    };
    let limit = query.limit.min(journal.group().page_events);
    let (mut events, mut bytes) = (Vec::new(), 0);
    let PageStart { slice: first, mut offset } = position.place;
    for slice in first..=slice_of(to) {
        if slice - first == MAX_SLICES {
            return (events, Some(PageStart { slice, offset: 0 }));
        }
        let entries = index.of(journal, slice);
        for (number, entry) in entries.iter().filter(is_listed).enumerate().skip(offset) {
            let event = journal.event(entry, query.unmask);
            bytes += event.message.len() + EVENT_OVERHEAD_BYTES;
            if events.len() == limit || (bytes > MAX_PAGE_BYTES && !events.is_empty()) {
                return (events, Some(PageStart { slice, offset: number }));
            }
            events.push(event);
        }
        offset = 0;
    }
    (events, None)
}

impl Streams {
    fn accept(&self, journal: &Journal, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(&journal.stream_name(entry)),
            Self::Prefixed(prefix) => journal.stream_name(entry).starts_with(prefix),
        }
    }
}

fn bend_token(faults: &[FaultKind], position: &Position, next: Option<Position>) -> Option<Position> {
    faults.iter().fold(next, |next, fault| match fault {
        FaultKind::EmptyPage => Some(Position { empty: position.empty + 1, ..position.clone() }),
        FaultKind::CycleTokens => match position.before {
            Some(place) => {
                Some(Position { place, before: Some(position.place), empty: 0, ..position.clone() })
            }
            None => next,
        },
        _ => next,
    })
}

fn bend_events(fault: &FaultKind, now: i64, events: &mut Vec<LogEvent>) {
    match fault {
        FaultKind::EmptyPage => events.clear(),
        FaultKind::OddValues => events
            .iter_mut()
            .enumerate()
            .for_each(|(index, event)| event.message = odd_message(index, &event.message)),
        FaultKind::DuplicateRow => events.extend(events.first().cloned()),
        FaultKind::WrongEndpointId => events.iter_mut().for_each(|event| {
            event.message = event.message.replace("cvpn-endpoint-", "cvpn-endpoint-f");
        }),
        FaultKind::ClockSkew => {
            events.iter_mut().for_each(|event| event.ingestion_time = event.timestamp - 300_000)
        }
        FaultKind::CustomMessages { messages } => {
            let model = events.first().cloned();
            let of = |message: &String| Some(LogEvent { message: message.clone(), ..model.clone()? });
            *events = messages.iter().filter_map(of).collect();
        }
        FaultKind::FutureTimes => events.iter_mut().for_each(|event| event.timestamp = now + 7_200_000),
        _ => {}
    }
}
