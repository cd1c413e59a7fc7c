"""Cases of changes of the configuration."""

import json

from edge_cases import case, expect
from edge_lakes import MINUTE, SAML, A, B, C, D, at, route, rule
from ledgers import REFUSED

COLUMNS = "endpoint_id from_snapshot to_snapshot kind name from_value to_value"
#: Values of rules and routes as the question shows them.
RULE = lambda status="active", description=None: text(status_code=status, description=description)
ROUTE = lambda status="active": text(status_code=status, origin=None, type=None, description=None)
TIMES = ["09 10:00", "09 10:15", "09 10:30", "09 10:45", "09 11:00", "09 11:15"]


def text(**values):
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def changes(lake, *rows, **more):
    """`rows` with texts of times."""
    rows = [(row[0], at(row[1]), at(row[2]), *row[3:]) for row in rows]
    expect(lake, "configuration_changes", COLUMNS, rows, **more)


@case
def unchanged(lake):
    """Nothing changes: the order in which AWS lists does not count, nor do arrivals, request ids and messages."""
    rules, routes = [rule("10.1.0.0/16", "g"), rule("10.2.0.0/16")], [route("10.1.0.0/16"), route("10.2.0.0/16", None)]
    for number, time in enumerate(TIMES):
        step = 1 if number % 2 else -1
        associated = {"code": "associated", "message": str(number)}
        associations = [{"securityGroups": ["sg-1", "sg-2"][::step], "status": associated, "associationId": "b"}, {"associationId": "a"}]
        lake.configured(
            at(time),
            [dict(row, status_message=str(number)) for row in rules[::step]],
            routes[::step],
            request_id=str(number),
            status_message=str(number),
            dns_servers=["10.0.0.1", "10.0.0.2"][::step],
            associated_networks=["s-1", "s-2"][::step],
            network_associations=json.dumps(associations[::step]),
            device_trust_providers=json.dumps([{"provider": "jamf"}, {"provider": "jamf", "status": associated}][::step]),
            associated_target_networks=json.dumps([{"networkId": "s-1"}, {"networkId": "s-2"}][::step]),
            tags=dict([("a", "1"), ("b", "2")][::step]),
            unparsed={"new": str(number)},
        )
    changes(lake)


@case
def networks_changed(lake):
    """Associations are shown in an order of their own, without messages. Networks of an endpoint that was deleted between two calls
    are not known, so they have not changed."""
    first = [{"associationId": "a", "status": {"code": "associated", "message": "m"}, "zones": ["2", "1"]}]
    second = [{"associationId": "b"}, {"associationId": "a", "status": {"code": "failed"}, "zones": []}]
    for time, networks in zip(TIMES, [first, second, None, second, []], strict=False):
        lake.configured(
            at(time),
            associated_networks=None if networks is None else [one["associationId"] for one in networks],
            network_associations=None if networks is None else json.dumps(networks),
        )
    shown = ['{"associationId":"a","status":"associated","zones":["1","2"]}', '{"associationId":"a","status":"failed","zones":[]}, {"associationId":"b"}']
    option = "option", "network_associations"
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "option", "associated_networks", '["a"]', '["a","b"]'),
        (A, TIMES[0], TIMES[1], *option, *shown),
        (A, TIMES[3], TIMES[4], "option", "associated_networks", '["a","b"]', "[]"),
        (A, TIMES[3], TIMES[4], *option, shown[1], ""),
    )


@case
def rules_changed(lake):
    """A rule is added, changed, removed and added again; one for all users and one for a group are two."""
    shown = [
        [rule("10.1.0.0/16", "g")],
        [rule("10.1.0.0/16", "g"), rule("10.1.0.0/16", status="authorizing")],
        [rule("10.1.0.0/16", "g"), rule("10.1.0.0/16")],
        [rule("10.1.0.0/16", description="ä")],
        [rule("10.1.0.0/16", "g"), rule("10.1.0.0/16", description="ä")],
    ]
    for time, rules in zip(TIMES, shown, strict=False):
        lake.configured(at(time), rules)
    name, group = "10.1.0.0/16 for all users", "10.1.0.0/16 for group g"
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "authorization_rule", name, None, RULE("authorizing")),
        (A, TIMES[1], TIMES[2], "authorization_rule", name, RULE("authorizing"), RULE()),
        (A, TIMES[2], TIMES[3], "authorization_rule", name, RULE(), RULE(description="ä")),
        (A, TIMES[2], TIMES[3], "authorization_rule", group, RULE(), None),
        (A, TIMES[3], TIMES[4], "authorization_rule", group, None, RULE()),
    )


