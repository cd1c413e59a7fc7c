//! A list of current users, such as an identity provider exports: who may connect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::inputs::InputFile;
use crate::report::sessions::identity_key;

/// Most users of a list.
const MOST_USERS: usize = 1_000_000;

/// A list of current users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserList {
    /// The file.
    pub file: InputFile,
    /// Lines with a user.
    pub rows: u64,
    /// The names by the key that groups the spellings of one person.
    by_key: BTreeMap<String, String>,
}

impl UserList {
    /// Reads a CSV file with the column `user`.
    ///
    /// # Errors
    /// Returns the problem, in words, if the file cannot be read, has no such column or too many users.
    pub fn read(flag: &'static str, path: &Path) -> Result<UserList, String> {
        let (file, bytes) = InputFile::read(flag, path).map_err(|error| error.to_string())?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
        let headers = reader.headers().map_err(|error| error.to_string())?;
        let is_user = |name: &str| name.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case("user");
        let column = headers.iter().position(is_user);
        let column = column.ok_or("its first line has no column user")?;
        let (mut rows, mut by_key) = (0, BTreeMap::new());
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let name = record.get(column).unwrap_or_default().trim();
            if name.is_empty() {
                continue;
            }
            rows += 1;
            by_key.entry(identity_key(name)).or_insert_with(|| name.to_owned());
            if by_key.len() > MOST_USERS {
                return Err(format!("LimitExceeded: it has more than {MOST_USERS} users"));
            }
        }
        Ok(UserList { file, rows, by_key })
    }

    /// Returns the key of each user.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }

    /// Returns the list with another key and name for each.
    pub(super) fn renamed(&self, mut rename: impl FnMut(&str, &str) -> (String, String)) -> UserList {
        let by_key = self.by_key.iter().map(|(key, name)| rename(key, name)).collect();
        UserList { by_key, ..self.clone() }
    }

    /// Returns `true` if an identity is in the list.
    pub(super) fn has(&self, identity_key: &str) -> bool {
        self.by_key.contains_key(identity_key)
    }

    /// Returns the number of different users.
    pub(super) fn len(&self) -> u64 {
        self.by_key.len() as u64
    }

    /// Returns the users that are not among these identities.
    pub(super) fn without<'a>(&'a self, identities: &'a BTreeSet<&str>) -> impl Iterator<Item = &'a str> {
        let others = self.by_key.iter().filter(|(key, _)| !identities.contains(key.as_str()));
        others.map(|(_, name)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<UserList, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.csv");
        std::fs::write(&path, text).unwrap();
        UserList::read("--users", &path)
    }

    #[test]
    fn spellings_of_one_person_are_one_user() {
        let list = read("\u{feff}Name,User\nMaria,CORP\\Maria\nthe same,maria\n,\nJohn,john@corp\n").unwrap();
        assert_eq!((list.rows, list.len()), (3, 2));
        assert!(list.has(&identity_key("MARIA")) && !list.has("john"));
        let found = BTreeSet::from(["maria"]);
        assert_eq!(list.without(&found).collect::<Vec<_>>(), ["john@corp"]);
    }

    #[test]
    fn a_file_without_the_column_is_refused() {
        assert_eq!(read("name\nmaria\n").unwrap_err(), "its first line has no column user");
        assert_eq!(read("").unwrap_err(), "its first line has no column user");
    }
}
