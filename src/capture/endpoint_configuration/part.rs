//! The parts of the configuration of an endpoint, each of which EC2 returns in a separate call.

use crate::lake::keys::ConfigurationTable;
use crate::tables::endpoints::Endpoint;

/// A part of the configuration of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The networks that it is associated with.
    Networks,
    /// Its authorization rules.
    AuthorizationRules,
    /// Its routes.
    Routes,
    /// Its authorization policy.
    AuthorizationPolicy,
    /// Its list of revoked client certificates.
    RevocationList,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 5] = [
        Part::Networks,
        Part::AuthorizationRules,
        Part::Routes,
        Part::AuthorizationPolicy,
        Part::RevocationList,
    ];

    /// Returns its name in a message.
    pub fn words(self) -> &'static str {
        match self {
            Part::Networks => "networks",
            Part::AuthorizationRules => "authorization rules",
            Part::Routes => "routes",
            Part::AuthorizationPolicy => "authorization policies",
            Part::RevocationList => "revocation lists",
        }
    }

    /// Returns the table that has it.
    pub fn table(self) -> ConfigurationTable {
        match self {
            Part::AuthorizationRules => ConfigurationTable::AuthorizationRules,
            Part::Routes => ConfigurationTable::Routes,
            Part::Networks | Part::AuthorizationPolicy | Part::RevocationList => {
                ConfigurationTable::Endpoints
            }
        }
    }

    /// Returns the key under which `unparsed` of the endpoint has the code of the error for which it is not known.
    pub fn error_key(self) -> &'static str {
        match self {
            Part::Networks => "targetNetworkId#error",
            Part::AuthorizationRules => "authorizationRule#error",
            Part::Routes => "routes#error",
            Part::AuthorizationPolicy => "authorizationPolicy#error",
            Part::RevocationList => "certificateRevocationList#error",
        }
    }

    /// Marks the part of an endpoint as not known, or not all known, unless it is marked already.
    pub fn mark(self, endpoint: &mut Endpoint, code: &str) {
        endpoint.unparsed.entry(self.error_key().to_owned()).or_insert_with(|| code.to_owned());
        match self {
            Part::AuthorizationRules => endpoint.authorization_rules_captured_at = None,
            Part::Routes => endpoint.routes_captured_at = None,
            Part::Networks | Part::AuthorizationPolicy | Part::RevocationList => (),
        }
    }
}
