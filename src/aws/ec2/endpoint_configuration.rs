//! The configuration of one endpoint that EC2 does not list with it: its networks, authorization rules, routes, authorization
//! policy and revocation list.

use std::collections::BTreeSet;

use super::client::{Ec2Source, PAGE_SIZE, malformed, page_error};
use super::in_memory_listing::{InMemoryListing, OF_ENDPOINT_ROWS, OF_NETWORKS};
use super::{Action, PageError};
use crate::answer_limits::{Limit, NETWORKS_BYTES};
use crate::aws::response_reader::{ReadPage, ResponseReader};
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::endpoint_row::{EndpointFields, EndpointRow};
use crate::tables::endpoints::authorization_policy::PolicyAnswer;
use crate::tables::endpoints::networks::Association;
use crate::tables::endpoints::revocation_list::RevocationListAnswer;
use crate::tables::routes::Route;
use crate::target::Target;

/// The rows of a listing of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRows<T> {
    /// The rows, in AWS's order.
    pub rows: Vec<T>,
    /// Names of elements beside them that this program does not know.
    pub unknown_elements: BTreeSet<String>,
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
        ask!($source, $endpoint, $action, $reader, token, $source.configuration_client().$call())
    }};
    ($source:ident, $endpoint:ident, $action:expr, $reader:expr, $token:ident, $call:expr) => {{
        $source.budget().wait().await;
        let reader = $reader;
        let call = $call.client_vpn_endpoint_id($endpoint.endpoint_id.as_str()).customize();
        let answer = call.interceptor(reader.clone()).interceptor($source.budget().clone()).send().await;
        answer.map_err(|error| page_error(error, $action, &$endpoint.arn(), $token))?;
        reader.take().ok_or_else(malformed)
    }};
}

impl Ec2Source {
    /// Lists the networks that an endpoint is associated with.
    ///
    /// # Errors
    /// Returns an error if not all could be listed.
    pub async fn associated_networks(&self, endpoint: &Target) -> Result<ListedRows<Association>, PageError> {
        let mut listing = InMemoryListing::new(OF_NETWORKS);
        let mut rows: Vec<Association> = Vec::new();
        loop {
            let page = || self.networks_page(endpoint, listing.token());
            let (page, goes_on) = listing.add(self.with_credentials(page).await?)?;
            rows.extend(page);
            let ids = rows.iter().filter_map(|association| association.subnet_id.as_ref());
            if ids.map(String::len).sum::<usize>() > NETWORKS_BYTES {
                return Err(PageError::limit(Limit::Networks));
            }
            if !goes_on {
                return Ok(ListedRows { rows, unknown_elements: listing.unknown_elements });
            }
        }
    }

    /// Lists the authorization rules of an endpoint.
    ///
    /// # Errors
    /// Returns an error if not all could be listed.
    pub async fn authorization_rules(
        &self,
        endpoint: &Target,
    ) -> Result<ListedRows<EndpointRow<AuthorizationRule>>, PageError> {
        let mut rows = EndpointRows::new();
        while rows.goes_on {
            let page = || self.rules_page(endpoint, rows.listing.token());
            rows.add(self.with_credentials(page).await?, self)?;
        }
        Ok(rows.into_listed())
    }

    /// Lists the routes of an endpoint.
    ///
    /// # Errors
    /// Returns an error if not all could be listed.
    pub async fn routes(&self, endpoint: &Target) -> Result<ListedRows<EndpointRow<Route>>, PageError> {
        let mut rows = EndpointRows::new();
        while rows.goes_on {
            let page = || self.routes_page(endpoint, rows.listing.token());
            rows.add(self.with_credentials(page).await?, self)?;
        }
        Ok(rows.into_listed())
    }

    /// Reads the authorization policy of an endpoint.
    ///
    /// # Errors
    /// Returns an error if EC2 refuses, or if no attempt received a complete answer.
    pub async fn authorization_policy(&self, endpoint: &Target) -> Result<PolicyAnswer, PageError> {
        Ok(self.with_credentials(|| self.try_authorization_policy(endpoint)).await?.rows)
    }

    /// Reads the list of revoked client certificates of an endpoint.
    ///
    /// # Errors
    /// Returns an error if EC2 refuses, or if no attempt received a complete answer.
    pub async fn revocation_list(&self, endpoint: &Target) -> Result<RevocationListAnswer, PageError> {
        Ok(self.with_credentials(|| self.try_revocation_list(endpoint)).await?.rows)
    }

    async fn networks_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<ReadPage<Vec<Association>>, PageError> {
        let reader = ResponseReader::networks(&endpoint.endpoint_id);
        ask!(self, describe_client_vpn_target_networks, endpoint, Action::TargetNetworks, reader, page token)
    }

    async fn rules_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<ReadPage<Vec<EndpointRow<AuthorizationRule>>>, PageError> {
        let reader = ResponseReader::authorization_rules(&endpoint.endpoint_id);
        ask!(self, describe_client_vpn_authorization_rules, endpoint, Action::AuthorizationRules, reader, page token)
    }

    async fn routes_page(
        &self,
        endpoint: &Target,
        token: Option<&str>,
    ) -> Result<ReadPage<Vec<EndpointRow<Route>>>, PageError> {
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
struct EndpointRows<F> {
    listing: InMemoryListing,
    rows: Vec<EndpointRow<F>>,
    goes_on: bool,
}

impl<F: EndpointFields> EndpointRows<F> {
    fn new() -> EndpointRows<F> {
        EndpointRows { listing: InMemoryListing::new(OF_ENDPOINT_ROWS), rows: Vec::new(), goes_on: true }
    }

    /// Adds a page that has just arrived.
    fn add(&mut self, page: ReadPage<Vec<EndpointRow<F>>>, source: &Ec2Source) -> Result<(), PageError> {
        let (request_id, captured_at) = (page.request_id.clone(), source.now());
        let (rows, goes_on) = self.listing.add(page)?;
        let of_page = |row| EndpointRow { request_id: request_id.clone(), captured_at, ..row };
        self.rows.extend(rows.into_iter().map(of_page));
        self.goes_on = goes_on;
        Ok(())
    }

    fn into_listed(self) -> ListedRows<EndpointRow<F>> {
        ListedRows { rows: self.rows, unknown_elements: self.listing.unknown_elements }
    }
}
