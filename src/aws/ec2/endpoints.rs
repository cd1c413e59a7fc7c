//! The endpoints of one account and Region, with their configuration.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::client::{Ec2Source, malformed, page_error};
use super::pager::{Next, Pager};
use super::{Action, PageError, larger_difference};
use crate::aws::ec2::PageTimes;
use crate::aws::response_reader::{ReadPage, ResponseReader};
use crate::aws::timing::Timing;
use crate::error_code::AwsCode;
use crate::limits::{LISTING_BYTES, LISTING_ROWS, Limit, NETWORKS, NETWORKS_BYTES};
use crate::tables::endpoints::Endpoint;
use crate::target::{AccountRegion, EndpointId};

/// Maximum number of endpoints or networks in a page. Source: EC2 API reference, `MaxResults`.
const PAGE_SIZE: i32 = 1000;

/// Every endpoint of an account and Region.
#[derive(Debug, Clone)]
pub struct EndpointListing {
    /// The endpoints, in AWS's order. One that AWS listed twice is here twice only if its descriptions differ.
    pub endpoints: Vec<Endpoint>,
    /// Times at which they were requested and listed.
    pub times: PageTimes,
    /// Seconds by which this machine's clock is ahead of EC2's; negative if it is behind. `None` if EC2 did not report its time.
    pub clock_difference_seconds: Option<i64>,
    /// Names of elements beside them that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

impl EndpointListing {
    /// Returns the ids of the endpoints that are not deleted, each once.
    pub fn ids(&self) -> Vec<EndpointId> {
        let mut seen = BTreeSet::new();
        let there = self.endpoints.iter().filter(|endpoint| !endpoint.is_deleted());
        let ids = there.filter_map(|endpoint| endpoint.endpoint_id.as_ref());
        ids.filter(|id| seen.insert(id.as_str())).cloned().collect()
    }

    /// Returns the error for endpoints without an id of the API's form, which cannot be captured; `None` if there are none.
    pub fn odd_endpoints(&self) -> Option<PageError> {
        let odd = self.endpoints.iter().filter(|endpoint| endpoint.endpoint_id.is_none()).count();
        (odd > 0).then(|| PageError::malformed_endpoints(odd, self.endpoints.len()))
    }
}

impl Ec2Source {
    /// Lists every endpoint, without the networks that it is associated with.
    ///
    /// # Errors
    /// Returns an error if not all could be listed.
    pub async fn endpoints(&self, place: &AccountRegion) -> Result<EndpointListing, PageError> {
        let mut listing = InMemoryListing::new(LISTING_ROWS, Limit::Endpoints);
        let (mut endpoints, mut repetitions) = (Vec::new(), Repetitions::default());
        let (mut begin, mut clock_difference_seconds) = (None, None);
        loop {
            let key = self.access_key().await?;
            let (page, timing) = match self.endpoints_page(place, listing.token()).await {
                Ok(page) => page,
                Err(error) => {
                    self.renew_credentials(error, key.as_deref()).await?;
                    self.endpoints_page(place, listing.token()).await?
                }
            };
            let (request_id, captured_at) = (page.request_id.clone(), self.now());
            let timed = timing.of_answer(captured_at);
            clock_difference_seconds =
                larger_difference(clock_difference_seconds, timed.clock_difference_seconds);
            let (first_page_requested_at, first_page_at) =
                *begin.get_or_insert((timed.requested_at, captured_at));
            let (rows, goes_on) = listing.add(page)?;
            let new = rows.into_iter().filter(|endpoint| repetitions.is_new(endpoint));
            let of_page = |endpoint| Endpoint { request_id: request_id.clone(), captured_at, ..endpoint };
            endpoints.extend(new.map(of_page));
            if !goes_on {
                let times = PageTimes { first_page_requested_at, first_page_at, last_page_at: captured_at };
                let unknown_elements = listing.unknown_elements;
                return Ok(EndpointListing { endpoints, times, clock_difference_seconds, unknown_elements });
            }
        }
    }

