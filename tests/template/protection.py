"""Requests that would remove the protection of the evidence, with the decision that the policies must make. iam.py decides them."""

from moto.events.models import EventPattern

import cfn
import iam
from common import ADMINISTRATOR, EVIDENCE, KEY, LOGS, TOPIC, compare, many, resources

BUCKET = "arn:aws:s3:::evidencebucket"
#: Actions that delete evidence, or allow somebody to delete it.
SETTINGS = [
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketObjectLockConfiguration",
    "s3:DeleteBucket",
]
BYPASS = ["s3:BypassGovernanceRetention", "s3:ReplicateObject", "s3:ReplicateDelete"]
DELETES = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
#: The actions that CloudFormation calls when it updates the bucket; the last are not protected by the policy.
UPDATES = [*SETTINGS[:3], SETTINGS[5], "s3:PutEncryptionConfiguration", "s3:PutBucketPublicAccessBlock", "s3:PutBucketOwnershipControls"]

#: An administrator's own policy: everything.
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CLOUDFORMATION = "cloudformation.amazonaws.com"
role = lambda name: f"arn:aws:iam::{cfn.ACCOUNT}:role/{name}"
PERSON, SERVICE_ROLE = role("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b"), role("deploy/cloudformation")

#: The principal, its services, and if the policy lets them change settings: with no administrator named, and with
#: ADMINISTRATOR. Services are those of aws:CalledVia, which is absent when a principal calls S3 itself.
CALLERS = {
    "an administrator": (PERSON, [], "deny", "deny"),
    "an administrator with a user's keys": (f"arn:aws:iam::{cfn.ACCOUNT}:user/admin", [], "deny", "deny"),
    # S3 lets root delete the policy all the same, which no policy can deny.
    "root": (f"arn:aws:iam::{cfn.ACCOUNT}:root", [], "deny", "deny"),
    "somebody unnamed": (None, [], "deny", "deny"),
    "an administrator of another account": ("arn:aws:iam::444455556666:role/Admin", [], "deny", "deny"),
    "whoever deploys the stack": (PERSON, [CLOUDFORMATION], "allow", "allow"),
    "a pipeline that deploys the stack": (role("pipeline"), ["servicecatalog.amazonaws.com", CLOUDFORMATION], "allow", "allow"),
    "CloudFormation with a service role": (SERVICE_ROLE, [CLOUDFORMATION], "allow", "allow"),
    "CloudFormation with a service role and without the key": (SERVICE_ROLE, [], "deny", "deny"),
    "Athena for an administrator": (PERSON, ["athena.amazonaws.com"], "deny", "deny"),
    "a service that is called almost the same": (PERSON, ["cloudformation.amazonaws.com.example"], "deny", "deny"),
    "the role that is named": (ADMINISTRATOR, [], "deny", "allow"),
    "the role that is named, by CloudFormation": (ADMINISTRATOR, [CLOUDFORMATION], "allow", "allow"),
    "a role that is called almost the same": (ADMINISTRATOR + "2", [], "deny", "deny"),
    "a role of the same name at another path": (ADMINISTRATOR.replace("role/", "role/x/"), [], "deny", "deny"),
    "a role of the same name in another account": (ADMINISTRATOR.replace(cfn.ACCOUNT, "444455556666"), [], "deny", "deny"),
    "the capture": (role("CaptureRole"), [], "deny", "deny"),
    "the seal": (role("SealRole"), [], "deny", "deny"),
    "S3's replication": (role("replication"), [], "deny", "deny"),
}


def request(principal, action, resource, services=(), **context):
    named = {"aws:PrincipalArn": principal} if principal else {}
    called_via = {"aws:CalledVia": list(services)} if services else {}
    return {"action": action, "resource": resource, "context": named | called_via | {"aws:SecureTransport": "true"} | context}


