"""Runs SessionsStateMachine in moto's interpreter of Amazon States Language, as fleet.py does with the other machine. The tables are in
moto's Glue. moto knows no Athena: the function of fleet.py answers in its place, and fails as Athena does."""

import datetime
import json
import logging
import multiprocessing
import os
import re
import sys
import types

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import boto3

import cfn
import fleet
import iceberg_tables
from common import ROOT, compare

ATHENA = "arn:aws:states:::athena:startQueryExecution.sync"
RESULTS = "arn:aws:states:::athena:getQueryResults"
#: In place of Athena's States.TaskFailed, which no function can answer. What catches that catches this.
FAILED = "StatementFailed"
#: The day that the query for the oldest window answers.
LOGS_FROM = "2024-05-06"
HOURLY, DAILY = ({"time": f"2025-03-01T{hour}:20:00Z"} for hour in ("09", "03"))
ALL = {table: iceberg_tables.columns(table) for table in iceberg_tables.TABLES}
#: The time that stands in a statement: Client VPN did not exist earlier.
FIXED = {"2018-12-01 00:00:00"}
#: The beginning of each statement, by its file and table.
BEGINS = {
    f"{path.stem} {table}": iceberg_tables.statement(table, path.stem).partition("{")[0]
    for table in iceberg_tables.TABLES
    for path in (ROOT / table).glob("*.sql")
}


def by_function(definition):
    """The machine with each statement of Athena as an invocation of a function, whose payload is Athena's arguments."""
    machine = json.loads(json.dumps(definition))
    for state in machine["States"].values():
        if state.get("Resource") in (ATHENA, RESULTS):
            state["Resource"] = "arn:aws:states:::lambda:invoke"
            state["Arguments"] = {"FunctionName": "athena", "Payload": state["Arguments"]}
            state["Assign"] = {name: text.replace("$states.result.", "$states.result.Payload.") for name, text in state.get("Assign", {}).items()}
    return machine


class Athena:
    """Takes statements, and fails at the n-th one of a name with what `faults` has for that name. `since_last` is what the query for the
    last merge answers, `None` if there was none."""

    def __init__(self, faults=None, since_last=None):
        self.faults, self.statements, self.since_last = faults or {}, [], since_last

    def __call__(self, arguments):
        answers = {"id of last_merge captures": self.since_last, "id of logs_from captures": LOGS_FROM}
        if arguments.get("QueryExecutionId") in answers:
            answer = answers[arguments["QueryExecutionId"]]
            row = {"VarCharValue": answer} if answer else {}
            return {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "name of the column"}]}, {"Data": [row]}]}}
        statement = arguments["QueryString"]
        self.statements.append(statement)
        name = named(statement)
        if name in self.faults:
            cause = self.faults[name](sum(named(one) == name for one in self.statements))
            if cause:
                raise fleet.FunctionError(FAILED, cause)
        return {"QueryExecution": {"QueryExecutionId": f"id of {name}", "Status": {"State": "SUCCEEDED"}}}


def named(statement):
    """The file and table of a statement."""
    return next(name for name, begins in BEGINS.items() if statement.startswith(begins))


def tables(table, columns, dropped=()):
    """Makes both tables in Glue as Athena does, one of them with Iceberg's current columns, and those that were dropped, marked as not
    current. The other has all of its columns."""

    def make():
        glue = boto3.client("glue", region_name=cfn.REGION)
        glue.create_database(DatabaseInput={"Name": "client_vpn_audit"})
        for name in iceberg_tables.TABLES:
            current, gone = (columns, dropped) if name == table else (ALL[name], [])
            described = [{"Name": n, "Type": t, "Parameters": {"iceberg.field.current": "true"}} for n, t in current]
            described += [{"Name": n, "Type": t, "Parameters": {"iceberg.field.current": "false"}} for n, t in gone]
            glue.create_table(DatabaseName="client_vpn_audit", TableInput={"Name": name, "StorageDescriptor": {"Columns": described}})

    return make


def evaluate(expression):
    """As fleet.py does. moto declares a text as a variable without escaping its quotes, so that of an error has none."""
    value = fleet.evaluate(expression)
    return value.replace('"', "'") if isinstance(value, str) and value.startswith('{"errorType"') else value


def more(kind, until):
    return lambda n: f"ICEBERG_{kind}_MORE_RUNS_NEEDED: run it again" if n < until else None


def commit_error(*at):
    return lambda n: "ICEBERG_COMMIT_ERROR: Failed to commit during write" if n in at else None


def other(n):
    return "SYNTAX_ERROR: line 1"


