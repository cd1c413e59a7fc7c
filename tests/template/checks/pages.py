"""The commands and the limits in the pages of docs/."""

import json
import re
import tomllib

import cfn
from common import KEY, LOG_GROUPS, MEMBER_ROLE, ROOT, SPREAD, compare, read


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
        "ConnectionLogGroups": LOG_GROUPS[2], "ConnectionLogDays": 365,
        "AWS::StackName": "s" * number(r"(\d+) for the name of the stack"),
    }
    variables = cfn.resolve(template, **full)["Globals"]["Function"]["Environment"]["Variables"]
    size = sum(len(name) + len(str(value)) for name, value in variables.items())
    if size > 4096:
        problems.append(f"{accounts} accounts and {regions} Regions do not fit into the environment: {size} bytes")
    place = f"{cfn.ACCOUNT} ap-southeast-2"
    failed = {"place": place, "error": "RunRecordNotWritten", "cause": "x" * 200}
    targets = [f"arn:aws-us-gov:ec2:ap-southeast-2:{cfn.ACCOUNT}:client-vpn-endpoint/*"] * 16
    planned = {"place": f"{place} and 15 more", "payload": {"action": "snapshot", "time": "2026-11-23T09:00:00Z", "targets": targets}}
    for what, limit in (
        (failed, r"\| (\d+) batches of one account and Region, or \d+ of sixteen, even when all of them fail"),
        (planned, r"or (\d+) of sixteen, even when all of them fail"),
    ):
        if number(limit) * (len(json.dumps(what, separators=(",", ":"))) + 1) > 256 * 1024:
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
    """Returns the problems of commands that look right: each was in a page once."""
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


CHECKS = [pages]
