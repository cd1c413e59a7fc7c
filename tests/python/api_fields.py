"""Prints the fields of EC2's ClientVpnConnection, as botocore's model has them, in the API's own spelling.

A field of a structure is printed as `status.code`.
"""

import json

import botocore.loaders


def spelled(name):
    return name[0].lower() + name[1:]


def main():
    model = botocore.loaders.Loader().load_service_model("ec2", "service-2")
    shapes = model["shapes"]
    fields = []
    for name, member in shapes["ClientVpnConnection"]["members"].items():
        shape = shapes[member["shape"]]
        if shape["type"] == "structure":
            fields += [f"{spelled(name)}.{spelled(part)}" for part in shape["members"]]
        else:
            fields.append(spelled(name))
    print(json.dumps(fields))


main()
