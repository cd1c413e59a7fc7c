"""Measures the time that one function takes for an organisation if EC2 throttles as it documents: a bucket of 100 calls for each action,
account and Region, which 20 a second refill.

The simulator stands for 40 accounts with five endpoints of 7,000 connections each, unless arguments say otherwise. With pages of 1,000 no bucket runs dry; with
smaller ones the bucket bounds how quickly an account can be read at all: (calls - 100) / 20 seconds. The wall time of a whole
invocation is compared with that bound.
"""

import argparse
import math
import pathlib
import statistics
import tempfile
import time

from harness.process import Process, peak_mebibytes
from harness.runtime_api import RuntimeApi
from harness.services import ENVIRONMENT, Simulator

BUCKET, REFILL = 100, 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--accounts", type=int, default=40)
    parser.add_argument("--endpoints", type=int, default=5, help="of each account")
    parser.add_argument("--connections", type=int, default=7_000, help="of each endpoint")
    parser.add_argument("--page-sizes", type=int, nargs="+", default=[1000, 70, 50])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print("| calls for each account | least wall time | wall | ratio | CPU | peak memory |")
    print("|---|---|---|---|---|---|")
    for page_size in arguments.page_sizes:
        runs = [run(arguments, page_size) for _ in range(arguments.runs)]
        wall, cpu, memory = [statistics.median(figures) for figures in zip(*runs, strict=True)]
        calls = arguments.endpoints * math.ceil(arguments.connections / page_size)
        least = max(0, calls - BUCKET) / REFILL
        ratio = f"{wall / least:.2f}" if least else ""
        print(f"| {calls} | {least:.1f} s | {wall:.1f} s | {ratio} | {cpu:.1f} s | {memory:.0f} MiB |", flush=True)


def run(arguments, page_size):
    """Wall time, seconds of CPU and peak memory of one invocation."""
    more = ["--accounts", arguments.accounts, "--throttle"]
    simulator = Simulator(arguments.programs / "client-vpn-sim", arguments.connections, arguments.endpoints, more=more)
    accounts = simulator.accounts or ["123456789012"]
    api = RuntimeApi()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-fleet-") as folder:
        settings = {
            "AUDIT_TARGETS": "arn:aws:ec2:*:*:client-vpn-endpoint/*",
            "AUDIT_ACCOUNTS": ",".join(accounts),
            "AUDIT_REGIONS": "eu-central-1",
            "AUDIT_MEMBER_ROLE": "audit",
            "AUDIT_LAKE": f"{folder}/lake",
            "AUDIT_ACCOUNT_ID": accounts[0],
            "AUDIT_CONCURRENCY": "50",
            "AUDIT_PAGE_SIZE": str(page_size),
        }
        function = Process([arguments.programs / "client-vpn-audit-lambda"], ENVIRONMENT | simulator.environment | api.environment | settings)
        api.wait_for_first_poll()
        start = time.monotonic()
        answer = api.invoke({"action": "snapshot"})
        wall = time.monotonic() - start
        memory = peak_mebibytes(pathlib.Path(f"/proc/{function.popen.pid}/status").read_text())
        cpu = function.kill()
    simulator.close()
    api.close()
    whole = ("complete", arguments.connections)
    complete = [entry for entry in answer["targets"] if (entry["outcome"], entry["rows"]) == whole]
    if len(complete) != arguments.accounts * arguments.endpoints:
        raise SystemExit(f"{len(complete)} endpoints are complete")
    return wall, cpu, memory


if __name__ == "__main__":
    main()
