"""The promises of member-role.yaml, and changes for the worse that must be noticed."""

import re

import access
import cfn
from common import compare, resources

CAPTURE_ROLE = "arn:aws:iam::999988887777:role/client-vpn-audit-CaptureRole-0123456789AB"
LOGS_ROLE = "arn:aws:iam::999988887777:role/client-vpn-audit-LogsRole-0123456789AB"
GIVEN = {"CaptureRoleArn": CAPTURE_ROLE}
#: What lets connection logs be read.
LOGS = {"LogsRoleArn": LOGS_ROLE, "ConnectionLogGroupName": "/vpn/b*"}
UNMASK = {"UnmaskConnectionLogs": "true"}
#: The condition of what is not granted for one resource, where no parameter limits the Regions.
IN_REGIONS = "if StringLike aws:RequestedRegion *"
TWO_REGIONS = "if StringLike aws:RequestedRegion eu-central-1 us-east-1"
HERE = f"arn:aws:ec2:*:{cfn.ACCOUNT}:client-vpn-endpoint/*"

#: All that the role gives: to one role, reading what there is and nothing else.
GRANTS = {
    f"MemberRole Allow AWS {CAPTURE_ROLE} sts:AssumeRole",
    f"MemberRole Allow ec2:DescribeClientVpnConnections {HERE}",
    f"MemberRole Allow ec2:DescribeClientVpnTargetNetworks {HERE}",
    f"MemberRole Allow ec2:DescribeClientVpnAuthorizationRules {HERE}",
    f"MemberRole Allow ec2:DescribeClientVpnRoutes {HERE}",
    f"MemberRole Allow ec2:ExportClientVpnClientCertificateRevocationList {HERE}",
    f"MemberRole Allow ec2:GetClientVpnEndpointAuthorizationPolicy * {IN_REGIONS}",
    f"MemberRole Allow ec2:DescribeClientVpnEndpoints * {IN_REGIONS}",
}

#: What it gives besides, by the parameter that adds it. Without a name of log groups, nothing may be read of them.
TRUSTS_LOGS = f"MemberRole Allow AWS {LOGS_ROLE} sts:AssumeRole"
OF_GROUPS = f"arn:aws:logs:*:{cfn.ACCOUNT}:log-group:/vpn/b*:*"
READS_LOGS = {f"MemberRole Allow logs:FilterLogEvents {OF_GROUPS}", f"MemberRole Allow logs:DescribeLogGroups * {IN_REGIONS}"}
UNMASKS_LOGS = {f"MemberRole Allow logs:Unmask {OF_GROUPS}"}
VARIANTS = [
    ({}, GRANTS),
    ({"LogsRoleArn": LOGS_ROLE}, GRANTS | {TRUSTS_LOGS}),
    (UNMASK, GRANTS),
    ({"ConnectionLogGroupName": LOGS["ConnectionLogGroupName"]}, GRANTS | READS_LOGS),
    (LOGS, GRANTS | {TRUSTS_LOGS} | READS_LOGS),
    (LOGS | UNMASK, GRANTS | {TRUSTS_LOGS} | READS_LOGS | UNMASKS_LOGS),
]


def permissions(template):
    problems = []
    for external_id, condition in (("", ""), ("audit:42", " if StringEquals sts:ExternalId audit:42")):
        for variant, grants in VARIANTS:
            found = access.grants(cfn.resolve(template, ExternalId=external_id, **GIVEN, **variant))
            expected = {line + condition if " sts:AssumeRole" in line else line for line in grants}
            what = ", ".join([f"the external id {external_id!r}", *variant])
            for sign, lines in (("+", found - expected), ("-", expected - found)):
                problems += [f"permissions with {what}: {sign} {line}" for line in sorted(lines)]
    named = cfn.resolve(template, Regions="eu-central-1,us-east-1", **GIVEN, **LOGS)
    in_two = {line for line in access.grants(named) if "RequestedRegion" in line}
    expected = {line.removesuffix(IN_REGIONS) + TWO_REGIONS for line in GRANTS | READS_LOGS if line.endswith(IN_REGIONS)}
    return problems + compare("permissions in two Regions", sorted(in_two), sorted(expected))


