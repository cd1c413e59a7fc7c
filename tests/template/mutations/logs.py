"""Ways to read more logs than those that are named, or to lose some."""

from .parts import properties, statement, statements, variables

#: Statements of the role: log events, log groups, endpoints, roles of members, objects, their versions, lists of objects.
READS, DESCRIBES, ENDPOINTS, MEMBERS, OBJECTS, VERSIONS, LISTS = range(7)

#: The first statement of the capture's role with which preflight tries the logs.
PREFLIGHT = 11


def conditional(template, number=-1):
    """A statement that a condition adds; the last one is that of the log groups' key."""
    return statement(template, "LogsRole", number)["Fn::If"][1]


def replaced(template):
    """The list of ARNs as one text, each with `:*` at its end, and with the mark."""
    return statement(template, "LogsRole", READS)["Resource"]["Fn::Split"][1]["Fn::Join"][1]["Fn::Split"][1]


def of_preflight(template, number):
    """One of the statements with which preflight tries the logs: it reads events, describes log groups, or uses their key."""
    return statement(template, "CaptureRole", PREFLIGHT + number)["Fn::If"]


READS_LOGS = {
    "preflight may read any log group": (
        lambda t: of_preflight(t, 0)[1].update(Resource="*"),
        "permissions with ConnectionLogGroups: + CaptureRole Allow logs:FilterLogEvents *",
    ),
    "preflight may read log groups though nobody named one": (
        lambda t: statements(t, "CaptureRole").append({**of_preflight(t, 0)[1], "Resource": "*"}),
        "+ CaptureRole Allow logs:FilterLogEvents *",
    ),
    "preflight lists log groups of any Region": (
        lambda t: of_preflight(t, 1)[1].pop("Condition"),
        "+ CaptureRole Allow logs:DescribeLogGroups *",
    ),
    "preflight lists log groups though nobody named one": (
        lambda t: statements(t, "CaptureRole").append(of_preflight(t, 1)[1]),
        "+ CaptureRole Allow logs:DescribeLogGroups *",
    ),
    "preflight does not describe log groups": (
        lambda t: statements(t, "CaptureRole").pop(PREFLIGHT + 1),
        "- CaptureRole Allow logs:DescribeLogGroups",
    ),
    "preflight uses the logs' key for anything": (
        lambda t: of_preflight(t, 2)[1]["Fn::If"][1].pop("Condition"),
        "+ CaptureRole Allow kms:Decrypt arn:aws:kms:eu-central-1:111122223333:key/5678",
    ),
    "preflight cannot try encrypted log groups": (
        lambda t: statements(t, "CaptureRole").pop(PREFLIGHT + 2),
        "- CaptureRole Allow kms:Decrypt arn:aws:kms:eu-central-1:111122223333:key/5678",
    ),
    "preflight cannot try masked fields": (
        lambda t: of_preflight(t, 0)[1].update(Action="logs:FilterLogEvents"),
        "- CaptureRole Allow logs:Unmask",
    ),
    "any log group may be read": (lambda t: statement(t, "LogsRole", READS).update(Resource="*"), "+ LogsRole Allow logs:FilterLogEvents *"),
    # A bare ARN is denied.
    "log groups are named without what follows": (
        lambda t: statement(t, "LogsRole", READS).update(Resource={"Fn::Split": [",", {"Ref": "ConnectionLogGroups"}]}),
        "- LogsRole Allow logs:FilterLogEvents arn:aws:logs:eu-central-1:111122223333:log-group:/vpn/a:*",
    ),
    "what consoles add is doubled": (
        lambda t: replaced(t).update({"Fn::Join": replaced(t)["Fn::Join"][1]["Fn::Split"][1]["Fn::Join"]}),
        "+ LogsRole Allow logs:FilterLogEvents arn:aws:logs:us-east-1:*:log-group:vpn_c.d#e:*:*",
    ),
    "the last log group is named without what follows": (
        lambda t: replaced(t)["Fn::Join"][1]["Fn::Split"][1]["Fn::Join"][1]["Fn::Split"].__setitem__(1, {"Ref": "ConnectionLogGroups"}),
        "- LogsRole Allow logs:FilterLogEvents arn:aws:logs:*:*:log-group:/vpn/b*:*",
    ),
    "the mark at the end of the list stays": (
        lambda t: statement(t, "LogsRole", READS)["Resource"].update({"Fn::Split": [",", replaced(t)]}),
        "+ LogsRole Allow logs:FilterLogEvents @",
    ),
    "masked fields are always shown": (
        lambda t: statement(t, "LogsRole", READS).update(Action=["logs:FilterLogEvents", "logs:Unmask"]),
        "permissions with ConnectionLogGroups: + LogsRole Allow logs:Unmask",
    ),
    "masked fields are never shown": (
        lambda t: statement(t, "LogsRole", READS).update(Action="logs:FilterLogEvents"),
        "- LogsRole Allow logs:Unmask",
    ),
    "logs may be deleted": (
        lambda t: statement(t, "LogsRole", DESCRIBES).update(Action=["logs:DescribeLogGroups", "logs:DeleteLogGroup"]),
        "+ LogsRole Allow logs:DeleteLogGroup",
    ),
    "log groups of any Region are listed": (lambda t: statement(t, "LogsRole", DESCRIBES).pop("Condition"), "+ LogsRole Allow logs:DescribeLogGroups *"),
    "log groups are not described": (lambda t: statements(t, "LogsRole").pop(DESCRIBES), "- LogsRole Allow logs:DescribeLogGroups"),
    "endpoints of any Region are listed for their logs": (
        lambda t: statement(t, "LogsRole", ENDPOINTS).pop("Condition"),
        "+ LogsRole Allow ec2:DescribeClientVpnEndpoints *",
    ),
    "any role is assumed for the logs": (
        lambda t: conditional(t, MEMBERS).update(Resource="*"),
        "+ LogsRole Allow sts:AssumeRole *",
    ),
    "logs of members are not read": (lambda t: statements(t, "LogsRole").pop(MEMBERS), "- LogsRole Allow sts:AssumeRole"),
    "the logs' function writes connections": (
        lambda t: statement(t, "LogsRole", OBJECTS)["Resource"].append("arn:aws:s3:::evidencebucket/client-vpn-audit/connections/*"),
        "+ LogsRole Allow s3:PutObject arn:aws:s3:::evidencebucket/client-vpn-audit/connections/*",
    ),
    "the logs' function keeps no record of its runs": (
        lambda t: statement(t, "LogsRole", OBJECTS)["Resource"].pop(),
        "- LogsRole Allow s3:PutObject arn:aws:s3:::evidencebucket/client-vpn-audit/runs/*",
    ),
    "late events cannot be found": (lambda t: statements(t, "LogsRole").pop(VERSIONS), "- LogsRole Allow s3:GetObjectVersion"),
    "the logs' function writes to anybody's bucket": (lambda t: statement(t, "LogsRole", OBJECTS).pop("Condition"), "+ LogsRole Allow s3:PutObject"),
    "the logs' function lists every key": (
        lambda t: statement(t, "LogsRole", LISTS)["Condition"].pop("StringLike"),
        "+ LogsRole Allow s3:ListBucket arn:aws:s3:::evidencebucket",
    ),
    "the logs' key is used for anything": (lambda t: conditional(t).pop("Condition"), "+ LogsRole Allow kms:Decrypt arn:aws:kms:eu-central-1:111122223333:key/5678"),
    "any key is used for the logs": (lambda t: conditional(t).update(Resource="*"), "+ LogsRole Allow kms:Decrypt *"),
    "the logs' function has the seal's role": (
        lambda t: properties(t, "LogsFunction").update(Role={"Fn::GetAtt": ["SealRole", "Arn"]}),
        "role of LogsFunction",
    ),
    **{
        f"{name} is made though nobody named a log group": (lambda t, n=name: t["Resources"][n].pop("Condition"), f"{name} is made without log groups")
        for name in ("LogsFunction", "LogsLogs", "LogsRole", "LogsSchedule", "LogsScheduleRole", "LogsErrorsAlarm")
    },
    "the logs' function has no time": (lambda t: properties(t, "LogsFunction").update(Timeout=3), "time-out of LogsFunction"),
    "logs that failed twice are lost": (
        lambda t: properties(t, "LogsFunction")["EventInvokeConfig"].pop("DestinationConfig"),
        "failures of LogsFunction",
    ),
    "the logs' function has no log of its own": (
        lambda t: properties(t, "LogsFunction")["LoggingConfig"].update(LogGroup={"Ref": "SealLogs"}),
        "log of LogsFunction",
    ),
    "the log of the logs' function goes with the stack": (lambda t: t["Resources"]["LogsLogs"].pop("DeletionPolicy"), "deletion policy of LogsLogs"),
    "logs are read when connections are": (
        lambda t: properties(t, "LogsSchedule").update(ScheduleExpression="cron(0/15 * * * ? *)"),
        "LogsSchedule is ('cron(0/15",
    ),
    "logs are read when hours are sealed": (
        lambda t: properties(t, "LogsSchedule").update(ScheduleExpression="cron(6/15 * * * ? *)"),
        "LogsSchedule is ('cron(6/15",
    ),
    "logs are read once an hour": (
        lambda t: properties(t, "LogsSchedule").update(ScheduleExpression="cron(3 * * * ? *)"),
        "LogsSchedule is ('cron(3 ",
    ),
    "the schedule of logs takes snapshots": (
        lambda t: properties(t, "LogsSchedule")["Target"].update(Input='{"action":"snapshot"}'),
        "LogsSchedule is (",
    ),
    "the schedule of logs invokes the seal": (
        lambda t: properties(t, "LogsSchedule")["Target"].update(Arn={"Fn::GetAtt": ["SealFunction", "Arn"]}),
        "target of LogsSchedule",
    ),
    "a lost event of logs is forgotten": (lambda t: properties(t, "LogsSchedule")["Target"].pop("DeadLetterConfig"), "dead-letter queue of LogsSchedule"),
    "an event of logs is not retried": (
        lambda t: properties(t, "LogsSchedule")["Target"]["RetryPolicy"].update(MaximumRetryAttempts=0),
        "event age and retries of LogsSchedule",
    ),
    "reading logs is off": (lambda t: properties(t, "LogsSchedule").update(State="DISABLED"), "state of LogsSchedule"),
    "the log groups are not passed on": (lambda t: variables(t).update(AUDIT_CONNECTION_LOG_GROUPS=""), "variables with all parameters"),
    "the days of the first reading are not passed on": (lambda t: variables(t).pop("AUDIT_CONNECTION_LOG_DAYS"), "variables"),
    "masked fields are asked for without the permission": (
        lambda t: variables(t).update(AUDIT_UNMASK_CONNECTION_LOGS="true"),
        "variables",
    ),
    "any log group may be named": (lambda t: t["Parameters"]["ConnectionLogGroups"].pop("AllowedPattern"), "ConnectionLogGroups takes '*'"),
    "the key of logs may be any": (lambda t: t["Parameters"]["ConnectionLogKeyArn"].pop("AllowedPattern"), "ConnectionLogKeyArn takes '*'"),
    "the first reading may cover ten years": (lambda t: t["Parameters"]["ConnectionLogDays"].update(MaxValue=3650), "limits of ConnectionLogDays"),
    "an alarm of the logs is dropped": (lambda t: t["Resources"].pop("LogsErrorsAlarm"), "alarms"),
    "an alarm of the logs looks at the seal": (
        lambda t: properties(t, "LogsErrorsAlarm")["Dimensions"][0].update(Value={"Ref": "SealFunction"}),
        "alarms",
    ),
    "the dashboard does not show the logs": (
        lambda t: properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"][1].update(LogsAlarms=""),
        "alarms of the dashboard",
    ),
}
