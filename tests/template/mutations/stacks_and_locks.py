"""Promises about stacks, locks and Regions."""

from .parts import properties, statements, variables


def rule(template):
    return template["Rules"]["EvidenceStaysWhileItIsLocked"]


def dashboard(template, text, other):
    body = properties(template, "Dashboard")["DashboardBody"]["Fn::Sub"]
    body[0] = body[0].replace(text, other, 1)


STACKS_AND_LOCKS = {
    "locked evidence may be hidden": (lambda t: t.pop("Rules"), "is accepted, and hides what is locked"),
    "one lock may be longer": (lambda t: rule(t)["Assertions"].pop(4), "RetentionDays 1094 with a lock of 1095 days"),
    "a lock may be longer by one value": (
        lambda t: rule(t)["Assertions"][1]["Assert"]["Fn::Or"][1]["Fn::Contains"][0].append("180"),
        "RetentionDays 180 with a lock of 365 days and mode GOVERNANCE is accepted",
    ),
    "a retention that is long enough is refused": (
        lambda t: rule(t)["Assertions"][1]["Assert"]["Fn::Or"][1]["Fn::Contains"][0].remove("400"),
        "RetentionDays 400 with a lock of 365 days",
    ),
    "any lock may be asked for": (lambda t: t["Parameters"]["ObjectLockDays"]["AllowedValues"].append(5000), "lock of 5000 days"),
    "only one mode is looked at": (
        lambda t: rule(t).update(RuleCondition={"Fn::Equals": [{"Ref": "ObjectLockMode"}, "COMPLIANCE"]}),
        "mode GOVERNANCE is accepted",
    ),
    "a retention without a lock is refused": (lambda t: rule(t).pop("RuleCondition"), "mode OFF"),
    "two stacks have one database": (lambda t: t["Parameters"]["DatabaseName"].update(Default="client_vpn_audit"), "two stacks have the same AWS::Glue::Database"),
    "two stacks have one work group": (lambda t: properties(t, "WorkGroup").update(Name="audit"), "two stacks have the same AWS::Athena::WorkGroup"),
    "two stacks have one fleet": (lambda t: properties(t, "FleetStateMachine").update(StateMachineName="fleet"), "two stacks have the same AWS::StepFunctions::StateMachine"),
    "two stacks have one dashboard": (lambda t: properties(t, "Dashboard").update(DashboardName="audit"), "two stacks have the same AWS::CloudWatch::Dashboard"),
    "a queue has a name": (lambda t: properties(t, "FailuresQueue").update(QueueName="failures"), "FailuresQueue has a QueueName"),
    "a role has a name": (lambda t: properties(t, "SealRole").update(RoleName="seal"), "SealRole has a RoleName"),
    "a log has a name": (lambda t: properties(t, "SealLogs").update(LogGroupName="/seal"), "SealLogs has a LogGroupName"),
    "an output is exported": (lambda t: t["Outputs"]["Lake"].update(Export={"Name": "lake"}), "the output Lake is exported"),
    "an alarm is kept quiet by another stack": (lambda t: properties(t, "FailedTargetsAlarm").pop("Dimensions"), "FailedTargetsAlarm looks at the metrics of two stacks"),
    "the silence of one stack is covered by another": (
        lambda t: properties(t, "NoCaptureAlarm")["Metrics"][1]["MetricStat"]["Metric"].pop("Dimensions"),
        "NoCaptureAlarm looks at the metrics of two stacks",
    ),
    "an alarm looks at a stack that is not": (lambda t: properties(t, "UnparsedValuesAlarm")["Dimensions"][0].update(Name="StackName"), "alarms"),
    "metrics have no stack": (lambda t: variables(t).pop("AUDIT_STACK"), "variable of the stack"),
    "the dashboard shows other stacks": (
        lambda t: dashboard(t, '"Stack", "${AWS::StackName}", ', ""),
        "shows other stacks too: ClientVpnAudit ActiveConnections",
    ),
    "the dashboard reads another log": (lambda t: dashboard(t, "${CaptureLogs}", "${SealLogs}"), "logs that the dashboard reads"),
    "the dashboard reads what is not logged": (lambda t: dashboard(t, "max(CaptureMillis)", "max(CaptureSeconds)"), "the dashboard's table reads CaptureSeconds"),
    "the dashboard adds up the snapshots of an hour": (
        lambda t: dashboard(t, "active * ${Period} / PERIOD(active)", "active"),
        "what the dashboard draws of a period",
    ),
    "the dashboard adds up three snapshots": (
        lambda t: t["Mappings"]["SnapshotPeriod"]["5"].update(Seconds=900),
        "periods of the dashboard's metrics",
    ),
    "endpoints have metrics unasked": (lambda t: t["Parameters"]["EndpointMetrics"].update(Default="true"), "variables"),
    "metrics of endpoints cannot be had": (lambda t: variables(t).update(AUDIT_ENDPOINT_METRICS="false"), "variables with all parameters"),
    "a sovereign Region is refused": (
        lambda t: t["Parameters"]["Regions"].update(AllowedPattern=t["Parameters"]["Regions"]["AllowedPattern"].replace("{2,4}", "{2}")),
        "Regions refuses 'eusc-de-east-1'",
    ),
    "Athena's database may not be made": (lambda t: statements(t, "SessionsRole").pop(7), "- SessionsRole Allow glue:CreateDatabase"),
}
