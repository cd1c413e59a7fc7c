//! Complete means complete: `complete` only when AWS's last page carried no token, without filter, limit or resume; a
//! repeated token, a page that fails after its retries or a cut body never yields `complete`.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;

use crate::harness::stub::Stub;
use crate::harness::{World, error_codes, fleet, outcomes, sdk_config, snapshot};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_row_served_is_in_the_lake_at_any_page_size() {
    for (page_size, pages) in [("5", [9, 9]), ("7", [7, 7]), ("1000", [1, 1])] {
        let world = World::new(fleet(2, 43)).await;
        let report = world.snapshot(page_size).await;
        assert_eq!(outcomes(&report), ["complete", "complete"]);
        assert_eq!([0, 1].map(|i| report.record.targets[i].tally.pages), pages);
        let checked = world.check();
        assert_eq!((checked.connections, checked.partials), (86, 0), "page size {page_size}");
        checked.assert_whole();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn nobody_connected_is_evidence_too() {
    let world = World::new(fleet(1, 0)).await;
    let report = world.snapshot("1000").await;
    assert_eq!(outcomes(&report), ["complete"]);
    let lake = world.read();
    let objects = lake["connections"].as_object().unwrap();
    assert_eq!(objects.len(), 1);
    assert_eq!(objects.values().next().unwrap()["rows"], json!([]));
    assert_eq!(lake["runs"][0]["targets"][0]["rows"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_repeated_token_is_no_end() {
    for (kind, on, rows) in [(FaultKind::RepeatToken, 2, 10), (FaultKind::CycleTokens, 4, 20)] {
        let world = World::new(fleet(1, 43)).await;
        world.simulator.inject(Fault::on(kind, on));
        let report = world.snapshot("5").await;
        assert_eq!(outcomes(&report), ["partial"]);
        assert_eq!(error_codes(&report), ["RepeatedToken"]);
        assert_eq!(report.record.targets[0].resume_token, None, "it would lead round again");
        let checked = world.check();
        assert_eq!((checked.connections, checked.partials), (0, rows));
        checked.assert_whole();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_body_cut_between_two_elements_is_no_last_page() {
    let world = World::new(fleet(1, 43)).await;
    world.simulator.inject(Fault::always(FaultKind::CutBodyUnframed));
    let report = world.snapshot("1000").await;
    assert_eq!(outcomes(&report), ["failed"]);
    assert_eq!(error_codes(&report), ["MalformedResponse"]);

    let world = World::new(fleet(1, 43)).await;
    world.simulator.inject(Fault::on(FaultKind::CutBodyUnframed, 2));
    let report = world.snapshot("5").await;
    assert_eq!(outcomes(&report), ["complete"], "the page was asked for again");
    world.check().assert_whole();
}

/// The SDK's own decoder reads each of these as a last page with fewer rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_damaged_in_the_middle_is_no_last_page() {
    let rows = "<item><connectionId>a</connectionId></item><item><connectionId>b</connectionId></item>";
    let token = "<nextToken>t</nextToken>";
    for content in [
        format!("<connections>{}</connections>{token}", rows.replace("</item><item>", "</item><<<<item>")),
        format!("<connections>{}</connections>{token}", rows.replacen("</connectionId>", "", 1)),
        format!("<connections>{rows}</connections><nextToken><![CDATA[t]]></nextToken>"),
        format!("<connections>{rows}</connections>{token}<nextToken/>"),
    ] {
        let root = "DescribeClientVpnConnectionsResponse";
        let ec2 = Stub::start(&[(200, &format!("<{root}>{content}</{root}>"))]).await;
        let world = World::new(fleet(1, 0)).await;
        let settings = Settings::parse(world.variables(&[])).unwrap();
        let sdk = sdk_config(ec2.url(), "eu-central-1");
        let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
        // Limited, so that nothing else is asked.
        let report = snapshot(&auditor, json!({"max_items": 1000})).await;
        assert_eq!(
            (outcomes(&report), error_codes(&report)),
            (vec!["failed"], vec!["MalformedResponse"]),
            "{content}"
        );
        assert_eq!(ec2.heads().len(), 2, "it was asked for again: {content}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn empty_pages_with_a_token_are_normal() {
    let world = World::new(fleet(1, 12)).await;
    world.simulator.inject(Fault::on(FaultKind::EmptyPage, 2));
    let report = world.snapshot("5").await;
    assert_eq!(outcomes(&report), ["complete"]);
    assert_eq!(report.record.targets[0].tally.pages, 4);
    let checked = world.check();
    assert_eq!(checked.connections, 12);
    checked.assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_in_part_is_never_complete() {
    let world = World::new(fleet(1, 12)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    let user = world.simulator.listing(&world.simulator.endpoint_ids()[0])[0].username.clone();
    let filter = match user {
        Some(user) => json!({"username": [user]}),
        None => json!({"username": ["nobody"]}),
    };
    for fields in [json!({"filters": filter}), json!({"max_items": 1}), json!({"max_items": 1000})] {
        let report = snapshot(&auditor, fields.clone()).await;
        assert_eq!(outcomes(&report), ["partial"], "{fields}");
        assert_eq!(error_codes(&report), [""], "{fields}");
        assert!(!report.record.all_captured(), "{fields}");
        assert_eq!(report.failure(), None, "{fields}: it came out as asked");
    }
    assert!(!world.files().iter().any(|file| file.starts_with("connections/")));
}
