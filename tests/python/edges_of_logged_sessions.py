"""Cases of sessions with what only connection logs have: public addresses, devices and verdicts of policies."""

from edge_cases import case, expect
from edge_lakes import MINUTE, A, B, at, connection
from edges_of_logs import DENIED, MASKED, logging, read_all


def logged_session(lake, id, begins, ends, user="pairs.max", address="198.51.100.1", endpoint=A, **values):
    """A session, and the event of its beginning."""
    lake.session(id, user, user, at(begins), at(ends), endpoint)
    values = {"username": user, "device_ip": address, **values}
    lake.event(f"{endpoint}-{id}", at(begins), id, endpoint=endpoint, connection_start_time=at(begins), **values)


@case
def two_places(lake):
    """Two addresses for longer than a minute, also on two endpoints; one address, or one after the other, is none."""
    logging(lake)
    read_all(lake)
    logged_session(lake, "p1", "09 09:00", "09 10:00")
    logged_session(lake, "p2", "09 09:30", "09 09:31:01", user="CORP\\pairs.Max", address="198.51.100.2", endpoint=B)
    logged_session(lake, "p3", "09 09:40", "09 09:41", address="198.51.100.3")
    logged_session(lake, "p4", "09 09:50", "09 11:00")
    logged_session(lake, "p5", "09 12:00", "09 13:00", address="198.51.100.4")
    # A mask, an address that is not known, and nobody's name.
    logged_session(lake, "p6", "09 12:00", "09 13:00", address=MASKED)
    logged_session(lake, "p7", "09 12:00", "09 13:00", address=None)
    logged_session(lake, "p8", "09 12:00", "09 13:00", user=None, address="198.51.100.5")
    columns = "first_connection_id second_connection_id first_device_ip second_device_ip overlap_seconds pairs sessions_not_known"
    rows = [("p1", "p2", "198.51.100.1", "198.51.100.2", 61, 1, 3)]
    expect(lake, "two_addresses_at_once", columns, rows, alone=True)


@case
def many_places(lake):
    """More pairs of a day than ten are one row."""
    logging(lake)
    read_all(lake)
    for number in range(6):
        logged_session(lake, f"m{number}", f"09 09:0{number}", "09 10:00", user="places.x", address=f"198.51.100.{number}")
    rows = [(None, None, at("09 09:01"), at("09 10:00"), 59 * 60, 15)]
    columns = "first_connection_id first_device_ip overlap_begins overlap_ends overlap_seconds pairs"
    expect(lake, "two_addresses_at_once", columns, rows, alone=True)


@case
def no_places(lake):
    """Without a pair, one row says how many sessions are not known."""
    lake.session("n1", "noplaces.a", "noplaces.a", at("09 09:00"), at("09 10:00"))
    expect(lake, "two_addresses_at_once", "identity_key pairs sessions_not_known", [(None, None, 1)], alone=True)


@case
def types_of_devices(lake):
    """Types as AWS wrote them; the latest of a session counts; sessions without an event are a row."""
    logging(lake)
    read_all(lake)
    logged_session(lake, "t1", "09 09:00", "09 10:00", user="types.a", device_type="mac")
    logged_session(lake, "t2", "09 09:30", "09 11:00", user="CORP\\types.A", device_type="mac")
    logged_session(lake, "t3", "09 09:30", "09 09:45", user=None, device_type="mac")
    logged_session(lake, "t4", "09 12:00", "09 12:30", user="types.b", device_type='Win "11" <b>')
    lake.event("t4-end", at("09 12:30"), "t4", None, device_type="toaster")
    logged_session(lake, "t5", "2026-10-10 22:00", "2026-10-11 00:00", user="types.c", device_type="linux")
    logged_session(lake, "t6", "2026-10-10 22:00", "2026-10-10 23:59:59", user="types.d", device_type="linux")
    lake.session("t7", "types.e", "types.e", at("09 13:00"), at("09 14:00"), B)
    rows = [
        ("mac", 1, 3, 1, at("09 09:00"), at("09 11:00")),
        ("linux", 1, 1, 0, at("2026-10-10 22:00"), at("2026-10-11 00:00")),
        ("toaster", 1, 1, 0, at("09 12:00"), at("09 12:30")),
        (None, 1, 1, 0, at("09 13:00"), at("09 14:00")),
    ]
    columns = "device_type users sessions sessions_without_identity first_seen last_seen"
    expect(lake, "device_types", columns, rows, alone=True)


@case
def no_devices(lake):
    """No session: one row says so."""
    expect(lake, "device_types", "device_type users sessions", [(None, None, 0)], alone=True)


