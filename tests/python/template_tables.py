"""The Glue tables of the template."""

import pathlib

import cfn

TEMPLATE = pathlib.Path(__file__).parents[2] / "template.yaml"


def glue_tables(bucket, prefix, account_id, region=cfn.REGION):
    """Every table as Glue's TableInput, over the lake at `prefix` in `bucket` that `account_id` wrote of a Region."""
    template = cfn.resolve(cfn.load(TEMPLATE), ExistingBucket=bucket, Prefix=prefix, Accounts=account_id, Regions=region)
    resources = template["Resources"].values()
    return [r["Properties"]["TableInput"] for r in resources if r["Type"] == "AWS::Glue::Table"]
