"""Holds an exhibit against the lake that it is of. Shares no code with the program that made it.

Usage: check_exhibit.py figures LAKE EXHIBIT [LIVED]
       check_exhibit.py files EXHIBIT...
       check_exhibit.py reperform EXHIBIT...
       check_exhibit.py sample LAKE EXHIBIT
       check_exhibit.py configuration LAKE EXHIBIT

`figures` computes each figure again from the run records and the Parquet objects; LIVED is a file with the connections that the simulator
had in the period, by endpoint. `files` reads each file as whoever receives it does. Both, `sample` and `configuration` print a JSON list of problems.
`reperform` runs reperform.sql in each exhibit, and prints a JSON list of its rows for each.
"""

import collections
import csv
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import zoneinfo

import pyarrow.parquet

import exhibit_configuration
import exhibit_page
import hole_definition
import logs_of_lakes
import merge_lakes
import session_truth

UTC = datetime.UTC
TABLES = ("connections", "partials")
#: Columns that only the next merge in Athena needs.
FOR_THE_NEXT_MERGE = ("begins_given", "ends_given", "snapshots_by_day", "log_values", "policy_denials_by_day")


def main():
    mode, *arguments = sys.argv[1:]
    if mode == "reperform":
        print(json.dumps([reperform(pathlib.Path(folder)) for folder in arguments]))
    elif mode == "files":
        print(json.dumps([problem for folder in arguments for problem in check_files(pathlib.Path(folder))]))
    else:
        lake, folder = map(pathlib.Path, arguments[:2])
        check = {"figures": Figures, "sample": Sample}.get(mode, Check)(lake, folder)
        check.run(*arguments[2:])
        print(json.dumps(check.problems))


def reperform(folder):
    """The rows of reperform.sql, run as whoever receives the exhibit runs it."""
    script = "import duckdb, json, pathlib\nprint(json.dumps(duckdb.execute(pathlib.Path('reperform.sql').read_text()).fetchall()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    # DuckDB prints its progress before.
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else [["it runs", done.stderr[-2000:], "", False]]


def rows_of(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().split("\n")[:-1]]


def written(time):
    """A time as the data files have it."""
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def moment(text):
    return None if text is None else datetime.datetime.fromisoformat(text)


class Check:
    """An exhibit, its lake, and what is wrong."""

    def __init__(self, lake, folder):
        self.lake = lake
        self.folder = folder
        self.problems = []
        with (folder / "inputs.csv").open(newline="") as file:
            self.inputs = list(csv.DictReader(file))
        parameters = {row["name"]: row["value"] for row in self.inputs if row["kind"] == "parameter"}
        self.parameters = parameters
        self.begins, self.ends, self.now = (moment(parameters[name]) for name in ("from", "to", "as_of"))
        self.runs = {}
        for path in sorted((lake / "runs").rglob("*.json")):
            self.runs[str(path.relative_to(lake))] = json.loads(path.read_text())

    def run(self):
        exhibit_configuration.check(self, rows_of)

    def compare(self, what, found, expected):
        if found != expected:
            self.problems.append(f"{what}: {found!r}, not {expected!r}")

    def sha256(self, key):
        return hashlib.sha256((self.lake / key).read_bytes()).hexdigest()

    def is_of_period(self, time):
        return self.begins <= time < self.ends


