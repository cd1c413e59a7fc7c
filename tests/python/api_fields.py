"""Prints the fields of EC2's answers about Client VPN, as botocore's model has them: for each list of rows, or for an answer
without one, the paths of the elements that have a text, in the API's own spelling.

A field of a structure is printed as `status.code`, that of a structure in a list as `tagSet.item.key`.
"""

import json

import botocore.loaders

OPERATIONS = [
    "DescribeClientVpnEndpoints",
    "DescribeClientVpnTargetNetworks",
    "DescribeClientVpnAuthorizationRules",
    "DescribeClientVpnRoutes",
    "GetClientVpnEndpointAuthorizationPolicy",
    "ExportClientVpnClientCertificateRevocationList",
]


def spelled(name):
    return name[0].lower() + name[1:]


def main():
    model = botocore.loaders.Loader().load_service_model("ec2", "service-2")
    shapes = model["shapes"]
    fields = {"DescribeClientVpnConnections": of_connections(shapes)}
    for operation in OPERATIONS:
        output = model["operations"][operation]["output"]["shape"]
        members = {name: member for name, member in shapes[output]["members"].items() if name != "NextToken"}
        rows = [shapes[member["shape"]] for member in members.values() if shapes[member["shape"]]["type"] == "list"]
        of = shapes[rows[0]["member"]["shape"]]["members"] if rows else members
        fields[operation] = [path for name, member in of.items() for path in paths(shapes, name, member)]
    print(json.dumps(fields))


def of_connections(shapes):
    """The fields of a connection, by the names of its members: its lists of texts have other names in the API."""
    fields = []
    for name, member in shapes["ClientVpnConnection"]["members"].items():
        shape = shapes[member["shape"]]
        if shape["type"] == "structure":
            fields += [f"{spelled(name)}.{spelled(part)}" for part in shape["members"]]
        else:
            fields.append(spelled(name))
    return fields


def paths(shapes, name, member):
    """The paths of a member as its elements are named in XML."""
    shape, here = shapes[member["shape"]], member.get("locationName", name)
    if shape["type"] == "list" and shapes[shape["member"]["shape"]]["type"] == "structure":
        shape, here = shapes[shape["member"]["shape"]], f"{here}.item"
    if shape["type"] != "structure":
        return [here]
    return [f"{here}.{path}" for part, inside in shape["members"].items() for path in paths(shapes, part, inside)]


main()
