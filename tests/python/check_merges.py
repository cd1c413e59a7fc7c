"""Merges small lakes in several ways, in Trino, and compares `sessions` with what plain Python makes of the same evidence.

Usage: check_merges.py COUNT

The lakes are those of `session_cases_of_*.py`, and COUNT of `random_merge_lakes.py`. The tables are merged while the evidence comes, with
the windows of an hour and of a day, and for some hours hour by hour; others at the end: once with all days and again, and after merges that
stopped for days. Prints a JSON object: every problem found, and what was counted.
"""

import collections
import datetime
import json
import pathlib
import random
import re
import shutil
import sys

import pyarrow
import pyarrow.parquet

import iceberg_tables
import ledgers
import merge_lakes
import random_merge_lakes
import session_answers
import session_cases
import session_cases_of_beginnings  # noqa: F401 - it has cases
import session_cases_of_captures  # noqa: F401 - it has cases
import session_cases_of_ends  # noqa: F401 - it has cases
import session_cases_of_logs  # noqa: F401 - it has cases
import session_cases_of_values  # noqa: F401 - it has cases
import session_truth
import template_tables
import trino_server

ROOT = pathlib.Path(__file__).parents[2]
DAY, HOUR, MINUTE = datetime.timedelta(days=1), datetime.timedelta(hours=1), datetime.timedelta(minutes=1)
AT_RUN_TIME = {
    "current_date": f"DATE '{ledgers.NOW:%Y-%m-%d}'",
    "current_timestamp": f"TIMESTAMP '{ledgers.NOW:%Y-%m-%d %H:%M:%S} UTC'",
}
SCHEMA = "client_vpn_audit"
PREFIX = "lake"
NO_S3 = {"endpoint": "http://127.0.0.1:1", "access_key": "none", "secret_key": "none"}
FIRST_DAY = ledgers.NOW - 12 * DAY
#: When merges run: one as each hour, and then one as at three.
AS_IT_COMES = [ledgers.NOW - datetime.timedelta(hours=hours) for hours in (150, 102, 54, 30, 12, 0)]
#: From how many days before, unless the last merge was earlier; `None` for what is new since the last merge.
HOURLY, DAILY = None, 6
#: Hours around midnight in which only hourly merges run.
MIDNIGHT = ledgers.NOW.replace(hour=0) - 3 * DAY
HOUR_BY_HOUR = [MIDNIGHT + datetime.timedelta(hours=hours, minutes=20) for hours in range(-2, 9)]
COUNTS_OF_SNAPSHOTS = ("snapshots", "complete_snapshots", "snapshots_by_day")
#: How much later than its snapshot evidence may be there, so that the next hourly merge finds it.
PUNCTUAL = 90 * MINUTE
#: How long before the last merge the next one begins to read.
MARGIN = 2 * HOUR
RANDOM_SEQUENCES = 2
ODDLY = [(ledgers.NOW, 12), (ledgers.NOW, 1)]
#: The merges stop for days.
BEFORE_THE_OUTAGE = ledgers.NOW - datetime.timedelta(hours=150)

timestamp = pyarrow.timestamp("ms", "UTC")
SCHEMAS = {"snapshot_time": timestamp, "captured_at": timestamp}
SCHEMAS |= {name: pyarrow.string() for name in ("endpoint_id", "account_id", "region", "snapshot_date")}
for name in merge_lakes.VALUES:
    is_time = name.endswith(("_time", "_timestamp"))
    is_count = name.endswith(("_bytes", "_packets"))
    is_list = name == "posture_compliance_statuses"
    SCHEMAS[name] = timestamp if is_time else pyarrow.int64() if is_count else pyarrow.list_(pyarrow.string()) if is_list else pyarrow.string()
LOG_TEXTS = ("endpoint_id", "connection_id", "event_id", "log_group", "device_ip", "device_type", "transport_protocol", "policy_result")
PARTITIONS = dict.fromkeys(("account_id", "region", "snapshot_date"), pyarrow.string())
#: The columns of each table that are written; run records are JSON.
TABLES = {
    "runs": None,
    "connections": SCHEMAS,
    "partials": SCHEMAS,
    "connection_logs": dict.fromkeys(LOG_TEXTS, pyarrow.string()) | {"event_time": timestamp, "port": pyarrow.int64()} | PARTITIONS,
    "endpoints": {
        "captured_at": timestamp,
        "endpoint_id": pyarrow.string(),
        "connection_log_enabled": pyarrow.bool_(),
        "connection_log_group": pyarrow.string(),
        **PARTITIONS,
    },
    # There are none, but a question reads them.
    "authorization_rules": PARTITIONS,
}


