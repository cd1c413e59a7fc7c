//! Many accounts in many Regions.

use super::{Config, EndpointConfig, Place};

const HOME_ACCOUNT_ID: &str = "123456789012";
const HOME_REGION: &str = "eu-central-1";

/// Steps between account ids. The number shares no factor with their range, so no id occurs twice.
const ACCOUNT_ID_STEP: u64 = 618_033_988_749;
const ACCOUNT_ID_RANGE: u64 = 800_000_000_000;
/// Lowest id of the other accounts. It is above the home's id, which therefore does not occur twice either.
const LOWEST_ACCOUNT_ID: u64 = 200_000_000_000;

impl Config {
    /// Returns `accounts` accounts in each of `regions`, with `endpoints` endpoints in each account and Region and
    /// `connections` listed on each. The first account is 123456789012, the first Region the home's. Endpoint ids follow from
    /// the seed, and no two are the same; account ids are always the same.
    pub fn organisation(
        seed: u64,
        accounts: usize,
        regions: &[&str],
        endpoints: usize,
        connections: usize,
    ) -> Self {
        let regions = if regions.is_empty() { &[HOME_REGION] } else { regions };
        let mut indexes = 0_u64..;
        let mut places = Vec::new();
        for account_id in account_ids().take(accounts.max(1)) {
            for region in regions {
                let indexes = indexes.by_ref().take(endpoints);
                let endpoints = indexes.map(|index| EndpointConfig::nth(seed, index, connections));
                let (account_id, region) = (account_id.clone(), (*region).to_owned());
                places.push(Place { account_id, region, endpoints: endpoints.collect() });
            }
        }
        let Place { account_id, region, endpoints } = places.remove(0);
        Self { account_id, region, endpoints, places, ..Self::fleet(seed, 0, 0) }
    }
}

/// Returns the home's account id, and then others, each of 12 digits and all different.
fn account_ids() -> impl Iterator<Item = String> {
    let others = std::iter::successors(Some(0), |number| Some((number + ACCOUNT_ID_STEP) % ACCOUNT_ID_RANGE));
    std::iter::once(HOME_ACCOUNT_ID.to_owned())
        .chain(others.map(|number| (LOWEST_ACCOUNT_ID + number).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const REGIONS: &[&str] = &["eu-west-1", "us-east-1", "ap-southeast-2"];

    #[test]
    fn an_organisation_has_each_account_in_each_region() {
        let config = Config::organisation(1, 4, REGIONS, 2, 7);
        assert_eq!((config.account_id.as_str(), config.region.as_str()), ("123456789012", "eu-west-1"));
        assert_eq!((config.endpoints.len(), config.places.len()), (2, 4 * 3 - 1));
        let places: BTreeSet<_> = config.places.iter().map(|p| (&p.account_id, &p.region)).collect();
        assert_eq!(places.len(), 11);
        let mut endpoints = config.places.iter().flat_map(|place| &place.endpoints);
        assert!(endpoints.all(|endpoint| endpoint.connections == 7));
    }

    #[test]
    fn no_account_and_no_endpoint_comes_twice() {
        let ids: BTreeSet<String> = account_ids().take(10_000).collect();
        assert_eq!((ids.len(), ids.iter().all(|id| id.len() == 12)), (10_000, true));
        let config = Config::organisation(1, 40, REGIONS, 3, 1);
        let elsewhere = config.places.iter().flat_map(|place| &place.endpoints);
        let ids: BTreeSet<&str> = config.endpoints.iter().chain(elsewhere).map(|e| e.id.as_str()).collect();
        assert_eq!(ids.len(), 40 * 3 * 3);
    }

    #[test]
    fn an_organisation_of_one_is_a_fleet() {
        let (one, fleet) = (Config::organisation(5, 1, &[], 3, 9), Config::fleet(5, 3, 9));
        assert_eq!((one.endpoints, one.region, one.places), (fleet.endpoints, fleet.region, vec![]));
    }
}
