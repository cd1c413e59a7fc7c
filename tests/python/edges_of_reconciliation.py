"""Cases of the two records compared: sessions, and events of connection logs."""

from edge_cases import case, expect
from edge_lakes import MINUTE, SECOND, A, B, C, D, at, connection
from edges_of_logged_sessions import logged_session
from edges_of_logs import MASKED, logging

FOUND = "kind reason connection_id"
COUNTS = "kind sessions_compared sessions_without_event"


def captured(lake, begins, ends, endpoint=A):
    """Captures of an endpoint every quarter of an hour."""
    time = at(begins)
    while time <= at(ends):
        lake.capture(time, [], endpoint)
        time += 15 * MINUTE


def unlogged_session(lake, id, begins, ends, user="one.ana", endpoint=A):
    lake.session(id, user, user, at(begins), at(ends), endpoint)


@case
def reasons(lake):
    """Sessions without an event, each with another reason."""
    logging(lake, since="07 00:00", created="07 00:00")
    # B is switched off between two snapshots, C has no log group, and D is not described.
    logging(lake, B, since="09 09:45")
    logging(lake, B, since="09 10:15", connection_log_enabled=False)
    logging(lake, C, since="07 00:00", group="")
    lake.reads(at("07 00:00"), at("09 12:00"))
    lake.reads(at("09 12:15"), at("10 10:15"))
    lake.reads(at("07 00:00"), at("08 09:00"), late=True)
    lake.reads(at("08 10:00"), at("09 10:00"), late=True)
    for id, begins, endpoint in [
        ("r-twice", "08 08:59:59", A),
        ("r-not-twice", "08 09:00", A),
        ("r-off-soon", "09 10:14", B),
        ("r-no-group", "09 10:14", C),
        ("r-nothing", "09 10:14", D),
        # The window beside it was not read.
        ("r-beside", "09 11:59", A),
        ("r-late", "09 13:00", A),
    ]:
        unlogged_session(lake, id, begins, "09 14:00", endpoint=endpoint)
    # Only a sign-in, and only a failed attempt.
    unlogged_session(lake, "r-saml", "09 13:01", "09 14:00")
    lake.event("e1", at("09 13:01"), "r-saml", "waiting-for-assertion", common_name="NA")
    lake.event("e2", at("09 13:01"), "r-saml", None, connection_log_type="connection-reset", connection_reset_status="assertion-received")
    unlogged_session(lake, "r-failed", "09 13:02", "09 14:00")
    lake.event("e3", at("09 13:02"), "r-failed", "failed")
    # Too young to be compared, and of an application in the same log group.
    lake.capture(at("10 11:05"), [connection("r-young", "one.ana", "one.ana", at("10 11:00") + SECOND)])
    lake.row("connection_logs", at("09 13:45"), event_id="e4", event_time=at("09 13:03"), log_group=lake.log_group(), unparsed={"message": "r-late"})
    rows = [
        ("no log event", "not known", "r-twice"),
        ("no log event", "window not read", "r-not-twice"),
        ("no log event", "logging off", "r-no-group"),
        ("no log event", "not known", "r-nothing"),
        ("no log event", "logging off", "r-off-soon"),
        ("no log event", "window not read", "r-beside"),
        ("no log event", "late event may come", "r-late"),
        ("no log event", "assertion waiting", "r-saml"),
        ("no log event", "late event may come", "r-failed"),
    ]
    expect(lake, "reconciliation", FOUND, rows, alone=True)
    expect(lake, "reconciliation", COUNTS, [("no log event", 0, 9)] * 9, alone=True)


