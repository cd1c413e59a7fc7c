//! Faults of settings, events and flags, all of one input in one answer.
//!
//! A wrong value may hold the name of a person, so a fault states only its type and length. The command line, whose user
//! wrote the value, asks for the values to be quoted; a log, an answer or the ledger never does.

use std::fmt;

/// Longest text that a fault quotes, in characters. The text may be hostile, and may be huge.
const MAX_QUOTED_CHARS: usize = 80;

/// Most faults that one message lists. An event may have any number of fields, and an answer is bounded.
const MAX_LISTED_FAULTS: usize = 50;

/// A fault of a setting, a field of an event or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    /// The setting, field or flag, as its user writes it: `AUDIT_PAGE_SIZE`, `page_size` or `--page-size`.
    pub name: String,
    /// The value that is not allowed; `None` if there is none.
    found: Option<FoundValue>,
    /// The allowed values, or the next step.
    pub allowed: String,
    quotes: Quotes,
}

/// A value that is not allowed.
#[derive(Clone, PartialEq, Eq)]
struct FoundValue {
    /// Type and length.
    shape: String,
    /// The value, quoted and shortened; `None` if it may be a secret or the name of a person.
    quoted: Option<String>,
    /// Its place in a list, from 1.
    item: Option<usize>,
}

/// Permission to quote values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Quotes {
    /// For logs, answers and the ledger.
    #[default]
    Never,
    /// For the terminal of whoever wrote the values.
    OnTheCommandLine,
}

impl InvalidInput {
    /// Makes the fault of a text that is not allowed.
    pub fn new(name: impl Into<String>, found: &str, allowed: impl Into<String>) -> InvalidInput {
        InvalidInput::of_shape(name, text_of(found), found, allowed)
    }

    /// Makes the fault of a value that has no type of its own in the program, described by `shape`.
    pub fn of_shape(
        name: impl Into<String>,
        shape: impl Into<String>,
        found: &str,
        allowed: impl Into<String>,
    ) -> InvalidInput {
        let found = FoundValue { shape: shape.into(), quoted: Some(quote(found)), item: None };
        InvalidInput { found: Some(found), ..InvalidInput::without_value(name, allowed) }
    }

    /// Makes the fault of a value that is never quoted: it may name a person or be a secret.
    pub fn of_hidden(name: impl Into<String>, found: &str, allowed: impl Into<String>) -> InvalidInput {
        let found = FoundValue { shape: text_of(found), quoted: None, item: None };
        InvalidInput { found: Some(found), ..InvalidInput::without_value(name, allowed) }
    }

    /// Makes the fault of a name that is not known, such as a field's. A name of the same form as ours is no value, so logs
    /// contain it too.
    pub fn of_name(name: impl Into<String>, found: &str, allowed: impl Into<String>) -> InvalidInput {
        let shape = if is_name(found) { quote(found) } else { text_of(found) };
        InvalidInput::of_shape(name, shape, found, allowed)
    }

    /// Makes the fault of a value that is missing.
    pub fn without_value(name: impl Into<String>, allowed: impl Into<String>) -> InvalidInput {
        InvalidInput { name: name.into(), found: None, allowed: allowed.into(), quotes: Quotes::Never }
    }

    /// Marks the value as the one at `index` of a list.
    pub fn at(mut self, index: usize) -> InvalidInput {
        if let Some(found) = &mut self.found {
            found.item = Some(index + 1);
        }
        self
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        if let Some(FoundValue { shape, quoted, item }) = &self.found {
            match (self.quotes, quoted, item) {
                (Quotes::OnTheCommandLine, Some(quoted), _) => write!(f, "found {quoted}, allowed: ")?,
                (_, _, Some(item)) => write!(f, "item {item}: found {shape}, allowed: ")?,
                (_, _, None) => write!(f, "found {shape}, allowed: ")?,
            }
        }
        f.write_str(&self.allowed)
    }
}

/// Formats the shape without the value, because errors are logged in this form too.
impl fmt::Debug for FoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shape)
    }
}

/// All faults of one input. Never empty if it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvalidInputs(Vec<InvalidInput>);

impl InvalidInputs {
    /// Adds a fault.
    pub fn push(&mut self, fault: InvalidInput) {
        self.0.push(fault);
    }

    /// Adds all faults of another input.
    pub fn extend(&mut self, faults: InvalidInputs) {
        self.0.extend(faults.0);
    }

