//! Answers about the configuration of one endpoint: what is not understood is not known, and harms nothing else.

use super::*;

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn networks_of_another_shape_are_not_known_and_the_endpoints_are_written() {
    for (name, content) in other_shapes("clientVpnTargetNetworks") {
        let taken = Ec2::with(2, answer(2, &content)).snapshot().await;
        assert_eq!(outcomes(&taken.report), ["complete"; 2], "{name}");
        assert_eq!((taken.discovery_error(), taken.endpoints_error()), ("", "MalformedResponse"), "{name}");
    }
    let without_id =
        "<item><targetNetworkId>subnet-1</targetNetworkId></item><item><vpcId>vpc-1</vpcId></item>";
    let taken = Ec2::with(2, list_of(2, without_id)).snapshot().await;
    assert_eq!(taken.endpoints_error(), "MalformedResponse");
    for row in taken.endpoints() {
        assert_eq!(row["associated_networks"], Value::Null);
        assert_eq!(row["unparsed"], json!({"targetNetworkId#error": "MalformedResponse"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn networks_that_are_refused_for_one_endpoint_are_null_with_the_reason() {
    let ec2 = Ec2 { of_b: Some((LISTINGS[2].0, 403, REFUSAL.into())), ..Ec2::new() };
    let taken = ec2.snapshot().await;
    assert_eq!((outcomes(&taken.report), taken.discovery_error()), (vec!["complete"; 2], ""));
    let entry = taken.report.record.places[0].endpoints.as_ref().unwrap();
    let error = entry.error.as_ref().unwrap();
    assert_eq!(
        (entry.outcome.as_str(), entry.object.as_ref().unwrap().rows, error.code.as_str()),
        ("complete", 2, "UnauthorizedOperation")
    );
    assert!(
        error.message.starts_with("the networks of 1 of 2 endpoints are not all known: "),
        "{}",
        error.message
    );
    assert!(!error.message.contains("maria"), "{}", error.message);
    let rows = taken.endpoints();
    assert_eq!(rows[0]["associated_networks"], json!(["subnet-1"]));
    assert_eq!((&rows[0]["endpoint_id"], &rows[0]["unparsed"]), (&json!(ENDPOINT_A), &Value::Null));
    assert_eq!(rows[1]["associated_networks"], Value::Null);
    assert_eq!(rows[1]["unparsed"], json!({"targetNetworkId#error": "UnauthorizedOperation"}));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn networks_of_the_pages_before_a_fault_are_kept_and_are_not_all() {
    // The page after it is the same one again, with the token that led to it.
    let page = "<requestId>r</requestId><clientVpnTargetNetworks><item><targetNetworkId>subnet-1</targetNetworkId></item>\
                </clientVpnTargetNetworks><nextToken>t</nextToken>";
    let taken = Ec2::with(2, answer(2, page)).snapshot().await;
    assert_eq!((outcomes(&taken.report), taken.endpoints_error()), (vec!["complete"; 2], "RepeatedToken"));
    let both_pages = r#"[{"targetNetworkId":"subnet-1"},{"targetNetworkId":"subnet-1"}]"#;
    for row in taken.endpoints() {
        assert_eq!((&row["associated_networks"], &row["network_associations"]), (&Value::Null, &Value::Null));
        let unparsed =
            json!({"targetNetworkId#error": "RepeatedToken", "clientVpnTargetNetworks": both_pages});
        assert_eq!(row["unparsed"], unparsed);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_and_routes_of_another_shape_are_not_known_and_the_rest_is_written() {
    for (operation, table, key) in [
        (3, ConfigurationTable::AuthorizationRules, "authorizationRule#error"),
        (4, ConfigurationTable::Routes, "routes#error"),
    ] {
        for (name, content) in other_shapes(LISTINGS[operation].1) {
            let taken = Ec2::with(operation, answer(operation, &content)).snapshot().await;
            assert_eq!(outcomes(&taken.report), ["complete"; 2], "{name}");
            let errors: Vec<(ConfigurationTable, &str)> = ConfigurationTable::ALL
                .into_iter()
                .map(|of| (of, taken.error_of(of)))
                .filter(|(_, code)| !code.is_empty())
                .collect();
            assert_eq!(errors, [(table, "MalformedResponse")], "{name}");
            let unparsed: Vec<Value> = taken.endpoints().iter().map(|row| row["unparsed"].clone()).collect();
            assert_eq!(
                unparsed,
                [json!({key: "MalformedResponse"}), json!({key: "MalformedResponse"})],
                "{name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_that_are_refused_for_one_endpoint_leave_those_of_the_other() {
    let ec2 = Ec2 { of_b: Some((LISTINGS[3].0, 403, REFUSAL.into())), ..Ec2::new() };
    let taken = ec2.snapshot().await;
    let place = &taken.report.record.places[0];
    let (rules, routes) = (place.authorization_rules.as_ref().unwrap(), place.routes.as_ref().unwrap());
    assert_eq!((rules.outcome.as_str(), routes.outcome.as_str()), ("partial", "complete"));
    let error = rules.error.as_ref().unwrap();
    let begin = "the authorization rules of 1 of 2 endpoints are not all known: ";
    assert!(error.message.starts_with(begin) && !error.message.contains("maria"), "{}", error.message);
    let ids = |table, entry| -> Vec<Value> {
        taken.rows(table, entry).iter().map(|row| row["endpoint_id"].clone()).collect()
    };
    assert_eq!(ids("authorization_rules", Some(rules)), [json!(ENDPOINT_A)]);
    assert_eq!(ids("routes", Some(routes)), [json!(ENDPOINT_A), json!(ENDPOINT_B)]);
    let unparsed: Vec<Value> = taken.endpoints().iter().map(|row| row["unparsed"].clone()).collect();
    assert_eq!(unparsed, [Value::Null, json!({"authorizationRule#error": "UnauthorizedOperation"})]);
    assert!(taken.report.failure().is_none(), "the invocation succeeds: the connections are complete");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_policy_keeps_its_control_characters() {
    let policy = "<policyDocument>permit&#13;&#10;when&#9;</policyDocument><status>active</status>";
    let ec2 = Ec2 { of_b: Some((POLICY, 200, policy_of(ENDPOINT_B, policy))), ..Ec2::new() };
    let taken = ec2.snapshot().await;
    assert_eq!((outcomes(&taken.report), taken.endpoints_error()), (vec!["complete"; 2], ""));
    assert_eq!(taken.endpoints()[1]["authorization_policy"], json!("permit\r\nwhen\t"));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_policy_or_revocation_list_of_another_shape_is_not_known_and_never_none() {
    let malformed = "MalformedResponse";
    let error = |code: &'static str| Value::from(code);
    let cases = [
        ("nothing but the id", POLICY, 200, policy_of(ENDPOINT_B, ""), None),
        ("no id", POLICY, 200, document(POLICY, "<policyDocument>p</policyDocument>"), Some(malformed)),
        (
            "another id",
            POLICY,
            200,
            policy_of(ENDPOINT_A, "<policyDocument>p</policyDocument>"),
            Some(malformed),
        ),
        (
            "one level deeper",
            POLICY,
            200,
            policy_of(ENDPOINT_B, "<policy><document>p</document></policy>"),
            Some(malformed),
        ),
        (
            "an active policy without its document",
            POLICY,
            200,
            policy_of(ENDPOINT_B, "<status>active</status>"),
            Some(malformed),
        ),
        ("a deleted policy", POLICY, 200, policy_of(ENDPOINT_B, "<status>deleted</status>"), None),
        ("a token", POLICY, 200, policy_of(ENDPOINT_B, "<nextToken>t</nextToken>"), Some(malformed)),
        ("another root", POLICY, 200, document("Other", ""), Some(malformed)),
        ("no document", POLICY, 200, Vec::new(), Some(malformed)),
        ("refused", POLICY, 403, REFUSAL.into(), Some("UnauthorizedOperation")),
        ("no list", REVOCATION_LIST, 200, document(REVOCATION_LIST, "<requestId>r</requestId>"), None),
        ("another list", REVOCATION_LIST, 200, document(REVOCATION_LIST, "<crl>c</crl>"), Some(malformed)),
        ("another root", REVOCATION_LIST, 200, document("Other", ""), Some(malformed)),
        ("cut off", REVOCATION_LIST, 200, b"<ExportClientVpn".to_vec(), Some(malformed)),
        ("refused", REVOCATION_LIST, 403, REFUSAL.into(), Some("UnauthorizedOperation")),
    ];
    for (name, action, status, body, expected) in cases {
        let key =
            if action == POLICY { "authorizationPolicy#error" } else { "certificateRevocationList#error" };
        let taken = Ec2 { of_b: Some((action, status, body)), ..Ec2::new() }.snapshot().await;
        assert_eq!(outcomes(&taken.report), ["complete"; 2], "{name}");
        assert_eq!(taken.endpoints_error(), expected.unwrap_or_default(), "{action} {name}");
        let row = taken.endpoints()[1].clone();
        assert_eq!(row["unparsed"].get(key), expected.map(error).as_ref(), "{action} {name}");
        for column in ["authorization_policy", "revocation_list", "revocation_list_sha256"] {
            assert_eq!(row[column], Value::Null, "{action} {name} {column}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listing_names_its_page_size_and_the_configuration_comes_after_the_connections() {
    let taken = Ec2::new().snapshot().await;
    let positions = |action: &str| -> Vec<usize> {
        let begin = format!("Action={action}&");
        (0..taken.requests.len()).filter(|index| taken.requests[*index].starts_with(&begin)).collect()
    };
    for (action, _) in LISTINGS {
        assert!(!positions(action).is_empty(), "{action}");
        for position in positions(action) {
            assert!(taken.requests[position].contains("&MaxResults="), "{}", taken.requests[position]);
        }
    }
    let connections = positions(LISTINGS[0].0).into_iter().max();
    for action in [LISTINGS[2].0, LISTINGS[3].0, LISTINGS[4].0, POLICY, REVOCATION_LIST] {
        assert!(positions(action).into_iter().min() > connections, "{action}: {:?}", taken.requests);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_list_that_is_another_thing_keeps_what_was_sent() {
    let body = document(REVOCATION_LIST, "<status><code>active</code></status><crl>c</crl>");
    let taken = Ec2 { of_b: Some((REVOCATION_LIST, 200, body)), ..Ec2::new() }.snapshot().await;
    let row = taken.endpoints()[1].clone();
    assert_eq!(row["revocation_list_status_code"], "active");
    assert_eq!(row["unparsed"]["certificateRevocationList.crl"], "c");
    assert_eq!(row["unparsed"]["certificateRevocationList#error"], "MalformedResponse");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_policy_without_its_document_keeps_what_was_sent_of_it() {
    let content = "<shadowMode>enabled</shadowMode><status>active</status><newField>x</newField>";
    let taken =
        Ec2 { of_b: Some((POLICY, 200, policy_of(ENDPOINT_B, content))), ..Ec2::new() }.snapshot().await;
    let entry = taken.report.record.places[0].endpoints.as_ref().unwrap();
    let error = entry.error.as_ref().unwrap();
    assert!(
        error.message.starts_with("the authorization policies of 1 of 2 endpoints are not all known: "),
        "{}",
        error.message
    );
    let row = taken.endpoints()[1].clone();
    assert_eq!(
        [&row["authorization_policy_status"], &row["authorization_policy_shadow_mode"]],
        [&json!("active"), &json!("enabled")]
    );
    assert_eq!(
        row["unparsed"],
        json!({"authorizationPolicy#error": "MalformedResponse", "authorizationPolicy.newField": "x"})
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_partition_without_authorization_policies_is_no_fault() {
    let absent = "<Response><Errors><Error><Code>InvalidAction</Code><Message>m</Message></Error></Errors>\
         <RequestID>r</RequestID></Response>";
    let taken = Ec2 { of_b: Some((POLICY, 400, absent.into())), ..Ec2::new() }.snapshot().await;
    assert_eq!((outcomes(&taken.report), taken.endpoints_error()), (vec!["complete"; 2], ""));
    assert_eq!(taken.endpoints()[1]["unparsed"], json!({"authorizationPolicy#error": "InvalidAction"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_listed_as_deleted_too_has_its_rules_and_routes() {
    let deleted = format!(
        "<item><clientVpnEndpointId>{ENDPOINT_A}</clientVpnEndpointId><status><code>deleted</code></status></item>"
    );
    let taken = Ec2::with(1, list_of(1, &[deleted, endpoint(ENDPOINT_A, "")].concat())).snapshot().await;
    for table in [ConfigurationTable::AuthorizationRules, ConfigurationTable::Routes] {
        let entry = taken.report.record.places[0].configuration(table).unwrap();
        assert_eq!((entry.outcome.as_str(), entry.object.as_ref().unwrap().rows), ("complete", 1));
    }
}
