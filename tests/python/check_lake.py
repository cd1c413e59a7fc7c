"""Holds lakes against what the simulator says it served. Shares no code with the program that wrote them.

Usage: check_lake.py LAKE SERVED
       check_lake.py --many FILE

SERVED is a file with a JSON list of the pages that were served; FILE one with a JSON list of pairs of LAKE and SERVED.
Prints a JSON object, or a list of them: how many rows were served and how many lie in each table, and every problem found:
a served row that is missing or differs, a row that nobody served, a complete capture that does not end with a last page,
or counts in the ledger that differ from the objects.
"""

import collections
import datetime
import hashlib
import itertools
import json
import re
import sys

import lake as lakes

PLACEHOLDERS = {"", "-", "NA", "N/A"}
TIMES = {
    "connection_timestamp": "timestamp",
    "connection_established_time": "connectionEstablishedTime",
    "connection_end_time": "connectionEndTime",
    "authorization_policy_last_evaluated_time": "authorizationPolicyLastEvaluatedTime",
}
COUNTS = {
    "ingress_bytes": "ingressBytes",
    "egress_bytes": "egressBytes",
    "ingress_packets": "ingressPackets",
    "egress_packets": "egressPackets",
}
TEXTS = {
    "connection_id": "connectionId",
    "username": "username",
    "common_name": "commonName",
    "client_ip": "clientIp",
    "client_ipv6_address": "clientIpv6Address",
}


# Characters that XML 1.0 does not allow.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def time(text):
    rfc_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", text):
            value = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.UTC)
        elif re.fullmatch(rfc_3339, text):
            value = datetime.datetime.fromisoformat(text.upper()).astimezone(datetime.UTC)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return value.isoformat(timespec="milliseconds") if value.microsecond % 1000 == 0 else None


def escaped(text):
    """The form that `unparsed` has of a text with characters that XML does not allow."""
    if not ILLEGAL.search(text):
        return text
    return ILLEGAL.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", text.replace("\\", "\\\\"))


def replaced(text):
    return ILLEGAL.sub("\ufffd", text)


def count(text):
    if not re.fullmatch(r"0|[1-9][0-9]*", text) or int(text) > 2**63 - 1:
        return None
    return int(text)


def expected(connection, page):
    """The row that a served connection must have become."""
    unparsed = {}

    def typed(field, parse):
        text = connection.get(field)
        if text is None or text in PLACEHOLDERS:
            return None
        value = parse(text)
        if value is None:
            unparsed[field] = escaped(text)
        return value

    def text(field, value):
        if value in (None, "", "-"):
            return None
        if ILLEGAL.search(value):
            unparsed[field] = escaped(value)
        return replaced(value)

    row = {"request_id": page["requestId"], "endpoint_id": page["endpointId"]}
    row |= {column: text(field, connection.get(field)) for column, field in TEXTS.items()}
    status = connection.get("status") or {}
    row |= {"status_code": text("status.code", status.get("code"))}
    row |= {"status_message": text("status.message", status.get("message"))}
    row |= {column: typed(field, time) for column, field in TIMES.items()}
    row |= {column: typed(field, count) for column, field in COUNTS.items()}
    statuses = connection.get("postureComplianceStatuses")
    row["posture_compliance_statuses"] = statuses and [replaced(status) for status in statuses]
    if any(ILLEGAL.search(status) for status in statuses or []):
        items = "".join(f"<item>{status}</item>" for status in statuses)
        unparsed["postureComplianceStatusSet"] = escaped(items)
    answered = connection.get("clientVpnEndpointId")
    if answered not in (None, "", "-", page["endpointId"]):
        unparsed["clientVpnEndpointId"] = escaped(answered)
    unparsed |= page["unknownFields"]
    row["unparsed"] = unparsed or None
    return row


def main():
    if sys.argv[1] == "--many":
        with open(sys.argv[2]) as file:
            print(json.dumps([check(*pair) for pair in json.load(file)]))
    else:
        print(json.dumps(check(*sys.argv[1:])))


def check(location, served):
    with open(served) as file:
        pages = json.load(file)
    with lakes.opened(location) as lake:
        return check_lake(lake, pages)