HOUR = [
    *("create captures", "last_merge captures", "merge captures", "create sessions", "merge sessions"),
    *("logs_from captures", "merge_logs sessions", "note_merge captures"),
]
WITHOUT_LOGS = [one for one in HOUR if "logs" not in one]
DAY = [*HOUR, *(f"{name} {table}" for table in ("sessions", "captures") for name in ("set_properties", "expire", "optimize", "vacuum"))]


def repeated(order, name, times):
    return [one for one in order for _ in range(times if one == name else 1)]


def until(order, name, times=1):
    return repeated(order[: order.index(name) + 1], name, times)


def scenarios_of(table):
    """By name: the input, the columns that Glue lists, those that were dropped, the faults, and what should come of it."""
    all_ = ALL[table]
    create, add, merge, set_, expire, optimize, vacuum = (
        f"{name} {table}" for name in ("create", "add_columns", "merge", "set_properties", "expire", "optimize", "vacuum")
    )
    added = [one for name in HOUR for one in ([name, add] if name == create else [name])]
    # How the states are called in errors.
    suffix = "Captures" if table == "captures" else ""
    return {
        "the table is older": (HOURLY, all_[:-2], [], {}, ("SUCCEEDED", None, added)),
        "one column in the middle is missing": (HOURLY, all_[:4] + all_[5:], [], {}, ("SUCCEEDED", None, added)),
        "a column was dropped": (HOURLY, all_[:-1], all_[-1:], {}, ("SUCCEEDED", None, added)),
        "the table has a column more": (HOURLY, [*all_, ("later", "string")], [], {}, ("SUCCEEDED", None, HOUR)),
        "columns cannot be added": (HOURLY, all_[:-2], [], {add: other}, ("FAILED", FAILED, until(added, add))),
        "a merge conflicts once": (HOURLY, all_, [], {merge: commit_error(1)}, ("SUCCEEDED", None, repeated(HOUR, merge, 2))),
        "a merge conflicts twice": (HOURLY, all_, [], {merge: commit_error(1, 2)}, ("FAILED", f"Merge{suffix}Failed", until(HOUR, merge, 2))),
        "a merge fails": (HOURLY, all_, [], {merge: other}, ("FAILED", f"Merge{suffix}Failed", until(HOUR, merge))),
        "merge and expiry conflict once each": (
            DAILY, all_, [], {merge: commit_error(1), expire: commit_error(1)},
            ("SUCCEEDED", None, repeated(repeated(DAY, merge, 2), expire, 2)),
        ),
        "the note conflicts once": (
            HOURLY, all_, [], {"note_merge captures": commit_error(1)}, ("SUCCEEDED", None, repeated(HOUR, "note_merge captures", 2)),
        ),
        "the merge of logs conflicts once": (
            HOURLY, all_, [], {"merge_logs sessions": commit_error(1)}, ("SUCCEEDED", None, repeated(HOUR, "merge_logs sessions", 2)),
        ),
        "the merge of logs fails": (
            HOURLY, all_, [], {"merge_logs sessions": other}, ("FAILED", "MergeLogsFailed", until(HOUR, "merge_logs sessions")),
        ),
        "an expiry conflicts once": (DAILY, all_, [], {expire: commit_error(1)}, ("SUCCEEDED", None, repeated(DAY, expire, 2))),
        "an expiry fails": (DAILY, all_, [], {expire: other}, ("FAILED", f"Expire{suffix}Failed", until(DAY, expire))),
        "the properties conflict once": (DAILY, all_, [], {set_: commit_error(1)}, ("SUCCEEDED", None, repeated(DAY, set_, 2))),
        "OPTIMIZE needs ten runs": (DAILY, all_, [], {optimize: more("OPTIMIZE", 10)}, ("SUCCEEDED", None, repeated(DAY, optimize, 10))),
        "OPTIMIZE needs eleven runs": (
            DAILY, all_, [], {optimize: more("OPTIMIZE", 11)}, ("FAILED", f"Optimize{suffix}Failed", until(DAY, optimize, 10)),
        ),
        "OPTIMIZE fails": (DAILY, all_, [], {optimize: other}, ("FAILED", f"Optimize{suffix}Failed", until(DAY, optimize))),
        "OPTIMIZE and VACUUM need ten runs each": (
            DAILY, all_, [], {optimize: more("OPTIMIZE", 10), vacuum: more("VACUUM", 10)},
            ("SUCCEEDED", None, repeated(repeated(DAY, optimize, 10), vacuum, 10)),
        ),
        "VACUUM needs eleven runs": (
            DAILY, all_, [], {vacuum: more("VACUUM", 11)}, ("FAILED", f"Vacuum{suffix}Failed", until(DAY, vacuum, 10)),
        ),
        "VACUUM fails": (DAILY, all_, [], {vacuum: other}, ("FAILED", f"Vacuum{suffix}Failed", until(DAY, vacuum))),
    }


