//! The state from which requests are answered.

use crate::access::ChangedAccess;
use crate::account_region::AccountRegion;
use crate::assumed::Sessions;
use crate::config::{Config, MemberRole, TimeSource};
use crate::fault::{FaultyAction, Rules};
use crate::log_group::LogGroup;
use crate::logs::{Groups, Index, Journal, Logger};
use crate::outages::Outages;
use crate::place::Places;
use crate::random::mix;
use crate::replay::Replay;
use crate::served::Served;
use crate::throttle::Buckets;
use crate::token::Sealer;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The state from which requests are answered.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) home: AccountRegion,
    pub(crate) latency: Duration,
    pub(crate) places: Places,
    pub(crate) access: ChangedAccess,
    pub(crate) member_role: Option<MemberRole>,
    pub(crate) sessions: Sessions,
    pub(crate) outages: Outages,
    pub(crate) buckets: Buckets,
    pub(crate) rules: Rules,
    pub(crate) groups: Groups,
    pub(crate) index: Index,
    pub(crate) sealer: Sealer,
    pub(crate) served: Arc<Served>,
    pub(crate) replay: Replay,
    seed: u64,
    time: Mutex<TimeSource>,
    requests: Mutex<BTreeMap<FaultyAction, usize>>,
    log_requests: AtomicUsize,
    answers: AtomicU64,
}

impl State {
    pub(crate) fn new(config: Config) -> Self {
        let seed = config.seed;
        Self {
            home: config.home(),
            latency: config.latency,
            places: Places::new(&config),
            access: ChangedAccess::default(),
            member_role: config.member_role,
            sessions: Sessions::new(seed),
            outages: Outages::default(),
            buckets: Buckets::new(config.throttling),
            rules: Rules::default(),
            groups: Groups::new(config.log_groups),
            index: Index::default(),
            sealer: Sealer::new(mix(&[seed, 0x746f_6b65])),
            served: Arc::new(Served::new(config.record_served)),
            replay: Replay::new(config.replay),
            seed,
            time: Mutex::new(config.time),
            requests: Mutex::default(),
            log_requests: AtomicUsize::new(0),
            answers: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match *self.time.lock().unwrap_or_else(PoisonError::into_inner) {
            TimeSource::System => self.machine_time(),
            TimeSource::Manual(now) => now,
        }
    }

    /// Returns the time outside the simulation, by which clients judge what they were handed.
    #[allow(clippy::disallowed_methods, reason = "the simulator's one look at the clock; it has no other")]
    pub(crate) fn machine_time(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Forgets what was made for requests before, since the world changed.
    pub(crate) fn forget(&self) {
        self.replay.clear();
        self.index.clear();
    }

    pub(crate) fn set_time(&self, now: Timestamp) {
        *self.time.lock().unwrap_or_else(PoisonError::into_inner) = TimeSource::Manual(now);
    }

    /// Returns the group with the endpoints that log to it.
    pub(crate) fn journal(&self, location: &AccountRegion, group: LogGroup) -> Journal {
        let listed = self.places.logging_to(location, &group.name);
        let loggers = listed.iter().map(Logger::of).collect();
        Journal::new(group, location, loggers)
    }

    pub(crate) fn count_log_request(&self) {
        self.log_requests.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn log_requests(&self) -> usize {
        self.log_requests.load(Ordering::SeqCst)
    }

    pub(crate) fn count_request(&self, action: FaultyAction) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(action).or_default() += 1;
    }

    /// Returns the number of requests of an action.
    pub(crate) fn requests(&self, action: FaultyAction) -> usize {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.get(&action).copied().unwrap_or_default()
    }

    /// Returns an id shaped like a UUID of version 4; the nth is the same for the same seed.
    pub(crate) fn next_request_id(&self) -> String {
        let count = self.answers.fetch_add(1, Ordering::SeqCst);
        let (high, low) = (mix(&[self.seed, count, 1]), mix(&[self.seed, count, 2]));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0x0fff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}
