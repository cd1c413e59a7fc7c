"""The alarms and the dashboard."""

import json
import re

import cfn
from common import LOGS, SPREAD, TOPIC, compare, read, resources


def alarms(template):
    """An alarm is above its threshold, but for the silence of the capture, in every one of its periods."""
    capture, seal, logs = ({"FunctionName": f"{name}function"} for name in ("capture", "seal", "logs"))
    machine, fleet_ = ({"StateMachineArn": f"arn:aws:states:{cfn.REGION}:{cfn.ACCOUNT}:stateMachine:{name}"} for name in ("SessionsStateMachine", "client-vpn-audit-fleet"))
    stack = {"Stack": "client-vpn-audit"}
    expected = {
        # Snapshots are 30 minutes apart at most, so one of three quarters of an hour has one.
        "NoCapture": ("ClientVpnAudit", "FailedTargets", stack, "FILL(SampleCount, 0)", "<", 1, 900, 3, "breaching"),
        "FailedTargets": ("ClientVpnAudit", "FailedTargets", stack, "Sum", ">", 0, 900, 1, "notBreaching"),
        "OldestCompleteAge": ("ClientVpnAudit", "OldestCompleteAgeMinutes", stack, "Maximum", ">", 45, 900, 1, "breaching"),
        "UnparsedValues": ("ClientVpnAudit", "UnparsedValues", stack, "Sum", ">", 0, 900, 1, "notBreaching"),
        "CaptureErrors": ("AWS/Lambda", "Errors", capture, "Sum", ">", 0, 900, 1, "notBreaching"),
        "SealErrors": ("AWS/Lambda", "Errors", seal, "Sum", ">", 0, 900, 1, "notBreaching"),
        "LogsErrors": ("AWS/Lambda", "Errors", logs, "Sum", ">", 0, 900, 1, "notBreaching"),
        "FailuresQueue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "failuresqueue"}, "Maximum", ">", 0, 300, 1, "notBreaching"),
        "FleetFailed": ("AWS/States", "ExecutionsFailed", fleet_, "Sum", ">", 0, 900, 1, "notBreaching"),
        "FleetTimedOut": ("AWS/States", "ExecutionsTimedOut", fleet_, "Sum", ">", 0, 900, 1, "notBreaching"),
        "SessionsFailed": ("AWS/States", "ExecutionsFailed", machine, "Sum", ">", 0, 3600, 1, "notBreaching"),
        "SessionsTimedOut": ("AWS/States", "ExecutionsTimedOut", machine, "Sum", ">", 0, 3600, 1, "notBreaching"),
    }
    signs = {"LessThanThreshold": "<", "GreaterThanThreshold": ">"}
    found = {}
    problems = []
    metrics = read("src/invocation/metrics.rs")
    for name, alarm in resources(cfn.resolve(template, AlarmTopicArn=TOPIC, **SPREAD, **LOGS), "AWS::CloudWatch::Alarm").items():
        name = name.removesuffix("Alarm")
        alarm = alarm | metric_of(alarm)
        dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}
        sign = signs.get(alarm["ComparisonOperator"], alarm["ComparisonOperator"])
        window = (alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"])
        found[name] = (alarm["Namespace"], alarm["MetricName"], dimensions, alarm["Statistic"], sign, *window)
        problems += compare(f"alarms: periods of {name} that must be bad", alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]), alarm["EvaluationPeriods"])
        problems += compare(f"actions of {name}", (alarm["AlarmActions"], alarm["OKActions"]), ([TOPIC], [TOPIC]))
        problems += compare(f"whether {name} acts", alarm.get("ActionsEnabled", True), True)
        if alarm["Namespace"] == "ClientVpnAudit" and f'"{alarm["MetricName"]}"' not in metrics:
            problems.append(f"alarm {name} rests on a metric that the program does not publish")
        if f"## {name}" not in read("docs/operate.md"):
            problems.append(f"docs/operate.md does not say what to do about {name}")
    return problems + compare("alarms", found, expected) + dashboard(template)


def dashboard(template):
    """It shows every alarm that there is, and is JSON."""
    problems = []
    for given in ({}, SPREAD, LOGS, SPREAD | LOGS):
        whole = cfn.resolve(template, **given)
        shown = re.findall(r"alarm:(\w+)", str(json.loads(whole["Resources"]["Dashboard"]["Properties"]["DashboardBody"])))
        problems += compare("alarms of the dashboard", sorted(shown), sorted(resources(whole, "AWS::CloudWatch::Alarm")))
    for minutes in template["Parameters"]["ScheduleMinutes"]["AllowedValues"]:
        problems += widgets(cfn.resolve(template, ScheduleMinutes=minutes), minutes)
    return problems


def widgets(whole, minutes):
    """Every metric of the stack is shown, for a snapshot each; and the table reads what the capture logs about each endpoint."""
    shown = json.loads(whole["Resources"]["Dashboard"]["Properties"]["DashboardBody"])["widgets"]
    ours = {line[1]: widget["properties"]["period"] for widget in shown for line in widget["properties"].get("metrics", []) if isinstance(line[1:2] and line[1], str)}
    period = minutes * 60
    problems = compare("periods of the dashboard's metrics", ours, {"ActiveConnections": period, "CompleteEndpoints": period, "FailedTargets": 900, "UnparsedValues": 900, "OldestCompleteAgeMinutes": 900})
    # Where an hour is drawn as one period, four snapshots are not four times the connections.
    drawn = {line[0]["expression"] for widget in shown for line in widget["properties"].get("metrics", []) if isinstance(line[0], dict) and "SEARCH" not in line[0]["expression"]}
    problems += compare("what the dashboard draws of a period", drawn, {f"{name} * {period} / PERIOD({name})" for name in ("active", "complete")})
    queries = [widget["properties"]["query"] for widget in shown if widget["type"] == "log"]
    problems += compare("logs that the dashboard reads", [re.findall("SOURCE '([^']*)'", query) for query in queries], [["capturelogs"]])
    metrics = read("src/invocation/metrics.rs")
    fields = set(re.findall(r"[A-Z]\w+(?=[,) ])", " ".join(queries))) - {"SOURCE"}
    problems += compare("fields of the dashboard's table", fields, {"AccountId", "Region", "EndpointId", "CompleteSnapshots", "ActiveConnections", "CaptureMillis"})
    return problems + [f"the dashboard's table reads {name}, which is not in the log" for name in sorted(fields) if f'"{name}"' not in metrics]


def metric_of(alarm):
    """The one metric of an alarm on an expression, as an alarm on a metric has it."""
    if "Metrics" not in alarm:
        return {}
    expression, metric = alarm["Metrics"]
    stat = metric["MetricStat"]
    statistic = expression["Expression"].replace(metric["Id"], stat["Stat"])
    returned = {m["Id"] for m in alarm["Metrics"] if m.get("ReturnData", True)}
    return {**stat["Metric"], "Statistic": statistic if returned == {expression["Id"]} else returned, "Period": stat["Period"]}


CHECKS = [alarms]
