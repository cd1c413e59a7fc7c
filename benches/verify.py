#!/usr/bin/env python3
"""Measures `verify` of a sealed lake in a directory: bytes a second, and peak memory against the lake's size.

Usage: benches/verify.py [--program target/release/client-vpn-audit] [--runs N]

Makes lakes of random bytes in the temporary directory, under names that the program gives, seals and verifies them. All is read
as it was sealed, and each object is reported because it is no Parquet file.
Needs Linux and openssl. Lakes fit the page cache, so that the disk is not what is measured.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

PLACE = "account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-22"
LAKES = {"1 GB in 96 objects": (96, 10_500_000), "4 GB in 384 objects": (384, 10_500_000), "48 MB in 4,800 objects": (4_800, 10_000)}


def make(lake, objects, size):
    """A day of objects, an equal number in each hour."""
    folder = lake / "connections" / PLACE
    folder.mkdir(parents=True)
    for number in range(objects):
        second = number * 86_400 // objects
        name = time.strftime("%H%M%S", time.gmtime(second))
        (folder / f"20251122T{name}Z_cvpn-endpoint-{number:017x}.parquet").write_bytes(os.urandom(size))


def run(arguments, exit_status=0):
    """Seconds, seconds of CPU, and peak memory in MiB of a program that has to end with `exit_status`, and what it printed."""
    start = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == exit_status, output
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    parser.add_argument("--program", default=f"{target}/release/client-vpn-audit")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("| lake | wall | CPU | MB/s | peak memory |\n|---|---|---|---|---|")
    for name, (objects, size) in LAKES.items():
        with tempfile.TemporaryDirectory(prefix="client-vpn-audit-verify-") as directory:
            directory = pathlib.Path(directory)
            key, public, lake = directory / "key.pem", directory / "public.pem", directory / "lake"
            subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
            subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", public], check=True, stderr=subprocess.DEVNULL)
            make(lake, objects, size)
            run([options.program, "seal", "--lake", lake, "--signing-key", key, "--hour", "2025-11-22T23", "--json"])
            verify = [options.program, "verify", "--lake", lake, "--public-key", public, "--to", "2025-11-23", "--json"]
            measured = [run(verify, exit_status=1) for _ in range(options.runs)]
            verified = json.loads(measured[0][3])
            kinds = [fault["kind"] for fault in verified["faults"]]
            assert (verified["objects"], verified["bytes"]) == (objects, objects * size)
            assert kinds == ["object_invalid"] * objects, kinds[:10]
            wall, cpu, memory = (statistics.median(m[index] for m in measured) for index in range(3))
            print(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {objects * size / wall / 1e6:,.0f} | {memory:.0f} MiB |", flush=True)


main()
