"""Permissions: every way by which the template lets somebody do something, whatever the parameters are."""

import copy
import logging
import re

from samtranslator.translator.transform import transform

import cfn
from common import (
    ADMINISTRATOR,
    EVIDENCE,
    KEY,
    LOG_GROUPS,
    LOG_KEY,
    LOGS,
    MEMBER_ROLE,
    SPREAD,
    TOPIC,
    compare,
    many,
    read,
    resources,
)

#: Parameters that make each condition true or false, so that nothing can hide behind one.
VARIANTS = [
    {},
    {"KmsKeyArn": KEY},
    {"ExistingBucket": "owners-bucket"},
    {"ExistingBucket": "owners-bucket", "ExistingBucketAccount": "444455556666"},
    # A new bucket is this account's all the same.
    {"ExistingBucketAccount": "444455556666"},
    {"AdministratorRoleArn": ADMINISTRATOR},
    {"DatabaseName": "audit_of_vpn"},
    {"ObjectLockMode": "COMPLIANCE"},
    {"AlarmTopicArn": TOPIC},
    {"ReservedConcurrency": "2"},
    {"Accounts": "111122223333,444455556666"},
    {"Regions": "eu-central-1,us-east-1"},
    SPREAD,
    LOGS,
    {**LOGS, "UnmaskConnectionLogs": "true"},
    {**LOGS, "ConnectionLogKeyArn": LOG_KEY},
    # Without log groups there is nothing to read.
    {"UnmaskConnectionLogs": "true", "ConnectionLogKeyArn": LOG_KEY},
    # Without Accounts there is nobody to reach.
    {"MemberRoleName": MEMBER_ROLE},
    {"MemberRoleName": MEMBER_ROLE, "Accounts": "111122223333,444455556666"},
]
VARIANTS.append({name: value for variant in VARIANTS for name, value in variant.items()})


def statements(node):
    """The statements of every policy document in a resource: of identities, of resources, of trust."""
    if isinstance(node, dict):
        yield from many(node.get("Statement", []))
        node = list(node.values())
    for child in node if isinstance(node, list) else []:
        yield from statements(child)


def words(statement, name):
    """Returns what a statement says of its principals, actions or resources, `Not…` included."""
    for key in (name, f"Not{name}"):
        for value in many(statement.get(key, [])):
            kinds = value.items() if isinstance(value, dict) else [("", value)]
            yield from (" ".join(filter(None, [key if key != name else "", kind, v])) for kind, vs in kinds for v in many(vs))


def grants(template):
    """Every permission that any policy gives or denies, one a line."""
    lines = set()
    for name, resource in template["Resources"].items():
        for statement in statements(resource["Properties"]):
            condition = "".join(
                f" if {operator} {key} {' '.join(many(values))}"
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            )
            for principal in list(words(statement, "Principal")) or [""]:
                for action in words(statement, "Action"):
                    for resource_ in list(words(statement, "Resource")) or [""]:
                        who = [name, statement["Effect"], principal, action, resource_]
                        lines.add(" ".join(filter(None, who)) + condition)
        if resource["Properties"].get("ManagedPolicyArns"):
            lines.add(f"{name} has managed policies")
    return lines


def sections():
    """The lines of permissions.txt by the heading they stand under; those that always hold are under an empty one."""
    found, heading = {"": set()}, ""
    for line in read("tests/template/permissions.txt").splitlines():
        if line.startswith("# With"):
            heading = line.removeprefix("# With ").removesuffix(":")
            found[heading] = set()
        elif not line.startswith("#"):
            found[heading].add(line)
    return found


def expected_grants(variant):
    lines = set()
    for heading, of_heading in sections().items():
        names, _, what = heading.partition(", ")
        if all(name in variant for name in names.split(" and ") if name):
            lines = lines - of_heading if what == "not" else lines | of_heading
    # Its policy is its owner's.
    if "ExistingBucket" in variant:
        lines = {line.replace("evidencebucket", "owners-bucket") for line in lines if not line.startswith("EvidenceBucketPolicy ")}
    named = {name: variant.get(name.capitalize(), own).replace(",", " ") for name, own in (("accounts", cfn.ACCOUNT), ("regions", cfn.REGION))}
    named["bucket_account"] = variant.get("ExistingBucketAccount", cfn.ACCOUNT) if "ExistingBucket" in variant else cfn.ACCOUNT
    named["administrator"] = f" if ArnNotLike aws:PrincipalArn {ADMINISTRATOR}" if "AdministratorRoleArn" in variant else ""
    database = variant.get("DatabaseName", "client_vpn_audit")
    return {line.format(**named).replace("/client_vpn_audit", f"/{database}") for line in lines}


