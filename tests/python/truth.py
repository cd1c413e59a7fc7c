"""What the record of a simulated week must say, from what the simulator knows. No SQL, and no lake.

A connection is listed from its beginning until 60 minutes after its end; a capture that is complete shows each one that
is listed. Everything else follows.
"""

import collections
import datetime
import json

HOUR = datetime.timedelta(hours=1)


def time(text):
    """A time of the API, or of ours; none for a placeholder."""
    if text in (None, "", "-"):
        return None
    text = text.replace("T", " ").removesuffix("Z")
    return datetime.datetime.fromisoformat(text)


def number(text):
    return int(text) if text is not None and text.isdigit() else None


class Capture:
    """One complete listing of one endpoint, and when its pages arrived."""

    def __init__(self, capture):
        self.endpoint_id = capture["endpoint_id"]
        self.snapshot_time = time(capture["snapshot_time"])
        self.at = time(capture["at"])
        self.rows = {row["connectionId"]: row for row in capture["connections"]}


class Truth:
    """A week: its captures, its connections as sessions, and its holes."""

    def __init__(self, path):
        with open(path) as file:
            week = json.load(file)
        self.end = time(week["to"])
        #: When an endpoint was found gone.
        self.gone = {endpoint_id: time(at) for endpoint_id, at in week["gone"].items()}
        self.attempts = [(time(c["at"]), c["endpoint_id"], c["complete"]) for c in week["captures"]]
        self.captures = [Capture(c) for c in week["captures"] if c["complete"]]
        self.by_endpoint = collections.defaultdict(list)
        for capture in sorted(self.captures, key=lambda capture: capture.at):
            self.by_endpoint[capture.endpoint_id].append(capture)
        #: What boto3 lists, and from which snapshot on.
        self.configurations = [(time(c["since"]), c["endpoints"]) for c in week["configurations"]]
        self.endpoint_ids = sorted(endpoint["endpoint_id"] for endpoint in week["endpoints"])
        lived = [(endpoint["endpoint_id"], lived) for endpoint in week["endpoints"] for lived in endpoint["lived"]]
        self.sessions = [session for of in lived for session in self.session(*of)]
        self.missed = len(lived) - len(self.sessions)

    def holes(self, endpoint_id, until=None):
        """Where 60 minutes or more lie between captures: from, to, and whether it is still open. Up to `until`, also what came
        after the last capture of an endpoint that is gone. `*` is the list of endpoints, which each run reads."""
        if endpoint_id == "*":
            times = sorted({at for at, _, _ in self.attempts})
        else:
            times = [capture.at for capture in self.by_endpoint.get(endpoint_id, [])]
            times.insert(0, min(at for at, of, _ in self.attempts if of == endpoint_id))
        steps = [(before, after, False) for before, after in zip(times, times[1:])]
        gone = self.gone.get(endpoint_id)
        if until is not None and gone is None:
            steps.append((times[-1], until, True))
        holes = [step for step in steps if step[1] - step[0] >= HOUR]
        if until is not None and gone is not None:
            holes.append((times[-1], gone, False))
        return holes

    def session(self, endpoint_id, lived):
        """The session of a connection: one, or none where every capture missed it."""
        begins, ended = time(lived["connectionEstablishedTime"]), time(lived["connectionEndTime"])
        captures = self.by_endpoint.get(endpoint_id, [])
        shows = [c for c in captures if begins <= c.at and (ended is None or c.at < ended + HOUR)]
        if not shows:
            return
        rows = [capture.rows[lived["connectionId"]] for capture in shows]
        newest, last_seen = rows[-1], shows[-1].at
        end_seen = None
        if ended is not None and ended <= last_seen:
            end_seen = True
            assert newest == lived, "the last row is the connection's last word"
        elif last_seen < captures[-1].at or endpoint_id in self.gone:
            end_seen, ended = False, last_seen
        else:
            ended = None
        covered = end_seen is not False and captures[0].at <= begins
        for hole_begins, hole_ends, _ in self.holes(endpoint_id):
            covered &= not (hole_begins <= (ended or last_seen) and hole_ends > begins)
        statuses = [row["postureComplianceStatuses"] for row in rows if "postureComplianceStatuses" in row]
        postures = sorted({status for some in statuses for status in some})
        yield {
            "account_id": "123456789012",
            "region": "eu-central-1",
            "endpoint_id": endpoint_id,
            "connection_id": lived["connectionId"],
            "identity": lived.get("username", lived["commonName"]),
            "username": lived.get("username"),
            "common_name": lived["commonName"],
            "client_ip": lived["clientIp"],
            "client_ipv6_address": lived.get("clientIpv6Address"),
            "first_seen": shows[0].at,
            "last_seen": last_seen,
            "connection_established_time": begins,
            "connection_end_time": ended,
            "end_seen": end_seen,
            "ingress_bytes": number(newest["ingressBytes"]),
            "egress_bytes": number(newest["egressBytes"]),
            "ingress_packets": number(newest["ingressPackets"]),
            "egress_packets": number(newest["egressPackets"]),
            "status_code": newest["status"]["code"],
            "status_message": newest["status"].get("message"),
            "failed_to_terminate": any(row["status"]["code"] == "failed-to-terminate" for row in rows),
            "posture_compliance_statuses": json.dumps(postures, separators=(",", ":")) if statuses else None,
            "snapshots": len(shows),
            "covered": covered,
        }
