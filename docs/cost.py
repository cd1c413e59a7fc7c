"""Prints the tables of `docs/cost.md`: what a month of Client VPN Audit costs, from prices and measured sizes."""

import math

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
KMS_KEY_MONTH = 1.0
KMS_ECC_SIGN = 0.15 / 10_000

# Measured: objects of the simulator's connections, and the CPU time of a capture on one whole core.
OBJECT_BYTES = {100: 12_206, 7_000: 440_094, 126_000: 7_686_167}
CPU_SECONDS_PER_CONNECTION = 1.15 / 200_000
# Assumed, not measured: how long EC2 takes for a page of 1,000 connections.
PAGE_SECONDS = 0.3
# EC2's API throttling: calls a second of one account and Region, once the bucket of 100 is empty.
CALLS_PER_SECOND = 20

CONCURRENCY = 5
SNAPSHOTS = 96 * 30
# Assumed: S3 answers in tens of milliseconds.
SEAL_SECONDS, SEAL_LISTINGS = 1.5, 14
MERGED_DAYS = 3 + 4 / 24  # three each hour, seven once a day
RETENTION_DAYS, STANDARD_DAYS = 400, 60
METRICS_PER_ENDPOINT, METRICS, ALARMS = 6, 3, 12
# States that an execution of the fleet enters, its start among them, and those of each batch.
FLEET_TRANSITIONS, BATCH_TRANSITIONS, FLEET_ALARMS = 6, 2, 3
# Assumed: what an invocation takes besides paging, for a role to be assumed and endpoints to be found.
BATCH_SECONDS = 0.5
SMALLEST_MOVED = 128 * 1024


def capture_seconds(endpoints, connections, memory_mb):
    pages = math.ceil(connections / 1000)
    paging = math.ceil(endpoints / CONCURRENCY) * pages * PAGE_SECONDS
    throttled = (endpoints * pages - 100) / CALLS_PER_SECOND
    cpu = endpoints * connections * CPU_SECONDS_PER_CONNECTION * 1769 / min(memory_mb, 1769)
    return max(paging, throttled) + cpu + 0.2


def month(endpoints, connections):
    """Dollars by part, once the retention is full, and how long one capture runs."""
    memory_mb = 512 if endpoints * connections <= 630_000 else 1769
    seconds = capture_seconds(endpoints, connections, memory_mb)
    object_bytes = OBJECT_BYTES[connections]
    gb_of_a_day = endpoints * object_bytes * 96 / 1e9
    standard_days = STANDARD_DAYS if object_bytes >= SMALLEST_MOVED else RETENTION_DAYS
    moved = SNAPSHOTS * endpoints if object_bytes >= SMALLEST_MOVED else 0
    merged = max(ATHENA_LEAST_BYTES, MERGED_DAYS * gb_of_a_day * 1e9)
    # Parquet is read with two requests at least, and a merge and what follows it read the ledger too.
    gets = MERGED_DAYS * 96 * (2 * endpoints + 2)
    parts = {
        "capture": SNAPSHOTS * (seconds * memory_mb / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST),
        # A look and a put for each endpoint, the endpoints' configuration, and the run record.
        "requests": SNAPSHOTS * (2 * endpoints + 2) * S3_PUT_OR_LIST + moved * S3_TRANSITION,
        # Four times an hour a second and some listings; once an hour a look at each object, a digest and a signature.
        "seal": SNAPSHOTS * (SEAL_SECONDS * memory_mb / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST + SEAL_LISTINGS * S3_PUT_OR_LIST)
        + 720 * (4 * (endpoints + 1) * S3_GET + 6 * S3_PUT_OR_LIST + S3_PUT_OR_LIST + KMS_ECC_SIGN),
        "storage": gb_of_a_day
        * (standard_days * S3_STANDARD_GB_MONTH + (RETENTION_DAYS - standard_days) * S3_STANDARD_IA_GB_MONTH),
        "sessions": 720
        * ((merged + ATHENA_LEAST_BYTES) / 1e12 * ATHENA_TB + gets * S3_GET + 7 * STATE_TRANSITION),
        "watching": (METRICS_PER_ENDPOINT * endpoints + METRICS) * METRIC_MONTH + ALARMS * ALARM_MONTH + KMS_KEY_MONTH,
    }
    return parts, seconds, gb_of_a_day * RETENTION_DAYS


def fleet(batches):
    """Dollars a month by part that as many accounts and Regions cost besides, when each is a batch."""
    return {
        "transitions": SNAPSHOTS * (FLEET_TRANSITIONS + BATCH_TRANSITIONS * batches) * STATE_TRANSITION,
        "invocations": SNAPSHOTS * (batches + 1) * (BATCH_SECONDS * 512 / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST),
        # A run record of its own, and the configuration of its endpoints.
        "records": SNAPSHOTS * batches * 2 * S3_PUT_OR_LIST,
        "digests": 720 * batches * (7 * S3_PUT_OR_LIST + KMS_ECC_SIGN),
        "alarms": FLEET_ALARMS * ALARM_MONTH,
    }


def main():
    names = ["capture", "requests", "seal", "storage", "sessions", "watching"]
    print("| endpoints | connections of each | one capture | kept | " + " | ".join(names) + " | a month |")
    print("|" + "---|" * (len(names) + 5))
    for endpoints in (1, 5, 50):
        for connections in OBJECT_BYTES:
            parts, seconds, gb = month(endpoints, connections)
            dollars = " | ".join(f"{parts[name]:,.2f}" for name in names)
            total = sum(parts.values())
            print(f"| {endpoints} | {connections:,} | {seconds:,.1f} s | {gb:,.1f} GB | {dollars} | **{total:,.2f}** |")
    print()
    names = ["transitions", "invocations", "records", "digests", "alarms"]
    print("| accounts and Regions | " + " | ".join(names) + " | a month, besides |")
    print("|" + "---|" * (len(names) + 2))
    for batches in (10, 100, 640):
        parts = fleet(batches)
        dollars = " | ".join(f"{parts[name]:,.2f}" for name in names)
        print(f"| {batches} | {dollars} | **{sum(parts.values()):,.2f}** |")


main()
