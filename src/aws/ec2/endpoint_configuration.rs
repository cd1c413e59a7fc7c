//! The configuration of one endpoint that EC2 does not list with it: its networks, authorization rules, routes, authorization
//! policy and revocation list.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::bounded_listing::{BoundedListing, ListingBounds, OF_ENDPOINT_ROWS, OF_NETWORKS};
use super::client::{Ec2Source, PAGE_SIZE, malformed, page_error};
use super::{Action, PageError, PageTimes};
use crate::answer_limits::{Limit, NETWORKS_BYTES};
use crate::aws::request_times::Timing;
use crate::aws::response_reader::{ReadPage, ResponseReader};
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::authorization_policy::PolicyAnswer;
use crate::tables::endpoints::networks::Association;
use crate::tables::endpoints::revocation_list::RevocationListAnswer;
use crate::tables::routes::Route;
use crate::target::Target;

/// The rows of a listing of one endpoint, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRows<T> {
    /// The rows, in AWS's order.
    pub rows: Vec<T>,
    /// Times of the pages that were read; `None` if none was.
    pub times: Option<PageTimes>,
    /// `true` if the last page was read.
    pub is_whole: bool,
    /// Names of elements beside them that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

impl<T> ListedRows<T> {
    /// Returns the time at which the last page arrived; `None` if it was not read.
    pub fn last_page_at(&self) -> Option<Timestamp> {
        self.times.filter(|_| self.is_whole).map(|times| times.last_page_at)
    }
}

/// Requests a page of a listing of one endpoint, or another answer about it.
macro_rules! ask {
    ($source:ident, $call:ident, $endpoint:ident, $action:expr, $reader:expr, page $token:ident) => {
        ask!(
            $source,
            $endpoint,
            $action,
            $reader,
            $token,
            $source
                .configuration_client()
                .$call()
                .max_results(PAGE_SIZE)
                .set_next_token($token.map(str::to_owned))
        )
    };
    ($source:ident, $call:ident, $endpoint:ident, $action:expr, $reader:expr) => {{
        let token: Option<&str> = None;
        let page = ask!($source, $endpoint, $action, $reader, token, $source.configuration_client().$call());
        page.map(|(answer, _)| answer)
    }};
    ($source:ident, $endpoint:ident, $action:expr, $reader:expr, $token:ident, $call:expr) => {{
        $source.budget().wait().await;
        let (reader, timing) = ($reader, $source.timing());
        let call = $call.client_vpn_endpoint_id($endpoint.endpoint_id.as_str()).customize();
        let call = call.interceptor(reader.clone()).interceptor(timing.clone());
        let answer = call.interceptor($source.budget().clone()).send().await;
        answer.map_err(|error| page_error(error, $action, &$endpoint.arn(), $token))?;
        reader.take().ok_or_else(malformed).map(|page| (page, timing))
    }};
}

impl Ec2Source {
    /// Lists the networks that an endpoint is associated with into `rows`, page by page.
    ///
    /// # Errors
    /// Returns an error if not all could be listed. The pages that were read are in `rows`.
    pub async fn associated_networks(
        &self,
        endpoint: &Target,
        rows: &mut EndpointRows<Association>,
    ) -> Result<(), PageError> {
        while rows.goes_on() {
            let page = || self.networks_page(endpoint, rows.listing.token());
            let (page, times) = self.arrived(self.with_credentials(page).await?);
            rows.add_networks(page, times)?;
        }
        Ok(())
    }

    /// Lists the authorization rules of an endpoint into `rows`, page by page.
    ///
    /// # Errors
    /// Returns an error if not all could be listed. The pages that were read are in `rows`.
    pub async fn authorization_rules(
        &self,
        endpoint: &Target,
        rows: &mut EndpointRows<EndpointRow<AuthorizationRule>>,
    ) -> Result<(), PageError> {
        while rows.goes_on() {
            let page = || self.rules_page(endpoint, rows.listing.token());
            let (page, times) = self.arrived(self.with_credentials(page).await?);
            rows.add_rows(page, times)?;
        }
        Ok(())
    }

    /// Lists the routes of an endpoint into `rows`, page by page.
    ///
    /// # Errors
    /// Returns an error if not all could be listed. The pages that were read are in `rows`.
    pub async fn routes(
        &self,
        endpoint: &Target,
        rows: &mut EndpointRows<EndpointRow<Route>>,
    ) -> Result<(), PageError> {
        while rows.goes_on() {
            let page = || self.routes_page(endpoint, rows.listing.token());
            let (page, times) = self.arrived(self.with_credentials(page).await?);
            rows.add_rows(page, times)?;
        }
        Ok(())
    }

