//! Answers that meet a limit.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn empty_pages_without_end_meet_a_limit() {
    for (operation, (action, list)) in LISTINGS.iter().enumerate() {
        let mut number = 0;
        let mut bodies = Ec2::new().listings;
        bodies[1] = list_of(1, &endpoint(ENDPOINT_A, ""));
        let stub = Stub::answering(move |_, request| {
            number += 1;
            let is = |action: &str| request.contains(&format!("Action={action}&"));
            let endless = format!("<{list}/><nextToken>t{number}</nextToken>");
            match LISTINGS.iter().position(|(action, _)| is(action)) {
                Some(asked) if asked == operation => (200, answer(operation, &endless)),
                Some(asked) => (200, bodies[asked].clone()),
                None if is(POLICY) => (200, policy_of(ENDPOINT_A, "")),
                None => (200, document(REVOCATION_LIST, "")),
            }
        })
        .await;
        let taken = Taken::from(stub).await;
        let of_tables = ConfigurationTable::ALL.map(|table| taken.error_of(table));
        let codes = (error_codes(&taken.report), taken.discovery_error(), of_tables);
        let limit = "LimitExceeded";
        let expected = match operation {
            0 => (vec![limit], "", ["", "", ""]),
            1 => (Vec::new(), limit, [limit, limit, limit]),
            2 => (vec![""], "", [limit, "", ""]),
            3 => (vec![""], "", ["", limit, ""]),
            _ => (vec![""], "", ["", "", limit]),
        };
        assert_eq!(codes, expected, "{action}");
        if operation == 0 {
            let entry = &taken.report.record.targets[0];
            assert_eq!((entry.outcome.as_str(), entry.tally.pages, entry.rows()), ("failed", 1_001, 0));
            let message = &entry.error.as_ref().unwrap().message;
            assert!(message.contains("at most 1000 empty pages in a row"), "{message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_too_long_meets_a_limit_and_is_not_asked_for_again() {
    let content = format!("<connections/><nextToken>{}</nextToken>", "t".repeat(16 * 1024 + 1));
    let taken = Ec2::with(0, answer(0, &content)).snapshot().await;
    assert_eq!(
        (outcomes(&taken.report), error_codes(&taken.report)),
        (vec!["failed"; 2], vec!["LimitExceeded"; 2])
    );
    let message = &taken.report.record.targets[0].error.as_ref().unwrap().message;
    assert!(message.contains("a token of at most 16 KiB"), "{message}");
    assert_eq!(
        taken.requests.len(),
        1 + 2 + 2 * 5,
        "one listing of endpoints, and for each one answer of each kind"
    );
}