    async fn endpoints_page(
        &self,
        place: &AccountRegion,
        token: Option<&str>,
    ) -> Result<(ReadPage<Vec<Endpoint>>, Timing), PageError> {
        let (reader, timing) = (ResponseReader::endpoints(), self.timing());
        let call = self.client().describe_client_vpn_endpoints().max_results(PAGE_SIZE);
        let call = call.set_next_token(token.map(str::to_owned)).customize();
        let answer = call.interceptor(reader.clone()).interceptor(timing.clone()).send().await;
        answer.map_err(|error| page_error(error, Action::Endpoints, &place.arn_of("*"), token))?;
        Ok((reader.take().ok_or_else(malformed)?, timing))
    }

    /// Lists the subnets that an endpoint is associated with; `None` if the endpoint was deleted meanwhile.
    ///
    /// # Errors
    /// Returns an error if not all could be listed.
    pub async fn associated_networks(
        &self,
        place: &AccountRegion,
        endpoint_id: &EndpointId,
    ) -> Result<Option<(Vec<String>, BTreeSet<String>)>, PageError> {
        let mut listing = InMemoryListing::new(NETWORKS, Limit::Networks);
        let mut networks: Vec<String> = Vec::new();
        loop {
            let key = self.access_key().await?;
            let page = match self.networks_page(place, endpoint_id, listing.token()).await {
                Ok(page) => page,
                Err(error) if error.code == AwsCode::ENDPOINT_NOT_FOUND => return Ok(None),
                Err(error) => {
                    self.renew_credentials(error, key.as_deref()).await?;
                    self.networks_page(place, endpoint_id, listing.token()).await?
                }
            };
            let (rows, goes_on) = listing.add(page)?;
            networks.extend(rows);
            if networks.iter().map(String::len).sum::<usize>() > NETWORKS_BYTES {
                return Err(PageError::limit(Limit::Networks));
            }
            if !goes_on {
                return Ok(Some((networks, listing.unknown_elements)));
            }
        }
    }

    async fn networks_page(
        &self,
        place: &AccountRegion,
        endpoint_id: &EndpointId,
        token: Option<&str>,
    ) -> Result<ReadPage<Vec<String>>, PageError> {
        let reader = ResponseReader::networks();
        let call = self.client().describe_client_vpn_target_networks().max_results(PAGE_SIZE);
        let call = call.client_vpn_endpoint_id(endpoint_id.as_str()).set_next_token(token.map(str::to_owned));
        let answer = call.customize().interceptor(reader.clone()).send().await;
        let arn = place.arn_of(endpoint_id.as_str());
        answer.map_err(|error| page_error(error, Action::TargetNetworks, &arn, token))?;
        reader.take().ok_or_else(malformed)
    }
}

/// A listing that is kept in memory, page by page.
#[derive(Debug)]
struct InMemoryListing {
    pager: Pager,
    most_rows: usize,
    limit: Limit,
    rows: usize,
    bytes: usize,
    unknown_elements: BTreeSet<String>,
}

impl InMemoryListing {
    fn new(most_rows: usize, limit: Limit) -> InMemoryListing {
        let (pager, unknown_elements) = (Pager::new(None), BTreeSet::new());
        InMemoryListing { pager, most_rows, limit, rows: 0, bytes: 0, unknown_elements }
    }

    fn token(&self) -> Option<&str> {
        self.pager.token()
    }

