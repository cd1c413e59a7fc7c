"""Ways to take the protection off the evidence, or not to hear of it."""

import protection

from .parts import (
    S3,
    policy,
    properties,
    statement,
    variables,
)


def exception(template, number=2):
    """Whom the policy lets change settings."""
    return policy(template)[number]["Condition"]


def key_policy(template):
    return properties(template, "SealKey")["KeyPolicy"]["Statement"]


def pattern(template, name):
    return properties(template, name)["EventPattern"]["detail"]


#: Ways to take the protection off the evidence, or not to hear of it. Each is found by a request that comes out otherwise.
UNPROTECTED = {
    **{
        f"anybody may call {action}": (lambda t, a=action: policy(t)[2]["Action"].remove(a), f"{action} by an administrator without")
        for action in protection.SETTINGS
    },
    **{
        f"anybody may call {action} on objects": (lambda t, a=action: policy(t)[3]["Action"].remove(a), f"{action} of ")
        for action in protection.BYPASS
    },
    "a lock on digests may be bypassed": (lambda t: policy(t)[3]["Resource"].pop(), "s3:BypassGovernanceRetention of arn:aws:s3:::evidencebucket/client-vpn-audit/digests/x"),
    "settings of objects are protected, not of the bucket": (lambda t: policy(t)[2].update(Resource={"Fn::Sub": "${EvidenceBucket.Arn}/*"}), "s3:DeleteBucket by"),
    "who is not called by CloudFormation passes": (
        lambda t: exception(t).update({"ForAnyValue:StringNotEquals": exception(t).pop("ForAllValues:StringNotEquals")}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "who calls S3 by another service passes": (
        lambda t: exception(t)["ForAllValues:StringNotEquals"].update({"aws:CalledVia": ["cloudformation.amazonaws.com", "athena.amazonaws.com"]}),
        "s3:PutBucketPolicy by Athena",
    ),
    "who calls S3 by any service passes": (
        lambda t: exception(t).update({"Bool": {"aws:ViaAWSService": "false"}}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "the stack cannot be updated": (lambda t: exception(t).pop("ForAllValues:StringNotEquals"), "update and rollback of the stack by a person is"),
    "the administrator does not pass": (lambda t: exception(t).pop("ArnNotLike"), "s3:PutBucketPolicy by the role that is named with"),
    "the administrator may not replicate": (lambda t: exception(t, 3).pop("ArnNotLike"), "by the role that is named with"),
    "a role that is called almost the same passes": (
        lambda t: exception(t)["ArnNotLike"]["Fn::If"][1].update({"aws:PrincipalArn": {"Fn::Sub": "${AdministratorRoleArn}*"}}),
        "by a role that is called almost the same",
    ),
    "every role passes where none is named": (
        lambda t: exception(t)["ArnNotLike"]["Fn::If"].__setitem__(2, {"aws:PrincipalArn": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/*"}}),
        "s3:PutBucketPolicy by an administrator without",
    ),
    "CloudFormation may delete": (lambda t: policy(t)[1].update(Condition=exception(t)), "s3:DeleteObject of"),
    "CloudFormation may overwrite": (lambda t: policy(t)[0]["Condition"].update(exception(t)), "overwriting"),
    "all of the bucket is protected, also what is not evidence": (lambda t: policy(t)[1].update(Resource={"Fn::Sub": "${EvidenceBucket.Arn}/*"}), "evidencebucket/mine/x"),
    "evidence cannot be read": (lambda t: policy(t)[1].update(Action="s3:*"), "s3:GetObject of"),
    "administrators sign": (lambda t: key_policy(t).pop(2), "kms:Sign by arn:aws:iam::111122223333:role/aws-reserved"),
    "the root of the account signs": (
        lambda t: key_policy(t)[2]["Condition"]["ArnNotEquals"].update({"aws:PrincipalArn": [{"Fn::GetAtt": ["SealRole", "Arn"]}, "arn:aws:iam::*:root"]}),
        "kms:Sign by arn:aws:iam::111122223333:root",
    ),
    "the capture signs": (
        lambda t: key_policy(t)[2]["Condition"]["ArnNotEquals"].update({"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}),
        "kms:Sign by arn:aws:iam::111122223333:role/CaptureRole",
    ),
    "the seal does not sign": (lambda t: key_policy(t).pop(1), "kms:Sign by arn:aws:iam::111122223333:role/SealRole [] is none"),
    "nobody administers the key": (lambda t: key_policy(t)[2].update(Action="kms:*"), "kms:PutKeyPolicy by an administrator"),
    "the capture writes to a bucket of anybody": (lambda t: statement(t, "CaptureRole", S3).pop("Condition"), "in 777788889999 by CaptureRole"),
    "the seal lists a bucket of anybody": (lambda t: statement(t, "SealRole", 2)["Condition"].pop("StringEquals"), "in 777788889999 by SealRole"),
    "the seal writes to the own account only": (
        lambda t: statement(t, "SealRole", 1)["Condition"]["StringEquals"].update({"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}),
        "in 444455556666 by SealRole",
    ),
    "merges go to a bucket of anybody": (lambda t: statement(t, "SessionsRole", 5).pop("Condition"), "in 777788889999 by SessionsRole"),
    "requests do not name the owner of the bucket": (lambda t: variables(t).pop("AUDIT_LAKE_ACCOUNT"), "variables"),
    "requests name another owner of a new bucket": (
        lambda t: t["Conditions"].update(OwnBucket={"Fn::Equals": [{"Ref": "ExistingBucketAccount"}, ""]}),
        "AUDIT_LAKE_ACCOUNT with {'ExistingBucketAccount': '444455556666'}",
    ),
    "a new lifecycle is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(0), "BucketChangedRule reports PutBucketLifecycle"),
    "a deleted policy is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(1), "BucketChangedRule reports DeleteBucketPolicy"),
    "a changed lock is not reported": (lambda t: pattern(t, "BucketChangedRule")["eventName"].pop(2), "BucketChangedRule reports PutObjectLockConfiguration"),
    "names of the API are looked for": (
        lambda t: pattern(t, "BucketChangedRule").update(eventName=["PutLifecycleConfiguration", "PutBucketPolicy"]),
        "BucketChangedRule reports PutBucketLifecycle",
    ),
    "changes of every bucket are reported": (lambda t: pattern(t, "BucketChangedRule").pop("requestParameters"), "'bucketName': 'another'"),
    "changes of the new bucket are looked for": (
        lambda t: pattern(t, "BucketChangedRule")["requestParameters"].update(bucketName=[{"Ref": "AnalyticsBucket"}]),
        "BucketChangedRule reports PutBucketPolicy",
    ),
    "a key that is named by its ARN is not reported": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(1), "KeyChangedRule reports DisableKey"),
    "the key of the evidence is not watched": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(), "reports the deletion of 1234"),
    "the key of the evidence is not watched by its ARN": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(2), "reports the deletion of arn:aws:kms"),
    "a key that is named by its id is not reported": (lambda t: pattern(t, "KeyChangedRule")["requestParameters"]["keyId"].pop(0), "KeyChangedRule reports DisableKey"),
    "a key to be deleted is not reported": (lambda t: pattern(t, "KeyChangedRule")["eventName"].pop(0), "KeyChangedRule reports ScheduleKeyDeletion"),
    "every use of the key is reported": (lambda t: pattern(t, "KeyChangedRule")["eventName"].append("Sign"), "KeyChangedRule reports {'eventSource': 'kms.amazonaws.com', 'eventName': 'Sign'"),
    "a report that is not delivered is lost": (lambda t: properties(t, "KeyChangedRule")["Targets"][0].pop("DeadLetterConfig"), "targets of KeyChangedRule"),
    "a report that is not delivered is refused by the queue": (
        lambda t: properties(t, "FailuresQueuePolicy")["PolicyDocument"]["Statement"].pop(),
        "sending what arn:aws:events:eu-central-1:111122223333:rule/BucketChangedRule could not deliver",
    ),
    "any rule may send to the queue": (
        lambda t: properties(t, "FailuresQueuePolicy")["PolicyDocument"]["Statement"][1]["Fn::If"][1].pop("Condition"),
        "rule/another could not deliver",
    ),
    "reports are disabled": (lambda t: properties(t, "BucketChangedRule").update(State="DISABLED"), "state of BucketChangedRule"),
    "a report names nothing": (
        lambda t: properties(t, "BucketChangedRule")["Targets"][0]["InputTransformer"]["InputPathsMap"].update(bucket="$.detail.bucket"),
        "reports: KeyError",
    ),
    "rules are made without a topic": (lambda t: t["Resources"]["KeyChangedRule"].pop("Condition"), "rules without a topic"),
}
