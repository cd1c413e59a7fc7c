//! Roles that were assumed, and the credentials that were handed out for them.

use crate::random::{Stream, mix_bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A role that somebody assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    /// The account of the role.
    pub account_id: String,
    /// The role's name, without its path.
    pub role_name: String,
    /// The name that the caller gave the session.
    pub session_name: String,
    /// The external id that the caller gave, for the trust policy to compare.
    pub external_id: Option<String>,
}

impl AssumedRole {
    /// Returns the session's ARN, as `GetCallerIdentity` reports it.
    pub(crate) fn arn(&self) -> String {
        let Self { account_id, role_name, session_name, .. } = self;
        format!("arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}")
    }

    /// Returns the role's unique id, and the session.
    pub(crate) fn unique_id(&self) -> String {
        let role = format!("{}/{}", self.account_id, self.role_name);
        format!("AROA0{:016X}:{}", mix_bytes(0, role.as_bytes()), self.session_name)
    }
}

/// Credentials of an assumed role. They only look secret: they follow from the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
}

/// The role that a request was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleSession {
    pub(crate) role: AssumedRole,
    pub(crate) expired: bool,
}

/// Every role that was assumed.
#[derive(Debug)]
pub(crate) struct Sessions {
    seed: u64,
    inner: Mutex<SessionTable>,
}

#[derive(Debug, Default)]
struct SessionTable {
    sessions: Vec<RoleSession>,
    /// Index of the session of each access key id.
    keys: HashMap<String, usize>,
}

impl Sessions {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, inner: Mutex::default() }
    }

    /// Begins a session, and returns new credentials for it.
    pub(crate) fn begin(&self, role: AssumedRole) -> Credentials {
        self.with(|inner| {
            let index = inner.sessions.len();
            let credentials = Credentials::nth(self.seed, index, &role.account_id);
            inner.keys.insert(credentials.access_key_id.clone(), index);
            inner.sessions.push(RoleSession { role, expired: false });
            credentials
        })
    }

    /// Returns the session of an access key; `None` for a key that was not handed out here.
    pub(crate) fn find(&self, access_key_id: &str) -> Option<RoleSession> {
        self.with(|inner| inner.sessions.get(*inner.keys.get(access_key_id)?).cloned())
    }

    /// Ends the sessions that the account's roles have so far.
    pub(crate) fn expire(&self, account_id: &str) {
        self.with(|inner| {
            let of_account =
                inner.sessions.iter_mut().filter(|session| session.role.account_id == account_id);
            of_account.for_each(|session| session.expired = true);
        });
    }

    /// Returns the roles, in the order in which they were assumed.
    pub(crate) fn roles(&self) -> Vec<AssumedRole> {
        self.with(|inner| inner.sessions.iter().map(|session| session.role.clone()).collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut SessionTable) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Credentials {
    fn nth(seed: u64, index: usize, account_id: &str) -> Self {
        let number = u64::try_from(index).unwrap_or(u64::MAX);
        let mut stream = Stream::of(&[seed, number, 0x726f_6c65]);
        let mut noise = |words: usize| {
            let bytes: Vec<u8> = (0..words).flat_map(|_| stream.number().to_be_bytes()).collect();
            STANDARD.encode(bytes)
        };
        // As long as AWS's: 20, 40 and some hundred characters.
        let secret_access_key = noise(4).chars().take(40).collect();
        let access_key_id = format!("ASIA{account_id}{index:04X}");
        Self { access_key_id, secret_access_key, session_token: noise(48) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(account_id: &str) -> AssumedRole {
        let account_id = account_id.to_owned();
        AssumedRole {
            account_id,
            role_name: "r".to_owned(),
            session_name: "s1".to_owned(),
            external_id: None,
        }
    }

    #[test]
    fn credentials_lead_to_the_role_they_were_handed_out_for() {
        let sessions = Sessions::new(1);
        let keys =
            ["111122223333", "444455556666", "111122223333"].map(|account| sessions.begin(role(account)));
        let found =
            |credentials: &Credentials| sessions.find(&credentials.access_key_id).unwrap().role.account_id;
        assert_eq!(keys.each_ref().map(found), ["111122223333", "444455556666", "111122223333"]);
        assert_ne!(keys[0], keys[2]);
        assert_eq!(sessions.find("ASIA1111222233330009"), None);
        assert_eq!(sessions.roles(), [role("111122223333"), role("444455556666"), role("111122223333")]);
    }

    #[test]
    fn credentials_are_as_long_as_awss() {
        let credentials = Sessions::new(1).begin(role("111122223333"));
        assert_eq!(credentials.access_key_id, "ASIA1111222233330000");
        assert_eq!((credentials.secret_access_key.len(), credentials.session_token.len()), (40, 512));
    }

    #[test]
    fn expired_are_the_credentials_of_one_account_so_far() {
        let sessions = Sessions::new(1);
        let (old, other) = (sessions.begin(role("111122223333")), sessions.begin(role("444455556666")));
        sessions.expire("111122223333");
        let new = sessions.begin(role("111122223333"));
        let expired = [old, other, new].map(|key| sessions.find(&key.access_key_id).unwrap().expired);
        assert_eq!(expired, [true, false, false]);
    }
}