def check_lake(lake, pages):
    problems = []
    tables = {}
    by_page = collections.defaultdict(list)
    for table in ["connections", "partials"]:
        tables[table] = {key: lakes.rows(lake, key) for key in lakes.objects(lake, table)}
        for rows in tables[table].values():
            for row in rows:
                by_page[row["request_id"]].append({k: v for k, v in row.items() if k not in ("snapshot_time", "captured_at")})
    missing = []
    for page in pages:
        wanted = [expected(connection, page) for connection in page["connections"]]
        found = by_page.pop(page["requestId"], [])
        if found != wanted:
            missing.append(page["requestId"])
            if any(row not in wanted for row in found):
                columns = differing_columns(found, wanted)
                problems.append(f"page {page['requestId']}: a row in the lake differs from the one served, in {columns}")
                described = {name for row in wanted for name in row}
                if wanted and (undescribed := ", ".join(sorted({name for row in found for name in row} - described))):
                    problems.append(f"tests/python/check_lake.py does not describe {undescribed}")
    problems += [f"page {request_id}: nobody served it" for request_id in by_page]
    ids_in_lake = {row["connection_id"] for rows in tables["connections"].values() for row in rows}
    ids_in_lake |= {row["connection_id"] for rows in tables["partials"].values() for row in rows}
    ids_served = {expected(connection, page)["connection_id"] for page in pages for connection in page["connections"]}
    check_ledger(lake, tables, problems)
    counted = {table: sum(len(rows) for rows in objects.values()) for table, objects in tables.items()}
    return {
        "served": sum(len(page["connections"]) for page in pages),
        "connections": counted["connections"],
        "partials": counted["partials"],
        "pages_not_whole_in_the_lake": missing,
        "connection_ids_missing": len(ids_served - ids_in_lake),
        "false_completes": false_completes(tables["connections"], pages),
        "problems": problems,
    }


def differing_columns(found, wanted):
    """The columns in which rows of a page differ, or that one of the two does not have."""
    pairs = list(itertools.zip_longest(found, wanted, fillvalue={}))
    names = {name: None for pair in pairs for row in pair for name in row}
    differs = lambda name: any(one.get(name, "no such column") != other.get(name, "no such column") for one, other in pairs)
    return ", ".join(name for name in names if differs(name))


def false_completes(objects, pages):
    """Complete captures of which no last page was served, or which lack a page of their listing. Where captures ran at the
    same time, their pages lie between each other and this tells nothing."""
    false = []
    for key, rows in objects.items():
        endpoint_id = key[: -len(".parquet")].split("_")[-1]
        ids = {row["request_id"] for row in rows}
        of_endpoint = [page for page in pages if page["endpointId"] == endpoint_id]
        lasts = [page for page in of_endpoint if page.get("nextToken") is None]
        ended = any(page["requestId"] in ids or not page["connections"] for page in lasts)
        whole = all(page["requestId"] in ids or not page["connections"] for page in listing(of_endpoint, ids))
        if not (ended and whole):
            false.append(key)
    return false


def listing(pages, ids):
    """The pages from the first that the object has to the last."""
    numbers = [number for number, page in enumerate(pages) if page["requestId"] in ids]
    return pages[numbers[0] : numbers[-1] + 1] if numbers else []


def in_place(key):
    """The key from the account on, which is the same in every table and lake."""
    return key[key.index("/account_id=") :]


def check_ledger(lake, tables, problems):
    """Every object is in the ledger once, with its rows, size and hash; `complete` is said of `connections` alone. An entry that
    found an object says the same of it."""
    known, found = {}, []
    for run in lakes.runs(lake):
        for entry in run["targets"]:
            written = [entry["superseded"]] if entry["superseded"] else []
            if entry["outcome"] in ("complete", "partial"):
                written.append(entry)
                if entry["rows"] != entry["rows_read"]:
                    problems.append(f"{entry['object_key']}: rows read and rows written differ")
                table = "connections" if entry["outcome"] == "complete" else "partials"
                if f"{table}/" not in entry["object_key"]:
                    problems.append(f"{entry['object_key']}: in the wrong table for {entry['outcome']}")
            for item in written:
                known[in_place(item["object_key"])] = item
            if entry["outcome"] == "already_captured":
                found.append(entry)
    for item in found:
        written = known.get(in_place(item["object_key"]), item)
        for field in ["rows", "bytes", "sha256", "first_page_requested_at", "first_page_at", "last_page_at"]:
            if item[field] is None or item[field] != written[field]:
                problems.append(f"{item['object_key']}: {field} of the entry that found it differs")
    for objects in tables.values():
        for key, rows in objects.items():
            item = known.pop(in_place(key), None)
            content = (lake / key).read_bytes()
            if item is None:
                problems.append(f"{key}: not in the ledger")
            elif (item["rows"], item["bytes"], item["sha256"]) != (len(rows), len(content), hashlib.sha256(content).hexdigest()):
                problems.append(f"{key}: the ledger says otherwise")
    problems += [f"{key}: in the ledger, not in the lake" for key in known]


if __name__ == "__main__":
    main()
