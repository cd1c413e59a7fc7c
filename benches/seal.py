"""Measures how long one run of `seal` takes for many accounts and Regions whose store answers after 25 milliseconds, as S3 does.

Each account and Region has four objects an hour, and the hours before the last one are sealed already, in a chain of digests. The
measured run is the one that follows an hour later: it seals one hour of each. SeaweedFS is behind a proxy that delays its answers and
counts the requests. Wall time is that of the complete process; CPU is the kernel's count of user and system time of all threads;
memory is the peak that is resident.
"""

import argparse
import concurrent.futures
import datetime
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from capture import table, write
from harness.latency import Latency
from harness.process import Process
from harness.services import BUCKET, ENVIRONMENT, Seaweed

REGION = "eu-central-1"
HOUR = datetime.timedelta(hours=1)
OBJECTS = 4
HEAD = ["accounts and Regions", "digests before", "wall", "CPU", "peak memory", "requests", "requests of each"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=pathlib.Path, help="Python that has benches/requirements.txt")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--places", type=int, nargs="+", default=[640], help="accounts and Regions")
    parser.add_argument("--history", type=int, nargs="+", default=[48], help="hours that are sealed before, for each number of places")
    parser.add_argument("--millis", type=int, default=25, help="how much later the store answers")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as folder:
        folder = pathlib.Path(folder)
        s3 = Seaweed(arguments.python.parent / "weed", folder)
        key = folder / "key.pem"
        subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
        try:
            for places, history in zip(arguments.places, itertools.cycle(arguments.history), strict=False):
                rows.append(measured(arguments, s3, key, places, history))
                # The next one may take long.
                print("; ".join(f"{name}: {figure}" for name, figure in zip(HEAD, rows[-1], strict=True)), flush=True)
        finally:
            s3.close()
    shown = table(HEAD, rows)
    print(shown)
    if arguments.write:
        write({"seal": shown})


def measured(arguments, s3, key, places, history):
    """The row of the table for so many accounts and Regions, and so many hours that are sealed before."""
    lake = f"lake-{places}-{history}"
    # An hour is closed 35 minutes after its end.
    closed = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=36) - HOUR).replace(minute=0, second=0, microsecond=0)
    hours = [closed - HOUR * number for number in reversed(range(history + 1))]
    put_objects(s3, lake, places, hours)
    command = [arguments.programs / "client-vpn-audit", "seal", "--lake", f"s3://{BUCKET}/{lake}", "--signing-key", key, "--json"]
    before = hours[-2].strftime("%Y-%m-%dT%H")
    seal(Process([*command, "--hour", before], ENVIRONMENT | s3.environment, stdout=subprocess.PIPE), places, history)
    port = urllib.parse.urlsplit(s3.environment["AWS_ENDPOINT_URL_S3"]).port
    proxy = Latency(port, arguments.millis)
    process = Process(command, ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": proxy.url}, stdout=subprocess.PIPE)
    wall, cpu, memory = seal(process, places, 1)
    requests = proxy.counted.value
    proxy.close()
    figures = [f"{wall:.1f} s", f"{cpu:.1f} s", f"{memory:.0f} MiB", f"{requests:,}", f"{requests / places:.1f}"]
    return [f"{places:,}", f"{history}", *figures]


def put_objects(s3, lake, places, hours):
    """Puts the objects of each hour; their content does not matter to a digest."""

    def put(key):
        s3.client.put_object(Bucket=BUCKET, Key=key, Body=os.urandom(1_000))

    keys = []
    for account in range(places):
        for hour in hours:
            for quarter in range(OBJECTS):
                at = hour + quarter * datetime.timedelta(minutes=15)
                place = f"account_id={account:012}/region={REGION}/snapshot_date={at:%Y-%m-%d}"
                keys.append(f"{lake}/connections/{place}/{at:%Y%m%dT%H%M%SZ}_cvpn-endpoint-{account:017x}.parquet")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, keys))


def seal(process, places, hours):
    """Wall time, CPU and peak memory of a run that has to seal so many hours of each account and Region."""
    answer = json.loads(process.popen.stdout.read())
    _, status, usage = os.wait4(process.popen.pid, 0)
    wall = time.monotonic() - process.start
    process.popen.returncode = os.waitstatus_to_exitcode(status)
    counts = {(of_place["digests"], of_place["objects"]) for of_place in answer["sealed"]}
    is_right = process.popen.returncode == 0 and len(answer["sealed"]) == places and counts == {(hours, hours * OBJECTS)}
    if not is_right:
        raise SystemExit(f"exit status {process.popen.returncode}, digests and objects of each: {sorted(counts)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
