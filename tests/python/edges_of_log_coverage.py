"""Cases of the coverage of connection logs."""

import log_ledgers
from edge_cases import case, expect
from edge_lakes import MINUTE, A, B, at

COLUMNS = "endpoint_id day log_groups hours_on hours_in_lake hours_missing hours_pending hours_not_read minutes_off error_codes"


def logging(lake, begins, ends, log_group="vpn", endpoint=A, step=15, **values):
    """Snapshots that show that an endpoint logs, or with `None` that it does not."""
    time = at(begins)
    while time <= at(ends):
        values = {"connection_log_enabled": log_group is not None, "connection_log_group": log_group} | values
        lake.endpoint(time, [], endpoint, **values)
        time += step * MINUTE


def group(lake, windows=(), name="vpn", endpoints=(A,), code=None):
    return log_ledgers.group(lake.ledger, name, endpoints, windows, code)


def named(lake, time, *endpoints):
    """A run that reads the newest window that is due."""
    newest = at(time) - at(time).minute % 15 * MINUTE - 3 * log_ledgers.QUARTER
    log_ledgers.run(lake.ledger, at(time), [group(lake, [log_ledgers.reading(newest)], endpoints=endpoints)])


def day(number):
    return at(f"{number:02} 00:00").date()


@case
def log_windows(lake):
    """A window is in the lake, missing, or not due for an hour. One that failed first and was read later is there."""
    logging(lake, "09 22:00", "10 12:00")
    failed = log_ledgers.reading(at("09 23:30"), "failed", "Timeout")
    again = log_ledgers.reading(at("09 23:15"), "failed", "Throttling")
    named(lake, "09 22:05", A)
    log_ledgers.run(lake.ledger, at("10 00:35"), [group(lake, [failed, again])])
    found = log_ledgers.readings(at("09 22:00"), at("10 10:15"))
    lacking = [log_ledgers.reading(time)["start"] for time in (at("09 23:30"), at("10 01:00"))]
    found = [reading for reading in found if reading["start"] not in lacking]
    found[0]["outcome"] = "already_captured"
    log_ledgers.run(lake.ledger, at("10 11:05"), [group(lake, found)])
    expect(
        lake,
        "connection_log_coverage",
        COLUMNS,
        [
            (A, day(9), "vpn", 2, 1.75, 0.25, 0, 0, 0, "Timeout"),
            (A, day(10), "vpn", 12, 10, 0.5, 1.5, 0, 0, ""),
        ],
    )


@case
def logging_off(lake):
    """The time of a change lies between two snapshots and counts as neither on nor off, until off is seen. No run read the logs."""
    logging(lake, "08 10:00", "08 10:20", step=10)
    logging(lake, "08 10:30", "09 02:00", None, step=30)
    logging(lake, "09 02:07", "09 02:07")
    # Off until the end, as far as it is known.
    logging(lake, "09 02:20", "09 02:35", None, B)
    expect(
        lake,
        "connection_log_coverage",
        COLUMNS,
        [
            (A, day(8), "vpn", 0.5, 0, 0, 0, 0.5, 13 * 60 + 30, ""),
            (A, day(9), "vpn", 0.25, 0, 0, 0, 0.25, 127, ""),
            (B, day(9), "", 0, 0, 0, 0, 0, 15, ""),
        ],
    )


@case
def second_readings(lake):
    """An hour that is in the lake is read once more a day later. One with a missing window is not."""
    logging(lake, "08 10:00", "08 12:59", endpoint=B, step=59)
    windows = log_ledgers.readings(at("08 10:00"), at("08 12:45"))
    late = log_ledgers.reading(at("08 10:00"), late=True)
    refused = log_ledgers.reading(at("08 11:00"), "failed", "AccessDenied", late=True)
    named(lake, "08 10:00", B)
    log_ledgers.run(lake.ledger, at("09 13:35"), [group(lake, [*windows, late, refused], endpoints=[B])])
    columns = "hours_in_lake hours_missing hours_not_read_again"
    expect(lake, "connection_log_coverage", columns, [(2.75, 0.25, 1)])


@case
def second_reading_to_come(lake):
    """An hour after it was due, the second reading is missing."""
    for hour, endpoint in [("09:00", A), ("10:00", B)]:
        logging(lake, f"09 {hour}", f"09 {hour[:2]}:55", endpoint=endpoint, step=55)
    log_ledgers.run(lake.ledger, at("09 09:00"), [group(lake, log_ledgers.readings(at("09 09:00"), at("09 11:00")))])
    # At 12:00: that of 09:00 was due at 10:30, that of 10:00 at 11:30.
    columns = "endpoint_id hours_in_lake hours_not_read_again"
    expect(lake, "connection_log_coverage", columns, [(A, 1, 1), (B, 1, 0)])


@case
def named_later(lake):
    """Before a run names the log group, nobody was to read it. Errors of the log group and of the account are shown on their day."""
    logging(lake, "08 20:00", "09 02:50", step=10)
    log_ledgers.run(lake.ledger, at("08 22:05"), [group(lake, code="ResourceNotFoundException")])
    log_ledgers.run(lake.ledger, at("09 00:05"), [], code="UnauthorizedOperation")
    log_ledgers.run(lake.ledger, at("09 03:40"), [group(lake, log_ledgers.readings(at("08 21:00"), at("08 21:30")))])
    log_ledgers.run(lake.ledger, at("09 03:40"), [group(lake, name="other", code="Throttling")])
    expect(
        lake,
        "connection_log_coverage",
        COLUMNS,
        [
            # 22:00 to 24:00; the windows from 23:15 on were due on the next day.
            (A, day(8), "vpn", 4, 0.5, 2, 0, 1.5, 0, "ResourceNotFoundException, UnauthorizedOperation"),
            (A, day(9), "vpn", 3, 0, 3, 0, 0, 0, "UnauthorizedOperation"),
        ],
    )


@case
def several_log_groups(lake):
    """One group of two endpoints, a change of the group within a window, and a group without a name."""
    logging(lake, "09 10:00", "09 10:50", endpoint=B, step=10)
    logging(lake, "09 10:00", "09 10:10", step=10)
    logging(lake, "09 10:20", "09 10:40", "other", step=10)
    logging(lake, "09 10:50", "09 11:20", "", step=10, connection_log_group=None)
    windows = log_ledgers.readings(at("09 10:00"), at("09 11:00"))
    named(lake, "09 10:00", A, B)
    log_ledgers.run(lake.ledger, at("09 12:00"), [group(lake, windows, endpoints=[A, B]), group(lake, name="other")])
    expect(
        lake,
        "connection_log_coverage",
        COLUMNS,
        [
            (A, day(9), "other, vpn", 1.5, 0.25, 0, 0, 1.25, 0, ""),
            (B, day(9), "vpn", 1, 1, 0, 0, 0, 0, ""),
        ],
    )


@case
def not_to_be_counted(lake):
    """An endpoint that is deleted, one of which AWS does not say if it logs, and what is older than the question."""
    logging(lake, "09 10:00", "09 11:00", status_code="deleted")
    logging(lake, "09 10:00", "09 11:00", endpoint=B, connection_log_enabled=None)
    logging(lake, "2026-10-10 10:00", "2026-10-10 23:59", None)
    logging(lake, "2026-10-10 10:00", "2026-10-11 00:20", "vpn", "cvpn-endpoint-old", step=10)
    columns = "endpoint_id day hours_on hours_not_read"
    expect(lake, "connection_log_coverage", columns, [("cvpn-endpoint-old", at("2026-10-11 00:00").date(), 0.5, 0.5)])
