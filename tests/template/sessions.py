"""Runs SessionsStateMachine in moto's interpreter of Amazon States Language, as fleet.py does with the other machine. The table is
moto's Glue. moto knows no Athena: the function of fleet.py answers in its place, and fails as Athena does."""

import json
import os
import sys
import types

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import boto3
import cfn
import fleet
import sessions_table
from common import ROOT, compare

ATHENA = "arn:aws:states:::athena:startQueryExecution.sync"
#: In place of Athena's States.TaskFailed, which no function can answer. What catches that catches this.
FAILED = "StatementFailed"
HOURLY, DAILY = ({"time": f"2025-03-01T{hour}:20:00Z"} for hour in ("09", "03"))
ALL = sessions_table.columns()


def by_function(definition):
    """The machine with each statement of Athena as an invocation of a function, whose payload is Athena's arguments."""
    machine = json.loads(json.dumps(definition))
    for state in machine["States"].values():
        if state.get("Resource") == ATHENA:
            state["Resource"] = "arn:aws:states:::lambda:invoke"
            state["Arguments"] = {"FunctionName": "athena", "Payload": state["Arguments"]}
    return machine


class Athena:
    """Takes statements, and fails at the n-th one that begins with a word with what `faults` has for it."""

    def __init__(self, faults=None):
        self.faults, self.statements = faults or {}, []

    def __call__(self, arguments):
        statement = arguments["QueryString"]
        self.statements.append(statement)
        begins = next((begins for begins in self.faults if statement.startswith(begins)), None)
        if begins is not None:
            n = sum(one.startswith(begins) for one in self.statements)
            cause = self.faults[begins](n)
            if cause:
                raise fleet.FunctionError(FAILED, cause)
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}


def table(columns, dropped=()):
    """Makes the table in Glue as Athena does: Iceberg's current columns, and those that were dropped, marked as not current."""
    described = [{"Name": n, "Type": t, "Parameters": {"iceberg.field.current": "true"}} for n, t in columns]
    described += [{"Name": n, "Type": t, "Parameters": {"iceberg.field.current": "false"}} for n, t in dropped]

    def make():
        glue = boto3.client("glue", region_name=cfn.REGION)
        glue.create_database(DatabaseInput={"Name": "client_vpn_audit"})
        glue.create_table(DatabaseName="client_vpn_audit", TableInput={"Name": "sessions", "StorageDescriptor": {"Columns": described}})

    return make


def evaluate(expression):
    """As fleet.py does. moto declares a text as a variable without escaping its quotes, so that of an error has none."""
    value = fleet.evaluate(expression)
    return value.replace('"', "'") if isinstance(value, str) and value.startswith('{"errorType"') else value


def begins(statement):
    """The words that tell a statement from the others."""
    return "merge" if statement.startswith(MERGE) else " ".join(statement.split()[:2])


def more(kind, until):
    return lambda n: f"ICEBERG_{kind}_MORE_RUNS_NEEDED: run it again" if n < until else None


def commit_error(*at):
    return lambda n: "ICEBERG_COMMIT_ERROR: Failed to commit during write" if n in at else None


def other(n):
    return "SYNTAX_ERROR: line 1"


HOUR = ["CREATE TABLE", "merge"]
DAY = [*HOUR, "ALTER TABLE", "DELETE FROM", "OPTIMIZE sessions", "VACUUM sessions"]
MERGE = "MERGE INTO sessions AS known\n"


def repeated(order, name, times):
    return [one for one in order for _ in range(times if one == name else 1)]


def until(order, name, times=1):
    return repeated(order[: order.index(name) + 1], name, times)


