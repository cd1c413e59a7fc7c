"""Careless edits."""

from .parts import S3, assigned, columns, lifecycle, policy, properties, statement, variables

PLAIN = {
    "an action is added": (lambda t: statement(t, "CaptureRole", S3)["Action"].append("s3:DeleteObject"), "s3:DeleteObject"),
    "a resource is widened": (lambda t: statement(t, "SealRole", 1).update(Resource="*"), "SealRole Allow s3:PutObject *"),
    "a condition is dropped": (lambda t: statement(t, "CaptureRole", S3 + 1).pop("Condition"), "s3:ListBucket"),
    "a permission is dropped": (lambda t: statement(t, "SealRole", 0)["Action"].remove("s3:GetObjectVersion"), "s3:GetObjectVersion"),
    "a managed policy is added": (lambda t: properties(t, "SealRole").update(ManagedPolicyArns=["arn:x"]), "managed"),
    "anybody may take a role": (
        lambda t: properties(t, "SessionsRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
        "trust of SessionsRole",
    ),
    "a put may overwrite": (lambda t: policy(t).pop(0), "evidence bucket policy"),
    "a delete is let through": (lambda t: policy(t)[1]["Resource"].pop(), "evidence bucket policy"),
    "evidence goes with the stack": (lambda t: t["Resources"]["EvidenceBucket"].update(DeletionPolicy="Delete"), "deletion policy"),
    "evidence moves to where Athena does not read": (lambda t: lifecycle(t)[0]["Transitions"][0].update(StorageClass="GLACIER"), "GLACIER"),
    "a put may overwrite the endpoints' configuration": (
        lambda t: policy(t)[0]["Resource"].remove({"Fn::Sub": "${EvidenceBucket.Arn}/${Prefix}/endpoints/*"}),
        "evidence bucket policy",
    ),
    "the endpoints' configuration stays for ever": (lambda t: lifecycle(t).pop(3), "expiry"),
    "the capture does not record the endpoints": (
        lambda t: statement(t, "CaptureRole", S3)["Resource"].pop(3),
        "s3:PutObject arn:aws:s3:::evidencebucket/client-vpn-audit/endpoints/*",
    ),
    "the seal does not see the endpoints": (lambda t: statement(t, "SealRole", 0)["Resource"].pop(3), "client-vpn-audit/endpoints/*"),
    "digests expire": (lambda t: lifecycle(t).append({"Id": "x", "Prefix": "client-vpn-audit/digests/", "ExpirationInDays": 1}), "expiry"),
    "an existing bucket gets our policy": (lambda t: t["Resources"]["EvidenceBucketPolicy"].pop("Condition"), "EvidenceBucketPolicy"),
    "the time-out is longer": (lambda t: t["Mappings"]["CaptureTimeout"]["15"].update(Seconds=420), "do not fit"),
    "the schedule may be slower": (lambda t: t["Parameters"]["ScheduleMinutes"]["AllowedValues"].append(60), "60"),
    "events live longer": (
        lambda t: properties(t, "CaptureFunction")["EventInvokeConfig"].update(MaximumEventAgeInSeconds=3600),
        "event age of CaptureFunction",
    ),
    "a setting has a typing error": (lambda t: variables(t).update(AUDIT_TARGET="x"), "AUDIT_TARGET is no setting"),
    "a setting is missing": (lambda t: variables(t).pop("AUDIT_LAKE"), "AUDIT_LAKE"),
    "the time of the schedule is lost": (
        lambda t: properties(t, "CaptureSchedule")["Target"].update(Input='{"action":"snapshot"}'),
        "CaptureSchedule",
    ),
    "a failure is lost": (lambda t: properties(t, "SessionsSchedule")["Target"].pop("DeadLetterConfig"), "dead-letter"),
    "a saved query is dropped": (lambda t: t["Resources"].pop("CoverageHolesQuery"), "coverage_holes is not saved"),
    "a saved query is changed": (
        lambda t: properties(t, "TopTalkersQuery").update(QueryString="SELECT 1"),
        "top_talkers differs",
    ),
    "a column is renamed": (lambda t: columns(t, "PartialsTable")[3].update(Name="endpoint"), "differ"),
    "a column of the ledger is renamed": (lambda t: columns(t, "RunsTable")[0].update(Name="id"), "columns of runs"),
    "a field of the ledger is renamed": (
        lambda t: columns(t, "RunsTable")[8].update(Type=columns(t, "RunsTable")[8]["Type"].replace("outcome", "result")),
        "fields of targets",
    ),
    "a partition is outside the projection": (
        lambda t: properties(t, "RunsTable")["TableInput"]["Parameters"].update({"projection.snapshot_date.range": "2026-01-01,NOW"}),
        "projection of runs",
    ),
    "endpoints of one account are not shown": (
        lambda t: properties(t, "EndpointsTable")["TableInput"]["Parameters"].update({"projection.account_id.values": "111122223333"}),
        "projection of endpoints",
    ),
    "the endpoints are read as JSON": (
        lambda t: properties(t, "EndpointsTable")["TableInput"]["StorageDescriptor"].update(InputFormat="org.apache.hadoop.mapred.TextInputFormat"),
        "format of endpoints",
    ),
    "a day is a date and not a text": (
        lambda t: properties(t, "ConnectionsTable")["TableInput"]["PartitionKeys"][2].update(Type="date"),
        "partitions of connections",
    ),
    "queries are not limited": (
        lambda t: properties(t, "WorkGroup")["WorkGroupConfiguration"].update(EnforceWorkGroupConfiguration=False),
        "work group",
    ),
    "a statement is changed": (lambda t: assigned(t).update(merge_statement="SELECT 1"), "statement of Merge"),
    "the window is shorter": (
        lambda t: assigned(t).update(asked_from=assigned(t)["asked_from"].replace("- 6 *", "- 5 *")),
        "window",
    ),
    "any text is taken for a date": (
        lambda t: assigned(t).update(asked_from=assigned(t)["asked_from"].replace("^[0-9]{4}", "[0-9]{4}").replace("{2}$/", "{2}/")),
        "is taken for a from_date",
    ),
    "a silent capture does not alarm": (lambda t: properties(t, "NoCaptureAlarm").update(TreatMissingData="ignore"), "alarms"),
    "an alarm is dropped": (lambda t: t["Resources"].pop("FailuresQueueAlarm"), "alarms"),
}