def permissions(template):
    """Checks that permissions.txt lists every permission, line by line."""
    problems = []
    for variant in VARIANTS:
        found, expected = grants(cfn.resolve(template, **variant)), expected_grants(variant)
        for sign, lines in (("+", found - expected), ("-", expected - found)):
            problems += [f"permissions{' with ' if variant else ''}{', '.join(variant)}: {sign} {line}" for line in sorted(lines)]
    return problems


def every_condition_is_tried(template):
    seen = [cfn.Resolver(template, variant).conditions for variant in VARIANTS]
    return [f"no variant makes {name} both true and false" for name in template["Conditions"] if len({s[name] for s in seen}) < 2]


def no_role_deletes_evidence(template):
    lines = grants(cfn.resolve(template))
    bad = [line for line in lines if " Allow s3:Delete" in line and "arn:aws:s3:::analyticsbucket/" not in line]
    return [f"evidence can be deleted: {line}" for line in bad]


def trust(template):
    """A role is for one service, and a schedule's only for schedules of this account."""
    services = {"Capture": "lambda", "Seal": "lambda", "Logs": "lambda", "Sessions": "states", "Fleet": "states"}
    problems = []
    for name, role in resources(cfn.resolve(template, **SPREAD, **LOGS), "AWS::IAM::Role").items():
        service = "scheduler" if name.endswith("ScheduleRole") else services[name.removesuffix("Role")]
        statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        if service != "lambda":
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": cfn.ACCOUNT}}
        problems += compare(f"trust of {name}", role["AssumeRolePolicyDocument"]["Statement"], [statement])
    return problems


def each_takes_its_own_role(template):
    whole = cfn.resolve(template, **SPREAD, **LOGS)
    role = lambda name: f"arn:aws:iam::{cfn.ACCOUNT}:role/{name}Role"
    problems = []
    for name, function in resources(whole, "AWS::Serverless::Function").items():
        problems += compare(f"role of {name}", function.get("Role"), role(name.removesuffix("Function")))
    for name, schedule in resources(whole, "AWS::Scheduler::Schedule").items():
        problems += compare(f"role of {name}", schedule["Target"]["RoleArn"], role(name))
    for name, machine in resources(whole, "AWS::StepFunctions::StateMachine").items():
        problems += compare(f"role of {name}", machine["RoleArn"], role(name.removesuffix("StateMachine")))
    return problems


#: The kinds of resources that may be in the template. A kind that could let somebody in, such as a Lambda permission, is not among them.
KINDS = {
    "AWS::Athena::NamedQuery",
    "AWS::Athena::WorkGroup",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::StepFunctions::StateMachine",
}


# It complains of metrics of its own, which it makes and does not send.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)


class NoManagedPolicies:
    """SAM asks AWS for their names, which nothing here uses."""

    @staticmethod
    def load():
        return {}


def expanded(template):
    """Checks that SAM makes resources of the known kinds, and adds no role."""
    template = copy.deepcopy(template)
    # SAM's transform runs after the build, which has put the code into a bucket by then.
    template["Globals"]["Function"]["CodeUri"] = "s3://built/code"
    written = resources(template, "AWS::IAM::Role")
    made = transform(template, {"Targets": ",".join(cfn.ENDPOINTS)}, NoManagedPolicies())
    problems = [f"{n} is of the kind {r['Type']}" for n, r in made["Resources"].items() if r["Type"] not in KINDS]
    # The transform does not say that it keeps them.
    problems += compare("rules after SAM", made.get("Rules"), template.get("Rules"))
    return problems + compare("roles after SAM", sorted(resources(made, "AWS::IAM::Role")), sorted(written))


#: All endpoints: of one account and Region, of an account, of a Region, of all that the other parameters name.
EVERY_ENDPOINT = [f"arn:aws:ec2:{region}:{account}:client-vpn-endpoint/*" for region in (cfn.REGION, "*") for account in (cfn.ACCOUNT, "*")]

#: A Region of each partition.
PARTITIONS = {
    "aws": "eu-central-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1", "aws-iso-e": "eu-isoe-west-1", "aws-iso-f": "us-isof-south-1",
}
#: An ARN of each, from one that lies in eu-central-1.
in_each = lambda arn: [arn.replace("arn:aws:", f"arn:{partition}:").replace("eu-central-1", region) for partition, region in PARTITIONS.items()]

