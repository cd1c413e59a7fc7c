"""Functions that the checks of the template share."""

import pathlib

import cfn

ROOT = pathlib.Path(__file__).parents[2]
KEY = f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/1234"
TOPIC = f"arn:aws:sns:{cfn.REGION}:{cfn.ACCOUNT}:alarms"
#: A role that may change the protection of the evidence.
ADMINISTRATOR = f"arn:aws:iam::{cfn.ACCOUNT}:role/audit/administrator"
MEMBER_ROLE = "audit/client-vpn-audit-member"
#: The parameters with which the state machine that captures in batches exists.
SPREAD = {"SpreadAbove": 50}
#: Log groups of connection logs: of one, with what consoles add, and of all Regions and accounts with `*` at the end of the name.
LOG_GROUPS = [
    f"arn:aws:logs:{cfn.REGION}:{cfn.ACCOUNT}:log-group:/vpn/a",
    "arn:aws:logs:us-east-1:*:log-group:vpn_c.d#e:*",
    "arn:aws:logs:*:*:log-group:/vpn/b*",
]
#: What makes the function that records connection logs.
LOGS = {"ConnectionLogGroups": ",".join(LOG_GROUPS)}
#: The key that log groups are encrypted with.
LOG_KEY = f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/5678"
EVIDENCE = ["connections", "partials", "runs", "endpoints", "authorization_rules", "routes", "connection_logs", "digests"]
#: The tables that expire: digests stay for longer than what they prove.
EXPIRES = EVIDENCE[:-1]
#: The tables that are written as Parquet; the rest is JSON.
PARQUET_TABLES = ["connections", "partials", "endpoints", "authorization_rules", "routes", "connection_logs"]


def read(path):
    return (ROOT / path).read_text()


def resources(template, kind):
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


def many(value):
    return value if isinstance(value, list) else [value]


def compare(what, found, expected):
    return [] if found == expected else [f"{what} is {found}, not {expected}"]
