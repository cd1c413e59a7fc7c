use super::*;
use crate::lake::store::DirectoryStore;

#[test]
fn evidence_expires_at_the_midnight_after_its_days() {
    let lake = Location::Directory("/nowhere".into());
    let store = Store::from(DirectoryStore::new("/nowhere".into()));
    let hour = |text: &str| Hour::parse(text).unwrap();
    for (put, days, now, expected) in [
        ("2025-11-22T00", 10, "2025-12-02T23:59:59Z", false),
        ("2025-11-22T00", 10, "2025-12-03T00:00:00Z", true),
        ("2025-11-22T23", 10, "2025-12-02T23:59:59Z", false),
        ("2025-11-22T23", 10, "2025-12-03T00:00:00Z", true),
        ("2025-11-23T00", 10, "2025-12-03T23:59:59Z", false),
        ("2025-11-22T23", 1, "2025-11-23T23:59:59Z", false),
        ("2025-11-22T23", 1, "2025-11-24T00:00:00Z", true),
        ("2025-11-22T23", u32::MAX, "9999-12-30T00:00:00Z", false),
    ] {
        let verifier = Verifier {
            store: &store,
            lake: &lake,
            keys: &[],
            from: None,
            to: None,
            up_to: None,
            known: BTreeMap::new(),
            retention_days: Some(days),
            now: now.parse().unwrap(),
            max_concurrency: 1,
        };
        assert_eq!(verifier.has_expired(hour(put)), expected, "put at {put}, {days} days, {now}");
        let never = Verifier { retention_days: None, ..verifier };
        assert!(!never.has_expired(hour(put)));
    }
}

#[test]
fn later_hours_count_as_far_as_each_account_and_region_has_digests() {
    let lake = Location::Directory("/nowhere".into());
    let store = Store::from(DirectoryStore::new("/nowhere".into()));
    let hour = |text: &str| Hour::parse(text).unwrap();
    let now = "2025-11-24T00:00:00Z".parse().unwrap();
    let verifier = |to, up_to| Verifier {
        store: &store,
        lake: &lake,
        keys: &[],
        from: None,
        to,
        up_to,
        known: BTreeMap::new(),
        retention_days: None,
        now,
        max_concurrency: 1,
    };
    let (to, up_to) = (Some(hour("2025-11-22T08")), Some(hour("2025-11-23T08")));
    for (case, verifier, newest, last) in [
        ("all of them", verifier(to, up_to), "2025-11-23T20", "2025-11-23T08"),
        ("some of them", verifier(to, up_to), "2025-11-22T11", "2025-11-22T11"),
        ("none, as the digests end before", verifier(to, up_to), "2025-11-22T05", "2025-11-22T08"),
        ("none are wanted", verifier(to, None), "2025-11-23T20", "2025-11-22T08"),
        ("no end", verifier(None, None), "2025-11-22T11", "2025-11-23T22"),
    ] {
        let range = range::Range::of(&verifier, hour(newest));
        assert_eq!(range.last_hour(now), hour(last), "{case}");
        assert!(range.contains(hour(last)), "{case}");
        assert_eq!(range.contains(hour(last).next()), verifier.to.is_none(), "{case}");
    }
}
