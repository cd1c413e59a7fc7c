"""What the template promises. Each check takes the template and returns its problems, so that a template that was
changed for the worse can be shown to be noticed."""

import pathlib
import re

import cfn
import jsonata

ROOT = pathlib.Path(__file__).parents[2]
KEY = f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/1234"
EVIDENCE = ["connections", "partials", "runs", "digests"]


def read(path):
    return (ROOT / path).read_text()


def resources(template, kind):
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


def many(value):
    return value if isinstance(value, list) else [value]


def compare(what, found, expected):
    return [] if found == expected else [f"{what} is {found}, not {expected}"]


# ---- permissions ----


def grants(template):
    """Every permission of every role, one a line."""
    lines = set()
    for name, role in resources(template, "AWS::IAM::Role").items():
        for statement in (s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]):
            for action in many(statement["Action"]):
                for resource in many(statement["Resource"]):
                    conditions = [
                        f" if {operator} {key} {' '.join(many(values))}"
                        for operator, keys in statement.get("Condition", {}).items()
                        for key, values in keys.items()
                    ]
                    lines.add(f"{name} {statement['Effect']} {action} {resource}{''.join(conditions)}")
        if role.get("ManagedPolicyArns"):
            lines.add(f"{name} has managed policies")
    return lines


def permissions(template):
    """Who may do what is written down in permissions.txt, line by line."""
    sections = read("tests/template/permissions.txt").split("# With KmsKeyArn, besides:\n")
    expected, with_key = ({line for line in section.splitlines() if not line.startswith("#")} for section in sections)
    found = grants(cfn.resolve(template))
    found_with_key = grants(cfn.resolve(template, KmsKeyArn=KEY))
    differences = [("+", found - expected), ("-", expected - found)]
    differences += [("+", found_with_key - found - with_key), ("-", (expected | with_key) - found_with_key)]
    return sorted({f"permissions: {sign} {line}" for sign, lines in differences for line in lines})


def no_role_deletes_evidence(template):
    lines = grants(cfn.resolve(template))
    bad = [line for line in lines if "s3:Delete" in line and "arn:aws:s3:::analyticsbucket/" not in line]
    return [f"evidence can be deleted: {line}" for line in bad]


def trust(template):
    """A role is for one service, and a schedule's only for schedules of this account."""
    services = {"Capture": "lambda", "Seal": "lambda", "Sessions": "states"}
    problems = []
    for name, role in resources(cfn.resolve(template), "AWS::IAM::Role").items():
        service = "scheduler" if name.endswith("ScheduleRole") else services[name.removesuffix("Role")]
        statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        if service != "lambda":
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": cfn.ACCOUNT}}
        problems += compare(f"trust of {name}", role["AssumeRolePolicyDocument"]["Statement"], [statement])
    return problems


