"""Compares two lakes that were made of the same fleet at the same time: the same objects with the same rows, and the same
records, ids and times aside. Shares no code with the program that wrote them.

Usage: compare_lakes.py LAKE LAKE
"""

import json
import re
import sys

import lake as lakes

#: The fields that differ between any two runs.
OF_THE_RUN = {
    *("run_id", "start", "end", "capture_millis", "captured_at"),
    *("first_page_requested_at", "first_page_at", "last_page_at", "clock_difference_seconds"),
    *("authorization_rules_captured_at", "routes_captured_at"),
    *("request_id", "first_request_id", "last_request_id", "sha256", "bytes", "lake"),
}


def main():
    first, second = [describe(lakes.open_lake(location)) for location in sys.argv[1:]]
    differences = [key for key in sorted(first.keys() | second.keys()) if first.get(key) != second.get(key)]
    records = sum(key.startswith("runs/") for key in first)
    print(json.dumps({"objects": len(first) - records, "records": records, "differences": differences}))


def describe(lake):
    described = {}
    for table in ["connections", "partials", "endpoints", "authorization_rules", "routes", "connection_logs"]:
        described |= {key: without_ids(lakes.rows(lake, key)) for key in lakes.objects(lake, table)}
    for path in (lake / "runs").rglob("*.json"):
        # Its own id is in its key.
        key = re.sub("Z_[^/]*$", "Z", str(path.relative_to(lake)))
        described[key] = without_ids(json.loads(path.read_text()))
    return described


def without_ids(value):
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    if isinstance(value, dict):
        return {name: without_ids(item) for name, item in value.items() if name not in OF_THE_RUN}
    return value


main()
