"""Cases of working hours, on days when clocks change and on others."""

import datetime
import zoneinfo

from edge_cases import case, expect
from edge_lakes import MINUTE, UTC, A, B, C, D, at, connection

WEEK = "    (1, '08:00', '18:00'),\n    (2, '08:00', '18:00'),\n    (3, '08:00', '18:00'),\n    (4, '08:00', '18:00'),\n    (5, '08:00', '18:00')"
FAR = ("INTERVAL '30' DAY", "INTERVAL '400' DAY")


def outside(lake, zone, spans, hours=None):
    """Sessions by their local beginning and end, and if they are outside. A trailing `*` marks the second of two equal times."""

    def moment(text):
        local = datetime.datetime.fromisoformat(text.removesuffix("*")).replace(
            tzinfo=zoneinfo.ZoneInfo(zone), fold=text.endswith("*")
        )
        return local.astimezone(UTC).replace(tzinfo=None)

    shown = []
    for number, (begins, ends, is_outside) in enumerate(spans):
        lake.session(f"{number:03}", "x", "x", moment(begins), moment(ends), endpoint=[A, B, C, D][number % 4])
        if is_outside:
            shown.append((moment(begins), f"{number:03}", True))
    edits = [("'Europe/Berlin'", f"'{zone}'"), FAR]
    if hours is not None:
        edits.append((WEEK, ",\n".join(f"    ({day}, '{begins}', '{ends}')" for day, begins, ends in hours)))
    expect(lake, "outside_working_hours", "connection_id proven", [row[1:] for row in sorted(shown)], edits)


@case
def berlin(lake):
    """Monday to Friday, 08:00 to 18:00, in a week of each change, which come on Sundays."""
    spans = [
        ("2026-03-27 08:00", "2026-03-27 18:00", False),
        ("2026-03-30 08:00", "2026-03-30 18:00", False),
        ("2026-03-30 07:59", "2026-03-30 17:00", True),
        ("2026-03-30 09:00", "2026-03-30 18:00:01", True),
        ("2026-03-29 09:00", "2026-03-29 10:00", True),
        ("2026-10-23 08:00", "2026-10-23 18:00", False),
        ("2026-10-26 08:00", "2026-10-26 18:00", False),
        ("2026-10-26 07:59:59", "2026-10-26 08:30", True),
        ("2026-10-27 17:00", "2026-10-28 09:00", True),
        ("2026-10-27 12:00", "2026-10-28 12:00", True),
    ]
    outside(lake, "Europe/Berlin", spans)


@case
def berlin_on_sundays(lake):
    """The days of change themselves: elapsed seconds since midnight are an hour more or less than the clock shows."""
    spans = [
        ("2026-03-29 08:00", "2026-03-29 18:00", False),
        ("2026-03-29 08:00", "2026-03-29 18:00:01", True),
        ("2026-03-29 07:59", "2026-03-29 08:01", True),
        ("2026-03-29 17:30", "2026-03-29 18:30", True),
        ("2026-10-25 08:00", "2026-10-25 18:00", False),
        ("2026-10-25 07:30", "2026-10-25 09:00", True),
        ("2026-10-25 17:30", "2026-10-25 18:00", False),
        ("2026-10-25 17:30", "2026-10-25 18:30", True),
    ]
    outside(lake, "Europe/Berlin", spans, [(7, "08:00", "18:00")])


@case
def berlin_for_minutes(lake):
    """Sessions of minutes around each change that begin late in an hour."""
    spans = [
        ("2026-03-29 01:50", "2026-03-29 03:05", True),
        ("2026-03-29 01:55", "2026-03-29 03:30", True),
        ("2026-03-29 01:50", "2026-03-29 01:59", False),
        ("2026-10-25 02:50", "2026-10-25 02:05*", False),
        ("2026-10-25 02:50", "2026-10-25 03:05", True),
    ]
    outside(lake, "Europe/Berlin", spans, [(6, "22:00", "03:00"), (7, "00:00", "03:00")])


@case
def berlin_at_night(lake):
    """A night shift that ends within the hour that the clock shows twice, or never."""
    spans = [
        ("2026-10-24 23:00", "2026-10-25 02:20", False),
        ("2026-10-25 02:10", "2026-10-25 02:20", False),
        ("2026-10-25 02:10", "2026-10-25 02:40", True),
        # From the first 02:10 over 02:59 to the second 02:20.
        ("2026-10-25 02:10", "2026-10-25 02:20*", True),
        ("2026-10-25 02:10*", "2026-10-25 02:20*", False),
        ("2026-10-24 21:59", "2026-10-24 23:00", True),
        ("2026-03-28 22:00", "2026-03-29 01:59", False),
        # At 02:00 it is 03:00.
        ("2026-03-28 22:00", "2026-03-29 03:01", True),
        ("2026-03-29 22:00", "2026-03-29 23:00", True),
    ]
    outside(lake, "Europe/Berlin", spans, [(6, "22:00", "02:30")])


@case
def jerusalem(lake):
    """Sunday to Thursday. The clock changes on Friday, 27 March, and on Sunday, 25 October."""
    spans = [
        ("2026-03-26 08:00", "2026-03-26 18:00", False),
        ("2026-03-27 09:00", "2026-03-27 10:00", True),
        ("2026-03-28 09:00", "2026-03-28 10:00", True),
        ("2026-03-29 08:00", "2026-03-29 18:00", False),
        ("2026-10-25 08:00", "2026-10-25 18:00", False),
        ("2026-10-25 07:00", "2026-10-25 18:00", True),
        ("2026-10-25 08:00", "2026-10-25 19:00", True),
    ]
    outside(lake, "Asia/Jerusalem", spans, [(day, "08:00", "18:00") for day in (7, 1, 2, 3, 4)])


