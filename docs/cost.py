"""Prints the tables of `docs/cost.md`: what a month of Client VPN Audit costs, from prices and measured sizes."""

import math
import pathlib
import re

# List prices of us-east-1 in US dollars, as of November 2026. Yours may differ.
LAMBDA_GB_SECOND = 0.0000133334  # arm64
LAMBDA_REQUEST = 0.20 / 1e6
S3_PUT_OR_LIST = 0.005 / 1000
S3_GET = 0.0004 / 1000
S3_STANDARD_GB_MONTH = 0.023
S3_STANDARD_IA_GB_MONTH = 0.0125
S3_TRANSITION = 0.01 / 1000
ATHENA_TB = 5.0
ATHENA_LEAST_BYTES = 10e6
STATE_TRANSITION = 0.025 / 1000
METRIC_MONTH = 0.30
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.0  # the first three of an account are free
DATA_EVENT = 0.10 / 100_000  # CloudTrail, if it logs them
KMS_KEY_MONTH = 1.0
KMS_ECC_SIGN = 0.15 / 10_000

# Counted in tests/it/requests_of_a_snapshot.rs: a look at a key under which nothing is. Then comes a put.
LOOK, LOOK_REQUESTS = S3_GET, 1
# Measured: objects of the simulator's connections, and the CPU time of a capture on one whole core.
OBJECT_BYTES = {100: 12_206, 7_000: 440_094, 126_000: 7_686_167}
CPU_SECONDS_PER_CONNECTION = 1.15 / 200_000
# Measured: a run record without its targets, and what each adds.
RUN_BYTES, TARGET_BYTES = 1_100, 800
# Assumed, not measured: how long EC2 takes for a page of 1,000 connections.
PAGE_SECONDS = 0.3
# Tables with configuration, the calls for it about each endpoint, and the endpoints that are asked about at once.
CONFIGURATION_TABLES, CONFIGURATION_CALLS, CONFIGURATION_CONCURRENCY = 3, 5, 4
# Assumed, not measured: how long EC2 takes for an answer about the configuration of an endpoint.
ANSWER_SECONDS = 0.1
# Measured: the three objects with the configuration of the simulator's endpoints, and what each endpoint adds to them. They are too small to be moved.
CONFIGURATION_BYTES, ENDPOINT_BYTES = 22_000, 730
# EC2's API throttling: calls a second of one account and Region, once the bucket of 100 is empty.
CALLS_PER_SECOND = 20

CONCURRENCY = 5
SNAPSHOTS = 96 * 30
# Assumed: S3 answers in tens of milliseconds.
SEAL_SECONDS = 1.5
# Each run of the seal lists the folders of eight tables, and of each account in them; and asks for two digests of each account and Region: the
# newest, and one that is too new. Once an hour it lists the digests of each and seven tables, and reads the digests of 48 hours and the one before.
TABLES, SEALED_TABLES, SEAL_CHAIN = 8, 7, 48 + 1
# Assumed: accounts have endpoints in so many Regions.
REGIONS = 16
# A merge, at 20 minutes past each hour, reads snapshots of the days since four hours before the last one, and run records of those since
# two hours before it. The one at three reads those since midnight six days ago: of seven and of six days before today.
SNAPSHOT_HOURS, RUN_HOURS, SNAPSHOT_DAYS_ONCE, RUN_DAYS_ONCE = 4, 2, 7, 6
# How often the statements of an hour read each table: as often as they name it.
FOLDER = pathlib.Path(__file__).parents[1]
STATEMENT = "".join((FOLDER / f"{name}.sql").read_text() for name in ("captures/last_merge", "captures/merge", "sessions/merge", "captures/note_merge"))
RUNS_READ, CONNECTIONS_READ, PARTIALS_READ, CAPTURES_READ = (
    len(re.findall(rf"\b(?:FROM|JOIN) {table}\b", STATEMENT)) for table in ("runs", "connections", "partials", "captures")
)
# Measured with made-up records in Parquet: what the key of a run record takes in captures, and what each of its rows adds.
CAPTURES_RECORD_BYTES, CAPTURES_ROW_BYTES = 26, 19
# Tomorrow, whose folder is empty: projection ends there.
EMPTY_DAYS = 1
LISTED_AT_ONCE = 1000
RETENTION_DAYS, STANDARD_DAYS = 400, 60
# What has expired stays below a delete marker for so long.
NONCURRENT_DAYS = 30
KEPT_DAYS = RETENTION_DAYS + NONCURRENT_DAYS
# A month of captures expires when all of it and of the month after it has: 62 days later at most.
CAPTURES_DAYS = RETENTION_DAYS + 62
# A file a month, and one an hour since the table was last put together, and for each statement some of metadata.
CAPTURES_FILES, METADATA_GETS, METADATA_PUTS = CAPTURES_DAYS // 30 + 24, 10, 6
METRICS, ALARMS = 5, 9
# States that an hour's merge enters: 15, and the maintenance once a day; and for connection logs besides.
MERGE_TRANSITIONS, LOG_MERGE_TRANSITIONS = 15 + 8 / 24, 3
# Days of connection logs and of endpoints that an hour's merge reads: four, five in the first hours of a day, and ten once a day.
MERGED_LOG_DAYS = 4 + 3 / 24 + 6 / 24
# States that an execution of the fleet enters, its start among them, and those of each batch, which has so many accounts and Regions.
FLEET_TRANSITIONS, BATCH_TRANSITIONS, BATCH_PLACES, FLEET_ALARMS = 6, 2, 16, 2
# Assumed: what an account and Region takes besides paging, for a role to be assumed and endpoints to be found.
PLACE_SECONDS = 0.5
SMALLEST_MOVED = 128 * 1024

