"""Makes small lakes by hand, each of an account of its own, so that Trino reads them all at once."""

import datetime
import json
import pathlib

import pyarrow
import pyarrow.parquet

import iceberg_tables
import ledgers
import template_tables

ROOT = pathlib.Path(__file__).parents[2]
REGION = ledgers.REGION
NOW = datetime.datetime(2026, 11, 10, 12)
#: The text that stands for the moment at which a question is asked.
AT_RUN_TIME = {
    "current_date": f"DATE '{NOW:%Y-%m-%d}'",
    "current_timestamp": f"TIMESTAMP '{NOW} UTC'",
}
UTC = datetime.UTC
MINUTE = datetime.timedelta(minutes=1)
SECOND = datetime.timedelta(seconds=1)
A, B, C = ledgers.A, ledgers.B, ledgers.C
D = f"cvpn-endpoint-{'d' * 17}"
CERTIFICATE, DIRECTORY, SAML = (f"{kind}-authentication" for kind in ("certificate", "directory-service", "federated"))
TYPES = {
    "string": pyarrow.string(),
    "bigint": pyarrow.int64(),
    "boolean": pyarrow.bool_(),
    "timestamp": pyarrow.timestamp("ms", "UTC"),
    "array<string>": pyarrow.list_(pyarrow.string()),
    "map<string,string>": pyarrow.map_(pyarrow.string(), pyarrow.string()),
}


def at(text):
    """A moment of November 2026, such as `09 14:30`, or a full one."""
    text = text if text.startswith("20") else f"2026-11-{text}"
    return datetime.datetime.fromisoformat(text)


class Lake:
    """The rows and run records of one account."""

    def __init__(self, account_id, name):
        self.account_id = account_id
        self.name = name
        tables = ("connections", "partials", "endpoints", "authorization_rules", "routes", "connection_logs")
        self.tables = {table: [] for table in tables}
        self.ledger = ledgers.Ledger(account_id, name)
        self.ledger.origin = datetime.datetime(2026, 1, 1, tzinfo=UTC)

    def minutes(self, time):
        return (time.replace(tzinfo=UTC) - self.ledger.origin) / MINUTE

    def row(self, table, snapshot, **values):
        place = {"account_id": self.account_id, "region": REGION, "snapshot_date": f"{snapshot:%Y-%m-%d}"}
        self.tables[table].append({"snapshot_time": snapshot, **values, **place})

    def capture(self, time, rows=(), endpoint=A, outcome="complete", snapshot=None, last=0.1, recorded=True):
        """A capture whose pages arrive at `time`, with rows as `connection()` makes them. One that is not recorded was killed."""
        snapshot = (snapshot or time).replace(second=0, microsecond=0)
        table = "partials" if outcome == "partial" else "connections"
        for values in rows:
            self.row(table, snapshot, **({"captured_at": time, "endpoint_id": endpoint} | values))
        minute = self.minutes(time)
        target = self.ledger.target(endpoint, outcome, minute - 0.02, minute, minute + last)
        if outcome == "partial":
            target["error"] = ledgers.REFUSED
        if outcome == "failed":
            target = self.ledger.failed(endpoint)
        ids = [values["connection_id"] for values in rows]
        target |= {"rows": len(rows), "active": sum(values["status_code"] == "active" for values in rows)}
        target |= {"duplicates": len(ids) - len(set(ids))}
        if recorded:
            self.ledger.run(minute - 0.03, [target], snapshot=self.minutes(snapshot))

    def session(self, id, user, common_name, begins, ends, endpoint=A, **values):
        """A connection of which AWS gave the beginning and the end, in a capture of its own."""
        ended = connection(id, user, common_name, begins, ends, **values)
        self.capture(ends + 5 * MINUTE, [ended], endpoint)

    def log_group(self, name="vpn"):
        """The ARN of a log group of this account."""
        return f"arn:aws:logs:{REGION}:{self.account_id}:log-group:{name}"

    def event(self, id, time, connection_id, status="successful", endpoint=A, due=None, group="vpn", **values):
        """An event of a connection log, in the object of its window, or in one that was due then."""
        start = time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)
        due = due or start + 45 * MINUTE
        values = {"event_id": id, "event_time": time, "connection_id": connection_id, "endpoint_id": endpoint, **values}
        values |= {"connection_attempt_status": status, "captured_at": due, "log_group": self.log_group(group)}
        self.row("connection_logs", due, **{"connection_log_type": "connection-attempt"} | values)

    def reads(self, begins, ends, late=False, outcome="complete", group="vpn", endpoints=(A,), minutes=15):
        """A run that reads the windows of a log group from one time to another; or, late, its hours once more. With more `minutes`,
        the windows are longer than real ones."""
        length, due = (60, 24.5 * 60) if late else (minutes, 30)
        windows, start = [], begins
        while start < ends:
            end = min(start + length * MINUTE, ends)
            window = {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%SZ}", "late": late, "outcome": outcome}
            key = f"connection_logs/{self.account_id}/{end + due * MINUTE:%Y%m%dT%H%M%SZ}"
            windows.append(window | {"object_key": None if outcome == "failed" else key})
            start = end
        self.ledger.run(self.minutes(ends + due * MINUTE), [])
        read = {"log_group": self.log_group(group), "endpoint_ids": list(endpoints), "windows": windows, "error": None}
        [place] = self.ledger.records[-1]["places"]
        place["logs"] = {"groups": [read], "error": None}

    def endpoint(self, time, types, endpoint=A, **values):
        """A row of `endpoints`, as a snapshot at `time` shows it."""
        values = {"captured_at": time, "endpoint_id": endpoint, "authentication_types": types, "security_group_ids": []} | values
        self.row("endpoints", time.replace(second=0, microsecond=0), **values)

    def configuration_read(self, time, table, rows=0, outcome="complete", error=None):
        """A run that makes the object of a table with configuration, or fails."""
        self.ledger.run(self.minutes(time), [])
        answered = ledgers.text(time + MINUTE / 2)
        times = {"first_page_requested_at": answered, "first_page_at": answered, "last_page_at": answered}
        [place] = self.ledger.records[-1]["places"]
        place[table] = {"outcome": outcome, "rows": rows, "error": error, **times}

    def configured(self, time, rules=(), routes=(), endpoint=A, **values):
        """A snapshot of an endpoint with rules and routes as `rule()` and `route()` make them; `None` for those that EC2 refused."""
        listings = {
            "authorization_rules": (rules, "authorizationRule#error"),
            "routes": (routes, "routes#error"),
        }
        unparsed = dict(values.pop("unparsed", {}))
        for table, (rows, error_key) in listings.items():
            if rows is None:
                unparsed[error_key] = "UnauthorizedOperation"
            for row in rows or ():
                self.row(table, time.replace(second=0, microsecond=0), **{"captured_at": time, "endpoint_id": endpoint} | row)
        values = {"status_code": "available", "unparsed": unparsed or None} | values
        self.endpoint(time, values.pop("authentication_types", [SAML]), endpoint, **values)


