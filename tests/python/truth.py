"""The expected record of a simulated week, computed from what the simulator knows. No SQL, and no lake.

A connection is listed from its beginning until 60 minutes after its end; a capture that is complete shows each one that
is listed. Everything else follows.
"""

import collections
import datetime
import functools
import itertools
import json

import check_lake
import iceberg_tables
import logs_of_lakes

#: The texts of a connection that `sessions` has: column to field of the API.
TEXTS = {column: field for column, field in check_lake.TEXTS.items() if column in dict(iceberg_tables.columns("sessions"))}
ACCOUNT, REGION = "123456789012", "us-east-1"
HOUR = datetime.timedelta(hours=1)
MILLI = datetime.timedelta(milliseconds=1)


def time(text):
    """A time of the API, or of ours; none for a placeholder."""
    if text in (None, "", "-"):
        return None
    text = text.replace("T", " ").removesuffix("Z")
    return datetime.datetime.fromisoformat(text)


def number(text):
    return int(text) if text is not None and text.isdigit() else None


class Capture:
    """One listing of one endpoint, and when its pages arrived."""

    def __init__(self, capture):
        self.complete = capture["complete"]
        self.endpoint_id = capture["endpoint_id"]
        self.snapshot_time = time(capture["snapshot_time"])
        self.at = time(capture["at"])
        self.rows = {row["connectionId"]: row for row in capture["connections"]}


