//! A request for an action of EC2.

use crate::access::Access;
use crate::account_region::AccountRegion;
use crate::error::ApiError;
use crate::fault::{FaultKind, FaultyAction};
use crate::parameters::{Filters, Parameters, is_filter};
use crate::people::People;
use crate::state::State;
use std::sync::Arc;

/// Parameters of a listing of something that an endpoint has, beside its filters.
const LISTING_PARAMETERS: &[&str] = &["ClientVpnEndpointId", "MaxResults", "NextToken"];

/// A request for an action of EC2, with the faults that apply to it.
pub(crate) struct Inquiry<'a> {
    pub(crate) state: &'a State,
    pub(crate) location: &'a AccountRegion,
    pub(crate) parameters: &'a Parameters,
    pub(crate) action: FaultyAction,
    pub(crate) faults: Vec<FaultKind>,
    pub(crate) request_id: String,
}

impl Inquiry<'_> {
    /// Returns the endpoint whose list is wanted, and the filters. `more` accepts further parameters of the action.
    pub(crate) fn listed(
        &self,
        filters: &[&str],
        more: impl Fn(&str) -> bool,
    ) -> Result<(Arc<People>, Filters), ApiError> {
        let known = |name: &str| LISTING_PARAMETERS.contains(&name) || is_filter(name) || more(name);
        self.parameters.only(known)?;
        let endpoint_id = self.parameters.required("ClientVpnEndpointId")?;
        let filters = self.parameters.filters(filters)?;
        self.parameters.page_size()?;
        Ok((self.find(endpoint_id)?, filters))
    }

    /// Returns the endpoint that an action without a listing is for, unless the request is a `DryRun`.
    pub(crate) fn asked(&self) -> Result<Arc<People>, ApiError> {
        self.parameters.only(|name| name == "ClientVpnEndpointId")?;
        let fleet = self.find(self.parameters.required("ClientVpnEndpointId")?)?;
        self.end_dry_run()?;
        Ok(fleet)
    }

    /// Returns the access settings in force.
    pub(crate) fn access(&self, fleet: &People) -> Arc<Access> {
        self.state.access.of(self.location, fleet)
    }

    /// Returns the endpoint of this id, if the account and Region have it.
    pub(crate) fn find(&self, endpoint_id: &str) -> Result<Arc<People>, ApiError> {
        if !is_endpoint_id(endpoint_id) {
            return Err(ApiError::malformed_endpoint(endpoint_id));
        }
        let found = self.state.places.find(self.location, endpoint_id);
        found.ok_or_else(|| ApiError::endpoint_not_found(endpoint_id))
    }

    /// Ends a `DryRun`. Call it after the endpoint was found, since permissions may be given for the endpoint alone.
    pub(crate) fn end_dry_run(&self) -> Result<(), ApiError> {
        if self.parameters.dry_run()? { Err(ApiError::dry_run()) } else { Ok(()) }
    }

    pub(crate) fn meets(&self, fault: &FaultKind) -> bool {
        self.faults.contains(fault)
    }
}

/// Checks that a text is an endpoint id, though perhaps of none that exists.
fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix("cvpn-endpoint-").is_some_and(|digits| {
        [8, 17].contains(&digits.len())
            && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}
