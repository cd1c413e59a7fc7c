//! Pseudonyms in place of the names and addresses of people: each text has one in the whole exhibit, and the file that tells whose it is
//! lies elsewhere.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use indexmap::{IndexMap, IndexSet};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ExhibitError;
use super::log_events::LogEvents;
use super::users::UserList;
use crate::report::sessions::{Session, identity_key};

/// The pseudonyms of an exhibit in the making, and the file that they will be written to.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    path: PathBuf,
    file: File,
    /// A text that nobody can guess. It is in the file, so that its SHA-256 does not tell who is in it to somebody who tries names.
    random: String,
    /// The spellings of each name, by the key that groups the spellings of one person.
    people: IndexMap<String, IndexSet<String>>,
    addresses: IndexSet<String>,
    is_written: bool,
}

impl Drop for Pseudonyms {
    /// Removes a file that is not whole: nobody could tell it from a whole one.
    fn drop(&mut self) {
        if !self.is_written {
            // The error that ended the report is the one to state.
            drop(fs::remove_file(&self.path));
        }
    }
}

impl Pseudonyms {
    /// Creates the file, which only its owner may read. Nobody has a pseudonym yet.
    ///
    /// # Errors
    /// Returns an error if there is such a file, or if it cannot be created.
    pub(super) fn create(path: &Path) -> Result<Pseudonyms, ExhibitError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file =
            file.map_err(|error| ExhibitError::write("creating the file of pseudonyms", path, error))?;
        Ok(Pseudonyms {
            path: path.to_owned(),
            file,
            random: Uuid::new_v4().to_string(),
            people: IndexMap::new(),
            addresses: IndexSet::new(),
            is_written: false,
        })
    }

    /// Replaces names and addresses of a session.
    pub(super) fn replace_in_session(&mut self, session: &mut Session) {
        for name in [&mut session.identity, &mut session.username, &mut session.common_name] {
            self.replace_name(name);
        }
        if let Some(key) = &session.identity_key {
            session.identity_key = Some(self.person(key));
        }
        for address in [&mut session.client_ip, &mut session.client_ipv6_address, &mut session.device_ip] {
            self.replace_address(address);
        }
    }

    /// Replaces names and addresses of failed attempts.
    pub(super) fn replace_in_events(&mut self, events: &mut LogEvents) {
        for failed in &mut events.failed {
            self.replace_name(&mut failed.identity);
            self.replace_address(&mut failed.device_ip);
        }
    }

    /// Returns a list of users with the names replaced.
    pub(super) fn replace_in_users(&mut self, users: &UserList) -> UserList {
        // In no order that tells anything of the names.
        let mut keys: Vec<&str> = users.keys().collect();
        keys.sort_by_cached_key(|key| Sha256::digest(format!("{} {key}", self.random)));
        for key in keys {
            self.person(key);
        }
        users.renamed(|key, name| (self.person(key), self.name(name)))
    }

    fn replace_name(&mut self, name: &mut Option<String>) {
        if let Some(text) = name {
            *text = self.name(text);
        }
    }

    fn replace_address(&mut self, address: &mut Option<String>) {
        if let Some(text) = address {
            let (index, _) = self.addresses.insert_full(text.clone());
            *text = address_pseudonym(index);
        }
    }

    /// Returns the pseudonym of a person.
    fn person(&mut self, key: &str) -> String {
        person_pseudonym(self.spellings(key).0)
    }

    /// Returns the pseudonym of a name, which tells apart the spellings of one person.
    fn name(&mut self, name: &str) -> String {
        let (person, spellings) = self.spellings(&identity_key(name));
        let (spelling, _) = spellings.insert_full(name.to_owned());
        name_pseudonym(person, spelling)
    }

    fn spellings(&mut self, key: &str) -> (usize, &mut IndexSet<String>) {
        let entry = self.people.entry(key.to_owned());
        (entry.index(), entry.or_default())
    }

    /// Writes the file: a JSON object with the random text, and one for each name and address. Returns its SHA-256, in hexadecimal.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub(super) fn write(&mut self) -> Result<String, ExhibitError> {
        let mut content = format!("{}\n", json!({"kind": "random", "value": self.random}));
        let mut add = |kind: &str, pseudonym: String, value: &str| {
            let line = json!({"kind": kind, "pseudonym": pseudonym, "value": value});
            content.push_str(&format!("{line}\n"));
        };
        for (person, spellings) in self.people.values().enumerate() {
            for (spelling, name) in spellings.iter().enumerate() {
                add("name", name_pseudonym(person, spelling), name);
            }
        }
        for (index, address) in self.addresses.iter().enumerate() {
            add("address", address_pseudonym(index), address);
        }
        let written = self.file.write_all(content.as_bytes());
        written.map_err(|error| ExhibitError::write("writing the file of pseudonyms", &self.path, error))?;
        self.is_written = true;
        Ok(hex::encode(Sha256::digest(&content)))
    }
}

fn person_pseudonym(person: usize) -> String {
    format!("person-{:04}", person + 1)
}

fn name_pseudonym(person: usize, spelling: usize) -> String {
    let person = person_pseudonym(person);
    if spelling == 0 { person } else { format!("{person}/{}", spelling + 1) }
}

fn address_pseudonym(index: usize) -> String {
    format!("address-{:04}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_pseudonym_and_the_file_tells_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pseudonyms.jsonl");
        let mut pseudonyms = Pseudonyms::create(&path).unwrap();
        let mut replaced = |username: &str, client_ip: &str| {
            let texts = [Some(username.to_owned()), Some(client_ip.to_owned())];
            let [name, ip] = texts;
            let mut session = Session {
                identity: name.clone(),
                identity_key: name.as_deref().map(identity_key),
                username: name,
                client_ip: ip,
                ..Session::default()
            };
            pseudonyms.replace_in_session(&mut session);
            [session.username, session.identity, session.identity_key, session.client_ip].map(Option::unwrap)
        };
        let maria = ["person-0001", "person-0001", "person-0001", "address-0001"];
        assert_eq!(replaced("Maria", "10.0.0.1"), maria);
        assert_eq!(
            replaced("CORP\\maria", "10.0.0.2"),
            ["person-0001/2", "person-0001/2", "person-0001", "address-0002"]
        );
        assert_eq!(
            replaced("=john", "10.0.0.1"),
            ["person-0002", "person-0002", "person-0002", "address-0001"]
        );
        assert_eq!(replaced("Maria", "10.0.0.1"), maria, "again");

        let sha256 = pseudonyms.write().unwrap();
        let written = std::fs::read(&path).unwrap();
        assert_eq!(sha256, hex::encode(Sha256::digest(&written)));
        let line = |kind: &str, pseudonym: &str, value: &str| {
            format!("{}\n", json!({"kind": kind, "pseudonym": pseudonym, "value": value}))
        };
        let expected = [
            format!("{}\n", json!({"kind": "random", "value": pseudonyms.random})),
            line("name", "person-0001", "Maria"),
            line("name", "person-0001/2", "CORP\\maria"),
            line("name", "person-0002", "=john"),
            line("address", "address-0001", "10.0.0.1"),
            line("address", "address-0002", "10.0.0.2"),
        ];
        assert_eq!(String::from_utf8(written).unwrap(), expected.concat());
        let error = Pseudonyms::create(&path).unwrap_err().to_string();
        assert!(error.starts_with("creating the file of pseudonyms"), "{error}");
    }
}
