//! The settings that are drawn.

use super::*;
use crate::config::Config;
use jiff::Timestamp;
use std::collections::BTreeSet;

fn accesses() -> Vec<Access> {
    let home = Config::fleet(1, 60, 1).home();
    let endpoints = Config::fleet(1, 60, 1).endpoints.into_iter();
    endpoints.map(|endpoint| Access::draw(&home, &People::new(1, endpoint))).collect()
}

fn share(is: impl Fn(&Access) -> bool) -> usize {
    accesses().iter().filter(|access| is(access)).count()
}

#[test]
fn the_same_endpoint_always_has_the_same_access() {
    assert_eq!(accesses(), accesses());
}

#[test]
fn endpoints_vary_in_all_that_decides_about_access() {
    let counts = |of: fn(&Access) -> usize| accesses().iter().map(of).collect::<BTreeSet<_>>();
    assert_eq!(counts(|access| access.rules.len()), BTreeSet::from([1, 2, 3, 4, 5, 6]));
    assert_eq!(counts(|access| access.routes.len()), BTreeSet::from([1, 2, 3, 4, 5]));
    assert!((24..=36).contains(&share(|access| access.policy.is_some())));
    assert!((34..=46).contains(&share(|access| access.revocation_list.is_some())));
    let has_rule = |is: fn(&AuthorizationRule) -> bool| share(|access| access.rules.iter().any(is));
    assert!(has_rule(|rule| rule.access_all) > 20 && has_rule(|rule| !rule.access_all) > 20);
    assert!(has_rule(|rule| rule.destination_cidr == "0.0.0.0/0") > 10);
    assert!(has_rule(|rule| rule.group_id.as_ref().is_some_and(|id| id.starts_with("S-1-5-21-"))) > 5);
    let odd = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(['<', '"', 'ü']));
    assert!(share(|access| access.rules.iter().any(|rule| odd(&rule.description))) > 10);
    assert!(share(|access| access.policy.as_ref().is_some_and(|policy| policy.document.contains('<'))) > 3);
}

#[test]
fn a_rule_is_for_a_group_or_for_everybody_and_for_one_network() {
    for access in accesses() {
        let group = |rule: &AuthorizationRule| rule.group_id.clone().unwrap_or_default();
        assert!(access.rules.iter().all(|rule| rule.access_all == group(rule).is_empty()));
        let networks: BTreeSet<_> = access.rules.iter().map(|rule| &rule.destination_cidr).collect();
        assert_eq!(networks.len(), access.rules.len());
    }
}

#[test]
fn an_endpoint_of_a_transit_gateway_has_neither_vpc_nor_subnets() {
    let mut access = accesses().remove(0);
    access.attach_to(TransitGateway {
        id: "tgw-0123456789abcdef0".to_owned(),
        attachment_id: "tgw-attach-0123456789abcdef0".to_owned(),
        availability_zones: vec!["eu-central-1a".to_owned()],
        availability_zone_ids: vec!["euc1-az2".to_owned()],
    });
    assert_eq!(access.options.vpc_id, None);
    let attachment = Some("tgw-attach-0123456789abcdef0".to_owned());
    assert!(access.routes.iter().all(|route| route.target_subnet.is_none()));
    assert!(access.routes.iter().all(|route| route.transit_gateway_attachment_id == attachment));
}

#[test]
fn a_revocation_list_of_100_000_entries_is_one_document() {
    let time = Timestamp::from_second(1_795_420_800).unwrap();
    let list = RevocationList::of_serials(time, 1..=100_000);
    let (der, pem) = (list.der(), list.pem());
    assert_eq!(der[..2], [0x30, 0x83], "a sequence with a length of three bytes");
    let length = der[2..5].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    assert_eq!(length, der.len() - 5);
    assert!(pem.starts_with("-----BEGIN X509 CRL-----\n") && pem.ends_with("\n-----END X509 CRL-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
}
