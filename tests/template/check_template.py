"""Holds the templates against what they promise, changes them for the worse in many ways to see that each is noticed, lints
their policies, and creates what moto can create of template.yaml."""

import copy
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import boto3
import moto
import parliament

import access
import cfn
import checks
import member_role
import mutations
from common import ADMINISTRATOR, EVIDENCE, KEY, LOGS, ROOT, SPREAD, TOPIC, compare, resources

#: Findings of parliament that are intended.
MEANT = {
    # In the policy of a key, it is the key; permissions.txt has every other one.
    "RESOURCE_STAR",
}
#: An action that is in no public list of IAM's.
UNLISTED = "ec2:GetClientVpnEndpointAuthorizationPolicy"
#: It wants a standard execution and an express one to be named where either may be.
OTHER_KIND = "arn:*:states:*:*:express:*:*:*"


def unnoticed(template, mutations_, checks_):
    problems, order = [], list(checks_)
    for name, (mutate, word) in mutations_.items():
        mutated = copy.deepcopy(template)
        mutate(mutated)
        found = []
        for check in order:
            found += checks.problems(mutated, [check])
            if any(word in problem for problem in found):
                # Changes that stand together are mostly noticed by one check, and all of them are many seconds.
                order = [check] + [other for other in order if other is not check]
                break
        else:
            problems.append(f"not noticed: {name}; found was {found}")
    return problems


def lint_policies(template, *variants):
    """Returns parliament's findings about every policy, with these parameters."""
    found = {}
    for variant in variants:
        for name, resource in cfn.resolve(template, **variant)["Resources"].items():
            of_role = [policy["PolicyDocument"] for policy in resource["Properties"].get("Policies", [])]
            others = [resource["Properties"].get(key) for key in ("PolicyDocument", "KeyPolicy")]
            for document in filter(None, of_role + others):
                for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
                    what = f"{finding.issue} {finding.title} {finding.detail} {finding.location}"
                    is_unlisted = finding.issue == "UNKNOWN_ACTION" and UNLISTED in what
                    if finding.issue not in MEANT and not is_unlisted and OTHER_KIND not in what:
                        found[f"{name}: {what}"] = True
    return list(found)


@moto.mock_aws
def created(template):
    """Gives resources to the services' own APIs, where the properties are the API's parameters: botocore knows what those
    take, and moto keeps them. Then some of it is read back."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": cfn.REGION}
    resolved = cfn.resolve(template, KmsKeyArn=KEY, AlarmTopicArn=TOPIC, AdministratorRoleArn=ADMINISTRATOR, **SPREAD, **LOGS)
    of = lambda kind: resources(resolved, kind).items()
    client = boto3.client
    for name, bucket in of("AWS::S3::Bucket"):
        here = {"LocationConstraint": cfn.REGION}
        client("s3").create_bucket(Bucket=name.lower(), CreateBucketConfiguration=here)
        encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        rule = {"ApplyServerSideEncryptionByDefault": encryption["ServerSideEncryptionByDefault"], "BucketKeyEnabled": encryption["BucketKeyEnabled"]}
        client("s3").put_bucket_encryption(Bucket=name.lower(), ServerSideEncryptionConfiguration={"Rules": [rule]})
        client("s3").put_public_access_block(Bucket=name.lower(), PublicAccessBlockConfiguration=bucket["PublicAccessBlockConfiguration"])
    for _, policy in of("AWS::S3::BucketPolicy"):
        client("s3").put_bucket_policy(Bucket=policy["Bucket"], Policy=json.dumps(policy["PolicyDocument"]))
    for name, role in of("AWS::IAM::Role"):
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
        for policy in role["Policies"]:
            document = json.dumps(policy["PolicyDocument"])
            client("iam").put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    for _, database in of("AWS::Glue::Database"):
        client("glue").create_database(**database)
    for _, table in of("AWS::Glue::Table"):
        client("glue").create_table(**table)
    for _, group in of("AWS::Athena::WorkGroup"):
        settings = group["WorkGroupConfiguration"]
        client("athena").create_work_group(Name=group["Name"], Description=group["Description"], Configuration=settings)
    for _, query in of("AWS::Athena::NamedQuery"):
        client("athena").create_named_query(**query)
    for _, key in of("AWS::KMS::Key"):
        client("kms").create_key(KeySpec=key["KeySpec"], KeyUsage=key["KeyUsage"], Policy=json.dumps(key["KeyPolicy"]))
    for name, machine in of("AWS::StepFunctions::StateMachine"):
        definition = json.dumps(machine["Definition"])
        client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=machine["RoleArn"])
    for name, schedule in of("AWS::Scheduler::Schedule"):
        client("scheduler").create_schedule(Name=name, **schedule)
    for name, alarm in of("AWS::CloudWatch::Alarm"):
        client("cloudwatch").put_metric_alarm(AlarmName=name, **alarm)
    for name, rule in of("AWS::Events::Rule"):
        client("events").put_rule(Name=name, Description=rule["Description"], EventPattern=json.dumps(rule["EventPattern"]))
        client("events").put_targets(Rule=name, Targets=rule["Targets"])
    for _, dashboard in of("AWS::CloudWatch::Dashboard"):
        body = json.dumps(json.loads(dashboard["DashboardBody"]))
        client("cloudwatch").put_dashboard(DashboardName=dashboard["DashboardName"], DashboardBody=body)
    return read_back(client)


def read_back(client):
    statements = json.loads(client("s3").get_bucket_policy(Bucket="evidencebucket")["Policy"])["Statement"]
    tables = client("glue").get_tables(DatabaseName="client_vpn_audit")["TableList"]
    queries = client("athena").list_named_queries(WorkGroup="client-vpn-audit")["NamedQueryIds"]
    schedules = {s["Name"]: s["State"] for s in client("scheduler").list_schedules()["Schedules"]}
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    return [
        *compare("statements in moto", [s["Effect"] for s in statements], ["Deny"] * 5),
        *compare("tables in moto", sorted(t["Name"] for t in tables), sorted(EVIDENCE)),
        *compare("queries in moto", len(queries), len(list((ROOT / "queries").glob("*.sql")))),
        # The seal's schedule is off until the program can seal.
        *compare(
            "schedules in moto",
            schedules,
            {"CaptureSchedule": "ENABLED", "LogsSchedule": "ENABLED", "SealSchedule": "ENABLED", "SessionsSchedule": "ENABLED"},
        ),
        *compare("alarms in moto", len(alarms), 12),
        *compare("rules in moto", [rule["Name"] for rule in client("events").list_rules()["Rules"]], ["BucketChangedRule", "KeyChangedRule"]),
    ]


def check(path, checks_, mutations_, variants, others=()):
    template = cfn.load(ROOT / path)
    found = checks.problems(template, checks_) + unnoticed(template, mutations_, checks_) + lint_policies(template, *variants)
    for other in others:
        found += other(template)
    for problem in found:
        print(problem)
    print(f"{path}: {len(found)} problems by {len(checks_)} checks; {len(mutations_)} changes for the worse tried")
    return len(found)


def main():
    # With a key, all statements of the buckets are there, and with every parameter all others.
    variants = [{"KmsKeyArn": KEY}, access.VARIANTS[-1]]
    found = check("template.yaml", checks.CHECKS, mutations.MUTATIONS, variants, [created])
    found += check("member-role.yaml", member_role.CHECKS, member_role.MUTATIONS, [member_role.GIVEN | member_role.LOGS | {"ExternalId": "42", "UnmaskConnectionLogs": "true"}])
    sys.exit(1 if found else 0)


main()
