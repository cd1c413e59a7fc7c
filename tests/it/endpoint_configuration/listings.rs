//! Rules and routes of one endpoint, page by page: what was read is written, and the time of the last page is known.

use super::*;

/// The listings whose rows are in a table of their own, each with the column of `endpoints` that has its time.
const LISTINGS: [(FaultyAction, ConfigurationTable, &str, &str); 2] = [
    (ACTIONS[1].0, ACTIONS[1].1, ACTIONS[1].2, "authorization_rules_captured_at"),
    (ACTIONS[2].0, ACTIONS[2].1, ACTIONS[2].2, "routes_captured_at"),
];

/// Two endpoints: the first one has one rule and one route, the second one one more than a page has.
async fn two_endpoints_of_one_page_and_two() -> (World, [String; 2]) {
    let world = World::new(fleet(2, 3)).await;
    let ids = [0, 1].map(|index| world.simulator.endpoint_ids()[index].clone());
    for (id, rows) in ids.iter().zip([1, 1_001]) {
        world.simulator.change_access(id, |access| {
            let (rule, route) = (access.rules[0].clone(), access.routes[0].clone());
            (access.rules, access.routes) = (vec![rule; rows], vec![route; rows]);
        });
    }
    (world, ids)
}

/// Takes a snapshot that has so many seconds, a quarter of them for writing.
async fn take_within(world: &World, seconds: i64) -> Report {
    let deadline = Some(crate::harness::now() + SignedDuration::from_secs(seconds));
    let payload = json!({"action": "snapshot", "time": crate::harness::NOW});
    let auditor = world.auditor(&[]);
    let answer = crate::harness::handle(&auditor, &payload, "a-request", deadline).await.unwrap();
    let Answer::Snapshot(report) = answer else { panic!("no report but {answer:?}") };
    *report
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_and_routes_of_the_pages_before_a_fault_are_written() {
    for (action, table, error_key, listed_at) in LISTINGS {
        for (kind, code, rows) in [
            (FaultKind::Throttle, "RequestLimitExceeded", 1_000),
            (FaultKind::Unauthorized, "UnauthorizedOperation", 1_000),
            (FaultKind::NotFound, "InvalidClientVpnEndpointId.NotFound", 1_000),
            (FaultKind::CutBody, "MalformedResponse", 1_000),
            // The second page is read too, and has the token that leads to itself.
            (FaultKind::RepeatToken, "RepeatedToken", 1_001),
        ] {
            let (world, ids) = two_endpoints_of_one_page_and_two().await;
            let fault = Fault { first: 2, ..Fault::always(kind.clone()) };
            world.simulator.inject_into(action, fault.at(&ids[1]));
            let report = take(&world).await;
            assert!(report.failure().is_none(), "the connections are complete");
            let entry = report.record.places[0].configuration(table).unwrap();
            let error = entry.error.as_ref().map(|error| error.code.to_string());
            assert_eq!(
                (entry.outcome.as_str(), error.as_deref()),
                ("partial", Some(code)),
                "{action:?} {kind:?}"
            );
            let lake = world.read();
            let object = &lake[table.table().name()][&entry.object.as_ref().unwrap().object_key];
            assert_eq!(object["metadata"]["outcome"], json!("partial"));
            let of = |id: &String| {
                let all = object["rows"].as_array().unwrap().iter();
                all.filter(|row| row["endpoint_id"] == json!(id)).count()
            };
            assert_eq!(ids.each_ref().map(of), [1, rows], "{action:?} {kind:?}");
            let endpoints = endpoints_in(&lake, &report);
            assert!(endpoints[0][listed_at].is_string() && endpoints[0]["unparsed"].is_null());
            assert_eq!(
                (&endpoints[1][listed_at], &endpoints[1]["unparsed"]),
                (&Value::Null, &json!({error_key: code})),
                "{action:?} {kind:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_and_routes_of_the_pages_before_the_deadline_are_written() {
    for (action, table, error_key, listed_at) in LISTINGS {
        // On a busy machine, the page before the one that never comes needs more time.
        for seconds in (2..).map(|step| 1 << step) {
            assert!(seconds < 300, "{action:?}: the page before the deadline never came");
            let (world, ids) = two_endpoints_of_one_page_and_two().await;
            let stall = Fault { first: 2, ..Fault::always(FaultKind::Stall) };
            world.simulator.inject_into(action, stall.at(&ids[1]));
            let report = take_within(&world, seconds).await;
            // The first endpoint's page, and both of the second one's.
            if world.simulator.action_requests(action) < 3 {
                continue;
            }
            assert_eq!(outcomes(&report), ["complete"; 2], "{action:?}: the configuration gives way");
            let entry = report.record.places[0].configuration(table).unwrap();
            let error = entry.error.as_ref().map(|error| error.code.to_string());
            assert_eq!(
                (entry.outcome.as_str(), error.as_deref()),
                ("partial", Some("Deadline")),
                "{action:?}"
            );
            assert_eq!(entry.object.as_ref().unwrap().rows, 1_001, "{action:?}");
            let second = &endpoints(&world, &report)[1];
            assert_eq!(
                (&second[listed_at], &second["unparsed"][error_key]),
                (&Value::Null, &json!("Deadline")),
                "{action:?}"
            );
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_part_that_meets_the_deadline_is_not_known_and_the_connections_are_complete() {
    for (action, table, error_key) in
        ACTIONS.into_iter().filter(|(_, table, _)| *table == ConfigurationTable::Endpoints)
    {
        // On a busy machine, the calls before the one that is never answered need more time.
        for seconds in (2..).map(|step| 1 << step) {
            assert!(seconds < 300, "{action:?} was never called");
            let world = World::new(fleet(2, 3)).await;
            let second = world.simulator.endpoint_ids()[1].clone();
            world.simulator.inject_into(action, Fault::always(FaultKind::Stall).at(second));
            let report = take_within(&world, seconds).await;
            if world.simulator.action_requests(action) < 2 {
                continue;
            }
            assert_eq!(outcomes(&report), ["complete"; 2], "{action:?}: the configuration gives way");
            assert!(report.failure().is_none(), "{action:?}");
            let entry = report.record.places[0].configuration(table).unwrap();
            let error = entry.error.as_ref().unwrap();
            assert_eq!((entry.outcome.as_str(), error.code.as_str()), ("complete", "Deadline"), "{action:?}");
            assert_eq!(unparsed(&world, &report)[1][error_key], json!("Deadline"), "{action:?}");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_endpoint_without_rules_and_routes_has_the_times_at_which_they_were_listed() {
    let world = World::new(fleet(1, 3)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    world.simulator.change_access(&id, |access| {
        access.rules.clear();
        access.routes.clear();
    });
    let row = endpoint(&world).await;
    for (.., listed_at) in LISTINGS {
        assert!(row[listed_at].is_string(), "{listed_at}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_account_and_region_without_endpoints_has_objects_without_rows() {
    let world = World::new(fleet(0, 0)).await;
    let report = snapshot(&world.auditor(&[("AUDIT_TARGETS", "*")]), json!({})).await;
    assert!(report.failure().is_none() && report.record.targets.is_empty(), "{report:?}");
    let place = &report.record.places[0];
    assert_eq!(place.configuration_errors().count(), 0);
    let lake = world.read();
    for table in ConfigurationTable::ALL {
        let entry = place.configuration(table).unwrap();
        let written = entry.object.as_ref().unwrap();
        assert_eq!((entry.outcome.as_str(), written.rows), ("complete", 0), "{table:?}");
        let object = &lake[table.table().name()][&written.object_key];
        assert_eq!(
            (&object["rows"], &object["metadata"]["outcome"]),
            (&json!([]), &json!("complete")),
            "{table:?}"
        );
    }
}