    /// Adds a page. Returns its rows, and `true` if another page follows.
    fn add<T>(&mut self, page: ReadPage<Vec<T>>) -> Result<(Vec<T>, bool), PageError> {
        let ReadPage { end, bytes, rows, .. } = page;
        self.rows += rows.len();
        // Nothing of a page without rows is kept.
        self.bytes += if rows.is_empty() { 0 } else { bytes };
        if self.rows > self.most_rows || self.bytes > LISTING_BYTES {
            return Err(PageError::limit(self.limit));
        }
        self.unknown_elements.extend(end.unknown_elements);
        match self.pager.advance(end.next_token, rows.len()) {
            Next::Page => Ok((rows, true)),
            Next::End => Ok((rows, false)),
            Next::Repeated => Err(PageError::repeated_token()),
            Next::TooManyEmpty => Err(PageError::limit(Limit::EmptyPages)),
            Next::TooMany => Err(PageError::limit(Limit::Pages)),
            Next::TooManyRows => Err(PageError::limit(Limit::Rows)),
        }
    }
}

/// The endpoints of a listing so far, to detect those identical to an earlier one.
#[derive(Debug, Default)]
struct Repetitions {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl Repetitions {
    /// Returns `true` unless an identical endpoint was in an answer before. One without an id always counts as new.
    fn is_new(&mut self, endpoint: &Endpoint) -> bool {
        endpoint.endpoint_id.is_none() || self.seen.insert(self.hasher.hash_one(endpoint))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::error_code::ErrorCode;

    fn endpoint(digit: char, description: &str) -> Endpoint {
        Endpoint {
            endpoint_id: EndpointId::parse(&format!("cvpn-endpoint-0000000{digit}")),
            description: Some(description.to_owned()),
            ..Endpoint::default()
        }
    }

    #[test]
    fn an_endpoint_that_is_listed_twice_is_a_target_once_and_two_rows_if_they_differ() {
        let odd = Endpoint { endpoint_id: None, ..endpoint('1', "a") };
        let mut endpoints =
            vec![endpoint('2', "a"), endpoint('1', "a"), endpoint('1', "a"), endpoint('1', "b")];
        endpoints.extend([odd.clone(), odd.clone()]);
        let mut repetitions = Repetitions::default();
        endpoints.retain(|endpoint| repetitions.is_new(endpoint));
        assert_eq!(endpoints, [endpoint('2', "a"), endpoint('1', "a"), endpoint('1', "b"), odd.clone(), odd]);
        let now = Timestamp::UNIX_EPOCH;
        let times = PageTimes { first_page_requested_at: now, first_page_at: now, last_page_at: now };
        let unknown_elements = BTreeSet::new();
        let listing = EndpointListing { endpoints, times, clock_difference_seconds: None, unknown_elements };
        let ids: Vec<String> = listing.ids().iter().map(EndpointId::to_string).collect();
        assert_eq!(ids, ["cvpn-endpoint-00000002", "cvpn-endpoint-00000001"]);
        let fault = listing.odd_endpoints().unwrap();
        assert_eq!(fault.code, ErrorCode::MalformedEndpoint);
        assert!(fault.message.starts_with("2 of 5 endpoints"), "{}", fault.message);
    }

    #[test]
    fn a_listing_in_memory_has_a_limit() {
        let page = |rows: usize, bytes| ReadPage {
            request_id: None,
            end: crate::tables::xml::PageEnd { next_token: Some(rows.to_string()), ..Default::default() },
            bytes,
            rows: vec![(); rows],
        };
        for (name, pages, is_met) in [
            ("rows", vec![(LISTING_ROWS - 1, 1), (1, 1)], true),
            ("one row more", vec![(LISTING_ROWS - 1, 1), (2, 1)], false),
            ("bytes", vec![(1, LISTING_BYTES), (0, LISTING_BYTES)], true),
            ("one byte more", vec![(1, LISTING_BYTES), (2, 1)], false),
        ] {
            let mut listing = InMemoryListing::new(LISTING_ROWS, Limit::Endpoints);
            let end: Result<Vec<_>, PageError> =
                pages.into_iter().map(|(rows, bytes)| listing.add(page(rows, bytes))).collect();
            let code = end.err().map(|error| error.code);
            assert_eq!(code, (!is_met).then_some(ErrorCode::LimitExceeded), "{name}");
        }
    }
}
