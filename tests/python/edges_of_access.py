"""Cases of what a group could reach."""

from edge_cases import case, expect
from edge_lakes import A, B, C, D, at, route, rule

GROUP = "S-1-5-21-7"
EDITS = [("S-1-5-21-1111111111-2222222222-3333333333-1001", GROUP), ("DATE '2026-11-01'", "DATE '2026-11-09'")]
COLUMNS = "endpoint_id destination_cidr why first_active last_active active_snapshots statuses route_overlaps"
FOR_GROUP, FOR_ALL, NOT_KNOWN = "rule for the group", "rule for all users", "not known"


def reached(lake, *rows, columns=COLUMNS, **more):
    expect(lake, "group_access", columns, list(rows), EDITS, **more)


@case
def reached_on_a_day(lake):
    """Rules for the group and for all users, from their first snapshot of the day to the last. Rules for others are not shown."""
    lake.configured(at("08 23:45"), [rule("10.9.0.0/16", GROUP)], [route("10.0.0.0/8")])
    lake.configured(at("09 00:00"), [rule("10.1.0.0/16", GROUP), rule("10.2.0.0/16", "S-1-5-21-8")], [route("10.0.0.0/8")])
    lake.configured(at("09 00:15"), [rule("10.1.0.0/16", GROUP), rule("0.0.0.0/0")], [route("10.0.0.0/8")])
    lake.configured(at("09 23:45"), [rule("0.0.0.0/0")], [route("10.0.0.0/8")])
    lake.configured(at("10 00:00"), [rule("10.3.0.0/16", GROUP)], [route("10.0.0.0/8")])
    reached(
        lake,
        (A, "0.0.0.0/0", FOR_ALL, at("09 00:15"), at("09 23:45"), 2, "active", "yes"),
        (A, "10.1.0.0/16", FOR_GROUP, at("09 00:00"), at("09 00:15"), 2, "active", "yes"),
    )


@case
def reached_nothing(lake):
    """An endpoint whose rules are all known, and none of which is for the group, has no row: it is counted."""
    lake.configured(at("09 00:00"), [rule("10.1.0.0/16", "S-1-5-21-8")])
    lake.configured(at("09 00:00"), endpoint=B)
    columns = "account_id endpoint_id why endpoints_described"
    reached(lake, (None, None, None, 2), columns=columns, alone=True)


@case
def reached_no_snapshots(lake):
    """A day without snapshots is not a day without access."""
    lake.configured(at("08 00:00"), [rule("10.1.0.0/16", GROUP)])
    reached(lake, (None, None, None, 0), columns="account_id endpoint_id why endpoints_described", alone=True)


@case
def reached_unknown(lake):
    """Rules that are not known are never shown as none: at all snapshots, at some, and beside a rule that is known at others."""
    for time in ("09 10:00", "09 10:15"):
        lake.configured(at(time), None)
    lake.configured(at("09 10:00"), [], endpoint=B)
    lake.configured(at("09 10:15"), None, endpoint=B)
    lake.configured(at("09 10:00"), [rule("10.1.0.0/16", GROUP)], endpoint=C)
    lake.configured(at("09 10:15"), None, endpoint=C)
    lake.configured(at("09 10:30"), [], endpoint=C)
    columns = "endpoint_id destination_cidr why last_active active_snapshots snapshots snapshots_not_known"
    reached(
        lake,
        (A, None, "rules not known", None, 0, 2, 2),
        (B, None, "rules not known", None, 0, 2, 1),
        (C, "10.1.0.0/16", FOR_GROUP, at("09 10:00"), 1, 3, 1),
        columns=columns,
    )


@case
def reached_by_status(lake):
    """A rule that is authorized only later, one that failed, and one of which AWS gives no status."""
    rules = lambda status: [rule("10.1.0.0/16", GROUP, status, description="d|1"), rule("10.2.0.0/16", GROUP, "failed")]
    lake.configured(at("09 10:00"), rules("authorizing"))
    lake.configured(at("09 10:15"), [*rules("active"), rule("10.3.0.0/16", GROUP, None)])
    lake.configured(at("09 10:30"), rules("revoking"))
    ten = at("09 10:15")
    reached(
        lake,
        (A, "10.1.0.0/16", FOR_GROUP, ten, ten, 1, "active, authorizing, revoking", "no", "d|1"),
        (A, "10.2.0.0/16", FOR_GROUP, None, None, 0, "failed", None, None),
        (A, "10.3.0.0/16", FOR_GROUP, None, None, 0, "not known", None, None),
        columns=COLUMNS + " description",
    )


