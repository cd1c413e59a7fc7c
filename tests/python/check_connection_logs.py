"""Holds the rows of `connection_logs` against the events that boto3 reads in the same windows, typed here once more from what
docs/schema.md says: as columns, and verbatim in `unparsed` what a column cannot have.

Usage: check_connection_logs.py --endpoint-url URL --region REGION --group ARN LAKE

Prints as JSON the number of windows and of rows, the columns that had a value, the keys that were in `unparsed`, and the differences.
"""

import argparse
import datetime
import json
import pathlib
import re

import boto3
import pyarrow.parquet

import lake as lakes

WORDS = {
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
    "posture_compliance_statuses": "posture-compliance-statuses",
    "policy_result": "authorization-policy-evaluation.result",
    "policy_evaluation_type": "authorization-policy-evaluation.evaluation-type",
    "policy_shadow_mode": "authorization-policy-evaluation.shadow-mode",
    "policy_reason": "authorization-policy-evaluation.reason",
}
NAMES = {"username": "username", "common_name": "common-name"}
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
ENDPOINT = "client-vpn-endpoint-id"
EVALUATION = "authorization-policy-evaluation"
CONTEXT = f"{EVALUATION}.context"
TOKENS = f"{EVALUATION}.device-token-status"
# Most bytes of a value that a column has, and that `unparsed` keeps.
LONGEST = 64 * 1024
# Most bytes of messages in a window that are no events of a connection log and get rows.
FOREIGN = 64 * 1024
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--group", required=True, help="ARN of the log group")
    parser.add_argument("lake")
    arguments = parser.parse_args()
    logs = boto3.client("logs", endpoint_url=arguments.endpoint_url, region_name=arguments.region)
    lake = lakes.open_lake(arguments.lake)
    windows, rows, columns, unparsed, differences = 0, 0, set(), set(), []
    for key in lakes.objects(lake, "connection_logs"):
        if key.endswith("_late.parquet"):
            continue
        events = with_room(read(logs, arguments.group, due_time(key)))
        expected = [typed(event, arguments.group) for event in events]
        found = [plain(row) for row in pyarrow.parquet.ParquetFile(lake / key).read().to_pylist()]
        windows, rows = windows + 1, rows + len(found)
        if len(expected) != len(found):
            differences.append(f"{key}: {len(found)} rows for {len(expected)} events")
        for event, row in zip(expected, found, strict=False):
            columns |= {name for name, value in event.items() if value is not None}
            unparsed |= set(event["unparsed"] or {})
            differences += [f"{key}: {name}: {short(row.get(name))} and not {short(value)}" for name, value in event.items() if row.get(name) != value]
    print(json.dumps({"windows": windows, "rows": rows, "columns": sorted(columns), "unparsed": sorted(unparsed), "differences": differences[:20]}))


def short(value):
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}… ({len(text)})"


def due_time(key):
    return datetime.datetime.strptime(pathlib.PurePath(key).name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)


def read(logs, group, due):
    """The events of the window that was due then: a quarter of an hour that had been over for 30 minutes."""
    end = round(due.timestamp() * 1000) - 30 * 60 * 1000
    start = end - 15 * 60 * 1000
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group.split(":log-group:")[1], startTime=start, endTime=end - 1
    )
    return [event for page in pages for event in page["events"]]


def with_room(events):
    """The events that get rows: of those that are no events of a connection log, the first ones, up to 64 KiB in all."""
    room = FOREIGN
    for event in events:
        if message_of(event["message"]) is None:
            size = len(event["message"].encode(errors="surrogatepass"))
            room = room - size if size <= room else -1
            if room < 0:
                continue
        yield event


def plain(row):
    """A row as `typed` makes it: JSON as values, for the order and spaces of its text are not compared."""
    row = dict(row)
    for name in ["device_token_status", "unparsed"]:
        row[name] = dict(row[name]) if row[name] is not None else None
    if row["device_token_status"]:
        row["device_token_status"] = {name: json.loads(text) for name, text in row["device_token_status"].items()}
    for name in ["policy_context"]:
        row[name] = value_of(row[name])
    row["unparsed"] = row["unparsed"] and {name: value_of(text) for name, text in row["unparsed"].items()}
    return row


def value_of(text):
    """The value of a text that is JSON of a list or object; any other text as it is."""
    if text and text[0] in "[{":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    return text


