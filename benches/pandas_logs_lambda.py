"""The Lambda function that one would write with boto3 and AWS SDK for pandas: every event of a log group of Client VPN, typed, as
one Parquet object for each quarter of an hour, with the columns of this project's connection_logs.

As a program it is invoked once: `pandas_logs_lambda.py EVENT` prints what it answers, and its peak memory.
"""

import json
import os

import awswrangler as wr
import boto3
import pandas as pd

TEXTS = {
    "endpoint_id": "client-vpn-endpoint-id",
    "connection_log_type": "connection-log-type",
    "connection_attempt_status": "connection-attempt-status",
    "connection_reset_status": "connection-reset-status",
    "connection_attempt_failure_reason": "connection-attempt-failure-reason",
    "connection_id": "connection-id",
    "transport_protocol": "transport-protocol",
    "client_ip": "client-ip",
    "client_ipv6_address": "client-ip-v6",
    "device_type": "device-type",
    "device_ip": "device-ip",
    "username": "username",
    "common_name": "common-name",
    "posture_compliance_statuses": "posture-compliance-statuses",
}
TIMES = {
    "connection_start_time": "connection-start-time",
    "connection_last_update_time": "connection-last-update-time",
    "connection_end_time": "connection-end-time",
}
COUNTS = {
    "port": "port",
    "connection_duration_seconds": "connection-duration-seconds",
    "ingress_bytes": "ingress-bytes",
    "egress_bytes": "egress-bytes",
    "ingress_packets": "ingress-packets",
    "egress_packets": "egress-packets",
}
POLICY = {
    "policy_result": "result",
    "policy_evaluation_type": "evaluation-type",
    "policy_shadow_mode": "shadow-mode",
    "policy_reason": "reason",
    "policy_context": "context",
}
MISSING = ("NA", "-", "")

logs = boto3.client("logs")


def handler(event, context):
    counts = {}
    for window in event["windows"]:
        frame = read(event["log_group"], window["start"], window["end"])
        key = f"s3://{event['bucket']}/{event['prefix']}/{window['start']}.parquet"
        types = dict.fromkeys([*TEXTS, *POLICY, "event_id", "log_stream"], "string")
        wr.s3.to_parquet(frame, path=key, compression="zstd", dtype=types)
        counts[str(window["start"])] = len(frame)
    return {"rows": counts}


def read(log_group, start, end):
    """The events from `start` until before `end`, in milliseconds since 1970."""
    frames = []
    pages = logs.get_paginator("filter_log_events").paginate(logGroupIdentifier=log_group, startTime=start, endTime=end - 1)
    for page in pages:
        captured_at = pd.Timestamp.now("UTC")
        frames.append(pd.DataFrame([row(captured_at, event) for event in page["events"]]))
    frame = pd.concat(frames, ignore_index=True)
    for column in ["event_time", "ingestion_time"]:
        frame[column] = pd.to_datetime(frame[column], unit="ms", utc=True)
    for column in TIMES:
        frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d %H:%M:%S", errors="coerce", utc=True)
    for column in COUNTS:
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("Int64")
    return frame


def row(captured_at, event):
    message = json.loads(event["message"])
    policy = message.get("authorization-policy-evaluation") or {}
    typed = {
        "captured_at": captured_at,
        "event_id": event["eventId"],
        "event_time": event["timestamp"],
        "ingestion_time": event["ingestionTime"],
        "log_stream": event["logStreamName"],
    }
    for column, field in (TEXTS | TIMES | COUNTS).items():
        value = message.get(field)
        typed[column] = None if value in MISSING else value
    for column, field in POLICY.items():
        value = policy.get(field)
        typed[column] = value if value is None or isinstance(value, str) else json.dumps(value)
    return typed


if __name__ == "__main__":
    import pathlib
    import sys

    answer = handler(json.loads(sys.argv[1]), None)
    print(json.dumps(answer | {"status": pathlib.Path(f"/proc/{os.getpid()}/status").read_text()}))