@case
def reached_but_for_narrower_rules(lake):
    """AWS applies the rules of the narrowest network alone: a rule for others takes its network out of a wider rule for the group."""
    ten = at("09 10:00")
    others = [rule("10.1.0.0/16", "S-1-5-21-8"), rule("10.2.0.0/16", "S-1-5-21-8"), rule("192.168.7.7/32", "S-1-5-21-8")]
    # A part of what others have is the group's again, a network is for both, and two rules for others are not active.
    own = [rule("0.0.0.0/0", GROUP), rule("10.1.1.0/24", GROUP), rule("10.2.0.0/16"), rule("192.168.0.0/16")]
    idle = [rule("172.16.0.0/12", "S-1-5-21-8", "authorizing"), rule("10.4.0.0/16", "S-1-5-21-8", None)]
    lake.configured(ten, [*own, *others, *idle, rule("fd00::/64", "S-1-5-21-8")])
    # At one of two snapshots, a network that is wider, the same network as for the group, and one of which AWS does not say for whom.
    at_first = [rule("10.0.0.0/8", GROUP), rule("10.3.0.0/16", None, access_all=None), rule("10.0.0.0/7", "S-1-5-21-8")]
    lake.configured(ten, at_first, endpoint=B)
    lake.configured(at("09 10:15"), [rule("10.0.0.0/8", GROUP), rule("10.0.0.0/8", "S-1-5-21-8")], endpoint=B)
    lake.configured(ten, [rule("::/0", GROUP), rule("fd00::/64", "S-1-5-21-8"), rule("10.1.0.0/16", "S-1-5-21-8")], endpoint=C)
    # A rule that never was active reaches nothing, and texts that are no network are not compared.
    failed = [rule("10.0.0.0/8", GROUP, "failed"), rule("10.1.0.0/16", "S-1-5-21-8"), rule("10.2/16", "S-1-5-21-8")]
    lake.configured(ten, [*failed, rule("192.168.0.0/16", GROUP), rule("192.168.0.0/lots", "S-1-5-21-8")], endpoint=D)
    reached(
        lake,
        (A, "0.0.0.0/0", FOR_GROUP, "10.1.0.0/16, 192.168.7.7/32"),
        (A, "10.1.1.0/24", FOR_GROUP, None),
        (A, "10.2.0.0/16", FOR_ALL, None),
        (A, "192.168.0.0/16", FOR_ALL, "192.168.7.7/32"),
        (B, "10.0.0.0/8", FOR_GROUP, "10.3.0.0/16"),
        (B, "10.3.0.0/16", NOT_KNOWN, None),
        (C, "::/0", FOR_GROUP, "fd00::/64"),
        (D, "10.0.0.0/8", FOR_GROUP, None),
        (D, "192.168.0.0/16", FOR_GROUP, None),
        columns="endpoint_id destination_cidr why not_reached",
    )


@case
def reached_by_routes(lake):
    """A route covers a destination that it contains, or that contains it. Routes that are not active do not count."""
    ten = at("09 10:00")
    rules = [rule(cidr, GROUP) for cidr in ("10.1.0.0/16", "10.2.2.0/24", "172.16.0.0/12", "192.168.0.0/16")]
    routes = [route("10.1.7.0/24"), route("10.2.0.0/16"), route("172.16.0.0/12", status="failed"), route("10.0.0.0/24")]
    lake.configured(ten, rules, routes)
    lake.configured(ten, [rule("10.1.0.0/16", GROUP)], None, endpoint=B)
    # Known at one of two snapshots: no route, and then one.
    lake.configured(ten, [rule("10.1.0.0/16", GROUP)], None, endpoint=C)
    lake.configured(at("09 10:15"), [rule("10.1.0.0/16", GROUP)], [route("0.0.0.0/0")], endpoint=C)
    lake.configured(ten, [rule("10.1.0.0/16", GROUP)], [route("10.2.0.0/16", status=None)], endpoint=D)
    lake.configured(at("09 10:15"), [rule("10.1.0.0/16", GROUP)], [route("10.1.0.0/16", status=None)], endpoint=D)
    answers = {"10.1.0.0/16": "yes", "10.2.2.0/24": "yes", "172.16.0.0/12": "no", "192.168.0.0/16": "no"}
    rows = [(A, cidr, FOR_GROUP, ten, ten, 1, "active", covers) for cidr, covers in answers.items()]
    rows.append((B, "10.1.0.0/16", FOR_GROUP, ten, ten, 1, "active", NOT_KNOWN))
    rows.append((C, "10.1.0.0/16", FOR_GROUP, ten, at("09 10:15"), 2, "active", "yes"))
    rows.append((D, "10.1.0.0/16", FOR_GROUP, ten, at("09 10:15"), 2, "active", NOT_KNOWN))
    reached(lake, *rows)


@case
def reached_by_ipv6(lake):
    """Routes of the other version of IP cover nothing, whatever their length."""
    ten = at("09 10:00")
    cidrs = ("2001:db8:1::/48", "2001:db8:2::/48", "::/0")
    lake.configured(ten, [rule(cidr, GROUP) for cidr in cidrs], [route("2001:db8:1:7::/64"), route("0.0.0.0/0")])
    lake.configured(ten, [rule("::/0", GROUP), rule("0.0.0.0/0", GROUP)], [route("10.0.0.0/8")], endpoint=B)
    lake.configured(ten, [rule("10.0.0.0/8", GROUP), rule("fd00::/8", GROUP)], [route("::/0")], endpoint=C)
    columns = "endpoint_id destination_cidr route_overlaps"
    reached(
        lake,
        (A, "2001:db8:1::/48", "yes"),
        (A, "2001:db8:2::/48", "no"),
        (A, "::/0", "yes"),
        (B, "0.0.0.0/0", "yes"),
        (B, "::/0", "no"),
        (C, "10.0.0.0/8", "no"),
        (C, "fd00::/8", "yes"),
        columns=columns,
    )