def policy_of(template, **parameters):
    return cfn.resolve(template, **parameters)["Resources"]["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]


def asker(policies, principal, services):
    """Returns the decision of the policies about an action of this principal on a resource."""
    return lambda action, resource, **context: iam.decide(policies, request(principal, action, resource, services, **context))


def protection(template):
    problems = iam.wrong()
    objects = [f"{BUCKET}/client-vpn-audit/{table}/x" for table in EVIDENCE]
    for number, parameters in enumerate(({}, {"AdministratorRoleArn": ADMINISTRATOR})):
        policies = [EVERYTHING, policy_of(template, **parameters)]
        for who, (principal, services, *expected) in CALLERS.items():
            ask = asker(policies, principal, services)
            what = f"{who}{' with' if number else ' without'} AdministratorRoleArn"
            for action in SETTINGS:
                problems += compare(f"{action} by {what}", ask(action, BUCKET), expected[number])
            for object_ in objects:
                for action in BYPASS:
                    problems += compare(f"{action} of {object_} by {what}", ask(action, object_), expected[number])
                # Nobody, CloudFormation and the administrator included.
                for action in DELETES:
                    problems += compare(f"{action} of {object_} by {what}", ask(action, object_), "deny")
                problems += compare(f"overwriting {object_} by {what}", ask("s3:PutObject", object_), "deny")
                put = ask("s3:PutObject", object_, **{"s3:if-none-match": "*"})
                problems += compare(f"writing {object_} by {what}", put, "allow")
            plain = ask("s3:GetObject", objects[0], **{"aws:SecureTransport": "false"})
            problems += compare(f"reading without TLS by {what}", plain, "deny")
            # What is not evidence is none of the policy's business, and reading is not either.
            for action, resource in (("s3:GetObject", objects[0]), ("s3:GetLifecycleConfiguration", BUCKET), ("s3:DeleteObject", f"{BUCKET}/mine/x")):
                problems += compare(f"{action} of {resource} by {what}", ask(action, resource), "allow")
    return problems


def outcome_of(before, after, principal, services):
    """Returns the outcome of an update of the stack that puts the policy `after` in the place of `before`, and of the rollback when it
    fails at its end: the first call of each that the policy in force denies."""
    def first_denied(steps, policy):
        for action in steps:
            if iam.decide([EVERYTHING, policy], request(principal, action, BUCKET, services)) != "allow":
                return action
        return "done"

    update = first_denied([*UPDATES, "s3:PutBucketPolicy"], before)
    # CloudFormation undoes the newest first, under the policy that it has put by then.
    in_force = after if update == "done" else before
    rollback = first_denied(["s3:PutBucketPolicy"], in_force)
    return update, rollback if rollback != "done" else first_denied(UPDATES, before)


def stack_updates(template):
    """The stack can be updated and rolled back by whoever may, and by nobody else."""
    none, named = policy_of(template), policy_of(template, AdministratorRoleArn=SERVICE_ROLE)
    other = policy_of(template, AdministratorRoleArn=ADMINISTRATOR)
    refused = ("s3:PutLifecycleConfiguration", "s3:PutBucketPolicy")
    cases = {
        "by a person": (none, none, PERSON, [CLOUDFORMATION], ("done", "done")),
        "by a person, who names a role": (none, named, PERSON, [CLOUDFORMATION], ("done", "done")),
        "by a person, who names another role": (named, other, PERSON, [CLOUDFORMATION], ("done", "done")),
        "by a person, who names no role any more": (named, none, PERSON, [CLOUDFORMATION], ("done", "done")),
        "by a service role with the key": (none, none, SERVICE_ROLE, [CLOUDFORMATION], ("done", "done")),
        "by the named service role without the key": (named, named, SERVICE_ROLE, [], ("done", "done")),
        "by a service role without the key that is not named": (none, none, SERVICE_ROLE, [], refused),
        "by a person without CloudFormation": (named, named, PERSON, [], refused),
        # docs/bucket.md: exchange the role without a service role, or in two updates.
        "by the named service role without the key, which names another": (named, other, SERVICE_ROLE, [], ("done", "s3:PutBucketPolicy")),
    }
    return [
        problem
        for how, (before, after, principal, services, expected) in cases.items()
        for problem in compare(f"update and rollback of the stack {how}", outcome_of(before, after, principal, services), expected)
    ]


def signing(template):
    """Whatever IAM allows, the seal alone signs; everybody else may do what IAM allows."""
    key = cfn.resolve(template)["Resources"]["SealKey"]["Properties"]["KeyPolicy"]
    problems = []
    seal = role("SealRole")
    callers = [PERSON, f"arn:aws:iam::{cfn.ACCOUNT}:root", role("CaptureRole"), role("SealRole2"), role("x/SealRole")]
    for principal, services, of_iam, expected in [
        # The key's policy is enough for the seal, whose role has no statement on the key.
        (seal, [], [], "allow"),
        *((caller, [], [EVERYTHING], "deny") for caller in callers),
        (PERSON, [CLOUDFORMATION], [EVERYTHING], "deny"),
    ]:
        decided = iam.decide([*of_iam, key], request(principal, "kms:Sign", "key", services))
        problems += compare(f"kms:Sign by {principal} {services}", decided, expected)
    for action in ("kms:GetPublicKey", "kms:DescribeKey", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:Verify"):
        decided = iam.decide([EVERYTHING, key], request(PERSON, action, "key"))
        problems += compare(f"{action} by an administrator", decided, "allow")
    return problems


def owners(template):
    """No role reads or writes in a bucket of another account than the one that is named."""
    problems = []
    for given, account in (({}, cfn.ACCOUNT), ({"ExistingBucket": "owners-bucket"}, cfn.ACCOUNT), ({"ExistingBucket": "owners-bucket", "ExistingBucketAccount": "444455556666"}, "444455556666"), ({"ExistingBucketAccount": "444455556666"}, cfn.ACCOUNT)):
        whole = cfn.resolve(template, **given, **LOGS)
        lake_account = whole["Globals"]["Function"]["Environment"]["Variables"]["AUDIT_LAKE_ACCOUNT"]
        problems += compare(f"AUDIT_LAKE_ACCOUNT with {given}", lake_account, account)
        for name, role_ in resources(whole, "AWS::IAM::Role").items():
            policies = [policy["PolicyDocument"] for policy in role_["Policies"]]
            for statement in (s for policy in policies for s in policy["Statement"]):
                for action in (a for a in many(statement["Action"]) if a.startswith("s3:")):
                    for resource in many(statement["Resource"]):
                        prefix = many(statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", "x"))[0]
                        ask = asker(policies, role(name), ())
                        own = cfn.ACCOUNT if "analyticsbucket" in resource else account
                        for owner in (cfn.ACCOUNT, "444455556666", "777788889999"):
                            expected = "allow" if owner == own else "none"
                            asked = ask(action, resource.replace("*", "x"), **{"aws:ResourceAccount": owner, "s3:prefix": prefix})
                            problems += compare(f"{action} of {resource} in {owner} by {name} with {given}", asked, expected)
    return problems


def networks(template):
    """The configuration of every endpoint of the places is read, and of no other."""
    problems = []
    one_of_targets, other = cfn.ENDPOINTS[0], cfn.ENDPOINTS[0][:-17] + "c" * 17
    for regions in ("", f"{cfn.REGION},us-east-1"):
        policies = [p["PolicyDocument"] for p in cfn.resolve(template, Regions=regions)["Resources"]["CaptureRole"]["Properties"]["Policies"]]
        ask = lambda action, arn, policies=policies: iam.decide(policies, request(role("CaptureRole"), f"ec2:{action}", arn, **{"ec2:Region": arn.split(":")[3]}))
        for arn, connections, target_networks in [
            (one_of_targets, "allow", "allow"),
            (other, "none", "allow"),
            (other.replace(cfn.REGION, "us-east-1"), "none", "allow" if regions else "none"),
            (other.replace(cfn.REGION, "eu-west-1"), "none", "none"),
            (other.replace(cfn.ACCOUNT, "444455556666"), "none", "none"),
        ]:
            found = (ask("DescribeClientVpnConnections", arn), ask("DescribeClientVpnTargetNetworks", arn))
            problems += compare(f"reading {arn} with Regions {regions!r}", found, (connections, target_networks))
    return problems


def event(source, name, **parameters):
    """A record of CloudTrail as EventBridge delivers it."""
    service = f"{source}.amazonaws.com"
    return {
        "source": f"aws.{source}",
        "detail-type": "AWS API Call via CloudTrail",
        "account": cfn.ACCOUNT,
        "region": cfn.REGION,
        "detail": {"eventSource": service, "eventName": name, "eventTime": "2026-11-23T09:00:00Z", "eventID": "1", "requestParameters": parameters or None},
    }


#: Names as CloudTrail's records have them, which are not always those of the API.
REPORTED = {
    "BucketChangedRule": [
        *(event("s3", name, bucketName="{bucket}") for name in (
            "PutBucketLifecycle", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle", "PutBucketVersioning", "PutBucketReplication",
            "DeleteBucketReplication", "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock",
            "PutBucketAcl", "PutBucketEncryption", "DeleteBucketEncryption", "PutBucketNotification", "PutBucketOwnershipControls", "DeleteBucket",
            "PutObjectLockConfiguration",
        )),
    ],
    "KeyChangedRule": [
        *(event("kms", name, keyId=key) for name in ("ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy") for key in ("sealkey", f"arn:aws:kms:{cfn.REGION}:{cfn.ACCOUNT}:key/SealKey")),
    ],
}
NOT_REPORTED = [
    event("s3", "PutBucketPolicy", bucketName="another"),
    event("s3", "GetBucketPolicy", bucketName="{bucket}"),
    event("s3", "PutObject", bucketName="{bucket}"),
    event("s3", "ListBuckets"),
    event("kms", "DisableKey", keyId="another"),
    event("kms", "Sign", keyId="sealkey"),
    event("kms", "DescribeKey", keyId="sealkey"),
    {**event("s3", "PutBucketPolicy", bucketName="{bucket}"), "detail-type": "AWS Service Event via CloudTrail"},
]


def reports(template):
    """Changes of the protection are sent to the topic, or wait in the queue."""
    made = resources(cfn.resolve(template), "AWS::Events::Rule")
    problems = compare("rules without a topic", sorted(made), [])
    for given, bucket in (({}, "evidencebucket"), ({"ExistingBucket": "owners-bucket"}, "owners-bucket")):
        whole = cfn.resolve(template, AlarmTopicArn=TOPIC, **given)
        rules = resources(whole, "AWS::Events::Rule")
        problems += compare("rules", sorted(rules), sorted(REPORTED))
        at = lambda sample, bucket=bucket: {**sample, "detail": {**sample["detail"], "requestParameters": {k: v.format(bucket=bucket) for k, v in (sample["detail"]["requestParameters"] or {}).items()}}}
        for name, rule in rules.items():
            matches = lambda sample, rule=rule, at=at: EventPattern(None, rule["EventPattern"]).matches_event(at(sample))
            for of_rule, samples in REPORTED.items():
                for sample in samples:
                    problems += compare(f"whether {name} reports {sample['detail']['eventName']}", matches(sample), of_rule == name)
            problems += [f"{name} reports {sample['detail']}" for sample in NOT_REPORTED if matches(sample)]
            # The key of the evidence is watched like that of the digests, if there is one.
            with_key = resources(cfn.resolve(template, AlarmTopicArn=TOPIC, KmsKeyArn=KEY, **given), "AWS::Events::Rule")[name]
            for key in (KEY, KEY.split("/")[1]):
                sample = event("kms", "ScheduleKeyDeletion", keyId=key)
                found = (matches(sample), EventPattern(None, with_key["EventPattern"]).matches_event(sample))
                problems += compare(f"whether {name} reports the deletion of {key} without and with KmsKeyArn", found, (False, name == "KeyChangedRule"))
            queue = f"arn:aws:sqs:{cfn.REGION}:{cfn.ACCOUNT}:FailuresQueue"
            targets = [(target["Arn"], target.get("DeadLetterConfig")) for target in rule["Targets"]]
            problems += compare(f"targets of {name}", targets, [(TOPIC, {"Arn": queue})])
            problems += compare(f"state of {name}", rule.get("State", "ENABLED"), "ENABLED")
            transformed = rule["Targets"][0]["InputTransformer"]
            for path in transformed["InputPathsMap"].values():
                node = REPORTED[name][0]
                for part in path.removeprefix("$.").split("."):
                    node = node[part]
            used = set(iam.re.findall(r"<(\w+)>", transformed["InputTemplate"]))
            problems += compare(f"names in the message of {name}", used, set(transformed["InputPathsMap"]))
            policies = [whole["Resources"]["FailuresQueuePolicy"]["Properties"]["PolicyDocument"]]
            for rule_arn, expected in ((f"arn:aws:events:{cfn.REGION}:{cfn.ACCOUNT}:rule/{name}", "allow"), (f"arn:aws:events:{cfn.REGION}:{cfn.ACCOUNT}:rule/another", "none")):
                sent = request(None, "sqs:SendMessage", queue, service="events.amazonaws.com", **{"aws:SourceArn": rule_arn})
                problems += compare(f"sending what {rule_arn} could not deliver", iam.decide(policies, sent), expected)
    return problems


CHECKS = [protection, stack_updates, signing, owners, networks, reports]