    /// Reads the authorization policy of an endpoint. Returns an error beside an answer that names a policy without its document.
    ///
    /// # Errors
    /// Returns an error if EC2 refuses, or if no attempt received a complete answer.
    pub async fn authorization_policy(
        &self,
        endpoint: &Target,
    ) -> Result<(PolicyAnswer, Option<PageError>), PageError> {
        let page = self.with_credentials(|| self.try_authorization_policy(endpoint)).await?;
        let (answer, request_id) = (page.rows, page.request_id);
        let error =
            answer.lacks_document.then(|| PageError { request_id, ..PageError::no_policy_document() });
        Ok((answer, error))
    }

    /// Reads the list of revoked client certificates of an endpoint. Returns an error beside an answer that has something else in place
    /// of a list.
    ///
    /// # Errors
    /// Returns an error if EC2 refuses, or if no attempt received a complete answer.
    pub async fn revocation_list(
        &self,
        endpoint: &Target,
    ) -> Result<(RevocationListAnswer, Option<PageError>), PageError> {
        let page = self.with_credentials(|| self.try_revocation_list(endpoint)).await?;
        let (answer, request_id) = (page.rows, page.request_id);
        let error = answer.lacks_list.then(|| PageError { request_id, ..PageError::no_revocation_list() });
        Ok((answer, error))
    }

    /// Returns a page that has just arrived, with its times.
    fn arrived<T>(&self, (page, timing): (ReadPage<T>, Timing)) -> (ReadPage<T>, PageTimes) {
        let arrived_at = self.now();
        (page, PageTimes::of_page(timing.of_answer(arrived_at).requested_at, arrived_at))
    }

    async fn networks_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<(ReadPage<Vec<Association>>, Timing), PageError> {
        let reader = ResponseReader::networks(&endpoint.endpoint_id);
        ask!(self, describe_client_vpn_target_networks, endpoint, Action::TargetNetworks, reader, page token)
    }

    async fn rules_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<(ReadPage<Vec<EndpointRow<AuthorizationRule>>>, Timing), PageError> {
        let reader = ResponseReader::authorization_rules(&endpoint.endpoint_id);
        ask!(self, describe_client_vpn_authorization_rules, endpoint, Action::AuthorizationRules, reader, page token)
    }

    async fn routes_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<(ReadPage<Vec<EndpointRow<Route>>>, Timing), PageError> {
        let reader = ResponseReader::routes(&endpoint.endpoint_id);
        ask!(self, describe_client_vpn_routes, endpoint, Action::Routes, reader, page token)
    }

    async fn try_authorization_policy(&self, endpoint: &Target) -> Result<ReadPage<PolicyAnswer>, PageError> {
        let reader = ResponseReader::authorization_policy(&endpoint.endpoint_id);
        ask!(
            self,
            get_client_vpn_endpoint_authorization_policy,
            endpoint,
            Action::AuthorizationPolicy,
            reader
        )
    }

    async fn try_revocation_list(
        &self,
        endpoint: &Target,
    ) -> Result<ReadPage<RevocationListAnswer>, PageError> {
        let (reader, action) = (ResponseReader::revocation_list(), Action::RevocationList);
        ask!(self, export_client_vpn_client_certificate_revocation_list, endpoint, action, reader)
    }
}

/// The rows of a listing of one endpoint so far.
#[derive(Debug)]
pub struct EndpointRows<T> {
    listing: BoundedListing,
    rows: Vec<T>,
    times: Option<PageTimes>,
    is_whole: bool,
}

impl<T> EndpointRows<T> {
    fn new(bounds: ListingBounds) -> EndpointRows<T> {
        EndpointRows { listing: BoundedListing::new(bounds), rows: Vec::new(), times: None, is_whole: false }
    }

    /// Returns `true` if no row was read.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Ends the listing.
    pub fn into_listed(self) -> ListedRows<T> {
        let EndpointRows { listing, rows, times, is_whole } = self;
        ListedRows { rows, times, is_whole, unknown_elements: listing.unknown_elements }
    }

    /// Returns `true` until the last page is read.
    fn goes_on(&self) -> bool {
        !self.is_whole
    }

    /// Notes the times of a page.
    fn note(&mut self, times_of_page: PageTimes) {
        self.times = Some(self.times.map_or(times_of_page, |times| times.with(times_of_page)));
    }

    /// Adds a page.
    fn add(&mut self, page: ReadPage<Vec<T>>, times_of_page: PageTimes) -> Result<(), PageError> {
        self.note(times_of_page);
        let (rows, goes_on) = self.listing.add(page);
        self.rows.extend(rows);
        self.is_whole = !goes_on?;
        Ok(())
    }
}

impl<F> EndpointRows<EndpointRow<F>> {
    /// Adds a page of rules or routes, each of which has the request id and the time of its page.
    fn add_rows(
        &mut self,
        mut page: ReadPage<Vec<EndpointRow<F>>>,
        times: PageTimes,
    ) -> Result<(), PageError> {
        for row in &mut page.rows {
            row.request_id.clone_from(&page.request_id);
            row.captured_at = times.last_page_at;
        }
        self.add(page, times)
    }
}

