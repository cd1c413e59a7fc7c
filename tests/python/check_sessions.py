"""Takes tables `captures`, and `sessions` of an older version, through years, in Trino, with the statements of the state machine.

Usage: check_sessions.py BUCKET ANALYTICS_BUCKET

The table `sessions` is that of the last version, with the rows that it left. The columns that it lacks are added, and the first merge fills
them. Then rows expire, and every object below `sessions/` is searched for the name of a person: as it is, and decoded, since Parquet
and Avro are compressed. Prints a JSON object: every problem found, and what was counted.

Not proven here: Athena's own OPTIMIZE and VACUUM, in whose place Trino's procedures run, and its ALTER TABLE, which is parsed as
Athena's and run as Trino's.
"""

import datetime
import io
import json
import os
import re
import sys
import zlib

import boto3
import pyarrow
import pyarrow.parquet
import sqlglot
import sqlglot.expressions as sql
import trino

import iceberg_tables
import ledgers
import template_tables
import trino_server

SCHEMA = "client_vpn_audit"
COLUMNS = iceberg_tables.columns("sessions")
ACCOUNT = "123456789012"
#: Columns that the last version, with its 24, did not have.
NEWEST = len(COLUMNS) - 24
#: No longer than what Iceberg keeps of a text as a bound.
GONE, KEPT = "xanthippe.gone", "zebedee.kept"
#: When a row of the older version was last seen, if not when it began.
SEEN_SINCE = {"listed-1": "2025-11-20 12:00:00", "over-midnight": "2024-11-01 00:00:00", "over-month": "2024-10-31 23:59:59.999999"}
#: Of 400 days before 6 December 2025, the month.
EXPIRES_BEFORE = "2024-11-01"
FROM_TIME, UNTIL = datetime.datetime(2025, 11, 20, tzinfo=datetime.UTC), "2025-11-23"
#: Rows that the older version left: who, which connection, and when it began.
OLDER = [
    (GONE, "gone-1", "2024-09-15 08:00:00"),
    (GONE, "gone-2", "2024-10-31 23:59:59.999999"),
    (GONE, "over-month", "2024-09-30 23:00:00"),
    # In the same months as those that expire.
    (KEPT, "listed-1", "2024-09-15 09:00:00"),
    (KEPT, "over-midnight", "2024-10-31 23:00:00"),
    (KEPT, "kept-1", "2024-11-01 00:00:00"),
    # It made one row a day of a connection without a beginning.
    (KEPT, "kept-1", "2024-11-02 00:00:00"),
    (KEPT, "kept-2", "2025-11-23 06:00:00"),
]


