"""Holds the package of one session against the lake that it is of. Shares no code with the program that made it.

Usage: check_package.py LAKE PACKAGE

Prints a JSON list of problems. Every object of the endpoint is read with pyarrow, whatever the package has of it.
"""

import collections
import csv
import datetime
import hashlib
import json
import pathlib
import sys

import pyarrow.parquet

CAPTURE_ROLES = {
    "last complete capture before it",
    "first shows it",
    "last shows it without an end",
    "first shows its end",
    "last shows it",
    "first complete capture after it",
}
#: What is about the session alone.
EXTRACTS = ("report.html", "session.csv", "session.jsonl", "rows.csv", "rows.jsonl", "events.csv", "events.jsonl", "inputs.csv", "objects.csv")


def lines_of(package, name):
    return [json.loads(line) for line in (package / f"{name}.jsonl").read_text().splitlines()]


def verbatim(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return dict(value)
    return value


class Package:
    def __init__(self, lake, package):
        self.lake, self.package, self.problems = lake, package, []
        [self.session] = lines_of(package, "session")
        self.id, self.endpoint = self.session["connection_id"], self.session["endpoint_id"]
        self.objects = lines_of(package, "objects")

    def expect(self, what, found, expected):
        if found != expected:
            self.problems.append(f"{what}: found {found!r}, expected {expected!r}"[:2_000])

    def run(self):
        self.copies()
        self.captures()
        self.events()
        self.digests()
        self.extracts()

    def copies(self):
        for row in self.objects:
            content = (self.lake / row["object_key"]).read_bytes()
            self.expect(f"copy of {row['object_key']}", (self.package / row["file"]).read_bytes(), content)
            self.expect(f"hash of {row['object_key']}", [row["bytes"], row["sha256"]], [len(content), hashlib.sha256(content).hexdigest()])
        with (self.package / "inputs.csv").open(newline="") as lines:
            inputs = {row["name"] for row in csv.DictReader(lines) if row["kind"] == "object"}
        self.expect("objects that are no inputs", {row["object_key"] for row in self.objects} - inputs, set())

    def rows_of(self, table, name):
        """The rows about the session in each object of a table, by its key in the order of the snapshots."""
        paths = sorted(self.lake.glob(f"{table}/*/*/*/{name}"), key=lambda path: path.name)
        found = {}
        for path in paths:
            rows = pyarrow.parquet.read_table(path, partitioning=None).to_pylist()
            mine = [row for row in rows if row["connection_id"] == self.id and row["endpoint_id"] == self.endpoint]
            found[str(path.relative_to(self.lake))] = [{column: verbatim(value) for column, value in row.items()} for row in mine]
        return found

    def captures(self):
        complete = self.rows_of("connections", f"*_{self.endpoint}.parquet")
        partial = self.rows_of("partials", f"*_{self.endpoint}*.parquet")
        everything = sorted((complete | partial).items(), key=lambda item: (item[0].split("/")[-1][:16], item[0]))
        rows = [{"object_key": key, **row} for key, mine in everything for row in mine]
        self.expect("rows", lines_of(self.package, "rows"), rows)

        keys, shows = list(complete), {key for key, mine in complete.items() if mine}
        at = [index for index, key in enumerate(keys) if key in shows]
        seen = collections.defaultdict(set)
        for row in rows:
            seen[row["captured_at"]].add(row["object_key"])
        expected = collections.defaultdict(set)
        before = [key for key in keys[: at[0]] if key not in shows][-1:]
        after = [key for key in keys[at[-1] + 1 :] if key not in shows][:1]
        for role, found in [("last complete capture before it", before), ("first complete capture after it", after)]:
            expected[role].update(found)
        for role, column in [
            ("first shows it", "first_seen"),
            ("last shows it without an end", "last_active"),
            ("first shows its end", "first_seen_ended"),
            ("last shows it", "last_seen"),
        ]:
            expected[role].update(seen.get(self.session[column], ()))
        found = collections.defaultdict(set)
        for row in self.objects:
            for role in set(row["roles"]) & CAPTURE_ROLES:
                found[role].add(row["object_key"])
        self.expect("roles", dict(found), {role: keys for role, keys in expected.items() if keys})

        runs = [json.loads(path.read_text()) for path in self.lake.glob("runs/*/*/*/*.json")]
        stated = {target["object_key"]: target for run in runs for target in run["targets"] if target["outcome"] in ("complete", "partial")}
        for row in self.objects:
            if set(row["roles"]) & CAPTURE_ROLES:
                target = stated[row["object_key"]]
                for field, name in [
                    ("sha256_in_run_record", "sha256"),
                    ("first_request_id", "first_request_id"),
                    ("last_request_id", "last_request_id"),
                    ("outcome", "outcome"),
                ]:
                    self.expect(f"{field} of {row['object_key']}", row[field], target[name])
                self.expect(f"run record of {row['object_key']}", self.has_role(row["run_key"], "run record of one of these captures"), True)

    def has_role(self, key, role):
        return any(row["object_key"] == key and role in row["roles"] for row in self.objects)

    def events(self):
        logs = self.rows_of("connection_logs", "*.parquet")
        expected = [{"object_key": key, **row} for key, mine in logs.items() for row in mine]
        order = ("event_id", "object_key")
        by = lambda row: [row[name] for name in order]
        self.expect("events", sorted(lines_of(self.package, "events"), key=by), sorted(expected, key=by))
        found = {row["object_key"] for row in self.objects if "has events of it" in row["roles"]}
        self.expect("objects with events", found, {row["object_key"] for row in expected})

    def digests(self):
        listing = {}
        for path in sorted(self.lake.glob("digests/*/*/*/*.json")):
            for listed in json.loads(path.read_text())["objects"]:
                listing.setdefault(listed["object_key"], (str(path.relative_to(self.lake)), listed["sha256"]))
        for row in self.objects:
            if "digest that lists one of these objects" in row["roles"] or "run record of one of these captures" in row["roles"]:
                continue
            digest, sha256 = listing.get(row["object_key"], (None, None))
            self.expect(f"digest of {row['object_key']}", row["digest_key"], digest)
            if digest is not None:
                self.expect(f"sealed hash of {row['object_key']}", row["sha256"], sha256)
                self.expect(f"copy of {digest}", self.has_role(digest, "digest that lists one of these objects"), True)

    def extracts(self):
        """No name or id of anybody else stands in an extract."""
        others = set()
        for path in self.lake.glob("connections/*/*/*/*.parquet"):
            for row in pyarrow.parquet.read_table(path, partitioning=None, columns=["connection_id", "username"]).to_pylist():
                if row["connection_id"] != self.id:
                    others.update({row["connection_id"], row["username"]} - {None, self.session["username"]})
        for name in EXTRACTS:
            text = (self.package / name).read_text()
            self.expect(f"others in {name}", [other for other in sorted(others) if other in text], [])


def main():
    package = Package(*map(pathlib.Path, sys.argv[1:]))
    package.run()
    print(json.dumps(package.problems))


if __name__ == "__main__":
    main()