def main():
    lakes = all_lakes(int(sys.argv[1]))
    checked = Checked(lakes)
    with trino_server.running(NO_S3, SCHEMA) as trino:
        checked.run(trino)
    counts = checked.counts | {f"{name} is {value}": count for (name, value), count in checked.differing.items()}
    print(json.dumps({"problems": checked.problems, "counts": counts}))


def all_lakes(count):
    """The cases made by hand, and `count` random lakes."""
    lakes = session_cases.all_cases()
    for seed in range(count):
        lakes.append(random_merge_lakes.random_lake(f"{200_000_000_000 + len(lakes)}", seed))
    return lakes


class Store:
    """Evidence that comes, as files in a directory of Trino. Partitions are columns, and what comes at once is one file of each table:
    Trino takes long to list each day of each account, and to open each object."""

    def __init__(self, folder, lakes):
        self.folder = folder
        self.number = 0
        self.coming = []
        for lake in lakes:
            for available, key, text in lake.objects_by_time():
                self.coming.append((available, "runs", json.loads(text) | partitions(lake.account_id, key.split("snapshot_date=")[1][:10])))
            for row in lake.rows:
                day = f"{row.snapshot_time:%Y-%m-%d}"
                values = {"snapshot_time": row.snapshot_time, "captured_at": row.captured_at, "endpoint_id": row.endpoint_id}
                table = "connections" if row.complete else "partials"
                self.coming.append((row.available, table, values | row.values | partitions(row.account_id, day)))
            for event in lake.events:
                self.coming.append((event.available, "connection_logs", event.values | partitions(event.account_id, f"{event.due:%Y-%m-%d}")))
            for one in lake.configurations:
                values = {"captured_at": one.captured_at, "endpoint_id": one.endpoint_id}
                values |= {"connection_log_enabled": one.log_group is not None, "connection_log_group": one.log_group}
                self.coming.append((one.available, "endpoints", values | partitions(one.account_id, f"{one.snapshot_time:%Y-%m-%d}")))
        for table in TABLES:
            (folder / table).mkdir(parents=True)

    def bring(self, until):
        """Writes what is there by a time."""
        self.number += 1
        there = collections.defaultdict(list)
        for available, table, entry in self.coming:
            if available <= until:
                there[table].append(entry)
        self.coming = [one for one in self.coming if one[0] > until]
        for table, entries in there.items():
            if table == "runs":
                (self.folder / table / f"{self.number}.json").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
            else:
                schema = TABLES[table]
                columns = {name: [entry.get(name) for entry in entries] for name in schema}
                written = pyarrow.table(columns, pyarrow.schema(list(schema.items())))
                pyarrow.parquet.write_table(written, self.folder / table / f"{self.number}.parquet")


def partitions(account_id, day):
    return {"account_id": account_id, "region": ledgers.REGION, "snapshot_date": day}


def is_punctual(lake):
    """Returns `True` if each run record, row and configuration of a lake is there in time. Events are there with their record."""
    records = zip(lake.available, lake.records, strict=True)
    times = [(available, datetime.datetime.fromisoformat(record["snapshot_time"])) for available, record in records]
    times += [(one.available, one.snapshot_time) for one in (*lake.rows, *lake.configurations)]
    return all(available <= time + PUNCTUAL for available, time in times)


def is_read(available, time, windows):
    """Returns `True` if evidence is in the window of the first merge after it came."""
    return time >= next(from_time for now, from_time in windows if available <= now)


def create_tables(trino):
    """The template's tables, over a directory beside the metastore, with their partitions as columns."""
    for table in template_tables.glue_tables("bucket", PREFIX, "123456789012"):
        storage = table["StorageDescriptor"]
        storage["Columns"] += table["PartitionKeys"]
        storage["Location"] = f"local:///{PREFIX}/{table['Name']}"
        parameters = {name: value for name, value in table["Parameters"].items() if name == "classification"}
        trino.create_glue_table(table | {"PartitionKeys": [], "Parameters": parameters})


