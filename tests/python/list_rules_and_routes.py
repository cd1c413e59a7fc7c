"""Prints the authorization rules and the routes of every endpoint as boto3 lists them, under the names of our columns. Shares no
code with the program.

Usage: list_rules_and_routes.py --endpoint-url URL --region REGION
"""

import argparse
import json

import boto3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    ec2 = boto3.client("ec2", endpoint_url=arguments.endpoint_url, region_name=arguments.region)
    pages = ec2.get_paginator("describe_client_vpn_endpoints").paginate()
    ids = [endpoint["ClientVpnEndpointId"] for page in pages for endpoint in page["ClientVpnEndpoints"]]
    print(json.dumps({"authorization_rules": rules(ec2, ids), "routes": routes(ec2, ids)}))


def listed(ec2, operation, member, ids):
    for endpoint_id in ids:
        for page in ec2.get_paginator(operation).paginate(ClientVpnEndpointId=endpoint_id):
            yield from page[member]


def rules(ec2, ids):
    return [
        {
            "endpoint_id": rule["ClientVpnEndpointId"],
            "destination_cidr": rule.get("DestinationCidr"),
            "group_id": rule.get("GroupId"),
            "access_all": rule.get("AccessAll"),
            "description": rule.get("Description"),
            "status_code": rule.get("Status", {}).get("Code"),
            "status_message": rule.get("Status", {}).get("Message"),
        }
        for rule in listed(ec2, "describe_client_vpn_authorization_rules", "AuthorizationRules", ids)
    ]


def routes(ec2, ids):
    return [
        {
            "endpoint_id": route["ClientVpnEndpointId"],
            "destination_cidr": route.get("DestinationCidr"),
            "target_subnet": route.get("TargetSubnet"),
            "transit_gateway_attachment_id": route.get("TransitGatewayAttachmentId"),
            "origin": route.get("Origin"),
            "route_type": route.get("Type"),
            "description": route.get("Description"),
            "status_code": route.get("Status", {}).get("Code"),
            "status_message": route.get("Status", {}).get("Message"),
        }
        for route in listed(ec2, "describe_client_vpn_routes", "Routes", ids)
    ]


main()
