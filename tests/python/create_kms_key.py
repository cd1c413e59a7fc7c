"""Makes two keys in KMS: one of the curve P-256, whose public part goes to a file as KMS gives it, and one of RSA.

Usage: kms_key.py URL FILE

Prints their ARNs as JSON.
"""

import json
import sys

import boto3

url, path = sys.argv[1:]
kms = boto3.client("kms", endpoint_url=url, region_name="eu-central-1")
arns = {
    name: kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    for name, spec in {"ecc": "ECC_NIST_P256", "rsa": "RSA_2048"}.items()
}
with open(path, "wb") as file:
    file.write(kms.get_public_key(KeyId=arns["ecc"])["PublicKey"])
print(json.dumps(arns))
