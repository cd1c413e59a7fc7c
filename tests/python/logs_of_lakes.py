"""Connection logs for the lakes of the tests of `sessions`, and what they say of a connection, computed one connection at a time.

Nothing is remembered between merges.
"""

import collections
import datetime
import json

from ledgers import REGION, A

DAY = datetime.timedelta(days=1)
FIELDS = ("device_ip", "device_type", "port", "transport_protocol", "policy_result")
#: One row of `connection_logs`: whose it is, when its window was due, from when on it is there, and its values.
Event = collections.namedtuple("Event", "account_id available due values")
#: One row of `endpoints`. `log_group` is `None` if logging is off.
Configuration = collections.namedtuple("Configuration", "account_id available snapshot_time captured_at endpoint_id log_group")
#: What a window lasts, and when it is due after its end, in minutes.
FIRST, LATE = (15, 30), (60, 24.5 * 60)


class Logs:
    """The connection logs of a lake, which has its times and its run records."""

    def __init__(self):
        self.events = []
        self.configurations = []

    def configured(self, minute, log_group="vpn", endpoint_id=A, late=0):
        """A snapshot at a minute shows the configuration of an endpoint."""
        at, available = self.time(minute), self.time(minute + late)
        snapshot_time = self.time(int(minute))
        self.configurations.append(Configuration(self.account_id, available, snapshot_time, at, endpoint_id, log_group))

    def window(self, start, events=(), read=None, late=False, outcome="complete", log_group="vpn", endpoint_id=A):
        """A window that starts at a minute, with its events as `event` makes them, read when it was due or later."""
        length, delay = LATE if late else FIRST
        due = start + length + delay
        read = due if read is None else read
        assert read >= due and self.time(start).minute % length == 0 and self.time(start).second == 0
        arn = f"arn:aws:logs:{REGION}:{self.account_id}:log-group:{log_group}"
        requested, came = f"{self.time(read):%Y-%m-%dT%H:%M:%S.000Z}", f"{self.time(read, 1):%Y-%m-%dT%H:%M:%S.000Z}"
        entry = {
            "start": f"{self.time(start):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{self.time(start + length):%Y-%m-%dT%H:%M:%SZ}",
            "late": late,
            "outcome": outcome,
            "rows": len(events),
            "object_key": None,
            "error": None,
            "first_page_requested_at": requested,
            "first_page_at": came,
            "last_page_at": came,
        }
        self.record(read, [])
        group = {"log_group": arn, "endpoint_ids": [endpoint_id], "windows": [entry], "not_tried": 0, "error": None}
        self.records[-1]["places"][0]["logs"] = {"groups": [group], "error": None}
        if outcome == "complete":
            available = self.time(read + 1)
            self.events += [Event(self.account_id, available, self.time(due), {"log_group": arn} | values) for values in events]

    def event(self, minute, connection, number=0, endpoint_id=A, **values):
        """Returns an event of a connection at a minute, the `number`-th of that moment."""
        at = self.time(minute)
        named = {"event_id": f"{round(at.timestamp())}-{connection}-{number}", "event_time": at, "endpoint_id": endpoint_id}
        return named | {"connection_id": f"{self.account_id}-{connection}"} | values


def readings_of(records):
    """The log groups and entries of the readings that are in the lake."""
    for record in records:
        for place in record["places"]:
            for group in (place.get("logs") or {"groups": []})["groups"]:
                for window in group["windows"]:
                    if window["outcome"] in ("complete", "already_captured"):
                        yield group["log_group"], window


def windows_of(records):
    """The names of log groups and the starts of the first readings that are in the lake."""
    readings = [(group, window) for group, window in readings_of(records) if not window["late"]]
    return {(group.split(":log-group:")[1], datetime.datetime.fromisoformat(window["start"])) for group, window in readings}


def columns(row, events, windows, configurations):
    """The columns of `sessions` that come of the logs, for a session with the others. `windows` are as of `windows_of`."""
    counts_from = midnight(row["first_seen"]) - 2 * DAY
    of_it = [
        event
        for event in events
        if (event.values["endpoint_id"], event.values["connection_id"]) == (row["endpoint_id"], row["connection_id"])
        and day_of(event) >= counts_from
    ]
    values = {}
    for field in FIELDS:
        told = [
            (as_text(event.values["event_time"]), event.values["event_id"], str(event.values[field]))
            for event in of_it
            if event.values.get(field) is not None
        ]
        if told:
            values[field] = list(max(told))
    denials = collections.defaultdict(set)
    for event in of_it:
        if event.values.get("policy_result") == "deny":
            denials[f"{day_of(event):%Y-%m-%d}"].add(event.values["event_id"])
    denials = {day: len(ids) for day, ids in sorted(denials.items())}
    log_group, since = group_of(row, configurations)
    logged = True if of_it else None
    begins = row["connection_established_time"]
    if not of_it and row["begin_seen"] and since is not None and since <= begins:
        around = {quarter(begins + minutes * datetime.timedelta(minutes=1)) for minutes in (-5, 5)}
        logged = False if all((log_group, start) in windows for start in around) else None
    last = {field: values[field][2] if field in values else None for field in FIELDS}
    return {
        **last,
        "port": last["port"] and int(last["port"]),
        "policy_denials": None if logged is None else sum(denials.values()),
        "logged": logged,
        "log_group": log_group,
        "log_values": compact(dict(sorted(values.items()))),
        "policy_denials_by_day": compact(denials),
        "log_group_since": since,
    }


def is_read(row, windows, now):
    """If every window was read between the beginning of a session and its end, or an hour before now. `windows` are as of `windows_of`."""
    start, until = quarter(row["connection_established_time"]), min(row["ended_before"] or now, now - datetime.timedelta(hours=1))
    if row.get("log_group") not in {log_group for log_group, _ in windows}:
        return False
    while start < until:
        if (row["log_group"], start) not in windows:
            return False
        start += datetime.timedelta(minutes=15)
    return True


def group_of(row, configurations):
    """The log group by the last configuration in the hour before the first sight, and since when the snapshots of that day and the day
    before show no other."""
    first_seen = row["first_seen"]
    days = (midnight(first_seen) - DAY, midnight(first_seen))
    before = [
        (one.captured_at, one.log_group or "")
        for one in configurations
        if one.endpoint_id == row["endpoint_id"]
        and midnight(one.snapshot_time) in days
        and one.captured_at <= first_seen + datetime.timedelta(minutes=5)
    ]
    if not before or max(before)[0] <= first_seen - datetime.timedelta(hours=1) or not max(before)[1]:
        return None, None
    log_group = max(before)[1]
    other = max((time for time, of in before if of != log_group), default=None)
    return log_group, min((time for time, _ in before if other is None or time > other), default=None)


def day_of(event):
    """The day of an event, which its partition bears or one of the two days before."""
    due = midnight(event.due)
    time = event.values["event_time"]
    return midnight(time) if time is not None and due - 2 * DAY <= midnight(time) <= due else due


def quarter(time):
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


def midnight(time):
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def as_text(time):
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03}"


def compact(value):
    return json.dumps(value, separators=(",", ":"))
