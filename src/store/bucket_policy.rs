//! Whether a bucket's policy protects the evidence from everybody, this program and its administrators included.

use serde_json::Value;
use wildmatch::WildMatch;

/// What a bucket's policy has to refuse, to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Puts that could overwrite: those without `If-None-Match`. Source: Amazon S3 User Guide, "Enforce conditional
    /// writes on Amazon S3 buckets".
    WriteOnce,
    /// Deletes of objects and of their versions.
    NoDelete,
    /// Requests that are not encrypted on their way.
    TlsOnly,
}

impl Protection {
    /// Every one.
    pub const ALL: [Protection; 3] = [Protection::WriteOnce, Protection::NoDelete, Protection::TlsOnly];

    /// What the policy has to do, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Protection::WriteOnce => "refuse puts without If-None-Match",
            Protection::NoDelete => "refuse deletes",
            Protection::TlsOnly => "refuse requests without TLS",
        }
    }

    fn actions(self) -> &'static [&'static str] {
        match self {
            Protection::WriteOnce => &["s3:PutObject"],
            Protection::NoDelete => &["s3:DeleteObject", "s3:DeleteObjectVersion"],
            Protection::TlsOnly => &["s3:GetObject", "s3:PutObject"],
        }
    }

    /// The conditions that the statement may have, each with its operator, key and value. With another one it would
    /// refuse less.
    fn conditions(self) -> &'static [&'static [[&'static str; 3]]] {
        match self {
            // The second lets parts of multipart uploads pass, whose completion is refused in their place.
            Protection::WriteOnce => &[
                &[["Null", "s3:if-none-match", "true"]],
                &[["Null", "s3:if-none-match", "true"], ["Bool", "s3:ObjectCreationOperation", "true"]],
            ],
            Protection::NoDelete => &[&[]],
            Protection::TlsOnly => &[
                &[["Bool", "aws:SecureTransport", "false"]],
                &[["BoolIfExists", "aws:SecureTransport", "false"]],
            ],
        }
    }

    /// Patterns are IAM's: `*` stands for any text, `?` for one character. Actions have no case, resources have.
    fn is_in(self, policy: &Value, object: &str) -> bool {
        let refuses = |statement: &Value, action: &str| {
            denies_everybody(statement)
                && self.conditions().iter().any(|conditions| has_conditions(statement, conditions))
                && texts(statement.get("Action"))
                    .any(|pattern| WildMatch::new_case_insensitive(pattern).matches(action))
                && texts(statement.get("Resource"))
                    .filter_map(|pattern| Some(pattern.split_once(":::")?.1))
                    .any(|pattern| WildMatch::new(pattern).matches(object))
        };
        self.actions().iter().all(|action| statements(policy).any(|statement| refuses(statement, action)))
    }
}

/// What `policy` does not refuse for each of `objects`, written `bucket/key`.
pub fn missing(policy: &Value, objects: &[String]) -> Vec<Protection> {
    let is_missing = |protection: &Protection| !objects.iter().all(|object| protection.is_in(policy, object));
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

/// Whether the statement has these conditions and no others. Operators and keys have no case.
fn has_conditions(statement: &Value, expected: &[[&str; 3]]) -> bool {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let operators = statement.get("Condition").map(fields).unwrap_or_default();
    let found: Vec<(String, String, Value)> = operators
        .into_iter()
        .flat_map(|(operator, keys)| {
            fields(&keys).into_iter().map(move |(key, value)| (operator.clone(), key, value))
        })
        .collect();
    let is_found = |[operator, key, value]: &[&str; 3]| {
        found.iter().any(|(an_operator, a_key, values)| {
            an_operator.eq_ignore_ascii_case(operator)
                && a_key.eq_ignore_ascii_case(key)
                && is_only(values, value)
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
    use serde_json::json;

    use super::*;

    fn objects() -> Vec<String> {
        ["connections", "digests"].map(|table| format!("evidence/vpn/{table}/x")).to_vec()
    }

    fn policy() -> Value {
        let resources = ["arn:aws:s3:::evidence/vpn/connections/*", "arn:aws:s3:::evidence/vpn/digests/*"];
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resources,
             "Condition": {"Null": {"s3:if-none-match": "true"}}},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
             "Resource": resources},
            {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": "s3:*",
             "Resource": ["arn:aws:s3:::evidence", "arn:aws:s3:::evidence/*"],
             "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
        ]})
    }

    #[test]
    fn a_policy_that_refuses_all_lacks_nothing() {
        assert_eq!(missing(&policy(), &objects()), []);
    }

    #[test]
    fn the_statements_of_the_documentation_lack_nothing() {
        let page = include_str!("../../docs/deploy.md");
        let (_, rest) = page.split_once("```json\n").unwrap();
        let (statements, _) = rest.split_once("```").unwrap();
        let statements = statements.replace("BUCKET", "evidence").replace("PREFIX", "vpn");
        let policy = json!({"Statement": serde_json::from_str::<Value>(&statements).unwrap()});
        assert_eq!(missing(&policy, &objects()), []);
    }

    #[test]
    fn no_policy_lacks_everything() {
        assert_eq!(missing(&Value::Null, &objects()), Protection::ALL);
        assert_eq!(missing(&json!({"Statement": [7, "x", {"Effect": "Deny"}]}), &objects()), Protection::ALL);
    }

    #[test]
    fn other_words_that_refuse_as_much_lack_nothing() {
        let write_once = json!({
            "bool": {"s3:objectcreationoperation": [true]},
            "null": {"s3:If-None-Match": true},
        });
        let tls_only = json!({"BoolIfExists": {"aws:SecureTransport": false}});
        for (pointer, condition) in
            [("/Statement/0/Condition", write_once), ("/Statement/2/Condition", tls_only)]
        {
            let mut policy = policy();
            *policy.pointer_mut(pointer).unwrap() = condition;
            assert_eq!(missing(&policy, &objects()), [], "{pointer}");
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
            assert_eq!(missing(&policy, &objects()), [expected], "{pointer}");
        }
    }
}