def bucket_policy(template):
    bucket = "arn:aws:s3:::evidencebucket"
    objects = [f"{bucket}/client-vpn-audit/{table}/*" for table in EVIDENCE]
    deny = {"Effect": "Deny", "Principal": "*"}
    expected = [
        {
            "Sid": "RefusePutsThatCouldOverwrite",
            **deny,
            "Action": "s3:PutObject",
            "Resource": objects,
            "Condition": {"Null": {"s3:if-none-match": "true"}},
        },
        {"Sid": "RefuseDeletes", **deny, "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "Resource": objects},
        {
            "Sid": "RefuseRequestsWithoutTls",
            **deny,
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    policies = resources(cfn.resolve(template), "AWS::S3::BucketPolicy")
    return compare("evidence bucket policy", policies["EvidenceBucketPolicy"]["PolicyDocument"]["Statement"], expected)


# ---- buckets ----


def evidence_bucket(template):
    problems = []
    whole = cfn.resolve(template)["Resources"]["EvidenceBucket"]
    problems += compare("deletion policy of evidence", (whole["DeletionPolicy"], whole["UpdateReplacePolicy"]), ("Retain", "Retain"))
    bucket = whole["Properties"]
    problems += compare("versioning", bucket["VersioningConfiguration"]["Status"], "Enabled")
    problems += compare("public access", set(bucket["PublicAccessBlockConfiguration"].values()), {True})
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        for transition in rule.get("Transitions", []):
            if transition["StorageClass"] not in ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"):
                problems.append(f"Athena does not read {transition['StorageClass']}")
    expired = {r["Prefix"]: r["ExpirationInDays"] for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    problems += compare("expiry", expired, {f"client-vpn-audit/{table}/": 400 for table in EVIDENCE[:3]})
    problems += compare("Object Lock unless asked for", "ObjectLockConfiguration" in bucket, False)
    locked = cfn.resolve(template, ObjectLockMode="COMPLIANCE", ObjectLockDays=30)["Resources"]["EvidenceBucket"]["Properties"]
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}
    problems += compare("Object Lock", locked.get("ObjectLockConfiguration"), rule)
    encrypted = cfn.resolve(template, KmsKeyArn=KEY)["Resources"]["EvidenceBucket"]["Properties"]["BucketEncryption"]
    default = encrypted["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    return problems + compare("encryption", default, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY})


def existing_bucket(template):
    """A bucket that is there already gets no resource of ours, and everything points at it."""
    whole = cfn.resolve(template, ExistingBucket="owners-bucket")
    left = [name for name in ("EvidenceBucket", "EvidenceBucketPolicy") if name in whole["Resources"]]
    problems = [f"{name} is made though the bucket exists" for name in left]
    if "evidencebucket" in str(whole["Resources"]):
        problems.append("something still points at the new bucket")
    return problems + compare("lake", whole["Globals"]["Function"]["Environment"]["Variables"]["AUDIT_LAKE"], "s3://owners-bucket/client-vpn-audit")


# ---- functions and schedules ----


def functions(template):
    problems = []
    for minutes in template["Parameters"]["ScheduleMinutes"]["AllowedValues"]:
        whole = cfn.resolve(template, ScheduleMinutes=minutes)
        timeout = whole["Resources"]["CaptureFunction"]["Properties"]["Timeout"]
        if 2 * timeout + 60 >= minutes * 60:
            problems.append(f"two attempts of {timeout} s do not fit into {minutes} minutes")
        if minutes > 30:
            problems.append(f"a schedule of {minutes} minutes can leave a hole")
    found = cfn.resolve(template)
    for name, function in resources(found, "AWS::Serverless::Function").items():
        asynchronous = function["EventInvokeConfig"]
        retries = (asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"])
        problems += compare(f"retries and event age of {name}", retries, (1, 600))
        problems += compare(f"reserved concurrency of {name}", "ReservedConcurrentExecutions" in function, False)
        build = template["Resources"][name]["Metadata"]
        problems += compare(f"binary of {name}", build["BuildProperties"]["Binary"], "client-vpn-audit-lambda")
    variables = set(found["Globals"]["Function"]["Environment"]["Variables"])
    known = re.findall(r'setting\("(AUDIT_[A-Z_]+)", (None|Some)', read("src/config.rs"))
    problems += [f"{name} is no setting" for name in sorted(variables - {name for name, _ in known})]
    return problems + [f"{name} is not set" for name, default in known if default == "None" and name not in variables]


def schedules(template):
    expected = {
        "CaptureSchedule": ("cron(0/15 * * * ? *)", '{"action":"snapshot","time":"<aws.scheduler.scheduled-time>"}'),
        "SealSchedule": ("cron(45 * * * ? *)", '{"action":"seal"}'),
        "SessionsSchedule": ("cron(20 * * * ? *)", '{"time":"<aws.scheduler.scheduled-time>"}'),
    }
    problems = []
    found = resources(cfn.resolve(template), "AWS::Scheduler::Schedule")
    for name, schedule in found.items():
        target = schedule["Target"]
        problems += compare(name, (schedule["ScheduleExpression"], target["Input"]), expected.get(name))
        problems += compare(f"window of {name}", schedule["FlexibleTimeWindow"], {"Mode": "OFF"})
        problems += compare(f"event age of {name}", target["RetryPolicy"]["MaximumEventAgeInSeconds"], 600)
        if not target.get("DeadLetterConfig"):
            problems.append(f"{name} has no dead-letter queue")
    return problems + compare("schedules", sorted(found), sorted(expected))


# ---- tables, queries, statements ----


def tables(template):
    problems = []
    first_date = re.search(r'FIRST_DATE: &str = "([0-9-]+)"', read("src/snapshot_time.rs"))[1]
    found = resources(cfn.resolve(template, Accounts="111122223333,444455556666", Regions="eu-central-1,us-east-1"), "AWS::Glue::Table")
    problems += compare("tables", sorted(t["TableInput"]["Name"] for t in found.values()), sorted(EVIDENCE))
    for properties in found.values():
        table = properties["TableInput"]
        name, parameters = table["Name"], table["Parameters"]
        date = "digest_date" if name == "digests" else "snapshot_date"
        keys = ["account_id", "region", date]
        problems += compare(f"partitions of {name}", [(k["Name"], k["Type"]) for k in table["PartitionKeys"]], [(k, "string") for k in keys])
        projection = {
            "projection.enabled": "true",
            "projection.account_id.type": "enum",
            "projection.account_id.values": "111122223333,444455556666",
            "projection.region.type": "enum",
            "projection.region.values": "eu-central-1,us-east-1",
            f"projection.{date}.type": "date",
            f"projection.{date}.format": "yyyy-MM-dd",
            f"projection.{date}.range": f"{first_date},NOW+1DAYS",
            f"projection.{date}.interval": "1",
            f"projection.{date}.interval.unit": "DAYS",
            "storage.location.template": f"s3://evidencebucket/client-vpn-audit/{name}/" + "/".join(f"{k}=${{{k}}}" for k in keys) + "/",
        }
        problems += compare(f"projection of {name}", {k: v for k, v in parameters.items() if k != "classification"}, projection)
        for column in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]:
            if not 0 < len(column.get("Comment", "")) <= 255:
                problems.append(f"{name}.{column['Name']} has a comment that Glue does not take")
    columns = lambda name: {c["Name"]: c["Type"] for c in found[name]["TableInput"]["StorageDescriptor"]["Columns"]}
    if columns("ConnectionsTable") != columns("PartialsTable"):
        problems.append("connections and partials differ")
    return problems + ledger(columns("RunsTable"))


def ledger(columns):
    """The columns of `runs` are the fields of a run record, as docs/ledger.md has them, which a test of its own checks."""
    page = read("docs/ledger.md")
    fields = lambda heading: re.findall(r"^\| `(\w+)` \|", page.split(heading)[1].split("\n## ")[0], re.M)
    targets = re.sub(r"struct<[^<>]*>", "struct", columns["targets"].removeprefix("array<struct<"))
    names = re.findall(r"(\w+):", re.sub(r"struct<[^<>]*>", "struct", targets))
    return compare("columns of runs", sorted(columns), sorted(fields("## Fields of a run"))) + compare(
        "fields of targets", sorted(names), sorted(fields("## Fields of a target"))
    )


def saved_queries(template):
    found = {q["Name"]: q["QueryString"].strip() for q in resources(cfn.resolve(template), "AWS::Athena::NamedQuery").values()}
    expected = {path.stem: path.read_text().strip() for path in (ROOT / "queries").glob("*.sql")}
    problems = [f"query {name} is not saved" for name in sorted(expected.keys() - found.keys())]
    problems += [f"saved query {name} has no file" for name in sorted(found.keys() - expected.keys())]
    return problems + [f"saved query {name} differs from its file" for name in sorted(found.keys() & expected.keys()) if found[name] != expected[name]]


def work_group(template):
    group = resources(cfn.resolve(template), "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]
    found = (group["EnforceWorkGroupConfiguration"], group["EngineVersion"]["SelectedEngineVersion"])
    problems = compare("work group", found, (True, "Athena engine version 3"))
    return problems + compare("scan limit", group["BytesScannedCutoffPerQuery"], 2**40)


# ---- the state machine ----


def evaluate(expression, variables):
    """A JSONata expression between `{%` and `%}`, by an implementation that is not AWS's."""
    text = expression.strip().removeprefix("{%").removesuffix("%}")
    compiled = jsonata.Jsonata(text)
    for name, value in variables.items():
        compiled.assign(name, value)
    return compiled.evaluate(None)


def prepared(machine, **given):
    """The variables of an execution whose input is `given`."""
    variables = {"states": {"input": given}}
    assigned = machine["States"]["Prepare"]["Assign"]
    is_expression = lambda value: isinstance(value, str) and value.strip().startswith("{%")
    return {name: evaluate(value, variables) if is_expression(value) else value for name, value in assigned.items()}


def state_machine(template):
    machine = cfn.resolve(template)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
    states = machine["States"]
    problems = []
    if machine.get("TimeoutSeconds", 3600) >= 3600:
        problems.append("an execution can meet the next one")
    order, name = [], machine["StartAt"]
    while name != "Done":
        order.append(name)
        name = states[name].get("Next") or states[name]["Choices"][0]["Next"]
    problems += compare("order of states", order, ["Prepare", "CreateTable", "Merge", "Close", "Maintain", "Optimize", "Vacuum"])
    problems += compare("state after a merge", states["Maintain"]["Default"], "Done")
    cases = [
        ({"time": "2026-03-01T09:20:00Z"}, ("2026-02-27", False)),
        ({"time": "2026-03-01T03:20:00Z"}, ("2026-02-22", True)),
        ({"time": "2026-03-01T09:20:00Z", "from_date": "2026-01-15"}, ("2026-01-15", False)),
        ({"time": "2026-03-01T09:20:00Z", "maintain": True}, ("2026-02-27", True)),
    ]
    for given, expected in cases:
        variables = prepared(machine, **given)
        problems += compare(f"window and maintenance for {given}", (variables["from_date"], variables["maintain"]), expected)
    for name, text in {"from_date": "2026-01-15' OR true", "time": "2026-03-01T09:20:00Z' OR true"}.items():
        try:
            prepared(machine, **({"time": "2026-03-01T09:20:00Z"} | {name: text}))
            problems.append(f"{text} is taken for a {name}")
        except (jsonata.JException, ValueError):
            pass
    variables = prepared(machine, time="2026-03-01T09:20:00Z")
    for state, name in {"CreateTable": "create", "Merge": "merge", "Close": "close", "Optimize": "optimize", "Vacuum": "vacuum"}.items():
        task = states[state]
        problems += compare(f"resource of {state}", task["Resource"], "arn:aws:states:::athena:startQueryExecution.sync")
        statement = re.sub(r"\A(-- .*\n)+", "", read(f"sessions/{name}.sql"))
        for name, value in {"from_date": "2026-02-27", "time": "2026-03-01T09:20:00.000Z", "analytics_bucket": "analyticsbucket"}.items():
            statement = statement.replace(f"{{{name}}}", value)
        if evaluate(task["Arguments"]["QueryString"], variables).strip() != statement.strip():
            problems.append(f"statement of {state} differs from sessions/{name}.sql")
    return problems + vacuum_loop(states)


def vacuum_loop(states):
    """Athena's VACUUM is run again when it says so, ten times at most, and any other failure is one."""
    again, caught = states["VacuumAgain"], states["Vacuum"]["Catch"][0]
    problems = compare("what a failed VACUUM leads to", caught["Next"], "VacuumAgain")
    more, other = "ICEBERG_VACUUM_MORE_RUNS_NEEDED: run it again", "SYNTAX_ERROR: line 1"
    runs, cause = 0, more
    variables = {"vacuums": 0}
    while cause == more and runs < 50:
        runs += 1
        output = {"states": {"errorOutput": {"Cause": cause}}, **variables}
        variables = {name: evaluate(value, output) for name, value in caught["Assign"].items()}
        if not evaluate(again["Choices"][0]["Condition"], variables):
            break
    problems += compare("runs of VACUUM", runs, 10)
    if evaluate(again["Choices"][0]["Condition"], {"cause": other, "vacuums": 1}):
        problems.append("a VACUUM that failed is run again")
    return problems + compare("what comes of it", states[again["Default"]]["Type"], "Fail")


# ---- alarms ----


def alarms(template):
    expected = {
        "NoCapture": ("ClientVpnAudit", "FailedTargets", "SampleCount", 1, 2700, "breaching"),
        "FailedTargets": ("ClientVpnAudit", "FailedTargets", "Sum", 0, 900, "notBreaching"),
        "OldestCompleteAge": ("ClientVpnAudit", "OldestCompleteAgeMinutes", "Maximum", 45, 3600, "breaching"),
        "UnparsedValues": ("ClientVpnAudit", "UnparsedValues", "Sum", 0, 900, "notBreaching"),
        "CaptureErrors": ("AWS/Lambda", "Errors", "Sum", 0, 900, "notBreaching"),
        "CaptureThrottles": ("AWS/Lambda", "Throttles", "Sum", 0, 900, "notBreaching"),
        "SealErrors": ("AWS/Lambda", "Errors", "Sum", 0, 900, "notBreaching"),
        "SealThrottles": ("AWS/Lambda", "Throttles", "Sum", 0, 900, "notBreaching"),
        "FailuresQueue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, 300, "notBreaching"),
        "SessionsFailed": ("AWS/States", "ExecutionsFailed", "Sum", 0, 3600, "notBreaching"),
        "SessionsTimedOut": ("AWS/States", "ExecutionsTimedOut", "Sum", 0, 3600, "notBreaching"),
        "SessionsAborted": ("AWS/States", "ExecutionsAborted", "Sum", 0, 3600, "notBreaching"),
    }
    topic = f"arn:aws:sns:{cfn.REGION}:{cfn.ACCOUNT}:alarms"
    found = {}
    problems = []
    metrics = read("src/metrics.rs")
    for name, alarm in resources(cfn.resolve(template, AlarmTopicArn=topic), "AWS::CloudWatch::Alarm").items():
        name = name.removesuffix("Alarm")
        names = "Namespace MetricName Statistic Threshold".split()
        window = alarm["Period"] * alarm["EvaluationPeriods"]
        found[name] = (*(alarm[n] for n in names), window, alarm["TreatMissingData"])
        problems += compare(f"actions of {name}", (alarm["AlarmActions"], alarm["OKActions"]), ([topic], [topic]))
        # What the program does not publish yet cannot alarm.
        published = alarm["Namespace"] != "ClientVpnAudit" or f'"{alarm["MetricName"]}"' in metrics
        problems += compare(f"whether {name} acts", alarm.get("ActionsEnabled", True), published)
        if f"## {name}" not in read("docs/operate.md"):
            problems.append(f"docs/operate.md does not say what to do about {name}")
    return problems + compare("alarms", found, expected)


CHECKS = [
    permissions,
    no_role_deletes_evidence,
    trust,
    bucket_policy,
    evidence_bucket,
    existing_bucket,
    functions,
    schedules,
    tables,
    saved_queries,
    work_group,
    state_machine,
    alarms,
]


def problems(template):
    """All of them. A check that stumbles over the template has found one too."""
    found = []
    for check in CHECKS:
        try:
            found += check(template)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            found.append(f"{check.__name__}: {type(error).__name__} {error}")
    return found
