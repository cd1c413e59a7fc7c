//! The endpoints of one account and Region, with their configuration.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::bounded_listing::{BoundedListing, OF_ENDPOINTS};
use super::client::{Ec2Source, PAGE_SIZE, malformed, page_error};
use super::{Action, PageError, larger_difference};
use crate::aws::ec2::PageTimes;
use crate::aws::request_times::Timing;
use crate::aws::response_reader::{ReadPage, ResponseReader};
use crate::tables::endpoints::Endpoint;
use crate::target::{AccountRegion, EndpointId};

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
        let mut listing = BoundedListing::new(OF_ENDPOINTS);
        let (mut endpoints, mut repetitions) = (Vec::new(), Repetitions::default());
        let (mut begin, mut clock_difference_seconds) = (None, None);
        loop {
            let page = || self.endpoints_page(place, listing.token());
            let (page, timing) = self.with_credentials(page).await?;
            let (request_id, captured_at) = (page.request_id.clone(), self.now());
            let timed = timing.of_answer(captured_at);
            clock_difference_seconds =
                larger_difference(clock_difference_seconds, timed.clock_difference_seconds);
            let (first_page_requested_at, first_page_at) =
                *begin.get_or_insert((timed.requested_at, captured_at));
            let (rows, goes_on) = listing.add(page);
            let goes_on = goes_on?;
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
}