class Figures(Check):
    def run(self, lived=None):
        self.objects = {str(path.relative_to(self.lake)): path for table in TABLES for path in (self.lake / table).rglob("*.parquet")}
        self.tables = {key: pyarrow.parquet.ParquetFile(path).read().to_pylist() for key, path in self.objects.items()}
        self.sessions = self.truth()
        self.check_sessions(json.loads(pathlib.Path(lived).read_text()) if lived else None)
        self.check_captures()
        self.check_objects()
        self.check_population()
        self.check_identities()
        self.check_endpoints()
        self.check_verified()
        self.check_inputs()
        super().run()

    def truth(self):
        """The sessions of the period, from all of the lake."""
        rows, account = [], lambda key: key.split("account_id=")[1][:12]
        for key, table in self.tables.items():
            for values in table:
                if values["connection_id"] is not None:
                    where = (account(key), values["endpoint_id"], key.startswith("connections"))
                    times = (values["snapshot_time"], values["captured_at"], values["captured_at"])
                    rows.append(merge_lakes.Row(*where, *times, {name: values[name] for name in merge_lakes.VALUES}))
        events, configurations = self.logs()
        records = [(account(key), record) for key, record in self.runs.items()]
        region = next(iter(self.runs)).split("region=")[1].split("/")[0]
        found = session_truth.sessions(rows, records, region, self.now, events, configurations).values()
        return [session for session in found if self.overlaps(session)]

    def logs(self):
        """Events and configurations, as `session_truth` takes them."""
        events, configurations = [], []
        for path in (self.lake / "connection_logs").rglob("*.parquet"):
            due = datetime.datetime.strptime(path.name.split("_")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            account = str(path).split("account_id=")[1][:12]
            events += [logs_of_lakes.Event(account, due, due, row) for row in pyarrow.parquet.ParquetFile(path).read().to_pylist()]
        for path in (self.lake / "endpoints").rglob("*.parquet"):
            account = str(path).split("account_id=")[1][:12]
            for row in pyarrow.parquet.ParquetFile(path).read().to_pylist():
                group = row["connection_log_group"] if row["connection_log_enabled"] else None
                times = (row["captured_at"], row["snapshot_time"], row["captured_at"])
                configurations.append(logs_of_lakes.Configuration(account, *times, row["endpoint_id"], group))
        return events, configurations

    def overlaps(self, session):
        """If a session may have reached into the period."""
        begins = session["connection_established_time"] if session["begin_seen"] else session["began_after"]
        ends = session["ended_before"]
        return (begins is None or begins < self.ends) and (ends is None or ends >= self.begins)

    def check_sessions(self, lived):
        def plain(name, value):
            value = session_truth.printed(name, value)
            return value if not isinstance(value, int) or isinstance(value, bool) or name not in times else written(session_truth.moment(value))

        stated = {(row["endpoint_id"], row["connection_id"]): row for row in rows_of(self.folder, "sessions")}
        self.compare("sessions", len(stated), len(self.sessions))
        for session in self.sessions:
            key = (session["endpoint_id"], session["connection_id"])
            times = {name for name, value in session.items() if isinstance(value, datetime.datetime)}
            for name, value in session.items():
                if name not in FOR_THE_NEXT_MERGE and name != "gaps":
                    self.compare(f"{name} of {key}", stated.get(key, {}).get(name), plain(name, value))
        if lived is None:
            return
        had = {(endpoint, row["connectionId"]): row for endpoint, rows in lived.items() for row in rows}
        self.compare("connections that the simulator had", sorted(stated), sorted(had))
        for key, row in had.items():
            if key not in stated or row["connectionEndTime"] == "-":
                continue
            of = stated[key]
            self.compare(f"identity of {key}", of["identity"], row.get("username") or row["commonName"])
            bytes_of = [of["ingress_bytes"], of["egress_bytes"]]
            self.compare(f"bytes of {key}", bytes_of, [int(row["ingressBytes"]), int(row["egressBytes"])])
            end = datetime.datetime.fromisoformat(row["connectionEndTime"]).replace(tzinfo=UTC)
            self.compare(f"end of {key}", of["ends_at"], written(end))

    def attempts(self):
        for key, record in self.runs.items():
            if self.is_of_period(moment(record["snapshot_time"])):
                for target in record["targets"]:
                    yield key, record, target

    def check_captures(self):
        names = ("account_id", "region", "endpoint_id", "outcome", "rows", "active", "clock_difference_seconds")
        names += ("first_request_id", "last_request_id", "object_key", "sha256")
        times = ("first_page_requested_at", "first_page_at", "last_page_at")
        expected = []
        for key, record, target in self.attempts():
            row = {name: target[name] for name in names} | {name: written(moment(target[name])) for name in times}
            row |= {"snapshot_time": written(moment(record["snapshot_time"])), "run_key": key}
            expected.append(row | {"error_code": target["error"] and target["error"]["code"]})
        sort = lambda rows: sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        self.compare("captures", sort(rows_of(self.folder, "captures")), sort(expected))

    def stated(self):
        """The rows that run records state of each object."""
        every = (target for record in self.runs.values() for target in record["targets"])
        return {target["object_key"]: target["rows"] for target in every if target["object_key"]}

    def check_objects(self):
        stated, found = self.stated(), {row["object_key"]: row for row in rows_of(self.folder, "objects")}
        is_of_period = lambda table: any(self.is_of_period(row["snapshot_time"]) for row in table)
        self.compare("objects of the period that are left out", [key for key, table in self.tables.items() if is_of_period(table) and key not in found], [])
        for key, row in found.items():
            ids = [of["connection_id"] for of in self.tables[key]]
            expected = {"object_key": key, "rows_stated": stated.get(key), "rows": len(ids), "rows_without_id": ids.count(None), "sha256": self.sha256(key)}
            self.compare(f"object {key}", row, expected)

    def check_population(self):
        lines = rows_of(self.folder, "population")
        count = {row["line"]: row["count"] for row in lines}
        self.compare("lines of one name", len(count), len(lines))
        outcomes = collections.Counter(target["outcome"] for _, _, target in self.attempts())
        objects = [row["object_key"] for row in rows_of(self.folder, "objects")]
        rows = [row for key in objects for row in self.tables[key]]
        ids = {(row["endpoint_id"], row["connection_id"]) for row in rows} - {(row["endpoint_id"], None) for row in rows}
        stated = self.stated()
        read = sum(len(self.tables[key]) for key in objects)
        without = sum(row["connection_id"] is None for row in rows)
        proven = lambda session: session["connection_established_time"] < self.ends and session["ends_at"] >= self.begins and session["ended_after"]
        expected = {
            "complete": outcomes["complete"],
            "already captured by an earlier attempt": outcomes["already_captured"],
            "partial": outcomes["partial"],
            "failed": outcomes["failed"],
            "attempted": sum(outcomes.values()),
            "whose object is not there or could not be read": 0,
            "attempted, as above": sum(outcomes.values()),
            "stated by run records": sum(stated.get(key, 0) for key in objects),
            "of objects that could not be read, or are not there (removed or expired)": 0,
            "of objects that no run record names": sum(len(self.tables[key]) for key in objects if key not in stated),
            "in the Parquet objects that were read": read,
            "without the id of a connection": without,
            "used": read - without,
            "different connections in the rows used": len(ids),
            "that ended before the period or began after it": len(ids) - len(self.sessions),
            "that overlap the period, or may": len(self.sessions),
            "shown by partial captures only": sum(session["complete_snapshots"] == 0 for session in self.sessions),
            "beginning not given by AWS, or not a time": sum(not session["begin_seen"] for session in self.sessions),
            "not known to have ended": sum(session["ended_before"] is None for session in self.sessions),
            "may overlap the period, not proven": sum(not proven(session) for session in self.sessions),
            "not covered: something of it can have been missed": sum(not session["covered"] for session in self.sessions),
        }
        self.compare("population", {line: count.get(line) for line in expected}, expected)
        for group in {row["group"] for row in lines}:
            self.check_sum(group, [row for row in lines if row["group"] == group])

    def check_sum(self, group, lines):
        """Fails unless the lines of a group add up. A start before lines that are all added is for comparison."""
        parts = [row["part"] for row in lines]
        total = 0 if "minus" not in parts else None
        for row in lines:
            if row["part"] == "start" and total is None:
                total = row["count"]
            elif row["part"] in ("plus", "minus"):
                total += row["count"] if row["part"] == "plus" else -row["count"]
            elif row["part"] == "sum":
                self.compare(f"sum {row['line']} of {group}", row["count"], total)

    def check_identities(self):
        zone = zoneinfo.ZoneInfo(self.parameters["time_zone"])
        by_key = collections.defaultdict(list)
        for session in self.sessions:
            by_key[session["identity_key"]].append(session)
        stated = {row["identity_key"]: row for row in rows_of(self.folder, "identities")}
        self.compare("identities", set(stated), set(by_key))
        for key, sessions in by_key.items():
            every = lambda name, sessions=sessions: [session[name] for session in sessions]
            different = lambda name, every=every: sorted({value for value in every(name) if value is not None})
            expected = {
                "identity_key": key,
                "sessions": len(sessions),
                "days": len({time.astimezone(zone).date() for time in every("connection_established_time")}),
                "first": written(min(every("connection_established_time"))),
                "last": written(max(every("ends_at"))),
                "duration_seconds": sum(every("duration_seconds")),
                "ingress_bytes": sum(value or 0 for value in every("ingress_bytes")),
                "egress_bytes": sum(value or 0 for value in every("egress_bytes")),
                "endpoints": different("endpoint_id"),
                "public_addresses": different("device_ip"),
                "common_names": different("common_name"),
            }
            found = dict(stated.get(key, {}))
            self.compare(f"name of {key}", found.pop("identity", None) in every("identity"), True)
            self.compare(f"identity {key}", {name: found.get(name) for name in expected}, expected)

    def check_endpoints(self):
        evidence = hole_definition.Evidence(list(self.runs.values()))
        begins, ends = (round(time.timestamp() * 1000) for time in (self.begins, min(self.ends, self.now)))
        stated = {(row["account_id"], row["region"], row["endpoint_id"]): row for row in rows_of(self.folder, "endpoints")}
        for name in evidence.endpoints():
            since = max(begins, evidence.beginning(name))
            captures = [capture for capture in evidence.captures[name].values() if capture[0] > since]
            starts = [since, *(begin for begin, _ in captures if begin < ends)]
            gaps = [min(end for later, end in captures if later > begin) - begin for begin in starts]
            expected = {"from": written(session_truth.moment(since)), "longest_gap_seconds": max(gaps) // 1000}
            expected |= {"holes": sum(gap >= hole_definition.HOUR for gap in gaps), "proven": 1.0}
            if name[2] != hole_definition.LISTING:
                of = lambda target, name=name: (target["account_id"], target["region"], target["endpoint_id"]) == name
                targets = [target for record in self.runs.values() for target in record["targets"] if of(target)]
                inside = [target for target in targets if since <= hole_definition.millis(target["first_page_requested_at"]) <= ends]
                outcomes = collections.Counter(target["outcome"] for target in inside)
                expected |= {outcome: outcomes[outcome] for outcome in ("complete", "already_captured", "partial", "failed")}
            found = stated.pop(name, {})
            self.compare(f"endpoint {name}", {column: found.get(column) for column in expected}, expected)
        self.compare("further endpoints", list(stated), [])

    def check_verified(self):
        [stated] = rows_of(self.folder, "verified")
        first, last = (datetime.datetime.fromisoformat(f"{stated[name]}:00:00+00:00") for name in ("first_hour", "last_hour"))
        if not first <= self.begins < self.ends <= last + datetime.timedelta(hours=1):
            self.problems.append(f"the hours {first} to {last} were verified, and the period is from {self.begins} to {self.ends}")
        digests = [json.loads(path.read_text()) for path in sorted((self.lake / "digests").rglob("*.json"))]
        # Those of the day after list objects that were late.
        day_after = last.date() + datetime.timedelta(days=1)
        digests = [digest for digest in digests if first <= moment(digest["start"]) and moment(digest["start"]).date() <= day_after]
        objects = [entry for digest in digests for entry in digest["objects"]]
        expected = {"digests": len(digests), "signatures": len(digests), "objects": len(objects), "bytes": sum(entry["bytes"] for entry in objects)}
        expected |= {"late": sum(entry["late"] for entry in objects), "expired": 0, "not_sealed_yet": 0, "without_digest": 0, "not_proven": 0}
        self.compare("verified", {name: stated[name] for name in expected}, expected)
        for entry in objects:
            self.compare(f"sealed hash of {entry['object_key']}", entry["sha256"], self.sha256(entry["object_key"]))

    def check_inputs(self):
        objects = {row["name"]: row for row in self.inputs if row["kind"] == "object"}
        for key, row in objects.items():
            content = (self.lake / key).read_bytes()
            self.compare(f"input {key}", [row["bytes"], row["sha256"]], [str(len(content)), hashlib.sha256(content).hexdigest()])
        read = {row["object_key"] for row in rows_of(self.folder, "objects")} | {row["run_key"] for row in rows_of(self.folder, "captures")}
        self.compare("inputs that are left out", sorted(read - set(objects)), [])


class Sample(Check):
    """The captures and digests of each sampled session."""

    def run(self):
        sessions = {(row["endpoint_id"], row["connection_id"]): row for row in rows_of(self.folder, "sessions")}
        rows = rows_of(self.folder, "sample")
        self.compare("sessions with both captures", [row["shown"] for row in rows], ["first", "last"] * (len(rows) // 2))
        for row in rows:
            session = sessions[row["endpoint_id"], row["connection_id"]]
            what = f"{row['shown']} capture of {row['connection_id']}"
            for name in ("identity", "connection_established_time", "ends_at"):
                self.compare(f"{name} of {what}", row[name], session[name])
            if row["object_key"] is None:
                self.problems.append(f"no {what}")
                continue
            seen = moment(session[f"{row['shown']}_seen"])
            shown = pyarrow.parquet.ParquetFile(self.lake / row["object_key"]).read().to_pylist()
            is_it = lambda one, row=row, seen=seen: (one["connection_id"], one["captured_at"]) == (row["connection_id"], seen)
            self.compare(f"rows of {what} in {row['object_key']}", len(list(filter(is_it, shown))), 1)
            self.compare(f"hash of {what}", row["object_sha256"], self.sha256(row["object_key"]))
            targets = [target for target in self.runs[row["run_key"]]["targets"] if target["object_key"] == row["object_key"]]
            requests = [[target["first_request_id"], target["last_request_id"]] for target in targets]
            self.compare(f"request ids of {what}", [[row["first_request_id"], row["last_request_id"]]], requests)
            digest = json.loads((self.lake / row["digest_key"]).read_text()) if row["digest_key"] else {"objects": []}
            listed = [entry["sha256"] for entry in digest["objects"] if entry["object_key"] == row["object_key"]]
            self.compare(f"digest of {what}", listed, [row["object_sha256"]])


def check_files(folder):
    """Reads every file of an exhibit, and returns what is wrong with them."""
    problems = []
    page = exhibit_page.Page((folder / "report.html").read_text())
    problems += page.problems
    names = {path.name for path in folder.iterdir()}
    problems += [f"a link to {target}" for target in page.targets if not (target in names or target.removeprefix("#") in page.ids)]
    content = (folder / "inputs.csv").read_bytes()
    number = hashlib.sha256(content).hexdigest()[:12]
    problems += [f"{what} has another exhibit number than {number}" for what, text in numbered(folder) if number not in text]
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {entry["path"]: (entry["bytes"], entry["sha256"]) for entry in manifest["files"]}
    there = {name: ((folder / name).stat().st_size, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in names}
    if listed != {name: there[name] for name in names - {"manifest.json", "receipt.txt"}}:
        problems.append(f"the manifest has {sorted(listed)}, and the folder {sorted(names)}")
    for path in sorted(folder.glob("*.jsonl")):
        problems += [f"{path.stem}: {problem}" for problem in check_data_file(folder, path.stem, page)]
    return problems


def numbered(folder):
    return [(name, (folder / name).read_text()) for name in ("report.html", "reperform.sql", "receipt.txt", "manifest.json")]


def check_data_file(folder, name, page):
    """Compares CSV with JSON lines, and the number of altered cells with what the page states."""
    rows = rows_of(folder, name)
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        head, *table = csv.reader(file)
    altered, problems = 0, []
    if len(table) != len(rows):
        return [f"{len(table)} rows in CSV, {len(rows)} in JSON"]
    for fields, row in zip(table, rows, strict=True):
        if list(row) != head:
            problems.append(f"columns {list(row)}, not {head}")
        for field, value in zip(fields, row.values(), strict=True):
            expected = as_field(value)
            if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and value:
                altered, expected = altered + 1, f"'{value}"
            if field != expected:
                problems.append(f"{field!r} in CSV, {value!r} in JSON")
    stated = page.altered.get(name)
    return problems if stated == [len(rows), altered] else [*problems, f"rows and altered cells {stated}, not {[len(rows), altered]}"]


def as_field(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main()
