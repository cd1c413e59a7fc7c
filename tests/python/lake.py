"""Reads a lake as its users do: with pyarrow and DuckDB. Knows nothing of the program that wrote it."""

import contextlib
import datetime
import json
import os
import pathlib
import shutil
import tempfile

import duckdb
import pyarrow.parquet


def open_lake(location):
    """A directory with the lake's objects; those of `s3://bucket/prefix` are copied to a temporary one."""
    if not location.startswith("s3://"):
        return pathlib.Path(location)
    import boto3

    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/") + "/" if prefix else ""
    s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
    copy = pathlib.Path(tempfile.mkdtemp(prefix="client-vpn-audit-lake-"))
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            path = copy / entry["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry["Key"], str(path))
    return copy


@contextlib.contextmanager
def opened(location):
    """The same, and the temporary directory is removed afterwards."""
    lake = open_lake(location)
    try:
        yield lake
    finally:
        if location.startswith("s3://"):
            shutil.rmtree(lake)


def objects(lake, table):
    """Paths of the Parquet objects of a table, in order, relative to the lake."""
    return [str(path.relative_to(lake)) for path in sorted((lake / table).rglob("*.parquet"))]


def rows(lake, key):
    """The rows of one object by pyarrow, after DuckDB has agreed with every value."""
    path = str(lake / key)
    by_pyarrow = [plain(row) for row in pyarrow.parquet.ParquetFile(path).read().to_pylist()]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        result = connection.execute("SELECT * FROM read_parquet(?, hive_partitioning = false)", [path])
        names = [column[0] for column in result.description]
        by_duckdb = [plain(dict(zip(names, row, strict=True))) for row in result.fetchall()]
    if by_pyarrow != by_duckdb:
        raise SystemExit(f"{key}: pyarrow and DuckDB read different values")
    return by_pyarrow


def plain(row):
    """Values that both readers have in common: times as text, maps as objects."""
    return {name: plain_value(name, value) for name, value in row.items()}


def plain_value(name, value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
    if name in ("unparsed", "tags") and value is not None:
        return dict(value)
    return value


def runs(lake):
    """The ledger: every run record, in the order of their keys."""
    records = []
    for path in sorted((lake / "runs").rglob("*.json")):
        text = path.read_text()
        if text.count("\n") != 1 or not text.endswith("\n"):
            raise SystemExit(f"{path}: not one line")
        records.append(json.loads(text))
    return records
