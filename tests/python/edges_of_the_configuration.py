"""Cases of the configuration on a day."""

import json

from edge_cases import case, expect
from edge_lakes import SAML, A, B, at, route, rule
from edges_of_changes import ROUTE, RULE

EDITS = [("DATE '2026-11-01'", "DATE '2026-11-09'")]
COLUMNS = "endpoint_id kind name value is_known first_shown last_shown shown_snapshots snapshots"
RULES, ROUTES, POLICY, REVOKED = "authorization_rule", "route", "authorization_policy", "revocation_list"
#: The kinds whose values are few enough to be written out in a case.
FEW = f"kind IN ('{RULES}', '{ROUTES}', '{POLICY}')"


def on_the_day(lake, *rows, shown=FEW, columns=COLUMNS):
    """`rows` with texts of times, of the kinds and names in `shown`."""
    moment = lambda value: at(value) if isinstance(value, str) and value.startswith("09 ") else value
    rows = [tuple(map(moment, row)) for row in rows]
    only = [("WHERE found.name", f"WHERE {shown} AND (found.name"), ("found.names = 0", "found.names = 0)")]
    expect(lake, "configuration_on_a_day", columns, rows, EDITS + only)


def no_policy(first, last, snapshots, described, endpoint=A):
    """The rows of an endpoint for which AWS sent no policy."""
    names = (POLICY, f"{POLICY}_description", f"{POLICY}_shadow_mode", f"{POLICY}_status")
    return [(endpoint, POLICY, name, None, True, first, last, snapshots, described) for name in names]


def part_without_rows(kind, first, last, snapshots, described, is_known=True):
    """The row that stands for rules or routes that are not known, or, with `is_known`, for none."""
    return (A, kind, None, None, is_known, first, last, snapshots, described)


@case
def the_day_alone(lake):
    """A snapshot of the day before or after is none of the day, and one at midnight is one of the day that begins."""
    for time, port in [("08 23:45", 1), ("09 00:00", 2), ("09 23:45", 3), ("10 00:00", 4)]:
        lake.configured(at(time), vpn_port=port)
    rows = [(A, "vpn_port", "2", "09 00:00", "09 00:00", 1, 2), (A, "vpn_port", "3", "09 23:45", "09 23:45", 1, 2)]
    columns = "endpoint_id name value first_shown last_shown shown_snapshots snapshots"
    on_the_day(lake, *rows, shown="name = 'vpn_port'", columns=columns)


@case
def nothing_on_the_day(lake):
    """Without snapshots of the day, one row says so."""
    lake.configured(at("08 10:00"))
    expect(lake, "configuration_on_a_day", "endpoint_id kind endpoints_described", [(None, None, 0)], EDITS, alone=True)


@case
def nothing_there(lake):
    """An endpoint without rules, routes and policy has rows that say so; a deleted one has none."""
    lake.configured(at("09 10:00"))
    lake.configured(at("09 10:15"))
    lake.configured(at("09 10:00"), endpoint=B, status_code="deleted")
    span = ("09 10:00", "09 10:15", 2, 2)
    on_the_day(lake, *no_policy(*span), part_without_rows(RULES, *span), part_without_rows(ROUTES, *span))


@case
def changed_and_back(lake):
    """A value that came back is one row; another value is one of its own. A rule that was there for a while has no row for its absence."""
    active, revoking = rule("10.1.0.0/16", "g"), rule("10.1.0.0/16", "g", "revoking")
    shown = [([active], "permit"), ([revoking], "forbid"), ([], "permit"), ([active], None)]
    times = ["09 10:00", "09 10:15", "09 10:30", "09 10:45"]
    for time, (rules, policy) in zip(times, shown, strict=True):
        lake.configured(at(time), rules, [route("10.0.0.0/8")], authorization_policy=policy)
    name = "10.1.0.0/16 for group g"
    on_the_day(
        lake,
        (A, POLICY, POLICY, "permit", True, times[0], times[2], 2, 4),
        (A, POLICY, POLICY, "forbid", True, times[1], times[1], 1, 4),
        (A, POLICY, POLICY, None, True, times[3], times[3], 1, 4),
        *no_policy(times[0], times[3], 4, 4)[1:],
        (A, RULES, name, RULE(), True, times[0], times[3], 2, 4),
        (A, RULES, name, RULE("revoking"), True, times[1], times[1], 1, 4),
        (A, ROUTES, "10.0.0.0/8 via subnet-1", ROUTE(), True, times[0], times[3], 4, 4),
    )


