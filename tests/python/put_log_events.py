"""Makes a log group, and puts each line of a file into it as the message of an event at a time, a second after the one before.

Usage: put_log_events.py --endpoint-url URL --region REGION --group NAME --time MILLIS FILE

Prints their number as JSON.
"""

import argparse
import json
import pathlib

import boto3

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--endpoint-url", required=True)
parser.add_argument("--region", required=True)
parser.add_argument("--group", required=True)
parser.add_argument("--time", required=True, type=int, help="of the first event, in milliseconds since 1970")
parser.add_argument("file", type=pathlib.Path)
arguments = parser.parse_args()
logs = boto3.client("logs", endpoint_url=arguments.endpoint_url, region_name=arguments.region)
logs.create_log_group(logGroupName=arguments.group)
logs.create_log_stream(logGroupName=arguments.group, logStreamName="stream")
messages = arguments.file.read_text().splitlines()
events = [{"timestamp": arguments.time + number * 1000, "message": message} for number, message in enumerate(messages)]
logs.put_log_events(logGroupName=arguments.group, logStreamName="stream", logEvents=events)
print(json.dumps(len(events)))
