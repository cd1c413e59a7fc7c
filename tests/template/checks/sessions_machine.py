"""The state machine that keeps `sessions`, and the expiry of what it keeps."""

import re

import jsonata

import access
import cfn
import iam
import iceberg_tables
from common import compare


def evaluate(expression, variables):
    """A JSONata expression between `{%` and `%}`, by an implementation that is not AWS's."""
    text = expression.strip().removeprefix("{%").removesuffix("%}")
    compiled = jsonata.Jsonata(text)
    for name, value in variables.items():
        compiled.assign(name, value)
    return compiled.evaluate(None)


def prepared(machine, started="2026-03-01T09:20:03.456Z", **given):
    """The variables of an execution that started then and whose input is `given`."""
    variables = {"states": {"input": given, "context": {"Execution": {"StartTime": started}}}}
    assigned = machine["States"]["Prepare"]["Assign"]
    is_expression = lambda value: isinstance(value, str) and value.strip().startswith("{%")
    return {name: evaluate(value, variables) if is_expression(value) else value for name, value in assigned.items()}


#: States of one word, and the files of their statements.
FILES = {"Create": "create", "Merge": "merge", "Expire": "expire", "Optimize": "optimize", "Vacuum": "vacuum"}


def state_machine(template):
    properties = cfn.resolve(template)["Resources"]["SessionsStateMachine"]["Properties"]
    machine = properties["Definition"]
    states = machine["States"]
    problems = compare("kind of state machine", properties["StateMachineType"], "STANDARD")
    if machine.get("TimeoutSeconds", 3600) >= 3600:
        problems.append("an execution can meet the next one")
    # What each is followed by, and what comes of its failures, is tried in sessions.py.
    statements = {f"{state}Captures": ("captures", name) for state, name in FILES.items()}
    statements |= {"AddCapturesColumns": ("captures", "add_columns"), "SetCapturesProperties": ("captures", "set_properties")}
    statements |= {"LookAtLastMerge": ("captures", "last_merge"), "NoteMerge": ("captures", "note_merge")}
    statements |= {"LookAtLogsFrom": ("captures", "logs_from"), "MergeLogs": ("sessions", "merge_logs")}
    statements |= {state: ("sessions", name) for state, name in FILES.items() if state != "Create"}
    statements |= {state: ("sessions", name) for state, name in (("CreateTable", "create"), ("AddColumns", "add_columns"), ("SetProperties", "set_properties"))}
    looks = {"LookAtCapturesColumns": "captures", "LookAtColumns": "sessions"}
    tasks = sorted(name for name, state in states.items() if state["Type"] == "Task")
    problems += compare("tasks", tasks, sorted([*statements, *looks, "ReadLastMerge", "ReadLogsFrom"]))
    cases = [
        ({"time": "2026-03-01T09:20:00Z"}, ("9999-12-31 00:00:00", False)),
        ({"time": "2026-03-01T03:20:00Z"}, ("2026-02-23 00:00:00", True)),
        ({"time": "2026-03-01T09:20:00Z", "from_date": "2026-01-15"}, ("2026-01-15 00:00:00", False)),
        ({"time": "2026-03-01T09:20:00Z", "maintain": True}, ("9999-12-31 00:00:00", True)),
    ]
    for given, expected in cases:
        variables = prepared(machine, **given)
        problems += compare(f"window and maintenance for {given}", (variables["asked_from"], variables["maintain"]), expected)
    for name, text in {"from_date": "2026-01-15' OR true", "time": "2026-03-01T09:20:00Z' OR true"}.items():
        try:
            prepared(machine, **({"time": "2026-03-01T09:20:00Z"} | {name: text}))
            problems.append(f"{text} is taken for a {name}")
        except (jsonata.JException, ValueError):
            pass
    variables = prepared(machine, time="2026-03-01T09:20:00Z") | {"missing_columns": ["one string", "other bigint"]}
    variables |= {"from_time": "2026-02-28 23:20:00", "logs_from": "2026-02-03"}
    marks = {"from_time": "2026-02-28 23:20:00", "from_date": "2026-02-28", "logs_from": "2026-02-03", "merged_at": "2026-03-01T09:20:03.456Z", "analytics_bucket": "analyticsbucket"}
    marks |= {"expires_before": "2025-01-01", "missing_columns": "one string, other bigint"}
    for state, (table, name) in statements.items():
        task = states[state]
        problems += compare(f"resource of {state}", task["Resource"], "arn:aws:states:::athena:startQueryExecution.sync")
        where = {key: value for key, value in task["Arguments"].items() if key != "QueryString"}
        context = {"Catalog": "AwsDataCatalog", "Database": "client_vpn_audit"}
        problems += compare(f"where {state} runs", where, {"WorkGroup": "client-vpn-audit", "QueryExecutionContext": context})
        # Only what was never begun may be tried again by itself, or two MERGEs could meet.
        problems += compare(f"retries of {state}", [retry["ErrorEquals"] for retry in task["Retry"]], [["Athena.TooManyRequestsException"]])
        # A column that was added cannot be added again; of CREATE TABLE IF NOT EXISTS nothing is to be expected.
        caught = [] if name in ("create", "add_columns", "last_merge", "logs_from") else [["States.TaskFailed"]]
        problems += compare(f"failures of {state} that are caught", [catch["ErrorEquals"] for catch in task.get("Catch", [])], caught)
        statement = iceberg_tables.statement(table, name)
        for mark, value in marks.items():
            statement = statement.replace(f"{{{mark}}}", value)
        if evaluate(task["Arguments"]["QueryString"], variables).strip() != statement:
            problems.append(f"statement of {state} differs from {table}/{name}.sql")
    for state, table in looks.items():
        what = (states[state]["Resource"], states[state]["Arguments"])
        problems += compare("where columns are looked at", what, ("arn:aws:states:::aws-sdk:glue:getTable", {"DatabaseName": "client_vpn_audit", "Name": table}))
        columns = variables["columns" if table == "sessions" else "captures_columns"]
        problems += compare(f"columns of {table}", [(column["name"], column["type"]) for column in columns], iceberg_tables.columns(table))
    return problems


