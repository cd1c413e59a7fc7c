use super::*;
use crate::error_code::ErrorCode;

#[test]
fn a_clock_may_be_five_minutes_ahead_and_any_time_behind() {
    let stores: Timestamp = "2026-11-23T10:35:00Z".parse().unwrap();
    for (name, ours, expected) in [
        ("the same", "2026-11-23T10:35:00Z", Some(0)),
        ("five minutes ahead", "2026-11-23T10:40:00Z", Some(300)),
        ("a millisecond more", "2026-11-23T10:40:00.001Z", None),
        ("three days ahead", "2026-11-26T10:35:00Z", None),
        ("five minutes behind", "2026-11-23T10:30:00Z", Some(-300)),
        ("three days behind", "2026-11-20T10:35:00Z", Some(-3 * 86_400)),
    ] {
        let found = seconds_ahead(ours.parse().unwrap(), stores);
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "{name}");
        if let Err(error) = found {
            assert_eq!(error.code(), ErrorCode::ClockAhead, "{name}");
            assert!(error.to_string().contains(&stores.to_string()), "{error}");
        }
    }
}
