//! Token buckets of EC2 and CloudWatch Logs.

use crate::account_region::AccountRegion;
use crate::config::Throttling;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One bucket for each action in each account and Region, all full at first.
#[derive(Debug)]
pub(crate) struct Buckets {
    throttling: Option<Throttling>,
    buckets: Mutex<HashMap<(&'static str, AccountRegion), Bucket>>,
    throttled: AtomicUsize,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Buckets {
    pub(crate) fn new(throttling: Option<Throttling>) -> Self {
        Self { throttling, buckets: Mutex::default(), throttled: AtomicUsize::new(0) }
    }

    /// Takes a token for a request at `now`. Returns `true` if there was one.
    pub(crate) fn admit(&self, action: &'static str, location: &AccountRegion, now: Instant) -> bool {
        self.throttling.is_none_or(|throttling| self.take(throttling, action, location, now))
    }

    /// Does as [`Buckets::admit`] for an action with a limit of its own.
    pub(crate) fn admit_up_to(
        &self,
        limit: Throttling,
        action: &'static str,
        location: &AccountRegion,
        now: Instant,
    ) -> bool {
        self.throttling.is_none() || self.take(limit, action, location, now)
    }

    fn take(
        &self,
        throttling: Throttling,
        action: &'static str,
        location: &AccountRegion,
        now: Instant,
    ) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry((action, location.clone())).or_insert_with(|| Bucket::full(throttling, now));
        let admitted = bucket.take(throttling, now);
        self.throttled.fetch_add(usize::from(!admitted), Ordering::SeqCst);
        admitted
    }

    /// Returns the number of requests that found no token.
    pub(crate) fn throttled(&self) -> usize {
        self.throttled.load(Ordering::SeqCst)
    }
}

impl Bucket {
    fn full(throttling: Throttling, now: Instant) -> Self {
        Self { tokens: f64::from(throttling.capacity), filled: now }
    }

    fn take(&mut self, throttling: Throttling, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let filled = self.tokens + passed * f64::from(throttling.refill_per_second);
        self.tokens = filled.min(f64::from(throttling.capacity));
        self.filled = now.max(self.filled);
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn admitted(buckets: &Buckets, location: &AccountRegion, now: Instant) -> usize {
        (0..500).filter(|_| buckets.admit("a", location, now)).count()
    }

    #[test]
    fn a_bucket_gives_what_it_holds_and_fills_again_to_the_brim() {
        let (buckets, here) = (Buckets::new(Some(Throttling::EC2)), AccountRegion::new("1", "r"));
        let start = Instant::now();
        assert_eq!(admitted(&buckets, &here, start), 100);
        assert_eq!(admitted(&buckets, &here, start + Duration::from_millis(500)), 10);
        assert_eq!(admitted(&buckets, &here, start + Duration::from_millis(1_500)), 20);
        assert_eq!(admitted(&buckets, &here, start + Duration::from_secs(3_600)), 100);
        assert_eq!(buckets.throttled(), 4 * 500 - 230);
    }

    #[test]
    fn each_action_account_and_region_has_a_bucket_of_its_own() {
        let buckets = Buckets::new(Some(Throttling { capacity: 1, refill_per_second: 0 }));
        let now = Instant::now();
        for location in
            [AccountRegion::new("1", "r"), AccountRegion::new("2", "r"), AccountRegion::new("1", "s")]
        {
            for action in ["a", "b"] {
                assert!(buckets.admit(action, &location, now));
                assert!(!buckets.admit(action, &location, now));
            }
        }
    }

    #[test]
    fn without_throttling_every_request_is_admitted() {
        let buckets = Buckets::new(None);
        assert_eq!(admitted(&buckets, &AccountRegion::new("1", "r"), Instant::now()), 500);
        assert_eq!(buckets.throttled(), 0);
    }
}