#: By table and name.
SCENARIOS = {
    (table, name): scenario
    for table in iceberg_tables.TABLES
    for name, scenario in (
        {"an hour": (HOURLY, ALL[table], [], {}, ("SUCCEEDED", None, HOUR)), "a day": (DAILY, ALL[table], [], {}, ("SUCCEEDED", None, DAY))}
        | scenarios_of(table)
    ).items()
}


def missing(table, name):
    """Returns the columns that must be added in a scenario."""
    all_ = ALL[table]
    return {"the table is older": all_[-2:], "one column in the middle is missing": all_[4:5], "a column was dropped": all_[-1:]}.get(name)


def outcome(definition, key):
    given, columns, dropped, faults, _ = SCENARIOS[key]
    athena = Athena(faults)
    done = fleet.execute(by_function(definition), athena, given, tables(key[0], columns, dropped), evaluate)
    return types.SimpleNamespace(came=(done.status, done.error, list(map(named, athena.statements))), statements=athena.statements, cause=done.cause)


def scenario(definition, key):
    problems = []
    found = outcome(definition, key)
    when = f"when {key[1]} of {key[0]}"
    problems += compare(f"{when}, what comes of it", found.came, SCENARIOS[key][4])
    if missing(*key):
        added = [one.strip() for one in found.statements if "ADD COLUMNS" in one]
        problems += compare(f"{when}, what is added", added, [iceberg_tables.add_columns(key[0], missing(*key))])
    if found.came[0] == "FAILED" and "SYNTAX_ERROR" not in found.cause and "ICEBERG_" not in found.cause:
        problems.append(f"{when}, Athena's own message is lost: {found.cause}")
    return problems


#: What the query for the last merge answers: two hours before it.
SINCE_LAST = "2025-03-01 06:20:03"
#: By name: the input, that answer, and from when on both tables are merged: hours before the execution, or a time.
WINDOWS = {
    "the first hour": (HOURLY, None, 144),
    "an hour later": (HOURLY, SINCE_LAST, SINCE_LAST),
    "once a day": (DAILY, SINCE_LAST, "2025-02-23 00:00:00"),
    "after an outage of 40 days": (HOURLY, "2025-01-20 07:20:03", "2025-01-20 07:20:03"),
    "once a day, after an outage of 40 days": (DAILY, "2025-01-20 07:20:03", "2025-01-20 07:20:03"),
    "after a merge in time to come": (HOURLY, "9999-12-24 00:00:00", 2),
    "by hand": (HOURLY | {"from_date": "2024-12-24"}, SINCE_LAST, "2024-12-24 00:00:00"),
    "by hand, later than the last merge": (HOURLY | {"from_date": "2025-03-01"}, "2025-01-20 07:20:03", "2025-01-20 07:20:03"),
    "by hand, from a day to come": (HOURLY | {"from_date": "9999-12-24"}, "9999-12-24 00:00:00", 2),
}


#: By name: an edit of how the time is chosen, and a window that must come out differently.
WORSE_WINDOWS = {
    "an outage leaves days out": ("$exists($since_last) ? $since_last : $ago(144)", "$ago(2)", "after an outage of 40 days"),
    "a merge in time to come is believed": ("$ago(2), ", "", "after a merge in time to come"),
    "the day that is asked for is passed over": ("$asked_from, ", "", "by hand"),
    "the first merge is of two hours": ("$ago(144)", "$ago(2)", "the first hour"),
}


def window(definition, name):
    given, since_last, expected = WINDOWS[name]
    athena = Athena(since_last=since_last)
    fleet.execute(by_function(definition), athena, given, tables("captures", ALL["captures"]), evaluate)
    statement = lambda begins: [one for one in athena.statements if named(one).startswith(begins)][0]  # noqa: RUF015 - Pool hangs at StopIteration
    if isinstance(expected, int):
        began = datetime.datetime.fromisoformat(re.search(r"from_iso8601_timestamp\('([^']+)'", statement("note_merge "))[1])
        expected = f"{began - datetime.timedelta(hours=expected):%Y-%m-%d %H:%M:%S}"
    logs = statement("merge_logs ")
    problems = compare(f"{name}, from when on logs are merged", re.findall(r"snapshot_date >= '([0-9-]+)'", logs), [LOGS_FROM])
    found = [set(re.findall(r"TIMESTAMP '([^']+?)(?: UTC)?'", statement(f"merge {table}"))) - FIXED for table in iceberg_tables.TABLES]
    problems += compare(f"{name}, from when on the tables are merged", found, [{expected}] * 2)
    days = [set(re.findall(r"DATE '([0-9-]+)' - INTERVAL '[123]' DAY", one)) for one in (logs, statement("logs_from "))]
    return problems + compare(f"{name}, the day from which logs are looked for", days, [{expected[:10]}] * 2)


