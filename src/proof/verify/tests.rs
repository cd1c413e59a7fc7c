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