@case
def without_sessions(lake):
    """Logged connections without a session: in a hole, on an endpoint that nobody captures, without an id, and none of these."""
    logging(lake)
    captured(lake, "09 08:00", "09 10:00")
    captured(lake, "09 11:15", "09 13:00")
    for id, time, endpoint in [
        ("s-before", "09 07:59", A),
        ("s-missed", "09 09:05", A),
        ("s-hole", "09 10:30", A),
        ("s-hole-2", "09 10:30", A),
        ("s-unknown", "09 12:00", B),
        (None, "09 12:01", A),
        ("s-nowhere", "09 12:02", None),
        ("s-midnight", "2026-10-10 23:59:59.999", A),
        ("s-young", "10 11:00:00.001", A),
    ]:
        lake.event(f"e-{id}", at(time), id, endpoint=endpoint, username="without.eve")
    # The same event twice, a failed attempt, and ends without a beginning: one has its time, which may be long before.
    lake.event("e-s-hole", at("09 10:30"), "s-hole", due=at("10 11:30"), username="without.eve")
    lake.event("f1", at("09 12:00"), "s-failed", "failed")
    lake.event("f2", at("09 12:00:30"), "s-end", None, connection_log_type="connection-reset")
    for id, begins in [("s-end-of-hole", "09 10:31"), ("s-end-of-october", "2026-10-10 23:59:59")]:
        lake.event(f"e-{id}", at("09 12:00"), id, None, connection_log_type="connection-reset", connection_start_time=at(begins))
    # A sign-in is no connection.
    lake.event("f3", at("09 12:00"), "s-sign-in", None, connection_log_type="connection-reset", connection_reset_status="assertion-received")
    rows = [
        ("no session", "coverage hole", "s-before"),
        ("no session", "not known", "s-missed"),
        ("no session", "coverage hole", "s-hole"),
        ("no session", "coverage hole", "s-hole-2"),
        ("no session", "coverage hole", "s-end-of-hole"),
        ("no session", "coverage hole", "s-unknown"),
        ("no session", "not known", "s-end"),
        ("no session", "not known", None),
        ("no session", "not known", "s-nowhere"),
    ]
    expect(lake, "reconciliation", FOUND, rows, alone=True)


@case
def differing(lake):
    """Times that differ by more than a minute, and names that are others, masked, or only spelled in another way."""
    logging(lake)
    for number, (begin, end, names) in enumerate(
        [
            (60, -60, {"username": "CORP\\differing.Ana"}),
            (61, None, {}),
            (0, 61, {"username": "differing.eve"}),
            (0, None, {"username": MASKED, "common_name": MASKED}),
            (None, None, {"username": None, "common_name": "NA"}),
        ]
    ):
        begins, ends, id = at(f"09 0{number}:00"), at(f"09 0{number}:30"), f"d{number}"
        lake.session(id, "differing.ana", "differing.crt", begins, ends)
        values = {"username": "differing.ana", "common_name": "differing.crt", **names}
        start = begin if begin is None else begins + begin * SECOND
        lake.event(f"{id}-begin", begins, id, connection_start_time=start, **values)
        if end is not None:
            lake.event(f"{id}-end", ends, id, None, connection_end_time=ends + end * SECOND, connection_log_type="connection-reset", **values)
    # The nearest of several beginnings counts.
    lake.event("d1-again", at("09 01:00"), "d0", connection_start_time=at("09 01:00"))
    columns = "kind reason connection_id in_sessions in_log seconds sessions_compared"
    rows = [
        ("beginning differs", "not known", "d1", "2026-11-09 01:00:00.000000", "2026-11-09 01:01:01.000000", 61, 5),
        ("end differs", "not known", "d2", "2026-11-09 02:30:00.000000", "2026-11-09 02:31:01.000000", 61, 5),
        ("username differs", "not known", "d2", "differing.ana", "differing.eve", None, 5),
        ("common name masked", "masked", "d3", "differing.crt", MASKED, None, 5),
        ("username masked", "masked", "d3", "differing.ana", MASKED, None, 5),
    ]
    expect(lake, "reconciliation", columns, rows, alone=True)


@case
def agreeing(lake):
    """Records that agree, of two endpoints with one log group and connections of one name: one row says so."""
    for endpoint in (A, B):
        logging(lake, endpoint)
        logged_session(lake, "same", "09 09:00", "09 10:00", user=None, address=None, endpoint=endpoint)
    expect(lake, "reconciliation", f"{FOUND} sessions_compared sessions_without_event", [(None, None, None, 2, 0)], alone=True)