def mutations_of(table):
    """Changes for the worse that show in an execution, each with a scenario that must come out differently."""
    of_captures = {
        "CreateTable": "CreateCaptures",
        "LookAtColumns": "LookAtCapturesColumns",
        "ColumnsMissing": "CapturesColumnsMissing",
        "AddColumns": "AddCapturesColumns",
        "SetProperties": "SetCapturesProperties",
    }
    # A state of this table by the name that it has for sessions.
    name = lambda state: state if table == "sessions" else of_captures.get(state, f"{state}Captures")
    state = lambda d, of: d["States"][name(of)]
    columns = "columns" if table == "sessions" else "captures_columns"
    after_columns = "Merge" if table == "sessions" else "LookAtLastMerge"
    # What follows the merge, and what comes before the properties are set and after VACUUM.
    after_merge = "LogsToMerge" if table == "sessions" else "CreateTable"
    before = lambda d: d["States"]["Maintain"]["Choices"][0] if table == "sessions" else d["States"]["Vacuum"]
    choices = lambda d: d["States"]["Again"]["Choices"]

    def never_added(d):
        state(d, "ColumnsMissing")["Choices"] = [{"Condition": "{% false %}", "Next": name("AddColumns")}]

    def passed_over(d):
        if table == "sessions":
            state(d, "ColumnsMissing").update(Default=after_merge)
        else:
            d["States"]["ReadLastMerge"].update(Next=after_merge)

    def noted_first(d):
        d["States"]["MergeCaptures"].update(Next="NoteMerge")
        d["States"]["NoteMerge"].update(Next="CreateTable")
        d["States"]["MergeLogs"].update(Next="Maintain")

    def other_order(d):
        state(d, "SetProperties").update(Next=name("Vacuum"))
        state(d, "Vacuum").update(Next=name("Expire"))
        state(d, "Optimize").update(Next="SetCapturesProperties" if table == "sessions" else "Done")

    return {
        "columns are not looked for": (lambda d: state(d, "CreateTable").update(Next=after_columns), "the table is older"),
        "columns are never added": (never_added, "the table is older"),
        "columns are added without a look": (lambda d: state(d, "ColumnsMissing").update(Default=name("AddColumns")), "an hour"),
        "a column that was dropped counts": (
            lambda d: state(d, "LookAtColumns")["Assign"].update(missing_columns=f"{{% [${columns}[$not(name in $states.result.Table.StorageDescriptor.Columns.Name)].(name & ' ' & type)] %}}"),
            "a column was dropped",
        ),
        "one missing column is passed over": (lambda d: d["States"]["Prepare"]["Assign"][columns].pop(4), "one column in the middle is missing"),
        "a column has another type": (lambda d: d["States"]["Prepare"]["Assign"][columns][-1].update(type="double"), "the table is older"),
        "a failure to add columns is passed over": (
            lambda d: state(d, "AddColumns").update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": after_columns}]),
            "columns cannot be added",
        ),
        "a merge is not tried again": (lambda d: state(d, "Merge").pop("Catch"), "a merge conflicts once"),
        "a merge is tried for ever": (lambda d: again(d, ["['Optimize',", f"['{name('Merge')}', 'Optimize',"]), "a merge conflicts twice"),
        "a merge that failed is tried again": (lambda d: again(d, ["COMMIT_ERROR", ""], ["/ICEBERG_(|", "/(SYNTAX|"]), "a merge fails"),
        "the runs of the merge count for the expiry": (lambda d: state(d, "Expire")["Catch"][0]["Assign"].update(runs="{% $runs + 1 %}"), "merge and expiry conflict once each"),
        "an expiry is tried as a merge": (
            lambda d: next(c for c in choices(d) if c["Next"] == name("Expire")).update(Next=name("Merge")), "merge and expiry conflict once each",
        ),
        "OPTIMIZE is run once": (lambda d: again(d, ["(OPTIMIZE|VACUUM)", "VACUUM"]), "OPTIMIZE needs ten runs"),
        "OPTIMIZE is run twice": (lambda d: again(d, [f"'{name('Optimize')}', ", ""]), "OPTIMIZE needs ten runs"),
        "OPTIMIZE is run for ever": (lambda d: again(d, ["? 10", "? 100"]), "OPTIMIZE needs eleven runs"),
        "VACUUM is run once": (lambda d: again(d, ["(OPTIMIZE|VACUUM)", "OPTIMIZE"]), "OPTIMIZE and VACUUM need ten runs each"),
        "the runs of OPTIMIZE count for VACUUM": (lambda d: state(d, "Vacuum")["Catch"][0]["Assign"].update(runs="{% $runs + 1 %}"), "OPTIMIZE and VACUUM need ten runs each"),
        "a merge is passed over": (passed_over, "a day"),
        "an expiry is passed over": (lambda d: state(d, "SetProperties").update(Next=name("Optimize")), "a day"),
        "an expiry that failed is passed over": (
            lambda d: state(d, "Expire").update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": name("Optimize")}]),
            "an expiry fails",
        ),
        "VACUUM comes before the expiry": (other_order, "a day"),
        "the properties are not set": (lambda d: before(d).update(Next=name("Expire")), "a day"),
        "months expire every hour": (lambda d: d["States"]["Maintain"].update(Default=name("Expire")), "an hour"),
        "Athena's message is lost": (lambda d: d["States"]["StatementFailed"].update(Cause="failed"), "a merge fails"),
        "the other table is passed over": (
            lambda d: d["States"]["MergeCaptures"].update(Next="NoteMerge") if table == "captures" else d["States"]["Prepare"].update(Next="CreateTable"),
            "an hour",
        ),
    } | (
        {
            "the merge is noted before sessions are merged": (noted_first, "a merge fails"),
            "logs are not merged": (lambda d: d["States"]["Merge"].update(Next="NoteMerge"), "an hour"),
            "a merge of logs that failed is passed over": (
                lambda d: d["States"]["MergeLogs"].update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "NoteMerge"}]),
                "the merge of logs fails",
            ),
        }
        if table == "sessions"
        else {}
    )


