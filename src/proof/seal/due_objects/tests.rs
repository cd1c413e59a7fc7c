use super::*;

const PLACE: &str = "account_id=123456789012/region=eu-central-1";

fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

/// Returns the key of the run `number` in an hour of the day.
fn key(hour: u8, number: usize) -> ObjectKey {
    let text = format!("runs/{PLACE}/snapshot_date=2025-11-23/20251123T{hour:02}0000Z_{number:05}.json");
    ObjectKey::parse(&text).unwrap()
}

/// Names a run by its hour and number.
fn name(key: &str) -> &str {
    key.split_once('T').unwrap().1.trim_end_matches(".json")
}

#[test]
fn what_is_due_is_the_hours_own_first_and_no_more_than_a_digest_lists() {
    let in_an_hour = |hour: u8, objects: usize| (0..objects).rev().map(move |number| (key(hour, number), ()));
    let edge = MAX_OBJECTS - 1;
    let cases = [
        ("nothing", vec![], vec![]),
        (
            "an earlier hour comes after the hour's own",
            in_an_hour(8, 1).chain(in_an_hour(9, 2)).collect(),
            vec!["090000Z_00000", "090000Z_00001", "080000Z_00000"],
        ),
        (
            "earlier hours come in the order of their keys",
            in_an_hour(8, 1).chain(in_an_hour(7, 1)).collect(),
            vec!["070000Z_00000", "080000Z_00000"],
        ),
        (
            "as many as a digest lists",
            in_an_hour(8, 1).chain(in_an_hour(9, edge)).collect(),
            vec!["090000Z_00000", "090000Z_00001", "080000Z_00000"],
        ),
        (
            "one more, which is left for the next digest",
            in_an_hour(8, 1).chain(in_an_hour(9, edge + 1)).collect(),
            vec!["090000Z_00000", "090000Z_00001", "090000Z_19999"],
        ),
    ];
    for (case, objects, expected) in cases {
        let count = objects.len().min(MAX_OBJECTS);
        let due = in_order(hour("2025-11-23T09"), objects);
        let names: Vec<&str> = due.iter().map(|(key, ())| name(key.as_str())).collect();
        // The first two, and the last.
        let ends: Vec<&str> = names.iter().take(2).chain(names.iter().skip(2).last()).copied().collect();
        assert_eq!((ends, names.len()), (expected, count), "{case}");
        assert_eq!(room_beside(&due), MAX_OBJECTS - count, "{case}");
    }
}

/// The result for an object that could be read.
const HASHED: Result<Hashed, &str> = Ok(Hashed { bytes: 5, sha256: [0xab; 32] });

#[test]
fn an_hour_waits_only_if_none_of_its_own_objects_can_be_read() {
    let waits = true;
    let cases = [
        ("nothing is due", waits, vec![], Ok(vec![])),
        ("all can be read", waits, vec![(9, HASHED), (8, HASHED)], Ok(vec![])),
        ("none of its own", waits, vec![(9, Err("a")), (9, Err("b"))], Err("b")),
        ("only an earlier one", waits, vec![(9, Err("a")), (8, HASHED)], Err("a")),
        ("one of its own", waits, vec![(9, Err("a")), (9, HASHED)], Ok(vec!["a"])),
        ("an earlier one cannot", waits, vec![(8, Err("a"))], Ok(vec!["a"])),
        ("none of its own, too long ago", !waits, vec![(9, Err("a")), (9, Err("b"))], Ok(vec!["a", "b"])),
    ];
    for (name, waits, results, expected) in cases {
        let mut due = DueObjects::new(hour("2025-11-23T09"));
        for (number, (hour, result)) in results.into_iter().enumerate() {
            due.add(&key(hour, number), result);
        }
        let found = due.settle(waits).map(|()| due.finish().1);
        let expected = expected.map(|problems: Vec<&str>| problems.iter().map(|&it| it.to_owned()).collect());
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_digest_lists_by_key_what_was_read_and_leaves_unread_records() {
    let mut due = DueObjects::new(hour("2025-11-23T09"));
    for (hour, number) in [(9, 2), (9, 1), (8, 3)] {
        due.add(&key(hour, number), HASHED);
    }
    let so_far: Vec<&str> = due.objects().iter().map(|object| name(&object.object_key)).collect();
    assert_eq!(so_far, ["090000Z_00002", "090000Z_00001", "080000Z_00003"]);
    due.leave(&BTreeSet::from([key(9, 1).to_string()]), vec!["left".to_owned()]);
    due.add(&key(7, 0), HASHED);
    due.settle(true).unwrap();
    let (objects, problems) = due.finish();
    let found: Vec<(&str, bool)> =
        objects.iter().map(|object| (name(&object.object_key), object.late)).collect();
    assert_eq!(found, [("070000Z_00000", true), ("080000Z_00003", true), ("090000Z_00002", false)]);
    assert_eq!((objects[0].bytes, objects[0].sha256.as_str()), (5, "ab".repeat(32).as_str()));
    assert_eq!(problems, ["left"]);
}
