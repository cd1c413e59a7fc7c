"""Runs FleetStateMachine as it stands, in moto's interpreter of Amazon States Language, against a function that answers as
it is told. JSONata is evaluated by jsonata-python, since moto leaves that to whoever runs it. FLEET_FUNCTION_URL names a
server of Lambda's Invoke API in place of the answers: then one snapshot is taken through it, and its outcome is printed."""

import contextlib
import http.server
import json
import os
import sys
import threading
import time
import types
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import boto3
import jsonata
import moto
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

import cfn
from common import ROOT, compare

TIME = "2026-11-23T09:00:00Z"

# ---- the function ----


class FunctionError(Exception):
    """The answer of a function that fails: `errorType` and `errorMessage`."""


class Throttled(Exception):
    """Lambda has no room for the invocation."""


class Function(http.server.BaseHTTPRequestHandler):
    """Lambda's Invoke API on loopback. `answer(payload)` answers, or raises one of the two above."""

    answer = None

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.send(200, type(self).answer(payload))
        except FunctionError as error:
            kind, message = error.args
            self.send(200, {"errorType": kind, "errorMessage": message}, ("X-Amz-Function-Error", "Unhandled"))
        except Throttled:
            self.send(429, {"Reason": "ConcurrentInvocationLimitExceeded"}, ("X-Amzn-ErrorType", "TooManyRequestsException"))

    def send(self, status, value, *headers):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (*headers, ("X-Amzn-RequestId", "1"), ("Content-Length", str(len(body)))):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def through(url):
    """An `answer` that asks another server of the same API, such as the real function's. Of a failure, Lambda says 200 and
    its emulators may say 500; the body is the same."""

    def answer(payload):
        request = urllib.request.Request(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})
        try:
            response = urllib.request.urlopen(request, timeout=900)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            value = json.load(response)
        if isinstance(value, dict) and "errorType" in value:
            raise FunctionError(value["errorType"], value["errorMessage"])
        return value

    return answer


@contextlib.contextmanager
def serving(answer):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Function,), {"answer": staticmethod(answer)}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# ---- the interpreter ----

evaluating = threading.Lock()
naming = threading.Lock()


def named_once(component, name=EvalComponent.heap_key.fget):
    """moto names the counter of a retry when it is first used. Two batches that failed at the same moment would each name it
    otherwise, and one of them would count anew and be tried once more."""
    with naming:
        return name(component)


EvalComponent.heap_key = property(named_once)


def evaluate(expression):
    try:
        with evaluating:
            return jsonata.Jsonata(expression).evaluate(None)
    except Exception as error:
        raise moto_jsonata.JSONataException("JSONata", str(error)) from error


