"""Ways in which people stay in sessions, or leave it too early, or a deployed table lacks a column."""

from .parts import assigned, properties, statement, statements, states


def expires_before(template, old, new):
    """Edits the expression of the first day that is kept."""
    text = assigned(template)["expires_before"]["Fn::Sub"]
    if old not in text:
        raise SystemExit(f"{old} is not in {text}")
    assigned(template)["expires_before"]["Fn::Sub"] = text.replace(old, new)


def analytics(template):
    return properties(template, "AnalyticsBucket")


def deny_deletes(template):
    """Gives the other bucket a copy of the evidence's policy."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject*", "Resource": {"Fn::Sub": "${AnalyticsBucket.Arn}/sessions/*"}}
    properties(template, "AnalyticsBucketPolicy")["PolicyDocument"]["Statement"].append(deny)


def set_properties(template, old, new):
    text = assigned(template)["set_properties_statement"]
    if old not in text:
        raise SystemExit(f"{old} is not in {text}")
    assigned(template)["set_properties_statement"] = text.replace(old, new)


EXPIRY = {
    "VACUUM may delete nothing": (lambda t: statement(t, "SessionsRole", 5)["Action"].remove("s3:DeleteObject"), "VACUUM deletes nothing"),
    "VACUUM may delete results only": (
        lambda t: statement(t, "SessionsRole", 5).update(Resource={"Fn::Sub": "${AnalyticsBucket.Arn}/results/*"}),
        "VACUUM deletes nothing",
    ),
    "VACUUM may delete data but not metadata": (
        lambda t: statement(t, "SessionsRole", 5).update(Resource={"Fn::Sub": "${AnalyticsBucket.Arn}/sessions/data/*"}),
        "s3:DeleteObject of sessions/metadata",
    ),
    "VACUUM may delete in another account": (
        lambda t: statement(t, "SessionsRole", 5)["Condition"]["StringEquals"].update({"aws:ResourceAccount": "444455556666"}),
        "VACUUM deletes nothing",
    ),
    "the bucket of sessions denies deletes": (deny_deletes, "VACUUM deletes nothing"),
    "deleted sessions stay as old versions": (lambda t: analytics(t).update(VersioningConfiguration={"Status": "Enabled"}), "what keeps deleted sessions"),
    "sessions are locked": (lambda t: analytics(t).update(ObjectLockEnabled=True), "what keeps deleted sessions"),
    "results of queries stay for ever": (lambda t: analytics(t)["LifecycleConfiguration"]["Rules"].pop(0), "days that results"),
    "results of queries expire nowhere": (lambda t: analytics(t)["LifecycleConfiguration"]["Rules"][0].update(Status="Disabled"), "days that results"),
    "old versions stay for five days": (lambda t: set_properties(t, "43200", "432000"), "VACUUM keeps old versions of sessions for 432000 s"),
    "the age of old versions is not set": (lambda t: set_properties(t, "vacuum_max_snapshot_age_seconds", "vacuum_max_metadata_files_to_keep"), "for 432000 s"),
    "what is being written is removed": (lambda t: set_properties(t, "43200", "60"), "VACUUM keeps old versions of sessions for 60 s"),
    "deleted rows stay in their files": (
        lambda t: set_properties(t, "'optimize_rewrite_delete_file_threshold' = '1'", "'optimize_rewrite_data_file_threshold' = '1'"),
        "deletions from a file of sessions that OPTIMIZE waits for",
    ),
    "what is still listed is deleted": (
        lambda t: assigned(t).update(expire_statement=assigned(t)["expire_statement"].partition("  AND last_seen")[0]),
        "statement of Expire",
    ),
    "ten old versions stay": (lambda t: set_properties(t, "'1'", "'10'"), "however old they are"),
    "sessions expire after a fixed time": (lambda t: expires_before(t, "${RetentionDays}", "400"), "with 90 days"),
    "sessions expire by days": (lambda t: expires_before(t, "-01'", "-[D01]'"), "first day of sessions"),
    "a future time deletes what is kept": (
        lambda t: expires_before(t, "$min([$toMillis($states.input.time), $toMillis($states.context.Execution.StartTime)])", "$toMillis($states.input.time)"),
        "at 2035-12-06",
    ),
    "an expiry deletes the month that begins": (lambda t: assigned(t).update(expire_statement=assigned(t)["expire_statement"].replace("<", "<=")), "statement of Expire"),
    "an expiry deletes everything": (lambda t: assigned(t).update(expire_statement="DELETE FROM sessions"), "statement of Expire"),
    "the evidence is deleted": (
        lambda t: assigned(t).update(expire_statement=assigned(t)["expire_statement"].replace("FROM sessions", "FROM connections")),
        "statement of Expire",
    ),
    "an expiry is tried again whatever came of it": (
        lambda t: states(t)["Expire"].update(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]),
        "retries of Expire",
    ),
    "columns are added again": (lambda t: states(t)["AddColumns"].update(Catch=states(t)["Merge"]["Catch"]), "failures of AddColumns"),
    "captures expire with the sessions": (
        lambda t: assigned(t).update(captures_expire_statement=assigned(t)["captures_expire_statement"].replace(" - INTERVAL '1' MONTH", "")),
        "statement of ExpireCaptures",
    ),
    "a new column of captures is not compared": (lambda t: assigned(t)["captures_columns"].pop(), "columns of captures"),
    "columns of captures are those of sessions": (
        lambda t: states(t)["LookAtCapturesColumns"]["Arguments"].update(Name="sessions"),
        "where columns are looked at",
    ),
    "old versions of captures stay for five days": (
        lambda t: assigned(t).update(captures_set_properties_statement=assigned(t)["captures_set_properties_statement"].replace("43200", "432000")),
        "VACUUM keeps old versions of captures for 432000 s",
    ),
    "captures may not be read": (
        lambda t: [s["Resource"].pop(5) for s in statements(t, "SessionsRole") if "glue:GetPartitions" in s.get("Action", [])],
        "- SessionsRole Allow glue:GetTable",
    ),
    "a new column is not compared": (lambda t: assigned(t)["columns"].pop(), "columns of sessions"),
    "a column gets another type": (lambda t: assigned(t)["columns"][-1].update(type="double"), "columns of sessions"),
    "columns are those of another table": (lambda t: states(t)["LookAtColumns"]["Arguments"].update(Name="connections"), "where columns are looked at"),
    "columns may not be looked at": (
        lambda t: [s["Action"].remove("glue:GetTable") for s in statements(t, "SessionsRole") if "glue:GetTable" in s.get("Action", [])],
        "- SessionsRole Allow glue:GetTable",
    ),
    "columns may not be added": (
        lambda t: [s["Action"].remove("glue:UpdateTable") for s in statements(t, "SessionsRole") if "glue:UpdateTable" in s.get("Action", [])],
        "- SessionsRole Allow glue:UpdateTable",
    ),
}
