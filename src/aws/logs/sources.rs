//! CloudWatch Logs in every account and Region. Each has a client, created on first use and kept, with the credentials of EC2's
//! and a budget of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::client::LogSource;
use crate::aws::ec2::{PageError, Places};
use crate::run_id::RunId;
use crate::target::{AccountId, AccountRegion};

/// The sources of all accounts and Regions.
#[derive(Debug)]
pub struct LogPlaces {
    places: Arc<Places>,
    kept: Mutex<HashMap<AccountRegion, LogSource>>,
}

impl LogPlaces {
    /// Returns sources with the credentials of `places`.
    pub fn new(places: Arc<Places>) -> LogPlaces {
        LogPlaces { places, kept: Mutex::default() }
    }

    /// Returns CloudWatch Logs at `place`, for a run of a program that runs in the account `home`.
    ///
    /// # Errors
    /// Returns an error if there are no credentials, or the role there cannot be assumed.
    pub async fn source(
        &self,
        home: &AccountId,
        place: &AccountRegion,
        run_id: &RunId,
    ) -> Result<LogSource, PageError> {
        let (sdk, session) = self.places.configured(home, place, run_id).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (limits, clock) = self.places.limits();
            LogSource::new(&sdk, format!("{place} logs"), limits, clock.clone(), session, &place.region)
        };
        Ok(kept.entry(place.clone()).or_insert_with(new).clone())
    }
}
