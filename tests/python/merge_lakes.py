"""Small lakes for the tests of `sessions`. `session_cases_of_*.py` make them by hand, `random_merge_lakes.py` at random.

Each lake is of an account of its own, so that one statement reads them all. It has run records, as `ledgers.py` makes them, and what
AWS listed in each capture. Evidence may be there later than it says, as what a retry or a copy brings.
"""

import collections

import check_lake
import ledgers
import logs_of_lakes
from ledgers import A

#: The values that AWS sends of a connection.
VALUES = [
    *check_lake.TEXTS,
    *("status_code", "status_message"),
    *("connection_timestamp", "connection_established_time", "connection_end_time"),
    *("ingress_bytes", "egress_bytes", "ingress_packets", "egress_packets", "posture_compliance_statuses"),
]
#: Of a row: whose it is, where it lies, and from when on.
Row = collections.namedtuple("Row", "account_id endpoint_id complete snapshot_time captured_at available values")


class Lake(ledgers.Ledger, logs_of_lakes.Logs):
    """A ledger, and the rows of its captures. Minutes count from the time `days` before NOW, which is midnight if it ends in .5."""

    def __init__(self, account_id, name, days=1):
        ledgers.Ledger.__init__(self, account_id, name, days)
        logs_of_lakes.Logs.__init__(self)
        self.rows = []
        self.lives = []
        #: When each record is there, in their order.
        self.available = []

    def time(self, minutes, seconds=0):
        """In milliseconds, as the lake has them."""
        time = super().time(minutes, seconds)
        return time.replace(microsecond=time.microsecond // 1000 * 1000)

    def record(self, minute, targets, listing=None, snapshot=None, late=0):
        """A run record that is there `late` minutes after its run."""
        self.run(minute, targets, listing, snapshot)
        self.available.append(self.time(minute + late + 1))

    def shows(self, minute, connections, endpoint_id=A, snapshot=None, complete=True, killed=False, late=0, listing=None, took=0.1):
        """A capture that shows connections, each a dict with the values that AWS sends, and when its page came if not at once."""
        requested = minute + 0.01
        if not killed:
            target = self.complete(endpoint_id, requested, requested + took) if complete else self.partial(endpoint_id, requested)
            self.record(minute, [target], listing, snapshot, late)
        snapshot_time = self.time(int(minute if snapshot is None else snapshot))
        for connection in connections:
            values = {name: connection.get(name) for name in VALUES}
            at = self.time(requested + connection.get("page", min(0.05, took)))
            self.rows.append(Row(self.account_id, endpoint_id, complete, snapshot_time, at, self.time(minute + late + 1), values))

    def connection(self, id, **values):
        """Returns the values that AWS sends of a connection; times are minutes."""
        sent = {"connection_id": f"{self.account_id}-{id}", "common_name": "cert", "status_code": "active", "ingress_bytes": 1, "egress_bytes": 1}
        for name, value in values.items():
            is_time = name in ("connection_timestamp", "connection_established_time", "connection_end_time")
            sent[name] = self.time(value) if is_time and isinstance(value, (int, float)) else value
        return sent

    def objects_by_time(self):
        """The records: from when on, key, text."""
        return [(at, *entry) for at, entry in zip(self.available, self.objects_of(), strict=True)]


def began(minute, **values):
    return {"connection_established_time": minute, **values}


def ended(minute, end, **values):
    return {"connection_established_time": minute, "connection_end_time": end, "status_code": "terminated", **values}


def look(lake, minutes, of, **how):
    """Captures at these minutes; `of` has the connections at a minute."""
    for minute in minutes:
        lake.shows(minute, of(minute), **how)