# Readings of a log group in a day: a window of 15 minutes each, and every hour once more. Both write an object.
WINDOWS, LATE_READINGS = 96, 24
# Assumed, not measured: what an event takes in Parquet, its CPU time on one whole core, the events of a page of 1 MB, and how
# long CloudWatch Logs takes for a page.
LOG_EVENT_BYTES, LOG_EVENT_CPU_SECONDS, LOG_PAGE_EVENTS, LOG_PAGE_SECONDS = 100, 10e-6, 1_000, 0.3
# Assumed: what a run takes besides, and its lists: of the previous run records, of days, and of the objects of two days.
LOG_RUN_SECONDS, LOG_RUN_LISTS = 0.5, 5
LOG_ALARMS = 1


def capture_seconds(endpoints, connections, memory_mb):
    pages = math.ceil(connections / 1000)
    paging = math.ceil(endpoints / CONCURRENCY) * pages * PAGE_SECONDS
    paging += math.ceil(endpoints / CONFIGURATION_CONCURRENCY) * CONFIGURATION_CALLS * ANSWER_SECONDS
    throttled = (endpoints * (pages + CONFIGURATION_CALLS) - 100) / CALLS_PER_SECOND
    cpu = endpoints * connections * CPU_SECONDS_PER_CONNECTION * 1769 / min(memory_mb, 1769)
    return max(paging, throttled) + cpu + 0.2


def merged_days(hours, days_once):
    """Days whose folders a merge lists, and how many days of objects it reads, on average of the merges of a day."""
    earlier = [days_once if hour == 3 else int(hour - 1 < hours) for hour in range(24)]
    return 1 + sum(earlier) / 24, (sum(earlier) + sum((hour + 1 / 3) / 24 for hour in range(24))) / 24


SNAPSHOT_FOLDERS, SNAPSHOT_DAYS = merged_days(SNAPSHOT_HOURS, SNAPSHOT_DAYS_ONCE)
RUN_FOLDERS, RUN_DAYS = merged_days(RUN_HOURS, RUN_DAYS_ONCE)


def lists(objects_of_a_day, days):
    """Requests to list the folders of so many days of an account and Region, which Athena does for each projected partition."""
    return days * math.ceil(objects_of_a_day / LISTED_AT_ONCE) + EMPTY_DAYS


