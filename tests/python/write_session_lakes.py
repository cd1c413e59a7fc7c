"""Writes the small lakes of the tests of `sessions` as one lake, and prints what plain Python makes of them.

Usage: write_session_lakes.py FOLDER COUNT

The lakes are those of `session_cases_of_*.py`, and COUNT of `random_merge_lakes.py`. Prints a JSON object: the time as of which the record
is taken, and the sessions, with times in milliseconds since 1970.
"""

import collections
import datetime
import hashlib
import json
import pathlib
import sys

import pyarrow
import pyarrow.parquet

import check_merges
import ledgers
import session_truth
from ledgers import REGION

FIRST = "first"


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    lakes = check_merges.all_lakes(count)
    for lake in lakes:
        write(folder, lake)
    rows = [row for lake in lakes for row in there(lake.rows)]
    records = [(lake.account_id, record) for lake in lakes for _, record in records_of(lake)]
    events = [event for lake in lakes for event in there(lake.events)]
    configurations = [one for lake in lakes for one in there(lake.configurations)]
    found = session_truth.sessions(rows, records, REGION, ledgers.NOW, events, configurations)
    sessions = [{name: session_truth.printed(name, value) for name, value in row.items()} for row in found.values()]
    print(json.dumps({"now": session_truth.millis(ledgers.NOW), "sessions": sessions}))


def there(entries):
    """The evidence that is there by now."""
    return [entry for entry in entries if entry.available <= ledgers.NOW]


def records_of(lake):
    """The keys and the run records of a lake that are there by now."""
    every = zip(lake.available, lake.objects_of(), strict=True)
    return [(key, json.loads(text)) for available, (key, text) in every if available <= ledgers.NOW]


def write(folder, lake):
    """Writes the objects of a lake as the program does: their metadata says what they are."""
    for key, record in records_of(lake):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record) + "\n")
    objects = collections.defaultdict(list)
    for row in there(lake.rows):
        table, outcome, end = ("connections", "complete", "") if row.complete else ("partials", "partial", "_run")
        values = {"snapshot_time": row.snapshot_time, "captured_at": row.captured_at, "endpoint_id": row.endpoint_id} | row.values
        metadata = {"endpoint_id": row.endpoint_id, "outcome": outcome}
        objects[table, row.snapshot_time, f"_{row.endpoint_id}{end}", frozenset(metadata.items())].append(values)
    for _, record in records_of(lake):
        for target in record["targets"]:
            if target["object_key"] is not None:
                # That of a snapshot without connections is there too.
                time = datetime.datetime.fromisoformat(record["snapshot_time"])
                metadata = {"endpoint_id": target["endpoint_id"], "outcome": "complete"}
                objects.setdefault(("connections", time, f"_{target['endpoint_id']}", frozenset(metadata.items())), [])
    place = {"account_id": lake.account_id, "region": REGION, "outcome": "complete"}
    for event in there(lake.events):
        group = hashlib.sha256(event.values["log_group"].encode()).hexdigest()[:12]
        metadata = place | {"log_group_id": group, "reading": FIRST}
        objects["connection_logs", event.due, f"_{group}", frozenset(metadata.items())].append(event.values)
    for one in there(lake.configurations):
        values = {"captured_at": one.captured_at, "endpoint_id": one.endpoint_id}
        values |= {"connection_log_enabled": one.log_group is not None, "connection_log_group": one.log_group}
        objects["endpoints", one.snapshot_time, "", frozenset(place.items())].append(values)
    for (table, time, end, metadata), rows in objects.items():
        schema = {name: kind for name, kind in check_merges.TABLES[table].items() if name not in check_merges.PARTITIONS}
        columns = {name: [row.get(name) for row in rows] for name in schema}
        named = dict(metadata) | {"schema_version": "1", "snapshot_time": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        written = pyarrow.table(columns, pyarrow.schema(list(schema.items()), metadata=named))
        day = f"{table}/account_id={lake.account_id}/region={REGION}/snapshot_date={time:%Y-%m-%d}"
        path = folder / day / f"{time:%Y%m%dT%H%M%SZ}{end}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(written, path, compression="zstd")


if __name__ == "__main__":
    main()
