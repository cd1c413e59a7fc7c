use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::lake::keys::Table;

const BUCKET: &str = "evidence";

fn objects() -> Vec<String> {
    Table::ALL.map(|table| format!("evidence/vpn/{table}/x")).to_vec()
}

fn missing_in(policy: &Value) -> Vec<Protection> {
    missing(policy, BUCKET, &objects())
}

const ROLE: &str = "arn:aws:iam::111122223333:role/audit/terraform";

fn policy() -> Value {
    let resources = Table::ALL.map(|table| format!("arn:aws:s3:::evidence/vpn/{table}/*"));
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

/// Returns the statements of docs/bucket.md, which are those of the template: a test compares them.
fn documented() -> Vec<Value> {
    let page = include_str!("../../../../docs/bucket.md");
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
    let actions = |statement: &Value| texts(statement.get("Action")).map(str::to_owned).collect::<Vec<_>>();
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
                assert_eq!(missing_in(&json!({"Statement": fewer})), [expected], "{part} without {left_out}");
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
        ("/Statement/0/Principal", json!({"AWS": "arn:aws:iam::111122223333:root"}), Protection::WriteOnce),
        ("/Statement/0/Resource", json!("arn:aws:s3:::evidence/vpn/connections/*"), Protection::WriteOnce),
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