def role(template):
    whole = cfn.resolve(template, RoleName="reader", RolePath="/audit/", **GIVEN)
    found = resources(whole, "AWS::IAM::Role").get("MemberRole", {})
    problems = compare("kinds", [r["Type"] for r in whole["Resources"].values()], ["AWS::IAM::Role"])
    problems += compare("name and path", (found.get("RoleName"), found.get("Path")), ("reader", "/audit/"))
    return problems + compare("longest session", found.get("MaxSessionDuration"), 3600)


ROLES = (
    [CAPTURE_ROLE, "arn:aws-us-gov:iam::999988887777:role/a/b"],
    ["*", "999988887777", CAPTURE_ROLE + "*", "arn:aws:iam::*:role/x", "arn:aws:iam::999988887777:root", "arn:aws:iam::999988887777:user/x", f"{CAPTURE_ROLE},{CAPTURE_ROLE}"],
)
#: As for the other template: values that each parameter takes, and values that it refuses.
VALUES = {
    "CaptureRoleArn": (ROLES[0], ["", *ROLES[1]]),
    "LogsRoleArn": (["", *ROLES[0]], ROLES[1]),
    "ExternalId": access.VALUES["ExternalId"],
    "ConnectionLogGroupName": (
        ["", "*", "/vpn/b*", "a_b-c/d.e#f", "x" * 512],
        ["a*b", "**", "/vpn:*", "a b", "${x}", "arn:aws:logs:*:*:log-group:a", "x" * 513],
    ),
    "Regions": (
        ["*", "eu-central-1", "us-gov-west-1,us-iso-east-1"],
        ["", "eu-*", "*,eu-central-1", "eu-central-1, us-east-1", "eu-central-1,", "${x}"],
    ),
    "RoleName": (["client-vpn-audit-member", "a_b+c=d,e.f@g"], ["", "*", "a/b", "a b", "x" * 65]),
    "RolePath": (["/", "/audit/", "/a/b/"], ["", "audit/", "/audit", "//", "/*/", "/a b/"]),
}


def parameters(template):
    chosen = {name for name, spec in template["Parameters"].items() if "AllowedValues" in spec}
    problems = compare("parameters", sorted(template["Parameters"]), sorted(VALUES.keys() | chosen))
    for name, (good, bad) in VALUES.items():
        pattern = template["Parameters"][name].get("AllowedPattern", ".*")
        problems += [f"{name} refuses {value!r}" for value in good if not re.fullmatch(pattern, value)]
        problems += [f"{name} takes {value!r}" for value in bad if re.fullmatch(pattern, value)]
    return problems


CHECKS = [permissions, role, parameters]


def properties(template):
    return template["Resources"]["MemberRole"]["Properties"]


def trust(template):
    return properties(template)["AssumeRolePolicyDocument"]["Statement"]


def statements(template):
    return properties(template)["Policies"][0]["PolicyDocument"]["Statement"]


def logs(template, number):
    """A statement that a name of log groups adds."""
    return statements(template)[number]["Fn::If"][1]