#: By name: the input, the columns that Glue lists, those that were dropped, the faults, and what should come of it.
SCENARIOS = {
    "an hour": (HOURLY, ALL, [], {}, ("SUCCEEDED", None, HOUR)),
    "a day": (DAILY, ALL, [], {}, ("SUCCEEDED", None, DAY)),
    "the table is older": (HOURLY, ALL[:-2], [], {}, ("SUCCEEDED", None, ["CREATE TABLE", "ALTER TABLE", "merge"])),
    "one column in the middle is missing": (HOURLY, ALL[:4] + ALL[5:], [], {}, ("SUCCEEDED", None, ["CREATE TABLE", "ALTER TABLE", "merge"])),
    "a column was dropped": (HOURLY, ALL[:-1], ALL[-1:], {}, ("SUCCEEDED", None, ["CREATE TABLE", "ALTER TABLE", "merge"])),
    "the table has a column more": (HOURLY, [*ALL, ("later", "string")], [], {}, ("SUCCEEDED", None, HOUR)),
    "columns cannot be added": (HOURLY, ALL[:-2], [], {"ALTER": other}, ("FAILED", FAILED, HOUR[:1] + ["ALTER TABLE"])),
    "a merge conflicts once": (HOURLY, ALL, [], {MERGE: commit_error(1)}, ("SUCCEEDED", None, repeated(HOUR, "merge", 2))),
    "a merge conflicts twice": (HOURLY, ALL, [], {MERGE: commit_error(1, 2)}, ("FAILED", "MergeFailed", until(HOUR, "merge", 2))),
    "a merge fails": (HOURLY, ALL, [], {MERGE: other}, ("FAILED", "MergeFailed", until(HOUR, "merge"))),
    "merge and expiry conflict once each": (
        DAILY, ALL, [], {MERGE: commit_error(1), "DELETE": commit_error(1)},
        ("SUCCEEDED", None, repeated(repeated(DAY, "merge", 2), "DELETE FROM", 2)),
    ),
    "an expiry conflicts once": (DAILY, ALL, [], {"DELETE": commit_error(1)}, ("SUCCEEDED", None, repeated(DAY, "DELETE FROM", 2))),
    "an expiry fails": (DAILY, ALL, [], {"DELETE": other}, ("FAILED", "ExpireFailed", until(DAY, "DELETE FROM"))),
    "the properties conflict once": (DAILY, ALL, [], {"ALTER": commit_error(1)}, ("SUCCEEDED", None, repeated(DAY, "ALTER TABLE", 2))),
    "OPTIMIZE needs ten runs": (DAILY, ALL, [], {"OPTIMIZE": more("OPTIMIZE", 10)}, ("SUCCEEDED", None, repeated(DAY, "OPTIMIZE sessions", 10))),
    "OPTIMIZE needs eleven runs": (DAILY, ALL, [], {"OPTIMIZE": more("OPTIMIZE", 11)}, ("FAILED", "OptimizeFailed", until(DAY, "OPTIMIZE sessions", 10))),
    "OPTIMIZE fails": (DAILY, ALL, [], {"OPTIMIZE": other}, ("FAILED", "OptimizeFailed", until(DAY, "OPTIMIZE sessions"))),
    "OPTIMIZE and VACUUM need ten runs each": (
        DAILY, ALL, [], {"OPTIMIZE": more("OPTIMIZE", 10), "VACUUM": more("VACUUM", 10)},
        ("SUCCEEDED", None, repeated(repeated(DAY, "OPTIMIZE sessions", 10), "VACUUM sessions", 10)),
    ),
    "VACUUM needs eleven runs": (DAILY, ALL, [], {"VACUUM": more("VACUUM", 11)}, ("FAILED", "VacuumFailed", until(DAY, "VACUUM sessions", 10))),
    "VACUUM fails": (DAILY, ALL, [], {"VACUUM": other}, ("FAILED", "VacuumFailed", until(DAY, "VACUUM sessions"))),
}
#: What must be added, by scenario.
MISSING = {"the table is older": ALL[-2:], "one column in the middle is missing": ALL[4:5], "a column was dropped": ALL[-1:]}


def outcome(definition, name):
    given, columns, dropped, faults, _ = SCENARIOS[name]
    athena = Athena(faults)
    done = fleet.execute(by_function(definition), athena, given, table(columns, dropped), evaluate)
    return types.SimpleNamespace(came=(done.status, done.error, list(map(begins, athena.statements))), statements=athena.statements, cause=done.cause)


def scenarios(definition, only=None):
    problems = []
    for name in [only] if only else SCENARIOS:
        found = outcome(definition, name)
        problems += compare(f"when {name}, what comes of it", found.came, SCENARIOS[name][4])
        if name in MISSING:
            added = [one.strip() for one in found.statements if "ADD COLUMNS" in one]
            problems += compare(f"when {name}, what is added", added, [sessions_table.add_columns(MISSING[name])])
        if found.came[0] == "FAILED" and "SYNTAX_ERROR" not in found.cause and "ICEBERG_" not in found.cause:
            problems.append(f"when {name}, Athena's own message is lost: {found.cause}")
    return problems


def states(definition):
    return definition["States"]


