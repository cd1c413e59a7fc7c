"""Holds template.yaml against what it promises, changes it for the worse in many ways to see that each is noticed, lints
its policies, and creates what moto can create of it."""

import copy
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import boto3
import cfn
import checks
import moto
import parliament

#: What parliament finds that is meant so.
MEANT = {
    # X-Ray's actions take no resource.
    "RESOURCE_STAR",
}


def properties(template, name):
    return template["Resources"][name]["Properties"]


def statement(template, role, number):
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"][number]


#: A change for the worse, and a word of the problem that must be found.
MUTATIONS = {
    "an action is added": (lambda t: statement(t, "CaptureRole", 1)["Action"].append("s3:DeleteObject"), "s3:DeleteObject"),
    "a resource is widened": (lambda t: statement(t, "SealRole", 1).update(Resource="*"), "SealRole Allow s3:PutObject *"),
    "a condition is dropped": (lambda t: statement(t, "CaptureRole", 2).pop("Condition"), "s3:ListBucket"),
    "a permission is dropped": (lambda t: statement(t, "SealRole", 3)["Action"].remove("kms:Sign"), "kms:Sign"),
    "a managed policy is added": (lambda t: properties(t, "SealRole").update(ManagedPolicyArns=["arn:x"]), "managed"),
    "anybody may take a role": (
        lambda t: properties(t, "SessionsRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
        "trust of SessionsRole",
    ),
    "a put may overwrite": (lambda t: policy(t).pop(0), "evidence bucket policy"),
    "a delete is let through": (lambda t: policy(t)[1]["Resource"].pop(), "evidence bucket policy"),
    "evidence goes with the stack": (lambda t: t["Resources"]["EvidenceBucket"].update(DeletionPolicy="Delete"), "deletion policy"),
    "evidence moves to where Athena does not read": (lambda t: lifecycle(t)[0]["Transitions"][0].update(StorageClass="GLACIER"), "GLACIER"),
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
        lambda t: columns(t, "RunsTable")[7].update(Type=columns(t, "RunsTable")[7]["Type"].replace("outcome", "result")),
        "fields of targets",
    ),
    "a partition is outside the projection": (
        lambda t: properties(t, "RunsTable")["TableInput"]["Parameters"].update({"projection.snapshot_date.range": "2026-01-01,NOW"}),
        "projection of runs",
    ),
    "a day is a date and not a text": (
        lambda t: properties(t, "ConnectionsTable")["TableInput"]["PartitionKeys"][2].update(Type="date"),
        "partitions of connections",
    ),
    "queries are not limited": (
        lambda t: properties(t, "WorkGroup")["WorkGroupConfiguration"].update(EnforceWorkGroupConfiguration=False),
        "work group",
    ),
    "a statement is changed": (lambda t: assigned(t).update(merge="SELECT 1"), "statement of Merge"),
    "the window is shorter": (
        lambda t: assigned(t).update(from_date=assigned(t)["from_date"].replace("7 : 2", "7 : 1")),
        "window",
    ),
    "any text is taken for a date": (
        lambda t: assigned(t).update(from_date=assigned(t)["from_date"].replace("^[0-9]{4}", "[0-9]{4}").replace("{2}$/", "{2}/")),
        "is taken for a from_date",
    ),
    "the order of statements is another": (lambda t: states(t)["Merge"].update(Next="Maintain"), "order of states"),
    "VACUUM runs for ever": (
        lambda t: states(t)["VacuumAgain"]["Choices"][0].update(Condition="{% true %}"),
        "runs of VACUUM",
    ),
    "a silent capture does not alarm": (lambda t: properties(t, "NoCaptureAlarm").update(TreatMissingData="ignore"), "alarms"),
    "an alarm is dropped": (lambda t: t["Resources"].pop("FailuresQueueAlarm"), "alarms"),
}


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


def assigned(template):
    return states(template)["Prepare"]["Assign"]


def unnoticed_mutations(template):
    problems = []
    for name, (mutate, word) in MUTATIONS.items():
        mutated = copy.deepcopy(template)
        mutate(mutated)
        found = checks.problems(mutated)
        if not any(word in problem for problem in found):
            problems.append(f"not noticed: {name}; found was {found}")
    return problems


def lint_policies(template):
    """What parliament says of every role, with a key of one's own so that all statements are there."""
    problems = []
    for name, role in checks.resources(cfn.resolve(template, KmsKeyArn=checks.KEY), "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            text = json.dumps(policy["PolicyDocument"])
            for finding in parliament.analyze_policy_string(text).findings:
                if finding.issue not in MEANT:
                    problems.append(f"{name}: {finding.issue} {finding.title} {finding.detail}")
    return problems


@moto.mock_aws
def created(template):
    """Gives resources to the services' own APIs, where the properties are the API's parameters: botocore knows what those
    take, and moto keeps them. Then some of it is read back."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": cfn.REGION}
    resolved = cfn.resolve(template, KmsKeyArn=checks.KEY)
    of = lambda kind: checks.resources(resolved, kind).items()
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
    for name, key in of("AWS::KMS::Key"):
        client("kms").create_key(KeySpec=key["KeySpec"], KeyUsage=key["KeyUsage"], Policy=json.dumps(key["KeyPolicy"]))
    for name, machine in of("AWS::StepFunctions::StateMachine"):
        definition = json.dumps(machine["Definition"])
        client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=machine["RoleArn"])
    for name, schedule in of("AWS::Scheduler::Schedule"):
        client("scheduler").create_schedule(Name=name, **schedule)
    for name, alarm in of("AWS::CloudWatch::Alarm"):
        client("cloudwatch").put_metric_alarm(AlarmName=name, **alarm)
    for name, dashboard in of("AWS::CloudWatch::Dashboard"):
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
        *checks.compare("statements in moto", [s["Effect"] for s in statements], ["Deny"] * 3),
        *checks.compare("tables in moto", sorted(t["Name"] for t in tables), sorted(checks.EVIDENCE)),
        *checks.compare("queries in moto", len(queries), len(list((checks.ROOT / "queries").glob("*.sql")))),
        # The seal's schedule is off until the program can seal.
        *checks.compare(
            "schedules in moto",
            schedules,
            {"CaptureSchedule": "ENABLED", "SealSchedule": "DISABLED", "SessionsSchedule": "ENABLED"},
        ),
        *checks.compare("alarms in moto", len(alarms), 12),
    ]


def main():
    template = cfn.load(checks.ROOT / "template.yaml")
    found = checks.problems(template) + unnoticed_mutations(template) + lint_policies(template) + created(template)
    for problem in found:
        print(problem)
    print(f"template.yaml: {len(found)} problems by {len(checks.CHECKS)} checks; {len(MUTATIONS)} changes for the worse tried")
    sys.exit(1 if found else 0)


main()
