"""Computes the columns of `sessions` that come from connection logs, of lakes made by hand, one session at a time. No SQL."""

import datetime

import hole_definition

QUARTER = datetime.timedelta(minutes=15)
COLUMNS = {
    "device_ip": "varchar",
    "device_type": "varchar",
    "port": "bigint",
    "transport_protocol": "varchar",
    "policy_result": "varchar",
    "policy_denials": "bigint",
    "logged": "boolean",
    "log_group": "varchar",
    "log_group_since": "timestamp(6)",
}
KEY = ("account_id", "region", "endpoint_id", "connection_id")


def of_session(lake, endpoint_id, connection_id, began):
    """The values of these columns by name."""
    log_group = group_at(lake, endpoint_id, began)
    is_own = lambda row: (row.get("endpoint_id"), row.get("connection_id")) == (endpoint_id, connection_id)
    events = sorted(filter(is_own, lake.tables["connection_logs"]), key=lambda row: (row["event_time"] is not None, row["event_time"] or 0))
    values = {name: last(events, name) for name in list(COLUMNS)[:5]}
    is_read = bool(events) or (log_group is not None and windows_are_read(lake, log_group, began))
    denials = {row["event_id"] for row in events if row.get("policy_result") == "deny"}
    values["policy_denials"] = len(denials) if is_read else None
    values["logged"] = bool(events) if is_read else None
    since = [row["captured_at"] for row in lake.tables["endpoints"] if row["endpoint_id"] == endpoint_id and row["captured_at"] <= began]
    return values | {"log_group": log_group, "log_group_since": max(since, default=None) if log_group else None}


def group_at(lake, endpoint_id, time):
    """The log group of the newest configuration at or before a time, or else of the first."""
    of_endpoint = [row for row in lake.tables["endpoints"] if row["endpoint_id"] == endpoint_id]
    before = [row for row in of_endpoint if row["captured_at"] <= time]
    if not of_endpoint:
        return None
    when = lambda row: row["captured_at"]
    row = max(before, key=when) if before else min(of_endpoint, key=when)
    return row["connection_log_group"] if row.get("connection_log_enabled") and row.get("connection_log_group") else None


def windows_are_read(lake, log_group, time):
    """If the window of a time and its neighbours were read."""
    read = set()
    for record in lake.ledger.records:
        for place in record["places"]:
            for group in place.get("logs", {}).get("groups", []):
                if group["log_group"] == lake.log_group(log_group):
                    read |= {hole_definition.millis(w["start"]) for w in group["windows"] if w["outcome"] != "failed" and not w["late"]}
    start = round(time.replace(tzinfo=datetime.UTC).timestamp()) // 900 * 900_000
    return {start - 900_000, start, start + 900_000} <= read


def last(events, name):
    return next((row[name] for row in reversed(events) if row.get(name) is not None), None)


def fill(trino, lakes):
    """Gives the sessions of lakes with connection logs these columns."""
    has_logs = lambda lake: lake.tables["connection_logs"] or any("logs" in place for run in lake.ledger.records for place in run["places"])
    lakes = {lake.account_id: lake for lake in lakes if has_logs(lake)}
    rows, _ = trino.execute(f"SELECT {', '.join(KEY)}, connection_established_time FROM sessions")
    values = []
    for *key, began in rows:
        if key[0] in lakes:
            found = of_session(lakes[key[0]], *key[2:], began)
            of_key = [literal(value, "varchar") for value in key]
            values.append(f"({', '.join(of_key + [literal(found[name], kind) for name, kind in COLUMNS.items()])})")
    if not values:
        return
    names = ", ".join([*KEY, *COLUMNS])
    on = " AND ".join(f"known.{name} = found.{name}" for name in KEY)
    trino.execute(
        f"MERGE INTO {trino.iceberg('sessions')} AS known USING (VALUES {', '.join(values)}) AS found ({names}) ON {on} "
        f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = found.{name}' for name in COLUMNS)}"
    )


def literal(value, kind):
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind == "varchar":
        return "'" + value.replace("'", "''") + "'"
    if kind.startswith("timestamp"):
        return f"TIMESTAMP '{value}'"
    return str(value).lower()