def ledger(places, endpoints):
    """Returns the requests of an hour's statements to the ledger of so many accounts and Regions: lists, gets and bytes."""
    gets = RUNS_READ * RUN_DAYS * 96 * places
    return RUNS_READ * lists(96, RUN_FOLDERS) * places, gets, gets * RUN_BYTES + RUNS_READ * RUN_DAYS * 96 * endpoints * TARGET_BYTES


def captures(places, endpoints):
    """Returns the requests of an hour's statements to `captures` for so many accounts and Regions: gets and bytes."""
    rows = CAPTURES_DAYS * 96 * (places * (1 + CONFIGURATION_TABLES) + endpoints)
    gets = (CAPTURES_READ + 2) * (CAPTURES_FILES * 2 + METADATA_GETS)
    return gets, rows * CAPTURES_ROW_BYTES + CAPTURES_DAYS * 96 * places * CAPTURES_RECORD_BYTES


def configuration_gb_of_a_day(places, endpoints):
    """What the configuration of so many endpoints of so many accounts and Regions takes."""
    return 96 * (places * CONFIGURATION_BYTES + endpoints * ENDPOINT_BYTES) / 1e9


def month(endpoints, connections):
    """Dollars by part, once the retention is full, what CloudTrail's data events cost besides, and how long one capture runs."""
    memory_mb = 512 if endpoints * connections <= 630_000 else 1769
    seconds = capture_seconds(endpoints, connections, memory_mb)
    object_bytes = OBJECT_BYTES[connections]
    gb_of_a_day = endpoints * object_bytes * 96 / 1e9
    configuration_gb = configuration_gb_of_a_day(1, endpoints)
    standard_days = STANDARD_DAYS if object_bytes >= SMALLEST_MOVED else KEPT_DAYS
    moved = SNAPSHOTS * endpoints if object_bytes >= SMALLEST_MOVED else 0
    ledger_lists, ledger_gets, ledger_bytes = ledger(1, endpoints)
    captures_gets, captures_bytes = captures(1, endpoints)
    # One statement merges captures, the other sessions.
    merged = max(ATHENA_LEAST_BYTES, ledger_bytes) + max(ATHENA_LEAST_BYTES, SNAPSHOT_DAYS * gb_of_a_day * 1e9 + captures_bytes)
    # Parquet is read with two requests at least.
    gets = CONNECTIONS_READ * SNAPSHOT_DAYS * 96 * 2 * endpoints + ledger_gets + captures_gets
    # There are hardly any partial captures, and their folders are listed all the same.
    listed = CONNECTIONS_READ * lists(96 * endpoints, SNAPSHOT_FOLDERS) + PARTIALS_READ * lists(1, SNAPSHOT_FOLDERS) + ledger_lists
    # A look and a put for each endpoint and each table with configuration, and the run record.
    objects = SNAPSHOTS * (endpoints + CONFIGURATION_TABLES)
    captured = objects * (LOOK_REQUESTS + 1) + SNAPSHOTS
    seal_lists = SNAPSHOTS * 2 * TABLES + 720 * (SEALED_TABLES + 1)
    sealed_gets = 2 * SNAPSHOTS + 720 * (4 * (endpoints + CONFIGURATION_TABLES) + SEAL_CHAIN)
    parts = {
        "capture": SNAPSHOTS * (seconds * memory_mb / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST),
        "requests": objects * (LOOK + S3_PUT_OR_LIST) + SNAPSHOTS * S3_PUT_OR_LIST + moved * S3_TRANSITION,
        # Four times an hour a second and some listings; once an hour a look at each object, the chain, a digest and a signature.
        "seal": SNAPSHOTS * (SEAL_SECONDS * memory_mb / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST)
        + sealed_gets * S3_GET
        + (seal_lists + 720) * S3_PUT_OR_LIST
        + 720 * KMS_ECC_SIGN,
        "storage": gb_of_a_day
        * (standard_days * S3_STANDARD_GB_MONTH + (KEPT_DAYS - standard_days) * S3_STANDARD_IA_GB_MONTH)
        + configuration_gb * KEPT_DAYS * S3_STANDARD_GB_MONTH,
        "sessions": 720
        * (
            (merged + 3 * ATHENA_LEAST_BYTES) / 1e12 * ATHENA_TB
            + gets * S3_GET
            + (listed + METADATA_PUTS) * S3_PUT_OR_LIST
            + MERGE_TRANSITIONS * STATE_TRANSITION
        ),
        # EventBridge takes nothing for the events of AWS's own services, and CloudTrail nothing for the first copy of them.
        "watching": METRICS * METRIC_MONTH
        + ALARMS * ALARM_MONTH
        + DASHBOARD_MONTH
        + KMS_KEY_MONTH,
    }
    data_events = (captured + seal_lists + sealed_gets + 720 + 720 * (gets + listed)) * DATA_EVENT
    return parts, data_events, seconds, (gb_of_a_day + configuration_gb) * KEPT_DAYS