@case
def routes_changed(lake):
    """Routes by their target: a subnet, or a transit gateway. IPv6 is a text like any other."""
    gateway = route("::/0", None, transit_gateway_attachment_id="tgw-1")
    shown = [[route("10.0.0.0/8")], [route("10.0.0.0/8", "subnet-2")], [gateway], [dict(gateway, status_code="failed")], []]
    for time, routes in zip(TIMES, shown, strict=False):
        lake.configured(at(time), routes=routes)
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "route", "10.0.0.0/8 via subnet-1", ROUTE(), None),
        (A, TIMES[0], TIMES[1], "route", "10.0.0.0/8 via subnet-2", None, ROUTE()),
        (A, TIMES[1], TIMES[2], "route", "10.0.0.0/8 via subnet-2", ROUTE(), None),
        (A, TIMES[1], TIMES[2], "route", "::/0 via tgw-1", None, ROUTE()),
        (A, TIMES[2], TIMES[3], "route", "::/0 via tgw-1", ROUTE(), ROUTE("failed")),
        (A, TIMES[3], TIMES[4], "route", "::/0 via tgw-1", ROUTE("failed"), None),
    )


@case
def routes_with_empty_elements(lake):
    """An element without a text names no target."""
    for time, target in zip(TIMES, ["tgw-1", "tgw-2", "", None], strict=False):
        lake.configured(at(time), routes=[route("10.0.0.0/8", "", transit_gateway_attachment_id=target)])
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "route", "10.0.0.0/8 via tgw-1", ROUTE(), None),
        (A, TIMES[0], TIMES[1], "route", "10.0.0.0/8 via tgw-2", None, ROUTE()),
        (A, TIMES[1], TIMES[2], "route", "10.0.0.0/8 via not known", None, ROUTE()),
        (A, TIMES[1], TIMES[2], "route", "10.0.0.0/8 via tgw-2", ROUTE(), None),
    )


@case
def lists_without_a_hash(lake):
    """A revocation list with characters that are not allowed has no hash: its text is compared."""
    shown = [
        {"revocation_list_sha256": "aa"},
        {"unparsed": {"certificateRevocationList": "one"}},
        {"unparsed": {"certificateRevocationList": "two"}},
        {},
    ]
    for time, values in zip(TIMES, shown, strict=False):
        lake.configured(at(time), **values)
    name = ("revocation_list", "revocation_list_sha256")
    changes(
        lake,
        (A, TIMES[0], TIMES[1], *name, "aa", "one"),
        (A, TIMES[1], TIMES[2], *name, "one", "two"),
        (A, TIMES[2], TIMES[3], *name, "two", None),
    )


