"""Lists Client VPN connections with boto3's own paginator, and prints one JSON object:

    {"connections": [...], "resume_token": "..." or null, "error": {"code", "message"} or null}

Credentials come from the environment, as for any boto3 program. The exit status is 0 also where EC2 answered an
error: that is a result. With an error, "connections" holds what came before it. With `--resume`, a list of such objects: each goes on
with the token of the one before, until there is none.
"""

import argparse
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def main():
    arguments = parse()
    listed = [list_connections(arguments, None)]
    while arguments.resume and listed[-1]["resume_token"]:
        listed.append(list_connections(arguments, listed[-1]["resume_token"]))
    json.dump(listed if arguments.resume else listed[0], sys.stdout)
    sys.stdout.write("\n")


def list_connections(arguments, starting_token):
    rows, resume_token, error = [], None, None
    try:
        pages = paginate(arguments, starting_token)
        for page in pages:
            rows.extend(page["Connections"])
        # The token is known once the pages are exhausted, and only where --max-items cut them short.
        resume_token = pages.resume_token
    except ClientError as fault:
        error = {"code": fault.response["Error"]["Code"], "message": fault.response["Error"]["Message"]}
    except BotoCoreError as fault:
        error = {"code": type(fault).__name__, "message": str(fault)}
    return {"connections": rows, "resume_token": resume_token, "error": error}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--endpoint-id", required=True)
    parser.add_argument("--page-size", type=int)
    parser.add_argument("--max-items", type=int)
    parser.add_argument("--resume", action="store_true", help="go on until there is no token")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        type=name_and_value,
        metavar="NAME=VALUE",
        help="may be repeated: values of one name join with OR, names with AND",
    )
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--attempts", type=int, default=1, help="how often boto3 tries a request at most")
    return parser.parse_args()


def name_and_value(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, but found {text!r}")
    return name, value


def paginate(arguments, starting_token):
    config = Config(retries={"total_max_attempts": arguments.attempts, "mode": "standard"}, read_timeout=20)
    client = boto3.client(
        "ec2", endpoint_url=arguments.endpoint_url, region_name=arguments.region, config=config
    )
    filters = {}
    for name, value in arguments.filter:
        filters.setdefault(name, []).append(value)
    request = {"ClientVpnEndpointId": arguments.endpoint_id}
    if filters:
        request["Filters"] = [{"Name": name, "Values": values} for name, values in filters.items()]
    if arguments.dry_run:
        request["DryRun"] = True
    paging = {
        "PageSize": arguments.page_size,
        "MaxItems": arguments.max_items,
        "StartingToken": starting_token,
    }
    paging = {name: value for name, value in paging.items() if value is not None}
    return client.get_paginator("describe_client_vpn_connections").paginate(**request, PaginationConfig=paging)


if __name__ == "__main__":
    main()
