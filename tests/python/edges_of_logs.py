"""Cases of connection logs: failed attempts, and public addresses."""

from edge_cases import case, expect
from edge_lakes import SAML, A, B, at

DENIED = "authorization-policy-deny"
MASKED = "*" * 12


def logging(lake, endpoint=A, group="vpn", types=(SAML,), since="2026-10-10 12:00", created="2026-10-01 00:00", **values):
    """An endpoint that logs to a group since a time."""
    values = {"connection_log_enabled": True, "connection_log_group": group, "creation_time": at(created)} | values
    lake.endpoint(at(since), list(types), endpoint, **values)


def read_all(lake, until="10 11:00", **values):
    """Reads a log group from October until an hour before the questions are asked, in a few long windows."""
    lake.reads(at("2026-10-01 00:00"), at(until), minutes=7 * 24 * 60, **values)


def failed(lake, id, time, user="failures.ana", address="198.51.100.1", reason="client-connect-failed", **values):
    values = {"username": user, "device_ip": address, "connection_attempt_failure_reason": reason, **values}
    lake.event(id, at(time), f"cvpn-connection-{id}", "failed", **values)


@case
def failures(lake):
    """Attempts by reason, user and address: the same event twice counts once, and other events do not count."""
    logging(lake)
    read_all(lake)
    failed(lake, "f1", "09 10:00", "CORP\\failures.Ana")
    failed(lake, "f1", "09 10:00", "CORP\\failures.Ana")
    # Read again a day later, in another object.
    failed(lake, "f1", "09 10:00", "CORP\\failures.Ana", due=at("10 11:30"))
    failed(lake, "f2", "09 23:59:59.999", "FAILURES.ana", endpoint=B)
    failed(lake, "f3", "10 00:00", "failures.ana", address="198.51.100.2")
    failed(lake, "f4", "10 00:01", "failures.ana", reason=DENIED)
    failed(lake, "f5", "10 00:02", None, common_name="failures.cert", reason=None, address=None)
    for id, status in [("f6", "successful"), ("f7", "waiting-for-assertion"), ("f8", None)]:
        lake.event(id, at("10 00:03"), f"cvpn-connection-{id}", status, username="failures.ana")
    columns = "reason identities device_ip attempts first_attempt last_attempt endpoints identity_key endpoint_minutes_not_recorded"
    failed_first, ana = ("client-connect-failed", "198.51.100.1"), "failures.ana"
    both = "CORP\\failures.Ana, FAILURES.ana"
    rows = [
        (failed_first[0], both, failed_first[1], 2, at("09 10:00"), at("09 23:59:59.999"), 2, ana, 0),
        (DENIED, ana, "198.51.100.1", 1, at("10 00:01"), at("10 00:01"), 1, ana, 0),
        (failed_first[0], ana, "198.51.100.2", 1, at("10 00:00"), at("10 00:00"), 1, ana, 0),
        (None, "failures.cert", None, 1, at("10 00:02"), at("10 00:02"), 1, "failures.cert", 0),
    ]
    expect(lake, "failed_attempts", columns, rows, alone=True)


@case
def hostile(lake):
    """Names and addresses are only values; attempts of nobody are a row; only asterisks stay."""
    logging(lake)
    read_all(lake)
    names = ["hostile.'; DROP TABLE sessions; --", "hostile.{{7*7}}\n<b>", "\\", "CORP\\", MASKED, None]
    for number, name in enumerate(names):
        failed(lake, f"h{number}", "09 10:00", name, address=MASKED, reason="' OR 1=1")
    rows = [
        (1, MASKED, MASKED),
        (1, "\\", "\\"),
        (1, "corp\\", "CORP\\"),
        (1, "hostile.'; drop table sessions; --", "hostile.'; DROP TABLE sessions; --"),
        (1, "hostile.{{7*7}}\n<b>", "hostile.{{7*7}}\n<b>"),
        (1, None, None),
    ]
    rows.sort(key=lambda row: row[1] or "~")
    expect(lake, "failed_attempts", "attempts identity_key identities", rows, alone=True)