#: Of a time, when the execution started, and the days of RetentionDays: the first day that is kept.
EXPIRES_BEFORE = [
    ("2025-12-05T23:59:59Z", "2025-12-05T23:59:59Z", 400, "2024-10-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-11-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", "0400", "2024-11-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 90, "2025-09-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 36500, "1925-12-01"),
    ("2026-03-01T03:20:00Z", "2026-03-01T03:20:01Z", 365, "2025-03-01"),
    ("2025-02-28T03:20:00Z", "2025-02-28T03:20:01Z", 365, "2024-02-01"),
    # A time that is typed wrong by hand deletes no more than the day of the execution does, and an earlier one less.
    ("2035-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-11-01"),
    ("2025-06-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-05-01"),
]


def expiry_of_sessions(template):
    """Sessions expire as the evidence does, by complete months, and what expired is gone from the store a day later."""
    problems = []
    for time, started, days, expected in EXPIRES_BEFORE:
        machine = cfn.resolve(template, RetentionDays=days)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
        found = prepared(machine, started, time=time)["expires_before"]
        problems += compare(f"first day of sessions that is kept at {time}, {started} with {days} days", found, expected)
    # What was seen since is in the evidence still.
    before = "TIMESTAMP '{expires_before} 00:00:00'"
    if not re.fullmatch(rf"DELETE FROM sessions\nWHERE connection_established_time < {before}\n  AND last_seen < {before}", iceberg_tables.statement("sessions", "expire")):
        problems.append("sessions/expire.sql deletes something else than what began and was last seen before a day")
    # A month later, so that each session keeps the captures before it.
    if not re.fullmatch(r"DELETE FROM captures\nWHERE snapshot_date < DATE '{expires_before}' - INTERVAL '1' MONTH", iceberg_tables.statement("captures", "expire")):
        problems.append("captures/expire.sql deletes something else than months before the month before a day")
    machine = cfn.resolve(template)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
    for state, table in {"SetProperties": "sessions", "SetCapturesProperties": "captures"}.items():
        set_ = evaluate(machine["States"][state]["Arguments"]["QueryString"], prepared(machine, time="2026-03-01T09:20:00Z"))
        found = {name: int(value) for name, value in re.findall(r"'(\w+)' = '(\d+)'", set_)}
        # Longer than a statement runs, so that nothing that is being written is removed; less than a day, so that the next VACUUM
        # removes what this day's expiry deleted.
        age = found.get("vacuum_max_snapshot_age_seconds", 432000)
        if not 3600 <= age < 23 * 3600:
            problems.append(f"VACUUM keeps old versions of {table} for {age} s")
        problems += compare("old versions that VACUUM keeps however old they are", found.get("vacuum_min_snapshots_to_keep"), 1)
        # A single statement deletes from a file, after which OPTIMIZE must rewrite it. Of `captures` no column names a person.
        threshold = found.get("optimize_rewrite_delete_file_threshold", 2)
        problems += compare(f"deletions from a file of {table} that OPTIMIZE waits for", threshold, 1 if table == "sessions" else 2)
    for parameters in access.VARIANTS:
        problems += deletes(cfn.resolve(template, **parameters)["Resources"], parameters)
    return problems


def deletes(whole, parameters):
    """VACUUM may delete the files of the table, and no version of them stays. Without the permission it succeeds all the same."""
    problems = []
    role = [policy["PolicyDocument"] for policy in whole["SessionsRole"]["Properties"]["Policies"]]
    context = {"aws:PrincipalArn": f"arn:aws:iam::{cfn.ACCOUNT}:role/SessionsRole", "aws:ResourceAccount": cfn.ACCOUNT, "aws:SecureTransport": "true"}
    for key in ("sessions/data/x.parquet", "sessions/metadata/x.avro", "sessions/metadata/x.metadata.json"):
        request = {"action": "s3:DeleteObject", "resource": f"arn:aws:s3:::analyticsbucket/{key}", "context": context}
        decisions = (iam.decide(role, request), iam.decide([whole["AnalyticsBucketPolicy"]["Properties"]["PolicyDocument"]], request))
        if decisions != ("allow", "none"):
            problems.append(f"VACUUM deletes nothing: s3:DeleteObject of {key} by its role and the bucket's policy is {decisions} with {parameters}")
    bucket = whole["AnalyticsBucket"]["Properties"]
    kept = [name for name in bucket if name.startswith("ObjectLock") or name == "VersioningConfiguration" or name == "ReplicationConfiguration"]
    problems += compare("what keeps deleted sessions", kept, [])
    rules = bucket["LifecycleConfiguration"]["Rules"]
    results = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "results/" and rule["Status"] == "Enabled"]
    return problems + compare("days that results of queries are kept", results, [30])


CHECKS = [state_machine, expiry_of_sessions]