@case
def unknown_between(lake):
    """What is not known is no change, at the beginning, between and at the end: the change is between what is known."""
    policy, no_policy = {"authorization_policy": "permit"}, {"unparsed": {"authorizationPolicy#error": "Timeout"}}
    no_list = {"unparsed": {"certificateRevocationList#error": "Timeout"}}
    no_networks = {"associated_networks": None, "unparsed": {"targetNetworkId#error": "Timeout"}}
    networks = {"associated_networks": ["s-1"]}
    lake.configured(at(TIMES[0]), None, None, **networks)
    lake.configured(at(TIMES[1]), [rule("10.1.0.0/16", "g")], [route("10.0.0.0/8")], **policy, **networks)
    lake.configured(at(TIMES[2]), None, None, **no_networks)
    lake.configured(at(TIMES[3]), [rule("10.1.0.0/16", "g")], [], **no_policy, **networks)
    lake.configured(at(TIMES[4]), None, None, **no_list, **networks)
    lake.configured(at(TIMES[5]), [], None, authorization_policy="permit", revocation_list_sha256="00", associated_networks=[])
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "authorization_policy", "authorization_policy", None, "permit"),
        # Of TIMES[2] too, AWS gave no policy: null is known, without an error.
        (A, TIMES[1], TIMES[2], "authorization_policy", "authorization_policy", "permit", None),
        (A, TIMES[1], TIMES[3], "route", "10.0.0.0/8 via subnet-1", ROUTE(), None),
        (A, TIMES[4], TIMES[5], "authorization_policy", "authorization_policy", None, "permit"),
        (A, TIMES[3], TIMES[5], "authorization_rule", "10.1.0.0/16 for group g", RULE(), None),
        (A, TIMES[4], TIMES[5], "option", "associated_networks", '["s-1"]', "[]"),
        (A, TIMES[3], TIMES[5], "revocation_list", "revocation_list_sha256", None, "00"),
    )


@case
def some_pages_between(lake):
    """The rules of the pages before a fault are no list: those that it lacks were not removed."""
    both = [rule("10.1.0.0/16", "g"), rule("10.2.0.0/16", "g")]
    error = {"authorizationRule#error": "Timeout"}
    for time, rules, unparsed in zip(TIMES, [both, both[:1], both[1:], both[:1]], [{}, error, error, {}], strict=False):
        lake.configured(at(time), rules, unparsed=unparsed)
    changes(lake, (A, TIMES[0], TIMES[3], "authorization_rule", "10.2.0.0/16 for group g", RULE(), None))


@case
def known_up_to_an_error(lake):
    """A value is known up to the last snapshot before an error, and from the first after it, also if it is null as with an error."""
    error = {"unparsed": {"authorizationPolicy#error": "Timeout"}}
    for number, values in enumerate([{}, {}, error, {"authorization_policy": "permit"}, error, error]):
        lake.configured(at(TIMES[number]), **values)
    for number in range(2):
        lake.configured(at("09 11:30") + number * 15 * MINUTE)
    changes(
        lake,
        (A, TIMES[1], TIMES[3], "authorization_policy", "authorization_policy", None, "permit"),
        (A, TIMES[3], "09 11:30", "authorization_policy", "authorization_policy", "permit", None),
    )


@case
def policies_and_lists(lake):
    """The policy and the revocation list, with their own kinds. A policy that is not known and comes back the same has not changed."""
    policy = {"authorization_policy": "permit (a,b);\n", "authorization_policy_shadow_mode": "enabled"}
    revoked = {"revocation_list_sha256": "aa", "revocation_list_entries": 1, "revocation_list_next_update": at("19 00:00")}
    error = {"authorizationPolicy#error": "UnauthorizedOperation", "certificateRevocationList#error": "UnauthorizedOperation"}
    lake.configured(at(TIMES[0]), **policy, **revoked, revocation_list="one")
    lake.configured(at(TIMES[1]), unparsed=error)
    lake.configured(at(TIMES[2]), **policy, **revoked, revocation_list="two", revocation_list_status_message="m")
    policy["authorization_policy_shadow_mode"] = "disabled"
    lake.configured(at(TIMES[3]), **policy, **revoked | {"revocation_list_entries": 2}, revocation_list_status_code="pending")
    lake.configured(at(TIMES[4]), **policy)
    changes(
        lake,
        (A, TIMES[2], TIMES[3], "authorization_policy", "authorization_policy_shadow_mode", "enabled", "disabled"),
        (A, TIMES[2], TIMES[3], "revocation_list", "revocation_list_entries", "1", "2"),
        (A, TIMES[2], TIMES[3], "revocation_list", "revocation_list_status_code", None, "pending"),
        (A, TIMES[3], TIMES[4], "revocation_list", "revocation_list_entries", "2", None),
        (A, TIMES[3], TIMES[4], "revocation_list", "revocation_list_next_update", "2026-11-19 00:00:00.000", None),
        (A, TIMES[3], TIMES[4], "revocation_list", "revocation_list_sha256", "aa", None),
        (A, TIMES[3], TIMES[4], "revocation_list", "revocation_list_status_code", "pending", None),
    )