@case
def not_known_on_the_day(lake):
    """What EC2 did not answer is not known, also if that was all day. Rules of some pages are shown."""
    times = ["09 10:00", "09 10:15", "09 10:30"]
    error = {"authorizationRule#error": "Timeout", "routes#error": "Timeout", "authorizationPolicy#error": "Timeout"}
    lake.configured(at(times[0]), [rule("10.1.0.0/16")], authorization_policy="half", unparsed=error)
    lake.configured(at(times[1]), unparsed=error)
    lake.configured(at(times[2]), [], None, authorization_policy="permit")
    on_the_day(
        lake,
        (A, POLICY, POLICY, None, False, times[0], times[1], 2, 3),
        (A, POLICY, POLICY, "permit", True, times[2], times[2], 1, 3),
        *(
            (*row[:4], is_known, *span)
            for row in no_policy("", "", 0, 0)[1:]
            for is_known, span in [(False, (times[0], times[1], 2, 3)), (True, (times[2], times[2], 1, 3))]
        ),
        (A, RULES, "10.1.0.0/16 for all users", RULE(), True, times[0], times[0], 1, 3),
        part_without_rows(RULES, times[0], times[1], 2, 3, is_known=False),
        part_without_rows(ROUTES, times[0], times[2], 3, 3, is_known=False),
    )


@case
def not_known_and_part_without_rows(lake):
    """Rules that are not known at one snapshot and none at another have a row for each."""
    lake.configured(at("09 10:00"), None)
    lake.configured(at("09 10:15"), [])
    rows = [part_without_rows(RULES, "09 10:00", "09 10:00", 1, 2, is_known=False), part_without_rows(RULES, "09 10:15", "09 10:15", 1, 2)]
    on_the_day(lake, *rows, shown=f"kind = '{RULES}'")


@case
def the_list_and_the_networks(lake):
    """A revocation list by its hash. Networks are not known with an error, and without one if the endpoint was deleted between two
    calls."""
    networks = json.dumps([{"associationId": "a", "status": {"code": "associated", "message": "m"}}])
    lake.configured(at("09 10:00"), revocation_list_sha256="aa", associated_networks=["s-1"], network_associations=networks)
    lake.configured(at("09 10:15"), revocation_list_sha256="aa", unparsed={"targetNetworkId#error": "Timeout"})
    lake.configured(at("09 10:30"), revocation_list_sha256="aa")
    shown, not_known = (True, "09 10:00", "09 10:00", 1, 3), (False, "09 10:15", "09 10:30", 2, 3)
    on_the_day(
        lake,
        (A, "option", "associated_networks", '["s-1"]', *shown),
        (A, "option", "associated_networks", None, *not_known),
        (A, "option", "network_associations", '{"associationId":"a","status":"associated"}', *shown),
        (A, "option", "network_associations", None, *not_known),
        (A, REVOKED, "revocation_list_sha256", "aa", True, "09 10:00", "09 10:30", 3, 3),
        shown="name IN ('associated_networks', 'network_associations', 'revocation_list_sha256')",
    )


@case
def a_rule_without_its_endpoint(lake):
    """A rule whose endpoint has no row in the snapshots of the day is shown."""
    lake.row("authorization_rules", at("09 10:00"), captured_at=at("09 10:00"), endpoint_id=A, **rule("10.1.0.0/16"))
    row = (A, RULES, "10.1.0.0/16 for all users", RULE(), True, "09 10:00", "09 10:00", 1, 0)
    on_the_day(lake, row)


@case
def described_in_two_ways(lake):
    """Two values that AWS gives at once are two rows, of one snapshot."""
    for port in (443, 1194):
        values = {"captured_at": at("09 10:00"), "endpoint_id": A, "vpn_port": port, "status_code": "available"}
        lake.row("endpoints", at("09 10:00"), **values, authentication_types=[SAML], security_group_ids=[])
    rows = [(A, "vpn_port", port, "09 10:00", "09 10:00", 1, 1) for port in ("1194", "443")]
    columns = "endpoint_id name value first_shown last_shown shown_snapshots snapshots"
    on_the_day(lake, *rows, shown="name = 'vpn_port'", columns=columns)