def aware(value):
    return value.replace(tzinfo=datetime.UTC) if isinstance(value, datetime.datetime) else value


def create(trino, folder):
    """Empty tables in this folder, in place of those that there are."""
    for table in iceberg_tables.TABLES:
        trino.execute(f"DROP TABLE IF EXISTS {trino.iceberg(table)}")
        iceberg_tables.create(trino, table, f"local:///{folder}/{table}")


def scheduled_merge(trino, now, days):
    """Merges as the state machine does at a time: from that many days before, and from two hours before the last merge."""
    since_last = iceberg_tables.next_from_time(trino) or now - 6 * DAY
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return merge(trino, now, since_last if days is None else min(midnight - days * DAY, since_last))


def failed_merge(trino, now, from_time):
    """Merges as at a time, and fails after `captures`."""
    iceberg_tables.merge_one(trino, "captures", now, from_time, iceberg_tables.of_flat_records)


def merge(trino, now, from_time, until=None):
    """Merges as at a time; how many rows change in each table. With `until`, nothing is there of later days."""

    def edit(text):
        if until is not None:
            text = re.sub(r"WHERE (\S*snapshot_date) ", rf"WHERE \1 <= '{until:%Y-%m-%d}' AND \1 ", text)
        # See Store.
        return iceberg_tables.of_flat_records(text)

    return iceberg_tables.merge(trino, now, from_time, edit)