@case
def options_changed(lake):
    """Options of each type, and texts that could not be typed, as AWS sent them."""
    lake.configured(at(TIMES[0]), vpn_port=443, split_tunnel=True, dns_name="a|b, ' \\", tags={"a": "1, b=2"})
    lake.configured(at(TIMES[1]), vpn_port=None, split_tunnel=False, dns_name=" | ", tags={"a": "1", "b": "2"}, unparsed={"vpnPort": "many"})
    lake.configured(at(TIMES[2]), vpn_port=None, split_tunnel=None, dns_name=" | ", status_code="pending-associate")
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "option", "dns_name", "a|b, ' \\", " | "),
        (A, TIMES[0], TIMES[1], "option", "split_tunnel", "true", "false"),
        (A, TIMES[0], TIMES[1], "option", "tags", '{"a":"1, b=2"}', '{"a":"1","b":"2"}'),
        (A, TIMES[0], TIMES[1], "option", "vpn_port", "443", "many"),
        (A, TIMES[1], TIMES[2], "option", "split_tunnel", "false", None),
        (A, TIMES[1], TIMES[2], "option", "status_code", "available", "pending-associate"),
        (A, TIMES[1], TIMES[2], "option", "tags", '{"a":"1","b":"2"}', None),
        (A, TIMES[1], TIMES[2], "option", "vpn_port", "many", None),
    )


@case
def texts_with_characters_that_are_not_allowed(lake):
    """Texts that the column shows alike differ in `unparsed`, and so do those of rules. Of two values, both are shown."""
    for number, time in enumerate(TIMES[:3]):
        exact = f"p\\u{{{number}}}"
        one = rule("10.1.0.0/16", "g\ufffd", unparsed={"groupId": exact})
        lake.configured(at(time), [one], authorization_policy="p\ufffd", unparsed={"authorizationPolicy.policyDocument": exact})
    lake.configured(at(TIMES[3]), [rule("0.0.0.0/0", unparsed={"accessAll": "false"})])
    policy = [f"p\ufffd | p\\u{{{number}}}" for number in range(3)]
    groups = [f"10.1.0.0/16 for group g\ufffd | p\\u{{{number}}}" for number in range(3)]
    kind = ("authorization_policy", "authorization_policy")
    changes(
        lake,
        (A, TIMES[0], TIMES[1], *kind, policy[0], policy[1]),
        (A, TIMES[0], TIMES[1], "authorization_rule", groups[0], RULE(), None),
        (A, TIMES[0], TIMES[1], "authorization_rule", groups[1], None, RULE()),
        (A, TIMES[1], TIMES[2], *kind, policy[1], policy[2]),
        (A, TIMES[1], TIMES[2], "authorization_rule", groups[1], RULE(), None),
        (A, TIMES[1], TIMES[2], "authorization_rule", groups[2], None, RULE()),
        (A, TIMES[2], TIMES[3], *kind, policy[2], None),
        (A, TIMES[2], TIMES[3], "authorization_rule", "0.0.0.0/0 for not known", None, RULE()),
        (A, TIMES[2], TIMES[3], "authorization_rule", groups[2], RULE(), None),
    )


@case
def missing_snapshots(lake):
    """A snapshot that is missing, of the place or of an hour, is no change: what changed meanwhile is between those that there are."""
    lake.configured(at("08 10:00"), [rule("10.1.0.0/16", "g")])
    lake.configured(at("09 23:45"), [rule("10.1.0.0/16", "g")], vpn_port=1194)
    changes(lake, (A, "08 10:00", "09 23:45", "option", "vpn_port", None, "1194"))


