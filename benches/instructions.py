"""Counts the instructions of one invocation that captures 20,000 connections, under valgrind, from exec to its answer.

Unlike time, they hardly vary from run to run. Fails where there are more than a tenth more than benches/instructions.txt
says; then look at the profile (CARGO_PROFILE_RELEASE_STRIP=none, callgrind_annotate), or say in the commit what they are
for and keep the new number with --write.
"""

import argparse
import pathlib
import subprocess
import tempfile

from harness.process import Process
from harness.runtime_api import RuntimeApi
from harness.services import ENVIRONMENT, Simulator

CONNECTIONS = 20_000
KEPT = pathlib.Path(__file__).with_suffix(".txt")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the release build's programs")
    parser.add_argument("--write", action="store_true", help="keep the number")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-instructions-") as folder:
        counted = count(arguments.programs, pathlib.Path(folder))
    if arguments.write:
        KEPT.write_text(f"{counted}\n")
    kept = int(KEPT.read_text())
    print(f"{counted:,} instructions for {CONNECTIONS:,} connections, {counted / kept:.2f} of the {kept:,} that are kept")
    if counted > kept * 1.1:
        raise SystemExit("that is more than a tenth more")


def count(programs, folder):
    simulator = Simulator(programs / "client-vpn-sim", CONNECTIONS)
    api = RuntimeApi()
    settings = {
        "AUDIT_TARGETS": simulator.endpoints[0],
        "AUDIT_LAKE": str(folder / "lake"),
        "AUDIT_ACCOUNT_ID": "123456789012",
    }
    profile = folder / "callgrind.out"
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}", programs / "client-vpn-audit-lambda"]
    environment = ENVIRONMENT | simulator.environment | api.environment | settings
    function = Process(command, environment, stderr=subprocess.DEVNULL)
    entry = api.invoke({"action": "snapshot"})["targets"][0]
    # Valgrind writes the profile at the end.
    function.popen.terminate()
    function.end()
    simulator.close()
    api.close()
    if (entry["outcome"], entry["rows"]) != ("complete", CONNECTIONS):
        raise SystemExit(f"the capture is not what it should be: {entry}")
    lines = profile.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(("totals:", "summary:")))


if __name__ == "__main__":
    main()
