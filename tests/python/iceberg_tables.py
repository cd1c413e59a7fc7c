"""The Iceberg tables `captures` and `sessions`: their columns, their statements, and how Trino makes and merges them.

Only what runs in Trino needs sqlglot.
"""

import datetime
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: In the order in which they are merged.
TABLES = ("captures", "sessions")
TYPES = {
    "STRING": "varchar",
    "TEXT": "varchar",
    "TIMESTAMP": "timestamp(6)",
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
#: In place of "$path", where the records of many days lie in one file: what it would be.
PATH_OF_RECORD = (
    "('s3://bucket/lake/runs/account_id=' || account_id || '/region=' || region || '/snapshot_date=' || snapshot_date || '/' "
    "|| run_id || '.json')"
)


def columns(table):
    """Name and Athena's type of each column of `create.sql`, in order."""
    return re.findall(r"^ +(\w+) (\w+) COMMENT ", (ROOT / table / "create.sql").read_text(), re.M)


def statement(table, name):
    """The statement of a file, without what its first lines say of it."""
    return re.sub(r"\A(-- .*\n)+", "", (ROOT / table / f"{name}.sql").read_text()).strip()


def add_columns(table, missing):
    """Athena's statement that adds these columns."""
    return statement(table, "add_columns").replace("{missing_columns}", ", ".join(f"{name} {kind}" for name, kind in missing))


def in_trino(parsed):
    """Name and Trino's type of each column that a statement of Athena's defines."""
    import sqlglot.expressions as sql

    return [(column.name, TYPES[column.kind.this.name]) for column in parsed.find_all(sql.ColumnDef)]


def create(trino, table, location, without=0):
    """Athena's CREATE TABLE in Trino's words; an older table is `without` the newest columns."""
    import sqlglot
    import sqlglot.expressions as sql

    parsed = sqlglot.parse_one(statement(table, "create"), read="athena")
    month = parsed.find(sql.PartitionedByProperty).find(sql.Month).find(sql.Identifier).name
    of_trino = in_trino(parsed)
    described = ", ".join(map(" ".join, of_trino[: len(of_trino) - without]))
    trino.execute(
        f"CREATE TABLE {trino.iceberg(table)} ({described}) "
        f"WITH (format = 'PARQUET', partitioning = ARRAY['month({month})'], location = '{location}')"
    )


def merge(trino, now, from_time, edit=lambda text: text, logs=True):
    """Merges both tables as the state machine does, if wanted without connection logs; returns how many rows change in each. `edit`
    changes the texts before."""
    changed = [merge_one(trino, table, now, from_time, edit) for table in TABLES]
    if logs:
        changed[1] += merge_logs(trino, now, from_time, edit)
    note_merge(trino, now)
    return changed


def merge_logs(trino, now, from_time, edit=lambda text: text):
    """Merges connection logs into `sessions`, from the day that the state machine finds; returns how many rows change."""
    logs_from = trino.execute(at(statement("captures", "logs_from"), now, from_time))[0][0][0]
    text = edit(statement("sessions", "merge_logs")).replace("{logs_from}", logs_from)
    return trino.execute(at(text, now, from_time))[0][0][0]


def merge_one(trino, table, now, from_time, edit=lambda text: text):
    """Merges a table as at a time; returns how many rows change."""
    return trino.execute(at(edit(statement(table, "merge")), now, from_time))[0][0][0]


def note_merge(trino, now):
    """Notes in `captures` that both tables are merged."""
    trino.execute(at(statement("captures", "note_merge"), now))


def next_from_time(trino):
    """From when on the next merge reads snapshots, `None` if there was no merge."""
    time = trino.execute(statement("captures", "last_merge"))[0][0][0]
    return time and datetime.datetime.fromisoformat(time).replace(tzinfo=datetime.UTC)


def at(text, now, from_time=None):
    """A statement as the state machine runs it at a time."""
    if from_time is not None:
        text = text.replace("{from_time}", f"{from_time:%Y-%m-%d %H:%M:%S}").replace("{from_date}", f"{from_time:%Y-%m-%d}")
    return text.replace("{merged_at}", f"{now:%Y-%m-%dT%H:%M:%S}.000Z")


def of_flat_records(text):
    """A statement as it reads records that lie in one file."""
    return text.replace('"$path"', PATH_OF_RECORD)
