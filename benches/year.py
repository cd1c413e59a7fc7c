"""Measures two questions over the record of a year: when a connection could have been missed, and who was connected at an instant.

`captures` and `sessions` of many accounts and Regions are made up in Trino itself, a month at a time: a listing and one endpoint each
quarter of an hour, and so many sessions a day. Nothing of the lake below them is needed. Times are the best of three, on this machine's
cores; Athena has more.
"""

import argparse
import datetime
import itertools
import pathlib
import sys
import tempfile
import time

from capture import table, write

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/python"))
import iceberg_tables  # noqa: E402
import trino_server  # noqa: E402

RUNS = 3
SCHEMA = "year"
HEAD = ["accounts and Regions", "days", "rows of captures", "sessions", "coverage_holes", "read", "who_was_connected_at", "read"]
NO_S3 = {"endpoint": "http://127.0.0.1:9", "access_key": "none", "secret_key": "none"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, nargs="+", default=[1, 10, 40], help="accounts and Regions")
    parser.add_argument("--days", type=int, nargs="+", default=[400, 400, 62], help="days of the record, for each number of places")
    parser.add_argument("--sessions", type=int, default=20, help="sessions a day of each")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    rows = []
    with trino_server.started() as port:
        for places, days in zip(arguments.places, itertools.cycle(arguments.days), strict=False):
            with tempfile.TemporaryDirectory(prefix="client-vpn-audit-year-") as folder:
                trino = trino_server.Trino(pathlib.Path(folder), port, SCHEMA, NO_S3)
                rows.append(measured(trino, places, days, arguments.sessions))
                trino.drop_catalogs()
            print("; ".join(f"{name}: {figure}" for name, figure in zip(HEAD, rows[-1], strict=True)), flush=True)
    shown = table(HEAD, rows)
    print(shown)
    if arguments.write:
        write({"year": shown})


