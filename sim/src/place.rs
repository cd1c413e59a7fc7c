//! The places of endpoints: each is in one account and one Region.

use crate::account_region::AccountRegion;
use crate::config::{Config, EndpointConfig};
use crate::log_group::DEFAULT_GROUP;
use crate::people::People;
use jiff::Timestamp;
use std::sync::{Arc, PoisonError, RwLock};

/// An endpoint as its account and Region list it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Number in the listing, which the endpoint keeps when others are removed.
    pub(crate) number: usize,
    pub(crate) fleet: Arc<People>,
    pub(crate) log: LogSettings,
}

/// The changes that were made to an endpoint's connection log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// Times at which it was switched on or off, in milliseconds since 1970.
    switched_at: Vec<i64>,
    /// Time at which the endpoint was removed, in milliseconds since 1970.
    removed_at: Option<i64>,
    /// Name of the log group.
    pub(crate) group: String,
}

impl LogSettings {
    fn new() -> Self {
        Self { switched_at: Vec::new(), removed_at: None, group: DEFAULT_GROUP.to_owned() }
    }

    /// Returns `true` if the endpoint existed at a time in milliseconds since 1970, as far as its removal goes.
    pub(crate) fn exists_at(&self, time: i64) -> bool {
        self.removed_at.is_none_or(|at| time < at)
    }

    /// Returns `true` if the log is on now and was off at first, or the reverse.
    pub(crate) fn is_switched(&self) -> bool {
        self.is_switched_at(i64::MAX)
    }

    /// Does as [`LogSettings::is_switched`], as of a time in milliseconds since 1970.
    pub(crate) fn is_switched_at(&self, time: i64) -> bool {
        self.switched_at.iter().filter(|at| **at <= time).count() % 2 == 1
    }
}

/// Every endpoint, by account and Region, in the order in which they were added; the home's first.
#[derive(Debug)]
pub(crate) struct Places {
    seed: u64,
    sites: RwLock<Vec<Site>>,
}

