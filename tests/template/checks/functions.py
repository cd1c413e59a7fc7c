"""The functions: their variables and limits, and what invokes them."""

import re

import cfn
from common import KEY, LOGS, MEMBER_ROLE, SPREAD, compare, read, resources

#: What exists only with log groups to read.
NEEDED_FOR_LOGS = ["LogsErrorsAlarm", "LogsFunction", "LogsLogs", "LogsRole", "LogsSchedule", "LogsScheduleRole"]


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
    found = cfn.resolve(template, **LOGS)
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
    for name in ("LogsFunction", "SealFunction"):
        problems += compare(f"time-out of {name}", found["Resources"][name]["Properties"]["Timeout"], 900)
    without = cfn.resolve(template)["Resources"]
    problems += [f"{name} is made without log groups to read" for name in NEEDED_FOR_LOGS if name in without]
    problems += compare("what is made to record connection logs", sorted(found["Resources"].keys() - without.keys()), NEEDED_FOR_LOGS)
    both = found["Globals"]["Function"]
    runs = [both.get(key) for key in ("CodeUri", "Handler", "Runtime")]
    problems += compare("what runs", runs, [".", "bootstrap", "provided.al2023"])
    return problems + environment(template)


def environment(template):
    """The variables are settings of the program, and say what the parameters say."""
    given = {"MemberRoleName": MEMBER_ROLE, "ExternalId": "audit:42", **SPREAD, **LOGS, "ConnectionLogDays": 30, "UnmaskConnectionLogs": "true", "EndpointMetrics": "true", "KmsKeyArn": KEY, "Accounts": "111122223333,444455556666", "Regions": "eu-central-1,us-east-1"}
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
        "AUDIT_CONNECTION_LOG_GROUPS": "",
        "AUDIT_CONNECTION_LOG_DAYS": 1,
        "AUDIT_UNMASK_CONNECTION_LOGS": "false",
        "AUDIT_KMS_KEY": "",
        "AUDIT_STACK": "client-vpn-audit",
        "AUDIT_ENDPOINT_METRICS": "false",
        "AUDIT_SIGNING_KEY": f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/SealKey",
    }
    of = lambda whole: whole["Globals"]["Function"]["Environment"]["Variables"]
    found = of(cfn.resolve(template))
    problems = compare("variables", found, expected)
    logs = {"AUDIT_CONNECTION_LOG_GROUPS": LOGS["ConnectionLogGroups"], "AUDIT_CONNECTION_LOG_DAYS": 30, "AUDIT_UNMASK_CONNECTION_LOGS": "true"}
    names = {**logs, "AUDIT_ENDPOINT_METRICS": "true", "AUDIT_MEMBER_ROLE": MEMBER_ROLE, "AUDIT_EXTERNAL_ID": "audit:42", "AUDIT_SPREAD_ABOVE": 50, "AUDIT_KMS_KEY": KEY, "AUDIT_ACCOUNTS": given["Accounts"], "AUDIT_REGIONS": given["Regions"]}
    problems += compare("variables with all parameters", of(cfn.resolve(template, **given)), expected | names)
    variables = set(found)
    known = re.findall(r'(?:setting|number)\("(AUDIT_[A-Z_]+)", (None|Some|[0-9])', read("src/invocation/settings/table.rs"))
    problems += [f"{name} is no setting" for name in sorted(variables - {name for name, _ in known})]
    return problems + [f"{name} is not set" for name, default in known if default == "None" and name not in variables]


def schedules(template):
    problems = [problem for spread in ({}, SPREAD) for problem in of_schedules(cfn.resolve(template, **spread, **LOGS), spread)]
    return problems + compare("schedules without log groups", sorted(resources(cfn.resolve(template), "AWS::Scheduler::Schedule")), ["CaptureSchedule", "SealSchedule", "SessionsSchedule"])


def of_schedules(whole, spread):
    snapshot = '{"time":"<aws.scheduler.scheduled-time>"}' if spread else '{"action":"snapshot","time":"<aws.scheduler.scheduled-time>"}'
    expected = {
        "CaptureSchedule": ("cron(0/15 * * * ? *)", snapshot),
        "LogsSchedule": ("cron(3/15 * * * ? *)", '{"action":"logs"}'),
        "SealSchedule": ("cron(6/15 * * * ? *)", '{"action":"seal"}'),
        "SessionsSchedule": ("cron(20 * * * ? *)", '{"time":"<aws.scheduler.scheduled-time>"}'),
    }
    targets = {
        "CaptureSchedule": "states:{}:stateMachine:client-vpn-audit-fleet" if spread else "lambda:{}:function:CaptureFunction",
        "LogsSchedule": "lambda:{}:function:LogsFunction",
        "SealSchedule": "lambda:{}:function:SealFunction",
        "SessionsSchedule": "states:{}:stateMachine:SessionsStateMachine",
    }
    # A merge of 55 minutes that begins later meets the next one; a fleet's snapshot could write into an hour that is sealed.
    ages = {"CaptureSchedule": 300 if spread else 600, "LogsSchedule": 600, "SealSchedule": 600, "SessionsSchedule": 240}
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


CHECKS = [functions, schedules]