@case
def at_midnight(lake):
    """The first and the last moment of the days that are asked for; an event in the partition of the day after, and one of a late object."""
    logging(lake)
    read_all(lake)
    failed(lake, "m0", "05 23:59:59.999", "midnight.a")
    failed(lake, "m1", "06 00:00", "midnight.b")
    failed(lake, "m2", "06 23:59:59.999", "midnight.b")
    failed(lake, "m3", "06 23:30", "midnight.b", due=at("08 00:30"))
    failed(lake, "m4", "07 00:00", "midnight.c")
    failed(lake, "m5", "06 12:00", "midnight.d", group="not-of-a-known-endpoint", endpoint="cvpn-endpoint-0")
    edits = [
        ("current_date - INTERVAL '30' DAY AS t", "DATE '2026-11-06' AS t"),
        ("current_date + INTERVAL '1' DAY", "DATE '2026-11-07'"),
    ]
    rows = [(3, "midnight.b", at("06 00:00"), at("06 23:59:59.999")), (1, "midnight.d", at("06 12:00"), at("06 12:00"))]
    expect(lake, "failed_attempts", "attempts identity_key first_attempt last_attempt", rows, edits, alone=True)


@case
def unread(lake):
    """Minutes in which an attempt cannot be known. A window that failed, or whose group is that of another endpoint, was not read."""
    # Logging is off for an hour, and then goes to another group, which was not read for two windows.
    logging(lake)
    logging(lake, since="09 10:00", connection_log_enabled=False)
    logging(lake, since="09 11:00", group="other")
    # It is gone after an hour, and was never logged.
    logging(lake, B, since="08 10:00", created="08 09:30", connection_log_enabled=False)
    logging(lake, B, since="08 10:30", connection_log_enabled=False)
    read_all(lake, "09 10:00")
    lake.reads(at("09 11:00"), at("09 11:15"), group="other", outcome="failed")
    lake.reads(at("09 11:15"), at("09 12:00"), group="other", outcome="already_captured")
    lake.reads(at("09 12:00"), at("09 12:15"), group="vpn")
    lake.reads(at("09 12:15"), at("10 11:00"), group="other", minutes=300)
    # The same window again, and a second reading, count for nothing.
    lake.reads(at("09 11:15"), at("09 11:30"), group="other")
    lake.reads(at("09 11:00"), at("09 12:00"), group="other", late=True)
    expect(lake, "failed_attempts", "reason attempts endpoint_minutes_not_recorded", [(None, 0, 60 + 15 + 15 + 60)], alone=True)


@case
def deleted(lake):
    """An endpoint that the listings no longer have counts until its last snapshot."""
    logging(lake, since="10 08:00", created="10 08:00", connection_log_enabled=False)
    logging(lake, since="10 08:30", connection_log_enabled=False)
    lake.ledger.run(lake.minutes(at("10 08:30")) - 1, [], [A])
    lake.ledger.run(lake.minutes(at("10 08:45")), [], [])
    expect(lake, "failed_attempts", "attempts endpoint_minutes_not_recorded", [(0, 30)], alone=True)
    expect(lake, "connection_logging_off", "finding state least_minutes", [("off", "gone", 30)], alone=True)


@case
def unlogged(lake):
    """No endpoint is on record: nothing is known."""
    lake.reads(at("09 10:00"), at("09 11:00"))
    expect(lake, "failed_attempts", "reason attempts endpoint_minutes_not_recorded", [(None, 0, None)], alone=True)


def seen(lake, id, time, user, address, **values):
    lake.event(id, at(time), f"cvpn-connection-{id}", username=user, device_ip=address, **values)


ADDRESSES = "identities device_ip finding connections first_seen last_seen_before"


