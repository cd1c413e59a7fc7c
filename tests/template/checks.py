"""What the template promises. Each check takes the template and returns its problems, so that a template that was
changed for the worse can be shown to be noticed."""

import json
import re
import tomllib

import access
import cfn
import iam
import iceberg_tables
import jsonata
import protection
from common import ADMINISTRATOR, EVIDENCE, EXPIRES, KEY, MEMBER_ROLE, PARQUET_TABLES, ROOT, SPREAD, TOPIC, compare, read, resources
from samtranslator.model.exceptions import InvalidDocumentException

# ---- buckets ----


def evidence_bucket(template):
    problems = []
    whole = cfn.resolve(template)["Resources"]["EvidenceBucket"]
    problems += compare("deletion policy of evidence", (whole["DeletionPolicy"], whole["UpdateReplacePolicy"]), ("Retain", "Retain"))
    bucket = whole["Properties"]
    problems += compare("versioning", bucket["VersioningConfiguration"]["Status"], "Enabled")
    problems += shut("evidence", bucket)
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        for transition in rule.get("Transitions", []):
            if transition["StorageClass"] not in ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"):
                problems.append(f"Athena does not read {transition['StorageClass']}")
    expired = {r["Prefix"]: r["ExpirationInDays"] for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    problems += compare("expiry", expired, {f"client-vpn-audit/{table}/": 400 for table in EXPIRES})
    old = {r["Id"]: r.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    problems += compare("expiry of old versions", old, dict.fromkeys(EXPIRES, 30))
    problems += compare("Object Lock unless asked for", [key for key in bucket if key.startswith("ObjectLock")], [])
    locked = cfn.resolve(template, ObjectLockMode="COMPLIANCE", ObjectLockDays=30)["Resources"]["EvidenceBucket"]["Properties"]
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}
    lock = (locked.get("ObjectLockEnabled"), locked.get("ObjectLockConfiguration"))
    return problems + compare("Object Lock", lock, (True, rule)) + encryption(template, "EvidenceBucket")


def shut(name, bucket):
    access_block = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    problems = compare(f"public access of {name}", bucket["PublicAccessBlockConfiguration"], access_block)
    return problems + compare(f"ownership of {name}", bucket["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])


def encryption(template, name):
    problems = []
    for key, expected in (("", {"SSEAlgorithm": "AES256"}), (KEY, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY})):
        rules = cfn.resolve(template, KmsKeyArn=key)["Resources"][name]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        problems += compare(f"encryption of {name}", [r["ServerSideEncryptionByDefault"] for r in rules], [expected])
    return problems


def kept(template):
    """What outlives the stack, and what else holds traces of it."""
    whole = cfn.resolve(template)["Resources"]
    problems = []
    for name in ("EvidenceBucket", "EvidenceBucketPolicy", "SealKey", "AnalyticsBucket", "AnalyticsBucketPolicy", "CaptureLogs", "SealLogs"):
        policies = (whole[name].get("DeletionPolicy"), whole[name].get("UpdateReplacePolicy"))
        problems += compare(f"deletion policy of {name}", policies, ("Retain", "Retain"))
    for name in ("CaptureLogs", "SealLogs"):
        problems += compare(f"retention of {name}", whole[name]["Properties"]["RetentionInDays"], 400)
    queue = whole["FailuresQueue"]["Properties"]
    problems += compare("failures queue", (queue["SqsManagedSseEnabled"], queue["MessageRetentionPeriod"]), (True, 14 * 86400))
    key = whole["SealKey"]["Properties"]
    problems += compare("key that seals", (key["KeySpec"], key["KeyUsage"]), ("ECC_NIST_P256", "SIGN_VERIFY"))
    return problems + shut("analytics", whole["AnalyticsBucket"]["Properties"]) + encryption(template, "AnalyticsBucket")


def existing_bucket(template):
    """A bucket that is there already gets no resource of ours, and everything points at it."""
    whole = cfn.resolve(template, ExistingBucket="owners-bucket")
    left = [name for name in ("EvidenceBucket", "EvidenceBucketPolicy") if name in whole["Resources"]]
    problems = [f"{name} is made though the bucket exists" for name in left]
    if "evidencebucket" in str(whole["Resources"]):
        problems.append("something still points at the new bucket")
    return problems + compare("lake", whole["Globals"]["Function"]["Environment"]["Variables"]["AUDIT_LAKE"], "s3://owners-bucket/client-vpn-audit")


#: Around each value that the lock may have, and what CloudFormation's own limits let through besides.
NEAR = [90, 91, 179, 180, 181, 364, 365, 366, 399, 400, 401, 730, 1094, 1095, 1461, 1826, 2192, 2556, 2557, 3652, 3653, 3654, 36500]


def retention(template):
    """Evidence that is locked is not hidden by an expiry before its lock ends. Where nothing is locked, any retention will do."""
    problems = []
    locks = template["Parameters"]["ObjectLockDays"]["AllowedValues"]
    if max(locks) > max(NEAR):
        problems.append(f"no retention is tried that is as long as a lock of {max(locks)} days")
    for mode in template["Parameters"]["ObjectLockMode"]["AllowedValues"]:
        for lock in locks:
            for days in [*NEAR, f"0{lock}", f"{lock}.0"]:
                refused = cfn.broken_rules(template, ObjectLockMode=mode, ObjectLockDays=lock, RetentionDays=days)
                given = f"RetentionDays {days} with a lock of {lock} days and mode {mode}"
                if mode == "OFF":
                    problems += compare(f"what is said of {given}", refused, [])
                elif isinstance(days, int) and days < lock and not refused:
                    problems.append(f"{given} is accepted, and hides what is locked")
                elif (lock <= 90 or days in locks and days >= lock) and isinstance(days, int) and refused:
                    problems.append(f"{given} is refused: {refused}")
                if refused:
                    problems += compare(f"what is said of {given}", [text.split(",")[0] for text in refused], [f"With ObjectLockDays of {lock}"])
    whole = template["Parameters"]
    defaults = {name: whole[name]["Default"] for name in ("ObjectLockDays", "RetentionDays")}
    return problems + compare("what is said of the defaults with a lock", cfn.broken_rules(template, ObjectLockMode="COMPLIANCE", **defaults), [])


#: What a kind of resource is named by, where two of one account and Region would collide. Others are named by CloudFormation.
NAMED_BY = {
    "AWS::Athena::WorkGroup": ["Name"],
    "AWS::CloudWatch::Dashboard": ["DashboardName"],
    "AWS::Glue::Database": ["DatabaseInput", "Name"],
    "AWS::StepFunctions::StateMachine": ["StateMachineName"],
}
#: Names of things within one of those.
WITHIN = {"AWS::Athena::NamedQuery": ("WorkGroup", "WorkGroup"), "AWS::Glue::Table": ("Database", "DatabaseName")}
NAME = re.compile(r"(Alarm|Alias|Bucket|Dashboard|Domain|Function|Group|LogGroup|Policy|Queue|Role|Rule|Schedule|StateMachine|Topic)?Name")


def two_stacks(template):
    """Two stacks in one account and Region do not collide: not by the names of what they make, and not in their metrics."""
    one, other = (cfn.resolve(template, **{"AWS::StackName": name, "AlarmTopicArn": TOPIC}, **SPREAD) for name in ("client-vpn-audit", "vpn-audit-2"))
    problems = [f"the output {name} is exported, which a second stack cannot" for name, output in template.get("Outputs", {}).items() if "Export" in output]
    for name, resource in one["Resources"].items():
        kind, properties, others = resource["Type"], resource["Properties"], other["Resources"][name]["Properties"]
        if kind in WITHIN:
            container, key = WITHIN[kind]
            problems += compare(f"whether two stacks have {key} of {name} apart", properties[key] != others[key], True)
            continue
        path = NAMED_BY.get(kind, [])
        found = [key for key in properties if NAME.fullmatch(key) and [key] != path]
        problems += [f"{name} has a {key} that two stacks may share" for key in found if properties[key] == others[key]]
        if path and (own := value_at(properties, path)) is not None and own == value_at(others, path):
            problems.append(f"two stacks have the same {kind} {own}")
        if kind == "AWS::CloudWatch::Alarm" and "ClientVpnAudit" in str(properties) and properties == others:
            problems.append(f"{name} looks at the metrics of two stacks")
    names = {stack: cfn.resolve(template, **{"AWS::StackName": stack})["Resources"]["Database"]["Properties"]["DatabaseInput"]["Name"] for stack in ("client-vpn-audit", "a-b-c2", "vpn")}
    problems += compare("database of a stack", names, {"client-vpn-audit": "client_vpn_audit", "a-b-c2": "a_b_c2", "vpn": "vpn"})
    problems += compare("database that is named", cfn.resolve(template, DatabaseName="x")["Resources"]["Database"]["Properties"]["DatabaseInput"]["Name"], "x")
    for stack, whole in (("client-vpn-audit", one), ("vpn-audit-2", other)):
        problems += compare("variable of the stack", whole["Globals"]["Function"]["Environment"]["Variables"].get("AUDIT_STACK"), stack)
        for shown in shown_metrics(whole):
            if f'Stack="{stack}"' not in shown and f" Stack {stack}" not in shown:
                problems.append(f"the dashboard of {stack} shows other stacks too: {shown}")
    return problems


def value_at(node, path):
    for part in path:
        node = node.get(part, {})
    return node or None


def shown_metrics(whole):
    """Every metric of ours that the dashboard shows: its search, or its name and dimensions, with what is written as a dot."""
    for widget in json.loads(whole["Resources"]["Dashboard"]["Properties"]["DashboardBody"])["widgets"]:
        last = []
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], dict):
                yield from (text for text in [metric[0]["expression"]] if "{ClientVpnAudit," in text)
                continue
            parts = [part for part in metric if isinstance(part, str)]
            last = [last[number] if part == "." and number < len(last) else part for number, part in enumerate(parts)]
            if last[0] == "ClientVpnAudit":
                yield " ".join(last)


