//! Checks that a bucket's policy protects the evidence from everybody, including this program and its administrators.

use serde_json::Value;
use wildmatch::WildMatch;

use crate::target::AccountId;

/// The requests that a bucket's policy must refuse, to everybody. The template's policy and `docs/bucket.md` refuse the same
/// actions, which tests compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Puts that could overwrite: those without `If-None-Match`. Source: Amazon S3 User Guide, "Enforce conditional
    /// writes on Amazon S3 buckets".
    WriteOnce,
    /// Deletes of objects and of their versions.
    NoDelete,
    /// Changes of the settings by which evidence could be deleted all the same, outside CloudFormation. Source: Amazon S3 User
    /// Guide, "Managing the lifecycle of objects": users who must not delete must not put a lifecycle configuration either.
    FixedSettings,
    /// Removal of a lock, and objects and delete markers that come by replication.
    NoBypass,
    /// Requests that are not encrypted in transit.
    TlsOnly,
}

impl Protection {
    /// Every protection.
    pub const ALL: [Protection; 5] = [
        Protection::WriteOnce,
        Protection::NoDelete,
        Protection::FixedSettings,
        Protection::NoBypass,
        Protection::TlsOnly,
    ];

    /// Returns the duty of the policy, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Protection::WriteOnce => "refuse puts without If-None-Match",
            Protection::NoDelete => "refuse deletes",
            Protection::FixedSettings => {
                "refuse changes of lifecycle, versioning, replication, lock and policy"
            }
            Protection::NoBypass => "refuse bypassing the lock and replication into it",
            Protection::TlsOnly => "refuse requests without TLS",
        }
    }

    fn actions(self) -> &'static [&'static str] {
        match self {
            Protection::WriteOnce => &["s3:PutObject"],
            Protection::NoDelete => &["s3:DeleteObject", "s3:DeleteObjectVersion"],
            // The first covers the deletion of a lifecycle configuration too, and the third that of a replication.
            Protection::FixedSettings => &[
                "s3:PutLifecycleConfiguration",
                "s3:PutBucketVersioning",
                "s3:PutReplicationConfiguration",
                "s3:PutBucketPolicy",
                "s3:DeleteBucketPolicy",
                "s3:PutBucketObjectLockConfiguration",
                "s3:DeleteBucket",
            ],
            Protection::NoBypass => {
                &["s3:BypassGovernanceRetention", "s3:ReplicateObject", "s3:ReplicateDelete"]
            }
            Protection::TlsOnly => &["s3:GetObject", "s3:PutObject"],
        }
    }

    /// Returns the sets of conditions that the statement may have. With any other condition it would refuse less.
    fn conditions(self) -> &'static [&'static [Condition]] {
        match self {
            // The second lets parts of multipart uploads pass, whose completion is refused in their place.
            Protection::WriteOnce => &[
                &[Condition("Null", "s3:if-none-match", ConditionValues::Only("true"))],
                &[
                    Condition("Null", "s3:if-none-match", ConditionValues::Only("true")),
                    Condition("Bool", "s3:ObjectCreationOperation", ConditionValues::Only("true")),
                ],
            ],
            Protection::NoDelete => &[&[]],
            Protection::FixedSettings | Protection::NoBypass => {
                &[&[], &[CALLED_VIA], &[ADMINISTRATOR], &[CALLED_VIA, ADMINISTRATOR]]
            }
            Protection::TlsOnly => &[
                &[Condition("Bool", "aws:SecureTransport", ConditionValues::Only("false"))],
                &[Condition("BoolIfExists", "aws:SecureTransport", ConditionValues::Only("false"))],
            ],
        }
    }

    /// Matches IAM's patterns: `*` is any text, `?` one character. Actions are case-insensitive, resources are not.
    fn is_in(self, policy: &Value, resource: &str) -> bool {
        let refuses = |statement: &Value, action: &str| {
            denies_everybody(statement)
                && self.conditions().iter().any(|conditions| has_conditions(statement, conditions))
                && texts(statement.get("Action"))
                    .any(|pattern| WildMatch::new_case_insensitive(pattern).matches(action))
                && texts(statement.get("Resource"))
                    .filter_map(|pattern| Some(pattern.split_once(":::")?.1))
                    .any(|pattern| WildMatch::new(pattern).matches(resource))
        };
        self.actions().iter().all(|action| statements(policy).any(|statement| refuses(statement, action)))
    }
}

