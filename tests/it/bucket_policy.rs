//! Preflight says what the policy of a bucket does not protect the evidence from.

use aws_sdk_s3::Client;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::lake::keys::Table;
use client_vpn_audit::lake::store::{Protection, S3Store, Store};
use serde_json::{Value, json};

use crate::harness::seaweed::Seaweed;
use crate::harness::stub::Stub;
use crate::harness::{World, command, fleet, sdk_config};

/// The problems that preflight finds with the policy of the bucket, by what it should do.
fn problems(world: &World, seaweed: &Seaweed, bucket: &str) -> Vec<(String, Option<String>)> {
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
        .args([
            "preflight",
            "--json",
            "--account-id",
            "123456789012",
            "--lake",
            &format!("s3://{bucket}/vpn"),
        ])
        .env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","))
        .envs(seaweed.environment())
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = answer["checks"].as_array().unwrap().iter();
    let of_policy = |check: &&Value| check["action"].as_str().unwrap().starts_with("refuse ");
    let pair = |check: &Value| {
        let text = |name: &str| check[name].as_str().map(str::to_owned);
        assert_eq!(check["ok"].as_bool().unwrap(), check["problem"].is_null());
        (text("action").unwrap(), text("problem"))
    };
    checks.filter(of_policy).map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn preflight_tells_which_statements_a_bucket_policy_lacks() {
    let world = World::new(fleet(1, 5)).await;
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let names: Vec<String> = Protection::ALL.map(|protection| protection.in_words().to_owned()).to_vec();

    let without = problems(&world, &seaweed, &bucket);
    assert_eq!(without.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    for (name, problem) in &without {
        let problem = problem.as_ref().unwrap_or_else(|| panic!("{name} is said to be there"));
        assert!(problem.contains("docs/bucket.md"), "{problem}");
    }

    // Not the last, which would refuse every request to a server without TLS.
    let objects: Vec<String> =
        Table::ALL.map(|table| format!("arn:aws:s3:::{bucket}/vpn/{table}/*")).to_vec();
    let statements = json!([
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": objects,
         "Condition": {"Null": {"s3:if-none-match": "true"}}},
        {"Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "Resource": objects},
    ]);
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let admin = Client::new(&seaweed.sdk_admin());
    admin.put_bucket_policy().bucket(&bucket).policy(policy).send().await.unwrap();
    let with = problems(&world, &seaweed, &bucket);
    assert_eq!(lacking(&with), names[2..]);
}

/// The names of the protections that are missing.
fn lacking(problems: &[(String, Option<String>)]) -> Vec<String> {
    problems.iter().filter(|(_, problem)| problem.is_some()).map(|(name, _)| name.clone()).collect()
}

/// The statements of the template, which docs/bucket.md repeats, are those that preflight looks for. S3 is a stub here: SeaweedFS
/// does not know the conditions.
#[tokio::test(flavor = "multi_thread")]
async fn preflight_misses_each_statement_of_the_documentation() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bucket.md")).unwrap();
    let (_, rest) = page.split_once("<!-- BEGIN GENERATED bucket policy -->\n```json\n").unwrap();
    let text = rest.split_once("```").unwrap().0.replace("BUCKET", "evidence").replace("PREFIX", "vpn");
    let text = text.replace("ACCOUNT", "111122223333").replace("ADMINISTRATOR", "terraform");
    let statements: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(statements.len(), Protection::ALL.len());
    assert_eq!(missing(&statements).await, []);
    for (left_out, protection) in Protection::ALL.into_iter().enumerate() {
        let mut fewer = statements.clone();
        fewer.remove(left_out);
        assert_eq!(missing(&fewer).await, [protection]);
    }
}

/// Returns the protections that a bucket lacks if its policy has these statements.
async fn missing(statements: &[Value]) -> Vec<Protection> {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let s3 = Stub::start(&[(200, &policy)]).await;
    let client = Client::new(&sdk_config(s3.url(), "us-east-1"));
    let store = Store::from(S3Store::new(client, "evidence".to_owned(), "vpn".to_owned(), None));
    store.missing_protections().await.unwrap().unwrap()
}

/// S3 answers so to whoever is not of the bucket's account, whatever its policy allows.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_another_account_is_not_taken_for_none() {
    let s3 = Stub::start(&[(405, "<Error><Code>MethodNotAllowed</Code></Error>")]).await;
    let client = Client::new(&sdk_config(s3.url(), "us-east-1"));
    let store = Store::from(S3Store::new(client, "evidence".to_owned(), "vpn".to_owned(), None));
    let error = store.missing_protections().await.unwrap_err();
    assert_eq!(error.code.as_str(), "MethodNotAllowed");
    assert!(error.to_string().contains("only that account may read its policy"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_no_policy_to_check() {
    let world = World::new(fleet(1, 5)).await;
    let answer =
        crate::harness::handle(&world.auditor(&[]), &json!({"action": "preflight"}), "preflight", None)
            .await
            .unwrap();
    let Answer::Preflight { checks } = answer else { panic!("no preflight but {answer:?}") };
    let of_policy = checks.iter().filter(|check| check.action.starts_with("refuse "));
    assert_eq!((checks.len(), of_policy.count()), (13, 0));
    assert_eq!((checks[0].action, checks[0].ok), ("get credentials", true));
}