@case
def appeared_and_gone(lake):
    """Endpoints appear and are gone if other snapshots or listings say so. The rules of one that is gone are not removed by themselves."""
    for time in TIMES:
        lake.configured(at(time), endpoint=D)
    for time in TIMES[1:3]:
        lake.configured(at(time), [rule("10.1.0.0/16", "g")])
    for time in TIMES[:3]:
        lake.configured(at(time), [rule("10.1.0.0/16", "g")], endpoint=B)
    # Listed for a while after it was deleted: EC2 is not asked for its rules.
    for time in TIMES[3:5]:
        lake.configured(at(time), endpoint=B, status_code="deleted", deletion_time=at(time))
    # Before an endpoint without an id was listed, C was there: it may be that one.
    lake.configured(at(TIMES[4]), endpoint=C)
    lake.row("endpoints", at(TIMES[5]), captured_at=at(TIMES[5]), unparsed={"clientVpnEndpointId": "?"})
    changes(
        lake,
        (A, TIMES[0], TIMES[1], "endpoint", A, None, "there"),
        (A, TIMES[2], TIMES[3], "endpoint", A, "there", None),
        (B, TIMES[2], TIMES[3], "endpoint", B, "there", None),
        (C, TIMES[3], TIMES[4], "endpoint", C, None, "there"),
    )


@case
def gone_by_a_listing(lake):
    """The last endpoint of an account and Region leaves no row: a listing says that it is gone."""
    lake.configured(at("09 10:00"), [rule("10.1.0.0/16", "g")])
    for time, ids in [("09 10:00", [A]), ("09 10:15", []), ("09 10:30", [])]:
        lake.ledger.run(lake.minutes(at(time)), [], listing=ids)
    changes(lake, (A, "09 10:00", "09 10:15", "endpoint", A, "there", None))


@case
def gone_by_an_empty_snapshot(lake):
    """Targets by id are not listed: an object of `endpoints` without rows says that the last one is gone. Others, and errors, do not."""
    lake.configured(at("09 10:00"), [rule("10.1.0.0/16", "g")])
    lake.configuration_read(at("09 10:15"), "endpoints", outcome="failed", rows=None, error=REFUSED)
    lake.configuration_read(at("09 10:20"), "authorization_rules")
    lake.configuration_read(at("09 10:25"), "endpoints", error=REFUSED)
    lake.configuration_read(at("09 10:30"), "endpoints", rows=1)
    lake.configuration_read(at("09 10:45"), "endpoints")
    changes(lake, (A, "09 10:00", "09 10:45", "endpoint", A, "there", None))


@case
def changed_at_the_edges_of_the_days(lake):
    """Values count from the day before the first; a change counts on the day of its first snapshot."""
    edits = [
        ("CAST(current_date - INTERVAL '30' DAY AS timestamp(6))", "TIMESTAMP '2026-11-08 00:00:00'"),
        ("CAST(current_date + INTERVAL '1' DAY AS timestamp(6))", "TIMESTAMP '2026-11-09 00:00:00'"),
    ]
    ports = {"06 23:45": 1, "07 00:00": 2, "07 23:45": 3, "08 00:00": 4, "08 23:45": 5, "09 00:00": 6}
    for time, port in ports.items():
        lake.configured(at(time), vpn_port=port)
    rows = [("07 23:45", "08 00:00", "3", "4"), ("08 00:00", "08 23:45", "4", "5")]
    changes(lake, *((A, begins, ends, "option", "vpn_port", *values) for begins, ends, *values in rows), edits=edits, alone=True)


@case
def changed_in_two_accounts(lake):
    """The other account is `changed_in_the_other`: the same endpoint there has its own values."""
    for number, time in enumerate(TIMES):
        lake.configured(at(time), [rule("10.1.0.0/16", "g")] if number < 3 else [])
    changes(lake, (A, TIMES[2], TIMES[3], "authorization_rule", "10.1.0.0/16 for group g", RULE(), None))


@case
def changed_in_the_other(lake):
    for number, time in enumerate(TIMES):
        lake.configured(at(time), [rule("10.1.0.0/16", "g")] if number > 0 else [])
    changes(lake, (A, TIMES[0], TIMES[1], "authorization_rule", "10.1.0.0/16 for group g", None, RULE()))


