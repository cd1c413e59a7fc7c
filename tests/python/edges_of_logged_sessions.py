"""Cases of sessions with what only connection logs have: public addresses, devices and verdicts of policies."""

from edge_cases import case, expect
from edge_lakes import A, B, at
from edges_of_logs import MASKED, logging, read_all


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
