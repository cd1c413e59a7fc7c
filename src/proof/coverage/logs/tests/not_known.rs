//! The times in which nobody knew which log groups there were to read.

use super::*;

/// A case: its name, the runs, and since when the log groups are not known and why.
type Case = (&'static str, Vec<Run>, Option<(&'static str, &'static str)>);

#[test]
fn without_a_run_that_knows_the_log_groups_nothing_is_proven() {
    const NO_RUN: &str = "no run of connection logs is on record";
    let allowed = |start| snapshot(start, &[PATTERN]);
    let elsewhere = "arn:aws:logs:eu-west-1:*:log-group:/vpn";
    let cases: [Case; 10] = [
        ("nothing is allowed", vec![snapshot("23T09:00", &[])], None),
        ("nothing is allowed here", vec![snapshot("23T09:00", &[elsewhere])], None),
        ("nothing but a pattern that is none", vec![snapshot("23T09:00", &["/vpn"])], None),
        ("no run ever came", vec![allowed("23T09:00"), allowed("23T10:00")], Some(("23T09:00", NO_RUN))),
        ("it was allowed since less than an hour", vec![allowed("23T11:01")], None),
        ("it is not allowed any more", vec![allowed("23T09:00"), snapshot("23T11:00", &[])], None),
        ("a run came in time", vec![allowed("23T09:00"), logs("23T11:01", &[])], None),
        (
            "the last run is an hour old",
            vec![allowed("23T09:00"), logs("23T11:00", &[])],
            Some(("23T11:00", "no later run of connection logs is on record")),
        ),
        (
            "every run failed since",
            vec![logs("23T09:00", &[]), logs("23T11:45", &[]).failed("UnauthorizedOperation")],
            Some(("23T09:00", "the last run failed, UnauthorizedOperation")),
        ),
        ("a person's snapshot allows it", vec![allowed("23T09:00").by_hand()], None),
    ];
    let mut wrong = Vec::new();
    for (name, runs, expected) in cases {
        let found = ledger(&runs).not_known(&place(), until("23T12:00"));
        let found = found.map(|found| (found.from, found.to, found.reason));
        let expected = expected.map(|(from, reason)| (at(from), at("23T12:00"), reason.to_owned()));
        if found != expected {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn earlier_records_are_read_until_a_run_knows_the_log_groups() {
    let is_enough = |runs: &[Run]| ledger(runs).is_enough(&place(), at("23T12:00"));
    assert!(is_enough(&[snapshot("23T09:00", &[])]), "nothing was allowed");
    assert!(is_enough(&[logs("23T12:30", &[])]), "nothing was allowed before");
    assert!(is_enough(&[logs("23T12:00", &[])]));
    assert!(!is_enough(&[snapshot("23T09:00", &[PATTERN]), logs("23T12:30", &[])]));
    assert!(!is_enough(&[logs("23T11:00", &[]).failed("UnauthorizedOperation")]));
}
