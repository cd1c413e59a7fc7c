//! The log groups to which endpoints are configured to log.

use std::collections::BTreeMap;

use crate::aws::ec2::EndpointListing;
use crate::error_code::ErrorCode;
use crate::lake::ledger::CaptureError;
use crate::log_group::LogGroup;
use crate::tables::endpoints::Endpoint;
use crate::target::{EndpointId, PlaceTargets};

/// Most endpoints that an error names.
const MAX_NAMED_ENDPOINTS: usize = 10;

/// The log groups of the wanted endpoints of an account and Region.
#[derive(Debug, Default)]
pub(in crate::capture) struct ConfiguredGroups {
    /// The log groups, each with the endpoints that log to it.
    pub groups: BTreeMap<LogGroup, Vec<EndpointId>>,
    /// The error for endpoints whose log group is not known; `None` if all are.
    pub error: Option<CaptureError>,
    /// The error for wanted endpoints that are not listed; `None` if all are.
    pub targets_error: Option<CaptureError>,
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
        ConfiguredGroups {
            groups,
            error: (odd > 0).then(|| odd_groups(odd)),
            targets_error: not_listed(wanted, listing),
        }
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

/// Returns the error for wanted endpoints that are not among those listed.
fn not_listed(wanted: &PlaceTargets, listing: &EndpointListing) -> Option<CaptureError> {
    let is_listed =
        |id: &&EndpointId| listing.endpoints.iter().any(|listed| listed.endpoint_id.as_ref() == Some(id));
    let ids: Vec<&str> =
        wanted.endpoint_ids.iter().filter(|id| !is_listed(id)).map(EndpointId::as_str).collect();
    let (first, more) = ids.split_at(ids.len().min(MAX_NAMED_ENDPOINTS));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let message = format!(
        "EC2 does not list these targets, so there is no log group of them to read: {}{more}; correct the targets",
        first.join(", ")
    );
    (!ids.is_empty()).then(|| CaptureError::new(ErrorCode::TargetsNotListed, message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::aws::ec2::PageTimes;
    use crate::target::AccountRegion;

    fn endpoint(enabled: Option<bool>, group: Option<&str>, unparsed: &str) -> Endpoint {
        Endpoint {
            endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0"),
            connection_log_enabled: enabled,
            connection_log_group: group.map(str::to_owned),
            unparsed: (!unparsed.is_empty())
                .then(|| (unparsed.to_owned(), "x".to_owned()))
                .into_iter()
                .collect(),
            ..Endpoint::default()
        }
    }

    fn listing(endpoints: Vec<Endpoint>) -> EndpointListing {
        let time = Timestamp::UNIX_EPOCH;
        EndpointListing {
            endpoints,
            times: PageTimes { first_page_requested_at: time, first_page_at: time, last_page_at: time },
            clock_difference_seconds: None,
            unknown_elements: BTreeSet::new(),
        }
    }

    #[test]
    fn a_state_of_logging_that_is_not_understood_is_neither_on_nor_off() {
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let mut wanted = PlaceTargets::of(place);
        wanted.add(None);
        for (case, endpoint, groups, is_known) in [
            ("on", endpoint(Some(true), Some("vpn"), ""), 1, true),
            ("off", endpoint(Some(false), None, ""), 0, true),
            (
                "off, with a group and a new option",
                endpoint(Some(false), Some("vpn"), "connectionLogOptions.New"),
                0,
                true,
            ),
            ("not sent", endpoint(None, None, ""), 0, true),
            ("of another form", endpoint(None, Some("vpn"), "connectionLogOptions.Enabled"), 0, false),
            (
                "of another form without a group",
                endpoint(None, None, "connectionLogOptions.Enabled"),
                0,
                false,
            ),
            ("absent beside a group", endpoint(None, Some("vpn"), ""), 0, false),
            ("on, to no group", endpoint(Some(true), None, ""), 0, false),
            (
                "of no endpoint",
                Endpoint { endpoint_id: None, ..endpoint(Some(true), Some("vpn"), "") },
                0,
                false,
            ),
        ] {
            let found = ConfiguredGroups::of(&wanted, &listing(vec![endpoint]));
            assert_eq!((found.groups.len(), found.error.is_none()), (groups, is_known), "{case}");
            assert_eq!(found.targets_error, None, "{case}: all endpoints are wanted, whichever there are");
        }
    }

    #[test]
    fn targets_that_are_not_listed_are_an_error_and_the_others_are_read() {
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let id = |number: usize| EndpointId::parse(&format!("cvpn-endpoint-{number:017x}")).unwrap();
        let listed = Endpoint { endpoint_id: Some(id(0)), ..endpoint(Some(true), Some("vpn"), "") };
        let with_targets = |count: usize| {
            let mut wanted = PlaceTargets::of(place.clone());
            (0..count).for_each(|number| wanted.add(Some(&id(number))));
            let found = ConfiguredGroups::of(&wanted, &listing(vec![listed.clone()]));
            assert_eq!((found.groups.len(), found.error), (1, None));
            found.targets_error
        };
        assert_eq!(with_targets(1), None);
        let error = with_targets(2).unwrap();
        assert_eq!(error.code, ErrorCode::TargetsNotListed);
        assert!(error.message.contains(": cvpn-endpoint-00000000000000001;"), "{}", error.message);
        let error = with_targets(14).unwrap();
        assert!(error.message.contains("cvpn-endpoint-0000000000000000a and 3 more;"), "{}", error.message);
    }
}
