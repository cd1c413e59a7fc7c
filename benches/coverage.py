"""Measures how long `coverage` of a month takes for many accounts and Regions whose store answers after 25 milliseconds, as S3 does.

Each account and Region has a run record each quarter of an hour and a digest each hour, for 400 days. They are made when they are asked
for, so that nothing has to be stored: those of 640 for 400 days would be 30 million objects. Wall time is that of the complete process;
CPU is the kernel's count of user and system time of all threads; memory is the peak that is resident.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import time

from capture import table, write
from harness.generated_lake import DAY, PREFIX, GeneratedLake
from harness.process import Process
from harness.services import BUCKET, ENVIRONMENT, Simulator

HEAD = ["accounts and Regions", "days", "run records", "wall", "CPU", "peak memory", "requests", "requests a second"]
YEAR = 400
ENDPOINTS, CONNECTIONS = 2, 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--places", type=int, nargs="+", default=[1, 40], help="accounts and Regions")
    parser.add_argument("--days", type=int, default=30, help="days whose coverage is asked for")
    parser.add_argument("--millis", type=int, default=25, help="how much later the store answers")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    program = arguments.programs / "client-vpn-audit"
    record, digest = written_by(arguments.programs)
    rows = []
    for places in arguments.places:
        rows.append(measured(arguments, program, record, digest, places))
        # The next one may take long.
        print("; ".join(f"{name}: {figure}" for name, figure in zip(HEAD, rows[-1], strict=True)), flush=True)
    shown = table(HEAD, rows)
    print(shown)
    if arguments.write:
        write({"coverage": shown})


def written_by(programs):
    """A run record of every endpoint, and a digest, as the program writes them."""
    program = programs / "client-vpn-audit"
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as folder:
        folder = pathlib.Path(folder)
        simulator = Simulator(programs / "client-vpn-sim", CONNECTIONS, ENDPOINTS, time=None)
        snapshot = [program, "snapshot", "--target", "*", "--lake", folder / "snapshot"]
        subprocess.run(snapshot, env=simulator.environment, check=True, capture_output=True)
        simulator.close()
        # The demo seals its lake.
        subprocess.run([program, "demo", "--lake", folder / "demo"], env=ENVIRONMENT, check=True, capture_output=True)
        record = json.loads(next(folder.glob("snapshot/runs/**/*.json")).read_text())
        digests = [path.read_text() for path in folder.glob("demo/digests/**/*.json")]
        # As of a run that a schedule began.
        return json.dumps(record | {"scheduled": True}), next(text for text in digests if json.loads(text)["objects"])


def measured(arguments, program, record, digest, places):
    """The row of the table for so many accounts and Regions."""
    today = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - DAY * number for number in range(YEAR, 0, -1)]
    # The requested time ends before the newest records: one after it shows what there was at its end.
    end = 3
    lake = GeneratedLake(record, digest, places, days, days[-(arguments.days + 2 * end) :], arguments.millis)
    stamp = lambda days_ago: f"{today - DAY * days_ago:%Y-%m-%d}"
    command = [program, "coverage", "--lake", f"s3://{BUCKET}/{PREFIX}", "--from", stamp(arguments.days + end), "--to", stamp(end), "--json"]
    process = Process(command, ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": lake.url}, stdout=subprocess.PIPE)
    answer = json.loads(process.popen.stdout.read())
    _, status, usage = os.wait4(process.popen.pid, 0)
    wall = time.monotonic() - process.start
    process.popen.returncode = os.waitstatus_to_exitcode(status)
    lake.close()
    # The listing of endpoints is proven like one.
    is_right = process.popen.returncode == 0 and len(answer["endpoints"]) == places * (ENDPOINTS + 1)
    is_right = is_right and all(endpoint["proven"] == 1 for endpoint in answer["endpoints"]) and not answer["not_sealed"]
    if not is_right:
        raise SystemExit(f"exit status {process.popen.returncode}: {json.dumps(answer)[:2_000]}")
    requests = lake.counted.value
    cpu, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    figures = [f"{answer['runs']:,}", f"{wall:.1f} s", f"{cpu:.1f} s", f"{memory:.0f} MiB", f"{requests:,}", f"{requests / wall:,.0f}"]
    return [f"{places:,}", f"{arguments.days}", *figures]


if __name__ == "__main__":
    main()