impl EndpointRows<Association> {
    /// Adds a page of networks, unless their ids are longer than a column may have.
    fn add_networks(&mut self, page: ReadPage<Vec<Association>>, times: PageTimes) -> Result<(), PageError> {
        let ids = self.rows.iter().chain(&page.rows).filter_map(|network| network.subnet_id.as_ref());
        if ids.map(String::len).sum::<usize>() > NETWORKS_BYTES {
            self.note(times);
            return Err(PageError::limit(Limit::Networks));
        }
        self.add(page, times)
    }
}

impl<F> Default for EndpointRows<EndpointRow<F>> {
    fn default() -> EndpointRows<EndpointRow<F>> {
        EndpointRows::new(OF_ENDPOINT_ROWS)
    }
}

impl Default for EndpointRows<Association> {
    fn default() -> EndpointRows<Association> {
        EndpointRows::new(OF_NETWORKS)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::error_code::ErrorCode;
    use crate::tables::xml::PageEnd;
    use crate::target::EndpointId;

    const REQUESTED: &str = "2025-11-23T09:00:00Z";
    const ARRIVED: [&str; 3] = ["2025-11-23T09:00:01Z", "2025-11-23T09:00:02Z", "2025-11-23T09:00:03Z"];

    /// Adds pages, each of so many rows and with a token. Returns the result of the last one.
    fn add(
        listed: &mut EndpointRows<EndpointRow<()>>,
        pages: &[(usize, Option<&str>)],
    ) -> Result<(), PageError> {
        let mut result = Ok(());
        for ((rows, token), arrived) in pages.iter().zip(ARRIVED) {
            let row = EndpointRow {
                endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap(),
                request_id: None,
                captured_at: Timestamp::UNIX_EPOCH,
                fields: (),
                unparsed: BTreeMap::new(),
            };
            let end = PageEnd { next_token: token.map(str::to_owned), ..PageEnd::default() };
            let page = ReadPage { request_id: None, end, bytes: 1, rows: vec![row; *rows] };
            result = listed
                .add_rows(page, PageTimes::of_page(REQUESTED.parse().unwrap(), arrived.parse().unwrap()));
        }
        result
    }

    #[test]
    fn a_listing_has_the_time_of_its_last_page_even_without_rows() {
        for pages in [vec![(2, Some("a")), (1, None)], vec![(0, Some("a")), (0, None)]] {
            let mut listed = EndpointRows::default();
            add(&mut listed, &pages).unwrap();
            let listed = listed.into_listed();
            let times = listed.times.unwrap();
            let found = [times.first_page_requested_at, times.first_page_at, times.last_page_at];
            assert_eq!(
                found,
                [REQUESTED, ARRIVED[0], ARRIVED[1]].map(|time| time.parse().unwrap()),
                "{pages:?}"
            );
            assert!(listed.is_whole);
            assert_eq!(listed.rows.len(), pages.iter().map(|(rows, _)| rows).sum::<usize>());
        }
    }

    #[test]
    fn a_listing_that_is_cut_short_has_the_rows_and_times_of_its_pages() {
        let mut listed = EndpointRows::default();
        let error = add(&mut listed, &[(2, Some("a")), (3, Some("b")), (1, Some("a"))]).unwrap_err();
        assert_eq!(error.code, ErrorCode::RepeatedToken);
        let listed = listed.into_listed();
        assert_eq!((listed.rows.len(), listed.is_whole), (6, false));
        assert_eq!(listed.times.unwrap().last_page_at, ARRIVED[2].parse().unwrap());
        assert_eq!(listed.rows[5].captured_at, ARRIVED[2].parse().unwrap());
    }

    #[test]
    fn networks_whose_ids_are_too_long_for_a_column_are_not_added() {
        let page = |bytes: usize| {
            let network = Association {
                subnet_id: Some("x".repeat(bytes)),
                json: serde_json::Value::Null,
                unparsed: BTreeMap::new(),
            };
            let end = PageEnd { next_token: Some(bytes.to_string()), ..PageEnd::default() };
            ReadPage { request_id: None, end, bytes: 1, rows: vec![network] }
        };
        let times = PageTimes::of_page(REQUESTED.parse().unwrap(), ARRIVED[0].parse().unwrap());
        let mut listed: EndpointRows<Association> = EndpointRows::default();
        listed.add_networks(page(NETWORKS_BYTES - 1), times).unwrap();
        let error = listed.add_networks(page(2), times).unwrap_err();
        assert_eq!(error.message, PageError::limit(Limit::Networks).message);
        assert_eq!((listed.rows.len(), listed.is_whole), (1, false));
        listed.add_networks(page(1), times).unwrap();
    }
}