def denied(lake, id, time, connection_id, status="successful", result="deny", shadow="disabled", kind="connection-attempt", **values):
    values |= {"policy_result": result, "policy_shadow_mode": shadow, "policy_evaluation_type": kind}
    lake.event(id, at(time), connection_id, status, **values)


@case
def denials(lake):
    """Attempts that were denied, sessions that went on in shadow mode or without it, and those that ended."""
    logging(lake)
    read_all(lake)
    user = {"username": "denials.ana"}
    denied(lake, "d1", "09 08:00", "d-refused", "failed", connection_attempt_failure_reason=DENIED, policy_reason="policy-deny", **user)
    # AWS says why it failed, and nothing of the evaluation. The same event twice counts once.
    for _ in range(2):
        lake.event("d2", at("09 08:01"), None, "failed", connection_attempt_failure_reason=DENIED)
    lake.session("d-shadow", "denials.ana", None, at("09 09:00"), at("09 10:00"))
    denied(lake, "d3", "09 09:00", "d-shadow", "successful", shadow="enabled", **user)
    denied(lake, "d4", "09 09:30", "d-shadow", None, "error", "enabled", "periodic", connection_log_type="connection-reset", **user)
    # Without a session, but the log shows that the attempt succeeded.
    denied(lake, "d5", "09 09:01", "d-not-merged", "successful", shadow="enabled")
    denied(lake, "d6", "09 09:02", "d-unknown", None, kind="periodic")
    lake.session("d-ended", "denials.bob", None, at("09 11:00"), at("09 11:30"))
    denied(lake, "d7", "09 11:29", "d-ended", None, kind="periodic")
    lake.session("d-went-on", "denials.bob", None, at("09 12:00"), at("09 13:00"))
    denied(lake, "d8", "09 12:30", "d-went-on", None, "a new word", kind="periodic")
    denied(lake, "d9", "09 12:31", "d-permitted", "successful", "permit")
    denied(lake, "d0", "2026-10-10 23:59:59.999", "d-too-early", "failed")
    columns = "connection_id finding denials policy_results policy_shadow_modes seconds_after endpoint_minutes_not_recorded"
    rows = [
        ("d-refused", "attempt denied", 1, "deny", "disabled", None, 0),
        (None, "attempt denied", 1, None, None, None, 0),
        ("d-shadow", "went on in shadow mode", 2, "deny, error", "enabled", 3600, 0),
        ("d-not-merged", "went on in shadow mode", 1, "deny", "enabled", None, 0),
        ("d-unknown", "not known", 1, "deny", "disabled", None, 0),
        ("d-ended", "ended", 1, "deny", "disabled", 60, 0),
        ("d-went-on", "went on", 1, "a new word", "disabled", 1800, 0),
    ]
    expect(lake, "posture_denials", columns, rows, alone=True)


@case
def no_denials(lake):
    """Logging is off: no denial is known, and the answer says so."""
    logging(lake, since="10 10:00", created="10 10:00", connection_log_enabled=False)
    expect(lake, "posture_denials", "finding denials endpoint_minutes_not_recorded", [(None, 0, 60)], alone=True)


@case
def verdicts(lake):
    """A verdict that only the log has: read, not read, an error, and denied at any time."""
    logging(lake)
    logging(lake, B, group="unread")
    lake.reads(at("09 08:00"), at("09 14:00"))
    evaluated = at("09 09:05")
    for number, (id, endpoint, statuses, policy_time, results) in enumerate(
        [
            ("v-permit", A, None, evaluated, ["permit"]),
            ("v-permit-again", A, ["compliant"], evaluated, ["deny", "permit"]),
            ("v-error", A, ["compliant"], evaluated, ["error"]),
            ("v-no-result", A, ["compliant"], evaluated, [None]),
            ("v-handler", A, ["compliant"], None, [None]),
            ("v-missing", A, None, None, [None]),
            ("v-logged-nowhere", A, None, None, []),
            ("v-unread", B, ["compliant"], evaluated, []),
            ("v-unread-handler", B, ["compliant"], None, []),
            ("v-unread-nothing", B, [], None, []),
            ("v-refused", B, ["quarantined"], evaluated, []),
        ]
    ):
        begins = at("09 09:00") + number * MINUTE
        values = {"posture_compliance_statuses": statuses, "authorization_policy_last_evaluated_time": policy_time}
        lake.session(id, "verdicts.a", None, begins, begins + 30 * MINUTE, endpoint, **values)
        for order, result in enumerate(results):
            time = begins + order * MINUTE
            denied(lake, f"{id}-{order}", f"{time:%d %H:%M}", id, result=result)
    rows = [
        ("v-permit-again", "not compliant"),
        ("v-error", "unknown"),
        ("v-no-result", "unknown"),
        ("v-missing", "missing"),
        ("v-logged-nowhere", "missing"),
        ("v-unread", "unknown"),
        ("v-unread-nothing", "unknown"),
        ("v-refused", "not compliant"),
    ]
    expect(lake, "posture_not_compliant", "connection_id finding", rows)


