"""Prints a lake as JSON: the rows of every object, the types of the columns, and the ledger.

Usage: read_lake.py LAKE
"""

import json
import sys

import duckdb
import pyarrow.parquet

import lake as lakes


def main():
    lake = lakes.open_lake(sys.argv[1])
    tables = {}
    for table in ["connections", "partials", "endpoints", "authorization_rules", "routes", "connection_logs"]:
        tables[table] = {key: describe(lake, key) for key in lakes.objects(lake, table)}
    print(json.dumps({**tables, "runs": lakes.runs(lake)}))


def describe(lake, key):
    parquet = pyarrow.parquet.ParquetFile(lake / key)
    metadata = parquet.metadata
    types = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(lake / key)])
    columns = [metadata.row_group(0).column(i) for i in range(metadata.num_columns)] if metadata.num_row_groups else []
    return {
        "rows": lakes.rows(lake, key),
        "arrow_types": {field.name: str(field.type) for field in parquet.schema_arrow},
        "nullable": {field.name: field.nullable for field in parquet.schema_arrow},
        "duckdb_types": {name: type for name, type, *_ in types.fetchall()},
        "parquet_schema": str(parquet.schema),
        "metadata": {name.decode(): value.decode() for name, value in (metadata.metadata or {}).items()},
        "format_version": metadata.format_version,
        "compressions": sorted({column.compression for column in columns}),
        "columns_without_statistics": [c.path_in_schema for c in columns if not c.is_stats_set],
        "encodings": sorted({encoding for column in columns for encoding in column.encodings}),
    }


main()
