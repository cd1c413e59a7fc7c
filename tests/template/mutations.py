"""Changes for the worse, each with a word of the problem that must be found."""

import checks


def properties(template, name):
    return template["Resources"][name]["Properties"]


def statement(template, role, number):
    return statements(template, role)[number]


def statements(template, role):
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]


#: Where the capture's role may read and write objects.
S3 = 4


def allow(action, **more):
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def add(template, kind, **properties_):
    template["Resources"]["More"] = {"Type": kind, "Properties": properties_}


def members(template):
    """What lets the capture assume roles of other accounts."""
    return statement(template, "CaptureRole", 3)["Fn::If"][1]


def policy(template):
    return properties(template, "EvidenceBucketPolicy")["PolicyDocument"]["Statement"]


def lifecycle(template):
    return properties(template, "EvidenceBucket")["LifecycleConfiguration"]["Rules"]


def variables(template):
    return template["Globals"]["Function"]["Environment"]["Variables"]


def columns(template, table):
    return properties(template, table)["TableInput"]["StorageDescriptor"]["Columns"]


def states(template):
    return properties(template, "SessionsStateMachine")["Definition"]["States"]


def fleet(template):
    return properties(template, "FleetStateMachine")["Definition"]


def batches(template):
    return fleet(template)["States"]["Batches"]


def assigned(template):
    return states(template)["Prepare"]["Assign"]