def fleet(places):
    """Dollars a month by part that as many small accounts and Regions cost besides, in batches, and for data events."""
    batches = math.ceil(places / BATCH_PLACES)
    # Their plan waits for all at once.
    seconds = math.ceil(min(places, BATCH_PLACES) / CONCURRENCY) * PLACE_SECONDS
    lists_, gets, bytes_ = ledger(places, 0)
    bytes_ += captures(places, 0)[1]
    lists_ += (CONNECTIONS_READ * lists(96, SNAPSHOT_FOLDERS) + PARTIALS_READ * lists(1, SNAPSHOT_FOLDERS)) * places
    # Their configuration and a run record, and a list and a get for the record before.
    objects = SNAPSHOTS * places * CONFIGURATION_TABLES
    records = objects * (LOOK_REQUESTS + 1) + SNAPSHOTS * places * 3
    seal_lists = SNAPSHOTS * TABLES * places / REGIONS + 720 * (SEALED_TABLES + 1) * places
    sealed_gets = 2 * SNAPSHOTS * places + 720 * (4 * CONFIGURATION_TABLES + SEAL_CHAIN) * places
    parts = {
        "transitions": SNAPSHOTS * (FLEET_TRANSITIONS + BATCH_TRANSITIONS * batches) * STATE_TRANSITION,
        "invocations": SNAPSHOTS * (batches + 1) * (seconds * 512 / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST),
        "records": objects * (LOOK + S3_PUT_OR_LIST) + SNAPSHOTS * places * (2 * S3_PUT_OR_LIST + S3_GET),
        "digests": 720 * places * (S3_PUT_OR_LIST + KMS_ECC_SIGN) + seal_lists * S3_PUT_OR_LIST + sealed_gets * S3_GET,
        "storage": configuration_gb_of_a_day(places, 0) * KEPT_DAYS * S3_STANDARD_GB_MONTH,
        # The hourly statements read the ledger of each and its rows of captures, and list its folders.
        "sessions": 720 * (gets * S3_GET + lists_ * S3_PUT_OR_LIST + bytes_ / 1e12 * ATHENA_TB),
        "alarms": FLEET_ALARMS * ALARM_MONTH,
    }
    return parts, (records + 720 * places + seal_lists + sealed_gets + 720 * (gets + lists_)) * DATA_EVENT