def measured(trino, places, days, sessions):
    """The row of the table for so many accounts and Regions, and so many days."""
    today = datetime.datetime.now(datetime.UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    first = today - datetime.timedelta(days=days)
    for name in iceberg_tables.TABLES:
        iceberg_tables.create(trino, name, f"local:///{name}")
    # No record was sealed late.
    columns = "account_id varchar, region varchar, digest_date varchar, objects array(row(object_key varchar, late boolean))"
    trino.execute(f"CREATE TABLE digests ({columns})")
    day = first
    while day < today:
        until = min(today, (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1))
        begin = time.monotonic()
        add_captures(trino, places, day, until)
        add_sessions(trino, places, sessions, day, until)
        print(f"{day:%Y-%m}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        day = until
    trino.execute(f"INSERT INTO {trino.iceberg('captures')} (record_key, kind, snapshot_date, merged_at) "
                  f"VALUES ('merge', 'merge', DATE '{today:%Y-%m-%d}', TIMESTAMP '{today:%Y-%m-%d %H:%M:%S}')")
    counts = [trino.execute(f"SELECT count(*) FROM {trino.iceberg(name)}")[0][0][0] for name in iceberg_tables.TABLES]
    questions = {name: (ROOT / f"queries/{name}.sql").read_text() for name in ("coverage_holes", "who_was_connected_at")}
    noon = today - datetime.timedelta(days=days // 2) + datetime.timedelta(hours=12)
    questions["who_was_connected_at"] = questions["who_was_connected_at"].replace("2026-11-01 12:00:00", f"{noon:%Y-%m-%d %H:%M:%S}")
    figures = [figure for question in questions.values() for figure in asked(trino, question)]
    return [f"{places:,}", f"{days}", *(f"{count:,}" for count in counts), *figures]


def add_captures(trino, places, begin, end):
    """A listing and a target of each quarter of an hour, in the columns that the question reads."""
    stamp = lambda time: f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S}'"
    trino.execute(f"""
        INSERT INTO {trino.iceberg('captures')} (
          record_key, entry, snapshot_date, kind, account_id, region, endpoint_id, snapshot_time, scheduled, outcome, attempted_at,
          first_page_at, last_page_at, object_key, active_connections, endpoint_ids
        )
        SELECT
          'runs/account_id=' || account || '/region=eu-central-1/snapshot_date=' || date_format(at, '%Y-%m-%d') || '/' || compact || '.json',
          entry, CAST(at AS date), if(entry = 0, 'target', 'listing'), account, 'eu-central-1', if(entry = 0, endpoint, '*'), at, true,
          'complete', at + INTERVAL '1' SECOND, at + INTERVAL '2' SECOND, at + INTERVAL '3' SECOND,
          if(entry = 0, 'connections/account_id=' || account || '/region=eu-central-1/snapshot_date=' || date_format(at, '%Y-%m-%d') || '/'
            || compact || '_' || endpoint || '.parquet'),
          if(entry = 0, 7), if(entry = 1, '["' || endpoint || '"]')
        FROM (
          SELECT
            lpad(CAST(place AS varchar), 12, '0') AS account,
            'cvpn-endpoint-' || lpad(CAST(place AS varchar), 17, '0') AS endpoint,
            at,
            date_format(at, '%Y%m%dT%H%i%sZ') AS compact
          FROM UNNEST(sequence(1, {places})) AS places (place)
          CROSS JOIN UNNEST(sequence({stamp(begin)}, {stamp(end - datetime.timedelta(days=1))}, INTERVAL '1' DAY)) AS days (day)
          CROSS JOIN UNNEST(sequence(0, 95)) AS quarters (quarter)
          CROSS JOIN LATERAL (SELECT day + quarter * INTERVAL '15' MINUTE AS at)
        )
        CROSS JOIN (VALUES 0, 1) AS entries (entry)
    """)


def add_sessions(trino, places, sessions, begin, end):
    """Sessions of eight hours, whose beginnings are spread over each day."""
    stamp = lambda time: f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S}'"
    trino.execute(f"""
        INSERT INTO {trino.iceberg('sessions')} (
          account_id, region, endpoint_id, connection_id, identity, username, identity_key, client_ip, first_seen, last_seen,
          connection_established_time, connection_end_time, end_seen, begin_seen, covered, ended_after, ended_before, ends_at,
          duration_seconds, as_of
        )
        SELECT
          account, 'eu-central-1', 'cvpn-endpoint-' || lpad(account, 17, '0'),
          'cvpn-connection-' || account || date_format(began, '%Y%m%d%H%i%s'), person, person, person, '10.0.0.1',
          began + INTERVAL '5' MINUTE, began + INTERVAL '8' HOUR, began, began + INTERVAL '8' HOUR, true, true, true,
          began + INTERVAL '8' HOUR, began + INTERVAL '8' HOUR, began + INTERVAL '8' HOUR, 28800, began + INTERVAL '8' HOUR
        FROM (
          SELECT
            lpad(CAST(place AS varchar), 12, '0') AS account,
            'user-' || CAST(number AS varchar) || '@example.com' AS person,
            day + number * INTERVAL '{86_400 // sessions}' SECOND AS began
          FROM UNNEST(sequence(1, {places})) AS places (place)
          CROSS JOIN UNNEST(sequence({stamp(begin)}, {stamp(end - datetime.timedelta(days=1))}, INTERVAL '1' DAY)) AS days (day)
          CROSS JOIN UNNEST(sequence(0, {sessions - 1})) AS numbers (number)
        )
    """)


def asked(trino, question):
    """The best time of a question, and what it read."""
    best = None
    for _ in range(RUNS):
        start = time.monotonic()
        _, cursor = trino.execute(question)
        wall = time.monotonic() - start
        best = min(best or (wall, cursor), (wall, cursor), key=lambda run: run[0])
    return f"{best[0]:.1f} s", f"{best[1].stats['physicalInputBytes'] / 1e6:,.1f} MB"


if __name__ == "__main__":
    main()
