"""Measures a capture by the Lambda binary into SeaweedFS against paging with the SDK and dropping the rows.

Both are whole processes over the same simulator. The Lambda runs under cargo-lambda's emulator of the runtime API and
is invoked once; its CPU time and peak memory are the kernel's, from its start to its answer. The figures are medians,
and the ratio is of medians of one run of this program; absolute times mean little on a shared machine.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time

import boto3

BUCKET = "evidence"
FUNCTION = "client-vpn-audit"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", required=True, type=pathlib.Path, help="virtual environment of the tests")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--connections", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        try:
            bench.run()
        finally:
            bench.stop()


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.processes = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "benchsecret",
            "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self):
        endpoint = self.start_simulator()
        self.start_seaweed()
        captures, drops = [], []
        for number in range(self.arguments.runs):
            captures.append(self.capture(endpoint, number))
            drops.append(self.page_and_drop(endpoint))
        show("capture: Lambda, Parquet, S3", captures)
        show("page with the SDK and drop", drops)
        ratio = median(captures, "cpu") / median(drops, "cpu")
        print(f"CPU, capture / page and drop: {ratio:.2f}")

    def start_simulator(self):
        port = free_port()
        log = self.folder / "simulator.log"
        program = self.arguments.programs / "client-vpn-sim"
        self.start([program, "--port", port, "--endpoints", 1, "--connections", self.arguments.connections], log)
        wait_for(port)
        self.environment["AWS_ENDPOINT_URL_EC2"] = f"http://127.0.0.1:{port}"
        ec2 = boto3.client("ec2", **self.boto3_settings("AWS_ENDPOINT_URL_EC2"))
        return ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"][0]["ClientVpnEndpointId"]

    def start_seaweed(self):
        identity = {
            "name": "bench",
            "credentials": [{"accessKey": "bench", "secretKey": "benchsecret"}],
            "actions": ["Admin"],
        }
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        data = self.folder / "seaweed"
        data.mkdir()
        ports = {name: (free_port(), free_port()) for name in ["master", "volume", "filer", "s3"]}
        command = [self.arguments.venv / "bin/weed", "server", "-s3", "-ip=127.0.0.1", f"-dir={data}", f"-s3.config={config}"]
        for name, (port, grpc) in ports.items():
            command += [f"-{name}.port={port}", f"-{name}.port.grpc={grpc}"]
        self.start(command, self.folder / "seaweed.log")
        self.environment["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{ports['s3'][0]}"
        wait_for(ports["s3"][0])
        s3 = boto3.client("s3", **self.boto3_settings("AWS_ENDPOINT_URL_S3"))
        for attempt in range(60):
            try:
                return s3.create_bucket(Bucket=BUCKET)
            except Exception:
                if attempt == 59:
                    raise
                time.sleep(0.5)

    def capture(self, endpoint, number):
        """One invocation of a new process."""
        port = free_port()
        package = self.folder / "package"
        (package / "src").mkdir(parents=True, exist_ok=True)
        (package / "src/main.rs").write_text("fn main() {}\n")
        (package / "Cargo.toml").write_text(f'[package]\nname = "{FUNCTION}"\nedition = "2024"\n\n[workspace]\n')
        cargo_lambda = [self.arguments.venv / "bin/cargo-lambda", "lambda"]
        address = ["--invoke-address", "127.0.0.1", "--invoke-port", port]
        emulator = self.start([*cargo_lambda, "watch", "--only-lambda-apis", *address], self.folder / "emulator.log", package)
        wait_for(port)
        settings = {
            "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/{FUNCTION}",
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AUDIT_TARGETS": endpoint,
            "AUDIT_LAKE": f"s3://{BUCKET}/vpn",
            "AUDIT_ACCOUNT_ID": "123456789012",
        }
        program = self.arguments.programs / "client-vpn-audit-lambda"
        function = self.start([program], self.folder / "function.log", settings=settings)
        payload = json.dumps({"action": "snapshot", "time": f"2025-01-01T00:{number:02}:00Z"})
        start = time.monotonic()
        command = [str(part) for part in [*cargo_lambda, "invoke", FUNCTION, *address, "--data-ascii", payload]]
        answer = subprocess.run(command, cwd=package, capture_output=True, text=True, env=self.environment)
        wall = time.monotonic() - start
        figures = {"cpu": cpu_seconds(function.pid), "memory": peak_mebibytes(function.pid), "wall": wall}
        for process in [function, emulator]:
            process.kill()
            process.wait()
            self.processes.remove(process)
        if answer.returncode != 0:
            raise SystemExit(f"the capture failed: {answer.stdout}{answer.stderr}")
        entry = json.loads(answer.stdout)["targets"][0]
        if (entry["outcome"], entry["rows"]) != ("complete", self.arguments.connections):
            raise SystemExit(f"the capture is not what it should be: {entry}")
        return figures | {"object": entry["bytes"] / 2**20}

    def page_and_drop(self, endpoint):
        program = self.arguments.programs / "examples/page_and_drop"
        start = time.monotonic()
        process = subprocess.Popen([program, endpoint], env=self.environment, stdout=subprocess.PIPE)
        rows = int(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if rows != self.arguments.connections:
            raise SystemExit(f"{rows} rows instead of {self.arguments.connections}")
        cpu = usage.ru_utime + usage.ru_stime
        return {"cpu": cpu, "memory": usage.ru_maxrss / 1024, "wall": time.monotonic() - start}

    def start(self, command, log, folder=None, settings={}):
        with open(log, "w") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=folder,
                env=self.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def boto3_settings(self, endpoint_url):
        return {
            "endpoint_url": self.environment[endpoint_url],
            "region_name": self.environment["AWS_REGION"],
            "aws_access_key_id": "bench",
            "aws_secret_access_key": "benchsecret",
        }


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mebibytes(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def median(runs, figure):
    return statistics.median(run[figure] for run in runs)


def show(name, runs):
    parts = [f"CPU {median(runs, 'cpu'):.2f} s", f"wall {median(runs, 'wall'):.2f} s"]
    parts.append(f"peak memory {max(run['memory'] for run in runs):.0f} MiB")
    if "object" in runs[0]:
        parts.append(f"object {median(runs, 'object'):.1f} MiB")
    print(f"{name}: {', '.join(parts)} ({len(runs)} runs)")


main()