class Checked:
    """The lakes, and what was wrong."""

    def __init__(self, lakes):
        self.lakes = lakes
        self.names = {lake.account_id: lake.name for lake in lakes}
        self.rows = [row for lake in lakes for row in lake.rows]
        self.records = [
            (available, lake.account_id, record) for lake in lakes for available, record in zip(lake.available, lake.records, strict=True)
        ]
        self.events = [event for lake in lakes for event in lake.events]
        self.configurations = [one for lake in lakes for one in lake.configurations]
        self.problems = []
        self.counts = {"lakes": len(lakes), "records": len(self.records), "rows": len(self.rows), "events": len(self.events)}
        self.differing = collections.Counter()

    def run(self, trino):
        folder = trino.folder / PREFIX
        create_tables(trino)
        self.check_hour_by_hour(trino)
        shutil.rmtree(folder)
        store = Store(folder, self.lakes)
        create(trino, f"{PREFIX}-first")
        for now in AS_IT_COMES:
            store.bring(now)
            scheduled_merge(trino, now, HOURLY)
            scheduled_merge(trino, now, DAILY)
            self.compare(f"merged as it comes, at {now:%d %H}", trino, now)
        self.check_nothing_changes(trino)
        self.check_questions("merged as it comes", trino)
        create(trino, f"{PREFIX}-second")
        for number, (now, days) in enumerate(ODDLY):
            changed = merge(trino, now, now - days * DAY)
            if number and changed != [0, 0]:
                self.problems.append(f"merged again from {days} days before: {changed} rows change")
            self.compare(f"merged from {days} days before", trino, now)
        self.check_questions("merged oddly", trino)
        create(trino, f"{PREFIX}-third")
        self.check_outage_of_merges(trino)
        self.check_questions("merged after an outage", trino)
        for seed in range(RANDOM_SEQUENCES):
            create(trino, f"{PREFIX}-random-{seed}")
            self.check_random_sequence(trino, seed)

    def check_hour_by_hour(self, trino):
        """Hourly merges alone. Of lakes whose evidence comes in time, the rows are those of all of it in each hour. Of the others, they
        are those of what came in time: a record that came late proves nothing before the daily merge has its rows too."""
        punctual = {lake.account_id for lake in self.lakes if is_punctual(lake)}
        self.counts["lakes merged hour by hour"] = len(punctual)
        store = Store(trino.folder / PREFIX, self.lakes)
        create(trino, f"{PREFIX}-hourly")
        windows = [(HOUR_BY_HOUR[0] - HOUR, FIRST_DAY), *((now, now - HOUR - MARGIN) for now in HOUR_BY_HOUR)]
        for number, (now, from_time) in enumerate(windows):
            store.bring(now)
            changed = scheduled_merge(trino, now, HOURLY) if number else merge(trino, now, from_time)
            self.counts[f"rows changed hour by hour, at {now:%d %H}"] = changed
            self.compare(f"merged hour by hour, at {now:%d %H}", trino, now, lambda key: key[0] in punctual)
        self.compare("merged hour by hour, late evidence too", trino, now, in_time=windows)
        # A merge of a week fails half-way; the hourly one after it reads as far back.
        failed_merge(trino, now + MINUTE, now - 6 * DAY)
        now += HOUR
        store.bring(now)
        scheduled_merge(trino, now, HOURLY)
        self.compare("merged hour by hour, after a merge of a week that failed", trino, now)
        if iceberg_tables.next_from_time(trino) != now - MARGIN:
            self.problems.append("a merge that failed is read again although another one has read it")

    def check_outage_of_merges(self, trino):
        """The first merge after it reads all that came meanwhile. Of a merge that failed after `captures`, nothing is noted."""
        merge(trino, BEFORE_THE_OUTAGE, FIRST_DAY, until=BEFORE_THE_OUTAGE)
        if iceberg_tables.next_from_time(trino) != BEFORE_THE_OUTAGE - MARGIN:
            self.problems.append("a merge does not begin two hours before the last one")
        failed_merge(trino, ledgers.NOW, BEFORE_THE_OUTAGE)
        if iceberg_tables.next_from_time(trino) != BEFORE_THE_OUTAGE - MARGIN:
            self.problems.append("a merge of captures alone counts as a merge")
        scheduled_merge(trino, ledgers.NOW, HOURLY)
        self.compare("merged after an outage", trino, ledgers.NOW)

    def check_random_sequence(self, trino, seed):
        """Merges at any times, each of which reads the day on which the one before it stopped."""
        rng = random.Random(seed)
        days = sorted(rng.sample(range(1, 12), rng.randint(2, 4)), reverse=True)
        from_day = 12
        for day in days:
            now = ledgers.NOW - day * DAY
            merge(trino, now, ledgers.NOW - from_day * DAY, until=now)
            from_day = day + rng.choice([0, 1, 2])
        merge(trino, ledgers.NOW, ledgers.NOW - from_day * DAY)
        self.compare(f"merged at random, {days} days before", trino, ledgers.NOW)

    def check_questions(self, what, trino):
        """Each question, as at the end."""
        now = ledgers.NOW
        rows = list(self.expected(now).values())
        by_account = collections.defaultdict(list)
        for available, account_id, record in self.records:
            if available <= now:
                by_account[account_id].append(record)
        of_ledgers = {account_id: session_truth.Ledger(records, now) for account_id, records in by_account.items()}
        self.check_who_was_connected(what, trino, rows)
        for name, known in session_answers.ANSWERS.items():
            for edits, answer in known:
                found = self.ask(trino, name, edits)
                self.compare_rows(f"{name}, {what}", found, answer(rows, of_ledgers, now))

    def ask(self, trino, name, edits):
        statement = (ROOT / f"queries/{name}.sql").read_text()
        for old, new in edits:
            if old not in statement:
                self.problems.append(f"{name}: {old} is not in the file")
            statement = statement.replace(old, new)
        for word, value in AT_RUN_TIME.items():
            statement = statement.replace(word, value)
        found, cursor = trino.execute(statement)
        names = [column[0] for column in cursor.description]
        return [{name: aware(value) for name, value in zip(names, row, strict=True)} for row in found]

    def check_who_was_connected(self, what, trino, rows):
        """At many instants at once. And of a fleet without bad luck: everybody is there who was, and was ever seen."""
        instants = session_answers.instants(ledgers.NOW)
        values = ", ".join(f"TIMESTAMP '{instant:%Y-%m-%d %H:%M:%S}'" for instant in instants)
        edits = [
            ("SELECT TIMESTAMP '2026-11-01 12:00:00' AS instant", f"SELECT instant FROM UNNEST(ARRAY[{values}]) AS given (instant)"),
            ("SELECT\n  sessions.identity,", "SELECT\n  asked.instant,\n  sessions.identity,"),
        ]
        found = self.ask(trino, "who_was_connected_at", edits)
        expected = [row for instant in instants for row in session_answers.connected_at(rows, instant)]
        self.compare_rows(f"who_was_connected_at, {what}", found, expected)
        listed = {(row["instant"], row["connection_id"]) for row in found}
        seen = {row["connection_id"] for row in rows}
        lives = [life for lake in self.lakes for life in lake.lives if life.bad == 0 and life.id in seen]
        there = {(instant, life.id) for instant in instants for life in lives if life.was_there(instant)}
        self.counts[f"people who were connected, {what}"] = len(there)
        if there - listed:
            self.problems.append(f"who_was_connected_at, {what}: {len(there - listed)} who were connected are missing, such as {min(there - listed)}")

    def compare_rows(self, what, found, expected):
        """All rows in any order, in the columns that are expected."""
        self.counts[what] = len(found)
        if not expected:
            self.problems.append(f"{what}: there is nothing to find, so this proves nothing")
            return
        names = list(expected[0])
        count = lambda rows: collections.Counter(tuple(row.get(name, "no such column") for name in names) for row in rows)
        found, expected = count(found), count(expected)
        for kind, rows in [("has", found - expected), ("lacks", expected - found)]:
            if rows:
                row = dict(zip(names, min(rows, key=str), strict=True))
                lake = self.names.get(row.get("account_id"), "some lake")
                self.problems.append(f"{what} {kind} {rows.total()} rows, such as in {lake}: { {n: str(v) for n, v in row.items()} }")

    def check_nothing_changes(self, trino):
        for days in (12,):
            changed = merge(trino, ledgers.NOW, ledgers.NOW - days * DAY)
            if changed != [0, 0]:
                self.problems.append(f"merged again as it comes, from {days} days before: {changed} rows change")

    def expected(self, now, in_time=None):
        """The rows of the evidence that is there; with merges and from when on they read, of what those read that came after it."""
        rows = [row for row in self.rows if row.available <= now]
        records = [(available, account_id, record) for available, account_id, record in self.records if available <= now]
        if in_time is not None:
            rows = [row for row in rows if is_read(row.available, session_truth.placed_at(row), in_time)]
            records = [one for one in records if is_read(one[0], datetime.datetime.fromisoformat(one[2]["snapshot_time"]), in_time)]
        events, configurations = ([one for one in of if one.available <= now] for of in (self.events, self.configurations))
        return session_truth.sessions(rows, [one[1:] for one in records], ledgers.REGION, now, events, configurations)

    def compare(self, what, trino, now, is_compared=lambda key: True, in_time=None):
        """Every column of every row that is compared. With `in_time`, of the evidence that was in the window of the first merge after it
        came, and without the counts of snapshots: those of a day are counted anew whenever it is read."""
        found, cursor = trino.execute("SELECT * FROM sessions")
        names = [column[0] for column in cursor.description]
        expected = {key: row for key, row in self.expected(now, in_time).items() if is_compared(key)}
        keys = collections.Counter()
        wrong = collections.defaultdict(list)
        for values in found:
            row = dict(zip(names, values, strict=True))
            key = (row["account_id"], row["endpoint_id"], row["connection_id"])
            if not is_compared(key):
                continue
            keys[key] += 1
            of = expected.get(key)
            if of is None or set(of) != set(names):
                wrong["the row itself"].append((key, sorted(names), of and sorted(of)))
                continue
            for name in names:
                if in_time is not None and name in COUNTS_OF_SNAPSHOTS:
                    continue
                value = of[name].replace(tzinfo=None) if isinstance(of[name], datetime.datetime) else of[name]
                if row[name] != value:
                    wrong[name].append((key, row[name], value))
        for key in [*(key for key, count in keys.items() if count > 1), *(expected.keys() - keys.keys())]:
            wrong["the number of rows"].append((key, keys[key], 1))
        for column, of in wrong.items():
            key, value, right = min(of, key=str)
            self.problems.append(f"{what}: {column} of {len(of)} rows, such as in {self.names[key[0]]} of {key[2]}: {value}, not {right}")
        self.counts[what] = keys.total()
        for name in ("covered", "end_seen", "begin_seen", "logged"):
            self.differing.update((name, str(row[name])) for row in expected.values())


if __name__ == "__main__":
    main()
