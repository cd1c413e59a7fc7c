"""Prints every endpoint as boto3 lists it, under the names of our columns. Shares no code with the program.

Usage: list_endpoints.py --endpoint-url URL --region REGION
"""

import argparse
import hashlib
import json

import boto3
from cryptography import x509


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
    networks = [network for page in pages for network in page["ClientVpnTargetNetworks"]]
    return {
        "endpoint_id": endpoint_id,
        "creation_time": endpoint["CreationTime"] + ".000+00:00",
        "deletion_time": None,
        "vpc_id": endpoint.get("VpcId"),
        "associated_networks": [network["TargetNetworkId"] for network in networks if "TargetNetworkId" in network],
        "network_associations": canonical(
            [{name: value for name, value in network.items() if name != "ClientVpnEndpointId"} for network in networks], always=True
        ),
        "security_group_ids": endpoint.get("SecurityGroupIds", []),
        "dns_servers": endpoint.get("DnsServers"),
        "tags": {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", [])} or None,
        **texts(endpoint),
        **authentication(endpoint.get("AuthenticationOptions", [])),
        **options(endpoint),
        **policy(ec2.get_client_vpn_endpoint_authorization_policy(ClientVpnEndpointId=endpoint_id)),
        **revocation_list(ec2.export_client_vpn_client_certificate_revocation_list(ClientVpnEndpointId=endpoint_id)),
    }


def texts(endpoint):
    return {
        "description": endpoint.get("Description"),
        "status_code": endpoint.get("Status", {}).get("Code"),
        "status_message": endpoint.get("Status", {}).get("Message"),
        "dns_name": endpoint.get("DnsName"),
        "client_cidr_block": endpoint.get("ClientCidrBlock"),
        "split_tunnel": endpoint.get("SplitTunnel"),
        "vpn_protocol": endpoint.get("VpnProtocol"),
        "transport_protocol": endpoint.get("TransportProtocol"),
        "vpn_port": endpoint.get("VpnPort"),
        "endpoint_ip_address_type": endpoint.get("EndpointIpAddressType"),
        "traffic_ip_address_type": endpoint.get("TrafficIpAddressType"),
        "session_timeout_hours": endpoint.get("SessionTimeoutHours"),
        "disconnect_on_session_timeout": endpoint.get("DisconnectOnSessionTimeout"),
        "self_service_portal_url": endpoint.get("SelfServicePortalUrl"),
        "server_certificate_arn": endpoint.get("ServerCertificateArn"),
    }


def authentication(found):
    def of(option, member):
        values = [one[option].get(member) for one in found if option in one]
        return values[-1] if values else None

    return {
        "authentication_types": [option["Type"] for option in found],
        "directory_id": of("ActiveDirectory", "DirectoryId"),
        "client_root_certificate_chain": of("MutualAuthentication", "ClientRootCertificateChain"),
        "saml_provider_arn": of("FederatedAuthentication", "SamlProviderArn"),
        "self_service_saml_provider_arn": of("FederatedAuthentication", "SelfServiceSamlProviderArn"),
    }


def options(endpoint):
    logs, connect = endpoint.get("ConnectionLogOptions", {}), endpoint.get("ClientConnectOptions", {})
    banner, gateway = endpoint.get("ClientLoginBannerOptions", {}), endpoint.get("TransitGatewayConfiguration", {})
    return {
        "connection_log_enabled": logs.get("Enabled"),
        "connection_log_group": logs.get("CloudwatchLogGroup"),
        "connection_log_stream": logs.get("CloudwatchLogStream"),
        "connection_log_policy_context": logs.get("IncludeAuthorizationPolicyContext"),
        "client_connect_enabled": connect.get("Enabled"),
        "client_connect_function_arn": connect.get("LambdaFunctionArn"),
        "client_connect_status_code": connect.get("Status", {}).get("Code"),
        "client_connect_status_message": connect.get("Status", {}).get("Message"),
        "client_login_banner_enabled": banner.get("Enabled"),
        "client_login_banner_text": banner.get("BannerText"),
        "client_route_enforced": endpoint.get("ClientRouteEnforcementOptions", {}).get("Enforced"),
        "transit_gateway_id": gateway.get("TransitGatewayId"),
        "transit_gateway_attachment_id": gateway.get("TransitGatewayAttachmentId"),
        "availability_zones": gateway.get("AvailabilityZones"),
        "availability_zone_ids": gateway.get("AvailabilityZoneIds"),
        "device_trust_providers": canonical(endpoint.get("DevicePostureOptions", {}).get("TrustProviders", [])),
    }


def policy(answer):
    return {
        "authorization_policy": answer.get("PolicyDocument"),
        "authorization_policy_description": answer.get("Description"),
        "authorization_policy_shadow_mode": answer.get("ShadowMode"),
        "authorization_policy_status": answer.get("Status"),
    }


def revocation_list(answer):
    text, status = answer.get("CertificateRevocationList"), answer.get("Status", {})
    entries, next_update, sha256 = None, None, None
    if text:
        parsed = x509.load_pem_x509_crl(text.encode())
        entries, sha256 = len(parsed), hashlib.sha256(text.encode()).hexdigest()
        next_update = parsed.next_update_utc and parsed.next_update_utc.strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
    return {
        "revocation_list": text if text and len(text) < 256 * 1024 else None,
        "revocation_list_sha256": sha256,
        "revocation_list_entries": entries,
        "revocation_list_next_update": next_update,
        "revocation_list_status_code": status.get("Code"),
        "revocation_list_status_message": status.get("Message"),
    }


#: Names that the API has in its answers, where boto3 has others than with a small letter.
NAMES = {"AvailabilityZones": "availabilityZoneSet", "AvailabilityZoneIds": "availabilityZoneIdSet"}


def canonical(found, always=False):
    """Returns structures as JSON under the API's names, in alphabetical order; None if there are none, unless `always`."""

    def spelled(value):
        if isinstance(value, dict):
            return {NAMES.get(name, name[0].lower() + name[1:]): spelled(inside) for name, inside in value.items()}
        return [spelled(inside) for inside in value] if isinstance(value, list) else value

    return json.dumps(spelled(found), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if found or always else None


main()
