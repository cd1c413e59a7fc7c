"""The Lambda function that one would write with boto3 and AWS SDK for pandas: every connection of an endpoint, typed, as one
Parquet object with the columns of this project's snapshot.

As a program it is invoked once: `pandas_lambda.py EVENT` prints what it answers, and its peak memory.
"""

import os

import awswrangler as wr
import boto3
import pandas as pd

TEXTS = {
    "connection_id": "ConnectionId",
    "username": "Username",
    "common_name": "CommonName",
    "client_ip": "ClientIp",
    "client_ipv6_address": "ClientIpv6Address",
}
TIMES = {
    "connection_timestamp": "Timestamp",
    "connection_established_time": "ConnectionEstablishedTime",
    "connection_end_time": "ConnectionEndTime",
    "authorization_policy_last_evaluated_time": "AuthorizationPolicyLastEvaluatedTime",
}
COUNTS = {
    "ingress_bytes": "IngressBytes",
    "egress_bytes": "EgressBytes",
    "ingress_packets": "IngressPackets",
    "egress_packets": "EgressPackets",
}

ec2 = boto3.client("ec2")


def handler(event, context):
    rows = []
    pages = ec2.get_paginator("describe_client_vpn_connections").paginate(
        ClientVpnEndpointId=event["endpoint_id"], PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        captured_at = pd.Timestamp.now("UTC")
        for connection in page["Connections"]:
            status = connection.get("Status", {})
            rows.append(
                {
                    "captured_at": captured_at,
                    "request_id": page["ResponseMetadata"]["RequestId"],
                    "endpoint_id": event["endpoint_id"],
                    **{column: connection.get(field) for column, field in (TEXTS | TIMES | COUNTS).items()},
                    "status_code": status.get("Code"),
                    "status_message": status.get("Message"),
                    "posture_compliance_statuses": connection.get("PostureComplianceStatuses"),
                }
            )
    frame = pd.DataFrame(rows)
    frame["snapshot_time"] = pd.Timestamp(event["time"])
    for column in TIMES:
        frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d %H:%M:%S", errors="coerce", utc=True)
    for column in COUNTS:
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("Int64")
    types = {"posture_compliance_statuses": "array<string>", "client_ipv6_address": "string", "username": "string"}
    wr.s3.to_parquet(frame, path=f"s3://{event['bucket']}/{event['key']}", compression="zstd", dtype=types)
    return {"rows": len(frame)}


if __name__ == "__main__":
    import json
    import pathlib
    import sys

    answer = handler(json.loads(sys.argv[1]), None)
    print(json.dumps(answer | {"status": pathlib.Path(f"/proc/{os.getpid()}/status").read_text()}))
