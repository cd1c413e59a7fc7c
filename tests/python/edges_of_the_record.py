"""Cases of captures, the ledger and the configuration of endpoints."""

from edge_cases import case, expect
from edge_lakes import MINUTE, NOW, SAML, SECOND, UTC, A, B, at, connection


@case
def nameless(lake):
    """Rows without a connection id: each is its own user's, and apart."""
    rows = [
        connection("n1", "nameless.a", "nameless.a", at("09 08:00"), ingress_bytes=10, egress_bytes=0),
        connection(None, "nameless.b", "nameless.b", at("09 08:00"), ingress_bytes=500, egress_bytes=0),
        connection(None, "nameless.c", "nameless.c", at("09 08:00"), ingress_bytes=700, egress_bytes=0),
        connection(None, "nameless.c", "nameless.c", at("09 08:30"), ingress_bytes=50, egress_bytes=0),
    ]
    lake.capture(at("09 09:00"), rows)
    rows = [dict(row, ingress_bytes=row["ingress_bytes"] + 1) for row in rows]
    lake.capture(at("09 09:15"), rows)
    day = at("09 00:00").date()
    expect(
        lake,
        "top_talkers",
        "day place identity sessions ingress_bytes connection_id_known",
        [
            (day, 1, "nameless.a", 1, 11, True),
            (day, None, "nameless.b", 1, 501, False),
            (day, None, "nameless.c", 2, 752, False),
        ],
        alone=True,
    )
    # The hole begins with the request for the second capture, which is 1.2 seconds before 09:15.
    nine = at("09 09:00").replace(tzinfo=UTC)
    expect(
        lake,
        "concurrency",
        "step active_connections touches_hole",
        [(nine, 4, True), (nine + 15 * MINUTE, 4, True), *in_hole("09 09:30")],
    )


def in_hole(begins):
    """A step of `concurrency` for each quarter of an hour until now, none of which was captured."""
    steps, step = [], at(begins).replace(tzinfo=UTC)
    while step < NOW.replace(tzinfo=UTC):
        steps.append((step, None, True))
        step += 15 * MINUTE
    return steps


@case
def listed_twice(lake):
    """A connection that a listing has twice counts once. What is found again and what was killed counts too."""
    one, two = (connection(id, "twice", "twice", at("10 08:00"), ingress_bytes=1, egress_bytes=1) for id in ("t1", "t2"))
    ended = connection("t3", "twice", "twice", at("10 08:00"), at("10 08:30"))
    lake.capture(at("10 10:00"), [one, two, one, ended])
    lake.capture(at("10 10:05"), [one])
    lake.capture(at("10 10:20"), [one, dict(one, status_code="terminated")])
    # Of 10:30, a retry at 10:50 found the object of a run that was killed.
    lake.capture(at("10 10:31"), [one, two], snapshot=at("10 10:30"), recorded=False)
    target = lake.ledger.already(A, lake.minutes(at("10 10:31")) - 0.1, lake.minutes(at("10 10:31")))
    lake.ledger.run(lake.minutes(at("10 10:50")), [target], snapshot=lake.minutes(at("10 10:30")))
    # A run that was killed and not repeated.
    lake.capture(at("10 10:46"), [two], recorded=False)
    lake.capture(at("10 11:00"))
    lake.capture(at("10 11:15"), [one], outcome="partial")
    # Of 11:30 too, and nobody was there.
    target = lake.ledger.already(A, lake.minutes(at("10 11:31")) - 0.1, lake.minutes(at("10 11:31")))
    lake.ledger.run(lake.minutes(at("10 11:40")), [target], snapshot=lake.minutes(at("10 11:30")))
    lake.capture(at("10 11:46"), [one, two])
    ten = at("10 10:00").replace(tzinfo=UTC)
    counts = [2, 1, 2, 1, 0, None, 0, 2]
    rows = [(ten + number * 15 * MINUTE, count, False) for number, count in enumerate(counts) if count is not None]
    expect(lake, "concurrency", "step active_connections touches_hole", rows)


@case
def a_hole_in_the_day(lake):
    """The steps of a hole are shown without a count. Those beside it are marked."""
    row = connection("hole", "hole", "hole", at("10 06:00"))
    for time in ("10 09:00", "10 09:16", "10 10:31", "10 11:01", "10 11:30", "10 11:59"):
        lake.capture(at(time), [row])
    nine = at("10 09:00").replace(tzinfo=UTC)
    counts = {0: (1, False), 1: (1, True), 2: (None, True), 3: (None, True), 4: (None, True), 5: (None, True), 6: (1, True)}
    counts |= {8: (1, False), 10: (1, False), 11: (1, False)}
    rows = [(nine + number * 15 * MINUTE, *count) for number, count in counts.items()]
    expect(lake, "concurrency", "step active_connections touches_hole", rows)
    hole = (at("10 09:15:58.800").replace(tzinfo=UTC), at("10 10:31:06").replace(tzinfo=UTC), False, 75, 0)
    expect(lake, "coverage_holes", "hole_begins hole_ends open minutes attempts_in_it", [hole])