def again(definition, *edits):
    """Edits the condition under which a statement is not run again."""
    choice = definition["States"]["Again"]["Choices"][0]
    for old, new in edits:
        if old not in choice["Condition"]:
            raise SystemExit(f"{old} is not in {choice['Condition']}")
        choice["Condition"] = choice["Condition"].replace(old, new)


def without_logs(template):
    """Where no log group may be read, nothing is asked of connection logs."""
    athena = Athena()
    definition = definition_of(template)
    fleet.execute(by_function(definition), athena, HOURLY, tables("captures", ALL["captures"]), evaluate)
    return compare("statements of an hour without connection logs", list(map(named, athena.statements)), WITHOUT_LOGS)


def definition_of(template, **parameters):
    return cfn.resolve(template, **parameters)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]


def changed_for_the_worse(definition):
    """By what is changed: the definition with that change, what tries it, and with which scenario."""
    changes = {}
    for table in iceberg_tables.TABLES:
        for name, (mutate, of) in mutations_of(table).items():
            changed = json.loads(json.dumps(definition))
            mutate(changed)
            changes[f"{name} of {table}"] = (changed, scenario, (table, of))
    for name, (old, new, of) in WORSE_WINDOWS.items():
        changed = json.loads(json.dumps(definition))
        assigned = changed["States"]["ReadLastMerge"]["Assign"]
        if old not in assigned["from_time"]:
            raise SystemExit(f"{old} is not in {assigned['from_time']}")
        assigned["from_time"] = assigned["from_time"].replace(old, new)
        changes[name] = (changed, window, of)
    return changes


def tried(trial):
    """The problems that `trial` finds: a function and its arguments."""
    function, *arguments = trial
    # moto prints each failed execution of its own; what comes of them is compared here.
    logging.disable(logging.ERROR)
    return function(*arguments)


def main():
    template = cfn.load(ROOT / "template.yaml")
    definition = definition_of(template, ConnectionLogGroups="arn:aws:logs:*:*:log-group:client-vpn")
    trials = [(scenario, definition, key) for key in SCENARIOS] + [(window, definition, name) for name in WINDOWS] + [(without_logs, template)]
    changes = changed_for_the_worse(definition)
    # An execution is seconds of one processor, and knows of no other.
    with multiprocessing.get_context("spawn").Pool() as pool:
        found = [problem for problems in pool.imap(tried, trials) for problem in problems]
        noticed = pool.map(tried, [(try_, changed, name) for changed, try_, name in changes.values()], chunksize=1)
    found += [f"not noticed: {name}" for name, problems in zip(changes, noticed, strict=True) if not problems]
    for problem in found:
        print(problem)
    print(f"SessionsStateMachine: {len(found)} problems in {len(trials)} executions; {len(changes)} changes for the worse tried")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
