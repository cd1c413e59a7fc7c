//! Whether a bucket's policy protects the evidence from everybody, this program and its administrators included.

use serde_json::Value;
use wildmatch::WildMatch;

use crate::target::AccountId;

/// What a bucket's policy has to refuse, to everybody. The template's policy and `docs/deploy.md` refuse the same actions, which
/// tests compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Puts that could overwrite: those without `If-None-Match`. Source: Amazon S3 User Guide, "Enforce conditional
    /// writes on Amazon S3 buckets".
    WriteOnce,
    /// Deletes of objects and of their versions.
    NoDelete,
    /// Changes of the settings by which evidence could be deleted all the same, outside CloudFormation. Source: Amazon S3 User
    /// Guide, "Managing the lifecycle of objects": who must not delete must not put a lifecycle configuration either.
    FixedSettings,
    /// Removal of a lock, and objects and delete markers that come by replication.
    NoBypass,
    /// Requests that are not encrypted on their way.
    TlsOnly,
}

impl Protection {
    /// Every one.
    pub const ALL: [Protection; 5] = [
        Protection::WriteOnce,
        Protection::NoDelete,
        Protection::FixedSettings,
        Protection::NoBypass,
        Protection::TlsOnly,
    ];

    /// What the policy has to do, in words.
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
                &[Condition("Null", "s3:if-none-match", Values::Only("true"))],
                &[
                    Condition("Null", "s3:if-none-match", Values::Only("true")),
                    Condition("Bool", "s3:ObjectCreationOperation", Values::Only("true")),
                ],
            ],
            Protection::NoDelete => &[&[]],
            Protection::FixedSettings | Protection::NoBypass => {
                &[&[], &[CALLED_VIA], &[ADMINISTRATOR], &[CALLED_VIA, ADMINISTRATOR]]
            }
            Protection::TlsOnly => &[
                &[Condition("Bool", "aws:SecureTransport", Values::Only("false"))],
                &[Condition("BoolIfExists", "aws:SecureTransport", Values::Only("false"))],
            ],
        }
    }

    /// Patterns are IAM's: `*` stands for any text, `?` for one character. Actions have no case, resources have.
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
struct Condition(&'static str, &'static str, Values);

/// The values that a condition may have.
#[derive(Debug, Clone, Copy)]
enum Values {
    /// This one.
    Only(&'static str),
    /// Roles and users, each by its name.
    Principals,
}

/// Lets CloudFormation pass. `ForAllValues` is true when the key is absent, so other requests are refused; `ForAnyValue`
/// would be false then.
const CALLED_VIA: Condition =
    Condition("ForAllValues:StringNotEquals", "aws:CalledVia", Values::Only("cloudformation.amazonaws.com"));

/// Lets administrators pass who are named.
const ADMINISTRATOR: Condition = Condition("ArnNotLike", "aws:PrincipalArn", Values::Principals);

/// Returns what `policy` does not refuse for `bucket` and each of `objects`, written `bucket/key`.
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

/// Returns `true` if the statement has these conditions and no others. Operators and keys have no case.
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
                    Values::Only(value) => is_only(values, value),
                    Values::Principals => are_principals(values),
                }
        })
    };
    found.len() == expected.len() && expected.iter().all(is_found)
}

/// IAM takes a value as text, as a boolean and as a list of one.
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