#: What a careless edit does.
PLAIN = {
    "an action is added": (lambda t: statement(t, "CaptureRole", S3)["Action"].append("s3:DeleteObject"), "s3:DeleteObject"),
    "a resource is widened": (lambda t: statement(t, "SealRole", 1).update(Resource="*"), "SealRole Allow s3:PutObject *"),
    "a condition is dropped": (lambda t: statement(t, "CaptureRole", S3 + 1).pop("Condition"), "s3:ListBucket"),
    "a permission is dropped": (lambda t: statement(t, "SealRole", 0)["Action"].remove("s3:GetObjectVersion"), "s3:GetObjectVersion"),
    "a managed policy is added": (lambda t: properties(t, "SealRole").update(ManagedPolicyArns=["arn:x"]), "managed"),
    "anybody may take a role": (
        lambda t: properties(t, "SessionsRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
        "trust of SessionsRole",
    ),
    "a put may overwrite": (lambda t: policy(t).pop(0), "evidence bucket policy"),
    "a delete is let through": (lambda t: policy(t)[1]["Resource"].pop(), "evidence bucket policy"),
    "evidence goes with the stack": (lambda t: t["Resources"]["EvidenceBucket"].update(DeletionPolicy="Delete"), "deletion policy"),
    "evidence moves to where Athena does not read": (lambda t: lifecycle(t)[0]["Transitions"][0].update(StorageClass="GLACIER"), "GLACIER"),
    "a put may overwrite the endpoints' configuration": (
        lambda t: policy(t)[0]["Resource"].remove({"Fn::Sub": "${EvidenceBucket.Arn}/${Prefix}/endpoints/*"}),
        "evidence bucket policy",
    ),
    "the endpoints' configuration stays for ever": (lambda t: lifecycle(t).pop(3), "expiry"),
    "the capture does not record the endpoints": (
        lambda t: statement(t, "CaptureRole", S3)["Resource"].pop(3),
        "s3:PutObject arn:aws:s3:::evidencebucket/client-vpn-audit/endpoints/*",
    ),
    "the seal does not see the endpoints": (lambda t: statement(t, "SealRole", 0)["Resource"].pop(3), "client-vpn-audit/endpoints/*"),
    "digests expire": (lambda t: lifecycle(t).append({"Id": "x", "Prefix": "client-vpn-audit/digests/", "ExpirationInDays": 1}), "expiry"),
    "an existing bucket gets our policy": (lambda t: t["Resources"]["EvidenceBucketPolicy"].pop("Condition"), "EvidenceBucketPolicy"),
    "the time-out is longer": (lambda t: t["Mappings"]["CaptureTimeout"]["15"].update(Seconds=420), "do not fit"),
    "the schedule may be slower": (lambda t: t["Parameters"]["ScheduleMinutes"]["AllowedValues"].append(60), "60"),
    "events live longer": (
        lambda t: properties(t, "CaptureFunction")["EventInvokeConfig"].update(MaximumEventAgeInSeconds=3600),
        "event age of CaptureFunction",
    ),
    "a setting has a typing error": (lambda t: variables(t).update(AUDIT_TARGET="x"), "AUDIT_TARGET is no setting"),
    "a setting is missing": (lambda t: variables(t).pop("AUDIT_LAKE"), "AUDIT_LAKE"),
    "the time of the schedule is lost": (
        lambda t: properties(t, "CaptureSchedule")["Target"].update(Input='{"action":"snapshot"}'),
        "CaptureSchedule",
    ),
    "a failure is lost": (lambda t: properties(t, "SessionsSchedule")["Target"].pop("DeadLetterConfig"), "dead-letter"),
    "a saved query is dropped": (lambda t: t["Resources"].pop("CoverageHolesQuery"), "coverage_holes is not saved"),
    "a saved query is changed": (
        lambda t: properties(t, "TopTalkersQuery").update(QueryString="SELECT 1"),
        "top_talkers differs",
    ),
    "a column is renamed": (lambda t: columns(t, "PartialsTable")[3].update(Name="endpoint"), "differ"),
    "a column of the ledger is renamed": (lambda t: columns(t, "RunsTable")[0].update(Name="id"), "columns of runs"),
    "a field of the ledger is renamed": (
        lambda t: columns(t, "RunsTable")[8].update(Type=columns(t, "RunsTable")[8]["Type"].replace("outcome", "result")),
        "fields of targets",
    ),
    "a partition is outside the projection": (
        lambda t: properties(t, "RunsTable")["TableInput"]["Parameters"].update({"projection.snapshot_date.range": "2026-01-01,NOW"}),
        "projection of runs",
    ),
    "endpoints of one account are not shown": (
        lambda t: properties(t, "EndpointsTable")["TableInput"]["Parameters"].update({"projection.account_id.values": "111122223333"}),
        "projection of endpoints",
    ),
    "the endpoints are read as JSON": (
        lambda t: properties(t, "EndpointsTable")["TableInput"]["StorageDescriptor"].update(InputFormat="org.apache.hadoop.mapred.TextInputFormat"),
        "format of endpoints",
    ),
    "a day is a date and not a text": (
        lambda t: properties(t, "ConnectionsTable")["TableInput"]["PartitionKeys"][2].update(Type="date"),
        "partitions of connections",
    ),
    "queries are not limited": (
        lambda t: properties(t, "WorkGroup")["WorkGroupConfiguration"].update(EnforceWorkGroupConfiguration=False),
        "work group",
    ),
    "a statement is changed": (lambda t: assigned(t).update(merge_statement="SELECT 1"), "statement of Merge"),
    "the window is shorter": (
        lambda t: assigned(t).update(from_date=assigned(t)["from_date"].replace("7 : 2", "7 : 1")),
        "window",
    ),
    "any text is taken for a date": (
        lambda t: assigned(t).update(from_date=assigned(t)["from_date"].replace("^[0-9]{4}", "[0-9]{4}").replace("{2}$/", "{2}/")),
        "is taken for a from_date",
    ),
    "a silent capture does not alarm": (lambda t: properties(t, "NoCaptureAlarm").update(TreatMissingData="ignore"), "alarms"),
    "an alarm is dropped": (lambda t: t["Resources"].pop("FailuresQueueAlarm"), "alarms"),
}

#: Ways to let somebody in, past the roles' own policies as well. Each is found by a check of access.py.
WIDER = {
    "anybody may use the key": (
        lambda t: properties(t, "SealKey")["KeyPolicy"]["Statement"].append(allow("kms:*", Principal="*")),
        "+ SealKey Allow * kms:*",
    ),
    "anybody may use the queue": (
        lambda t: properties(t, "FailuresQueuePolicy")["PolicyDocument"]["Statement"].append(allow("sqs:*", Principal="*")),
        "+ FailuresQueuePolicy Allow * sqs:*",
    ),
    "anybody may read sessions": (
        lambda t: properties(t, "AnalyticsBucketPolicy")["PolicyDocument"]["Statement"].append(allow("s3:GetObject", Principal={"AWS": "*"})),
        "+ AnalyticsBucketPolicy Allow AWS * s3:GetObject",
    ),
    "the queue takes requests without TLS": (lambda t: t["Resources"].pop("FailuresQueuePolicy"), "- FailuresQueuePolicy Deny"),
    "sessions are sent without TLS": (lambda t: t["Resources"].pop("AnalyticsBucketPolicy"), "- AnalyticsBucketPolicy Deny"),
    "all but some actions are allowed": (
        lambda t: statements(t, "SealRole").append({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        "NotAction iam:*",
    ),
    "a policy is attached from outside": (
        lambda t: add(t, "AWS::IAM::Policy", Roles=[{"Ref": "CaptureRole"}], PolicyDocument={"Statement": [allow("s3:*")]}),
        "More is of the kind AWS::IAM::Policy",
    ),
    "a policy is attached by name": (
        lambda t: add(t, "AWS::IAM::RolePolicy", RoleName={"Ref": "CaptureRole"}, PolicyDocument={"Statement": [allow("s3:*")]}),
        "+ More Allow s3:*",
    ),
    "anybody may invoke": (
        lambda t: add(t, "AWS::Lambda::Permission", FunctionName={"Ref": "CaptureFunction"}, Action="lambda:InvokeFunction", Principal="*"),
        "AWS::Lambda::Permission",
    ),
    "a function has an address on the internet": (
        lambda t: properties(t, "CaptureFunction").update(FunctionUrlConfig={"AuthType": "NONE"}),
        "AWS::Lambda::Url",
    ),
    "a function takes another's role": (
        lambda t: properties(t, "CaptureFunction").update(Role={"Fn::GetAtt": ["SealRole", "Arn"]}),
        "role of CaptureFunction",
    ),
    "SAM makes a role": (
        lambda t: (properties(t, "CaptureFunction").pop("Role"), properties(t, "CaptureFunction").update(Policies=["AWSLambdaExecute"])),
        "role of CaptureFunction",
    ),
    "a schedule takes another's role": (
        lambda t: properties(t, "CaptureSchedule")["Target"].update(RoleArn={"Fn::GetAtt": ["SealScheduleRole", "Arn"]}),
        "role of CaptureSchedule",
    ),
    "the state machine takes another's role": (
        lambda t: properties(t, "SessionsStateMachine").update(RoleArn={"Fn::GetAtt": ["SealRole", "Arn"]}),
        "role of SessionsStateMachine",
    ),
    "more is allowed in an owner's bucket": (
        lambda t: statement(t, "SealRole", 1).update(Resource={"Fn::If": ["NewBucket", statement(t, "SealRole", 1)["Resource"][0], "*"]}),
        "with ExistingBucket: + SealRole Allow s3:PutObject *",
    ),
    "more is allowed with a lock": (
        lambda t: statements(t, "SealRole").append({"Fn::If": ["Locked", allow("s3:BypassGovernanceRetention"), {"Ref": "AWS::NoValue"}]}),
        "s3:BypassGovernanceRetention",
    ),
    "more is allowed by a new condition": (
        lambda t: (
            t["Conditions"].update(Abroad={"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}),
            statements(t, "SealRole").append({"Fn::If": ["Abroad", allow("s3:*"), {"Ref": "AWS::NoValue"}]}),
        ),
        "Abroad",
    ),
    "any endpoint may be named": (lambda t: t["Parameters"]["Targets"].pop("AllowedPattern"), "Targets takes '*'"),
    "any Region's endpoint may be named": (
        lambda t: t["Parameters"]["Targets"].update(AllowedPattern=t["Parameters"]["Targets"]["AllowedPattern"].replace("([a-z0-9-]+|", "([a-z0-9*-]+|")),
        "Targets takes 'arn:aws:ec2:eu-*",
    ),
    "any role may be named": (lambda t: t["Parameters"]["MemberRoleName"].update(AllowedPattern=".*"), "MemberRoleName takes '*'"),
    "an external id may be anything": (lambda t: t["Parameters"]["ExternalId"].pop("AllowedPattern"), "ExternalId takes '*'"),
    "any role of the members may be assumed": (
        lambda t: members(t).update(Resource="arn:aws:iam::*:role/*"),
        "+ CaptureRole Allow sts:AssumeRole arn:aws:iam::*:role/*",
    ),
    "a role of any account may be assumed": (lambda t: members(t).pop("Condition"), "role/audit/client-vpn-audit-member"),
    "roles are assumed though no account is named": (
        lambda t: t["Conditions"].update(HasMembers={"Fn::Not": [{"Fn::Equals": [{"Ref": "MemberRoleName"}, ""]}]}),
        "permissions with MemberRoleName: + CaptureRole Allow sts:AssumeRole",
    ),
    "endpoints of any Region are listed": (lambda t: statement(t, "CaptureRole", 2).pop("Condition"), "+ CaptureRole Allow ec2:DescribeClientVpnEndpoints *"),
    "networks of any endpoint are read": (
        lambda t: statement(t, "CaptureRole", 1).update(Resource="arn:aws:ec2:*:*:client-vpn-endpoint/*"),
        "+ CaptureRole Allow ec2:DescribeClientVpnTargetNetworks arn:aws:ec2:*:*:client-vpn-endpoint/*",
    ),
    "networks of any Region are read": (lambda t: statement(t, "CaptureRole", 1).pop("Condition"), "eu-west-1"),
    "networks of the targets only are read": (
        lambda t: statement(t, "CaptureRole", 1).update(Resource={"Fn::Split": [",", {"Ref": "Targets"}]}),
        "('none', 'none'), not ('none', 'allow')",
    ),
    "connections of any endpoint are read": (
        lambda t: statement(t, "CaptureRole", 0).update(Resource=statement(t, "CaptureRole", 1)["Resource"]),
        "('allow', 'allow'), not ('none', 'allow')",
    ),
    "any key may be named": (lambda t: t["Parameters"]["KmsKeyArn"].update(AllowedPattern=".*"), "KmsKeyArn takes '*'"),
    "the prefix may be a pattern": (lambda t: t["Parameters"]["Prefix"].update(AllowedPattern="^[^/].*[^/]$"), "Prefix takes 'a*'"),
    "a parameter has no limits": (lambda t: t["Parameters"].update(More={"Type": "String", "Default": ""}), "nothing limits More"),
    "evidence may go early": (lambda t: t["Parameters"]["RetentionDays"].update(MinValue=1), "limits of RetentionDays"),
}

#: What else can go wrong without a policy's change.
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
    "the seal has no time": (lambda t: properties(t, "SealFunction").update(Timeout=3), "time-out of the seal"),
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
        lambda t: properties(t, "RunsTable")["TableInput"]["StorageDescriptor"]["SerdeInfo"].update(SerializationLibrary=checks.PARQUET[2]),
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

def exception(template, number=2):
    """Whom the policy lets change settings."""
    return policy(template)[number]["Condition"]


def key_policy(template):
    return properties(template, "SealKey")["KeyPolicy"]["Statement"]


def pattern(template, name):
    return properties(template, name)["EventPattern"]["detail"]


def rule(template):
    return template["Rules"]["EvidenceStaysWhileItIsLocked"]


#: Ways to take the protection off the evidence, or not to hear of it. Each is found by a request that comes out otherwise.
UNPROTECTED = {
    **{
        f"anybody may call {action}": (lambda t, a=action: policy(t)[2]["Action"].remove(a), f"{action} by an administrator without")
        for action in checks.protection.SETTINGS
    },
    **{
        f"anybody may call {action} on objects": (lambda t, a=action: policy(t)[3]["Action"].remove(a), f"{action} of ")
        for action in checks.protection.BYPASS
    },
    "a lock on digests may be bypassed": (lambda t: policy(t)[3]["Resource"].pop(), "s3:BypassGovernanceRetention of arn:aws:s3:::evidencebucket/client-vpn-audit/digests/x"),
    "settings of objects are protected, not of the bucket": (lambda t: policy(t)[2].update(Resource={"Fn::Sub": "${EvidenceBucket.Arn}/*"}), "s3:DeleteBucket by"),
    "who is not called by CloudFormation passes": (
        lambda t: exception(t).update({"ForAnyValue:StringNotEquals": exception(t).pop("ForAllValues:StringNotEquals")}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "who calls S3 by another service passes": (
        lambda t: exception(t)["ForAllValues:StringNotEquals"].update({"aws:CalledVia": ["cloudformation.amazonaws.com", "athena.amazonaws.com"]}),
        "s3:PutBucketPolicy by Athena",
    ),
    "who calls S3 by any service passes": (
        lambda t: exception(t).update({"Bool": {"aws:ViaAWSService": "false"}}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "the stack cannot be updated": (lambda t: exception(t).pop("ForAllValues:StringNotEquals"), "update and rollback of the stack by a person is"),
    "the administrator does not pass": (lambda t: exception(t).pop("ArnNotLike"), "s3:PutBucketPolicy by the role that is named with"),
    "the administrator may not replicate": (lambda t: exception(t, 3).pop("ArnNotLike"), "by the role that is named with"),
    "a role that is called almost the same passes": (
        lambda t: exception(t)["ArnNotLike"]["Fn::If"][1].update({"aws:PrincipalArn": {"Fn::Sub": "${AdministratorRoleArn}*"}}),
        "by a role that is called almost the same",
    ),
    "every role passes where none is named": (
        lambda t: exception(t)["ArnNotLike"]["Fn::If"].__setitem__(2, {"aws:PrincipalArn": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/*"}}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "CloudFormation may delete": (lambda t: policy(t)[1].update(Condition=exception(t)), "s3:DeleteObject of"),
    "CloudFormation may overwrite": (lambda t: policy(t)[0]["Condition"].update(exception(t)), "overwriting"),
    "all of the bucket is protected, also what is not evidence": (lambda t: policy(t)[1].update(Resource={"Fn::Sub": "${EvidenceBucket.Arn}/*"}), "evidencebucket/mine/x"),
    "evidence cannot be read": (lambda t: policy(t)[1].update(Action="s3:*"), "s3:GetObject of"),
    "administrators sign": (lambda t: key_policy(t).pop(2), "kms:Sign by arn:aws:iam::111122223333:role/aws-reserved"),
    "the root of the account signs": (
        lambda t: key_policy(t)[2]["Condition"]["ArnNotEquals"].update({"aws:PrincipalArn": [{"Fn::GetAtt": ["SealRole", "Arn"]}, "arn:aws:iam::*:root"]}),
        "kms:Sign by arn:aws:iam::111122223333:root",
    ),
    "the capture signs": (
        lambda t: key_policy(t)[2]["Condition"]["ArnNotEquals"].update({"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}),
        "kms:Sign by arn:aws:iam::111122223333:role/CaptureRole",
    ),
    "the seal does not sign": (lambda t: key_policy(t).pop(1), "kms:Sign by arn:aws:iam::111122223333:role/SealRole [] is none"),
    "nobody administers the key": (lambda t: key_policy(t)[2].update(Action="kms:*"), "kms:PutKeyPolicy by an administrator"),
    "the capture writes to a bucket of anybody": (lambda t: statement(t, "CaptureRole", S3).pop("Condition"), "in 777788889999 by CaptureRole"),
    "the seal lists a bucket of anybody": (lambda t: statement(t, "SealRole", 2)["Condition"].pop("StringEquals"), "in 777788889999 by SealRole"),
    "the seal writes to the own account only": (
        lambda t: statement(t, "SealRole", 1)["Condition"]["StringEquals"].update({"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}),
        "in 444455556666 by SealRole",
    ),
    "merges go to a bucket of anybody": (lambda t: statement(t, "SessionsRole", 5).pop("Condition"), "in 777788889999 by SessionsRole"),
    "requests do not name the owner of the bucket": (lambda t: variables(t).pop("AUDIT_LAKE_ACCOUNT"), "variables"),
    "requests name another owner of a new bucket": (
        lambda t: t["Conditions"].update(OwnBucket={"Fn::Equals": [{"Ref": "ExistingBucketAccount"}, ""]}),
        "AUDIT_LAKE_ACCOUNT with {'ExistingBucketAccount': '444455556666'}",
    ),
    "a new lifecycle is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(0), "BucketChangedRule reports PutBucketLifecycle"),
    "a deleted policy is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(1), "BucketChangedRule reports DeleteBucketPolicy"),
    "a changed lock is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(2), "BucketChangedRule reports PutObjectLockConfiguration"),
    "names of the API are looked for": (
        lambda t: pattern(t, "BucketChangedRule").update(eventName=["PutLifecycleConfiguration", "PutBucketPolicy"]),
        "BucketChangedRule reports PutBucketLifecycle",
    ),
    "changes of every bucket are reported": (lambda t: pattern(t, "BucketChangedRule").pop("requestParameters"), "'bucketName': 'another'"),
    "changes of the new bucket are looked for": (
        lambda t: pattern(t, "BucketChangedRule")["requestParameters"].update(bucketName=[{"Ref": "AnalyticsBucket"}]),
        "BucketChangedRule reports PutBucketPolicy",
    ),
    "a key that is named by its ARN is not reported": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(1), "KeyChangedRule reports DisableKey"),
    "the key of the evidence is not watched": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(), "reports the deletion of 1234"),
    "the key of the evidence is not watched by its ARN": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(2), "reports the deletion of arn:aws:kms"),
    "a key that is named by its id is not reported": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(0), "KeyChangedRule reports DisableKey"),
    "a key to be deleted is not reported": (lambda t: pattern(t, "KeyChangedRule")["eventName"].pop(0), "KeyChangedRule reports ScheduleKeyDeletion"),
    "every use of the key is reported": (lambda t: pattern(t, "KeyChangedRule")["eventName"].append("Sign"), "KeyChangedRule reports {'eventSource': 'kms.amazonaws.com', 'eventName': 'Sign'"),
    "a report that is not delivered is lost": (lambda t: properties(t, "KeyChangedRule")["Targets"][0].pop("DeadLetterConfig"), "targets of KeyChangedRule"),
    "a report that is not delivered is refused by the queue": (
        lambda t: properties(t, "FailuresQueuePolicy")["PolicyDocument"]["Statement"].pop(),
        "sending what arn:aws:events:eu-central-1:111122223333:rule/BucketChangedRule could not deliver",
    ),
    "any rule may send to the queue": (
        lambda t: properties(t, "FailuresQueuePolicy")["PolicyDocument"]["Statement"][1]["Fn::If"][1].pop("Condition"),
        "rule/another could not deliver",
    ),
    "reports are disabled": (lambda t: properties(t, "BucketChangedRule").update(State="DISABLED"), "state of BucketChangedRule"),
    "a report names nothing": (
        lambda t: properties(t, "BucketChangedRule")["Targets"][0]["InputTransformer"]["InputPathsMap"].update(bucket="$.detail.bucket"),
        "reports: KeyError",
    ),
    "rules are made without a topic": (lambda t: t["Resources"]["KeyChangedRule"].pop("Condition"), "rules without a topic"),
}

#: Promises about stacks, locks and Regions.
TOGETHER = {
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

def expires_before(template, old, new):
    """Edits the expression of the first day that is kept."""
    text = assigned(template)["expires_before"]["Fn::Sub"]
    if old not in text:
        raise SystemExit(f"{old} is not in {text}")
    assigned(template)["expires_before"]["Fn::Sub"] = text.replace(old, new)


def analytics(template):
    return properties(template, "AnalyticsBucket")


def deny_deletes(template):
    """What a copy of the evidence's policy does to the other bucket."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject*", "Resource": {"Fn::Sub": "${AnalyticsBucket.Arn}/sessions/*"}}
    properties(template, "AnalyticsBucketPolicy")["PolicyDocument"]["Statement"].append(deny)


def set_properties(template, old, new):
    text = assigned(template)["set_properties_statement"]
    if old not in text:
        raise SystemExit(f"{old} is not in {text}")
    assigned(template)["set_properties_statement"] = text.replace(old, new)


#: Ways in which people stay in sessions, or leave it too early, or a deployed table lacks a column.
EXPIRY = {
    "VACUUM may delete nothing": (lambda t: statement(t, "SessionsRole", 5)["Action"].remove("s3:DeleteObject"), "VACUUM deletes nothing"),
    "VACUUM may delete results only": (
        lambda t: statement(t, "SessionsRole", 5).update(Resource={"Fn::Sub": "${AnalyticsBucket.Arn}/results/*"}),
        "VACUUM deletes nothing",
    ),
    "VACUUM may delete data but not metadata": (
        lambda t: statement(t, "SessionsRole", 5).update(Resource={"Fn::Sub": "${AnalyticsBucket.Arn}/sessions/data/*"}),
        "s3:DeleteObject of sessions/metadata",
    ),
    "VACUUM may delete in another account": (
        lambda t: statement(t, "SessionsRole", 5)["Condition"]["StringEquals"].update({"aws:ResourceAccount": "444455556666"}),
        "VACUUM deletes nothing",
    ),
    "the bucket of sessions denies deletes": (deny_deletes, "VACUUM deletes nothing"),
    "deleted sessions stay as old versions": (lambda t: analytics(t).update(VersioningConfiguration={"Status": "Enabled"}), "what keeps deleted sessions"),
    "sessions are locked": (lambda t: analytics(t).update(ObjectLockEnabled=True), "what keeps deleted sessions"),
    "results of queries stay for ever": (lambda t: analytics(t)["LifecycleConfiguration"]["Rules"].pop(0), "days that results"),
    "results of queries expire nowhere": (lambda t: analytics(t)["LifecycleConfiguration"]["Rules"][0].update(Status="Disabled"), "days that results"),
    "old versions stay for five days": (lambda t: set_properties(t, "43200", "432000"), "VACUUM keeps old versions of sessions for 432000 s"),
    "the age of old versions is not set": (lambda t: set_properties(t, "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep"), "for 432000 s"),
    "what is being written is removed": (lambda t: set_properties(t, "43200", "60"), "VACUUM keeps old versions of sessions for 60 s"),
    "ten old versions stay": (lambda t: set_properties(t, "'1'", "'10'"), "however old they are"),
    "sessions expire after a fixed time": (lambda t: expires_before(t, "${RetentionDays}", "400"), "with 90 days"),
    "sessions expire by days": (lambda t: expires_before(t, "-01'", "-[D01]'"), "first day of sessions"),
    "a future time deletes what is kept": (
        lambda t: expires_before(t, "$min([$toMillis($states.input.time), $toMillis($states.context.Execution.StartTime)])", "$toMillis($states.input.time)"),
        "at 2035-12-06",
    ),
    "an expiry deletes the month that begins": (lambda t: assigned(t).update(expire_statement=assigned(t)["expire_statement"].replace("<", "<=")), "statement of Expire"),
    "an expiry deletes everything": (lambda t: assigned(t).update(expire_statement="DELETE FROM sessions"), "statement of Expire"),
    "the evidence is deleted": (
        lambda t: assigned(t).update(expire_statement=assigned(t)["expire_statement"].replace("FROM sessions", "FROM connections")),
        "statement of Expire",
    ),
    "an expiry is tried again whatever came of it": (
        lambda t: states(t)["Expire"].update(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]),
        "retries of Expire",
    ),
    "columns are added again": (lambda t: states(t)["AddColumns"].update(Catch=states(t)["Merge"]["Catch"]), "failures of AddColumns"),
    "captures expire with the sessions": (
        lambda t: assigned(t).update(captures_expire_statement=assigned(t)["captures_expire_statement"].replace(" - INTERVAL '1' MONTH", "")),
        "statement of ExpireCaptures",
    ),
    "a new column of captures is not compared": (lambda t: assigned(t)["captures_columns"].pop(), "columns of captures"),
    "columns of captures are those of sessions": (
        lambda t: states(t)["LookAtCapturesColumns"]["Arguments"].update(Name="sessions"),
        "where columns are looked at",
    ),
    "old versions of captures stay for five days": (
        lambda t: assigned(t).update(captures_set_properties_statement=assigned(t)["captures_set_properties_statement"].replace("43200", "432000")),
        "VACUUM keeps old versions of captures for 432000 s",
    ),
    "captures may not be read": (
        lambda t: [s["Resource"].pop(5) for s in statements(t, "SessionsRole") if "glue:GetPartitions" in s.get("Action", [])],
        "- SessionsRole Allow glue:GetTable",
    ),
    "a new column is not compared": (lambda t: assigned(t)["columns"].pop(), "columns of sessions"),
    "a column gets another type": (lambda t: assigned(t)["columns"][-1].update(type="double"), "columns of sessions"),
    "columns are those of another table": (lambda t: states(t)["LookAtColumns"]["Arguments"].update(Name="connections"), "where columns are looked at"),
    "columns may not be looked at": (
        lambda t: [s["Action"].remove("glue:GetTable") for s in statements(t, "SessionsRole") if "glue:GetTable" in s.get("Action", [])],
        "- SessionsRole Allow glue:GetTable",
    ),
    "columns may not be added": (
        lambda t: [s["Action"].remove("glue:UpdateTable") for s in statements(t, "SessionsRole") if "glue:UpdateTable" in s.get("Action", [])],
        "- SessionsRole Allow glue:UpdateTable",
    ),
}

MUTATIONS = {**PLAIN, **WIDER, **WORSE, **UNPROTECTED, **TOGETHER, **EXPIRY}