#: Values that each parameter takes, and values that it refuses: they end in policies, names and keys.
VALUES = {
    "Targets": (
        [cfn.ENDPOINTS[0], ",".join(cfn.ENDPOINTS), *EVERY_ENDPOINT, ",".join([cfn.ENDPOINTS[0], *EVERY_ENDPOINT]), "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:client-vpn-endpoint/cvpn-endpoint-0123abcd", *in_each(cfn.ENDPOINTS[0])],
        [
            "", "*", cfn.ENDPOINTS[0] + ",", ", ".join(cfn.ENDPOINTS), cfn.ENDPOINTS[0][:-17] + "*", cfn.ENDPOINTS[0] + ",*",
            # A Region or an account is left open only for all endpoints there.
            cfn.ENDPOINTS[0].replace(cfn.REGION, "*"), cfn.ENDPOINTS[0].replace(cfn.ACCOUNT, "*"),
            "arn:aws:ec2:eu-*:*:client-vpn-endpoint/*", "arn:aws:ec2:*:1111*:client-vpn-endpoint/*", "arn:aws:ec2:*:*:*/*", "arn:*:ec2:*:*:client-vpn-endpoint/*",
        ],
    ),
    "MemberRoleName": (
        ["", "client-vpn-audit-member", MEMBER_ROLE, "a/b/c_d+e=f,g.h@i"],
        ["*", "audit/*", "/audit/member", "audit/", "a//b", "${x}", "a b", "x" * 65, "arn:aws:iam::111122223333:role/x"],
    ),
    "ExternalId": (["", "42", "a_b+c=d,e.f@g:h/i-j", "x" * 1224], ["1", "*", "a b", "${x}", "x" * 1225, "a\\b", '"a"']),
    "Accounts": (["", "111122223333", "111122223333,444455556666"], ["*", "1111", "111122223333,"]),
    "Regions": (["", "us-gov-west-1,eu-central-1", *PARTITIONS.values(), ",".join(PARTITIONS.values()), "ap-southeast-7"], ["*", "eu", "eu-central-1,", "eu-central", "eu-*-1", "Frankfurt", "eu-central-1 "]),
    "ExistingBucket": (["", "owners-bucket", "a.b-1"], ["*", "Owners", "a/b", "ab*"]),
    "ExistingBucketAccount": (["", "444455556666", "001122223333"], ["*", "4444", "444455556666,111122223333", "44445555666x"]),
    "AdministratorRoleArn": (
        ["", ADMINISTRATOR, "arn:aws-iso-b:iam::111122223333:role/a", f"arn:aws:iam::{cfn.ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0a1b"],
        ["*", ADMINISTRATOR + "*", f"arn:aws:iam::{cfn.ACCOUNT}:role/*", f"arn:aws:iam::{cfn.ACCOUNT}:root", "arn:aws:iam::*:role/a", f"arn:aws:iam::{cfn.ACCOUNT}:user/a", f"arn:aws:sts::{cfn.ACCOUNT}:assumed-role/a/b", f"{ADMINISTRATOR},{ADMINISTRATOR}"],
    ),
    "Prefix": (["client-vpn-audit", "a/b.c/d_e"], ["", "*", "/a", "a/", "a//b", "a*", "a b", "a/${x}", "..", "a/../b", "."]),
    "KmsKeyArn": (["", KEY, *in_each(KEY)], ["*", "alias/mine", KEY.replace("1234", "*"), KEY + ",x"]),
    "ConnectionLogGroups": (
        ["", *LOG_GROUPS, ",".join(LOG_GROUPS), "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:*:*:log-group:*:*", "arn:aws:logs:*:*:log-group:" + "x" * 512, *in_each(LOG_GROUPS[0])],
        [
            "*", "/vpn/a", LOG_GROUPS[0] + ",", ", ".join(LOG_GROUPS), LOG_GROUPS[0] + ",*", LOG_GROUPS[0] + ":log-stream:x", LOG_GROUPS[0] + ":*:*", "arn:aws:logs:*:*:*",
            "arn:aws:logs:*:*:log-group:", "arn:aws:logs:*:*:log-group::*", "arn:aws:logs:*:*:log-group:a*b", "arn:aws:logs:*:*:log-group:a b", "arn:aws:logs:*:*:log-group:${x}",
            "arn:aws:logs:eu-*:*:log-group:a", "arn:aws:logs:*:1111*:log-group:a", "arn:*:logs:*:*:log-group:a", "arn:aws:logs:*:*:log-group:" + "x" * 513,
        ],
    ),
    "ConnectionLogKeyArn": (["", LOG_KEY, *in_each(LOG_KEY)], ["*", "alias/mine", LOG_KEY.replace("5678", "*"), LOG_KEY + ",x"]),
    "AlarmTopicArn": (["", TOPIC, *in_each(TOPIC)], ["*", TOPIC + "*"]),
    "DatabaseName": (["", "client_vpn_audit"], ["*", "A", "a-b", "a/b"]),
    "ReservedConcurrency": (["", "2"], ["*", "-1", "0", "12345"]),
    "FirstDay": (["2018-12-01", "2025-01-01", "2026-10-31"], ["", "*", "2025-1-1", "2025-13-01", "2025-01-32", "2025-02-30", "2025-06-31", "1999-01-01", "2025-01-01,NOW", "2025-01-01 "]),
}
#: The least and the most of each number; none where CloudFormation's own check is enough.
LIMITS = {
    "RetentionDays": (90, 36500),
    "QueryScanLimitBytes": (10_000_000, None),
    "MemorySize": (128, 3008),
    "SpreadAbove": (0, 100_000),
    "ConnectionLogDays": (1, 365),
}


