"""Lists log groups, and the events of each or of one, with boto3's own paginators, and prints one JSON object:

    {"groups": [...], "events": {"GROUP": [...], ...}, "error": {"code", "message"} or null}

Groups and events are as boto3 returns them. Credentials come from the environment, as for any boto3 program. The exit
status is 0 also where CloudWatch Logs answered an error: that is a result. With an error, the lists hold what came before it.

Usage: list_logs.py --endpoint-url URL --region REGION --from MILLIS --to MILLIS
"""

import argparse
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def main():
    arguments = parse()
    groups, events, error = [], {}, None
    try:
        list_logs(arguments, groups, events)
    except ClientError as fault:
        error = {"code": fault.response["Error"]["Code"], "message": fault.response["Error"]["Message"]}
    except BotoCoreError as fault:
        error = {"code": type(fault).__name__, "message": str(fault)}
    json.dump({"groups": groups, "events": events, "error": error}, sys.stdout)
    sys.stdout.write("\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--from", dest="start", type=int, required=True, help="event time, in milliseconds since 1970")
    parser.add_argument("--to", dest="end", type=int, required=True, help="event time, included")
    parser.add_argument("--group", help="one group by name or ARN, instead of all that are described")
    parser.add_argument("--page-size", type=int)
    parser.add_argument("--unmask", action="store_true")
    parser.add_argument("--attempts", type=int, default=1, help="how often boto3 tries a request at most")
    return parser.parse_args()


def list_logs(arguments, groups, events):
    config = Config(retries={"total_max_attempts": arguments.attempts, "mode": "standard"}, read_timeout=20)
    client = boto3.client("logs", endpoint_url=arguments.endpoint_url, region_name=arguments.region, config=config)
    for page in client.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 50}):
        groups.extend(page["logGroups"])
    for name in [arguments.group] if arguments.group else [group["logGroupArn"] for group in groups]:
        request = {"logGroupIdentifier": name, "startTime": arguments.start, "endTime": arguments.end}
        if arguments.unmask:
            request["unmask"] = True
        paging = {"PageSize": arguments.page_size} if arguments.page_size else {}
        listed = events.setdefault(name.rsplit(":", 1)[-1], [])
        for page in client.get_paginator("filter_log_events").paginate(**request, PaginationConfig=paging):
            listed.extend(page["events"])


if __name__ == "__main__":
    main()
