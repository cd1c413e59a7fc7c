//! The role in other accounts: its credentials, whose they are, and for how long.

use std::sync::{Arc, Once};

use client_vpn_audit::aws::identity::{MemberRole, MemberSession};
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::run_id::RunId;
use client_vpn_audit::target::AccountId;
use serde_json::json;

use super::{EXTERNAL_ID, ROLE, accounts, at, auditor_of, auditor_with, organisation};
use crate::harness::moto::Moto;
use crate::harness::{World, error_codes, outcomes, sdk_config, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_there_or_wants_another_external_id_fails_its_accounts_alone() {
    for own in [("AUDIT_MEMBER_ROLE", "audit/no-such-role"), ("AUDIT_EXTERNAL_ID", "another:id")] {
        let world = World::new(organisation(3, 1, 1, 23)).await;
        let arns: Vec<String> = world
            .simulator
            .endpoints()
            .iter()
            .map(|(account, region, id)| format!("arn:aws:ec2:{region}:{account}:client-vpn-endpoint/{id}"))
            .collect();
        let auditor = auditor_of(&world, &[own, ("AUDIT_TARGETS", &arns.join(","))]);
        let report = snapshot(&auditor, json!({})).await;
        assert_eq!(outcomes(&report), ["complete", "failed", "failed"], "{own:?}");
        assert_eq!(error_codes(&report), ["", "AssumeRoleRefused", "AssumeRoleRefused"], "{own:?}");
        assert_eq!(world.simulator.assumed().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn credentials_that_expire_half_way_are_renewed_and_kept_otherwise() {
    let world = Arc::new(World::new(organisation(2, 2, 1, 43)).await);
    let member = accounts(&world)[1].clone();
    let (of, expires, once) = (world.clone(), member.clone(), Once::new());
    let progress = Progress::new(move |target, rows| {
        if target.account_id.as_str() == expires && rows == 20 {
            once.call_once(|| of.simulator.expire_credentials(&expires));
        }
    });
    let auditor = auditor_with(&world, &[("AUDIT_PAGE_SIZE", "5"), ("AUDIT_CONCURRENCY", "1")], progress);
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&report), ["complete"; 4]);
    world.check().assert_whole();
    let assumed = world.simulator.assumed();
    assert_eq!(assumed.len(), 2, "once for both Regions, and once more when EC2 took them no longer");
    let run_id = report.record.run_id.as_str();
    for role in &assumed {
        assert_eq!((&role.account_id, role.external_id.as_deref()), (&member, Some(EXTERNAL_ID)));
        assert!(
            format!("client-vpn-audit-{run_id}").starts_with(&role.session_name),
            "{}",
            role.session_name
        );
    }
    let later = snapshot(&auditor, json!({"time": at(105)})).await;
    assert_eq!(outcomes(&later), ["complete"; 4]);
    assert_eq!(world.simulator.assumed().len(), 2, "credentials are kept for their life");
}

/// moto's STS hands out credentials, and says whose they are.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs moto")]
async fn another_sts_knows_the_session_by_its_run() {
    let moto = Moto::start();
    let sdk = sdk_config(&moto.url(), "eu-central-1");
    let role = MemberRole::new(ROLE, Some(EXTERNAL_ID.to_owned())).unwrap();
    let account_id = AccountId::parse("222233334444").unwrap();
    let session = MemberSession::new(&sdk, Clock::system(), &role, &account_id, "aws");
    session.begin(&RunId::new("8f5a2c9e-0000-4000-8000-000000000001"));
    let credentials = session.credentials().await.unwrap();
    let config = aws_sdk_sts::config::Builder::from(&sdk).credentials_provider(credentials).build();
    let identity = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await.unwrap();
    let arn = identity.arn().unwrap();
    assert!(arn.starts_with("arn:aws:sts::222233334444:assumed-role/"), "{arn}");
    assert!(arn.contains("/client-vpn-audit-8f5a2c9e-0000-4000-8000-000000000001-"), "{arn}");
}
