//! The endpoints that exist: those that EC2 lists now, compared with those of the previous record.

use crate::lake::ledger::recorded::KnownEndpoints;
use crate::lake::ledger::{CaptureError, Discovery};
use crate::target::{EndpointId, PlaceTargets, Target};

/// Compares the listed endpoints with the known ones. If the listing failed, the known ones are assumed to exist still, so that
/// each of them is tried, and a missed one is named.
pub fn discover(listed: Result<Vec<EndpointId>, CaptureError>, known: Option<&KnownEndpoints>) -> Discovery {
    let before = known.map_or(&[][..], |known| &known.endpoints);
    let texts = |ids: Vec<EndpointId>| ids.iter().map(EndpointId::to_string).collect();
    let without = |ids: &[EndpointId], others: &[EndpointId]| -> Vec<EndpointId> {
        ids.iter().filter(|id| !others.contains(id)).cloned().collect()
    };
    let known_since = known.map(|known| known.since);
    match listed {
        Ok(listed) => Discovery {
            discovered: texts(without(&listed, before)),
            gone: texts(without(before, &listed)),
            endpoints: Some(listed),
            known_since,
            ..Discovery::default()
        },
        Err(error) => Discovery {
            endpoints: known.map(|known| known.endpoints.clone()),
            discovered: Vec::new(),
            gone: Vec::new(),
            known_since,
            error: Some(error),
            ..Discovery::default()
        },
    }
}

/// Returns the targets to capture: the named ones, then the other endpoints that were found. Each once.
pub fn targets(wanted: &PlaceTargets, discovery: Option<&Discovery>) -> Vec<Target> {
    let found = discovery.and_then(|discovery| discovery.endpoints.as_deref()).unwrap_or_default();
    let beside = found.iter().filter(|id| !wanted.endpoint_ids.contains(id));
    wanted.endpoint_ids.iter().chain(beside).map(|id| wanted.target(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_code::ErrorCode;
    use crate::snapshot_time::SnapshotTime;
    use crate::target::{AccountId, AccountRegion, Region};

    fn ids(digits: &[u32]) -> Vec<EndpointId> {
        let id = |digit: &u32| EndpointId::parse(&format!("cvpn-endpoint-{digit:08x}")).unwrap();
        digits.iter().map(id).collect()
    }

    fn known(digits: &[u32]) -> KnownEndpoints {
        KnownEndpoints { endpoints: ids(digits), since: SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap() }
    }

    #[test]
    fn what_appears_and_what_goes_is_told_against_the_record_before() {
        let discovery = discover(Ok(ids(&[2, 3])), Some(&known(&[1, 2])));
        assert_eq!(discovery.endpoints, Some(ids(&[2, 3])));
        assert_eq!(discovery.discovered, ["cvpn-endpoint-00000003"]);
        assert_eq!(discovery.gone, ["cvpn-endpoint-00000001"]);
        let first = discover(Ok(ids(&[2])), None);
        assert_eq!((first.discovered.len(), first.gone.len(), first.known_since), (1, 0, None));
    }

    #[test]
    fn what_could_not_be_listed_is_as_it_was() {
        let error = CaptureError::new(ErrorCode::AssumeRoleRefused, "no");
        let discovery = discover(Err(error.clone()), Some(&known(&[1, 2])));
        assert_eq!((discovery.endpoints, discovery.error), (Some(ids(&[1, 2])), Some(error.clone())));
        assert_eq!((discovery.discovered.len(), discovery.gone.len()), (0, 0));
        assert_eq!(discover(Err(error), None).endpoints, None, "nobody knows");
    }

    #[test]
    fn each_endpoint_is_a_target_once() {
        let place = AccountRegion {
            account_id: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let mut wanted = PlaceTargets::of(place);
        wanted.endpoint_ids = ids(&[3, 1]);
        let targets = targets(&wanted, Some(&discover(Ok(ids(&[1, 2])), None)));
        let found: Vec<EndpointId> = targets.into_iter().map(|target| target.endpoint_id).collect();
        assert_eq!(found, ids(&[3, 1, 2]));
    }
}
