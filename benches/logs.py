"""Measures the cost of an hour of connection logs: four windows of one log group, read by the Lambda function of this project, and
by one that is written with boto3 and AWS SDK for pandas, benches/pandas_logs_lambda.py.

Both are whole processes over the same simulator and the same SeaweedFS, in turn, and figures are medians. The Region is
us-east-1, which allows the most requests. CPU is the kernel's count of user and system time of all threads; memory is the peak
that is resident. Wall times are left out: the function keeps to half of CloudWatch Logs' quota, the other does not.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import tempfile

from capture import figures, medians, numbers, table, write
from harness.process import Process
from harness.runtime_api import RuntimeApi
from harness.services import BUCKET, ENVIRONMENT, Seaweed, Simulator

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:client-vpn"
ENDPOINTS = 6
QUARTER = datetime.timedelta(minutes=15)
OURS, THEIRS = "this function", "boto3 and AWS SDK for pandas"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=pathlib.Path, help="Python that has benches/requirements.txt")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--sizes", type=numbers, default=[1_400, 23_000, 230_000], help="connections of each endpoint, with commas between them")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        try:
            for size in arguments.sizes:
                rows += bench.size(size)
        finally:
            bench.s3.close()
    head = ["events an hour", "", "CPU", "peak memory", "objects", "our CPU to it", "our memory to it"]
    measured = table(head, rows)
    print(measured)
    if arguments.write:
        write({"logs": measured})


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.s3 = Seaweed(arguments.python.parent / "weed", folder)
        self.lakes = 0

    def size(self, connections):
        """The rows of the table for six endpoints of so many connections."""
        simulator = Simulator(self.arguments.programs / "client-vpn-sim", connections, ENDPOINTS, more=["--region", REGION], time=None)
        hour = last_hour()
        counts = {}
        runs = {OURS: [], THEIRS: []}
        # The first one makes the simulator's events.
        self.pandas(simulator, hour, counts)
        for _ in range(self.arguments.runs):
            runs[THEIRS].append(self.pandas(simulator, hour, counts))
            runs[OURS].append(self.function(simulator, hour, counts))
        simulator.close()
        medians_of = {name: medians(of_one) for name, of_one in runs.items()}
        return [self.row(name, medians_of[name], medians_of[OURS], sum(counts.values())) for name in [OURS, THEIRS]]

    def row(self, name, figure, ours, events):
        ratios = ["", ""] if name == OURS else [f"{ours[part] / figure[part]:.3f}" for part in ["cpu", "memory"]]
        objects = f"{figure['bytes'] / 2**20:.1f} MiB"
        return [f"{events:,}", name, f"{figure['cpu']:.2f} s", f"{figure['memory']:.0f} MiB", objects, *ratios]

    def environment(self, simulator, lake):
        settings = {"AUDIT_LAKE": f"s3://{BUCKET}/{lake}", "AUDIT_ACCOUNT_ID": ACCOUNT, "AUDIT_TARGETS": "*"}
        region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        groups = {"AUDIT_CONNECTION_LOG_GROUPS": ARN}
        return ENVIRONMENT | simulator.environment | self.s3.environment | settings | region | groups

    def lake(self):
        self.lakes += 1
        return f"lake-{self.lakes}"

    def pandas(self, simulator, hour, counts):
        """One invocation of a new process; puts the events of each window into `counts`, or holds them against it."""
        lake = self.lake()
        starts = [hour + number * QUARTER for number in range(4)]
        windows = [{"start": millis(start), "end": millis(start + QUARTER)} for start in starts]
        event = {"log_group": ARN, "windows": windows, "bucket": BUCKET, "prefix": lake}
        command = [self.arguments.python, ROOT / "benches/pandas_logs_lambda.py", json.dumps(event)]
        process = Process(command, self.environment(simulator, lake), stdout=subprocess.PIPE)
        answer = json.loads(process.popen.stdout.read())
        rows = {int(start): count for start, count in answer["rows"].items()}
        is_right = counts == rows if counts else min(rows.values()) > 0
        counts.update(rows)
        objects = [f"{lake}/{start}.parquet" for start in rows]
        return figures(process, is_right, answer["status"]) | {"bytes": sum(map(self.s3.size, objects))}

    def function(self, simulator, hour, counts):
        """One invocation of a new process over a lake whose record begins with the hour."""
        lake = self.lake()
        self.record(lake, hour)
        api = RuntimeApi()
        function = Process([self.arguments.programs / "client-vpn-audit-lambda"], self.environment(simulator, lake) | api.environment)
        answer = api.invoke({"action": "logs"})
        status = pathlib.Path(f"/proc/{function.popen.pid}/status").read_text()
        function.popen.kill()
        windows = [window for place in answer["places"] for group in place["logs"]["groups"] for window in group["windows"]]
        rows = {millis(instant(window["start"])): window["rows"] for window in windows if window["outcome"] == "complete"}
        of_hour = {start: rows.get(start) for start in counts}
        result = figures(function, of_hour == counts, status)
        api.close()
        measured = [window["bytes"] for window in windows if millis(instant(window["start"])) in counts]
        return result | {"bytes": sum(measured)}

    def record(self, lake, hour):
        """Puts the record of an earlier run, as far as the next run reads it: the log group is on record since this hour."""
        text = hour.strftime("%Y-%m-%dT%H:%M:%SZ")
        place = {"account_id": ACCOUNT, "region": REGION, "logs": {"groups": [{"log_group": ARN, "since": text}]}}
        record = {"start": text, "snapshot_time": text, "targets": [], "places": [place]}
        folder = f"{lake}/runs/account_id={ACCOUNT}/region={REGION}/snapshot_date={hour:%Y-%m-%d}"
        key = f"{folder}/{hour:%Y%m%dT%H%M%SZ}_00000000-0000-4000-8000-000000000000.json"
        self.s3.client.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(record).encode())


def last_hour():
    """The beginning of the last four windows that are due: over for 30 minutes."""
    due = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=90)
    return due.replace(minute=due.minute // 15 * 15, second=0, microsecond=0)


def instant(text):
    return datetime.datetime.fromisoformat(text)


def millis(time):
    return round(time.timestamp() * 1000)


if __name__ == "__main__":
    main()