@case
def changed_in_the_order_of_arrival(lake):
    """A snapshot that arrives late counts then. Two values that AWS gives at once are both shown."""
    for snapshot, arrives, port in [("09 10:00", "09 10:00", 1), ("09 10:15", "09 10:40", 2), ("09 10:30", "09 10:30", 1)]:
        values = {"captured_at": at(arrives), "endpoint_id": A, "vpn_port": port, "status_code": "available"}
        lake.row("endpoints", at(snapshot), **values, authentication_types=[SAML], security_group_ids=[])
    for port in (2, None):
        lake.configured(at("09 11:00") + MINUTE / 2, vpn_port=port)
    changes(
        lake,
        (A, "09 10:30", "09 10:15", "option", "vpn_port", "1", "2"),
        (A, "09 10:15", "09 11:00", "option", "vpn_port", "2", "2 | no value"),
    )


@case
def changed_in_the_order_of_the_answers(lake):
    """Rules and routes count in the order in which EC2 answered with them, also with none. The endpoints were listed before."""
    for snapshot, rules_at, routes_at, rules, routes in [
        ("09 10:00", "09 10:10", "09 10:04", [], [route("10.0.0.0/8")]),
        ("09 10:05", "09 10:06", "09 10:11", [rule("10.1.0.0/16", "g")], []),
        ("09 10:20", "09 10:21", "09 10:22", [], []),
    ]:
        times = {"authorization_rules_captured_at": at(rules_at), "routes_captured_at": at(routes_at)}
        lake.configured(at(snapshot), rules, routes, **times)
    changes(
        lake,
        (A, "09 10:05", "09 10:00", "authorization_rule", "10.1.0.0/16 for group g", RULE(), None),
        (A, "09 10:00", "09 10:05", "route", "10.0.0.0/8 via subnet-1", ROUTE(), None),
    )


@case
def long_networks(lake):
    """Associations that are too long for their column are shown as AWS sent them, as far as they are kept."""
    for time, values in [
        ("09 10:00", {"network_associations": '[{"associationId":"a"}]'}),
        ("09 10:15", {"unparsed": {"clientVpnTargetNetworks": "long"}}),
    ]:
        lake.configured(at(time), associated_networks=["s-1"], **values)
    changes(lake, (A, "09 10:00", "09 10:15", "option", "network_associations", '{"associationId":"a"}', "long"))


@case
def odd_rules(lake):
    """Rules and routes whose texts could not be typed, or are listed twice, and one without its endpoint's row."""
    first = [rule(None, None, access_all=None, unparsed={"destinationCidr": "x", "groupId": "y"}), rule("10.1.0.0/16", "g")]
    lake.configured(at(TIMES[0]), first)
    lake.configured(at(TIMES[1]), [*first, rule("10.1.0.0/16", "g", "revoking"), rule(None, "", access_all=False)], [route(None, None)])
    lake.row("authorization_rules", at(TIMES[2]), captured_at=at(TIMES[2]), endpoint_id=A, **rule("10.9.0.0/16", "g"))
    lake.configured(at(TIMES[3]), [])
    rows = [
        (A, TIMES[0], TIMES[1], "authorization_rule", "10.1.0.0/16 for group g", RULE(), f"{RULE()} | {RULE('revoking')}"),
        (A, TIMES[0], TIMES[1], "authorization_rule", "not known for not known", None, RULE()),
        (A, TIMES[0], TIMES[1], "route", "not known via not known", None, ROUTE()),
        (A, TIMES[1], TIMES[3], "authorization_rule", "10.1.0.0/16 for group g", f"{RULE()} | {RULE('revoking')}", None),
        (A, TIMES[1], TIMES[3], "authorization_rule", "not known for not known", RULE(), None),
        (A, TIMES[1], TIMES[3], "authorization_rule", "x for group y", RULE(), None),
        (A, TIMES[1], TIMES[3], "route", "not known via not known", ROUTE(), None),
    ]
    changes(lake, *rows)
