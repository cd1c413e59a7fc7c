"""Cases of connection logging that is switched off."""

from edge_cases import case, expect
from edge_lakes import MINUTE, NOW, SAML, UTC, A, B, at

OFF = "endpoint_id finding began_after began_before ended_after ended_before state least_minutes most_minutes"


def snapshots(lake, *shown, endpoint=A):
    """Snapshots of an endpoint, each with its log group, `False` for off, or `None` for nothing said."""
    for time, group in shown:
        values = {"connection_log_enabled": None if group is None else group is not False}
        lake.endpoint(at(time), [SAML], endpoint, **values, connection_log_group=group or None)


@case
def switched(lake):
    """Logging is off, has no log group, changes its group, and is not known: with bounds from the snapshots."""
    snapshots(lake, ("10 08:00", "one"), ("10 08:15", False), ("10 08:30", False), ("10 08:45", "one"))
    snapshots(lake, ("10 09:00", ""), ("10 09:15", "two"), ("10 09:30", "two"), ("10 09:45", None), ("10 10:00", "two"))
    snapshots(lake, ("10 10:15", False), ("10 10:30", "one"), ("10 11:00", "one"), ("10 11:30", "one"))
    # Switched off at its end: it is gone in the next snapshot. C was always on, and D never.
    snapshots(lake, ("10 10:00", "one"), ("10 10:15", False), endpoint=B)
    lake.endpoint(at("10 11:15"), [SAML], "cvpn-endpoint-c", connection_log_enabled=True, connection_log_group="one")
    for time in ("10 11:15", "10 11:30", "10 11:59"):
        lake.endpoint(at(time), [SAML], "cvpn-endpoint-d", connection_log_enabled=False, connection_log_group="one")
    lake.endpoint(at("10 11:59"), [SAML], "cvpn-endpoint-c", connection_log_enabled=True, connection_log_group="one")
    lake.endpoint(at("10 11:59"), [SAML], A, connection_log_enabled=True, connection_log_group="one")
    rows = [
        (A, "off", "10 08:00", "10 08:15", "10 08:30", "10 08:45", "ended", 15, 45),
        (A, "no log group", "10 08:45", "10 09:00", "10 09:00", "10 09:15", "ended", 0, 30),
        (A, "log group changed", "10 09:00", "10 09:15", "10 09:30", "10 09:45", "ended", 15, 45),
        (A, "not known", "10 09:30", "10 09:45", "10 09:45", "10 10:00", "ended", 0, 30),
        (A, "off", "10 10:00", "10 10:15", "10 10:15", "10 10:30", "ended", 0, 30),
        (A, "log group changed", "10 10:15", "10 10:30", "10 11:59", None, "still", 89, 105),
        (B, "off", "10 10:00", "10 10:15", "10 10:15", None, "gone", 0, 15),
        ("cvpn-endpoint-d", "off", None, "10 11:15", "10 11:59", None, "still", 44, None),
    ]
    rows = [(*row[:2], *(time and at(time) for time in row[2:6]), *row[6:]) for row in rows]
    expect(lake, "connection_logging_off", OFF, rows, alone=True)


@case
def silent_snapshots(lake):
    """An hour without a snapshot: logging may have been off. So it is since the last one."""
    snapshots(lake, ("10 08:00", "one"), ("10 09:00", "one"), ("10 09:59:59", "one"), ("10 10:15", "one"))
    rows = [
        (A, "not known", "10 08:00", "10 08:00", "10 08:00", "10 09:00", "ended", 0, 60),
        (A, "not known", "10 10:15", "10 10:15", "10 10:15", None, "still", 0, 105),
    ]
    rows = [(*row[:2], *(time and at(time) for time in row[2:6]), *row[6:]) for row in rows]
    expect(lake, "connection_logging_off", OFF, rows, alone=True)


@case
def two_ways(lake):
    """An endpoint that AWS describes in two ways at once, in the first days, and one that was off before these days alone."""
    for group in ("one", "two"):
        lake.endpoint(at("2026-10-10 12:00"), [SAML], A, connection_log_enabled=True, connection_log_group=group)
    lake.endpoint(at("2026-10-10 12:00"), [SAML], B, connection_log_enabled=False)
    lake.endpoint(at("2026-10-10 12:15"), [SAML], B, connection_log_enabled=True, connection_log_group="one")
    for number in range(40):
        time = at("2026-10-10 12:30") + number * 59 * MINUTE
        for endpoint in (A, B) if number < 39 else ():
            lake.endpoint(time, [SAML], endpoint, connection_log_enabled=True, connection_log_group="one")
    rows = [(A, "not known", at("2026-10-12 01:52")), (B, "not known", at("2026-10-12 01:52"))]
    expect(lake, "connection_logging_off", "endpoint_id finding began_before", rows, alone=True)


@case
def always_on(lake):
    """Nothing was switched off: one row says until when."""
    snapshots(lake, ("10 11:30", "one"), ("10 11:45", "one"))
    expect(lake, "connection_logging_off", "endpoint_id finding as_of", [(None, None, NOW.replace(tzinfo=UTC))], alone=True)


@case
def described_again(lake):
    """An endpoint is captured, and its configuration read again only after an outage that began before these days."""
    lake.capture(at("2026-09-01 00:00"), [])
    snapshots(lake, ("2026-09-01 00:00", "one"), ("10 11:30", "two"), ("10 11:59", "two"))
    rows = [(A, "not known", None, at("2026-10-11 00:00"), at("2026-10-11 00:00"), at("10 11:30"), "ended", 0, None)]
    expect(lake, "connection_logging_off", OFF, rows, alone=True)
