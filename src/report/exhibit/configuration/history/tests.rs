use super::*;

const FROM: i64 = 1_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// A part with these values, as EC2 answered ten seconds after the snapshot.
fn part(seconds: i64, values: &[(&str, Option<&str>)]) -> GivenPart {
    let mut given = GivenValues::new();
    for (name, value) in values {
        given.entry((*name).to_owned()).or_default().insert(value.map(str::to_owned));
    }
    GivenPart { captured_at: at(seconds + 10), values: given }
}

/// A snapshot of these endpoints, each with the parts that are known.
fn snapshot(seconds: i64, endpoints: &[(&str, &[(ConfigurationPart, GivenPart)])]) -> GivenConfiguration {
    let parts = |parts: &[(ConfigurationPart, GivenPart)]| parts.iter().cloned().collect();
    GivenConfiguration {
        snapshot_time: at(seconds),
        listed_at: Some(at(seconds + 10)),
        endpoints: endpoints.iter().map(|(id, of)| ((*id).to_owned(), parts(of))).collect(),
        has_nameless: false,
    }
}

/// A snapshot of one endpoint with these rules; `None` if they are not known.
fn with_rules(seconds: i64, rules: Option<&[(&str, Option<&str>)]>) -> GivenConfiguration {
    let rules: Vec<_> = rules.iter().map(|rules| (ConfigurationPart::Rules, part(seconds, rules))).collect();
    snapshot(seconds, &[("e", &rules)])
}

/// The changes in words: endpoint, change, name, from, to, and the times of the two snapshots.
fn words(changes: &[ConfigurationChange]) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let word = |of: &ConfigurationChange| {
        let times = [of.from, of.to].map(|times| times.snapshot_time.as_second());
        let (from, to) = (text(&of.from_value), text(&of.to_value));
        format!("{} {} {} {from} {to} {times:?}", of.endpoint_id, of.change, of.name)
    };
    changes.iter().map(word).collect()
}

/// The changes of these snapshots, and the history.
fn history(snapshots: impl IntoIterator<Item = GivenConfiguration>) -> (ConfigurationHistory, Vec<String>) {
    let mut history = ConfigurationHistory::new(at(FROM));
    let changes: Vec<_> = snapshots.into_iter().flat_map(|given| history.add(given)).collect();
    (history, words(&changes))
}

/// The rules of a state.
fn rules_of(state: Option<ConfigurationState>) -> Vec<(String, String)> {
    let rules = |of: StateValue| of.value.filter(|_| of.part == ConfigurationPart::Rules);
    state.unwrap().values.into_iter().filter_map(rules).collect()
}

#[test]
fn a_rule_is_added_changed_and_removed_between_two_snapshots() {
    let (history, changes) = history([
        with_rules(900, Some(&[("a", Some("1"))])),
        with_rules(1_100, Some(&[("b", Some("1")), ("a", Some("1"))])),
        with_rules(1_200, Some(&[("a", Some("2")), ("b", Some("1"))])),
        with_rules(1_300, Some(&[("b", Some("1"))])),
    ]);
    assert_eq!(
        changes,
        ["e added b - 1 [900, 1100]", "e changed a 1 2 [1100, 1200]", "e removed a 2 - [1200, 1300]"]
    );
    assert_eq!(rules_of(history.beginning()), [("a".to_owned(), "1".to_owned())]);
    assert_eq!(rules_of(history.state()), [("b".to_owned(), "1".to_owned())]);
    assert_eq!((history.counts.snapshots, history.counts.longest), (3, Some((at(900), at(1_100)))));
}

#[test]
fn a_part_that_failed_is_no_change() {
    let (history, changes) = history([
        with_rules(1_000, Some(&[("a", Some("1"))])),
        with_rules(1_100, None),
        with_rules(1_200, Some(&[("a", Some("1"))])),
        with_rules(1_300, None),
        with_rules(1_400, Some(&[])),
        with_rules(1_500, None),
    ]);
    assert_eq!(changes, ["e removed a 1 - [1200, 1400]"]);
    assert_eq!(history.counts.not_known[&ConfigurationPart::Rules], 3);
    let state = history.state().unwrap();
    let rules = state.values.iter().find(|of| of.part == ConfigurationPart::Rules).unwrap();
    assert_eq!((rules.times.unwrap().snapshot_time, &rules.value), (at(1_400), &None), "known, and none");
    let routes = state.values.iter().find(|of| of.part == ConfigurationPart::Routes).unwrap();
    assert_eq!((routes.times, &routes.value), (None, &None), "not known");
}