def connection_logs(groups, events):
    """Dollars a month by part that so many log groups of one account and Region cost besides, each with so many events an hour, for
    data events, and how much is kept."""
    # Each event is read twice. An hour that is read once more is one reading.
    pages = 30 * groups * (WINDOWS * math.ceil(events / 4 / LOG_PAGE_EVENTS) + LATE_READINGS * math.ceil(events / LOG_PAGE_EVENTS))
    cpu = 30 * groups * 2 * 24 * events * LOG_EVENT_CPU_SECONDS * 1769 / 512
    seconds = pages * LOG_PAGE_SECONDS + cpu + SNAPSHOTS * LOG_RUN_SECONDS
    objects = 30 * groups * (WINDOWS + LATE_READINGS)
    object_bytes = events / 4 * LOG_EVENT_BYTES
    gb_of_a_day = groups * 24 * events * LOG_EVENT_BYTES / 1e9
    standard_days = STANDARD_DAYS if object_bytes >= SMALLEST_MOVED else KEPT_DAYS
    moved = 30 * groups * WINDOWS if object_bytes >= SMALLEST_MOVED else 0
    # A look and a put for each object, and the run record; the previous run record, and for an hour its four objects.
    written = objects + SNAPSHOTS * (1 + LOG_RUN_LISTS)
    read = LOOK_REQUESTS * objects + SNAPSHOTS + 30 * groups * LATE_READINGS * 4 * 2
    sealed = objects + SNAPSHOTS
    # The run records of these runs are in the same folders as those of snapshots.
    _, ledger_gets, ledger_bytes = ledger(1, 0)
    # Their merge into sessions reads the events and the configuration of endpoints, and captures twice. Parquet takes two requests.
    merge_gets = MERGED_LOG_DAYS * 2 * (groups * (WINDOWS + LATE_READINGS) + 96) + 2 * (CAPTURES_FILES * 2 + METADATA_GETS)
    merge_lists = lists(groups * (WINDOWS + LATE_READINGS), MERGED_LOG_DAYS) + lists(96, MERGED_LOG_DAYS)
    merge_bytes = max(ATHENA_LEAST_BYTES, MERGED_LOG_DAYS * gb_of_a_day * 1e9) + ATHENA_LEAST_BYTES
    parts = {
        "reading": seconds * 512 / 1024 * LAMBDA_GB_SECOND + SNAPSHOTS * LAMBDA_REQUEST,
        "requests": written * S3_PUT_OR_LIST + read * S3_GET + moved * S3_TRANSITION,
        "seal": sealed * S3_GET,
        "storage": gb_of_a_day * (standard_days * S3_STANDARD_GB_MONTH + (KEPT_DAYS - standard_days) * S3_STANDARD_IA_GB_MONTH),
        "sessions": 720
        * (
            (ledger_gets + merge_gets) * S3_GET
            + merge_lists * S3_PUT_OR_LIST
            + (ledger_bytes + merge_bytes) / 1e12 * ATHENA_TB
            + LOG_MERGE_TRANSITIONS * STATE_TRANSITION
        ),
        "alarms": LOG_ALARMS * ALARM_MONTH,
    }
    return parts, (written + read + sealed + 720 * (ledger_gets + merge_gets + merge_lists)) * DATA_EVENT, gb_of_a_day * KEPT_DAYS


def main():
    names = ["capture", "requests", "seal", "storage", "sessions", "watching"]
    print("| endpoints | connections of each | one capture | kept | " + " | ".join(names) + " | a month | data events |")
    print("|" + "---|" * (len(names) + 6))
    for endpoints in (1, 5, 50):
        for connections in OBJECT_BYTES:
            parts, data_events, seconds, gb = month(endpoints, connections)
            dollars = " | ".join(f"{parts[name]:,.2f}" for name in names)
            total = sum(parts.values())
            print(f"| {endpoints} | {connections:,} | {seconds:,.1f} s | {gb:,.1f} GB | {dollars} | **{total:,.2f}** | {data_events:,.2f} |")
    print()
    names = ["transitions", "invocations", "records", "digests", "storage", "sessions", "alarms"]
    print("| accounts and Regions | " + " | ".join(names) + " | a month, besides | data events |")
    print("|" + "---|" * (len(names) + 3))
    for places in (10, 100, 640):
        parts, data_events = fleet(places)
        dollars = " | ".join(f"{parts[name]:,.2f}" for name in names)
        print(f"| {places} | {dollars} | **{sum(parts.values()):,.2f}** | {data_events:,.2f} |")
    print()
    names = ["reading", "requests", "seal", "storage", "sessions", "alarms"]
    print("| log groups | events an hour of each | kept | " + " | ".join(names) + " | a month, besides | data events |")
    print("|" + "---|" * (len(names) + 5))
    for groups in (1, 10):
        for events in (100, 10_000, 1_000_000):
            parts, data_events, gb = connection_logs(groups, events)
            dollars = " | ".join(f"{parts[name]:,.2f}" for name in names)
            print(f"| {groups} | {events:,} | {gb:,.1f} GB | {dollars} | **{sum(parts.values()):,.2f}** | {data_events:,.2f} |")


main()
