//! The window that is asked about.

use super::*;
use crate::target::AccountRegion;

#[test]
fn a_window_covers_every_endpoint_that_was_ever_known() {
    let outage = || vec![good(0, &["e", "f"]), run(4 * D).complete("f", [4 * D; 3])];
    check(vec![
        Case {
            name: "the newest record does not mention it",
            runs: outage(),
            window: (Some(6 * D), 7 * D),
            expected: vec![
                ("e", some(&[(6 * D, 7 * D, true)])),
                ("f", some(&[(6 * D, 7 * D, true)])),
                ("*", some(&[(6 * D, 7 * D, true)])),
            ],
        },
        Case {
            name: "a window of which nothing is on record",
            runs: vec![good(0, &["e"])],
            window: (Some(300 * D), 301 * D),
            expected: vec![("e", some(&[(300 * D, 301 * D, true)]))],
        },
        Case {
            name: "a capture before the window is not needed where one comes soon after its beginning",
            runs: vec![good(0, &["e"]), good(3 * D + 59 * M, &["e"])],
            window: (Some(3 * D), 3 * D + H),
            expected: vec![("e", some(&[]))],
        },
    ]);
    // Older records are needed until one lists all, unless an endpoint comes that may have been there before.
    let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
    for (name, runs, from, expected) in [
        ("no record", vec![], D, false),
        ("a listing at that time", vec![good(D, &["e"])], D, true),
        ("a listing after that time", vec![good(D + 1, &["e"])], D, false),
        ("captures without a listing", vec![run(0).complete("e", [0; 3])], D, false),
        ("a listing that failed", vec![run(0).lists_not(&["e"]).failed("e")], D, false),
        ("an endpoint that comes later", vec![good(0, &["e"]), good(2 * D, &["e", "f"])], D, false),
        ("an endpoint that was named before", vec![good(0, &[]).failed("f"), good(2 * D, &["f"])], D, true),
        (
            "an endpoint that was named before by hand",
            vec![good(0, &[]), run(0).by_hand().failed("f"), good(2 * D, &["f"])],
            D,
            true,
        ),
        ("a listing by hand at that time", vec![good(D, &["e"]).by_hand()], D, false),
    ] {
        let mut attempts = Attempts::default();
        for run in runs {
            let text = serde_json::to_string(&json!({
                "start": at(run.start), "snapshot_time": at(run.start), "targets": run.targets,
                "scheduled": run.scheduled.unwrap_or(true),
                "places": [{"account_id": "a", "region": "r", "discovery": run.discovery}],
            }));
            let text =
                text.unwrap().replace("\"a\"", "\"111122223333\"").replace("\"r\"", "\"eu-central-1\"");
            attempts.note("runs/x", RecordedRun::parse(text.as_bytes()).unwrap());
        }
        assert_eq!(attempts.is_enough(&place, at(from)), expected, "{name}");
    }
}

#[test]
fn time_in_two_holes_counts_once_and_outside_the_window_not_at_all() {
    let hole = |from: i64, to: i64| Hole {
        gap: Gap::new(at(from * M), at(to * M), false),
        attempts: 0,
        reason: String::new(),
        witness_maximum: None,
    };
    let share = |holes: &[Hole]| proven(holes, at(0), at(400 * M));
    assert_eq!(share(&[]), 1.0);
    assert_eq!(share(&[hole(100, 200)]), 0.75);
    assert_eq!(share(&[hole(100, 200), hole(150, 300)]), 0.5);
    assert_eq!(share(&[hole(-200, 100), hole(300, 900)]), 0.5);
    assert_eq!(share(&[hole(-1, 401)]), 0.0);
}