@case
def attempts(lake):
    """A failure in a hole counts as an attempt, and a snapshot that already existed does not."""
    lake.capture(at("10 08:00"))
    lake.capture(at("10 08:30"), outcome="failed")
    lake.capture(at("10 08:40"), [connection("x")], outcome="partial")
    for time in ("10 08:20", "10 08:45"):
        target = lake.ledger.already(A, lake.minutes(at("10 08:00")) - 0.02, lake.minutes(at("10 08:00")) + 0.1)
        lake.ledger.run(lake.minutes(at(time)), [target], snapshot=lake.minutes(at("10 08:00")))
    # One whose object names no times, and one whose clock stepped.
    lake.ledger.run(
        lake.minutes(at("10 08:50")), [lake.ledger.target(A, "already_captured")], snapshot=lake.minutes(at("10 08:35"))
    )
    stepped = lake.minutes(at("10 08:55"))
    target = lake.ledger.already(A, stepped, stepped - 30)
    lake.ledger.run(stepped, [target], snapshot=stepped)
    for time in ("10 09:10", "10 10:00", "10 10:50", "10 11:40"):
        lake.capture(at(time))
    expect(lake, "coverage_holes", "minutes attempts_in_it error_codes", [(70, 2, "ClockStepped, UnauthorizedOperation")])


@case
def odd(lake):
    """Values that could not be typed, in each of the tables."""
    lake.capture(
        at("08 10:00"), [connection("o1", unparsed={"ingressBytes": "1e6"}), connection("o2", unparsed={"ingressBytes": "1e6"})]
    )
    lake.capture(at("09 10:00"), [connection("o1", unparsed={"ingressBytes": "1e6", "new": ""})])
    lake.capture(at("09 11:00"), [connection("o1", unparsed={"ingressBytes": "1e6"})], outcome="partial")
    lake.endpoint(at("09 12:00"), [], unparsed={"vpnPort": "many"})
    noon = at("09 12:00")
    lake.row("endpoints", noon, captured_at=noon, endpoint_id=None, unparsed={"clientVpnEndpointId": "?"})
    lake.row("authorization_rules", noon, captured_at=noon, endpoint_id=A, unparsed={"accessAll": "perhaps"})
    lake.row("routes", noon, captured_at=noon, endpoint_id=A, unparsed={"metric": "5"})
    lake.row("connection_logs", noon, captured_at=noon, event_id="e1", endpoint_id=A, unparsed={"port": "x"})
    lake.row("connection_logs", noon, captured_at=noon, event_id="e2", endpoint_id=A, unparsed={"message": "new"})
    lake.row("connection_logs", noon, captured_at=noon, event_id="e3", unparsed={"message": "of another program"})
    lake.row("connection_logs", noon, captured_at=noon, event_id="e4", unparsed={"client-vpn-endpoint-id": "?"})
    expect(
        lake,
        "unparsed_values",
        "table_name endpoint_id field text times first_snapshot_time last_snapshot_time",
        [
            ("authorization_rules", A, "accessAll", "perhaps", 1, noon, noon),
            ("connections", A, "ingressBytes", "1e6", 3, at("08 10:00"), at("09 10:00")),
            ("partials", A, "ingressBytes", "1e6", 1, at("09 11:00"), at("09 11:00")),
            ("connection_logs", A, "message", "new", 1, noon, noon),
            ("routes", A, "metric", "5", 1, noon, noon),
            ("connections", A, "new", "", 1, at("09 10:00"), at("09 10:00")),
            ("connection_logs", A, "port", "x", 1, noon, noon),
            ("endpoints", A, "vpnPort", "many", 1, noon, noon),
            ("connection_logs", None, "client-vpn-endpoint-id", "?", 1, noon, noon),
            ("endpoints", None, "clientVpnEndpointId", "?", 1, noon, noon),
        ],
    )