def main():
    bucket, analytics = sys.argv[1:]
    access = {
        "endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "access_key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    store = Store(access)
    with trino_server.running(access, SCHEMA) as server:
        for table in template_tables.glue_tables(bucket, "vpn", ACCOUNT):
            server.create_glue_table(table)
        write_evidence(store, bucket)
        evidence = store.objects(bucket, "")
        table = Table(server, store, analytics)
        table.create_older()
        table.check_columns_are_added()
        table.check_that_names_expire()
        table.check_that_captures_expire_a_month_later()
        table.compare("objects of the evidence", store.objects(bucket, ""), evidence)
    print(json.dumps({"problems": table.problems, "counts": table.counts}))


class Store:
    """The objects, past Trino."""

    def __init__(self, access):
        self.s3 = boto3.client("s3", endpoint_url=access["endpoint"])

    def objects(self, bucket, prefix):
        """Contents by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def put(self, bucket, key, body):
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)


def write_evidence(store, bucket):
    """A day of captures without a hole, and two snapshots that show one connection."""
    ledger = ledgers.Ledger(ACCOUNT, "a day")
    ledger.every((0, ledgers.DAY), 15)
    for key, record in ledger.objects_of():
        store.put(bucket, f"vpn/{key}", record.encode())
    began, ended = ledger.time(18 * 60), ledger.time(19 * 60)
    for minute in (18.5 * 60, 19.5 * 60):
        at = ledger.time(minute)
        row = {
            "snapshot_time": at,
            "captured_at": at,
            "endpoint_id": ledgers.A,
            "connection_id": "kept-2",
            "username": KEPT,
            "status_code": "terminated" if at > ended else "active",
            "connection_established_time": began,
            "connection_end_time": ended if at > ended else None,
        }
        timestamp = pyarrow.timestamp("ms", "UTC")
        types = {column: timestamp if column.endswith(("_time", "_at")) else pyarrow.string() for column in row}
        file = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({c: [v] for c, v in row.items()}, pyarrow.schema(list(types.items()))), file)
        day = f"account_id={ACCOUNT}/region={ledgers.REGION}/snapshot_date={at:%Y-%m-%d}"
        store.put(bucket, f"vpn/connections/{day}/{at:%Y%m%dT%H%M%SZ}_{ledgers.A}.parquet", file.getvalue())


class Table:
    """The table, and what was wrong with it."""

    def __init__(self, server, store, bucket):
        self.server = server
        self.name = server.iceberg("sessions")
        self.store = store
        self.bucket = bucket
        self.problems = []
        self.counts = {}

    def compare(self, what, found, expected):
        if found != expected:
            self.problems.append(f"{what}: {found}, not {expected}")

    def rows(self, statement):
        return self.server.execute(statement)[0]

    def create_older(self):
        """A table without the newest columns, and the rows that an older version left."""
        for table in iceberg_tables.TABLES:
            parsed = sqlglot.parse_one(iceberg_tables.statement(table, "create"), read="athena")
            names = [name for name, _ in iceberg_tables.columns(table)]
            self.compare(f"columns of {table} by both parsers", [name for name, _ in iceberg_tables.in_trino(parsed)], names)
            location = parsed.find(sql.LocationProperty).this.name.replace("{analytics_bucket}", self.bucket)
            iceberg_tables.create(self.server, table, location, without=NEWEST if table == "sessions" else 0)
        values = ", ".join(
            f"('{ACCOUNT}', '{ledgers.REGION}', '{ledgers.A}', '{id}', '{name}', '{name}', "
            f"TIMESTAMP '{began}', TIMESTAMP '{SEEN_SINCE.get(id, began)}', TIMESTAMP '{began}')"
            for name, id, began in OLDER
        )
        self.server.execute(
            f"INSERT INTO {self.name} (account_id, region, endpoint_id, connection_id, identity, username, "
            f"first_seen, last_seen, connection_established_time) VALUES {values}"
        )
        # A later version of each row, as a merge makes it.
        self.server.execute(f"UPDATE {self.name} SET status_code = 'terminated'")

    def merge(self, table="sessions"):
        """Returns the number of rows that a merge changes."""

        def edit(text):
            text, bounded = re.subn(r"WHERE (\S*snapshot_date) ", rf"WHERE \1 <= '{UNTIL}' AND \1 ", text)
            assert bounded in (1, 2), bounded
            return text

        return iceberg_tables.merge_one(self.server, table, ledgers.NOW, FROM_TIME, edit)

    def check_columns_are_added(self):
        try:
            self.merge()
            self.problems.append("a merge into the older table succeeds, so the columns need not be added")
        except trino.exceptions.TrinoUserError as error:
            self.compare("how a merge into the older table fails", error.error_name, "COLUMN_NOT_FOUND")
        there = {name for name, *_ in self.rows("SHOW COLUMNS FROM sessions")}
        missing = [column for column in COLUMNS if column[0] not in there]
        self.compare("missing columns", missing, COLUMNS[-NEWEST:])
        statement = sqlglot.parse_one(iceberg_tables.add_columns("sessions", missing), read="athena")
        self.compare("what adds columns, as Athena's parser has it", type(statement), sql.Alter)
        for name, kind in iceberg_tables.in_trino(statement):
            self.server.execute(f"ALTER TABLE {self.name} ADD COLUMN {name} {kind}")
        found = [name for name, *_ in self.rows("SHOW COLUMNS FROM sessions")]
        self.compare("columns of the upgraded table", found, [name for name, _ in COLUMNS])
        self.compare("rows that a merge adds to captures", self.merge("captures"), 4 * 24)
        self.compare("rows that a second merge adds to captures", self.merge("captures"), 0)
        self.compare("rows that the first merge changes", self.merge(), len(OLDER))
        self.compare("rows that the second merge changes", self.merge(), 0)
        expected = sorted((id, 2 if id == "kept-2" else None, id == "kept-2") for id in {id for _, id, _ in OLDER})
        self.compare("rows of the older table", self.rows("SELECT connection_id, snapshots, covered FROM sessions ORDER BY 1"), expected)
        newer = ["identity_key", "begin_seen", "ended_before", "ends_at", "duration_seconds", "as_of", "watched", "gaps"]
        filled = self.rows(f"SELECT count(*) FROM sessions WHERE {' OR '.join(f'{name} IS NULL' for name in newer)}")
        self.compare("rows that lack a newer column", filled, [(0,)])

    def check_that_names_expire(self):
        with_name = self.with_name(GONE)
        self.counts["objects with the name before it expires"] = len(with_name)
        endings = {key.rpartition(".")[2] for key in with_name}
        if not {"parquet", "avro"} <= endings:
            self.problems.append(f"the name is found only in {endings}, so a search that misses the others proves nothing")
        noted = self.delete_files()
        self.server.execute(iceberg_tables.statement("sessions", "expire").replace("{expires_before}", EXPIRES_BEFORE))
        left = sorted({(id,) for name, id, _ in OLDER if name == KEPT})
        self.compare("sessions that are left", self.rows("SELECT connection_id FROM sessions ORDER BY 1"), left)
        # Of a month with rows that stay, it is only noted which rows are deleted.
        if not self.delete_files() - noted:
            self.problems.append("the expiry notes no row as deleted, so OPTIMIZE has nothing to rewrite")
        self.server.execute(f"ALTER TABLE {self.name} EXECUTE optimize")
        self.compare("notes of deleted rows after OPTIMIZE", self.delete_files(), set())
        # The version that OPTIMIZE makes still names the files it replaced, with bounds of their values. The next merge makes another.
        self.server.execute(f"UPDATE {self.name} SET status_code = 'active' WHERE connection_id = 'listed-1'")
        self.vacuum("5d")
        if not self.with_name(GONE):
            self.problems.append("the name is gone before old versions are, so the search proves nothing of them")
        self.vacuum("0s")
        self.compare("objects with the name that expired", self.with_name(GONE), [])
        self.counts["objects with the name at the end"] = len(self.with_name(GONE))
        self.counts["objects at the end"] = len(self.store.objects(self.bucket, "sessions/"))
        if not self.with_name(KEPT):
            self.problems.append("the name that is kept is not found either")
        expected = sorted({(id, name) for name, id, _ in OLDER if name == KEPT})
        self.compare("sessions at the end", self.rows("SELECT connection_id, identity FROM sessions ORDER BY 1"), expected)

    def check_that_captures_expire_a_month_later(self):
        """So a session of the first month that is left has the captures of the hour before it."""
        captures = self.server.iceberg("captures")
        days = ["2024-08-31", "2024-09-01", "2024-09-30", "2024-10-01", "2024-10-31", "2024-11-01"]
        values = ", ".join(f"('{day}', 1, DATE '{day}', 'target')" for day in days)
        self.server.execute(f"INSERT INTO {captures} (record_key, entry, snapshot_date, kind) VALUES {values}")
        self.server.execute(iceberg_tables.statement("captures", "expire").replace("{expires_before}", EXPIRES_BEFORE))
        old = self.rows("SELECT record_key FROM captures WHERE snapshot_date < DATE '2025-01-01' ORDER BY 1")
        self.compare("old captures that are left", old, [(day,) for day in days[3:]])
        self.compare("notes of deleted captures", self.delete_files("captures"), set())

    def delete_files(self, table="sessions"):
        files = self.server.iceberg(f'"{table}$files"')
        return {path for path, in self.rows(f"SELECT file_path FROM {files} WHERE content <> 0")}

    def vacuum(self, age):
        """In place of VACUUM, with what is older."""
        for procedure in ("expire_snapshots", "remove_orphan_files"):
            self.server.execute(f"ALTER TABLE {self.name} EXECUTE {procedure}(retention_threshold => '{age}')")

    def with_name(self, name):
        """Keys of the objects of the table that have this text, as they are or decoded."""
        objects = self.store.objects(self.bucket, "sessions/")
        return sorted(key for key, body in objects.items() if any(name.encode() in text for text in (body, *decoded(key, body))))


def decoded(key, body):
    """Returns the content of a compressed object."""
    if key.endswith(".parquet"):
        table = pyarrow.parquet.read_table(io.BytesIO(body))
        yield json.dumps(table.to_pylist(), default=str).encode()
    elif key.endswith(".avro"):
        yield from avro_blocks(body)


def avro_blocks(body):
    """The blocks of an Avro file: its header is a map of texts and a mark, which also ends each block."""
    file = io.BytesIO(body)
    assert file.read(4) == b"Obj\x01"
    header = {}
    while count := avro_long(file):
        assert count > 0
        for _ in range(count):
            key = file.read(avro_long(file))
            header[key] = file.read(avro_long(file))
    codec = header.get(b"avro.codec", b"null")
    decompress = {b"null": bytes, b"deflate": lambda block: zlib.decompress(block, -15)}[codec]
    mark = file.read(16)
    while file.tell() < len(body):
        avro_long(file)
        yield decompress(file.read(avro_long(file)))
        assert file.read(16) == mark


def avro_long(file):
    """A number in groups of seven bits, the lowest first, its sign in the lowest bit."""
    value, shift = 0, 0
    while True:
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value >> 1 ^ -(value & 1)
        shift += 7


if __name__ == "__main__":
    main()
