//! Preflight tries each action about each endpoint, and names the one that is refused.

use super::*;

/// The permission that each action needs.
fn permission(action: FaultyAction) -> String {
    format!("ec2:{action:?}")
}

/// Returns the actions with a problem, and those with a note, each with its text. All of them are about the second endpoint, which
/// alone meets the fault.
async fn preflight_with(action: FaultyAction, kind: FaultKind) -> [Vec<(String, String)>; 2] {
    let world = World::new(fleet(2, 3)).await;
    let second = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject_into(action, Fault::always(kind).at(&second));
    let auditor = world.auditor(&[]);
    let payload = json!({"action": "preflight"});
    let answer = crate::harness::handle(&auditor, &payload, "a-request", None).await.unwrap();
    let Answer::Preflight { checks } = answer else { panic!("no checks but {answer:?}") };
    for (action, ..) in ACTIONS {
        let of_action = checks.iter().filter(|check| check.action == permission(action));
        assert_eq!(of_action.count(), 2, "one of each endpoint: {action:?}");
    }
    let mut found = [Vec::new(), Vec::new()];
    // Beside these, it notes that connection logs are not recorded.
    for check in checks.into_iter().filter(|check| check.action.starts_with("ec2:")) {
        for (texts, text) in found.iter_mut().zip([check.problem, check.note]) {
            let Some(text) = text else { continue };
            assert!(check.resource.ends_with(&second), "{} at {}", check.action, check.resource);
            texts.push((check.action.to_owned(), text));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_that_is_refused_is_a_problem_of_its_endpoint_alone() {
    for (action, ..) in ACTIONS {
        for (kind, code) in [
            (FaultKind::Unauthorized, "UnauthorizedOperation"),
            (FaultKind::MalformedXml, "MalformedResponse"),
            (FaultKind::NotFound, "InvalidClientVpnEndpointId.NotFound"),
        ] {
            let [problems, notes] = preflight_with(action, kind.clone()).await;
            let found: Vec<&str> = problems.iter().map(|(action, ..)| action.as_str()).collect();
            assert_eq!(found, [permission(action)], "{kind:?}: {problems:?}");
            assert!(problems[0].1.contains(code), "{kind:?}: {problems:?}");
            assert_eq!(notes, [], "{action:?} {kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_is_unknown_there_is_a_problem_unless_it_is_that_of_policies() {
    for (action, ..) in ACTIONS {
        let [problems, notes] = preflight_with(action, FaultKind::UnknownAction).await;
        let is_policy = action == FaultyAction::GetClientVpnEndpointAuthorizationPolicy;
        let (shown, others) = if is_policy { (notes, problems) } else { (problems, notes) };
        assert_eq!(others, [], "{action:?}");
        let found: Vec<&str> = shown.iter().map(|(action, ..)| action.as_str()).collect();
        assert_eq!(found, [permission(action)], "{shown:?}");
        let text = if is_policy { "this partition has no authorization policies" } else { "InvalidAction" };
        assert!(shown[0].1.contains(text), "{shown:?}");
    }
}