MUTATIONS = {
    "anybody may assume it": (lambda t: trust(t)[0].update(Principal={"AWS": "*"}), "+ MemberRole Allow AWS * sts:AssumeRole"),
    "anybody of that account may assume it": (
        lambda t: trust(t)[0].update(Principal={"AWS": {"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "CaptureRoleArn"}]}]}}),
        "sts:AssumeRole",
    ),
    "a service may assume it": (
        lambda t: trust(t).append({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
        "+ MemberRole Allow Service lambda.amazonaws.com",
    ),
    "the external id is not asked for": (lambda t: trust(t)[0].pop("Condition"), "'audit:42': -"),
    "the role of the logs is always trusted": (
        lambda t: trust(t)[0].update(Principal={"AWS": [{"Ref": "CaptureRoleArn"}, {"Ref": "LogsRoleArn"}]}),
        "permissions with the external id '': + MemberRole Allow AWS",
    ),
    "the role of the logs is not trusted": (
        lambda t: trust(t)[0].update(Principal={"AWS": {"Ref": "CaptureRoleArn"}}),
        f"LogsRoleArn: - MemberRole Allow AWS {LOGS_ROLE} sts:AssumeRole",
    ),
    "the role of the logs replaces the capture's": (
        lambda t: trust(t)[0]["Principal"]["AWS"].update({"Fn::If": ["HasLogsRole", {"Ref": "LogsRoleArn"}, {"Ref": "CaptureRoleArn"}]}),
        f"LogsRoleArn: - MemberRole Allow AWS {CAPTURE_ROLE} sts:AssumeRole",
    ),
    "it may read any log group": (lambda t: logs(t, 2).update(Resource="*"), "+ MemberRole Allow logs:FilterLogEvents *"),
    "log groups are named without what follows": (
        lambda t: logs(t, 2).update(Resource={"Fn::Sub": logs(t, 2)["Resource"]["Fn::Sub"].removesuffix(":*")}),
        "+ MemberRole Allow logs:FilterLogEvents arn:aws:logs:*:111122223333:log-group:/vpn/b*",
    ),
    "it may read log groups that others share": (
        lambda t: logs(t, 2).update(Resource={"Fn::Sub": "arn:${AWS::Partition}:logs:*:*:log-group:${ConnectionLogGroupName}:*"}),
        "+ MemberRole Allow logs:FilterLogEvents arn:aws:logs:*:*",
    ),
    "log groups may be read though none is named": (
        lambda t: t["Conditions"].update(HasConnectionLogGroup={"Fn::Not": [{"Fn::Equals": [{"Ref": "LogsRoleArn"}, ""]}]}),
        "LogsRoleArn: + MemberRole Allow logs:",
    ),
    "masked fields are always shown": (
        lambda t: logs(t, 2).update(Action=["logs:FilterLogEvents", "logs:Unmask"]),
        "ConnectionLogGroupName: + MemberRole Allow logs:Unmask",
    ),
    "log groups are not described": (lambda t: statements(t).pop(3), "- MemberRole Allow logs:DescribeLogGroups"),
    "log groups may be anything": (lambda t: t["Parameters"]["ConnectionLogGroupName"].pop("AllowedPattern"), "ConnectionLogGroupName takes"),
    "any principal may be named besides": (lambda t: t["Parameters"]["LogsRoleArn"].pop("AllowedPattern"), "LogsRoleArn takes '*'"),
    "the external id may be left out": (
        lambda t: trust(t)[0].update(Condition={"StringEqualsIfExists": {"sts:ExternalId": {"Ref": "ExternalId"}}}),
        "StringEqualsIfExists",
    ),
    "an empty external id is asked for": (
        lambda t: trust(t)[0].update(Condition={"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}),
        "the external id '': +",
    ),
    "sessions may be tagged": (lambda t: trust(t)[0].update(Action=["sts:AssumeRole", "sts:TagSession"]), "sts:TagSession"),
    "it may end connections": (
        lambda t: statements(t)[0]["Action"].append("ec2:TerminateClientVpnConnections"),
        "+ MemberRole Allow ec2:TerminateClientVpnConnections",
    ),
    "it may describe everything": (lambda t: statements(t)[1].update(Action="ec2:Describe*"), "+ MemberRole Allow ec2:Describe*"),
    "it may read what others share": (lambda t: statements(t)[0].update(Resource="*"), "+ MemberRole Allow ec2:DescribeClientVpnConnections *"),
    "it may read policies in any Region": (
        lambda t: statements(t)[1].pop("Condition"),
        "+ MemberRole Allow ec2:GetClientVpnEndpointAuthorizationPolicy *",
    ),
    "log groups may be listed in any Region": (
        lambda t: logs(t, 3).pop("Condition"),
        "+ MemberRole Allow logs:DescribeLogGroups *",
    ),
    "Regions mean nothing": (
        lambda t: statements(t)[1].update(Condition={"StringLike": {"aws:RequestedRegion": "*"}}),
        "permissions in two Regions",
    ),
    "it cannot find endpoints": (lambda t: statements(t).pop(1), "- MemberRole Allow ec2:DescribeClientVpnEndpoints"),
    "a managed policy is added": (lambda t: properties(t).update(ManagedPolicyArns=["arn:x"]), "managed"),
    "sessions last longer": (lambda t: properties(t).update(MaxSessionDuration=43200), "longest session"),
    "its name is another": (lambda t: properties(t).pop("RoleName"), "name and path"),
    "its path is lost": (lambda t: properties(t).pop("Path"), "name and path"),
    "a second role is made": (
        lambda t: t["Resources"].update(More={"Type": "AWS::IAM::User", "Properties": {}}),
        "kinds",
    ),
    "any principal may be named": (lambda t: t["Parameters"]["CaptureRoleArn"].pop("AllowedPattern"), "CaptureRoleArn takes '*'"),
    "an external id may be anything": (lambda t: t["Parameters"]["ExternalId"].update(AllowedPattern=".*"), "ExternalId takes '*'"),
}