/// The endpoints of one account and Region.
#[derive(Debug)]
struct Site {
    location: AccountRegion,
    /// Number of endpoints that ever existed here.
    count: usize,
    listed: Vec<Listed>,
    /// Endpoints that are listed no more. Their log groups keep what they logged.
    removed: Vec<Listed>,
}

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        let places = Self { seed: config.seed, sites: RwLock::default() };
        places.settle(&config.home(), &config.endpoints);
        for place in &config.places {
            places.settle(&AccountRegion::new(&place.account_id, &place.region), &place.endpoints);
        }
        places
    }

    /// Adds endpoints to a place, which is created if it is not known.
    pub(crate) fn settle(&self, location: &AccountRegion, endpoints: &[EndpointConfig]) {
        self.with(|sites| {
            if !sites.iter().any(|site| site.location == *location) {
                sites.push(Site {
                    location: location.clone(),
                    count: 0,
                    listed: Vec::new(),
                    removed: Vec::new(),
                });
            }
            for site in sites.iter_mut().filter(|site| site.location == *location) {
                endpoints.iter().for_each(|endpoint| site.add(self.seed, endpoint.clone()));
            }
        });
    }

    /// Removes the endpoint wherever it is, at `now`.
    pub(crate) fn remove(&self, endpoint_id: &str, now: Timestamp) {
        self.with(|sites| {
            for site in sites {
                let is_this = |listed: &mut Listed| listed.fleet.endpoint().id == endpoint_id;
                let removed = site.listed.extract_if(.., is_this);
                site.removed.extend(removed.map(|listed| {
                    let removed_at = Some(now.as_millisecond());
                    Listed { log: LogSettings { removed_at, ..listed.log }, ..listed }
                }));
            }
        });
    }

    /// Switches the endpoint's connection log on if it is off, and off if it is on, at `now`.
    pub(crate) fn switch_log(&self, endpoint_id: &str, now: Timestamp) {
        self.change_log(endpoint_id, |log| log.switched_at.push(now.as_millisecond()));
    }

    /// Lets the endpoint log to another group.
    pub(crate) fn log_to(&self, endpoint_id: &str, group: &str) {
        self.change_log(endpoint_id, |log| group.clone_into(&mut log.group));
    }

    fn change_log(&self, endpoint_id: &str, change: impl Fn(&mut LogSettings)) {
        self.with(|sites| {
            let listed = sites.iter_mut().flat_map(|site| &mut site.listed);
            let this = listed.filter(|listed| listed.fleet.endpoint().id == endpoint_id);
            this.for_each(|listed| change(&mut listed.log));
        });
    }

    /// Returns the endpoints of one account and Region; empty if nothing is known of them.
    pub(crate) fn at(&self, location: &AccountRegion) -> Vec<Listed> {
        self.read(|sites| {
            let site = sites.iter().find(|site| site.location == *location);
            site.map_or_else(Vec::new, |site| site.listed.clone())
        })
    }

    /// Returns the endpoints of one account and Region that log, or logged, to this group, as far as their logs are on.
    pub(crate) fn logging_to(&self, location: &AccountRegion, group: &str) -> Vec<Listed> {
        self.read(|sites| {
            let sites = sites.iter().filter(|site| site.location == *location);
            let all = sites.flat_map(|site| site.listed.iter().chain(&site.removed));
            all.filter(|listed| listed.log.group == group).cloned().collect()
        })
    }

    /// Returns the endpoint of this id, if this account and Region have it.
    pub(crate) fn find(&self, location: &AccountRegion, endpoint_id: &str) -> Option<Arc<People>> {
        self.read(|sites| sites.iter().find(|site| site.location == *location)?.find(endpoint_id))
    }

    /// Returns the endpoint of this id, wherever it is.
    pub(crate) fn find_anywhere(&self, endpoint_id: &str) -> Option<Arc<People>> {
        self.read(|sites| sites.iter().find_map(|site| site.find(endpoint_id)))
    }

    /// Returns the endpoint of this id with its account and Region.
    pub(crate) fn locate(&self, endpoint_id: &str) -> Option<(AccountRegion, Arc<People>)> {
        self.read(|sites| {
            sites.iter().find_map(|site| Some((site.location.clone(), site.find(endpoint_id)?)))
        })
    }

    pub(crate) fn all(&self) -> Vec<(AccountRegion, Arc<People>)> {
        self.read(|sites| {
            let fleets = |site: &Site| {
                let location = site.location.clone();
                let fleets = site.listed.iter().map(move |listed| (location.clone(), listed.fleet.clone()));
                fleets.collect::<Vec<_>>()
            };
            sites.iter().flat_map(fleets).collect()
        })
    }

    pub(crate) fn has_account(&self, account_id: &str) -> bool {
        self.read(|sites| sites.iter().any(|site| site.location.account_id == account_id))
    }

    fn read<T>(&self, look: impl FnOnce(&[Site]) -> T) -> T {
        look(&self.sites.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Site>) -> T) -> T {
        work(&mut self.sites.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Site {
    fn add(&mut self, seed: u64, endpoint: EndpointConfig) {
        let fleet = Arc::new(People::new(seed, endpoint));
        self.listed.push(Listed { number: self.count, fleet, log: LogSettings::new() });
        self.count += 1;
    }

    fn find(&self, endpoint_id: &str) -> Option<Arc<People>> {
        let mut listed = self.listed.iter();
        Some(listed.find(|listed| listed.fleet.endpoint().id == endpoint_id)?.fleet.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGIONS: &[&str] = &["eu-central-1", "us-east-1"];

    fn ids(listed: &[Listed]) -> Vec<&str> {
        listed.iter().map(|listed| listed.fleet.endpoint().id.as_str()).collect()
    }

    #[test]
    fn an_endpoint_is_in_its_own_account_and_region_alone() {
        let config = Config::organisation(1, 2, REGIONS, 2, 5);
        let places = Places::new(&config);
        let place = &config.places[2];
        let (id, location) = (&place.endpoints[1].id, AccountRegion::new(&place.account_id, &place.region));
        assert_eq!(ids(&places.at(&location)), [&place.endpoints[0].id, id]);
        let at: Vec<_> = places.all().into_iter().map(|(location, _)| location).collect();
        assert_eq!(at.iter().filter(|at| places.find(at, id).is_some()).count(), 2, "the two of its place");
        assert!(places.find(&location, id).is_some() && places.find_anywhere(id).is_some());
        assert!(places.find(&AccountRegion::new(&place.account_id, "eu-west-1"), id).is_none());
        assert_eq!(at[..2], [config.home(), config.home()]);
    }

    #[test]
    fn endpoints_keep_their_numbers_when_others_go_and_come() {
        let config = Config::fleet(1, 3, 5);
        let (places, home) = (Places::new(&config), config.home());
        places.remove(&config.endpoints[0].id, Timestamp::UNIX_EPOCH);
        let endpoint = EndpointConfig {
            id: "cvpn-endpoint-0123456789abcdef0".to_owned(),
            ..config.endpoints[0].clone()
        };
        places.settle(&home, &[endpoint]);
        let numbers: Vec<usize> = places.at(&home).iter().map(|listed| listed.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert!(places.find_anywhere(&config.endpoints[0].id).is_none());
    }

    #[test]
    fn an_account_is_known_once_it_has_a_place() {
        let places = Places::new(&Config::fleet(1, 0, 0));
        assert!(places.has_account("123456789012") && !places.has_account("210987654321"));
        places.settle(&AccountRegion::new("210987654321", "us-east-1"), &[]);
        assert!(places.has_account("210987654321"));
    }
}
