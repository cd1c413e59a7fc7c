"""Prints every endpoint as boto3 lists it, under the names of our columns. Shares no code with the program.

Usage: list_endpoints.py --endpoint-url URL --region REGION
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
    print(json.dumps([row(ec2, endpoint) for page in pages for endpoint in page["ClientVpnEndpoints"]]))


def row(ec2, endpoint):
    endpoint_id = endpoint["ClientVpnEndpointId"]
    pages = ec2.get_paginator("describe_client_vpn_target_networks").paginate(ClientVpnEndpointId=endpoint_id)
    networks = [network["TargetNetworkId"] for page in pages for network in page["ClientVpnTargetNetworks"]]
    logs = endpoint.get("ConnectionLogOptions", {})
    return {
        "endpoint_id": endpoint_id,
        "description": endpoint.get("Description"),
        "status_code": endpoint.get("Status", {}).get("Code"),
        "status_message": endpoint.get("Status", {}).get("Message"),
        "creation_time": endpoint["CreationTime"] + ".000+00:00",
        "deletion_time": None,
        "dns_name": endpoint.get("DnsName"),
        "client_cidr_block": endpoint.get("ClientCidrBlock"),
        "vpc_id": endpoint.get("VpcId"),
        "associated_networks": networks,
        "security_group_ids": endpoint.get("SecurityGroupIds", []),
        "authentication_types": [option["Type"] for option in endpoint.get("AuthenticationOptions", [])],
        "split_tunnel": endpoint.get("SplitTunnel"),
        "transport_protocol": endpoint.get("TransportProtocol"),
        "vpn_port": endpoint.get("VpnPort"),
        "connection_log_enabled": logs.get("Enabled"),
        "connection_log_group": logs.get("CloudwatchLogGroup"),
        "session_timeout_hours": endpoint.get("SessionTimeoutHours"),
        "disconnect_on_session_timeout": endpoint.get("DisconnectOnSessionTimeout"),
        "client_connect_enabled": endpoint.get("ClientConnectOptions", {}).get("Enabled"),
        "server_certificate_arn": endpoint.get("ServerCertificateArn"),
        "tags": {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", [])} or None,
    }


main()
