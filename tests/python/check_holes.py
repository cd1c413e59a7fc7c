"""Asks for the holes of made-up ledgers by SQL in Trino, and by the definition.

Usage: check_holes.py LAKE COUNT

Writes the ledgers of `ledger_cases.py`, and COUNT of `random_ledgers.py`, into the directory LAKE, for a third reader. Prints a JSON
object: every problem found, what was counted, and the holes that the third reader must find, by the time from which they are asked for.
"""

import datetime
import json
import pathlib
import random
import sys

import pyarrow
import pyarrow.parquet

import hole_definition
import iceberg_tables
import ledger_cases
import ledgers
import random_ledgers
import template_tables
import trino_server
from hole_definition import Hole

ROOT = pathlib.Path(__file__).parents[2]
MILLIS = datetime.timedelta(milliseconds=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MIDNIGHT = ledgers.NOW.replace(hour=0)
AT_RUN_TIME = {
    "current_date": f"DATE '{ledgers.NOW:%Y-%m-%d}'",
    "current_timestamp": f"TIMESTAMP '{ledgers.NOW:%Y-%m-%d %H:%M:%S} UTC'",
}
NO_S3 = {"endpoint": "http://127.0.0.1:1", "access_key": "none", "secret_key": "none"}
PROBES = 20


def millis(time):
    return (time - EPOCH) // MILLIS


def moment(millis):
    return EPOCH + millis * MILLIS


NOW = millis(ledgers.NOW)
#: The query shows what ended in these days.
WINDOW = millis(MIDNIGHT - datetime.timedelta(days=30))
#: From when on a report may be asked for.
SINCE = [None, *(millis(ledgers.NOW - datetime.timedelta(hours=hours)) for hours in (5, 23.5, 49, 30 * 24, 36 * 24))]


def main():
    lake, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    made = all_ledgers(count)
    checked = Checked(made)
    with trino_server.running(NO_S3, "client_vpn_audit") as trino:
        write(lake, made)
        trinos_lake = trino.folder / "lake"
        write_flat(trinos_lake, made)
        write_late_digests(trinos_lake, made)
        checked.write_probes(trinos_lake)
        create_tables(trino)
        create_merged_tables(trino)
        checked.check_that_as_of_is_always_shown(trino, None)
        merge_captures(trino)
        checked.check_query(trino)
        checked.check_that_open_holes_stay(trino)
        checked.check_that_as_of_is_always_shown(trino, ledgers.NOW)
        checked.check_covered(trino)
    expected = [{"since": since, "holes": sorted(checked.holes(since))} for since in SINCE]
    print(json.dumps({"problems": checked.problems, "counts": checked.counts, "now": NOW, "expected": expected}))


def all_ledgers(count):
    """The cases made by hand, and `count` random ledgers."""
    made = ledger_cases.all_cases()
    for seed in range(count):
        made.append(random_ledgers.random_ledger(f"{100_000_000_000 + len(made)}", seed))
    return made


def write(folder, made):
    for ledger in made:
        for key, record in [*ledger.objects_of(), *ledger.unreadable_objects()]:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record)


def write_flat(folder, made):
    """The same records, those of a ledger in one file, with their partitions as fields: Trino takes long to list each day of each
    account, and to open each record."""
    (folder / "runs").mkdir(parents=True)
    for ledger in made:
        lines = []
        for key, record in ledger.objects_of():
            partitions = dict(part.split("=") for part in key.split("/") if "=" in part)
            lines.append(json.dumps(json.loads(record) | partitions) + "\n")
        for key, text in ledger.unreadable_objects():
            partitions = dict(part.split("=") for part in key.split("/") if "=" in part)
            is_object = text.startswith('{"run_id": "0')
            lines.append(json.dumps(json.loads(text) | partitions) + "\n" if is_object else text)
        (folder / "runs" / f"{ledger.account_id}.json").write_text("".join(lines))


def write_late_digests(folder, made):
    """A digest of the first two ledgers: two run records of the first are late, and one of the second."""
    (folder / "digests").mkdir()
    for ledger, late in zip(made, [2, 1], strict=False):
        keys = [key for key, _ in ledger.objects_of()][:4]
        objects = [{"object_key": key, "late": number < late} for number, key in enumerate(keys)]
        objects.append({"object_key": keys[0].replace("runs/", "connections/", 1), "late": True})
        partitions = {"account_id": ledger.account_id, "region": ledgers.REGION, "digest_date": f"{ledgers.NOW:%Y-%m-%d}"}
        path = folder / "digests" / f"{ledger.account_id}.json"
        path.write_text(json.dumps({"schema_version": 1, "objects": objects} | partitions) + "\n")


