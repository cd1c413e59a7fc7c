"""Asks every question of `queries/` of a recorded week, in Trino, the engine inside Athena.

Usage: check_queries.py BUCKET ANALYTICS_BUCKET TRUTH

The tables are those of the template, the statements those of `captures/` and `sessions/`. Prints a JSON object: every problem found, and
what was counted.

Not proven here: that Athena takes its own DDL and its own words OPTIMIZE and VACUUM, which Trino does not have. They
are parsed as Athena's, and Trino's own procedures run in their place.
"""

import datetime
import decimal
import json
import os
import pathlib
import re
import sys

import boto3
import sqlglot
import sqlglot.expressions as sql

import answers_of_logs  # noqa: F401 - it has answers
import answers_of_sessions  # noqa: F401 - it has answers
import answers_of_the_configuration  # noqa: F401 - it has answers
import answers_of_the_record  # noqa: F401 - it has answers
import answers_of_usage  # noqa: F401 - it has answers
import iceberg_tables
import session_truth
import template_tables
import trino_server
from answers import ANSWERS, AT_RUN_TIME, NOW
from truth import ACCOUNT, REGION, Truth

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = "client_vpn_audit"
PLACE = f"account_id={ACCOUNT}/region={REGION}"
BEFORE_THE_WEEK = 15