def rule(destination, group=None, status="active", **values):
    """A row of `authorization_rules`, for all users if there is no group, but for what its snapshot adds."""
    values = {"group_id": group, "access_all": group is None} | values
    return {"destination_cidr": destination, "status_code": status, **values}


def route(destination, target="subnet-1", status="active", **values):
    """A row of `routes`, but for what its snapshot adds."""
    return {"destination_cidr": destination, "target_subnet": target, "status_code": status, **values}


def connection(id, user=None, common_name=None, begins=None, ends=None, **values):
    """A row of `connections` but for what its capture adds."""
    return {
        "connection_id": id,
        "username": user,
        "common_name": common_name,
        "connection_established_time": begins,
        "connection_end_time": ends,
        "status_code": "active" if ends is None else "terminated",
    } | values


def create(trino, lakes):
    """Writes the lakes beside the metastore, and makes the template's tables of them, with their partitions as columns."""
    folder = trino.folder / "lake"
    for table in template_tables.glue_tables("bucket", "lake", "123456789012"):
        name, storage = table["Name"], table["StorageDescriptor"]
        storage["Columns"] += table["PartitionKeys"]
        storage["Location"] = f"local:///lake/{name}"
        (folder / name).mkdir(parents=True)
        if name == "runs":
            write_records(folder / name, lakes)
        elif name != "digests":
            write_rows(folder / name / "rows.parquet", storage["Columns"], [row for lake in lakes for row in lake.tables[name]])
        trino.create_glue_table(
            table | {"PartitionKeys": [], "Parameters": {"classification": table["Parameters"]["classification"]}}
        )


def write_records(folder, lakes):
    for lake in lakes:
        lines = []
        for key, record in lake.ledger.objects_of():
            partitions = dict(part.split("=") for part in key.split("/") if "=" in part)
            lines.append(json.dumps(json.loads(record) | partitions) + "\n")
        (folder / f"{lake.account_id}.json").write_text("".join(lines))


def write_rows(path, columns, rows):
    arrays, fields = [], []
    for column in columns:
        kind = TYPES[column["Type"]]
        values = [row.get(column["Name"]) for row in rows]
        if pyarrow.types.is_map(kind):
            values = [value if value is None else list(value.items()) for value in values]
        arrays.append(pyarrow.array(values, kind))
        fields.append((column["Name"], kind))
    pyarrow.parquet.write_table(pyarrow.table(arrays, pyarrow.schema(fields)), path)


def create_sessions(trino):
    """The tables that are merged, each of one merge of all days."""
    for table in iceberg_tables.TABLES:
        iceberg_tables.create(trino, table, f"local:///{table}")
    merge(trino)


def merge(trino):
    """Returns the number of rows that change in each table."""
    # One file has the records of an account. What connection logs say of sessions is written by hand too, by logged_sessions.py.
    return iceberg_tables.merge(trino, NOW, datetime.date(2024, 1, 2), iceberg_tables.of_flat_records, logs=False)


def at_run_time(statement):
    for word, value in AT_RUN_TIME.items():
        statement = statement.replace(word, value)
    return statement


def question(name, edits=()):
    text = (ROOT / f"queries/{name}.sql").read_text()
    for old, new in edits:
        assert old in text, f"{name}: {old} is not in the file"
        text = text.replace(old, new)
    return at_run_time(text)


def ask(trino, name, edits=()):
    """The rows of a question, as dictionaries."""
    rows, cursor = trino.execute(question(name, edits))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]