@case
def ended_unseen(lake):
    """A session that was denied, and whose end nobody saw, may have gone on. So has one of which an attempt failed, and that was seen later."""
    logging(lake)
    read_all(lake)
    there = connection("u1", "unseen.a", None, at("09 08:10"))
    for time, rows in [("09 08:00", []), ("09 08:30", [there]), ("09 09:00", [there]), ("09 12:00", [])]:
        lake.capture(at(time), rows)
    denied(lake, "u1-denied", "09 09:00", "u1", None, shadow="enabled", kind="periodic")
    lake.session("u2", "unseen.b", None, at("09 13:00"), at("09 14:00"))
    denied(lake, "u2-denied", "09 13:00", "u2", "failed")
    # One whose verdict came with a word for the mode that is not known.
    lake.session("u3", "unseen.c", None, at("09 13:00"), at("09 14:00"))
    denied(lake, "u3-denied", "09 13:01", "u3", None, shadow="enabled", kind="periodic")
    denied(lake, "u3-denied-again", "09 13:06", "u3", None, shadow=None, kind="periodic")
    rows = [("u1", "not known"), ("u2", "went on"), ("u3", "went on")]
    expect(lake, "posture_denials", "connection_id finding", rows, alone=True)


@case
def times_not_known(lake):
    """An event without a time that a column can have does not break an answer."""
    logging(lake)
    read_all(lake)
    logged_session(lake, "o1", "09 09:00", "09 10:00", user="odd.a")
    for id in ("o1-odd", "o1-odder"):
        denied(lake, id, "09 09:30", "o1", None, kind="periodic", username="odd.a")
        lake.tables["connection_logs"][-1]["event_time"] = None
    expect(lake, "posture_denials", "connection_id finding denials first_denied", [("o1", "not known", 2, None)], alone=True)
    expect(lake, "reconciliation", "kind sessions_compared sessions_without_event", [(None, 1, 0)], alone=True)


@case
def permitted_and_not_read(lake):
    """A policy that permitted a device may have denied it later: a window up to the end was not read."""
    for endpoint, group in [(A, "read"), (B, "unread")]:
        logging(lake, endpoint, group=group)
    lake.reads(at("09 08:00"), at("09 13:00"), group="read")
    lake.reads(at("09 08:00"), at("09 09:15"), group="unread")
    lake.reads(at("09 09:30"), at("09 13:00"), group="unread")
    for id, endpoint, ends in [("p-read", A, "09 13:00"), ("p-longer", A, "09 13:01"), ("p-beside", B, "09 09:15"), ("p-gap", B, "09 09:16")]:
        lake.session(id, "permitted.a", None, at("09 09:00"), at(ends), endpoint)
        denied(lake, f"{id}-permit", "09 09:00", id, result="permit", endpoint=endpoint, group="read" if endpoint == A else "unread")
    rows = [("p-gap", "unknown"), ("p-longer", "unknown")]
    expect(lake, "posture_not_compliant", "connection_id finding", rows)


@case
def forms_of_an_address(lake):
    """One IPv6 address in two forms is one address, before and now; what is no address stays as it is."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    lake.event("a0", at("2026-09-09 10:00"), "a0", username="forms.a", device_ip="2001:db8::1")
    logged_session(lake, "a1", "09 09:00", "09 11:00", user="forms.a", address="2001:0DB8:0:0:0:0:0:1")
    logged_session(lake, "a2", "09 09:30", "09 10:00", user="forms.a", address="2001:db8::1")
    logged_session(lake, "a3", "09 10:30", "09 10:40", user="forms.a", address="no address")
    rows = [("2001:db8::1", "seen before", 2), ("no address", "new", 1)]
    expect(lake, "public_addresses", "device_ip finding connections", rows, alone=True)
    rows = [("a1", "a3", "2001:0DB8:0:0:0:0:0:1", "no address")]
    columns = "first_connection_id second_connection_id first_device_ip second_device_ip"
    expect(lake, "two_addresses_at_once", columns, rows, alone=True)