#[test]
fn an_endpoint_appears_and_is_gone_if_a_complete_list_lacks_it() {
    let rules = [(ConfigurationPart::Rules, part(1_100, &[("a", Some("1"))]))];
    let nameless = GivenConfiguration { has_nameless: true, ..snapshot(1_200, &[("e", &[])]) };
    let (history, changes) = history([
        snapshot(900, &[("e", &[])]),
        snapshot(1_100, &[("e", &[]), ("new", &rules)]),
        // The endpoint without an id may be the new one.
        nameless,
        snapshot(1_300, &[("e", &[])]),
        snapshot(1_400, &[]),
    ]);
    assert_eq!(
        changes,
        [
            "new added new - there [900, 1100]",
            "new removed new there - [1100, 1300]",
            "e removed e there - [1300, 1400]"
        ]
    );
    assert_eq!(history.state().unwrap().values, []);
    assert!(history.beginning().unwrap().values.iter().all(|of| of.endpoint_id == "e"));
}

#[test]
fn the_first_snapshot_is_no_change_and_is_the_beginning_if_there_is_none_before() {
    let (of, changes) = history([with_rules(1_100, Some(&[("a", Some("1"))])), with_rules(1_200, Some(&[]))]);
    assert_eq!(changes, ["e removed a 1 - [1100, 1200]"]);
    let beginning = of.beginning();
    assert_eq!(beginning.as_ref().unwrap().snapshot_time, at(1_100));
    assert_eq!(rules_of(beginning).len(), 1);
    // One at the beginning itself shows what was there then.
    let (of, changes) = history([with_rules(900, Some(&[])), with_rules(FROM, Some(&[("a", Some("1"))]))]);
    assert_eq!((changes.len(), rules_of(of.beginning()).len(), of.counts.snapshots), (0, 1, 0));
    assert_eq!(history([]).0.beginning(), None);
}

#[test]
fn a_snapshot_that_arrived_before_one_that_was_compared_is_not_compared() {
    // Tried again: EC2 answered for it after the next.
    let mut late = with_rules(1_100, Some(&[("a", Some("1"))]));
    late.listed_at = Some(at(1_250));
    for given in late.endpoints.values_mut().flat_map(BTreeMap::values_mut) {
        given.captured_at = at(1_250);
    }
    let again = || with_rules(1_400, Some(&[("a", Some("1"))]));
    let snapshots = [with_rules(900, Some(&[])), late, with_rules(1_200, Some(&[])), again(), again()];
    let (history, changes) = history(snapshots);
    assert_eq!(changes, ["e added a - 1 [900, 1100]"]);
    assert_eq!(history.counts.out_of_order, 2);
}

#[test]
fn an_option_changes_and_one_without_a_column_does_not() {
    let of = |seconds, values: &[(&str, Option<&str>)]| {
        snapshot(seconds, &[("e", &[(ConfigurationPart::Options, part(seconds, values))])])
    };
    let (_, changes) = history([
        of(900, &[("split_tunnel", Some("true")), ("vpn_port", None)]),
        of(1_100, &[("split_tunnel", Some("false")), ("vpn_port", None)]),
        of(1_200, &[("vpn_port", Some("443"))]),
        of(1_300, &[("split_tunnel", Some("false")), ("vpn_port", None), ("new", Some("x"))]),
        of(1_400, &[("split_tunnel", Some("true")), ("vpn_port", None), ("new", Some("y"))]),
    ]);
    assert_eq!(
        changes,
        [
            "e changed split_tunnel true false [900, 1100]",
            "e changed vpn_port - 443 [1100, 1200]",
            "e changed vpn_port 443 - [1200, 1300]",
            "e changed new x y [1300, 1400]",
            "e changed split_tunnel false true [1300, 1400]",
        ]
    );
}

#[test]
fn names_and_values_are_compared_byte_for_byte_whatever_they_are() {
    let hostile = "\u{202e}<b>' | no value\n";
    let values: &[(&str, Option<&str>)] = &[(hostile, Some(hostile)), (hostile, Some("x")), (hostile, None)];
    let (history, changes) = history([with_rules(900, Some(&[])), with_rules(1_100, Some(values))]);
    assert_eq!(changes.len(), 1);
    let rules = rules_of(history.state());
    assert_eq!(rules, [(hostile.to_owned(), format!("x | {hostile} | no value"))]);
}

#[test]
fn endpoints_beyond_the_limit_are_counted_and_claim_nothing() {
    let ids: Vec<String> = (0..=MOST_ENDPOINTS).map(|number| number.to_string()).collect();
    let endpoints: Vec<(&str, &[(ConfigurationPart, GivenPart)])> =
        ids.iter().map(|id| (id.as_str(), &[][..])).collect();
    let (history, changes) = history([snapshot(900, &endpoints), snapshot(1_100, &endpoints)]);
    assert_eq!((changes.len(), history.counts.beyond_limit), (0, 2));
}
