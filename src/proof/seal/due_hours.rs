//! The plan of a seal of one account and Region: the hours that get a digest, one after the other, and the reason to stop. It is
//! fed with the hours that the lake has, and reads nothing itself.

use jiff::{SignedDuration, Timestamp};

use crate::hour::Hour;

/// Most hours that the first digest lies before the newest closed hour, or before the requested hour.
const FIRST_DIGEST_HOURS: i32 = 48;

/// Hours before the next digest whose digests are checked. An object of yesterday or today is in one of them, or in none.
pub const CHECKED_HOURS: i32 = 48;

/// Time after its end for which an hour waits for its own objects if S3 returns none of them, and for a run record to be read.
const RETRY_PERIOD: SignedDuration = SignedDuration::from_hours(6);

/// Returns `true` if the next seals try again to read what is of `hour`.
pub fn is_retried(hour: Hour, now: Timestamp) -> bool {
    now.duration_since(hour.end()) < RETRY_PERIOD
}

/// Reason why not every hour was sealed, or not with every object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The requested hour is too old for a first digest.
    #[error(
        "sealing {hour}: nothing was recorded up to that hour, and the first digest lies at most {FIRST_DIGEST_HOURS} hours before \
         the newest closed hour; seal without an hour"
    )]
    BeforeTheRecord {
        /// The hour.
        hour: Hour,
    },
    /// There was no time for this hour and those after it.
    #[error("sealing {hour}: the invocation's time is over; the next seal goes on here")]
    Deadline {
        /// The hour.
        hour: Hour,
    },
    /// Every hour has a digest, but some objects could not be read.
    #[error(
        "sealing all but what cannot be read: {problem}, and {others} more; once it can be read, it is listed as late for as long as \
         it is of today or yesterday"
    )]
    Unreadable {
        /// The last problem.
        problem: String,
        /// Number of the others.
        others: usize,
    },
}

/// The hours that a seal may reach.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The hour that was requested; `None` for every closed one.
    pub asked: Option<Hour>,
    /// The newest closed hour.
    pub closed: Hour,
    /// Time at which no further digest is begun; `None` for no limit.
    pub deadline: Option<Timestamp>,
}

impl Bounds {
    fn until(self) -> Hour {
        self.asked.unwrap_or(self.closed)
    }

    /// Checks that there is time for a digest at the time `now`.
    ///
    /// # Errors
    /// Returns an error for the last hour if there is none.
    pub fn check_deadline(self, now: Timestamp) -> Result<(), PlanError> {
        match self.deadline {
            Some(deadline) if now >= deadline => Err(PlanError::Deadline { hour: self.until() }),
            _ => Ok(()),
        }
    }
}

/// The plan of a seal in progress.
#[derive(Debug)]
pub struct SealPlan {
    hour: Hour,
    bounds: Bounds,
    problems: Vec<String>,
}

impl SealPlan {
    /// Begins a chain: with the hour of the `oldest` object, if there is one and it is not too long ago.
    ///
    /// # Errors
    /// Returns an error if a requested hour is older than a first digest may be, and nothing was recorded up to it.
    pub fn first(bounds: Bounds, oldest: Option<Hour>) -> Result<SealPlan, PlanError> {
        let until = bounds.until();
        let hour = match oldest {
            Some(oldest) if oldest <= until => oldest.max(until.earlier(FIRST_DIGEST_HOURS)),
            _ if until < bounds.closed.earlier(FIRST_DIGEST_HOURS) => {
                return Err(PlanError::BeforeTheRecord { hour: until });
            }
            _ => until,
        };
        Ok(SealPlan { hour, bounds, problems: Vec::new() })
    }

    /// Continues a chain after its newest digest.
    pub fn after(bounds: Bounds, newest: Hour) -> SealPlan {
        SealPlan { hour: newest.next(), bounds, problems: Vec::new() }
    }

    /// Returns `true` if no hour is left.
    pub fn is_done(&self) -> bool {
        self.hour > self.bounds.until()
    }

    /// Returns the hour of the next digest.
    pub fn hour(&self) -> Hour {
        self.hour
    }

    /// Returns the first hour whose digest is checked.
    pub fn checked_from(&self) -> Hour {
        self.hour.earlier(CHECKED_HOURS)
    }

    /// Takes the newest digest of the checked chain: another seal may have continued it before the digests were listed again.
    pub fn follow(&mut self, newest: Hour) {
        self.hour = newest.next();
    }

    /// Returns the next hour to seal at the time `now`; `None` if all are sealed.
    ///
    /// # Errors
    /// Returns an error if there is no time for it.
    pub fn next(&self, now: Timestamp) -> Result<Option<Hour>, PlanError> {
        match self.bounds.deadline {
            _ if self.is_done() => Ok(None),
            Some(deadline) if now >= deadline => Err(PlanError::Deadline { hour: self.hour }),
            _ => Ok(Some(self.hour)),
        }
    }

    /// Takes the digest of the hour, which lists everything but the objects with these `problems`.
    pub fn sealed(&mut self, problems: Vec<String>) {
        // Objects that stay unreadable are among those of each hour, except those older than yesterday.
        self.problems.retain(|problem| !problems.contains(problem));
        self.problems.extend(problems);
        self.hour = self.hour.next();
    }

    /// Ends the seal.
    ///
    /// # Errors
    /// Returns an error if an object could not be read.
    pub fn end(mut self) -> Result<(), PlanError> {
        match self.problems.pop() {
            None => Ok(()),
            Some(problem) => Err(PlanError::Unreadable { problem, others: self.problems.len() }),
        }
    }
}

#[cfg(test)]
mod tests;
