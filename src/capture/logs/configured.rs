//! The log groups to which endpoints are configured to log.

use std::collections::BTreeMap;

use crate::aws::ec2::EndpointListing;
use crate::error_code::ErrorCode;
use crate::lake::ledger::CaptureError;
use crate::log_group::LogGroup;
use crate::tables::endpoints::Endpoint;
use crate::target::{EndpointId, PlaceTargets};

/// The log groups of the wanted endpoints of an account and Region.
#[derive(Debug, Default)]
pub(in crate::capture) struct ConfiguredGroups {
    /// The log groups, each with the endpoints that log to it.
    pub groups: BTreeMap<LogGroup, Vec<EndpointId>>,
    /// The error for endpoints whose log group is not known; `None` if all are.
    pub error: Option<CaptureError>,
}

impl ConfiguredGroups {
    /// Returns the log groups of the wanted endpoints that log.
    pub(in crate::capture) fn of(wanted: &PlaceTargets, listing: &EndpointListing) -> ConfiguredGroups {
        let mut groups: BTreeMap<LogGroup, Vec<EndpointId>> = BTreeMap::new();
        let mut odd = 0;
        for endpoint in listing.endpoints.iter().filter(|endpoint| !endpoint.is_deleted()) {
            // One without an id may be any of the wanted.
            let Some(id) = &endpoint.endpoint_id else {
                odd += 1;
                continue;
            };
            if !wanted.wants(id) {
                continue;
            }
            match endpoint.connection_log_enabled {
                Some(true) => {}
                None if is_odd(endpoint) => {
                    odd += 1;
                    continue;
                }
                Some(false) | None => continue,
            }
            let name = endpoint.connection_log_group.as_deref();
            let Some(group) = name.and_then(|name| LogGroup::new(&wanted.place, name)) else {
                odd += 1;
                continue;
            };
            let ids = groups.entry(group).or_default();
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ConfiguredGroups { groups, error: (odd > 0).then(|| odd_groups(odd)) }
    }
}

/// Returns `true` if EC2 says something of the connection logging of an endpoint that is neither on nor off.
fn is_odd(endpoint: &Endpoint) -> bool {
    endpoint.connection_log_group.is_some()
        || endpoint.unparsed.keys().any(|name| name.starts_with("connectionLogOptions"))
}

/// Returns the error for endpoints whose log groups have no name that a log group can have. The names may be anything.
fn odd_groups(odd: usize) -> CaptureError {
    let message = format!(
        "of {odd} endpoints it is not known whether they log, or to which log group: EC2 sent no id, no state of connection logging, \
         or no name that a log group can have; their rows in the table endpoints show what it sent"
    );
    CaptureError::new(ErrorCode::MalformedEndpoint, message)
}