class Row:
    """A row that is being made."""

    def __init__(self):
        self.columns, self.unparsed = {}, {}

    def keep(self, name, value):
        """Puts a value into `unparsed`: the second one of a name under `name[2]`."""
        number, key = 1, name
        while key in self.unparsed:
            number += 1
            key = f"{name}[{number}]"
        if not isinstance(value, str):
            self.unparsed[key] = value if isinstance(value, (list, dict)) else json.dumps(value)
            return
        encoded = value.encode(errors="surrogatepass")
        if len(encoded) > LONGEST:
            self.unparsed[f"{key}#length"] = str(len(encoded))
            value = encoded[:LONGEST].decode(errors="ignore")
        self.unparsed[key] = value_of(escaped(value) if ILLEGAL.search(value) else value)

    def text(self, column, field, value):
        if len(value.encode(errors="surrogatepass")) > LONGEST:
            self.keep(field, value)
        elif ILLEGAL.search(value):
            self.keep(field, value)
            self.columns[column] = ILLEGAL.sub("\ufffd", value)
        else:
            self.columns[column] = value


def escaped(text):
    return ILLEGAL.sub(lambda match: f"\\u{{{ord(match[0]):X}}}", text.replace("\\", "\\\\"))


def typed(event, group):
    """The columns of an event; `unparsed` and maps as dicts of values."""
    row = Row()
    pairs = message_of(event["message"])
    if pairs is None:
        row.keep("message", event["message"])
    else:
        fields, unknown = placed(pairs)
        type_fields(row, fields)
        for name, value in unknown:
            row.keep(name, value)
    moments = {"event_time": event["timestamp"], "ingestion_time": event["ingestionTime"]}
    all_columns = [*WORDS, *NAMES, *TIMES, *COUNTS, "endpoint_id", "policy_context", "device_token_status"]
    return dict.fromkeys(all_columns) | row.columns | {
        "event_id": event["eventId"],
        "log_stream": event["logStreamName"],
        "log_group": group,
        "unparsed": row.unparsed or None,
    } | {name: datetime.datetime.fromtimestamp(millis / 1000, datetime.UTC) for name, millis in moments.items()}


class Pairs(list):
    """An object of JSON with every field, also two of one name."""


def message_of(text):
    """The fields of the message; None if it is no event of a connection log."""
    try:
        pairs = json.loads(text, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number)
    except (ValueError, RecursionError):
        return None
    is_event = isinstance(pairs, Pairs) and {name for name, _ in pairs} & {"connection-log-type", ENDPOINT}
    return pairs if is_event else None


class Number(str):
    """A number as it is written."""


def placed(pairs):
    """The fields that have a column, by their path, and all others in their order."""
    known = {ENDPOINT, CONTEXT, TOKENS, *WORDS.values(), *NAMES.values(), *TIMES.values(), *COUNTS.values()}
    fields, unknown = {}, []
    for name, value in pairs:
        is_evaluation = name == EVALUATION and isinstance(value, Pairs)
        for path, part in [(f"{name}.{key}", part) for key, part in value] if is_evaluation else [(name, value)]:
            if part is None or (path in fields and fields[path] == part):
                continue
            has_type = {
                CONTEXT: True,
                TOKENS: isinstance(part, Pairs),
            }.get(path, is_text(part) or (isinstance(part, Number) and path in COUNTS.values()))
            if path in known and path not in fields and has_type:
                fields[path] = part
            else:
                unknown.append((path, as_kept(part)))
    return fields, unknown


def is_text(value):
    return isinstance(value, str) and not isinstance(value, Number)


def as_kept(value):
    """A value with objects as dicts, and its numbers as values again, but for one alone, which is kept as it is written."""
    if isinstance(value, Pairs):
        return {name: as_kept(part) if not isinstance(part, Number) else json.loads(part) for name, part in value}
    if isinstance(value, list):
        return [as_kept(part) if not isinstance(part, Number) else json.loads(part) for part in value]
    return str(value) if isinstance(value, str) else value


def type_fields(row, fields):
    for column, field in (WORDS | NAMES).items():
        missing = ("", "-") if column in NAMES else ("", "-", "NA", "N/A")
        if fields.get(field) is not None and fields[field] not in missing:
            row.text(column, field, fields[field])
    for names, reader in [(TIMES, time_of), (COUNTS, count_of)]:
        for column, field in names.items():
            text = fields.get(field)
            if text is not None and text not in ("", "-", "NA", "N/A"):
                value = reader(text)
                if value is None:
                    row.keep(field, str(text))
                else:
                    row.columns[column] = value
    endpoint = fields.get(ENDPOINT)
    if endpoint is not None and endpoint not in ("", "-", "NA", "N/A"):
        if re.fullmatch(r"cvpn-endpoint-([0-9a-f]{8}|[0-9a-f]{17})", endpoint):
            row.columns["endpoint_id"] = endpoint
        else:
            row.keep(ENDPOINT, endpoint)
    if fields.get(TOKENS):
        row.columns["device_token_status"] = as_kept(fields[TOKENS])
    if fields.get(CONTEXT) is not None:
        row.columns["policy_context"] = as_kept(fields[CONTEXT])


def time_of(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None


def count_of(text):
    return int(text) if re.fullmatch("[0-9]+", text) and int(text) < 2**63 else None


if __name__ == "__main__":
    main()
