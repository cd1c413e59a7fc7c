"""Measures how long `sessions` takes for a week of snapshots, against DuckDB over the same files in the same run.

The objects are made up with pyarrow: each endpoint has so many connections in each snapshot, a quarter of an hour apart, and a connection
is there for eight hours and listed for one more. DuckDB is asked for the columns that come of the rows alone: who, from when to when, the
last known texts, the greatest counters, and the number of snapshots. `sessions` also judges each by the captures around it. Wall time is
that of the complete process; CPU is the kernel's count of all threads; memory is the peak that is resident. `report` writes the exhibit of the
week, of which these sessions are one data file.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pyarrow
import pyarrow.parquet

from capture import table, write
from harness.process import Process
from harness.services import ENVIRONMENT

ACCOUNT, REGION = "111122223333", "eu-central-1"
HEAD = ["endpoints", "connections of each", "snapshots", "rows", "sessions", "program", "wall", "CPU", "peak memory"]
FIRST = datetime.datetime(2026, 11, 16, tzinfo=datetime.UTC)
QUARTER = datetime.timedelta(minutes=15)
#: Snapshots that show a connection active, and ended.
ACTIVE, ENDED = 32, 4
TEXTS = ["username", "common_name", "client_ip", "client_ipv6_address"]
TIME = pyarrow.timestamp("ms", "UTC")
SCHEMA = {"snapshot_time": TIME, "captured_at": TIME, "request_id": pyarrow.string(), "endpoint_id": pyarrow.string()}
SCHEMA |= dict.fromkeys(["connection_id", *TEXTS, "status_code", "status_message"], pyarrow.string())
SCHEMA |= dict.fromkeys(["connection_timestamp", "connection_established_time", "connection_end_time"], TIME)
COUNTERS = ["ingress_bytes", "egress_bytes", "ingress_packets", "egress_packets"]
SCHEMA |= dict.fromkeys(COUNTERS, pyarrow.int64())
SCHEMA |= {"posture_compliance_statuses": pyarrow.list_(pyarrow.string())}
#: As the program writes them: no dictionary where most values differ.
UNIQUE = ["connection_id", *TEXTS, *COUNTERS]
DUCKDB = """
import duckdb, sys
duckdb.connect(config={"threads": 2, "memory_limit": "6GB"}).execute(f'''
COPY (
  SELECT account_id, region, endpoint_id, connection_id,
    coalesce(arg_max(username, captured_at), arg_max(common_name, captured_at)) AS identity,
    arg_max(username, captured_at) AS username, arg_max(common_name, captured_at) AS common_name,
    arg_max(client_ip, captured_at) AS client_ip, arg_max(client_ipv6_address, captured_at) AS client_ipv6_address,
    min(captured_at) AS first_seen, max(captured_at) AS last_seen,
    max(captured_at) FILTER (WHERE connection_end_time IS NULL) AS last_active,
    min(captured_at) FILTER (WHERE connection_end_time IS NOT NULL) AS first_seen_ended,
    max(connection_established_time) AS connection_established_time, arg_max(connection_end_time, captured_at) AS connection_end_time,
    max(ingress_bytes) AS ingress_bytes, max(egress_bytes) AS egress_bytes,
    max(ingress_packets) AS ingress_packets, max(egress_packets) AS egress_packets,
    arg_max(status_code, captured_at) AS status_code, arg_max(status_message, captured_at) AS status_message,
    bool_or(status_code = 'failed-to-terminate') AS failed_to_terminate, count(DISTINCT snapshot_time) AS snapshots
  FROM read_parquet('{sys.argv[1]}/connections/**/*.parquet', hive_partitioning = true)
  GROUP BY ALL
) TO '{sys.argv[2]}' (FORMAT csv)
''')
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--endpoints", type=int, default=5)
    parser.add_argument("--connections", type=int, default=7_000, help="connections of each endpoint in each snapshot")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--lake", type=pathlib.Path, help="where to make the lake, or one that this made before [default: temporary]")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as temporary:
        lake = arguments.lake or pathlib.Path(temporary) / "lake"
        snapshots = 96 * arguments.days
        if not lake.exists():
            made(lake, arguments.endpoints, arguments.connections, snapshots)
        csv = pathlib.Path(temporary) / "sessions.csv"
        exhibit = pathlib.Path(temporary) / "exhibit"
        program = arguments.programs / "client-vpn-audit"
        # From a day before: the first snapshots list connections that ended before them.
        days = [FIRST + datetime.timedelta(days=days) for days in (-1, arguments.days)]
        times = [f"{day:%Y-%m-%d}" for day in days]
        commands = {
            "DuckDB": ([sys.executable, "-c", DUCKDB, lake, csv], csv),
            "sessions": ([program, "sessions", "--lake", lake, "--csv"], csv),
            "report": ([program, "report", "--lake", lake, "--from", times[0], "--to", times[1], "--out", exhibit], exhibit / "sessions.csv"),
        }
        found = {}
        # Each reads from the page cache, which the first reading fills.
        for name in list(commands) * 2:
            shutil.rmtree(exhibit, ignore_errors=True)
            command, rows = commands[name]
            found[name] = measured(command, rows, is_printed=name == "sessions")
        sessions = {name: figures.pop(0) for name, figures in found.items()}
        if len(set(sessions.values())) != 1:
            raise SystemExit(f"different numbers of sessions: {sessions}")
        rows = arguments.endpoints * arguments.connections * snapshots
        head = [arguments.endpoints, arguments.connections, snapshots, rows, sessions["sessions"]]
        shown = table(HEAD, [[*(f"{number:,}" for number in head), name, *figures] for name, figures in found.items()])
    print(shown)
    if arguments.write:
        write({"sessions": shown})


