"""Writes lakes with connection logs, and asks `connection_log_coverage` of them, in Trino.

Usage: check_log_coverage.py LAKE RANDOM_LAKES

Writes run records and the names of objects to LAKE, for the command. Prints a JSON object: the time at which both are asked, the number of
windows by outcome, and the hours of each endpoint: in the lake, missing, pending, and not read again.
"""

import collections
import datetime
import hashlib
import json
import pathlib
import random
import sys

import edge_lakes
import iceberg_tables
import ledgers
import log_ledgers
import trino_server
from edge_lakes import MINUTE, NOW, A, B
from log_ledgers import HOUR, QUARTER

NO_S3 = {"endpoint": "http://127.0.0.1:1", "access_key": "none", "secret_key": "none"}
DUE_AFTER = 30 * MINUTE
LATE_AFTER = 24 * HOUR + DUE_AFTER
CODES = ["ThrottlingException", "Timeout", "AccessDeniedException"]


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    made = [RandomLake(seed) for seed in range(count)]
    for lake in made:
        lake.write(folder)
    with trino_server.running(NO_S3, "client_vpn_audit") as trino:
        edge_lakes.create(trino, [made_lake.lake for made_lake in made])
        iceberg_tables.create(trino, "captures", "local:///captures")
        from_time = NOW - datetime.timedelta(days=31)
        iceberg_tables.merge_one(trino, "captures", NOW, from_time, iceberg_tables.of_flat_records)
        iceberg_tables.note_merge(trino, NOW)
        rows = edge_lakes.ask(trino, "connection_log_coverage")
    hours = collections.defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        columns = ("hours_in_lake", "hours_missing", "hours_pending", "hours_not_read_again")
        of_endpoint = hours[row["account_id"], row["endpoint_id"]]
        of_endpoint[:] = [sum_ + row[column] for sum_, column in zip(of_endpoint, columns, strict=True)]
    counts = sum((lake.counts for lake in made), collections.Counter())
    not_read = sum(row["hours_not_read"] for row in rows)
    expected = [[*key, *of_endpoint] for key, of_endpoint in sorted(hours.items()) if any(of_endpoint)]
    print(json.dumps({"now": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "expected": expected, "counts": counts, "not_read": not_read}))


class RandomLake:
    """Three days of two endpoints, whose logging is switched on and off, to two log groups. Snapshots and runs of connection logs
    come every quarter of an hour but in outages, and see the same."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.lake = edge_lakes.Lake(f"{400_000_000_000 + seed}", f"logs.{seed}")
        self.objects = []
        self.counts = collections.Counter()
        self.read = set()
        self.first_named = {}
        self.failing = 0
        log_groups = {A: "one", B: self.rng.choice(["one", None])}
        outage = 0
        time = NOW - datetime.timedelta(days=3)
        while time < NOW:
            if self.rng.random() < 0.02:
                log_groups[self.rng.choice([A, B])] = self.rng.choice(["one", "two", None])
            if self.rng.random() < 0.01:
                outage = self.rng.randint(1, 30)
            # The last quarter of an hour is seen, up to which the query knows the configuration.
            if outage == 0 or time == NOW - QUARTER:
                self.look(time, log_groups)
            outage = max(outage - 1, 0)
            time += QUARTER

    def look(self, time, log_groups):
        """A snapshot, and a run of connection logs."""
        for endpoint, name in log_groups.items():
            values = {"connection_log_enabled": name is not None, "connection_log_group": name}
            self.lake.endpoint(time + self.rng.randint(0, 120) * edge_lakes.SECOND, [], endpoint, **values)
        if self.rng.random() < 0.03:
            self.failing = self.rng.randint(1, 12)
        self.failing = max(self.failing - 1, 0)
        now = time + 3 * MINUTE
        groups = []
        for name in sorted({name for name in log_groups.values() if name}):
            ids = [endpoint for endpoint, of in log_groups.items() if of == name]
            self.first_named.setdefault(name, time)
            groups.append(log_ledgers.group(self.lake.ledger, name, ids, self.readings(name, now)))
        log_ledgers.run(self.lake.ledger, now, groups)

    def readings(self, name, now):
        """The readings of a run: the newest window, what was missed since the log group was named, and hours once more."""
        newest = now - DUE_AFTER - QUARTER
        newest -= (newest - NOW) % QUARTER
        missed = list(log_ledgers.quarters(self.first_named[name], newest))
        found = [self.reading(name, start) for start in [newest, *missed] if (name, start, False) not in self.read]
        hour = self.first_named[name].replace(minute=0)
        while hour + HOUR + LATE_AFTER <= now:
            if (name, hour, True) not in self.read and self.rng.random() < 0.3:
                found.append(self.reading(name, hour, late=True))
            hour += HOUR
        # The log group is named by a row of captures.
        return found or [log_ledgers.reading(newest, "already_captured")]

    def reading(self, name, start, late=False):
        is_failed = self.failing > 0 or self.rng.random() < 0.1
        # Some windows never succeed.
        is_failed |= not late and hashlib.sha256(f"{self.lake.name}{name}{start}".encode()).digest()[0] < 8
        self.counts["failed" if is_failed else "complete"] += 1
        if is_failed:
            return log_ledgers.reading(start, "failed", self.rng.choice(CODES), late)
        self.read.add((name, start, late))
        self.objects.append(self.key(name, start, late))
        return log_ledgers.reading(start, late=late)

    def key(self, name, start, late):
        due = start + HOUR + LATE_AFTER if late else start + QUARTER + DUE_AFTER
        id = hashlib.sha256(log_ledgers.arn(self.lake.ledger, name).encode()).hexdigest()[:12]
        folder = f"connection_logs/account_id={self.lake.account_id}/region={ledgers.REGION}/snapshot_date={due:%Y-%m-%d}"
        return f"{folder}/{due:%Y%m%dT%H%M%SZ}_{id}{'_late' if late else ''}.parquet"

    def write(self, folder):
        names = [(key, "") for key in self.objects]
        for key, text in [*self.lake.ledger.objects_of(), *names]:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


if __name__ == "__main__":
    main()
