"""The buckets and what else holds traces: how they are shut, encrypted and kept, and for how long."""


import cfn
from common import EXPIRES, KEY, LOGS, compare


def evidence_bucket(template):
    problems = []
    whole = cfn.resolve(template)["Resources"]["EvidenceBucket"]
    problems += compare("deletion policy of evidence", (whole["DeletionPolicy"], whole["UpdateReplacePolicy"]), ("Retain", "Retain"))
    bucket = whole["Properties"]
    problems += compare("versioning", bucket["VersioningConfiguration"]["Status"], "Enabled")
    problems += shut("evidence", bucket)
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        for transition in rule.get("Transitions", []):
            if transition["StorageClass"] not in ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"):
                problems.append(f"Athena does not read {transition['StorageClass']}")
    expired = {r["Prefix"]: r["ExpirationInDays"] for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    problems += compare("expiry", expired, {f"client-vpn-audit/{table}/": 400 for table in EXPIRES})
    old = {r["Id"]: r.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    problems += compare("expiry of old versions", old, dict.fromkeys(EXPIRES, 30))
    problems += compare("Object Lock unless asked for", [key for key in bucket if key.startswith("ObjectLock")], [])
    locked = cfn.resolve(template, ObjectLockMode="COMPLIANCE", ObjectLockDays=30)["Resources"]["EvidenceBucket"]["Properties"]
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}}
    lock = (locked.get("ObjectLockEnabled"), locked.get("ObjectLockConfiguration"))
    return problems + compare("Object Lock", lock, (True, rule)) + encryption(template, "EvidenceBucket")


def shut(name, bucket):
    access_block = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    problems = compare(f"public access of {name}", bucket["PublicAccessBlockConfiguration"], access_block)
    return problems + compare(f"ownership of {name}", bucket["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])


def encryption(template, name):
    problems = []
    for key, expected in (("", {"SSEAlgorithm": "AES256"}), (KEY, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY})):
        rules = cfn.resolve(template, KmsKeyArn=key)["Resources"][name]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        problems += compare(f"encryption of {name}", [r["ServerSideEncryptionByDefault"] for r in rules], [expected])
    return problems


def kept(template):
    """Checks the resources that outlive the stack, and others that hold traces of it."""
    whole = cfn.resolve(template, **LOGS)["Resources"]
    problems = []
    for name in ("EvidenceBucket", "EvidenceBucketPolicy", "SealKey", "AnalyticsBucket", "AnalyticsBucketPolicy", "CaptureLogs", "LogsLogs", "SealLogs"):
        policies = (whole[name].get("DeletionPolicy"), whole[name].get("UpdateReplacePolicy"))
        problems += compare(f"deletion policy of {name}", policies, ("Retain", "Retain"))
    for name in ("CaptureLogs", "LogsLogs", "SealLogs"):
        problems += compare(f"retention of {name}", whole[name]["Properties"]["RetentionInDays"], 400)
    queue = whole["FailuresQueue"]["Properties"]
    problems += compare("failures queue", (queue["SqsManagedSseEnabled"], queue["MessageRetentionPeriod"]), (True, 14 * 86400))
    key = whole["SealKey"]["Properties"]
    problems += compare("key that seals", (key["KeySpec"], key["KeyUsage"]), ("ECC_NIST_P256", "SIGN_VERIFY"))
    return problems + shut("analytics", whole["AnalyticsBucket"]["Properties"]) + encryption(template, "AnalyticsBucket")


def existing_bucket(template):
    """A bucket that is there already gets no resource of ours, and everything points at it."""
    whole = cfn.resolve(template, ExistingBucket="owners-bucket")
    left = [name for name in ("EvidenceBucket", "EvidenceBucketPolicy") if name in whole["Resources"]]
    problems = [f"{name} is made though the bucket exists" for name in left]
    if "evidencebucket" in str(whole["Resources"]):
        problems.append("something still points at the new bucket")
    return problems + compare("lake", whole["Globals"]["Function"]["Environment"]["Variables"]["AUDIT_LAKE"], "s3://owners-bucket/client-vpn-audit")


#: Around each value that the lock may have, and what CloudFormation's own limits let through besides.
NEAR = [90, 91, 179, 180, 181, 364, 365, 366, 399, 400, 401, 730, 1094, 1095, 1461, 1826, 2192, 2556, 2557, 3652, 3653, 3654, 36500]


def retention(template):
    """Evidence that is locked is not hidden by an expiry before its lock ends. Where nothing is locked, any retention will do."""
    problems = []
    locks = template["Parameters"]["ObjectLockDays"]["AllowedValues"]
    if max(locks) > max(NEAR):
        problems.append(f"no retention is tried that is as long as a lock of {max(locks)} days")
    for mode in template["Parameters"]["ObjectLockMode"]["AllowedValues"]:
        for lock in locks:
            for days in [*NEAR, f"0{lock}", f"{lock}.0"]:
                refused = cfn.broken_rules(template, ObjectLockMode=mode, ObjectLockDays=lock, RetentionDays=days)
                given = f"RetentionDays {days} with a lock of {lock} days and mode {mode}"
                if mode == "OFF":
                    problems += compare(f"what is said of {given}", refused, [])
                elif isinstance(days, int) and days < lock and not refused:
                    problems.append(f"{given} is accepted, and hides what is locked")
                elif (lock <= 90 or (days in locks and days >= lock)) and isinstance(days, int) and refused:
                    problems.append(f"{given} is refused: {refused}")
                if refused:
                    problems += compare(f"what is said of {given}", [text.split(",")[0] for text in refused], [f"With ObjectLockDays of {lock}"])
    whole = template["Parameters"]
    defaults = {name: whole[name]["Default"] for name in ("ObjectLockDays", "RetentionDays")}
    return problems + compare("what is said of the defaults with a lock", cfn.broken_rules(template, ObjectLockMode="COMPLIANCE", **defaults), [])


CHECKS = [evidence_bucket, retention, kept, existing_bucket]