def execute(definition, answer, given=None, prepare=lambda: None, evaluate=evaluate):
    """One execution, after `prepare` has made what it finds: its status, output, error, cause, and how long each retry waited."""
    waits = []
    moto_jsonata._eval_jsonata = evaluate
    # Waiting is written down instead of done.
    retrier_decl.time = types.SimpleNamespace(sleep=waits.append)
    # moto's grammar takes this percentage with a point only.
    text = json.dumps(definition).replace('"ToleratedFailurePercentage": 100', '"ToleratedFailurePercentage": 100.0')
    with serving(answer) as url:
        os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": cfn.REGION, "AWS_ENDPOINT_URL_LAMBDA": url}
        config = {"stepfunctions": {"execute_state_machine": True}, "core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}
        with moto.mock_aws(config=config):
            prepare()
            client = boto3.client("stepfunctions")
            role = f"arn:aws:iam::{cfn.ACCOUNT}:role/FleetRole"
            machine = client.create_state_machine(name="fleet", definition=text, roleArn=role)["stateMachineArn"]
            execution = client.start_execution(stateMachineArn=machine, input=json.dumps(given or {"time": TIME}))["executionArn"]
            found = {"status": "RUNNING"}
            until = time.monotonic() + 1200
            while found["status"] == "RUNNING" and time.monotonic() < until:
                # moto answers in this process: asked more often, it has less time for the execution.
                time.sleep(0.2)
                found = client.describe_execution(executionArn=execution)
    output = json.loads(found["output"]) if "output" in found else None
    return types.SimpleNamespace(status=found["status"], output=output, error=found.get("error"), cause=found.get("cause"), waits=waits)


# ---- what is expected of it ----


def batch(place):
    """The payload for the batch with this name. Of a place, it may have two targets."""
    account, region, *more = place.split(" ")
    others = ["eu-west-1", "us-east-1"] if more == ["and", "2", "more"] else []
    ids = ["cvpn-endpoint-0123456789abcdef0", "*"] if others else ["*"]
    places = [(region, id) for id in ids] + [(other, "*") for other in others]
    return {"action": "snapshot", "time": TIME, "targets": [f"arn:aws:ec2:{region}:{account}:client-vpn-endpoint/{id}" for region, id in places]}


PLACES = ["111122223333 eu-central-1", "111122223333 us-east-1", "444455556666 eu-central-1 and 2 more"]
ALL = {"action": "snapshot", "time": TIME}


class Fleet:
    """Answers a plan with these batches, and a batch with two targets of 7 rows together, unless `fault(n)` of its place has
    something to raise at its n-th invocation."""

    def __init__(self, batches, faults=None):
        self.batches, self.faults, self.asked, self.lock = batches, faults or {}, [], threading.Lock()

    def __call__(self, payload):
        with self.lock:
            self.asked.append(payload)
            n = self.asked.count(payload)
        place = "plan"
        if payload["action"] == "snapshot":
            place = next((p for p in PLACES if batch(p) == payload), "all")
        fault = self.faults.get(place, lambda _: None)(n)
        if fault:
            raise fault
        if place == "plan":
            return {"snapshot_time": payload["time"], "endpoints": 213, "batches": self.batches}
        return {"snapshot_time": TIME, "run_keys": ["runs/…"], "targets": [{"outcome": "complete", "rows": 3}, {"outcome": "complete", "rows": 4}]}


def once(fault):
    return lambda n: fault if n == 1 else None


def always(fault):
    return lambda _: fault


REFUSED = FunctionError("TargetsFailed", 'not captured: 444455556666 eu-central-1 "AccessDenied"')


def summary(rows, batches=3, failed=()):
    return {"snapshot_time": TIME, "endpoints": 213, "batches": batches, "rows": rows, "failed": list(failed)}


def outcome(definition, fleet):
    """Returns the outcome, the time that it waited, and the requests to the function: each batch as it was planned."""
    done = execute(definition, fleet)
    result = done.output if done.status == "SUCCEEDED" else f"{done.status} {done.error}: {done.cause}"
    planned = [{"action": "plan", "time": TIME}, *fleet.batches]
    strange = [payload for payload in fleet.asked if payload not in planned]
    counts = [fleet.asked.count(payload) for payload in planned]
    return result, sorted(done.waits), counts, strange


def scenarios(definition, only=None):
    """Compares the outcome of each scenario, or of one, with the expected one."""
    whole = [batch(place) for place in PLACES]
    last = PLACES[-1]
    cases = {
        "all succeed": (Fleet(whole), (summary(21), [], [1, 1, 1, 1], [])),
        "one batch fails once": (Fleet(whole, faults={last: once(REFUSED)}), (summary(21), [60], [1, 1, 1, 2], [])),
        "one batch fails always": (
            Fleet(whole, faults={last: always(REFUSED)}),
            (
                (
                    "FAILED TargetsFailed: 1 of 3 batches failed, 14 rows were written by the others: "
                    f"{last}: TargetsFailed: not captured: 444455556666 eu-central-1 'AccessDenied'"
                ),
                [60], [1, 1, 1, 2], [],
            ),
        ),
        "all batches fail always": (
            Fleet(whole, faults=dict.fromkeys(PLACES, always(FunctionError("Panic", "x" * 1000)))),
            ("FAILED TargetsFailed: 3 of 3 batches failed, 0 rows were written by the others: " + "; ".join(f"{p}: Panic: {'x' * 200}" for p in PLACES), [60] * 3, [1, 2, 2, 2], []),
        ),
        "Lambda has no room for a while": (Fleet(whole, faults={"plan": once(Throttled()), last: once(Throttled())}), (summary(21), [2, 2], [2, 1, 1, 2], [])),
        "the plan is refused": (
            Fleet(whole, faults={"plan": always(FunctionError("InvalidEvent", "time"))}),
            ('FAILED InvalidEvent: {"errorType":"InvalidEvent","errorMessage":"time"}', [], [1, 0, 0, 0], []),
        ),
        "one batch, of the configured targets": (Fleet([ALL]), (summary(7, 1), [], [1, 1], [])),
        "that one fails": (
            Fleet([ALL], faults={"all": always(FunctionError("TargetsFailed", "x"))}),
            ("FAILED TargetsFailed: 1 of 1 batches failed, 0 rows were written by the others: the configured targets: TargetsFailed: x", [60], [1, 2], []),
        ),
        "there is nothing to capture": (Fleet([]), (summary(0, 0), [], [1], [])),
    }
    problems = []
    chosen = {only: cases[only]} if only else cases
    for name, (fleet, expected) in chosen.items():
        problems += compare(f"when {name}, what comes of it", outcome(definition, fleet), expected)
    return problems, len(chosen)


def lost_batch(definition):
    """A batch whose execution ends badly is named at the end, though it says nothing itself."""
    capture = json.loads(json.dumps(definition))
    capture["States"]["Batches"]["ItemProcessor"]["States"]["Capture"].pop("Catch")
    fleet = Fleet([batch(place) for place in PLACES], faults={PLACES[0]: always(REFUSED)})
    done = execute(capture, fleet)
    expected = f"1 of 3 batches failed, 14 rows were written by the others: {PLACES[0]}: NoResult: the execution of this batch did not end well"
    return compare("when a batch has no result, what comes of it", (done.status, done.error, done.cause), ("FAILED", "TargetsFailed", expected))


def batches(definition):
    return definition["States"]["Batches"]


def capture(definition):
    return batches(definition)["ItemProcessor"]["States"]["Capture"]


#: Changes for the worse that show in an execution, each with a scenario that must come out differently.
MUTATIONS = {
    "a batch is not tried again": (lambda d: capture(d)["Retry"].pop(), "one batch fails once"),
    "a batch is tried again at once": (lambda d: capture(d)["Retry"][1].update(IntervalSeconds=1), "one batch fails once"),
    "a batch is tried for ever": (lambda d: capture(d)["Retry"][1].update(MaxAttempts=9), "one batch fails always"),
    "a throttled batch waits a minute": (lambda d: capture(d)["Retry"].pop(0), "Lambda has no room for a while"),
    "a throttled plan is lost": (lambda d: d["States"]["Plan"].pop("Retry"), "Lambda has no room for a while"),
    "a failed batch looks well": (lambda d: d["States"]["AllCaptured"].update(Default="Done"), "one batch fails always"),
    "a failed batch is not named": (lambda d: d["States"]["TargetsFailed"].update(Cause="some failed"), "one batch fails always"),
    "why it failed is not told": (lambda d: capture(d)["Catch"][0]["Output"].update(cause="-"), "one batch fails always"),
    "a failed plan is passed over": (
        lambda d: d["States"]["Plan"].update(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}]),
        "the plan is refused",
    ),
    "a batch is changed on its way": (lambda d: capture(d)["Arguments"].update(Payload={"action": "snapshot"}), "all succeed"),
    "the time is lost": (lambda d: d["States"]["Plan"]["Arguments"].update(Payload={"action": "plan", "time": "2026-11-23T10:00:00Z"}), "all succeed"),
    "rows are not counted": (lambda d: capture(d)["Output"].update(rows=0), "all succeed"),
}


def main():
    template = cfn.load(ROOT / "template.yaml")
    definition = cfn.resolve(template, SpreadAbove=50)["Resources"]["FleetStateMachine"]["Properties"]["Definition"]
    if "FLEET_FUNCTION_URL" in os.environ:
        done = execute(definition, through(os.environ["FLEET_FUNCTION_URL"]), {"time": os.environ.get("FLEET_TIME", TIME)})
        print(json.dumps(vars(done), indent=2))
        return sys.exit(0 if done.status == "SUCCEEDED" else 1)
    found, executed = scenarios(definition)
    found += lost_batch(definition)
    for name, (mutate, scenario) in MUTATIONS.items():
        changed = json.loads(json.dumps(definition))
        mutate(changed)
        if not scenarios(changed, scenario)[0]:
            found.append(f"not noticed: {name}")
    for problem in found:
        print(problem)
    print(f"FleetStateMachine: {len(found)} problems in {executed + 1} executions; {len(MUTATIONS)} changes for the worse tried")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    # It prints each failed execution of its own; what comes of them is compared above.
    import logging

    logging.disable(logging.ERROR)
    main()
