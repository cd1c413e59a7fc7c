"""Prints the access settings of every endpoint as boto3 lists them. Shares no code with the program.

Usage: list_access.py [--region REGION] [--page-size N]

The API is at AWS_ENDPOINT_URL_EC2. The output is one JSON object: for each endpoint id its rules, routes, policy, revocation
list, associations and the endpoint itself. Rules, routes and associations have the API's names, without the endpoint's id.
"""

import argparse
import json

import boto3
from cryptography import x509


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--page-size", type=int, default=5)
    arguments = parser.parse_args()
    ec2 = boto3.client("ec2", region_name=arguments.region)
    config = {"PageSize": arguments.page_size}
    pages = ec2.get_paginator("describe_client_vpn_endpoints").paginate(PaginationConfig=config)
    endpoints = [endpoint for page in pages for endpoint in page["ClientVpnEndpoints"]]
    print(json.dumps({endpoint["ClientVpnEndpointId"]: access(ec2, endpoint, config) for endpoint in endpoints}))


def access(ec2, endpoint, config):
    endpoint_id = endpoint["ClientVpnEndpointId"]

    def listed(operation, member):
        pages = ec2.get_paginator(operation).paginate(ClientVpnEndpointId=endpoint_id, PaginationConfig=config)
        return [without_endpoint(row, endpoint_id) for page in pages for row in page[member]]

    return {
        "rules": listed("describe_client_vpn_authorization_rules", "AuthorizationRules"),
        "routes": listed("describe_client_vpn_routes", "Routes"),
        "associations": listed("describe_client_vpn_target_networks", "ClientVpnTargetNetworks"),
        "policy": policy(ec2, endpoint_id),
        "revocation_list": revocation_list(ec2, endpoint_id),
        "endpoint": spelled(endpoint),
    }


def without_endpoint(row, endpoint_id):
    """Returns a row without the id of its endpoint, which must be the one that was asked for."""
    if row["ClientVpnEndpointId"] != endpoint_id:
        raise ValueError(f"a row of {row['ClientVpnEndpointId']} is listed for {endpoint_id}")
    return spelled({name: value for name, value in row.items() if name != "ClientVpnEndpointId"})


def policy(ec2, endpoint_id):
    answer = ec2.get_client_vpn_endpoint_authorization_policy(ClientVpnEndpointId=endpoint_id)
    answer.pop("ResponseMetadata")
    found = without_endpoint(answer, endpoint_id)
    return found or None


def revocation_list(ec2, endpoint_id):
    answer = ec2.export_client_vpn_client_certificate_revocation_list(ClientVpnEndpointId=endpoint_id)
    if "CertificateRevocationList" not in answer:
        return None
    parsed = x509.load_pem_x509_crl(answer["CertificateRevocationList"].encode())
    numbers = [extension.value.crl_number for extension in parsed.extensions]
    return {
        "issuer": parsed.issuer.rfc4514_string(),
        "number": numbers[0] if numbers else None,
        "this_update": parsed.last_update_utc.isoformat(),
        "next_update": parsed.next_update_utc and parsed.next_update_utc.isoformat(),
        "revoked": [revoked(certificate) for certificate in parsed],
        "status": spelled(answer["Status"]),
    }


def revoked(certificate):
    reasons = [extension.value.reason.value for extension in certificate.extensions]
    return {
        # A number of 128 bits is not exact in every reader of JSON.
        "serial": str(certificate.serial_number),
        "revoked_at": certificate.revocation_date_utc.isoformat(),
        "reason": reasons[0] if reasons else None,
    }


def spelled(value):
    """Returns a value under the API's own names, which begin with a small letter."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: spelled(inside) for name, inside in value.items()}
    return [spelled(inside) for inside in value] if isinstance(value, list) else value


main()