def create_tables(trino):
    """The template's tables, over a directory beside the metastore, with their partitions as columns."""
    for table in template_tables.glue_tables("bucket", "lake", "123456789012"):
        storage = table["StorageDescriptor"]
        storage["Columns"] += table["PartitionKeys"]
        storage["Location"] = f"local:///lake/{table['Name']}"
        parameters = {name: value for name, value in table["Parameters"].items() if name == "classification"}
        trino.create_glue_table(table | {"PartitionKeys": [], "Parameters": parameters})


def create_merged_tables(trino):
    for table in iceberg_tables.TABLES:
        iceberg_tables.create(trino, table, f"local:///{table}")


def merge_captures(trino):
    """All days that there are, once. See write_flat()."""
    iceberg_tables.merge_one(trino, "captures", ledgers.NOW, MIDNIGHT - datetime.timedelta(days=60), iceberg_tables.of_flat_records)
    iceberg_tables.note_merge(trino, ledgers.NOW)


def at_run_time(statement):
    for word, value in AT_RUN_TIME.items():
        statement = statement.replace(word, value)
    return statement


class Checked:
    """The ledgers, and what was wrong."""

    def __init__(self, made):
        self.made = made
        self.names = {ledger.account_id: ledger.name for ledger in made}
        self.evidence = {ledger.account_id: hole_definition.Evidence(ledger.records) for ledger in made}
        self.problems = []
        self.counts = {"ledgers": len(made), "records": sum(len(ledger.records) for ledger in made)}
        self.counts["unreadable"] = sum(len(ledger.unreadable) for ledger in made)
        self.probes = {}

    def holes(self, since=None):
        return set().union(*(evidence.holes(NOW, since) for evidence in self.evidence.values()))

    def compare(self, what, found, expected):
        """Two sets of holes; the first that only one has is named."""
        for kind, holes in [("has", found - expected), ("lacks", expected - found)]:
            for hole in sorted(holes)[:1]:
                times = " to ".join(str(moment(time)) for time in (hole.begins, hole.ends))
                name = self.names[hole.endpoint[0]]
                self.problems.append(f"{what} {kind} {len(holes)}, such as in {name}: {hole.endpoint[2]} {times} {hole.open}")

    def ask(self, trino, query):
        rows, cursor = trino.execute(query)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in rows]
        return rows, [
            Hole(
                (row["account_id"], row["region"], row["endpoint_id"]),
                millis(row["hole_begins"]),
                millis(row["hole_ends"]),
                row["open"],
            )
            for row in rows
            if row["endpoint_id"] is not None
        ]

    def check_query(self, trino):
        query = (ROOT / "queries/coverage_holes.sql").read_text()
        rows, found = self.ask(trino, at_run_time(query))
        self.counts["holes of the query"] = len(found)
        if {row["as_of"] for row in rows} != {ledgers.NOW}:
            self.problems.append("coverage_holes has another as_of than the time of the merge")
        if len(set(found)) != len(found):
            self.problems.append("coverage_holes has a hole twice")
        self.compare("coverage_holes", set(found), {hole for hole in self.holes() if hole.ends >= WINDOW})
        accounts = [ledger.account_id for ledger in self.made]
        late = {(row["account_id"], row["endpoint_id"], row["records_sealed_late"]) for row in rows if row["records_sealed_late"]}
        if late != {(accounts[0], None, 2), (accounts[1], ledgers.A, 1)}:
            self.problems.append(f"coverage_holes: records sealed late are {late}")

    def check_that_open_holes_stay(self, trino):
        """Nothing was captured or merged for a long time."""
        query = (ROOT / "queries/coverage_holes.sql").read_text()
        later = ledgers.NOW + datetime.timedelta(days=90)
        _, found = self.ask(trino, at_run_time(query.replace("current_date", f"DATE '{later:%Y-%m-%d}'")))
        self.compare("coverage_holes three months later", set(found), {hole for hole in self.holes() if hole.open})

    def check_that_as_of_is_always_shown(self, trino, as_of):
        """Also where there is neither a hole nor a late record, or nothing was ever merged."""
        query = at_run_time((ROOT / "queries/coverage_holes.sql").read_text())
        for old, new in [("  WHERE is_hole\n", "  WHERE false\n"), ("    AND object.late\n", "    AND false\n")]:
            if query.count(old) != 1:
                self.problems.append(f"{old} is not in coverage_holes once")
            query = query.replace(old, new)
        rows, _ = trino.execute(query)
        if rows != [(None,) * 9 + (0, as_of)]:
            self.problems.append(f"coverage_holes without a hole, as of {as_of}: {rows}")

    def write_probes(self, folder):
        """Connections of every length, with their ends at and beside those of holes; each in one row of one snapshot."""
        rng = random.Random(1)
        rows = []
        for ledger in self.made:
            evidence = self.evidence[ledger.account_id]
            for name in evidence.endpoints():
                if name[2] == hole_definition.LISTING:
                    continue
                holes = list(evidence.holes_of(name, NOW, None))
                rows += [self.probe(rng, ledger, name, holes) for _ in range(PROBES)]
        columns = {column: [row[column] for row in rows] for column in rows[0]}
        types = {column: timestamp if column.endswith(("_time", "_at")) else pyarrow.string() for column in columns}
        table = pyarrow.table(columns, pyarrow.schema(list(types.items())))
        (folder / "connections").mkdir()
        (folder / "partials").mkdir()
        pyarrow.parquet.write_table(table, folder / "connections" / "probes.parquet")

    def probe(self, rng, ledger, name, holes):
        evidence = self.evidence[ledger.account_id]
        times = [evidence.beginning(name), *(time for hole in holes for time in (hole.begins, hole.ends))]
        near = lambda: rng.choice(times) + rng.choice([-1, 0, 1, -60_000, 60_000, rng.randint(-7_200_000, 7_200_000)])
        anywhere = lambda: rng.randint(millis(ledger.origin) - hole_definition.HOUR, NOW)
        began = near() if rng.random() < 0.6 else anywhere()
        ended = near() if rng.random() < 0.6 else began + rng.randint(0, 5 * hole_definition.HOUR)
        began, ended = min(began, ended), max(began, ended)
        terminated = rng.random() < 0.7
        connection_id = f"cvpn-connection-{len(self.probes):017x}"
        covered = evidence.is_covered(name, holes, began, ended) and (terminated or not self.is_missed(name, ended))
        self.probes[connection_id] = (name, began, ended, covered)
        return {
            "account_id": name[0],
            "region": name[1],
            "snapshot_date": f"{ledgers.NOW:%Y-%m-%d}",
            "snapshot_time": ledgers.NOW,
            # Of an active connection, its last sight.
            "captured_at": moment(ended + 60_000 if terminated else ended),
            "endpoint_id": name[2],
            "connection_id": connection_id,
            "common_name": "probe",
            "status_code": "terminated" if terminated else "active",
            "connection_established_time": moment(began),
            "connection_end_time": moment(ended) if terminated else None,
        }

    def is_missed(self, name, last_seen):
        """If a capture, or a listing without the endpoint, began later."""
        evidence = self.evidence[name[0]]
        looks = list(evidence.captures[name].values())
        lists = evidence.captures[(*name[:2], hole_definition.LISTING)].values()
        lacking = {begins for begins, ids in evidence.listings[name[:2]] if name[2] not in ids}
        looks += [(begins, ends) for begins, ends in lists if begins in lacking]
        return any(begins > last_seen for begins, _ in looks)

    def check_covered(self, trino):
        """The rows that the merge is made of, for each probe."""
        merge = (ROOT / "sessions/merge.sql").read_text()
        select = merge[merge.index("USING (\n") + len("USING (\n") : merge.index("\n) AS seen\n")]
        select = at_run_time(iceberg_tables.at(select, ledgers.NOW, MIDNIGHT - datetime.timedelta(days=45)))
        rows, _ = trino.execute(f"SELECT connection_id, covered FROM (\n{select}\n)")
        found = dict(rows)
        self.counts["probes covered"] = sum(found.values())
        self.counts["probes not covered"] = len(found) - sum(found.values())
        wrong = [id for id, probe in self.probes.items() if found.get(id) != probe[3]]
        for id in wrong[:1]:
            name, began, ended, covered = self.probes[id]
            times = f"{moment(began)} to {moment(ended)}"
            self.problems.append(
                f"covered is {found.get(id)}, not {covered}, for {len(wrong)} probes of {len(self.probes)}, such as in "
                f"{self.names[name[0]]}: {name[2]} {times}"
            )


timestamp = pyarrow.timestamp("ms", "UTC")


if __name__ == "__main__":
    main()
