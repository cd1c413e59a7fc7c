"""The state machine that captures in batches."""


import cfn
from common import SPREAD, compare


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


CHECKS = [fleet]