/// A condition: its operator, its key and the values it may have.
#[derive(Debug, Clone, Copy)]
struct Condition(&'static str, &'static str, ConditionValues);

/// The values that a condition may have.
#[derive(Debug, Clone, Copy)]
enum ConditionValues {
    /// This one.
    Only(&'static str),
    /// Roles and users, each by its name.
    Principals,
}

/// A condition that lets CloudFormation pass. `ForAllValues` is true if the key is absent, so other requests are refused;
/// `ForAnyValue` would be false then.
const CALLED_VIA: Condition = Condition(
    "ForAllValues:StringNotEquals",
    "aws:CalledVia",
    ConditionValues::Only("cloudformation.amazonaws.com"),
);

/// A condition that lets named administrators pass.
const ADMINISTRATOR: Condition = Condition("ArnNotLike", "aws:PrincipalArn", ConditionValues::Principals);

/// Returns the protections that `policy` lacks for `bucket` and each of `objects`, written `bucket/key`.
pub fn missing(policy: &Value, bucket: &str, objects: &[String]) -> Vec<Protection> {
    let is_missing = |protection: &Protection| match protection {
        Protection::FixedSettings => !protection.is_in(policy, bucket),
        _ => !objects.iter().all(|object| protection.is_in(policy, object)),
    };
    Protection::ALL.into_iter().filter(is_missing).collect()
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    items(policy.get("Statement"))
}

fn denies_everybody(statement: &Value) -> bool {
    let principal = statement.get("Principal");
    let principal = principal.and_then(|principal| principal.get("AWS")).or(principal);
    statement.get("Effect").is_some_and(|effect| effect == "Deny") && texts(principal).any(|who| who == "*")
}

/// Returns `true` if the statement has these conditions and no others. Operators and keys are case-insensitive.
fn has_conditions(statement: &Value, expected: &[Condition]) -> bool {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let operators = statement.get("Condition").map(fields).unwrap_or_default();
    let found: Vec<(String, String, Value)> = operators
        .into_iter()
        .flat_map(|(operator, keys)| {
            fields(&keys).into_iter().map(move |(key, value)| (operator.clone(), key, value))
        })
        .collect();
    let is_found = |Condition(operator, key, expected): &Condition| {
        found.iter().any(|(an_operator, a_key, values)| {
            an_operator.eq_ignore_ascii_case(operator)
                && a_key.eq_ignore_ascii_case(key)
                && match expected {
                    ConditionValues::Only(value) => is_only(values, value),
                    ConditionValues::Principals => are_principals(values),
                }
        })
    };
    found.len() == expected.len() && expected.iter().all(is_found)
}

/// Returns `true` if `expected` is the only value: as text, as a boolean or as a list of one.
fn is_only(found: &Value, expected: &str) -> bool {
    let is_it = |value: &Value| match value {
        Value::String(text) => text.eq_ignore_ascii_case(expected),
        Value::Bool(bool) => bool.to_string() == expected,
        _ => false,
    };
    let values: Vec<&Value> = items(Some(found)).collect();
    matches!(values.as_slice(), [value] if is_it(value))
}

/// Returns `true` if each value is the ARN of a role or user of one account. Its path and the end of its name may be patterns,
/// as those of IAM Identity Center need to be, but not its beginning: a name of `*` is everybody.
fn are_principals(found: &Value) -> bool {
    let is_principal = |value: &Value| {
        let Some([_, "iam", "", account_id, resource]) = value.as_str().and_then(iam_arn) else {
            return false;
        };
        let (kind, name) = resource.split_once('/').unwrap_or_default();
        let last = name.rsplit('/').next().unwrap_or_default();
        AccountId::parse(account_id).is_some()
            && ["role", "user"].contains(&kind)
            && last.starts_with(|first: char| !"*?".contains(first))
    };
    let mut values = items(Some(found)).peekable();
    values.peek().is_some() && values.all(is_principal)
}

/// Returns the parts of an ARN after `arn`.
fn iam_arn(text: &str) -> Option<[&str; 5]> {
    text.strip_prefix("arn:")?.splitn(5, ':').collect::<Vec<_>>().try_into().ok()
}

/// Returns the items of a list, or a value that is no list.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().chain(value.filter(|_| list.is_none()))
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
