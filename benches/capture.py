"""Measures the cost of a capture, against two others that read the same connections: (a) pages through them with the SDK's own
paginator and drops them; (b) is the Lambda function of this project; (c) is one that is written with boto3 and AWS SDK
for pandas, benches/pandas_lambda.py.

All are whole processes over the same simulator, which hands out pages that it has rendered before, and the same
SeaweedFS. They take turns, and figures are medians. Absolute times mean little on another machine; the ratios are of one
run. CPU is the kernel's count of user and system time of all threads, from exec to the end of the invocation; memory is
the peak that is resident.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

from harness.process import Process, peak_mebibytes
from harness.runtime_api import RuntimeApi
from harness.services import BUCKET, ENVIRONMENT, Seaweed, Simulator

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIME = "2026-11-23T09:00:00Z"
LATENCY_MILLIS = 50
ANY = "cvpn-endpoint-0123456789abcdef0"
NAMES = {"a": "(a) page with the SDK and drop", "b": "(b) this capture", "c": "(c) boto3 and AWS SDK for pandas"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, type=pathlib.Path, help="Python that has benches/requirements.txt")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--sizes", type=numbers, default=[1_000, 20_000, 200_000, 1_000_000], help="connections, with commas between them")
    parser.add_argument("--most-of-c", type=int, default=200_000, help="most connections that (c) is given")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the tables and the plot into docs/performance.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-bench-") as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        try:
            figures = {size: bench.size(size) for size in arguments.sizes}
            tables = {"capture": capture_table(figures), "latency": bench.latency(), "cold-start": bench.cold_start()}
        finally:
            bench.s3.close()
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}")
    if arguments.write:
        write(tables)
        plot(figures, ROOT / "docs/performance.svg")


def numbers(text):
    return [int(part.replace("_", "")) for part in text.split(",")]


class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.programs = arguments.programs
        self.s3 = Seaweed(arguments.python.parent / "weed", folder)
        self.snapshots = 0

    def simulator(self, *options):
        return Simulator(self.programs / "client-vpn-sim", *options)

    def size(self, connections):
        """The figures of each, over one endpoint of so many connections."""
        simulator = self.simulator(connections)
        runs = {name: [] for name in "abc"}
        self.page_and_drop(simulator, connections)
        for _ in range(self.arguments.runs):
            runs["a"].append(self.page_and_drop(simulator, connections))
            runs["b"].append(self.capture(simulator, simulator.endpoints, connections))
            if connections <= self.arguments.most_of_c:
                runs["c"].append(self.pandas(simulator, connections))
        simulator.close()
        return {name: medians(of_one) for name, of_one in runs.items() if of_one}

    def latency(self):
        """Measures the time of a capture if each page takes some time."""
        connections = 20_000
        simulator = self.simulator(connections, 5, LATENCY_MILLIS)
        drops, captures, slowest, all_five = [], [], [], []
        self.capture(simulator, simulator.endpoints, connections)
        for _ in range(self.arguments.runs):
            drops.append(self.page_and_drop(simulator, connections)["wall"])
            each = [self.capture(simulator, [endpoint], connections)["wall"] for endpoint in simulator.endpoints]
            captures.append(each[0])
            slowest.append(max(each))
            all_five.append(self.capture(simulator, simulator.endpoints, connections)["wall"])
        simulator.close()
        [drop, capture, slowest, five] = map(statistics.median, [drops, captures, slowest, all_five])
        return table(
            [f"{connections:,} connections an endpoint, {LATENCY_MILLIS} ms a page", "wall", "ratio"],
            [
                [NAMES["a"], f"{drop:.2f} s", ""],
                [NAMES["b"], f"{capture:.2f} s", f"{capture / drop:.2f} of (a)"],
                ["(b), slowest of five endpoints, each captured alone", f"{slowest:.2f} s", ""],
                ["(b), the five at once", f"{five:.2f} s", f"{five / slowest:.2f} of the slowest"],
            ],
        )

    def cold_start(self):
        """From exec to the first poll of the runtime API, and its parts."""
        polls, imports, parts = [], [], []
        for _ in range(20):
            api = RuntimeApi()
            function = self.function(api, {}, ANY)
            polls.append(api.wait_for_first_poll() - function.start)
            function.kill()
            api.close()
            parts.append(self.parts_of_cold_start())
        timed = "import time; start = time.perf_counter(); import pandas_lambda; print(time.perf_counter() - start)"
        for _ in range(self.arguments.runs):
            command = [self.arguments.python, "-c", timed]
            output = subprocess.run(command, env=self.environment(), cwd=ROOT / "benches", capture_output=True, check=True)
            imports.append(float(output.stdout))
        poll, imported = statistics.median(polls) * 1000, statistics.median(imports) * 1000
        rows = [
            ["(c): import of its module, after Python has started", f"{imported:,.0f} ms", ""],
            ["(b): from exec to the first poll of the runtime API", f"{poll:.1f} ms", f"1/{imported / poll:.0f} of (c)"],
        ]
        parts = {name: statistics.median(part[name] for part in parts) for name in parts[0]}
        parts["the runtime's client and its first request"] = poll - sum(parts.values())
        rows += [[f"… {name}", f"{millis:.2f} ms", ""] for name, millis in parts.items()]
        return table(["cold start", "time", "ratio"], rows)

    def parts_of_cold_start(self):
        """Milliseconds, by name."""
        start = time.time() * 1000
        command = [self.programs / "examples/cold_start"]
        output = subprocess.run(command, env=self.environment() | {"AUDIT_TARGETS": ANY}, capture_output=True, check=True, text=True)
        (_, main), *parts = map(str.split, output.stdout.splitlines())
        return {"exec to main": float(main) - start} | {name.replace("_", " "): float(millis) for name, millis in parts}

    def environment(self):
        settings = {"AUDIT_LAKE": f"s3://{BUCKET}/vpn", "AUDIT_ACCOUNT_ID": "123456789012", "AUDIT_CONCURRENCY": "5"}
        return ENVIRONMENT | self.s3.environment | settings

    def page_and_drop(self, simulator, connections):
        program = self.programs / "examples/page_and_drop"
        process = Process([program, simulator.endpoints[0]], simulator.environment, stdout=subprocess.PIPE)
        rows, _, status = process.popen.stdout.read().decode().partition("\n")
        return figures(process, int(rows) == connections, status)

    def pandas(self, simulator, connections):
        event = {"endpoint_id": simulator.endpoints[0], "time": TIME, "bucket": BUCKET, "key": "pandas.parquet"}
        command = [self.arguments.python, ROOT / "benches/pandas_lambda.py", json.dumps(event)]
        environment = self.environment() | simulator.environment
        process = Process(command, environment, stdout=subprocess.PIPE)
        answer = json.loads(process.popen.stdout.read())
        result = figures(process, answer["rows"] == connections, answer["status"])
        return result | {"bytes": self.s3.size(event["key"])}

    def function(self, api, environment, targets):
        environment = self.environment() | environment | api.environment | {"AUDIT_TARGETS": targets}
        return Process([self.programs / "client-vpn-audit-lambda"], environment)

    def capture(self, simulator, endpoints, connections):
        """One invocation of a new process."""
        self.snapshots += 1
        api = RuntimeApi()
        # A lake of its own: two snapshots of one second would be one object.
        lake = {"AUDIT_LAKE": f"s3://{BUCKET}/vpn-{self.snapshots}"}
        function = self.function(api, simulator.environment | lake, " ".join(endpoints))
        answer = api.invoke({"action": "snapshot"}, self.snapshots)
        status = pathlib.Path(f"/proc/{function.popen.pid}/status").read_text()
        function.popen.kill()
        entries = answer["targets"]
        is_whole = all((entry["outcome"], entry["rows"]) == ("complete", connections) for entry in entries)
        result = figures(function, is_whole and len(entries) == len(endpoints), status)
        api.close()
        return result | {"bytes": sum(entry["bytes"] for entry in entries)}


def figures(process, is_right, status):
    wall = time.monotonic() - process.start
    cpu = process.end()
    if process.popen.stdout:
        process.popen.stdout.close()
    if not is_right:
        raise SystemExit(f"not what was to be read: {process.popen.args}")
    return {"cpu": cpu, "wall": wall, "memory": peak_mebibytes(status)}


def medians(runs):
    return {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def capture_table(sizes):
    rows = []
    for size, of_size in sizes.items():
        for name, figure in of_size.items():
            ratios = [f"{of_size['b']['cpu'] / figure['cpu']:.2f}", f"{of_size['b']['memory'] / figure['memory']:.2f}"]
            object_bytes = f"{figure['bytes'] / 2**20:.1f} MiB" if "bytes" in figure else ""
            cells = [f"{size:,}", NAMES[name], f"{figure['cpu']:.2f} s", f"{figure['wall']:.2f} s", f"{figure['memory']:.0f} MiB", object_bytes]
            rows.append(cells + (["", ""] if name == "b" else ratios))
    return table(["connections", "", "CPU", "wall", "peak memory", "object", "(b)'s CPU to it", "(b)'s memory to it"], rows)


def write(tables):
    """Puts the tables between their markers."""
    path = ROOT / "docs/performance.md"
    text = path.read_text()
    for name, content in tables.items():
        marked = re.compile(rf"(<!-- BEGIN MEASURED {name} -->\n).*?(<!-- END MEASURED {name} -->)", re.DOTALL)
        text, count = marked.subn(lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text)
        if count != 1:
            raise SystemExit(f"{path} has {count} places for {name}")
    path.write_text(text)


def plot(sizes, path):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "client-vpn-audit"
    from matplotlib import pyplot

    drawing, (cpu, memory) = pyplot.subplots(1, 2, figsize=(10, 4))
    for axis, figure, title in [(cpu, "cpu", "CPU in seconds"), (memory, "memory", "peak memory in MiB")]:
        for name in "abc":
            points = [(size, of_size[name][figure]) for size, of_size in sizes.items() if name in of_size]
            axis.plot(*zip(*points, strict=True), marker="o", label=NAMES[name])
        axis.set(xscale="log", yscale="log", xlabel="connections", title=title)
        axis.grid(alpha=0.3)
    cpu.legend()
    drawing.tight_layout()
    drawing.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