def parameters(template):
    problems = []
    for name, (good, bad) in VALUES.items():
        pattern = template["Parameters"][name].get("AllowedPattern", ".*")
        problems += [f"{name} refuses {value!r}" for value in good if not re.fullmatch(pattern, value)]
        problems += [f"{name} takes {value!r}" for value in bad if re.fullmatch(pattern, value)]
    for name, limits in LIMITS.items():
        spec = template["Parameters"][name]
        problems += compare(f"limits of {name}", (spec.get("MinValue"), spec.get("MaxValue")), limits)
    chosen = {name for name, spec in template["Parameters"].items() if "AllowedValues" in spec}
    unchecked = template["Parameters"].keys() - VALUES.keys() - LIMITS.keys() - chosen
    return problems + [f"nothing limits {name}" for name in sorted(unchecked)]


def bucket_policy(template):
    """Word for word; protection.py says what comes of it."""
    called_via = {"ForAllValues:StringNotEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    problems = []
    for given, except_ in (({}, called_via), ({"AdministratorRoleArn": ADMINISTRATOR}, {**called_via, "ArnNotLike": {"aws:PrincipalArn": ADMINISTRATOR}})):
        policies = resources(cfn.resolve(template, **given), "AWS::S3::BucketPolicy")
        problems += compare("evidence bucket policy", policies["EvidenceBucketPolicy"]["PolicyDocument"]["Statement"], expected_policy(except_))
    return problems


def expected_policy(except_):
    bucket = "arn:aws:s3:::evidencebucket"
    objects = [f"{bucket}/client-vpn-audit/{table}/*" for table in EVIDENCE]
    deny = {"Effect": "Deny", "Principal": "*"}
    return [
        {
            "Sid": "RefusePutsThatCouldOverwrite",
            **deny,
            "Action": "s3:PutObject",
            "Resource": objects,
            "Condition": {"Null": {"s3:if-none-match": "true"}},
        },
        {"Sid": "RefuseDeletes", **deny, "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "Resource": objects},
        {
            "Sid": "RefuseChangesOfProtection",
            **deny,
            "Action": [
                "s3:PutLifecycleConfiguration",
                "s3:PutBucketVersioning",
                "s3:PutReplicationConfiguration",
                "s3:PutBucketPolicy",
                "s3:DeleteBucketPolicy",
                "s3:PutBucketObjectLockConfiguration",
                "s3:DeleteBucket",
            ],
            "Resource": bucket,
            "Condition": except_,
        },
        {"Sid": "RefuseBypassAndReplicas", **deny, "Action": ["s3:BypassGovernanceRetention", "s3:ReplicateObject", "s3:ReplicateDelete"], "Resource": objects, "Condition": except_},
        {
            "Sid": "RefuseRequestsWithoutTls",
            **deny,
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


CHECKS = [
    permissions,
    every_condition_is_tried,
    no_role_deletes_evidence,
    trust,
    each_takes_its_own_role,
    expanded,
    parameters,
    bucket_policy,
]
