"""Prints the statements of the template's bucket policy for a bucket that is there already, as docs/bucket.md has them."""

import json

import cfn
from template_tables import TEMPLATE

template = cfn.resolve(cfn.load(TEMPLATE), Prefix="PREFIX", AdministratorRoleArn="arn:aws:iam::ACCOUNT:role/ADMINISTRATOR")
statements = template["Resources"]["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
print("```json")
print(json.dumps(statements, indent=2).replace(":::evidencebucket", ":::BUCKET"))
print("```")
