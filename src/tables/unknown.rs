//! Fields of a row that no column has, and elements of an answer that this program does not know.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::answer_limits::UNKNOWN_FIELDS;

/// Maximum number of recorded names of unknown elements.
const MAX_RECORDED_NAMES: usize = 20;

/// Adds names of unknown elements to those that are recorded, up to a maximum number.
pub(crate) fn record_names(names: &mut BTreeSet<String>, more: impl IntoIterator<Item = String>) {
    for name in more {
        if names.len() == MAX_RECORDED_NAMES {
            return;
        }
        names.insert(name);
    }
}

/// Fields of a row that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown<'a> {
    /// The element's name, with that of the element around it if it is not the row's own, and its text, or the XML in it.
    pub kept: Vec<(String, Cow<'a, str>)>,
    /// Further fields, which are not kept.
    pub more: u64,
}

impl<'a> Unknown<'a> {
    /// Keeps a field under the name `within` and `name`, or counts it if there are too many.
    pub fn push(&mut self, within: &str, name: &str, text: Cow<'a, str>) {
        if self.kept.len() < UNKNOWN_FIELDS {
            self.kept.push((format!("{within}{name}"), text));
        } else {
            self.more += 1;
        }
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.more == 0
    }

    /// Returns the fields with `within` before their names.
    #[must_use]
    pub fn within(self, within: &str) -> Unknown<'a> {
        let kept = self.kept.into_iter().map(|(name, text)| (format!("{within}{name}"), text));
        Unknown { kept: kept.collect(), more: self.more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recorded_up_to_a_number() {
        let mut names = BTreeSet::new();
        for page in 0..3 {
            record_names(&mut names, (0..9).map(|name| format!("{page}{name}")));
        }
        assert_eq!(names.len(), MAX_RECORDED_NAMES);
        assert!(names.contains("00") && names.contains("21") && !names.contains("22"), "{names:?}");
    }
}
