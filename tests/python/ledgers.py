"""Ledgers for the tests of coverage. `ledger_cases.py` makes them by hand, `random_ledgers.py` at random.

Each ledger is of an account of its own, so that one lake has them all.
"""

import datetime
import json

REGION = "eu-central-1"
NOW = datetime.datetime(2025, 11, 23, 12, tzinfo=datetime.UTC)
A, B, C = (f"cvpn-endpoint-{letter * 17}" for letter in "abc")
MINUTE = 60
DAY = 24 * 60
REFUSED = {"code": "UnauthorizedOperation", "message": "refused", "request_id": None}


def text(time):
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


class Ledger:
    """A ledger that grows run by run. Minutes count from the time `days` before NOW."""

    def __init__(self, account_id, name, days=1):
        self.account_id = account_id
        self.name = name
        self.origin = NOW - datetime.timedelta(days=days)
        self.records = []
        self.unreadable = []
        self.objects = {}

    def time(self, minutes, seconds=0):
        return self.origin + datetime.timedelta(minutes=minutes, seconds=seconds)

    def run(self, minute, targets, listing=None, snapshot=None, listing_seconds=(0, 1, 1), scheduled=True):
        """A run that starts at `minute`. `listing` is `None` for no `*`, a list of ids, or an error. `scheduled` is `None` for a
        record of a version without that field."""
        snapshot_time = self.time(int(minute if snapshot is None else snapshot))
        discovery = None
        if isinstance(listing, list):
            requested, first, last = (text(self.time(minute, seconds)) for seconds in listing_seconds)
            discovery = {"endpoints": listing, "error": None}
            discovery |= {"first_page_requested_at": requested, "first_page_at": first, "last_page_at": last}
        elif listing is not None:
            discovery = {"endpoints": self.last_listing(), "error": listing}
            discovery |= {"first_page_requested_at": None, "first_page_at": None, "last_page_at": None}
        if discovery is not None:
            discovery |= {"discovered": [], "gone": [], "known_since": None}
        number = len(self.records)
        record = {
            "run_id": f"00000000-0000-4000-8000-{number:012}-{number:08x}",
            "snapshot_time": f"{snapshot_time:%Y-%m-%dT%H:%M:%SZ}",
            "start": text(self.time(minute)),
            "end": text(self.time(minute, 30)),
            "trigger": "action",
            **({} if scheduled is None else {"scheduled": scheduled}),
            "tool_version": "0.1.0-dev",
            "settings_in_force": {},
            "targets": [dict(target, endpoint_id=target["endpoint_id"]) for target in targets],
            "places": [
                {"account_id": self.account_id, "region": REGION, "discovery": discovery, "endpoints": None},
            ],
        }
        for target in record["targets"]:
            target |= {"account_id": self.account_id, "region": REGION}
            if target["object_key"] is None and target["outcome"] in ("complete", "already_captured"):
                target["object_key"] = self.object_key(target["endpoint_id"], snapshot_time)
        self.records.append(record)

    def last_listing(self):
        """The endpoints that the newest record knows, as a run that fails to list them repeats them."""
        for record in reversed(self.records):
            discovery = record["places"][0]["discovery"]
            if discovery is not None:
                return discovery["endpoints"]
        return None

    def object_key(self, endpoint_id, snapshot_time):
        folder = f"account_id={self.account_id}/region={REGION}/snapshot_date={snapshot_time:%Y-%m-%d}"
        return f"connections/{folder}/{snapshot_time:%Y%m%dT%H%M%SZ}_{endpoint_id}.parquet"

    def target(self, endpoint_id, outcome, requested=None, first=None, last=None, error=None):
        """An entry; times are minutes, or `None`."""
        at = lambda minutes: None if minutes is None else text(self.time(minutes))
        return {
            "endpoint_id": endpoint_id,
            "outcome": outcome,
            "restrictions": [],
            "pages": 0,
            "rows_read": 0,
            "rows": 0,
            "active": 0,
            "unparsed_values": 0,
            "duplicates": 0,
            "first_request_id": None,
            "last_request_id": None,
            "first_page_requested_at": at(requested),
            "first_page_at": at(first),
            "last_page_at": at(last),
            "capture_millis": 0,
            "bytes": 0 if outcome in ("complete", "already_captured") else None,
            "object_key": None,
            "sha256": "0" * 64 if outcome in ("complete", "already_captured") else None,
            "superseded": None,
            "error": error,
            "resume_token": None,
        }

    def complete(self, endpoint_id, requested, last=None, first=None):
        last = requested + 0.1 if last is None else last
        first = min(requested + 0.05, last) if first is None else first
        return self.target(endpoint_id, "complete", requested, first, last)

    def already(self, endpoint_id, requested, last):
        return self.target(endpoint_id, "already_captured", requested, min(requested + 0.05, last), last)

    def failed(self, endpoint_id):
        return self.target(endpoint_id, "failed", error=REFUSED)

    def partial(self, endpoint_id, minute):
        return self.target(endpoint_id, "partial", minute, minute + 0.05, minute + 0.1, error=REFUSED)

    def capture(self, minute, endpoint_id=A, last=None, listing=None, snapshot=None):
        """A run of one complete capture."""
        self.run(minute, [self.complete(endpoint_id, minute + 0.01, last)], listing, snapshot)

    def every(self, minutes, step, endpoints=(A,), listing=None):
        for minute in minutes if step is None else range(*minutes, step):
            self.run(minute, [self.complete(id, minute + 0.02) for id in endpoints], listing)

    def objects_of(self):
        """The records by their keys in the lake."""
        for record in self.records:
            yield self.key(record["snapshot_time"], record["run_id"]), json.dumps(record) + "\n"

    def unreadable_objects(self):
        """Returns the records that nobody can read, by their keys in the lake."""
        for number, (minute, text) in enumerate(self.unreadable):
            yield self.key(f"{self.time(minute):%Y-%m-%dT%H:%M:%SZ}", f"unreadable-{number}"), text

    def key(self, time, run_id):
        folder = f"runs/account_id={self.account_id}/region={REGION}/snapshot_date={time[:10]}"
        compact = time.replace("-", "").replace(":", "")
        return f"{folder}/{compact}_{run_id}.json"