@case
def reached_by_rules_of_some_pages(lake):
    """A fault after the first page: the rules and routes of that page count, and what others may say is not known."""
    ten, eleven = at("09 10:00"), at("09 11:00")
    error = {"authorizationRule#error": "Timeout", "routes#error": "Timeout"}
    rules = [rule("10.0.0.0/8", GROUP), rule("10.1.0.0/16", "other"), rule("172.16.0.0/12", GROUP)]
    lake.configured(ten, rules, [route("10.9.0.0/16")], unparsed=error)
    lake.configured(ten, rules, [route("10.9.0.0/16")], endpoint=B, unparsed=error)
    lake.configured(eleven, rules, [route("10.9.0.0/16")], endpoint=B)
    columns = "endpoint_id destination_cidr why active_snapshots route_overlaps not_reached snapshots_not_known"
    reached(
        lake,
        (A, "10.0.0.0/8", FOR_GROUP, 1, "yes", None, 1),
        (A, "172.16.0.0/12", FOR_GROUP, 1, NOT_KNOWN, None, 1),
        (B, "10.0.0.0/8", FOR_GROUP, 2, "yes", "10.1.0.0/16", 1),
        (B, "172.16.0.0/12", FOR_GROUP, 2, NOT_KNOWN, None, 1),
        columns=columns,
    )


@case
def reached_by_odd_texts(lake):
    """Texts that are no network fail nothing. A rule that names nobody, or of which it cannot be read, may be for the group."""
    ten = at("09 10:00")
    odd = [
        rule("everywhere", GROUP),
        rule(None, GROUP, unparsed={"destinationCidr": "long"}),
        rule("10.1.0.0/16", None, access_all=None),
        rule("10.2.0.0/16", "", access_all=False),
        rule("10.3.0.0/16", "other", access_all=None, unparsed={"accessAll": "True"}),
        rule("10.4.0.0/16", "other", access_all=None),
        rule("10.5.0.0/16", GROUP, access_all=None),
        rule("10.6.0.0/16", GROUP.lower()),
        rule("10.7.0.0/16", "other", access_all=False, unparsed={"accessAll": "true"}),
        rule("10.8.0.0/16", "other", unparsed={"groupId": GROUP}),
        rule("10.9.0.0/16", GROUP, unparsed={"clientVpnEndpointId": B}),
    ]
    lake.configured(ten, odd, [route("10.1.0.0/99"), route("10.5.0.0")])
    columns = "destination_cidr why route_overlaps"
    reached(
        lake,
        ("10.1.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("10.2.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("10.3.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("10.5.0.0/16", FOR_GROUP, NOT_KNOWN),
        ("10.7.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("10.8.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("10.9.0.0/16", NOT_KNOWN, NOT_KNOWN),
        ("everywhere", FOR_GROUP, NOT_KNOWN),
        ("long", FOR_GROUP, NOT_KNOWN),
        columns=columns,
    )


@case
def reached_by_networks_with_odd_prefixes(lake):
    """Trino fails at a prefix that is no number: such a network has nothing in common with others, as far as is known."""
    odd = ["10.1.0.0/x", "10.1.0.0/", "10.1.0.0/16,10.2.0.0/16", "10.1.0.0/16\ufffd", "10.1.0.0/-1", "10.1.0.0/999", "10.1.0.0/99999999999"]
    ten, later = at("09 10:00"), at("09 10:15")
    lake.configured(ten, [rule("10.0.0.0/8", GROUP)], [route(network) for network in odd])
    lake.configured(later, [rule(network, GROUP) for network in odd], [route("10.0.0.0/8")])
    rows = [("10.0.0.0/8", FOR_GROUP, NOT_KNOWN), *((network, FOR_GROUP, NOT_KNOWN) for network in sorted(odd))]
    reached(lake, *rows, columns="destination_cidr why route_overlaps")


@case
def reached_on_an_endpoint_that_was_deleted(lake):
    """A deleted endpoint is none of those that are described."""
    lake.configured(at("09 10:00"), endpoint=B, status_code="deleted")
    expect(lake, "group_access", "endpoint_id endpoints_described", [(None, 0)], EDITS, alone=True)


@case
def reached_without_its_row(lake):
    """A rule of an endpoint that no row of endpoints describes is shown; its routes are not known."""
    ten = at("09 10:00")
    lake.row("authorization_rules", ten, captured_at=ten, endpoint_id=A, **rule("10.1.0.0/16", GROUP))
    columns = COLUMNS + " snapshots snapshots_not_known"
    reached(lake, (A, "10.1.0.0/16", FOR_GROUP, ten, ten, 1, "active", NOT_KNOWN, 0, 0), columns=columns)