class Logged:
    """An event that CloudWatch Logs has, with what a connection log says of it; other programs log there too."""

    def __init__(self, event):
        self.event_time, self.ingestion_time = (
            datetime.datetime.fromtimestamp(event[name] // 1000, datetime.UTC).replace(tzinfo=None) + event[name] % 1000 * MILLI
            for name in ("timestamp", "ingestionTime")
        )
        #: Whether the second reading of its hour has it, and not the first.
        self.late = False
        message = event["message"]
        says = json.loads(message) if message.startswith("{") else {}
        said = lambda key: says.get(key) if says.get(key) not in (None, "", "-", "NA") else None
        self.is_event = "client-vpn-endpoint-id" in says
        self.says = says
        self.values = {
            "endpoint_id": said("client-vpn-endpoint-id"),
            "connection_id": said("connection-id"),
            "event_id": event["eventId"],
            "event_time": self.event_time,
            "device_ip": said("device-ip"),
            "device_type": said("device-type"),
            "port": number(says.get("port")),
            "transport_protocol": said("transport-protocol"),
            "policy_result": (says.get("authorization-policy-evaluation") or {}).get("result"),
        }


class Truth:
    """A week: its captures, its connections as sessions, and its holes."""

    def __init__(self, path):
        with open(path) as file:
            week = json.load(file)
        self.week = week
        self.end = time(week["to"])
        #: When an endpoint was found gone.
        self.gone = {endpoint_id: time(at) for endpoint_id, at in week["gone"].items()}
        self.attempts = [(time(c["at"]), c["endpoint_id"], c["complete"]) for c in week["captures"]]
        self.captures = [Capture(c) for c in week["captures"] if c["complete"]]
        #: Listings that were cut short.
        self.partials = [Capture(c) for c in week["captures"] if not c["complete"]]
        self.by_endpoint = collections.defaultdict(list)
        for capture in sorted(self.captures, key=lambda capture: capture.at):
            self.by_endpoint[capture.endpoint_id].append(capture)
        #: The endpoints that boto3 lists, and from which snapshot on.
        self.configurations = [(time(c["since"]), c["endpoints"]) for c in week["configurations"]]
        #: What boto3 lists of the access to each endpoint, from the same snapshots on.
        self.access = [(time(c["since"]), c["access"]) for c in week["configurations"]]
        self.endpoint_ids = sorted(endpoint["endpoint_id"] for endpoint in week["endpoints"])
        lived = [(endpoint["endpoint_id"], lived) for endpoint in week["endpoints"] for lived in endpoint["lived"]]
        self.sessions = [session for of in lived for session in self.session(*of)]
        self.missed = len(lived) - len(self.sessions)
        self.log_group = week["log_group"]
        #: What CloudWatch Logs has of the week and the day before, in the order of time.
        self.logged = [Logged(event) for event in week["events"]]
        #: Those that the lake has, the windows that were read, and the hours that were read twice, as of `read_logs`.
        self.events, self.recorded, self.windows, self.log_windows, self.hours_read_twice = [], [], [], set(), set()
        #: When connection logs were read first.
        self.logs_read_since = None

    def read_logs(self, records):
        """Adds to the sessions what the readings of these run records have of them. An event is in the first reading that it had arrived
        for, that of its window or the one a day later."""
        readings = [
            (window["late"], *(time(window[name]) for name in ("start", "end", "first_page_requested_at")))
            for group, window in logs_of_lakes.readings_of(records)
            if group == self.log_group
        ]
        for event in self.logged:
            of_it = [reading for reading in readings if reading[1] <= event.event_time < reading[2] and event.ingestion_time <= reading[3]]
            if of_it:
                event.late, _, end, _ = min(of_it)
                due = end + (datetime.timedelta(hours=24.5) if event.late else HOUR / 2)
                self.events.append(logs_of_lakes.Event(ACCOUNT, None, due, event.values))
                self.recorded.append(event)
        windows = {(name, start.replace(tzinfo=None)) for name, start in logs_of_lakes.windows_of(records)}
        self.windows, self.log_windows = sorted(start for _, start in windows), windows
        self.hours_read_twice = {start for late, start, _, _ in readings if late}
        self.logs_read_since = min(time(record["snapshot_time"]) for record in records)
        by_connection = collections.defaultdict(list)
        for event in self.events:
            by_connection[event.values["connection_id"]].append(event)
        for session in self.sessions:
            session |= logs_of_lakes.columns(session, by_connection[session["connection_id"]], windows, self.log_configurations)

    @functools.cached_property
    def log_configurations(self):
        """What each run of the week found of the logging of each endpoint."""
        runs = {(c["snapshot_time"], c["at"]) for c in self.week["captures"]}
        found = []
        for snapshot_time, at in sorted((time(snapshot_time), time(at)) for snapshot_time, at in runs):
            endpoints = [endpoints for since, endpoints in self.configurations if since <= at][-1]
            for endpoint in endpoints:
                log_group = endpoint["connection_log_group"] if endpoint["connection_log_enabled"] else None
                found.append(logs_of_lakes.Configuration(ACCOUNT, None, snapshot_time, at, endpoint["endpoint_id"], log_group))
        return found

    def holes(self, endpoint_id, until=None):
        """Returns the times of 60 minutes or more between captures: from, to, and if it is still open. Up to `until`, also what came
        after the last capture of an endpoint that is gone. `*` is the list of endpoints, which each run reads."""
        if endpoint_id == "*":
            times = sorted({at for at, _, _ in self.attempts})
        else:
            times = [capture.at for capture in self.by_endpoint.get(endpoint_id, [])]
            times.insert(0, min(at for at, of, _ in self.attempts if of == endpoint_id))
        steps = [(before, after, False) for before, after in itertools.pairwise(times)]
        gone = self.gone.get(endpoint_id)
        if until is not None and gone is None:
            steps.append((times[-1], until, True))
        holes = [step for step in steps if step[1] - step[0] >= HOUR]
        if until is not None and gone is not None:
            holes.append((times[-1], gone, False))
        return holes

    def session(self, endpoint_id, lived):
        """The session of a connection: one, or none where every capture missed it."""
        id = lived["connectionId"]
        begins, ended = time(lived["connectionEstablishedTime"]), time(lived["connectionEndTime"])
        captures = self.by_endpoint.get(endpoint_id, [])
        shows = [c for c in captures if begins <= c.at and (ended is None or c.at < ended + HOUR)]
        if not shows:
            return
        cut = [c for c in self.partials if c.endpoint_id == endpoint_id and id in c.rows]
        sights = sorted(shows + cut, key=lambda capture: capture.at)
        rows = [capture.rows[id] for capture in sights]
        newest, last_seen = rows[-1], sights[-1].at
        end_seen, missed_by = None, None
        active = [c.at for c in sights if ended is None or c.at < ended]
        if ended is not None and ended <= last_seen:
            end_seen = True
            assert newest == lived, "the last row is the connection's last word"
        else:
            ended = None
            later = [c.at for c in captures if c.at > last_seen] + [at for at in [self.gone.get(endpoint_id)] if at is not None]
            missed_by = min(later, default=None)
            end_seen = None if missed_by is None else False
        ended_before = ended or missed_by
        gaps = [gap for gap in self.gaps(endpoint_id) if gap[0] <= max(ended_before or self.end, begins) and gap[1] > begins]
        watched = captures[0].at <= begins and not any(gap[0] <= begins - HOUR for gap in gaps)
        covered = missed_by is None and captures[0].at <= begins
        for hole_begins, hole_ends, _ in self.holes(endpoint_id):
            covered &= not (hole_begins <= (ended or last_seen) and hole_ends > begins)
        statuses = [row["postureComplianceStatuses"] for row in rows if "postureComplianceStatuses" in row]
        postures = sorted({status for some in statuses for status in some})
        days = sorted({c.snapshot_time.date().isoformat() for c in sights})
        of_day = lambda day, captures: len({c.snapshot_time for c in captures if c.snapshot_time.date().isoformat() == day})
        by_day = {day: [of_day(day, sights), of_day(day, shows)] for day in days}
        identity = lived.get("username", lived["commonName"])
        greatest = lambda name: max((number(row[name]) for row in rows if number(row[name]) is not None), default=None)
        yield {
            "account_id": ACCOUNT,
            "region": REGION,
            "endpoint_id": endpoint_id,
            "identity": identity,
            **{column: lived.get(field) for column, field in TEXTS.items()},
            "first_seen": sights[0].at,
            "last_seen": last_seen,
            "connection_established_time": begins,
            "connection_end_time": ended,
            "end_seen": end_seen,
            "ingress_bytes": greatest("ingressBytes"),
            "egress_bytes": greatest("egressBytes"),
            "ingress_packets": greatest("ingressPackets"),
            "egress_packets": greatest("egressPackets"),
            "status_code": newest["status"]["code"],
            "status_message": newest["status"].get("message"),
            "failed_to_terminate": any(row["status"]["code"] == "failed-to-terminate" for row in rows),
            "posture_compliance_statuses": compact(postures) if statuses else None,
            "snapshots": sum(count for count, _ in by_day.values()),
            "covered": covered,
            "identity_key": identity.rpartition("\\")[2].lower(),
            "last_active": max(active, default=None),
            "first_seen_ended": min((c.at for c in sights if ended is not None and c.at >= ended), default=None),
            "begins_given": compact([f"{begins}.000"]),
            "ends_given": compact({f"{ended}.000": f"{last_seen}.000 {last_seen}.000"} if ended is not None else {}),
            "begin_seen": True,
            "began_after": None,
            "ended_after": ended or active[-1],
            "ended_before": ended_before,
            "ends_at": ended or active[-1],
            "duration_seconds": int(((ended or active[-1]) - begins).total_seconds()),
            "as_of": missed_by or last_seen,
            "complete_snapshots": sum(count for _, count in by_day.values()),
            "snapshots_by_day": compact(by_day),
            "watched": watched,
            "gaps": compact([f"{at}.000" for at, _ in gaps if at > begins - HOUR]),
        }

    def gaps(self, endpoint_id):
        """Captures that no other follows within an hour, and until when."""
        times = [capture.at for capture in self.by_endpoint.get(endpoint_id, [])]
        for before, after in zip(times, [*times[1:], None], strict=True):
            if after is None or after - before >= HOUR:
                yield before, after or self.gone.get(endpoint_id) or self.end + HOUR


def compact(value):
    return json.dumps(value, separators=(",", ":"))