@case
def configured(lake):
    """A change of any column is a change, and nothing else is."""
    values = {
        "tags": {"b": "2", "a": "1"},
        "associated_networks": ["s-1", "s-2"],
        "vpn_port": 443,
        "dns_name": "one",
        "status_code": "available",
    }
    changes = [
        {},
        {"associated_networks": ["s-2", "s-1"]},
        {"tags": {"a": "1, b=2"}},
        {"tags": {"a": "1", "b": "2"}},
        {"tags": None},
        {"dns_name": "two"},
        {"status_code": "deleting"},
        {"status_message": "soon"},
        {"deletion_time": at("08 09:00")},
        {"associated_networks": None, "unparsed": {"targetNetworkId#error": "UnauthorizedOperation"}},
        {"associated_networks": [], "unparsed": None},
        {"vpn_port": None},
        {"request_id": "another"},
        {"creation_time": at("01 09:00")},
        {"client_connect_enabled": False},
        {"unparsed": {"dnsServer": "10.0.0.2"}},
    ]
    times = [at("08 00:00") + number * 15 * MINUTE for number in range(len(changes))]
    for time, change in zip(times, changes, strict=True):
        values |= change
        lake.endpoint(time, [SAML], **values)
    since = [time for number, time in enumerate(times) if number not in (1, 12)]
    expect(lake, "endpoint_configuration", "since", [(time,) for time in since])


@case
def configured_late(lake):
    """Snapshots count in the order of arrival. An endpoint that AWS describes in two ways has two rows, once."""
    for snapshot, arrives, name in [
        ("08 10:00", "08 10:00", "a"),
        ("08 10:15", "08 10:40", "b"),
        ("08 10:30", "08 10:30", "a"),
        ("08 10:45", "08 10:45", "b"),
    ]:
        lake.row(
            "endpoints",
            at(snapshot),
            captured_at=at(arrives),
            endpoint_id=A,
            dns_name=name,
            security_group_ids=[],
            authentication_types=[],
        )
    for time in ("09 10:00", "09 10:15"):
        for name in ("d", "c") if time == "09 10:00" else ("c", "d"):
            lake.row(
                "endpoints",
                at(time),
                captured_at=at(time),
                endpoint_id=B,
                dns_name=name,
                security_group_ids=[],
                authentication_types=[],
            )
    rows = [(A, at("08 10:00"), "a"), (A, at("08 10:15"), "b"), (B, at("09 10:00"), "c"), (B, at("09 10:00"), "d")]
    expect(lake, "endpoint_configuration", "endpoint_id since dns_name", rows)


@case
def stale(lake):
    """The age of counters, and rows without a time."""
    rows = [connection(f"s{age}", connection_timestamp=at("09 10:00") - age * SECOND) for age in (30, 91)]
    lake.capture(at("09 10:00"), [*rows, connection("s", connection_timestamp=None)])
    lake.capture(at("08 10:00"), [connection("s", connection_timestamp=None)])
    columns = "snapshot_date active_rows average_seconds longest_seconds rows_without_time"
    expect(lake, "counter_staleness", columns, [("2026-11-08", 0, None, None, 1), ("2026-11-09", 2, 60.5, 91, 1)])


@case
def postures(lake):
    """Postures that are not compliant, not known, and neither: no log was read that could have a verdict."""
    for number, statuses in enumerate([["compliant"], ["compliant", "quarantined"], [], None, [""]]):
        begins = at("09 09:00") + number * MINUTE
        lake.session(f"p{number}", "postures", "postures", begins, begins + MINUTE, posture_compliance_statuses=statuses)
    rows = [("p1", "not compliant"), ("p2", "unknown"), ("p3", "unknown"), ("p4", "not compliant")]
    expect(lake, "posture_not_compliant", "connection_id finding", rows)


@case
def nobody(lake):
    """A month without anybody has a row, which says how much of it is known."""
    lake.capture(at("2026-09-01 00:30"))
    lake.capture(at("2026-09-01 01:00"))
    edits = [("2026-11-01 00:00:00", "2026-09-01 00:00:00")]
    expect(lake, "access_review", "identity_key sessions possible_sessions", [(None, 0, 0)], edits, alone=True)


@case
def months(lake):
    """A hole of more steps than a list in Athena can have elements."""
    first, last = at("2026-06-10 12:00"), at("2026-11-09 12:00")
    lake.capture(first)
    lake.capture(last)
    steps = [first + number * 15 * MINUTE for number in range(-1, 153 * 96)]
    rows = [(0 if step in (first, last) else None, True) for step in steps]
    edits = [("INTERVAL '8' DAY", "INTERVAL '200' DAY"), ("INTERVAL '7' DAY", "INTERVAL '199' DAY")]
    # Of the random lakes it would have a row for each quarter of an hour of half a year.
    expect(lake, "concurrency", "active_connections touches_hole", rows, edits, alone=True)