/// A value that is a list or stands alone.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().chain(value.filter(|_| list.is_none()))
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::lake::keys::EVIDENCE;

    const BUCKET: &str = "evidence";

    fn objects() -> Vec<String> {
        EVIDENCE.map(|table| format!("evidence/vpn/{table}/x")).to_vec()
    }

    fn missing_in(policy: &Value) -> Vec<Protection> {
        missing(policy, BUCKET, &objects())
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role/audit/terraform";

    fn policy() -> Value {
        let resources = EVIDENCE.map(|table| format!("arn:aws:s3:::evidence/vpn/{table}/*"));
        let except = json!({
            "ForAllValues:StringNotEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"},
            "ArnNotLike": {"aws:PrincipalArn": ROLE},
        });
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resources,
             "Condition": {"Null": {"s3:if-none-match": "true"}}},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
             "Resource": resources},
            {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": "s3:*",
             "Resource": ["arn:aws:s3:::evidence", "arn:aws:s3:::evidence/*"],
             "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
            {"Effect": "Deny", "Principal": "*", "Action": Protection::FixedSettings.actions(),
             "Resource": "arn:aws:s3:::evidence", "Condition": except},
            {"Effect": "Deny", "Principal": "*", "Action": Protection::NoBypass.actions(),
             "Resource": resources, "Condition": except},
        ]})
    }

    #[test]
    fn a_policy_that_refuses_all_lacks_nothing() {
        assert_eq!(missing_in(&policy()), []);
    }

    /// The statements of docs/deploy.md, which are those of the template: a test compares them.
    fn documented() -> Vec<Value> {
        let page = include_str!("../../../docs/deploy.md");
        let (_, rest) = page.split_once("<!-- BEGIN GENERATED bucket policy -->\n```json\n").unwrap();
        let (statements, _) = rest.split_once("```").unwrap();
        let statements = statements.replace("BUCKET", BUCKET).replace("PREFIX", "vpn");
        let statements = statements.replace("ACCOUNT", "111122223333").replace("ADMINISTRATOR", "terraform");
        serde_json::from_str(&statements).unwrap()
    }

    #[test]
    fn the_statements_of_the_documentation_lack_nothing() {
        assert_eq!(missing_in(&json!({"Statement": documented()})), []);
    }

    #[test]
    fn each_action_of_the_documentation_is_one_that_is_checked_and_the_other_way_round() {
        let actions =
            |statement: &Value| texts(statement.get("Action")).map(str::to_owned).collect::<Vec<_>>();
        let documented = documented();
        let found: BTreeSet<String> = documented.iter().flat_map(actions).collect();
        let checked = Protection::ALL.iter().filter(|protection| **protection != Protection::TlsOnly);
        let mut expected: BTreeSet<String> =
            checked.flat_map(|protection| protection.actions()).map(|&action| action.to_owned()).collect();
        expected.insert("s3:*".to_owned());
        assert_eq!(found, expected);
    }

    #[test]
    fn each_action_and_resource_of_the_documentation_is_needed() {
        let documented = documented();
        assert_eq!(documented.len(), Protection::ALL.len());
        for ((number, statement), expected) in documented.iter().enumerate().zip(Protection::ALL) {
            for part in ["Action", "Resource"] {
                for left_out in texts(statement.get(part)) {
                    // The settings of the bucket are public to those who may read them; what matters are the objects.
                    if expected == Protection::TlsOnly && left_out == "arn:aws:s3:::evidence" {
                        continue;
                    }
                    let mut fewer = documented.clone();
                    let rest = texts(statement.get(part)).filter(|text| *text != left_out);
                    fewer[number][part] = rest.collect::<Vec<_>>().into();
                    assert_eq!(
                        missing_in(&json!({"Statement": fewer})),
                        [expected],
                        "{part} without {left_out}"
                    );
                }
            }
        }
    }

    #[test]
    fn no_policy_lacks_everything() {
        assert_eq!(missing_in(&Value::Null), Protection::ALL);
        assert_eq!(missing_in(&json!({"Statement": [7, "x", {"Effect": "Deny"}]})), Protection::ALL);
    }

    #[test]
    fn other_words_that_refuse_as_much_lack_nothing() {
        let write_once = json!({
            "bool": {"s3:objectcreationoperation": [true]},
            "null": {"s3:If-None-Match": true},
        });
        let tls_only = json!({"BoolIfExists": {"aws:SecureTransport": false}});
        let nobody = json!({});
        let cloudformation =
            json!({"forallvalues:stringnotequals": {"aws:calledvia": ["cloudformation.amazonaws.com"]}});
        let roles = json!({"ArnNotLike": {"aws:PrincipalArn": [
            ROLE,
            "arn:aws-eusc:iam::111122223333:user/admin",
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*",
        ]}});
        for (pointer, condition) in [
            ("/Statement/0/Condition", write_once),
            ("/Statement/2/Condition", tls_only),
            ("/Statement/3/Condition", nobody.clone()),
            ("/Statement/3/Condition", cloudformation.clone()),
            ("/Statement/3/Condition", roles.clone()),
            ("/Statement/4/Condition", nobody),
            ("/Statement/4/Condition", cloudformation),
            ("/Statement/4/Condition", roles),
            ("/Statement/3/Resource", json!(["arn:aws:s3:::evidence*"])),
            ("/Statement/3/Action", json!(["s3:Put*", "s3:DeleteBucket*"])),
        ] {
            let mut policy = policy();
            *policy.pointer_mut(pointer).unwrap() = condition;
            assert_eq!(missing_in(&policy), [], "{pointer}");
        }
    }

    #[test]
    fn a_statement_that_refuses_less_is_missing() {
        let cases: [(&str, Value, Protection); 9] = [
            ("/Statement/0/Effect", json!("Allow"), Protection::WriteOnce),
            (
                "/Statement/0/Principal",
                json!({"AWS": "arn:aws:iam::111122223333:root"}),
                Protection::WriteOnce,
            ),
            (
                "/Statement/0/Resource",
                json!("arn:aws:s3:::evidence/vpn/connections/*"),
                Protection::WriteOnce,
            ),
            ("/Statement/0/Condition/Null/s3:if-none-match", json!("false"), Protection::WriteOnce),
            (
                "/Statement/0/Condition/Null",
                json!({"s3:if-none-match": "true", "aws:x": "true"}),
                Protection::WriteOnce,
            ),
            ("/Statement/0/Resource", json!(["arn:aws:s3:::evidence/VPN/*"]), Protection::WriteOnce),
            ("/Statement/1/Action", json!("s3:DeleteObject"), Protection::NoDelete),
            (
                "/Statement/1",
                json!({"Effect": "Deny", "Principal": "*", "Action": "s3:Delete*", "Resource": "*"}),
                Protection::NoDelete,
            ),
            ("/Statement/2/Condition", json!({"Bool": {"aws:SecureTransport": "true"}}), Protection::TlsOnly),
        ];
        for (pointer, value, expected) in cases {
            let mut policy = policy();
            *policy.pointer_mut(pointer).unwrap() = value;
            assert_eq!(missing_in(&policy), [expected], "{pointer}");
        }
    }

    #[test]
    fn a_condition_that_lets_more_pass_than_cloudformation_and_named_administrators_is_missing() {
        let not_like = |arns: Value| json!({"ArnNotLike": {"aws:PrincipalArn": arns}});
        let called_via = |operator: &str, value: Value| json!({operator: {"aws:CalledVia": value}});
        let cloudformation = "cloudformation.amazonaws.com";
        let cases = [
            // Both are false when the key is absent, so anybody passes who calls S3 directly.
            called_via("ForAnyValue:StringNotEquals", json!(cloudformation)),
            called_via("StringEquals", json!(cloudformation)),
            called_via("ForAllValues:StringEquals", json!(cloudformation)),
            called_via("ForAllValues:StringNotLike", json!("*")),
            called_via("ForAllValues:StringNotEquals", json!([cloudformation, "athena.amazonaws.com"])),
            called_via("ForAllValues:StringNotEquals", json!([])),
            json!({"ForAllValues:StringNotEquals": {"aws:CalledViaFirst": cloudformation}}),
            json!({"ForAllValues:StringNotEquals": {"aws:CalledVia": cloudformation}, "Bool": {"aws:x": "true"}}),
            json!({"ArnLike": {"aws:PrincipalArn": ROLE}}),
            json!({"ArnNotLikeIfExists": {"aws:PrincipalArn": ROLE}}),
            not_like(json!([])),
            not_like(json!("*")),
            not_like(json!("arn:aws:iam::*:role/terraform")),
            not_like(json!("arn:aws:iam::111122223333:*")),
            not_like(json!("arn:aws:iam::111122223333:root")),
            not_like(json!("arn:aws:iam::111122223333:role/*")),
            not_like(json!("arn:aws:iam::111122223333:role/audit/?*")),
            not_like(json!("arn:aws:sts::111122223333:assumed-role/terraform/x")),
            not_like(json!([ROLE, "arn:aws:iam::111122223333:user/*"])),
            not_like(json!(7)),
        ];
        for condition in cases {
            for (number, expected) in [(3, Protection::FixedSettings), (4, Protection::NoBypass)] {
                let mut policy = policy();
                policy["Statement"][number]["Condition"] = condition.clone();
                assert_eq!(missing_in(&policy), [expected], "{condition}");
            }
        }
        for (number, expected) in [(3, Protection::FixedSettings), (4, Protection::NoBypass)] {
            let actions = expected.actions();
            for left_out in actions {
                let mut policy = policy();
                let rest: Vec<&&str> = actions.iter().filter(|action| *action != left_out).collect();
                policy["Statement"][number]["Action"] = json!(rest);
                assert_eq!(missing_in(&policy), [expected], "{left_out}");
            }
        }
        let mut policy = policy();
        policy["Statement"][3]["Resource"] = json!("arn:aws:s3:::evidence/*");
        assert_eq!(missing_in(&policy), [Protection::FixedSettings]);
    }
}
