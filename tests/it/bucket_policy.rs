//! Preflight says what the policy of a bucket does not protect the evidence from.

use aws_sdk_s3::Client;
use client_vpn_audit::report::Answer;
use client_vpn_audit::store::Protection;
use serde_json::{Value, json};

use crate::harness::seaweed::Seaweed;
use crate::harness::{World, command, fleet};

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
async fn preflight_tells_which_statements_a_bucket_policy_lacks() {
    let world = World::new(fleet(1, 5)).await;
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let names: Vec<String> = Protection::ALL.map(|protection| protection.in_words().to_owned()).to_vec();

    let without = problems(&world, &seaweed, &bucket);
    assert_eq!(without.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    for (name, problem) in &without {
        let problem = problem.as_ref().unwrap_or_else(|| panic!("{name} is said to be there"));
        assert!(problem.contains("docs/deploy.md"), "{problem}");
    }

    // Not the third, which would refuse every request to a server without TLS.
    let objects: Vec<String> = ["connections", "partials", "endpoints", "runs", "digests"]
        .map(|table| format!("arn:aws:s3:::{bucket}/vpn/{table}/*"))
        .to_vec();
    let statements = json!([
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": objects,
         "Condition": {"Null": {"s3:if-none-match": "true"}}},
        {"Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"], "Resource": objects},
    ]);
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let admin = Client::new(&seaweed.sdk_admin());
    admin.put_bucket_policy().bucket(&bucket).policy(policy).send().await.unwrap();
    let with = problems(&world, &seaweed, &bucket);
    assert_eq!(with[..2], [(names[0].clone(), None), (names[1].clone(), None)]);
    assert!(with[2].1.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_no_policy_to_check() {
    let world = World::new(fleet(1, 5)).await;
    let answer = world.auditor(&[]).handle(&json!({"action": "preflight"}), "preflight", None).await.unwrap();
    let Answer::Preflight { checks } = answer else { panic!("no preflight but {answer:?}") };
    let of_policy = checks.iter().filter(|check| check.action.starts_with("refuse "));
    assert_eq!((checks.len(), of_policy.count()), (7, 0));
}
