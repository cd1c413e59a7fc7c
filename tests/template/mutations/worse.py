"""Other changes for the worse, which change no policy."""

from checks.athena import PARQUET

from .parts import allow, batches, fleet, lifecycle, properties, statement, statements, states, variables

WORSE = {
    "the key goes with the stack": (lambda t: t["Resources"]["SealKey"].update(DeletionPolicy="Delete"), "deletion policy of SealKey"),
    "sessions can be made public": (
        lambda t: properties(t, "AnalyticsBucket")["PublicAccessBlockConfiguration"].update(BlockPublicPolicy=False),
        "public access of analytics",
    ),
    "evidence can be made public": (
        lambda t: properties(t, "EvidenceBucket")["PublicAccessBlockConfiguration"].pop("RestrictPublicBuckets"),
        "public access of evidence",
    ),
    "others own what they write": (lambda t: properties(t, "EvidenceBucket").update(OwnershipControls={"Rules": []}), "ownership of evidence"),
    "the lock is not turned on": (lambda t: properties(t, "EvidenceBucket").pop("ObjectLockEnabled"), "Object Lock"),
    "old versions stay for ever": (lambda t: lifecycle(t)[0]["NoncurrentVersionExpiration"].update(NoncurrentDays=999), "old versions"),
    "what a delete marker hides goes the next day": (lambda t: lifecycle(t)[2]["NoncurrentVersionExpiration"].update(NoncurrentDays=1), "old versions"),
    "results are not encrypted": (
        lambda t: properties(t, "WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"].pop("EncryptionConfiguration"),
        "results",
    ),
    "results go elsewhere": (
        lambda t: properties(t, "WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"].update(OutputLocation="s3://elsewhere/"),
        "results",
    ),
    "failures are forgotten": (lambda t: properties(t, "FailuresQueue").update(MessageRetentionPeriod=60), "failures queue"),
    "an invocation that failed twice is lost": (
        lambda t: properties(t, "CaptureFunction")["EventInvokeConfig"].pop("DestinationConfig"),
        "failures of CaptureFunction",
    ),
    "the log is forgotten": (lambda t: properties(t, "CaptureLogs").update(RetentionInDays=1), "retention of CaptureLogs"),
    "the log is another": (lambda t: properties(t, "CaptureFunction").pop("LoggingConfig"), "log of CaptureFunction"),
    "the seal has no time": (lambda t: properties(t, "SealFunction").update(Timeout=3), "time-out of SealFunction"),
    "functions are traced": (lambda t: t["Globals"]["Function"].update(Tracing="Active"), "something is traced"),
    "merges are traced": (lambda t: properties(t, "SessionsStateMachine").update(TracingConfiguration={"Enabled": True}), "something is traced"),
    "a role may trace": (lambda t: statements(t, "SealRole").append(allow("xray:PutTraceSegments")), "something is traced: xray"),
    "a second attempt comes too late at 20 minutes": (lambda t: t["Mappings"]["CaptureTimeout"]["20"].update(Seconds=530), "too old for its second attempt"),
    "a second attempt comes too late at 30 minutes": (lambda t: t["Mappings"]["CaptureTimeout"]["30"].update(Seconds=480), "too old for its second attempt"),
    "targets are not the parameter's": (lambda t: variables(t).update(AUDIT_TARGETS="cvpn-endpoint-01234567"), "variables"),
    "the members' role is not told": (lambda t: variables(t).update(AUDIT_MEMBER_ROLE=""), "variables with all parameters"),
    "the external id is not told": (lambda t: variables(t).pop("AUDIT_EXTERNAL_ID"), "variables"),
    "the key is not used": (lambda t: variables(t).update(AUDIT_KMS_KEY=""), "variables with all parameters"),
    "a function has variables of its own": (
        lambda t: properties(t, "CaptureFunction").update(Environment={"Variables": {"AUDIT_LAKE": "/tmp"}}),
        "variables of CaptureFunction alone",
    ),
    "the capture is off": (lambda t: properties(t, "CaptureSchedule").update(State="DISABLED"), "state of CaptureSchedule"),
    "an event comes late": (
        lambda t: properties(t, "CaptureSchedule")["Target"]["RetryPolicy"].update(MaximumEventAgeInSeconds=3600),
        "event age and retries of CaptureSchedule",
    ),
    "two merges can meet": (
        lambda t: properties(t, "SessionsSchedule")["Target"]["RetryPolicy"].update(MaximumEventAgeInSeconds=600),
        "event age and retries of SessionsSchedule",
    ),
    "the seal is off": (lambda t: properties(t, "SealSchedule").update(State="DISABLED"), "state of SealSchedule"),
    "digests are not signed": (lambda t: variables(t).pop("AUDIT_SIGNING_KEY"), "variables"),
    "an alarm does nothing": (
        lambda t: properties(t, "OldestCompleteAgeAlarm").update(ActionsEnabled=False),
        "whether OldestCompleteAge acts",
    ),
    "a schedule invokes another function": (
        lambda t: properties(t, "CaptureSchedule")["Target"].update(Arn={"Fn::GetAtt": ["SealFunction", "Arn"]}),
        "target of CaptureSchedule",
    ),
    "a table reads elsewhere": (
        lambda t: properties(t, "RunsTable")["TableInput"]["StorageDescriptor"].update(Location="s3://elsewhere/"),
        "location of runs",
    ),
    "a table is read as another format": (
        lambda t: properties(t, "RunsTable")["TableInput"]["StorageDescriptor"]["SerdeInfo"].update(SerializationLibrary=PARQUET[2]),
        "format of runs",
    ),
    "a query is saved where nothing is limited": (lambda t: properties(t, "TopTalkersQuery").update(WorkGroup="primary"), "where queries are saved"),
    "MERGE runs where nothing is limited": (lambda t: states(t)["Merge"]["Arguments"].update(WorkGroup="primary"), "where Merge runs"),
    "MERGE is tried again whatever came of it": (
        lambda t: states(t)["Merge"].update(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]),
        "retries of Merge",
    ),
    "a failed MERGE looks well": (
        lambda t: states(t)["Merge"].update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}]),
        "failures of Merge",
    ),
    "a fleet is made though nobody asked": (lambda t: t["Resources"]["FleetStateMachine"].pop("Condition"), "FleetStateMachine is made"),
    "a fleet's snapshot runs into a sealed hour": (lambda t: fleet(t).update(TimeoutSeconds=1500), "which is sealed by then"),
    "a fleet's snapshot may run for ever": (lambda t: fleet(t).pop("TimeoutSeconds"), "which is sealed by then"),
    "a fleet's snapshot comes late": (
        lambda t: properties(t, "CaptureSchedule")["Target"]["RetryPolicy"].update(MaximumEventAgeInSeconds=600),
        "event age and retries of CaptureSchedule",
    ),
    "the fleet is never used": (
        lambda t: properties(t, "CaptureSchedule")["Target"].update(Arn={"Fn::GetAtt": ["CaptureFunction", "Arn"]}),
        "target of CaptureSchedule",
    ),
    "the fleet is not told the time": (
        lambda t: properties(t, "CaptureSchedule")["Target"]["Input"]["Fn::If"].__setitem__(1, "{}"),
        "CaptureSchedule",
    ),
    "the fleet has another name than its role says": (
        lambda t: properties(t, "FleetStateMachine").update(StateMachineName="fleet"),
        "name and kind of the fleet",
    ),
    "the fleet takes another's role": (
        lambda t: properties(t, "FleetStateMachine").update(RoleArn={"Fn::GetAtt": ["SessionsRole", "Arn"]}),
        "role of FleetStateMachine",
    ),
    "the fleet may start any state machine": (
        lambda t: statement(t, "FleetRole", 1).update(Resource="*"),
        "with SpreadAbove: + FleetRole Allow states:StartExecution *",
    ),
    "the fleet may stop any execution": (
        lambda t: statement(t, "FleetRole", 2).update(Resource="*"),
        "with SpreadAbove: + FleetRole Allow states:StopExecution *",
    ),
    "the fleet may invoke any function": (
        lambda t: statement(t, "FleetRole", 0).update(Resource="*"),
        "with SpreadAbove: + FleetRole Allow lambda:InvokeFunction *",
    ),
    "the schedule may still invoke the function": (
        lambda t: statements(t, "CaptureScheduleRole").append({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": {"Fn::GetAtt": ["CaptureFunction", "Arn"]}}),
        "with SpreadAbove: + CaptureScheduleRole Allow lambda:InvokeFunction",
    ),
    "batches share one history": (lambda t: batches(t)["ItemProcessor"]["ProcessorConfig"].update(Mode="INLINE"), "mode of the batches"),
    "batches end after five minutes": (lambda t: batches(t)["ItemProcessor"]["ProcessorConfig"].update(ExecutionType="EXPRESS"), "mode of the batches"),
    "one bad batch ends the others": (lambda t: batches(t).pop("ToleratedFailurePercentage"), "failures that the batches may have"),
    "batches are called something else": (lambda t: batches(t).update(Label="Others"), "label of the batches"),
    "more batches than the function may run": (lambda t: batches(t).update(MaxConcurrency="{% 50 %}"), "batches at a time"),
    "Lambda's own errors are not tried again": (
        lambda t: fleet(t)["States"]["Plan"]["Retry"][0]["ErrorEquals"].remove("Lambda.ServiceException"),
        "errors of Lambda's own at Plan",
    ),
    "a batch that runs out of time is not caught": (
        lambda t: batches(t)["ItemProcessor"]["States"]["Capture"]["Catch"][0].update(ErrorEquals=["States.TaskFailed"]),
        "errors of a batch that are caught",
    ),
    "batches go to another function": (
        lambda t: batches(t)["ItemProcessor"]["States"]["Capture"]["Arguments"].update(FunctionName={"Fn::GetAtt": ["SealFunction", "Arn"]}),
        "what Capture invokes",
    ),
    "an alarm of the fleet is dropped": (lambda t: t["Resources"].pop("FleetTimedOutAlarm"), "alarms"),
    "an alarm of the fleet looks at merges": (
        lambda t: properties(t, "FleetFailedAlarm")["Dimensions"][0].update(Value={"Ref": "SessionsStateMachine"}),
        "alarms",
    ),
    "the dashboard does not show the fleet": (
        lambda t: properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"][1].update(FleetAlarms=""),
        "alarms of the dashboard",
    ),
    "a page asks for an output that is gone": (lambda t: t["Outputs"].pop("CaptureRoleArn"), "fleet.md asks for the output CaptureRoleArn"),
    "a page sets a parameter that is gone": (
        lambda t: t["Parameters"].update(Spread=t["Parameters"].pop("SpreadAbove")),
        "fleet.md sets SpreadAbove",
    ),
    "the environment has less room": (lambda t: variables(t).update(AUDIT_LAKE="x" * 900), "do not fit into the environment"),
    "when to spread is not told": (lambda t: variables(t).pop("AUDIT_SPREAD_ABOVE"), "variables"),
    "executions end after five minutes": (lambda t: properties(t, "SessionsStateMachine").update(StateMachineType="EXPRESS"), "kind of state machine"),
    "an alarm looks the other way": (
        lambda t: properties(t, "FailedTargetsAlarm").update(ComparisonOperator="LessThanThreshold"),
        "alarms",
    ),
    "an alarm looks at another function": (
        lambda t: properties(t, "CaptureErrorsAlarm")["Dimensions"][0].update(Value={"Ref": "SealFunction"}),
        "alarms",
    ),
    "a schedule of 30 minutes alarms": (lambda t: properties(t, "NoCaptureAlarm").update(DatapointsToAlarm=1), "alarms"),
}
