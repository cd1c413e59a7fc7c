//! The footer of a Parquet object, compared with the object's key.

use jiff::Timestamp;

use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::parquet::{
    Ends, Identity, ObjectMetadata, identity_of_configuration, identity_of_connection_logs,
    identity_of_connections,
};
use crate::lake::store::Examined;
use crate::target::EndpointId;

/// An object as its own footer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FooterContent {
    /// A Parquet file of the snapshot that its key names.
    OfItsKey {
        /// Its outcome.
        outcome: Outcome,
        /// Rows in it.
        rows: u64,
        /// The request and the arrival of its first page, and the arrival of its last page, as far as the footer has them.
        pages: [Option<Timestamp>; 3],
    },
    /// A Parquet file of this program whose footer contradicts its key in the field of that name.
    OfAnotherKey(&'static str),
    /// Anything else, in words.
    Foreign(String),
}

impl FooterContent {
    /// Reads the footer of the object under `key`, of which the last bytes were kept.
    pub fn read(key: &ObjectKey, examined: &Examined) -> FooterContent {
        let tail = examined.kept.as_deref().unwrap_or_default();
        let ends = Ends { bytes: examined.hashed.bytes, head: &examined.head, tail };
        let metadata = match ObjectMetadata::read(ends) {
            Ok(metadata) => metadata,
            Err(error) => return FooterContent::Foreign(error.to_string()),
        };
        let Some((identity, outcomes)) = expected(key) else {
            return FooterContent::Foreign("its key names no endpoint".to_owned());
        };
        if !metadata.is_ours() {
            return FooterContent::Foreign("it is a Parquet file that another program wrote".to_owned());
        }
        let outcome = outcomes.iter().find(|outcome| metadata.has_outcome(outcome.as_str()));
        let outcome = outcome.or(outcomes.first()).copied().unwrap_or(Outcome::Complete);
        match metadata.difference(&identity, outcome.as_str()) {
            Some(field) => FooterContent::OfAnotherKey(field),
            None => FooterContent::OfItsKey { outcome, rows: metadata.rows, pages: metadata.pages() },
        }
    }

    /// Returns what is wrong with the object; `None` if it is of the snapshot that its key names.
    pub fn problem(&self) -> Option<String> {
        match self {
            FooterContent::OfItsKey { .. } => None,
            FooterContent::OfAnotherKey(field) => {
                Some(format!("its metadata has another {field} than its key"))
            }
            FooterContent::Foreign(found) => Some(found.clone()),
        }
    }
}

const COMPLETE: &[Outcome] = &[Outcome::Complete];

/// Returns the fields that an object under `key` has in its metadata, and the outcomes of which it has one.
fn expected(key: &ObjectKey) -> Option<(Identity, &'static [Outcome])> {
    let time = key.time()?;
    let endpoint_id = || EndpointId::parse(key.after_time().split('_').next()?);
    Some(match key.table {
        Table::Connections => (identity_of_connections(time, &endpoint_id()?), COMPLETE),
        Table::Partials => (identity_of_connections(time, &endpoint_id()?), &[Outcome::Partial]),
        Table::Endpoints => (identity_of_configuration(time, &key.place), COMPLETE),
        Table::AuthorizationRules | Table::Routes => {
            (identity_of_configuration(time, &key.place), &[Outcome::Complete, Outcome::Partial])
        }
        Table::ConnectionLogs => {
            let (group, is_late) = key.log_group()?;
            (identity_of_connection_logs(time, &key.place, &group, is_late), COMPLETE)
        }
        Table::Runs | Table::Digests => return None,
    })
}
