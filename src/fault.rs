//! What is wrong with what we were told: settings, events and flags, every fault in one answer.

use std::fmt;

/// Longest text that a fault quotes, in characters. What was found may be hostile, and may be huge.
const QUOTED: usize = 80;

/// One thing that is wrong with a setting, a field of an event or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting, field or flag, as its user writes it: `AUDIT_PAGE_SIZE`, `page_size` or `--page-size`.
    pub name: String,
    /// What was found, quoted and shortened; none when nothing was found or when it may be the name of a person.
    pub found: Option<String>,
    /// What is allowed, or what to do.
    pub allowed: String,
}

impl Fault {
    /// A value that is not allowed.
    pub fn new(name: impl Into<String>, found: &str, allowed: impl Into<String>) -> Fault {
        Fault { name: name.into(), found: Some(quote(found)), allowed: allowed.into() }
    }

    /// A value that is missing, or one that must not be repeated in an error because it may name a person.
    pub fn without_value(name: impl Into<String>, allowed: impl Into<String>) -> Fault {
        Fault { name: name.into(), found: None, allowed: allowed.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{}: found {found}, allowed: {}", self.name, self.allowed),
            None => write!(f, "{}: {}", self.name, self.allowed),
        }
    }
}

/// All that is wrong with one input. Never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one more.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Adds all of another input's.
    pub fn extend(&mut self, faults: Faults) {
        self.0.extend(faults.0);
    }

    /// The faults, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Keeps the value of `result`, or the fault.
    pub fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// Refuses when there is a fault, else passes `value` on.
    pub fn or<T>(self, value: T) -> Result<T, Faults> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The same faults under the names that the caller's users know, such as flags for fields.
    pub fn renamed(mut self, rename: impl Fn(&str) -> String) -> Faults {
        for fault in &mut self.0 {
            fault.name = rename(&fault.name);
        }
        self
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Faults {
        Faults(vec![fault])
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// The text between backticks, without control characters, at most [`QUOTED`] characters.
fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED).is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_stand_in_one_line() {
        let mut faults = Faults::default();
        faults.push(Fault::new("page_size", "4", "5 to 1000"));
        faults.push(Fault::without_value("targets", "none given; name at least one"));
        assert_eq!(
            faults.to_string(),
            "page_size: found `4`, allowed: 5 to 1000; targets: none given; name at least one"
        );
    }

    #[test]
    fn what_was_found_is_shortened_and_has_no_control_characters() {
        let fault = Fault::new("action", &format!("a\nb\u{1b}{}", "x".repeat(500)), "snapshot");
        let text = fault.to_string();
        assert!(text.contains(r"a\nb\u{1b}xxx"), "{text}");
        assert!(text.chars().count() < 200, "{text}");
    }
}