def measured(command, csv, is_printed):
    """The number of sessions, and the cost of a process that writes them. A hole or no digest is exit status 1 of `report`."""
    with csv.open("wb") if is_printed else open(os.devnull, "wb") as output:
        process = Process(command, ENVIRONMENT, stdout=output)
        _, status, usage = os.wait4(process.popen.pid, 0)
        wall = time.monotonic() - process.start
    process.popen.returncode = os.waitstatus_to_exitcode(status)
    if process.popen.returncode not in (0, 1):
        raise SystemExit(f"{command[0]}: exit status {process.popen.returncode}")
    sessions = int(subprocess.run(["wc", "-l", csv], capture_output=True, check=True, text=True).stdout.split()[0]) - 1
    cpu = usage.ru_utime + usage.ru_stime
    return [sessions, f"{wall:.1f} s", f"{cpu:.1f} s", f"{usage.ru_maxrss / 1024:,.0f} MiB"]


def made(lake, endpoints, connections, snapshots):
    """Writes the lake: an object for each endpoint and snapshot, and a run record for each snapshot."""
    # Those that are listed at a time are spread over the snapshots for which each is.
    each = -(-connections // (ACTIVE + ENDED))
    for number in range(snapshots):
        time_of = FIRST + number * QUARTER
        targets = []
        for endpoint in range(endpoints):
            endpoint_id = f"cvpn-endpoint-{endpoint:017x}"
            key = f"{place('connections', time_of)}/{time_of:%Y%m%dT%H%M%SZ}_{endpoint_id}.parquet"
            snapshot(lake / key, endpoint, endpoint_id, connections, each, number, time_of)
            targets.append(target(endpoint_id, key, time_of, connections))
        record = lake / place("runs", time_of) / f"{time_of:%Y%m%dT%H%M%SZ}_{number:032x}.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(run(time_of, targets)) + "\n")


def place(name, time_of):
    return f"{name}/account_id={ACCOUNT}/region={REGION}/snapshot_date={time_of:%Y-%m-%d}"


def snapshot(path, endpoint, endpoint_id, connections, each, number, time_of):
    path.parent.mkdir(parents=True, exist_ok=True)
    # The connection that began in a snapshot before, in the order in which they began.
    began = [number - index // each for index in range(connections)]
    ids = [endpoint * 10**9 + (snapshot + 10**4) * each + index % each for index, snapshot in enumerate(began)]
    begins = [FIRST + snapshot * QUARTER - QUARTER / 2 for snapshot in began]
    age = [number - snapshot for snapshot in began]
    ended = [begin + ACTIVE * QUARTER if old >= ACTIVE else None for begin, old in zip(begins, age, strict=True)]
    columns = {
        "snapshot_time": [time_of] * connections,
        "captured_at": [time_of + datetime.timedelta(seconds=2, milliseconds=index // 1_000) for index in range(connections)],
        "request_id": [f"{number:08x}-0000-4000-8000-{index // 1_000:012x}" for index in range(connections)],
        "endpoint_id": [endpoint_id] * connections,
        "connection_id": [f"cvpn-connection-{id:017x}" for id in ids],
        "username": [f"user{id % 20_011}@corp.example" for id in ids],
        "common_name": [f"user{id % 20_011}" for id in ids],
        "client_ip": [f"10.{id >> 16 & 255}.{id >> 8 & 255}.{id & 255}" for id in ids],
        "client_ipv6_address": [None] * connections,
        "status_code": ["terminated" if end else "active" for end in ended],
        "status_message": [None] * connections,
        "connection_timestamp": [end or time_of for end in ended],
        "connection_established_time": begins,
        "connection_end_time": ended,
        "posture_compliance_statuses": [None] * connections,
    }
    for factor, name in enumerate(COUNTERS, 1):
        columns[name] = [factor * (id % 977 + 1) * (min(old, ACTIVE) + 1) for id, old in zip(ids, age, strict=True)]
    names = {"schema_version": "1", "snapshot_time": f"{time_of:%Y-%m-%dT%H:%M:%SZ}", "endpoint_id": endpoint_id, "outcome": "complete"}
    written = pyarrow.table(columns, pyarrow.schema(list(SCHEMA.items()), metadata=names))
    dictionaries = [name for name in SCHEMA if name not in UNIQUE and not name.startswith("posture")]
    settings = {"compression": "zstd", "compression_level": 1, "use_dictionary": dictionaries, "row_group_size": 16_384}
    pyarrow.parquet.write_table(written, path, **settings)


def target(endpoint_id, key, time_of, rows):
    stamp = lambda seconds: f"{time_of + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.000Z}"
    times = {"first_page_requested_at": stamp(1), "first_page_at": stamp(2), "last_page_at": stamp(10)}
    names = {"account_id": ACCOUNT, "region": REGION, "endpoint_id": endpoint_id, "outcome": "complete"}
    return names | times | {"active": rows, "object_key": key, "error": None}


def run(time_of, targets):
    stamp = f"{time_of:%Y-%m-%dT%H:%M:%SZ}"
    return {"start": stamp, "snapshot_time": stamp, "scheduled": True, "targets": targets, "places": []}


if __name__ == "__main__":
    main()
