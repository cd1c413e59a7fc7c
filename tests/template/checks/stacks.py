"""Two stacks in one account and Region, and what all of a stack leaves out."""

import json
import re

import cfn
from common import LOGS, SPREAD, TOPIC, compare

#: The property that names a kind of resource, if two of one account and Region would collide. Others are named by CloudFormation.
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
    one, other = (cfn.resolve(template, **{"AWS::StackName": name, "AlarmTopicArn": TOPIC}, **SPREAD, **LOGS) for name in ("client-vpn-audit", "vpn-audit-2"))
    problems = [f"the output {name} is exported, which a second stack cannot" for name, output in template.get("Outputs", {}).items() if "Export" in output]
    for name, resource in one["Resources"].items():
        kind, properties, others = resource["Type"], resource["Properties"], other["Resources"][name]["Properties"]
        if kind in WITHIN:
            _, key = WITHIN[kind]
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
    text = json.dumps(cfn.resolve(template, **SPREAD, **LOGS)).lower()
    return [f"something is traced: {word}" for word in ("xray", '"tracing', "tracingconfiguration") if word in text]


CHECKS = [two_stacks, untraced]