@case
def cairo(lake):
    """The clock changes at midnight: at the beginning of Friday, 24 April, and at the end of Thursday, 29 October."""
    spans = [
        ("2026-04-23 20:00", "2026-04-24 06:00", False),
        ("2026-04-24 08:00", "2026-04-24 09:00", True),
        ("2026-04-23 19:59", "2026-04-23 21:00", True),
        ("2026-10-29 20:00", "2026-10-30 06:00", False),
        # 23:30 comes twice.
        ("2026-10-29 23:30", "2026-10-29 23:30*", False),
        ("2026-10-29 23:30*", "2026-10-30 06:01", True),
    ]
    outside(lake, "Africa/Cairo", spans, [(4, "20:00", "06:00")])


@case
def cairo_by_day(lake):
    """Friday, 24 April, has no midnight, and Thursday, 29 October, has 25 hours."""
    spans = [
        ("2026-04-24 01:00", "2026-04-24 18:00", False),
        ("2026-04-24 08:00", "2026-04-24 18:01", True),
        ("2026-10-29 08:00", "2026-10-29 18:00", False),
        ("2026-10-30 08:00", "2026-10-30 18:00", False),
        ("2026-10-30 18:00", "2026-10-30 18:01", True),
    ]
    outside(lake, "Africa/Cairo", spans, [(4, "08:00", "18:00"), (5, "00:00", "18:00")])


@case
def sydney(lake):
    """South of the equator: back on 5 April, ahead on 4 October, both Sundays."""
    spans = [
        ("2026-04-05 08:00", "2026-04-05 18:00", False),
        ("2026-04-05 07:00", "2026-04-05 09:00", True),
        ("2026-04-05 08:00", "2026-04-05 18:30", True),
        ("2026-10-04 08:00", "2026-10-04 18:00", False),
        ("2026-10-04 08:00", "2026-10-04 18:30", True),
        ("2026-10-05 08:00", "2026-10-05 09:00", True),
    ]
    outside(lake, "Australia/Sydney", spans, [(7, "08:00", "18:00")])


@case
def santiago(lake):
    """The clock goes back at the end of 4 April, and ahead at the beginning of 6 September, which has no midnight."""
    spans = [
        ("2026-04-04 22:00", "2026-04-05 06:00", False),
        ("2026-04-04 23:30", "2026-04-04 23:45*", False),
        ("2026-04-04 21:59", "2026-04-04 22:30", True),
        ("2026-09-05 22:00", "2026-09-06 06:00", False),
        ("2026-09-06 05:00", "2026-09-06 06:30", True),
    ]
    outside(lake, "America/Santiago", spans, [(6, "22:00", "06:00")])


@case
def lord_howe(lake):
    """Half an hour of change: back from 02:00 to 01:30 on 5 April."""
    spans = [
        ("2026-04-05 01:35", "2026-04-05 01:40", False),
        ("2026-04-05 01:35", "2026-04-05 01:40*", True),
        ("2026-04-05 01:35*", "2026-04-05 01:40*", False),
    ]
    outside(lake, "Australia/Lord_Howe", spans, [(7, "01:00", "01:45")])


@case
def stretches(lake):
    """Lines that touch are one stretch, a break is none, and some days have none at all."""
    hours = [(1, "22:00", "00:00"), (2, "00:00", "06:00"), (3, "08:00", "12:00"), (3, "13:00", "17:00"), (4, "00:00", "00:00")]
    spans = [
        ("2026-11-02 22:00", "2026-11-03 06:00", False),
        ("2026-11-04 08:00", "2026-11-04 12:00", False),
        ("2026-11-04 11:00", "2026-11-04 14:00", True),
        ("2026-11-05 00:00", "2026-11-06 00:00", False),
        ("2026-11-05 12:00", "2026-11-06 00:01", True),
        ("2026-11-07 12:00", "2026-11-07 12:00", True),
    ]
    outside(lake, "UTC", spans, hours)


@case
def late_ends(lake):
    """A connection of which AWS gave no end: what may have been outside is shown, and not proven."""
    begins = at("09 15:00")
    for id, times, missed in [
        ("sure", ["09 15:30", "09 17:30"], "09 18:30"),
        ("maybe", ["09 15:30", "09 16:30"], "09 17:45"),
        ("no", ["09 15:30"], "09 16:00"),
    ]:
        endpoint = {"sure": A, "maybe": B, "no": C}[id]
        for time in times:
            lake.capture(at(time), [connection(id, "late_ends", "late_ends", begins)], endpoint)
        lake.capture(at(missed), [], endpoint)
    # In Berlin it is an hour later.
    expect(lake, "outside_working_hours", "connection_id proven end_seen", [("maybe", False, False), ("sure", True, False)])


@case
def for_years(lake):
    """A session whose end is not known for years: any moment of it may have been outside, and none is proven."""
    begins = at("2025-01-30 10:00")
    lake.capture(begins + MINUTE, [connection("open", "for years", "for years", begins)])
    expect(lake, "outside_working_hours", "connection_id proven", [("open", False)], [FAR])