def main():
    bucket, analytics, truth_path = sys.argv[1:]
    truth = Truth(truth_path)
    access = {
        "endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "access_key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    lake = Lake(bucket, access)
    truth.read_logs(lake.records())
    with trino_server.running(access, SCHEMA) as trino:
        for table in template_tables.glue_tables(bucket, "vpn", ACCOUNT, REGION):
            trino.create_glue_table(table)
        week = Week(trino, lake, analytics, truth)
        week.check_dialect()
        week.check_lists_and_maps()
        week.check_one_day_reads_one_day()
        week.check_connection_logs()
        week.check_sessions()
        names = sorted(path.stem for path in (ROOT / "queries").glob("*.sql"))
        for name in names:
            week.check_question(name)
        week.check_merged_again(21)
        for name in names:
            week.check_question(name)
        as_of = session_truth.printed("as_of", NOW)
        found = {"holes": week.holes, "sessions": week.sessions(), "as_of": as_of}
        print(json.dumps({"problems": week.problems, "counts": week.counts} | found))


class Lake:
    """The objects, past Trino."""

    def __init__(self, bucket, access):
        self.bucket = bucket
        self.s3 = boto3.client("s3", endpoint_url=access["endpoint"])

    def objects(self, prefix):
        """Sizes by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def records(self):
        """The run records of connection logs."""
        keys = self.objects("vpn/runs/")
        records = [json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]
        return [record for record in records if any("logs" in place for place in record["places"])]

    def take(self, key):
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        self.s3.delete_object(Bucket=self.bucket, Key=key)
        return body

    def put_back(self, key, body):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)


class Week:
    """Trino's answers about the week, compared with the truth."""

    def __init__(self, trino, lake, analytics, truth):
        self.trino = trino
        self.lake = lake
        self.analytics = analytics
        self.truth = truth
        self.problems = []
        #: The holes that `coverage_holes` finds, by the moment at which it is asked.
        self.holes = {}
        self.counts = {
            "complete captures": len(truth.captures),
            "connections that no capture saw": truth.missed,
            "sessions whose end is inferred": sum(s["end_seen"] is False for s in truth.sessions),
            "sessions not covered": sum(not s["covered"] for s in truth.sessions),
            **{f"sessions with logged {value}": sum(s["logged"] is value for s in truth.sessions) for value in (True, False, None)},
            "events that came late": sum(event.late for event in truth.logged),
        }

    def compare(self, what, found, expected):
        """Compares rows and their order; reports the first that differs."""
        self.counts[what] = len(found)
        if not expected:
            self.problems.append(f"{what}: the week has nothing to find, so this proves nothing")
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            if one != other:
                self.problems.append(f"{what}: row {number} is {one}, not {other}")
                return
        if len(found) != len(expected):
            self.problems.append(f"{what}: {len(found)} rows, not {len(expected)}")

    def check_dialect(self):
        """Every text is one statement of Athena's, by a parser of its dialect. What the parser does not know is known."""
        unknown = {"optimize": "OPTIMIZE {} REWRITE DATA USING BIN_PACK", "vacuum": "VACUUM {}"}
        for path in sorted(path for folder in ("queries", *iceberg_tables.TABLES) for path in (ROOT / folder).glob("*.sql")):
            text = path.read_text().replace("({missing_columns})", "(one string)")
            if ";" in text:
                self.problems.append(f"{path.name}: Athena takes one statement, and a semicolon may end it")
            if path.stem in unknown:
                if text.splitlines()[-1] != unknown[path.stem].format(path.parent.name):
                    self.problems.append(f"{path}: not the statement that Athena's documentation has")
            # It takes what it does not understand of an ALTER TABLE for a command.
            elif isinstance(sqlglot.parse_one(text, read="athena"), sql.Command):
                self.problems.append(f"{path.name}: not understood as Athena's")

    def check_lists_and_maps(self):
        capture = next(c for c in self.truth.captures if "1.5e6" in {r["ingressBytes"] for r in c.rows.values()})
        found, _ = self.trino.execute(
            "SELECT connection_id, posture_compliance_statuses, unparsed FROM connections "
            f"WHERE snapshot_date = '{capture.snapshot_time:%Y-%m-%d}' AND endpoint_id = '{capture.endpoint_id}' "
            f"AND snapshot_time = TIMESTAMP '{capture.snapshot_time}' ORDER BY 1"
        )
        odd = {"ingressBytes": "1.5e6", "authorizationPolicyLastEvaluatedTime": "yesterday"}
        expected = [
            (id, row.get("postureComplianceStatuses"), odd if row["ingressBytes"] == "1.5e6" else None)
            for id, row in sorted(capture.rows.items())
        ]
        self.compare("lists and maps", found, expected)

    def check_one_day_reads_one_day(self):
        for table, column in [("connections", "snapshot_time"), ("runs", "run_id")]:
            day = self.lake.objects(f"vpn/{table}/{PLACE}/snapshot_date=2025-11-20/")
            found, cursor = self.trino.execute(
                f'SELECT "$path", max({column}) FROM {table} WHERE snapshot_date = \'2025-11-20\' GROUP BY 1 ORDER BY 1'
            )
            paths = [(path.removeprefix(f"s3://{self.lake.bucket}/"),) for path, _ in found]
            self.compare(f"objects of {table} read for one day", paths, [(key,) for key in sorted(day)])
            read = cursor.stats["physicalInputBytes"]
            self.counts[f"bytes of {table} read for one day"] = [read, sum(day.values())]
            if not 0 < read <= sum(day.values()):
                self.problems.append(f"{table}: {read} bytes read for a day of {sum(day.values())} bytes")

    def check_connection_logs(self):
        """Each event of a window that was read, once."""
        found, _ = self.trino.execute("SELECT event_id FROM connection_logs WHERE snapshot_date >= '2025-11-16' ORDER BY 1")
        self.compare("events of connection logs", found, sorted((event.values["event_id"],) for event in self.truth.events))

    def check_sessions(self):
        expected = sorted(self.truth.sessions, key=lambda s: s["connection_id"])
        self.create_tables("first")
        # A snapshot that comes late: it is not there when the first merge runs.
        key = min(self.lake.objects(f"vpn/connections/{PLACE}/snapshot_date=2025-11-19/"))
        body = self.lake.take(key)
        self.merge(BEFORE_THE_WEEK)
        self.compare_sessions("sessions without the late snapshot", expected, equal=False)
        self.lake.put_back(key, body)
        self.merge(BEFORE_THE_WEEK)
        self.compare_sessions("sessions", expected)
        self.check_merged_again(BEFORE_THE_WEEK)
        self.compare_sessions("sessions merged again", expected)
        self.maintain()
        self.compare_sessions("sessions after OPTIMIZE and VACUUM", expected)
        # As the state machine merges while the week goes by: windows of some days, and nothing is there of later ones.
        self.create_tables("second")
        for from_date, until in [(15, 18), (17, 20), (19, 22), (20, 23)]:
            self.merge(from_date, until)
            self.check_active(f"active sessions on day {until}", datetime.datetime(2025, 11, until, 23, 56))
        self.compare_sessions("sessions merged as the week goes by", expected)
        self.check_an_hour_reads_a_day()

    def check_an_hour_reads_a_day(self):
        """A merge an hour after another one reads the objects of its day and the two tables, and one of the week those of the week."""
        of_tables = {}
        for what, from_time in (("an hour", iceberg_tables.next_from_time(self.trino)), ("a week", datetime.datetime(2025, 11, 17, 2, tzinfo=datetime.UTC))):
            of_tables[what] = []
            for table in iceberg_tables.TABLES:
                before = self.trino.bytes_read
                self.compare(f"rows of {table} that a merge of {what} changes", [iceberg_tables.merge_one(self.trino, table, NOW, from_time)], [0])
                of_tables[what].append(self.trino.bytes_read - before)
        sizes = lambda days, *tables: sum(sum(self.lake.objects(f"vpn/{table}/{PLACE}/snapshot_date={days}").values()) for table in tables)
        others = [sizes("2025-11-", *tables) - sizes("2025-11-23", *tables) for tables in (["runs"], ["connections", "partials"])]
        self.counts |= {f"bytes that a merge of {what} reads": read for what, read in of_tables.items()} | {"bytes of the other days": others}
        for table, hour, week, other in zip(iceberg_tables.TABLES, *of_tables.values(), others, strict=True):
            # Of a Parquet object, not every column is read.
            if not 0 < hour < week - other / 4:
                self.problems.append(f"a merge of an hour into {table} reads {hour} bytes, one of a week {week}, and the other days have {other}")

    def check_active(self, what, now):
        """The sessions without an end are the connections without one in the newest captures, and no others."""
        is_there = lambda id: self.truth.gone.get(id, now) >= now
        newest = [[c for c in of if c.at < now][-1] for id, of in self.truth.by_endpoint.items() if is_there(id)]
        active = [id for c in newest for id, row in c.rows.items() if row["connectionEndTime"] == "-"]
        found, _ = self.trino.execute("SELECT connection_id FROM sessions WHERE end_seen IS NULL ORDER BY 1")
        self.compare(what, found, [(id,) for id in sorted(active)])

    def check_merged_again(self, from_date):
        changed = self.merge(from_date)
        if changed != [0, 0]:
            self.problems.append(f"merging again from day {from_date} changed {changed} rows")

    def create_tables(self, folder):
        """Empty tables, in place of those that there are."""
        for table in iceberg_tables.TABLES:
            self.trino.execute(f"DROP TABLE IF EXISTS {self.trino.iceberg(table)}")
            iceberg_tables.create(self.trino, table, f"s3://{self.analytics}/{table}/{folder}")

    def merge(self, from_day, until=23):
        """Merges as the state machine does at the end of the day `until`; how many rows change in each table."""

        def edit(text):
            """Checks that a merge takes the evidence that exists at that time."""
            text, tables = re.subn(r"WHERE (\S*snapshot_date) ", rf"WHERE \1 <= '2025-11-{until}' AND \1 ", text)
            assert tables in (1, 2), tables
            return text

        return iceberg_tables.merge(self.trino, NOW.replace(day=until), datetime.datetime(2025, 11, from_day, tzinfo=datetime.UTC), edit)

    def maintain(self):
        """In place of OPTIMIZE and VACUUM, with nothing kept of old versions."""
        for table in map(self.trino.iceberg, iceberg_tables.TABLES):
            self.trino.execute(f"ALTER TABLE {table} EXECUTE optimize")
            self.trino.execute(f"ALTER TABLE {table} EXECUTE expire_snapshots(retention_threshold => '0s')")
            self.trino.execute(f"ALTER TABLE {table} EXECUTE remove_orphan_files(retention_threshold => '0s')")

    def compare_sessions(self, what, expected, equal=True):
        names = list(expected[0])
        found, cursor = self.trino.execute("SELECT * FROM sessions ORDER BY connection_id")
        order = [column[0] for column in cursor.description]
        if sorted(order) != sorted(names):
            self.problems.append(f"{what}: columns {order}, not {names}")
        rows = [tuple(session[name] for name in order) for session in expected]
        if equal:
            self.compare(what, found, rows)
        elif found == rows or len(found) != len(rows):
            self.problems.append(f"{what}: the snapshot that was taken away is not missed")

    def sessions(self):
        """The rows of the table, as the command prints them."""
        found, cursor = self.trino.execute("SELECT * FROM sessions")
        names = [column[0] for column in cursor.description]
        return [{name: session_truth.printed(name, value) for name, value in zip(names, row, strict=True)} for row in found]

    def check_question(self, name):
        text = (ROOT / f"queries/{name}.sql").read_text()
        if not ANSWERS[name]:
            self.problems.append(f"{name}: no answer is known")
        for edits, expected in ANSWERS[name]:
            statement = text
            for old, new in edits:
                if old not in statement:
                    self.problems.append(f"{name}: {old} is not in the file")
                statement = statement.replace(old, new)
            for word, value in AT_RUN_TIME.items():
                statement = statement.replace(word, value)
            found, _ = self.trino.execute(statement)
            if name == "coverage_holes":
                self.holes[found[0][-1].astimezone(datetime.UTC).isoformat()] = list(map(as_hole, found))
            self.compare(name, [tuple(map(plain, row)) for row in found], expected(self.truth))
            self.check_partitions_named(name, statement)

    def check_partitions_named(self, name, statement):
        """Trino reads no partition of a table but those that the statement names. Only `captures` is read as one: it is small."""
        plan, _ = self.trino.execute(f"EXPLAIN (TYPE IO, FORMAT JSON) {statement}")
        for table in json.loads(plan[0][0])["inputTableColumnInfos"]:
            table_name = table["table"]["schemaTable"]["table"]
            # Iceberg knows the greatest end in each file, and that one is missing.
            of_sessions = {"connection_established_time", "ends_at", "ended_before"}
            columns = {"sessions": of_sessions, "digests": {"digest_date"}}.get(table_name, {"snapshot_date"})
            constrained = {constraint["columnName"] for constraint in table["constraint"]["columnConstraints"]}
            if table_name != "captures" and not columns & constrained:
                self.problems.append(f"{name}: reads all of {table_name}, whatever {columns}")


def as_hole(row):
    """A row of `coverage_holes` as the command names a hole: whose, its times in milliseconds since 1970, and if it is open."""
    begins, ends = (round(time.timestamp() * 1000) for time in row[3:5])
    return [row[:3], begins, ends, row[5]]


def plain(value):
    """Numbers as Python's own, times of a zone as moments."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC)
    return value


if __name__ == "__main__":
    main()