def untraced(template):
    """X-Ray is not used: nothing here is instrumented, and a trace would be one more place with copies of requests."""
    text = json.dumps(cfn.resolve(template, **SPREAD)).lower()
    return [f"something is traced: {word}" for word in ("xray", '"tracing', "tracingconfiguration") if word in text]


# ---- functions and schedules ----


def functions(template):
    problems = []
    # An hour is sealed once no retry of it can come: the delivery, the second attempt and the longest run of a function.
    closes_after = sum(map(int, re.search(r"SignedDuration::from_mins\(([0-9 +]+)\)", read("src/hour.rs"))[1].split("+")))
    problems += compare("minutes after which an hour closes", closes_after * 60, 600 + 600 + 900)
    for minutes in template["Parameters"]["ScheduleMinutes"]["AllowedValues"]:
        whole = cfn.resolve(template, ScheduleMinutes=minutes)
        timeout = whole["Resources"]["CaptureFunction"]["Properties"]["Timeout"]
        if 2 * timeout + 60 >= minutes * 60:
            problems.append(f"two attempts of {timeout} s do not fit into {minutes} minutes")
        # Lambda waits for about a minute, and longer when it has no room; then it drops an event of more than ten minutes.
        if timeout + 60 + 120 > 600:
            problems.append(f"after {timeout} s, an event is too old for its second attempt two minutes later than usual")
        if minutes > 30:
            problems.append(f"a schedule of {minutes} minutes can leave a hole")
    found = cfn.resolve(template)
    for name, function in resources(found, "AWS::Serverless::Function").items():
        asynchronous = function["EventInvokeConfig"]
        retries = (asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"])
        problems += compare(f"retries and event age of {name}", retries, (1, 600))
        destination = {"OnFailure": {"Type": "SQS", "Destination": f"arn:aws:sqs:{cfn.REGION}:{cfn.ACCOUNT}:FailuresQueue"}}
        problems += compare(f"failures of {name}", asynchronous.get("DestinationConfig"), destination)
        problems += compare(f"reserved concurrency of {name}", "ReservedConcurrentExecutions" in function, False)
        logs = {"LogFormat": "JSON", "LogGroup": name.removesuffix("Function").lower() + "logs"}
        problems += compare(f"log of {name}", function.get("LoggingConfig"), logs)
        # One place for the variables: a function's own would go past the checks below.
        problems += compare(f"variables of {name} alone", function.get("Environment"), None)
        build = template["Resources"][name]["Metadata"]
        problems += compare(f"binary of {name}", build["BuildProperties"]["Binary"], "client-vpn-audit-lambda")
    problems += compare("time-out of the seal", found["Resources"]["SealFunction"]["Properties"]["Timeout"], 900)
    both = found["Globals"]["Function"]
    runs = [both.get(key) for key in ("CodeUri", "Handler", "Runtime")]
    problems += compare("what runs", runs, [".", "bootstrap", "provided.al2023"])
    return problems + environment(template)


def environment(template):
    """The variables are settings of the program, and say what the parameters say."""
    given = {"MemberRoleName": MEMBER_ROLE, "ExternalId": "audit:42", **SPREAD, "KmsKeyArn": KEY, "Accounts": "111122223333,444455556666", "Regions": "eu-central-1,us-east-1"}
    expected = {
        "AUDIT_TARGETS": ",".join(cfn.ENDPOINTS),
        "AUDIT_LAKE": "s3://evidencebucket/client-vpn-audit",
        "AUDIT_LAKE_ACCOUNT": cfn.ACCOUNT,
        "AUDIT_ACCOUNT_ID": cfn.ACCOUNT,
        "AUDIT_ACCOUNTS": cfn.ACCOUNT,
        "AUDIT_REGIONS": cfn.REGION,
        "AUDIT_MEMBER_ROLE": "",
        "AUDIT_EXTERNAL_ID": "",
        "AUDIT_SPREAD_ABOVE": 0,
        "AUDIT_KMS_KEY": "",
        "AUDIT_STACK": "client-vpn-audit",
        "AUDIT_SIGNING_KEY": f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/SealKey",
    }
    of = lambda whole: whole["Globals"]["Function"]["Environment"]["Variables"]
    found = of(cfn.resolve(template))
    problems = compare("variables", found, expected)
    names = {"AUDIT_MEMBER_ROLE": MEMBER_ROLE, "AUDIT_EXTERNAL_ID": "audit:42", "AUDIT_SPREAD_ABOVE": 50, "AUDIT_KMS_KEY": KEY, "AUDIT_ACCOUNTS": given["Accounts"], "AUDIT_REGIONS": given["Regions"]}
    problems += compare("variables with all parameters", of(cfn.resolve(template, **given)), expected | names)
    variables = set(found)
    known = re.findall(r'setting\("(AUDIT_[A-Z_]+)", (None|Some)', read("src/invocation/settings.rs"))
    problems += [f"{name} is no setting" for name in sorted(variables - {name for name, _ in known})]
    return problems + [f"{name} is not set" for name, default in known if default == "None" and name not in variables]


def schedules(template):
    return [problem for spread in ({}, SPREAD) for problem in of_schedules(cfn.resolve(template, **spread), spread)]


def of_schedules(whole, spread):
    snapshot = '{"time":"<aws.scheduler.scheduled-time>"}' if spread else '{"action":"snapshot","time":"<aws.scheduler.scheduled-time>"}'
    expected = {
        "CaptureSchedule": ("cron(0/15 * * * ? *)", snapshot),
        "SealSchedule": ("cron(6/15 * * * ? *)", '{"action":"seal"}'),
        "SessionsSchedule": ("cron(20 * * * ? *)", '{"time":"<aws.scheduler.scheduled-time>"}'),
    }
    targets = {
        "CaptureSchedule": "states:{}:stateMachine:client-vpn-audit-fleet" if spread else "lambda:{}:function:CaptureFunction",
        "SealSchedule": "lambda:{}:function:SealFunction",
        "SessionsSchedule": "states:{}:stateMachine:SessionsStateMachine",
    }
    # A merge of 55 minutes that begins later meets the next one; a fleet's snapshot could write into an hour that is sealed.
    ages = {"CaptureSchedule": 300 if spread else 600, "SealSchedule": 600, "SessionsSchedule": 240}
    problems = []
    found = resources(whole, "AWS::Scheduler::Schedule")
    for name, schedule in found.items():
        target = schedule["Target"]
        problems += compare(name, (schedule["ScheduleExpression"], target["Input"]), expected.get(name))
        problems += compare(f"window of {name}", schedule["FlexibleTimeWindow"], {"Mode": "OFF"})
        retries = {"MaximumEventAgeInSeconds": ages.get(name), "MaximumRetryAttempts": 5}
        problems += compare(f"event age and retries of {name}", target["RetryPolicy"], retries)
        problems += compare(f"state of {name}", schedule.get("State", "ENABLED"), "ENABLED")
        problems += compare(f"target of {name}", target["Arn"], "arn:aws:" + targets[name].format(f"{cfn.REGION}:{cfn.ACCOUNT}"))
        queue = {"Arn": f"arn:aws:sqs:{cfn.REGION}:{cfn.ACCOUNT}:FailuresQueue"}
        problems += compare(f"dead-letter queue of {name}", target.get("DeadLetterConfig"), queue)
    return problems + compare("schedules", sorted(found), sorted(expected))


# ---- tables, queries, statements ----


HIVE = "org.apache.hadoop.hive.ql.io."
PARQUET = tuple(HIVE + name for name in ("parquet.MapredParquetInputFormat", "parquet.MapredParquetOutputFormat", "parquet.serde.ParquetHiveSerDe"))
JSON = ("org.apache.hadoop.mapred.TextInputFormat", HIVE + "HiveIgnoreKeyTextOutputFormat", "org.openx.data.jsonserde.JsonSerDe")


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
        storage = table["StorageDescriptor"]
        problems += compare(f"location of {name}", storage["Location"], f"s3://evidencebucket/client-vpn-audit/{name}/")
        formats = (storage["InputFormat"], storage["OutputFormat"], storage["SerdeInfo"]["SerializationLibrary"])
        problems += compare(f"format of {name}", formats, PARQUET if name in PARQUET_TABLES else JSON)
        for column in storage["Columns"] + table["PartitionKeys"]:
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
    queries = resources(cfn.resolve(template), "AWS::Athena::NamedQuery").values()
    places = {(q["Database"], q["WorkGroup"]) for q in queries}
    found = {q["Name"]: q["QueryString"].strip() for q in queries}
    expected = {path.stem: path.read_text().strip() for path in (ROOT / "queries").glob("*.sql")}
    problems = compare("where queries are saved", places, {("client_vpn_audit", "client-vpn-audit")})
    problems += [f"query {name} is not saved" for name in sorted(expected.keys() - found.keys())]
    problems += [f"saved query {name} has no file" for name in sorted(found.keys() - expected.keys())]
    return problems + [f"saved query {name} differs from its file" for name in sorted(found.keys() & expected.keys()) if found[name] != expected[name]]


def work_group(template):
    group = resources(cfn.resolve(template), "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]
    found = (group["EnforceWorkGroupConfiguration"], group["EngineVersion"]["SelectedEngineVersion"])
    problems = compare("work group", found, (True, "Athena engine version 3"))
    problems += compare("scan limit", group["BytesScannedCutoffPerQuery"], 2**40)
    for key, encrypted in (("", {"EncryptionOption": "SSE_S3"}), (KEY, {"EncryptionOption": "SSE_KMS", "KmsKey": KEY})):
        results = resources(cfn.resolve(template, KmsKeyArn=key), "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]["ResultConfiguration"]
        expected = {"OutputLocation": "s3://analyticsbucket/results/", "ExpectedBucketOwner": cfn.ACCOUNT, "EncryptionConfiguration": encrypted}
        problems += compare("results", results, expected)
    return problems


# ---- the state machine ----


def evaluate(expression, variables):
    """A JSONata expression between `{%` and `%}`, by an implementation that is not AWS's."""
    text = expression.strip().removeprefix("{%").removesuffix("%}")
    compiled = jsonata.Jsonata(text)
    for name, value in variables.items():
        compiled.assign(name, value)
    return compiled.evaluate(None)


def prepared(machine, started="2026-03-01T09:20:03.456Z", **given):
    """The variables of an execution that started then and whose input is `given`."""
    variables = {"states": {"input": given, "context": {"Execution": {"StartTime": started}}}}
    assigned = machine["States"]["Prepare"]["Assign"]
    is_expression = lambda value: isinstance(value, str) and value.strip().startswith("{%")
    return {name: evaluate(value, variables) if is_expression(value) else value for name, value in assigned.items()}


#: States of one word, and the files of their statements.
FILES = {"Create": "create", "Merge": "merge", "Expire": "expire", "Optimize": "optimize", "Vacuum": "vacuum"}


def state_machine(template):
    properties = cfn.resolve(template)["Resources"]["SessionsStateMachine"]["Properties"]
    machine = properties["Definition"]
    states = machine["States"]
    problems = compare("kind of state machine", properties["StateMachineType"], "STANDARD")
    if machine.get("TimeoutSeconds", 3600) >= 3600:
        problems.append("an execution can meet the next one")
    # What each is followed by, and what comes of its failures, is tried in sessions.py.
    statements = {f"{state}Captures": ("captures", name) for state, name in FILES.items()}
    statements |= {"AddCapturesColumns": ("captures", "add_columns"), "SetCapturesProperties": ("captures", "set_properties")}
    statements |= {state: ("sessions", name) for state, name in FILES.items() if state != "Create"}
    statements |= {state: ("sessions", name) for state, name in (("CreateTable", "create"), ("AddColumns", "add_columns"), ("SetProperties", "set_properties"))}
    looks = {"LookAtCapturesColumns": "captures", "LookAtColumns": "sessions"}
    tasks = sorted(name for name, state in states.items() if state["Type"] == "Task")
    problems += compare("tasks", tasks, sorted([*statements, *looks]))
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
    variables = prepared(machine, time="2026-03-01T09:20:00Z") | {"missing_columns": ["one string", "other bigint"]}
    marks = {"from_date": "2026-02-27", "analytics_bucket": "analyticsbucket"}
    marks |= {"expires_before": "2025-01-01", "missing_columns": "one string, other bigint"}
    for state, (table, name) in statements.items():
        task = states[state]
        problems += compare(f"resource of {state}", task["Resource"], "arn:aws:states:::athena:startQueryExecution.sync")
        where = {key: value for key, value in task["Arguments"].items() if key != "QueryString"}
        context = {"Catalog": "AwsDataCatalog", "Database": "client_vpn_audit"}
        problems += compare(f"where {state} runs", where, {"WorkGroup": "client-vpn-audit", "QueryExecutionContext": context})
        # Only what was never begun may be tried again by itself, or two MERGEs could meet.
        problems += compare(f"retries of {state}", [retry["ErrorEquals"] for retry in task["Retry"]], [["Athena.TooManyRequestsException"]])
        # A column that was added cannot be added again; of CREATE TABLE IF NOT EXISTS nothing is to be expected.
        caught = [] if name in ("create", "add_columns") else [["States.TaskFailed"]]
        problems += compare(f"failures of {state} that are caught", [catch["ErrorEquals"] for catch in task.get("Catch", [])], caught)
        statement = iceberg_tables.statement(table, name)
        for mark, value in marks.items():
            statement = statement.replace(f"{{{mark}}}", value)
        if evaluate(task["Arguments"]["QueryString"], variables).strip() != statement:
            problems.append(f"statement of {state} differs from {table}/{name}.sql")
    for state, table in looks.items():
        what = (states[state]["Resource"], states[state]["Arguments"])
        problems += compare("where columns are looked at", what, ("arn:aws:states:::aws-sdk:glue:getTable", {"DatabaseName": "client_vpn_audit", "Name": table}))
        columns = variables["columns" if table == "sessions" else "captures_columns"]
        problems += compare(f"columns of {table}", [(column["name"], column["type"]) for column in columns], iceberg_tables.columns(table))
    return problems


#: Of a time, when the execution started, and the days of RetentionDays: the first day that is kept.
EXPIRES_BEFORE = [
    ("2025-12-05T23:59:59Z", "2025-12-05T23:59:59Z", 400, "2024-10-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-11-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", "0400", "2024-11-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 90, "2025-09-01"),
    ("2025-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 36500, "1925-12-01"),
    ("2026-03-01T03:20:00Z", "2026-03-01T03:20:01Z", 365, "2025-03-01"),
    ("2025-02-28T03:20:00Z", "2025-02-28T03:20:01Z", 365, "2024-02-01"),
    # A time that is typed wrong by hand deletes no more than the day of the execution does, and an earlier one less.
    ("2035-12-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-11-01"),
    ("2025-06-06T03:20:00Z", "2025-12-06T03:20:01Z", 400, "2024-05-01"),
]


def expiry_of_sessions(template):
    """Sessions expire as the evidence does, by complete months, and what expired is gone from the store a day later."""
    problems = []
    for time, started, days, expected in EXPIRES_BEFORE:
        machine = cfn.resolve(template, RetentionDays=days)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
        found = prepared(machine, started, time=time)["expires_before"]
        problems += compare(f"first day of sessions that is kept at {time}, {started} with {days} days", found, expected)
    # A month that is not complete would leave its rows in their files.
    if not re.fullmatch(r"DELETE FROM sessions\nWHERE connection_established_time < TIMESTAMP '{expires_before} 00:00:00'", iceberg_tables.statement("sessions", "expire")):
        problems.append("sessions/expire.sql deletes something else than months before a day")
    # A month later, so that each session keeps the captures before it.
    if not re.fullmatch(r"DELETE FROM captures\nWHERE snapshot_date < DATE '{expires_before}' - INTERVAL '1' MONTH", iceberg_tables.statement("captures", "expire")):
        problems.append("captures/expire.sql deletes something else than months before the month before a day")
    machine = cfn.resolve(template)["Resources"]["SessionsStateMachine"]["Properties"]["Definition"]
    for state, table in {"SetProperties": "sessions", "SetCapturesProperties": "captures"}.items():
        set_ = evaluate(machine["States"][state]["Arguments"]["QueryString"], prepared(machine, time="2026-03-01T09:20:00Z"))
        found = {name: int(value) for name, value in re.findall(r"'(\w+)' = '(\d+)'", set_)}
        # Longer than a statement runs, so that nothing that is being written is removed; less than a day, so that the next VACUUM
        # removes what this day's expiry deleted.
        age = found.get("vacuum_max_snapshot_age_seconds", 432000)
        if not 3600 <= age < 23 * 3600:
            problems.append(f"VACUUM keeps old versions of {table} for {age} s")
        problems += compare("old versions that VACUUM keeps however old they are", found.get("vacuum_min_snapshots_to_keep"), 1)
    for parameters in access.VARIANTS:
        problems += deletes(cfn.resolve(template, **parameters)["Resources"], parameters)
    return problems


def deletes(whole, parameters):
    """VACUUM may delete the files of the table, and no version of them stays. Without the permission it succeeds all the same."""
    problems = []
    role = [policy["PolicyDocument"] for policy in whole["SessionsRole"]["Properties"]["Policies"]]
    context = {"aws:PrincipalArn": f"arn:aws:iam::{cfn.ACCOUNT}:role/SessionsRole", "aws:ResourceAccount": cfn.ACCOUNT, "aws:SecureTransport": "true"}
    for key in ("sessions/data/x.parquet", "sessions/metadata/x.avro", "sessions/metadata/x.metadata.json"):
        request = {"action": "s3:DeleteObject", "resource": f"arn:aws:s3:::analyticsbucket/{key}", "context": context}
        decisions = (iam.decide(role, request), iam.decide([whole["AnalyticsBucketPolicy"]["Properties"]["PolicyDocument"]], request))
        if decisions != ("allow", "none"):
            problems.append(f"VACUUM deletes nothing: s3:DeleteObject of {key} by its role and the bucket's policy is {decisions} with {parameters}")
    bucket = whole["AnalyticsBucket"]["Properties"]
    kept = [name for name in bucket if name.startswith("ObjectLock") or name == "VersioningConfiguration" or name == "ReplicationConfiguration"]
    problems += compare("what keeps deleted sessions", kept, [])
    rules = bucket["LifecycleConfiguration"]["Rules"]
    results = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "results/" and rule["Status"] == "Enabled"]
    return problems + compare("days that results of queries are kept", results, [30])


def fleet(template):
    """The state machine that captures in batches. What comes of it is tried in fleet.py; here is what an execution there
    does not show."""
    problems = [f"{name} is made though nothing is spread" for name in cfn.resolve(template)["Resources"] if name.startswith("Fleet")]
    for minutes in template["Parameters"]["ScheduleMinutes"]["AllowedValues"]:
        whole = cfn.resolve(template, ScheduleMinutes=minutes, **SPREAD)["Resources"]
        timeout = whole["FleetStateMachine"]["Properties"]["Definition"].get("TimeoutSeconds", 10**8)
        age = whole["CaptureSchedule"]["Properties"]["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"]
        # A function goes on though the execution that invoked it has ended.
        last = age + timeout + whole["CaptureFunction"]["Properties"]["Timeout"]
        if last > 600 + 600 + 900:
            problems.append(f"a batch can end {last} s after its hour, which is sealed by then")
    properties = whole["FleetStateMachine"]["Properties"]
    kind = (properties.get("StateMachineName"), properties["StateMachineType"])
    problems += compare("name and kind of the fleet", kind, ("client-vpn-audit-fleet", "STANDARD"))
    states = properties["Definition"]["States"]
    batches = states["Batches"]
    processor = batches["ItemProcessor"]
    # An express execution ends after five minutes, which two attempts take longer than.
    problems += compare("mode of the batches", processor["ProcessorConfig"], {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
    # The label is in the ARNs of the batches' executions, which the role names.
    problems += compare("label of the batches", batches.get("Label"), "Batches")
    problems += compare("failures that the batches may have", batches.get("ToleratedFailurePercentage"), 100)
    for given, most in (({}, "{% 50 %}"), ({"ReservedConcurrency": "2"}, "{% 2 %}")):
        machine = cfn.resolve(template, **SPREAD, **given)["Resources"]["FleetStateMachine"]["Properties"]["Definition"]
        problems += compare(f"batches at a time with {given}", machine["States"]["Batches"]["MaxConcurrency"], most)
    invocations = {"Plan": states["Plan"], "Capture": processor["States"]["Capture"]}
    for name, task in invocations.items():
        what = (task["Resource"], task["Arguments"]["FunctionName"])
        problems += compare(f"what {name} invokes", what, ("arn:aws:states:::lambda:invoke", f"arn:aws:lambda:{cfn.REGION}:{cfn.ACCOUNT}:function:CaptureFunction"))
        passing = {"ClientExecutionTimeoutException", "ServiceException", "AWSLambdaException", "SdkClientException", "TooManyRequestsException"}
        problems += compare(f"errors of Lambda's own at {name}", set(task["Retry"][0]["ErrorEquals"]), {f"Lambda.{error}" for error in passing})
    return problems + compare("errors of a batch that are caught", [c["ErrorEquals"] for c in invocations["Capture"]["Catch"]], [["States.ALL"]])


def pages(template):
    """The commands and the limits that the pages have are those of the templates."""
    problems = []
    member = cfn.load(ROOT / "member-role.yaml")
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text()
        problems += [f"{path.name} asks for the output {name}, which there is not" for name in re.findall(r"\$\(stack (\w+)\)", text) if name not in template["Outputs"]]
        problems += [f"{path.name}: {problem}" for problem in commands(text)]
        for name, value in overrides(text):
            parameter = template["Parameters"].get(name)
            if parameter is None:
                problems.append(f"{path.name} sets {name}, which is no parameter")
            elif not value.startswith("$") and not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
                problems.append(f"{path.name} sets {name} to {value}, which it does not take")
        problems += [f"{path.name} sets {name}, which is no parameter of a member" for name in re.findall(r"ParameterKey=(\w+)", text) if name not in member["Parameters"]]
    problems += [f"no fault is found in {wrong}" for wrong in WRONG_COMMANDS if not commands(wrong)]
    page = read("docs/fleet.md")
    number = lambda pattern: int(re.search(pattern, page)[1])
    accounts, regions = number(r"(\d+) accounts in `Accounts`"), number(r"in `Targets` and (\d+) Regions")
    full = {
        "Targets": "arn:aws:ec2:*:*:client-vpn-endpoint/*", "Accounts": ",".join([cfn.ACCOUNT] * accounts), "Regions": ",".join(["ap-southeast-2"] * regions),
        "MemberRoleName": MEMBER_ROLE, "ExternalId": "client-vpn-audit:example", "ExistingBucket": "b" * 63, "KmsKeyArn": KEY + "-" * 32, **SPREAD,
        "AWS::StackName": "s" * number(r"(\d+) for the name of the stack"),
    }
    variables = cfn.resolve(template, **full)["Globals"]["Function"]["Environment"]["Variables"]
    size = sum(len(name) + len(str(value)) for name, value in variables.items())
    if size > 4096:
        problems.append(f"{accounts} accounts and {regions} Regions do not fit into the environment: {size} bytes")
    failed = {"place": f"{cfn.ACCOUNT} ap-southeast-2", "error": "RunRecordNotWritten", "cause": "x" * 200}
    if number(r"\| (\d+) batches, even when all of them fail") * (len(json.dumps(failed, separators=(",", ":"))) + 1) > 256 * 1024:
        problems.append("what comes of as many batches as docs/fleet.md says does not fit into a state")
    name = cfn.resolve(template, **SPREAD)["Resources"]["FleetStateMachine"]["Properties"]["StateMachineName"]
    return problems + compare("longest name of a stack", number(r"(\d+) for the name of the stack"), 80 - len(name.removeprefix("client-vpn-audit")))


def overrides(text):
    """The parameters that a page's samconfig.toml sets, whether it shows all of the file or only what changes."""
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S) + re.findall(r"^cat > samconfig.toml <<EOF\n(.*?)^EOF", text, re.M | re.S)
    for block in map(tomllib.loads, blocks):
        given = block.get("parameter_overrides", [])
        tables = [command["parameters"] for environment in block.values() if isinstance(environment, dict) for command in environment.values()]
        for line in given + [line for table in tables for line in table["parameter_overrides"]]:
            yield line.split("=", 1)


#: Commands whose answer is one page, so that --output text with --query is right.
ONE_PAGE = r"get-\S+|describe-stacks|describe-trails"


def commands(text):
    """What is wrong with commands that look right: each was in a page once."""
    joined = text.replace("\\\n", " ")
    problems = [f"overrides are not saved: {line}" for line in re.findall(r"sam (?:deploy|build)[^\n]*--parameter-overrides[^\n]*", joined)]
    problems += [f"the answers are not saved in a file that is kept: {line}" for line in re.findall(r"sam deploy --guided[^\n]*", joined)]
    for line in re.findall(r"aws [^\n]*--output text[^\n]*", joined):
        if "--query" in line and not re.match(rf"aws \S+ ({ONE_PAGE}) ", line):
            problems.append(f"the query is applied to each page: {line}")
    if "register-delegated-administrator" in joined and "aws cloudformation activate-organizations-access" not in joined:
        problems.append("StackSets get no access to the organisation")
    return problems


#: Each has a fault that must be found.
WRONG_COMMANDS = [
    "sam deploy --stack-name client-vpn-audit --resolve-s3 --parameter-overrides \\\n  SpreadAbove=50",
    "sam build --parameter-overrides Architecture=x86_64",
    "sam deploy --guided --stack-name client-vpn-audit",
    """aws organizations list-accounts --output text --query "join(',', Accounts[?State=='ACTIVE'].Id)\"""",
    "aws ec2 describe-client-vpn-endpoints --output text \\\n  --query ClientVpnEndpoints[].ClientVpnEndpointId",
    "aws organizations enable-aws-service-access --service-principal member.x\naws organizations register-delegated-administrator --account-id 1",
]


# ---- alarms ----


def alarms(template):
    """An alarm is above its threshold, but for the silence of the capture, in every one of its periods."""
    capture, seal = ({"FunctionName": f"{name}function"} for name in ("capture", "seal"))
    machine, fleet_ = ({"StateMachineArn": f"arn:aws:states:{cfn.REGION}:{cfn.ACCOUNT}:stateMachine:{name}"} for name in ("SessionsStateMachine", "client-vpn-audit-fleet"))
    stack = {"Stack": "client-vpn-audit"}
    expected = {
        # Snapshots are 30 minutes apart at most, so one of three quarters of an hour has one.
        "NoCapture": ("ClientVpnAudit", "FailedTargets", stack, "FILL(SampleCount, 0)", "<", 1, 900, 3, "breaching"),
        "FailedTargets": ("ClientVpnAudit", "FailedTargets", stack, "Sum", ">", 0, 900, 1, "notBreaching"),
        "OldestCompleteAge": ("ClientVpnAudit", "OldestCompleteAgeMinutes", stack, "Maximum", ">", 45, 900, 1, "breaching"),
        "UnparsedValues": ("ClientVpnAudit", "UnparsedValues", stack, "Sum", ">", 0, 900, 1, "notBreaching"),
        "CaptureErrors": ("AWS/Lambda", "Errors", capture, "Sum", ">", 0, 900, 1, "notBreaching"),
        "CaptureThrottles": ("AWS/Lambda", "Throttles", capture, "Sum", ">", 0, 900, 1, "notBreaching"),
        "SealErrors": ("AWS/Lambda", "Errors", seal, "Sum", ">", 0, 900, 1, "notBreaching"),
        "SealThrottles": ("AWS/Lambda", "Throttles", seal, "Sum", ">", 0, 900, 1, "notBreaching"),
        "FailuresQueue": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "failuresqueue"}, "Maximum", ">", 0, 300, 1, "notBreaching"),
        "FleetFailed": ("AWS/States", "ExecutionsFailed", fleet_, "Sum", ">", 0, 900, 1, "notBreaching"),
        "FleetTimedOut": ("AWS/States", "ExecutionsTimedOut", fleet_, "Sum", ">", 0, 900, 1, "notBreaching"),
        "FleetAborted": ("AWS/States", "ExecutionsAborted", fleet_, "Sum", ">", 0, 900, 1, "notBreaching"),
        "SessionsFailed": ("AWS/States", "ExecutionsFailed", machine, "Sum", ">", 0, 3600, 1, "notBreaching"),
        "SessionsTimedOut": ("AWS/States", "ExecutionsTimedOut", machine, "Sum", ">", 0, 3600, 1, "notBreaching"),
        "SessionsAborted": ("AWS/States", "ExecutionsAborted", machine, "Sum", ">", 0, 3600, 1, "notBreaching"),
    }
    signs = {"LessThanThreshold": "<", "GreaterThanThreshold": ">"}
    found = {}
    problems = []
    metrics = read("src/invocation/metrics.rs")
    for name, alarm in resources(cfn.resolve(template, AlarmTopicArn=TOPIC, **SPREAD), "AWS::CloudWatch::Alarm").items():
        name = name.removesuffix("Alarm")
        alarm = alarm | metric_of(alarm)
        dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}
        sign = signs.get(alarm["ComparisonOperator"], alarm["ComparisonOperator"])
        window = (alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"])
        found[name] = (alarm["Namespace"], alarm["MetricName"], dimensions, alarm["Statistic"], sign, *window)
        problems += compare(f"alarms: periods of {name} that must be bad", alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]), alarm["EvaluationPeriods"])
        problems += compare(f"actions of {name}", (alarm["AlarmActions"], alarm["OKActions"]), ([TOPIC], [TOPIC]))
        problems += compare(f"whether {name} acts", alarm.get("ActionsEnabled", True), True)
        if alarm["Namespace"] == "ClientVpnAudit" and f'"{alarm["MetricName"]}"' not in metrics:
            problems.append(f"alarm {name} rests on a metric that the program does not publish")
        if f"## {name}" not in read("docs/operate.md"):
            problems.append(f"docs/operate.md does not say what to do about {name}")
    return problems + compare("alarms", found, expected) + dashboard(template)


def dashboard(template):
    """It shows every alarm that there is, and is JSON."""
    problems = []
    for spread in ({}, SPREAD):
        whole = cfn.resolve(template, **spread)
        shown = re.findall(r"alarm:(\w+)", str(json.loads(whole["Resources"]["Dashboard"]["Properties"]["DashboardBody"])))
        problems += compare("alarms of the dashboard", sorted(shown), sorted(resources(whole, "AWS::CloudWatch::Alarm")))
    return problems


def metric_of(alarm):
    """The one metric of an alarm on an expression, as an alarm on a metric has it."""
    if "Metrics" not in alarm:
        return {}
    expression, metric = alarm["Metrics"]
    stat = metric["MetricStat"]
    statistic = expression["Expression"].replace(metric["Id"], stat["Stat"])
    returned = {m["Id"] for m in alarm["Metrics"] if m.get("ReturnData", True)}
    return {**stat["Metric"], "Statistic": statistic if returned == {expression["Id"]} else returned, "Period": stat["Period"]}


CHECKS = [
    *access.CHECKS,
    *protection.CHECKS,
    evidence_bucket,
    retention,
    two_stacks,
    untraced,
    kept,
    existing_bucket,
    functions,
    schedules,
    tables,
    saved_queries,
    work_group,
    state_machine,
    expiry_of_sessions,
    fleet,
    pages,
    alarms,
]


def problems(template, checks=CHECKS):
    """All of them. A check that stumbles over the template has found one too."""
    found = []
    for check in checks:
        try:
            found += check(template)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, InvalidDocumentException) as error:
            found.append(f"{check.__name__}: {type(error).__name__} {error}")
    return found
