#!/usr/bin/env python3
"""Writes aws_arguments.json: the arguments and attributes that the AWS provider has for the resources of the Terraform modules.
They come from the PyPI package cdktn-provider-aws, which is generated from the provider's schema:
pip download --no-deps cdktn-provider-aws==25.8.1 && tests/template/aws_arguments.py cdktn_provider_aws-25.8.1-py3-none-any.whl"""

import argparse
import ast
import json
import pathlib
import re
import sys
import zipfile

TARGET = pathlib.Path(__file__).with_name("aws_arguments.json")
#: Resources, and data sources with `data_` before their names.
NAMES = [
    "aws_cloudformation_stack", "aws_cloudformation_stack_set", "aws_cloudformation_stack_set_instance", "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning", "aws_s3_object",
    "data_aws_caller_identity", "data_aws_region", "data_aws_s3_bucket",
]  # fmt: skip
#: What every resource takes, and the bindings' own.
GENERAL = {"self", "scope", "id_", "connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"}
#: Members of the bindings that are no attributes.
METHODS = re.compile(r"(reset|put|synthesize|generate)[A-Z]|.*Input$|tfResourceType$")


def arguments_of(classes, name):
    """Returns whether each argument is required, and the arguments of each nested block."""
    init = next(node for node in classes[name].body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    found = {}
    for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
        if argument.arg in GENERAL:
            continue
        nested = [part for part in re.findall(r"['\"](\w+)['\"]", ast.unparse(argument.annotation)) if part in classes]
        found[argument.arg] = {"required": default is None, **({"block": arguments_of(classes, nested[0])} if nested else {})}
    return found


def snake_case(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def described(wheel, name):
    module = name if name.startswith("data_") else name.removeprefix("aws_")
    tree = ast.parse(wheel.read(f"cdktn_provider_aws/{module}/__init__.py"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    main = next(name for name, node in classes.items() if (ast.get_docstring(node) or "").startswith("Represents a {@link"))
    text = ast.unparse(classes[main])
    members = re.findall(r"@jsii\.member\(jsii_name='(\w+)'\)", text)
    attributes = sorted({snake_case(member) for member in members if not METHODS.match(member)})
    version = re.search(r"providers/hashicorp/aws/([0-9.]+)/", ast.get_docstring(classes[main]))[1]
    return version, {"arguments": arguments_of(classes, main), "attributes": attributes}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=pathlib.Path, help="the downloaded package")
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        found = {name: described(wheel, name) for name in NAMES}
    versions = {version for version, _ in found.values()}
    lines = [f"  {json.dumps(name)}: {json.dumps(of_name)}" for name, (_, of_name) in found.items()]
    TARGET.write_text('{\n  "provider": ' + json.dumps(versions.pop()) + ",\n" + ",\n".join(lines) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
