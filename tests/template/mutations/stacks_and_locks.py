"""Promises about stacks, locks and Regions."""

from .parts import properties, statements, variables


def rule(template):
    return template["Rules"]["EvidenceStaysWhileItIsLocked"]


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
        lambda t: properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"].__setitem__(0, properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"][0].replace('"Stack", "${AWS::StackName}", ', "", 1)),
        "shows other stacks too: ClientVpnAudit FailedTargets",
    ),
    "the dashboard's search finds other stacks": (
        lambda t: properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"].__setitem__(0, properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"][0].replace('Stack=\\"${AWS::StackName}\\" ', "", 1)),
        "shows other stacks too: SEARCH",
    ),
    "a sovereign Region is refused": (
        lambda t: t["Parameters"]["Regions"].update(AllowedPattern=t["Parameters"]["Regions"]["AllowedPattern"].replace("{2,4}", "{2}")),
        "Regions refuses 'eusc-de-east-1'",
    ),
    "Athena's database may not be made": (lambda t: statements(t, "SessionsRole").pop(7), "- SessionsRole Allow glue:CreateDatabase"),
}