#: Changes for the worse that show in an execution, each with a scenario that must come out differently.
MUTATIONS = {
    "columns are not looked for": (lambda d: states(d)["CreateTable"].update(Next="Merge"), "the table is older"),
    "columns are never added": (lambda d: states(d)["ColumnsMissing"]["Choices"].clear() or states(d)["ColumnsMissing"]["Choices"].append({"Condition": "{% false %}", "Next": "AddColumns"}), "the table is older"),
    "columns are added without a look": (lambda d: states(d)["ColumnsMissing"].update(Default="AddColumns"), "an hour"),
    "a column that was dropped counts": (
        lambda d: states(d)["LookAtColumns"]["Assign"].update(missing_columns="{% [$columns[$not(name in $states.result.Table.StorageDescriptor.Columns.Name)].(name & ' ' & type)] %}"),
        "a column was dropped",
    ),
    "one missing column is passed over": (lambda d: states(d)["Prepare"]["Assign"]["columns"].pop(4), "one column in the middle is missing"),
    "a column has another type": (lambda d: states(d)["Prepare"]["Assign"]["columns"][-1].update(type="double"), "the table is older"),
    "a failure to add columns is passed over": (
        lambda d: states(d)["AddColumns"].update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Merge"}]),
        "columns cannot be added",
    ),
    "a merge is not tried again": (lambda d: states(d)["Merge"].pop("Catch"), "a merge conflicts once"),
    "a merge is tried for ever": (lambda d: again(d, ["'Optimize', 'Vacuum'", "'Merge', 'Optimize', 'Vacuum'"]), "a merge conflicts twice"),
    "a merge that failed is tried again": (lambda d: again(d, ["COMMIT_ERROR", ""], ["/ICEBERG_(|", "/(SYNTAX|"]), "a merge fails"),
    "the runs of the merge count for the expiry": (lambda d: states(d)["Expire"]["Catch"][0]["Assign"].update(runs="{% $runs + 1 %}"), "merge and expiry conflict once each"),
    "an expiry is tried as a merge": (lambda d: states(d)["Again"]["Choices"][3].update(Next="Merge"), "merge and expiry conflict once each"),
    "OPTIMIZE is run once": (lambda d: again(d, ["(OPTIMIZE|VACUUM)", "VACUUM"]), "OPTIMIZE needs ten runs"),
    "OPTIMIZE is run twice": (lambda d: again(d, ["'Optimize', ", ""], ["['Vacuum']", "'Vacuum'"]), "OPTIMIZE needs ten runs"),
    "OPTIMIZE is run for ever": (lambda d: again(d, ["? 10", "? 100"]), "OPTIMIZE needs eleven runs"),
    "VACUUM is run once": (lambda d: again(d, ["(OPTIMIZE|VACUUM)", "OPTIMIZE"]), "OPTIMIZE and VACUUM need ten runs each"),
    "the runs of OPTIMIZE count for VACUUM": (lambda d: states(d)["Vacuum"]["Catch"][0]["Assign"].update(runs="{% $runs + 1 %}"), "OPTIMIZE and VACUUM need ten runs each"),
    "a merge is passed over": (lambda d: states(d)["ColumnsMissing"].update(Default="SetProperties"), "a day"),
    "an expiry is passed over": (lambda d: states(d)["SetProperties"].update(Next="Optimize"), "a day"),
    "an expiry that failed is passed over": (
        lambda d: states(d)["Expire"].update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Optimize"}]),
        "an expiry fails",
    ),
    "VACUUM comes before the expiry": (
        lambda d: (states(d)["SetProperties"].update(Next="Vacuum"), states(d)["Vacuum"].update(Next="Expire"), states(d)["Optimize"].update(Next="Done")),
        "a day",
    ),
    "the properties are not set": (lambda d: states(d)["Maintain"]["Choices"][0].update(Next="Expire"), "a day"),
    "months expire every hour": (lambda d: states(d)["Maintain"].update(Default="Expire"), "an hour"),
    "Athena's message is lost": (lambda d: states(d)["StatementFailed"].update(Cause="failed"), "a merge fails"),
}


def again(definition, *edits):
    """Edits the condition under which a statement is not run again."""
    choice = states(definition)["Again"]["Choices"][0]
    for old, new in edits:
        if old not in choice["Condition"]:
            raise SystemExit(f"{old} is not in {choice['Condition']}")
        choice["Condition"] = choice["Condition"].replace(old, new)


def main():
    definition = cfn.resolve(cfn.load(ROOT / "template.yaml"))["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
    found = scenarios(definition)
    for name, (mutate, scenario) in MUTATIONS.items():
        changed = json.loads(json.dumps(definition))
        mutate(changed)
        if not scenarios(changed, scenario):
            found.append(f"not noticed: {name}")
    for problem in found:
        print(problem)
    print(f"SessionsStateMachine: {len(found)} problems in {len(SCENARIOS)} executions; {len(MUTATIONS)} changes for the worse tried")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    # It prints each failed execution of its own; what comes of them is compared above.
    import logging

    logging.disable(logging.ERROR)
    main()