@case
def addresses(lake):
    """Addresses that are new, those that were seen before, and events that say nothing of a user's address."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    eve, home, hotel, cafe = "addresses.eve", "192.0.2.1", "192.0.2.2", "192.0.2.3"
    before = at("2026-10-10 23:59:59.999")
    seen(lake, "a1", "2026-10-10 23:59:59.999", "CORP\\addresses.Eve", home)
    # 120 days before are not enough.
    seen(lake, "a0", "2026-07-12 23:59:59", eve, hotel)
    seen(lake, "a2", "2026-10-11 00:00", eve, home)
    seen(lake, "a3", "2026-10-11 00:01", "ADDRESSES.EVE", hotel)
    seen(lake, "a3", "2026-10-11 09:01", "ADDRESSES.EVE", hotel, status=None, connection_log_type="connection-reset")
    seen(lake, "a4", "2026-10-11 00:02", eve, cafe, status="failed")
    seen(lake, "a5", "2026-10-11 00:03", eve, cafe, status="waiting-for-assertion")
    seen(lake, "a6", "2026-10-11 00:04", eve, cafe, status=None, connection_reset_status="assertion-received")
    seen(lake, "a7", "2026-10-11 00:05", eve, None)
    seen(lake, "a8", "2026-10-11 00:06", eve, MASKED)
    seen(lake, "a9", "2026-10-11 00:07", None, cafe, common_name="addresses.laptop")
    rows = [
        (eve, home, "seen before", 1, at("2026-10-11 00:00"), before),
        ("ADDRESSES.EVE", hotel, "new", 1, at("2026-10-11 00:01"), None),
        (eve, None, "not known", 1, at("2026-10-11 00:05"), None),
        (eve, MASKED, "masked", 1, at("2026-10-11 00:06"), None),
        ("addresses.laptop", cafe, "new", 1, at("2026-10-11 00:07"), None),
    ]
    expect(lake, "public_addresses", ADDRESSES, rows, alone=True)


@case
def hidden_before(lake):
    """Of a user of whom an address of the time before is masked, no address is new."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    seen(lake, "b1", "2026-09-01 00:00", "hidden.a", MASKED)
    seen(lake, "b2", "09 10:00", "hidden.a", "192.0.2.1")
    seen(lake, "b3", "09 10:00", "hidden.b", "192.0.2.1")
    rows = [("hidden.a", "192.0.2.1", "not known"), ("hidden.b", "192.0.2.1", "new")]
    expect(lake, "public_addresses", "identities device_ip finding", rows, alone=True)


@case
def names_hidden_before(lake):
    """If an event of the time before names nobody, it can be anybody's."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    seen(lake, "c1", "2026-09-01 00:00", MASKED, "192.0.2.9")
    seen(lake, "c2", "09 10:00", MASKED, "192.0.2.1")
    seen(lake, "c3", "09 10:00", None, "192.0.2.1")
    seen(lake, "c4", "09 10:00", "hidden.c", "192.0.2.1")
    rows = [(MASKED, "not known"), ("hidden.c", "not known"), (None, "not known")]
    expect(lake, "public_addresses", "identities finding", rows, alone=True)


@case
def not_read_before(lake):
    """One window of the time before was not read: an address is known to be old, and none is new."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("2026-09-01 00:00"), minutes=14 * 24 * 60)
    lake.reads(at("2026-09-01 00:15"), at("10 10:45"), minutes=14 * 24 * 60)
    seen(lake, "d1", "2026-09-01 00:20", "unread.a", "192.0.2.1")
    seen(lake, "d2", "09 10:00", "unread.a", "192.0.2.1")
    seen(lake, "d3", "09 10:01", "unread.a", "192.0.2.2")
    rows = [("192.0.2.1", "seen before", 15, 15), ("192.0.2.2", "not known", 15, 15)]
    columns = "device_ip finding endpoint_minutes_not_recorded endpoint_minutes_not_recorded_before"
    expect(lake, "public_addresses", columns, rows, alone=True)


