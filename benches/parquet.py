"""Measures the cost of settings of the Parquet writer, and the gain of queries from them.

One snapshot of the simulator's is written anew with each (`benches/parquet_variants.rs`), and a day of copies of it is asked
two questions: all of one user, and the bytes of all. Trino reads them from SeaweedFS and says how many bytes it read; DuckDB
reads them from a directory, and the kernel says it. Times are the best of five.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import duckdb

from harness.services import BUCKET, Seaweed, Simulator

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/python"))
import trino_server  # noqa: E402

RUNS = 5
WARM_UP = 40
COLUMNS = """snapshot_time timestamp, captured_at timestamp, request_id varchar, endpoint_id varchar, connection_id varchar,
    username varchar, common_name varchar, client_ip varchar, client_ipv6_address varchar, status_code varchar,
    status_message varchar, connection_timestamp timestamp, connection_established_time timestamp,
    connection_end_time timestamp, authorization_policy_last_evaluated_time timestamp, ingress_bytes bigint,
    egress_bytes bigint, ingress_packets bigint, egress_packets bigint, posture_compliance_statuses array(varchar),
    unparsed map(varchar, varchar)"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--objects", type=int, default=24, help="snapshots of the day")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-parquet-") as folder:
        folder = pathlib.Path(folder)
        s3 = Seaweed(pathlib.Path(sys.executable).parent / "weed", folder)
        try:
            access = {"endpoint": s3.environment["AWS_ENDPOINT_URL_S3"], "access_key": "bench", "secret_key": "benchsecret"}
            with trino_server.running(access, "bench") as trino:
                measure(arguments, folder, s3, trino)
        finally:
            s3.close()


def measure(arguments, folder, s3, trino):
    variants = folder / "variants"
    variants.mkdir()
    output = subprocess.run(
        [arguments.programs / "examples/parquet_variants", snapshot(arguments, folder), variants],
        capture_output=True, check=True, text=True,
    )
    lines = [line.split("\t") for line in output.stdout.splitlines()]
    days = [folder / f"day-{number}" for number in range(len(lines))]
    for number, ((name, _, _), day) in enumerate(zip(lines, days, strict=True)):
        day.mkdir()
        for copy in range(arguments.objects):
            os.link(variants / f"{name}.parquet", day / f"{copy}.parquet")
            s3.client.upload_file(str(day / f"{copy}.parquet"), BUCKET, f"{day.name}/{copy}.parquet")
        trino.execute(
            f"CREATE TABLE v{number} ({COLUMNS}) WITH (external_location = 's3://{BUCKET}/{day.name}/', format = 'PARQUET')"
        )
    users = duckdb.sql(f"SELECT username FROM '{days[0]}/0.parquet' WHERE username IS NOT NULL LIMIT 1 OFFSET 5000")
    questions = [
        f"SELECT * FROM {{}} WHERE username = '{users.fetchall()[0][0]}'",
        "SELECT sum(ingress_bytes), sum(egress_bytes) FROM {}",
    ]
    # Trino is slower at first.
    for _ in range(WARM_UP):
        for question in questions:
            trino.execute(question.format("v0"))
    print(f"{arguments.connections:,} connections, {arguments.objects} snapshots\n")
    print("| | object | to write | Trino, one user | Trino, all bytes | DuckDB, one user | DuckDB, all bytes |")
    print("|---|---|---|---|---|---|---|")
    for number, ((name, size, millis), day) in enumerate(zip(lines, days, strict=True)):
        cells = [in_trino(trino, question.format(f"v{number}")) for question in questions]
        cells += [in_duckdb(question.format(f"'{day}/*.parquet'")) for question in questions]
        print(f"| {name} | {int(size) / 1e6:.2f} MB | {float(millis):.0f} ms | {' | '.join(cells)} |", flush=True)


def snapshot(arguments, folder):
    simulator = Simulator(arguments.programs / "client-vpn-sim", arguments.connections)
    command = [arguments.programs / "client-vpn-audit", "snapshot", "--lake", folder / "lake", "--target", simulator.endpoints[0]]
    command += ["--account-id", "123456789012"]
    subprocess.run(command, env=simulator.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    simulator.close()
    return next((folder / "lake/connections").rglob("*.parquet"))


def in_trino(trino, question):
    best = None
    for _ in range(RUNS):
        start = time.monotonic()
        _, cursor = trino.execute(question)
        wall = time.monotonic() - start
        best = min(best or (wall, cursor), (wall, cursor), key=lambda run: run[0])
    return f"{best[1].stats['physicalInputBytes'] / 1e6:.1f} MB, {best[0] * 1000:.0f} ms"


def in_duckdb(question):
    best, read = None, 0
    for _ in range(RUNS):
        connection = duckdb.connect(config={"threads": 2, "enable_external_file_cache": False})
        before, start = bytes_read(), time.monotonic()
        connection.sql(question).fetchall()
        wall, read = time.monotonic() - start, bytes_read() - before
        best = min(best or wall, wall)
    return f"{read / 1e6:.1f} MB, {best * 1000:.0f} ms"


def bytes_read():
    """Returns the bytes that this process has read, from the page cache too."""
    return int(pathlib.Path("/proc/self/io").read_text().split()[1])


if __name__ == "__main__":
    main()
