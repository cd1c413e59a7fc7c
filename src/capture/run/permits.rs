//! Limits on what a run does at a time: permits for captures, and the endpoints whose configuration is requested.
//!
//! EC2 gives each account and Region a budget of calls of its own, so each should have a running capture: a second one of the same is
//! worth less than the first of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Maximum endpoints of an account and Region whose configuration is requested at a time. They need no permits.
pub(super) const MAX_CONCURRENT_CONFIGURATIONS: usize = 4;

/// Time for which a permit is reserved for an account and Region that has not begun: longer than roles and lists of endpoints
/// take, and much shorter than an account and Region that does not answer.
const RESERVATION_TIME: Duration = Duration::from_secs(5);

/// Permits for captures, shared by all accounts and Regions of a run.
#[derive(Debug)]
pub struct Permits {
    free: Arc<Semaphore>,
    /// Number of accounts and Regions that a permit is reserved for, as they have had none yet and may want one.
    waiting: AtomicUsize,
    /// Time for which a permit is reserved.
    reserved: Duration,
    /// Notice that a permit may be left over.
    freed: Arc<Notify>,
}

impl Permits {
    /// Creates permits for `max_concurrency` captures at a time, and for `places` accounts and Regions.
    pub fn new(max_concurrency: usize, places: usize) -> Permits {
        Permits::reserved_for(max_concurrency, places, RESERVATION_TIME)
    }

    fn reserved_for(max_concurrency: usize, places: usize, reserved: Duration) -> Permits {
        let free = Arc::new(Semaphore::new(max_concurrency));
        Permits { free, waiting: AtomicUsize::new(places), reserved, freed: Arc::default() }
    }

    /// Returns the permits of one account and Region; to be called once for each.
    pub(super) fn of_place(&self) -> PlacePermits<'_> {
        PlacePermits { permits: self, has_begun: false }
    }

    /// Completes when a permit may be left over.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }
}

/// A permit for one capture, until it is dropped.
pub(super) struct Permit {
    permit: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permit.take();
        self.freed.notify_waiters();
    }
}

/// The permits of one account and Region.
pub(super) struct PlacePermits<'a> {
    permits: &'a Permits,
    has_begun: bool,
}

impl PlacePermits<'_> {
    /// Runs the work before the first capture, during which a permit is reserved, but not for long.
    pub(super) async fn while_reserved<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        match tokio::time::timeout(self.permits.reserved, work.as_mut()).await {
            Ok(done) => done,
            Err(_) => {
                self.begin();
                work.await
            }
        }
    }

    /// Returns a permit. If no capture runs here, it waits for one, in the order in which accounts and Regions ask. Beside a
    /// running capture, it returns one that is left over when each of those that have not begun has one; otherwise `None`.
    pub(super) async fn next(&mut self, is_beside_another: bool) -> Option<Permit> {
        let free = self.permits.free.clone();
        let permit = if is_beside_another {
            let is_left_over = free.available_permits() > self.permits.waiting.load(Ordering::Relaxed);
            is_left_over.then(|| free.try_acquire_owned().ok())?
        } else {
            let permit = free.acquire_owned().await.ok();
            self.begin();
            permit
        };
        permit.map(|permit| Permit { permit: Some(permit), freed: self.permits.freed.clone() })
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.permits.waiting.fetch_sub(1, Ordering::Relaxed);
            self.permits.freed.notify_waiters();
        }
    }
}

impl Drop for PlacePermits<'_> {
    /// Ends the reservation: one that has nothing to capture keeps no other waiting.
    fn drop(&mut self) {
        self.begin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_gets_a_second_before_everybody_has_a_first() {
        let permits = Permits::new(3, 3);
        let (mut one, mut other, empty) = (permits.of_place(), permits.of_place(), permits.of_place());
        let first = one.next(false).await;
        assert!(first.is_some() && one.next(true).await.is_none(), "others have not begun");
        let of_other = other.next(false).await;
        assert!(of_other.is_some() && one.next(true).await.is_none(), "one may still want its first");
        drop(empty);
        let second = one.next(true).await;
        assert!(second.is_some() && one.next(true).await.is_none(), "three at a time");
        drop(of_other);
        assert!(one.next(true).await.is_some());
    }

    #[tokio::test]
    async fn one_that_does_not_answer_keeps_no_permit_from_the_others() {
        // A permit is kept for no longer than until the answer is first waited for.
        let permits = Permits::reserved_for(2, 2, Duration::ZERO);
        let (mut one, mut silent) = (permits.of_place(), permits.of_place());
        let _first = one.next(false).await;
        assert!(one.next(true).await.is_none(), "it is kept");
        let freed = async {
            let mut freed = std::pin::pin!(permits.freed());
            freed.as_mut().enable();
            freed.await;
        };
        let answer = silent.while_reserved(std::future::pending::<()>());
        tokio::select! {
            // Whoever waits for a permit does so before it is given up.
            biased;
            () = freed => {}
            () = answer => unreachable!("nobody answers"),
        }
        assert!(one.next(true).await.is_some());
    }
}
