"""Ways to let somebody in, past the roles' own policies as well."""

from .parts import add, allow, members, properties, statement, statements

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
    "authorization policies of any Region are read": (
        lambda t: statement(t, "CaptureRole", 3).pop("Condition"),
        "+ CaptureRole Allow ec2:GetClientVpnEndpointAuthorizationPolicy *",
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