    /// Returns the faults, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &InvalidInput> {
        self.0.iter()
    }

    /// Returns the value of `result`, or keeps the fault.
    pub fn keep<T>(&mut self, result: Result<T, InvalidInput>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// Returns `value` if there is no fault, else the faults.
    pub fn or<T>(self, value: T) -> Result<T, InvalidInputs> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Returns the same faults with the values that were found, for the terminal of whoever wrote them.
    pub fn quoting_values(mut self) -> InvalidInputs {
        for fault in &mut self.0 {
            fault.quotes = Quotes::OnTheCommandLine;
        }
        self
    }

    /// Returns the same faults under the names that the caller's users know, such as flags for fields.
    pub fn renamed(mut self, rename: impl Fn(&str) -> String) -> InvalidInputs {
        for fault in &mut self.0 {
            fault.name = rename(&fault.name);
        }
        self
    }
}

impl From<InvalidInput> for InvalidInputs {
    fn from(fault: InvalidInput) -> InvalidInputs {
        InvalidInputs(vec![fault])
    }
}

impl std::error::Error for InvalidInputs {}

impl fmt::Display for InvalidInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().take(MAX_LISTED_FAULTS).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        match self.0.len().saturating_sub(MAX_LISTED_FAULTS) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Checks the form of a field's or a filter's name: words in lower case with hyphens or underscores between them.
fn is_name(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    text.len() <= 32 && text.split(['_', '-']).all(is_word)
}

/// Describes a text by its length.
fn text_of(text: &str) -> String {
    match text.chars().count() {
        1 => "a text of 1 character".to_owned(),
        count => format!("a text of {count} characters"),
    }
}

/// Returns the text between backticks, without control characters, at most [`MAX_QUOTED_CHARS`] characters.
fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(MAX_QUOTED_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> InvalidInputs {
        let mut faults = InvalidInputs::default();
        faults.push(InvalidInput::new("page_size", "4", "5 to 1000"));
        faults.push(InvalidInput::new("targets", "maria.lopez", "an endpoint's id").at(1));
        faults.push(InvalidInput::of_shape("max_items", "a number", "0", "1 or more"));
        faults.push(InvalidInput::of_hidden("starting_token", "maria.lopez", "a resume_token"));
        faults.push(InvalidInput::without_value("filters", "must be an object"));
        faults
    }

    #[test]
    fn all_faults_stand_in_one_line_without_a_value() {
        assert_eq!(
            faults().to_string(),
            "page_size: found a text of 1 character, allowed: 5 to 1000; \
             targets: item 2: found a text of 11 characters, allowed: an endpoint's id; \
             max_items: found a number, allowed: 1 or more; \
             starting_token: found a text of 11 characters, allowed: a resume_token; \
             filters: must be an object"
        );
        assert!(!format!("{:?}", faults()).contains("maria"), "nor printed for debugging");
    }

    #[test]
    fn on_the_command_line_values_are_quoted_but_those_that_name_people() {
        assert_eq!(
            faults().quoting_values().renamed(|name| format!("--{name}")).to_string(),
            "--page_size: found `4`, allowed: 5 to 1000; \
             --targets: found `maria.lopez`, allowed: an endpoint's id; \
             --max_items: found `0`, allowed: 1 or more; \
             --starting_token: found a text of 11 characters, allowed: a resume_token; \
             --filters: must be an object"
        );
    }

    #[test]
    fn a_message_is_bounded() {
        let mut faults = InvalidInputs::default();
        for _ in 0..100_000 {
            faults.push(InvalidInput::of_name("field", &"x".repeat(1_000), "time"));
        }
        let text = faults.to_string();
        assert!(text.ends_with("; and 99950 more") && text.len() < 5_000, "{} bytes", text.len());
    }

    #[test]
    fn a_name_of_our_form_is_no_value() {
        for (name, expected) in [
            ("page-size", "field: found `page-size`, allowed: time"),
            ("max_item", "field: found `max_item`, allowed: time"),
            ("maria.lopez@corp.example", "field: found a text of 24 characters, allowed: time"),
            ("Maria Lopez", "field: found a text of 11 characters, allowed: time"),
            ("", "field: found a text of 0 characters, allowed: time"),
        ] {
            assert_eq!(InvalidInput::of_name("field", name, "time").to_string(), expected);
        }
    }

    #[test]
    fn what_is_quoted_is_shortened_and_has_no_control_characters() {
        let fault = InvalidInput::new("action", &format!("a\nb\u{1b}{}", "x".repeat(500)), "snapshot");
        let text = InvalidInputs::from(fault).quoting_values().to_string();
        assert!(text.contains(r"a\nb\u{1b}xxx"), "{text}");
        assert!(text.chars().count() < 200, "{text}");
    }
}
