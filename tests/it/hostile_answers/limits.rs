//! Answers that meet a limit.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn empty_pages_without_end_meet_a_limit() {
    for (operation, (action, list)) in LISTINGS.iter().enumerate() {
        let mut number = 0;
        let bodies = [Ec2::new().connections, list_of(1, &endpoint(ENDPOINT_A, "")), Ec2::new().networks];
        let stub = Stub::answering(move |_, request| {
            number += 1;
            let is = |action: &str| request.contains(&format!("Action={action}&"));
            let endless = format!("<{list}/><nextToken>t{number}</nextToken>");
            match LISTINGS.iter().position(|(action, _)| is(action)).unwrap() {
                asked if asked == operation => (200, answer(operation, &endless)),
                asked => (200, bodies[asked].clone()),
            }
        })
        .await;
        let taken = Taken::from(stub).await;
        let codes = (error_codes(&taken.report), taken.discovery_error(), taken.endpoints_error());
        let limit = "LimitExceeded";
        match operation {
            0 => assert_eq!(codes, (vec![limit], "", ""), "{action}"),
            1 => assert_eq!(codes, (Vec::new(), limit, limit), "{action}"),
            _ => assert_eq!(codes, (vec![""], "", limit), "{action}"),
        }
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
    assert_eq!(taken.requests, 1 + 2 + 2);
}
