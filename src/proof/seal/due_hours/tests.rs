use super::*;

const CLOSED: &str = "2025-11-23T09";

fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

fn bounds(asked: Option<&str>) -> Bounds {
    Bounds { asked: asked.map(hour), closed: hour(CLOSED), deadline: None }
}

/// Returns the first and the last hour that a plan seals, and their number; `None` if it seals none.
fn sealed(mut plan: SealPlan) -> Option<(String, String, usize)> {
    let mut hours = Vec::new();
    while let Some(hour) = plan.next(Timestamp::UNIX_EPOCH).unwrap() {
        hours.push(hour.to_string());
        plan.sealed(Vec::new());
    }
    assert!(plan.is_done() && plan.end().is_ok());
    Some((hours.first()?.clone(), hours.last()?.clone(), hours.len()))
}

#[test]
fn a_chain_begins_with_the_oldest_object_that_is_not_too_old() {
    let cases = [
        ("an empty lake", None, None, Ok((CLOSED, CLOSED, 1))),
        ("an object of the newest closed hour", None, Some(CLOSED), Ok((CLOSED, CLOSED, 1))),
        ("an object of three hours ago", None, Some("2025-11-23T06"), Ok(("2025-11-23T06", CLOSED, 4))),
        ("an object of an hour that is not closed", None, Some("2025-11-23T10"), Ok((CLOSED, CLOSED, 1))),
        ("an object of 48 hours ago", None, Some("2025-11-21T09"), Ok(("2025-11-21T09", CLOSED, 49))),
        ("an object of 49 hours ago", None, Some("2025-11-21T08"), Ok(("2025-11-21T09", CLOSED, 49))),
        (
            "an hour is requested, with an object of an earlier one",
            Some("2025-11-23T07"),
            Some("2025-11-23T06"),
            Ok(("2025-11-23T06", "2025-11-23T07", 2)),
        ),
        (
            "an hour is requested, with an object of a later one",
            Some("2025-11-23T07"),
            Some(CLOSED),
            Ok(("2025-11-23T07", "2025-11-23T07", 1)),
        ),
        (
            "an hour of 48 hours ago is requested, and there is no object",
            Some("2025-11-21T09"),
            None,
            Ok(("2025-11-21T09", "2025-11-21T09", 1)),
        ),
        (
            "an hour of 49 hours ago is requested, and there is no object",
            Some("2025-11-21T08"),
            None,
            Err("2025-11-21T08"),
        ),
        (
            "an hour long ago is requested, with an object of a later one",
            Some("2025-11-01T00"),
            Some("2025-11-01T01"),
            Err("2025-11-01T00"),
        ),
        (
            "an hour long ago is requested, with an older object",
            Some("2025-11-01T00"),
            Some("2025-10-01T00"),
            Ok(("2025-10-30T00", "2025-11-01T00", 49)),
        ),
    ];
    for (name, asked, oldest, expected) in cases {
        let found = SealPlan::first(bounds(asked), oldest.map(hour)).map(sealed);
        let expected = expected
            .map(|(first, last, hours)| Some((first.to_owned(), last.to_owned(), hours)))
            .map_err(|asked| PlanError::BeforeTheRecord { hour: hour(asked) });
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_chain_goes_on_after_its_newest_digest_up_to_the_newest_closed_or_the_requested_hour() {
    let cases = [
        ("an hour was closed since", "2025-11-23T08", None, Some((CLOSED, CLOSED, 1))),
        ("three hours were closed since", "2025-11-23T06", None, Some(("2025-11-23T07", CLOSED, 3))),
        ("no hour was closed since", CLOSED, None, None),
        ("an outage of a week", "2025-11-16T09", None, Some(("2025-11-16T10", CLOSED, 168))),
        (
            "an hour is requested",
            "2025-11-23T05",
            Some("2025-11-23T07"),
            Some(("2025-11-23T06", "2025-11-23T07", 2)),
        ),
        ("an hour that is sealed is requested", "2025-11-23T05", Some("2025-11-23T05"), None),
    ];
    for (name, newest, asked, expected) in cases {
        let plan = SealPlan::after(bounds(asked), hour(newest));
        assert_eq!(plan.is_done(), expected.is_none(), "{name}");
        let expected = expected.map(|(first, last, hours)| (first.to_owned(), last.to_owned(), hours));
        assert_eq!(sealed(plan), expected, "{name}");
    }
}

#[test]
fn another_seal_may_have_gone_further_meanwhile() {
    for (name, newest, expected) in [
        ("by nothing", "2025-11-23T06", Some(("2025-11-23T07".to_owned(), CLOSED.to_owned(), 3))),
        ("by an hour", "2025-11-23T07", Some(("2025-11-23T08".to_owned(), CLOSED.to_owned(), 2))),
        ("to the end", CLOSED, None),
    ] {
        let mut plan = SealPlan::after(bounds(None), hour("2025-11-23T06"));
        assert_eq!(plan.checked_from(), hour("2025-11-21T07"), "{name}");
        plan.follow(hour(newest));
        assert_eq!(sealed(plan), expected, "{name}");
    }
}

#[test]
fn no_digest_is_begun_at_the_deadline_or_later() {
    let deadline: Timestamp = "2025-11-23T10:40:00Z".parse().unwrap();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let (first, done) = (hour("2025-11-23T08"), hour(CLOSED));
    for (name, newest, now, expected) in [
        ("before it", "2025-11-23T07", at("2025-11-23T10:39:59.999Z"), Ok(Some(first))),
        ("at it", "2025-11-23T07", deadline, Err(PlanError::Deadline { hour: first })),
        ("after it", "2025-11-23T07", at("2025-11-23T11:00:00Z"), Err(PlanError::Deadline { hour: first })),
        ("after it, with nothing left", CLOSED, at("2025-11-23T11:00:00Z"), Ok(None)),
    ] {
        let plan =
            SealPlan::after(Bounds { asked: None, closed: done, deadline: Some(deadline) }, hour(newest));
        assert_eq!(plan.next(now), expected, "{name}");
    }
}

#[test]
fn each_problem_is_kept_once_and_the_last_is_named() {
    let unreadable =
        |problem: &str, others| Err(PlanError::Unreadable { problem: problem.to_owned(), others });
    let cases: [(&str, &[&[&str]], _); 5] = [
        ("none", &[&[], &[]], Ok(())),
        ("one", &[&["a"], &[]], unreadable("a", 0)),
        ("one that stays", &[&["a"], &["a"], &["a"]], unreadable("a", 0)),
        ("two, of which one stays", &[&["a", "b"], &["a"]], unreadable("a", 1)),
        ("one of each hour", &[&["a"], &["b"], &["c"]], unreadable("c", 2)),
    ];
    for (name, hours, expected) in cases {
        let mut plan = SealPlan::after(bounds(None), hour("2025-11-23T06"));
        for problems in hours {
            plan.sealed(problems.iter().map(|problem| (*problem).to_owned()).collect());
        }
        assert_eq!(plan.end(), expected, "{name}");
    }
}

#[test]
fn an_hour_is_retried_for_six_hours() {
    for (name, now, expected) in [
        ("when it closes", "2025-11-23T10:35:00Z", true),
        ("before six hours", "2025-11-23T15:59:59.999Z", true),
        ("after six hours", "2025-11-23T16:00:00Z", false),
        ("with a clock that is behind", "2025-11-22T00:00:00Z", true),
    ] {
        assert_eq!(is_retried(hour("2025-11-23T09"), now.parse().unwrap()), expected, "{name}");
    }
}
