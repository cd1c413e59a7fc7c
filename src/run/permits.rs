//! How many captures go on at a time, and whose. EC2 gives each account and Region a budget of calls of its own, so what counts is
//! that each has a capture that goes on: a second one of the same is worth less than the first of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits for captures, shared by all accounts and Regions of a run.
#[derive(Debug)]
pub struct Permits {
    free: Arc<Semaphore>,
    /// Accounts and Regions that have had no permit yet, and may want one.
    waiting: AtomicUsize,
}

impl Permits {
    /// Permits for so many captures at a time, and for so many accounts and Regions.
    pub fn new(at_a_time: usize, places: usize) -> Permits {
        Permits { free: Arc::new(Semaphore::new(at_a_time)), waiting: AtomicUsize::new(places) }
    }

    /// What one account and Region asks for its permits; to be taken once by each.
    pub(super) fn of_place(&self) -> PlacePermits<'_> {
        PlacePermits { permits: self, has_begun: false }
    }
}

/// The permits of one account and Region.
pub(super) struct PlacePermits<'a> {
    permits: &'a Permits,
    has_begun: bool,
}

impl PlacePermits<'_> {
    /// A permit. Where no capture goes on here, it is waited for, in the order in which accounts and Regions ask. Beside one that goes
    /// on, it is one that is left over when each of those that have not begun has one; else none.
    pub(super) async fn next(&mut self, is_beside_another: bool) -> Option<OwnedSemaphorePermit> {
        let free = self.permits.free.clone();
        if is_beside_another {
            let is_left_over = free.available_permits() > self.permits.waiting.load(Ordering::Relaxed);
            return is_left_over.then(|| free.try_acquire_owned().ok())?;
        }
        let permit = free.acquire_owned().await.ok();
        self.begin();
        permit
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.permits.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for PlacePermits<'_> {
    /// One that has nothing to capture keeps no other waiting.
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
}
