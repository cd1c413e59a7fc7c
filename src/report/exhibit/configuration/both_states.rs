//! The state at the beginning of the period beside that at its end, without I/O.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{ConfigurationPart, ConfigurationState, StateValue};

/// A value at the beginning and at the end. `None` for none at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report::exhibit) struct BothStates {
    pub endpoint_id: String,
    pub part: ConfigurationPart,
    /// `None` for a part that is not known, or has no value.
    pub name: Option<String>,
    pub beginning: StateText,
    pub end: StateText,
}

/// A value as the page states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::report::exhibit) enum StateText {
    Value(String),
    /// It is known that there is none.
    #[default]
    None,
    NotKnown,
}

/// Returns the values of both states side by side, without the endpoints themselves.
pub(super) fn both_states(beginning: &ConfigurationState, end: &ConfigurationState) -> Vec<BothStates> {
    let (beginning, end) = (by_key(beginning), by_key(end));
    let text = |state: &StateByKey<'_>, (endpoint_id, part, name): StateKey<'_>| {
        let of_part = |name| state.get(&(endpoint_id, part, name));
        match (of_part(name).or_else(|| of_part(None)), name) {
            (Some(StateValue { value: Some((_, value)), .. }), _) => StateText::Value(value.clone()),
            (Some(StateValue { times: None, .. }), _) => StateText::NotKnown,
            _ => StateText::None,
        }
    };
    let keys: BTreeSet<StateKey<'_>> = beginning.keys().chain(end.keys()).copied().collect();
    let is_shown = |key: &StateKey<'_>| {
        let is_clear_from_names = key.2.is_none() && (has_values(key, &beginning) || has_values(key, &end));
        key.1 != ConfigurationPart::Listing && !is_clear_from_names
    };
    let shown = keys.into_iter().filter(is_shown);
    shown
        .map(|key| BothStates {
            endpoint_id: key.0.to_owned(),
            part: key.1,
            name: key.2.map(str::to_owned),
            beginning: text(&beginning, key),
            end: text(&end, key),
        })
        .collect()
}

/// An endpoint, a part of it and a name.
type StateKey<'a> = (&'a str, ConfigurationPart, Option<&'a str>);

type StateByKey<'a> = BTreeMap<StateKey<'a>, &'a StateValue>;

fn by_key(state: &ConfigurationState) -> StateByKey<'_> {
    let mut by_key = StateByKey::new();
    for of in &state.values {
        let name = of.value.as_ref().map(|(name, _)| name.as_str());
        by_key.insert((&of.endpoint_id, of.part, name), of);
    }
    by_key
}

/// Returns `true` if the part of a key has values in a state.
fn has_values(key: &StateKey<'_>, state: &StateByKey<'_>) -> bool {
    state.range((key.0, key.1, Some(""))..).next().is_some_and(|(of, _)| (of.0, of.1) == (key.0, key.1))
}