@case
def no_addresses(lake):
    """Nobody connected, and the answer says how much is known."""
    logging(lake, since="2026-11-09 00:00", created="2026-11-09 00:00")
    lake.reads(at("09 00:00"), at("10 11:00"), minutes=24 * 60)
    columns = "finding connections endpoint_minutes_not_recorded endpoint_minutes_not_recorded_before"
    expect(lake, "public_addresses", columns, [(None, 0, 0, 0)], alone=True)


@case
def not_described_before(lake):
    """Before the first snapshot, nobody knows if an endpoint logged: its windows are no record of it."""
    logging(lake, since="09 00:00", created="2025-01-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    seen(lake, "n1", "09 10:00", "described.late", "192.0.2.1")
    columns = "finding endpoint_minutes_not_recorded endpoint_minutes_not_recorded_before"
    expect(lake, "public_addresses", columns, [("not known", 29 * 24 * 60, 90 * 24 * 60)], alone=True)


@case
def created_within_the_hour(lake):
    """An endpoint that was created less than an hour before its first snapshot counts from its creation on."""
    logging(lake, since="09 00:00", created="08 23:01")
    lake.reads(at("08 23:00"), at("10 11:00"), minutes=24 * 60)
    expect(lake, "failed_attempts", "endpoint_minutes_not_recorded", [(0,)], alone=True)


@case
def captured_and_not_described(lake):
    """Of an endpoint whose configuration was not read in these days, no attempt can be known, until a listing does not have it."""
    logging(lake, since="2026-09-25 00:00")
    read_all(lake)
    lake.capture(at("10 09:00"), [])
    lake.capture(at("10 10:00"), [], B)
    lake.ledger.run(lake.minutes(at("10 10:30")), [], [A])
    # From the request of the first page, a second before, and rounded up.
    expect(lake, "failed_attempts", "endpoint_minutes_not_recorded", [(120 + 30 + 1,)], alone=True)
    expect(lake, "connection_logging_off", "endpoint_id finding began_before state", [(A, "not known", at("10 08:59:58.800"), "still")], alone=True)


@case
def changed_within_a_second(lake):
    """Parts of a second, before and after a change of the log group, add up to no time that was not recorded."""
    logging(lake)
    logging(lake, since="09 10:00:00.300", group="other")
    logging(lake, since="09 12:00:00.700")
    for group in ("vpn", "other"):
        read_all(lake, "09 10:00", group=group)
        lake.reads(at("09 10:00"), at("10 11:00"), group=group)
    expect(lake, "failed_attempts", "endpoint_minutes_not_recorded", [(0,)], alone=True)


@case
def asked_of_today(lake):
    """The end of the time before is not merged yet, so that no address is new. Nothing is recorded of a time that is not over."""
    logging(lake, since="2026-07-13 00:00", created="2026-07-01 00:00")
    lake.reads(at("2026-07-01 00:00"), at("10 11:00"), minutes=14 * 24 * 60)
    seen(lake, "t1", "10 11:40", "today.a", "192.0.2.1")
    since = [("CAST(current_date - INTERVAL '30' DAY AS t", "CAST(TIMESTAMP '2026-11-10 11:30:00' AS t")]
    columns = "finding endpoint_minutes_not_recorded endpoint_minutes_not_recorded_before"
    expect(lake, "public_addresses", columns, [("not known", None, 0)], since, alone=True)
    expect(lake, "failed_attempts", "attempts endpoint_minutes_not_recorded", [(0, None)], since, alone=True)


@case
def described_no_more(lake):
    """After the last snapshot, only runs of connection logs know where an endpoint logs: one that found it elsewhere recorded nothing of it."""
    for endpoint in (A, B):
        logging(lake, endpoint, since="10 08:00", created="10 07:30")
    lake.reads(at("10 07:30"), at("10 09:30"), endpoints=(A, B))
    lake.reads(at("10 09:30"), at("10 11:00"), endpoints=(A,))
    # Of B, from 09:30 on.
    expect(lake, "failed_attempts", "endpoint_minutes_not_recorded", [(90,)], alone=True)
