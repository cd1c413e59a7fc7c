//! The settings that decide who may connect to an endpoint, and to what: drawn from seed and endpoint, until a test changes them.

mod crl;
mod der;
mod options;
mod policy;
mod routes;
mod rules;

pub use crl::{RevocationList, RevokedCertificate};
pub use options::{AuthenticationOption, EndpointOptions, TransitGateway, TrustProvider};
pub use policy::AuthorizationPolicy;
pub use routes::Route;
pub use rules::AuthorizationRule;

use crate::account_region::AccountRegion;
use crate::people::People;
use crate::random::Stream;
use crate::setup::Setup;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The settings of an endpoint that decide who may connect, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The authorization rules, in the order in which they are listed.
    pub rules: Vec<AuthorizationRule>,
    /// The routes, in the order in which they are listed.
    pub routes: Vec<Route>,
    /// The authorization policy; `None` if the endpoint has none.
    pub policy: Option<AuthorizationPolicy>,
    /// The client certificate revocation list; `None` if none was imported.
    pub revocation_list: Option<RevocationList>,
    /// The options of the endpoint.
    pub options: EndpointOptions,
}

/// The state of a rule, a route, a revocation list or a client connect handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessStatus {
    /// The code, such as `active`.
    pub code: String,
    /// More about it, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl AccessStatus {
    /// Returns a status without a message.
    pub fn of(code: &str) -> Self {
        Self { code: code.to_owned(), message: None }
    }
}

impl Access {
    /// Draws the settings of an endpoint. Each part has a random stream of its own.
    fn draw(location: &AccountRegion, fleet: &People) -> Self {
        let setup = Setup::of(fleet);
        let stream = |part| Stream::of(&[fleet.key(), 0x6163_6365_7373, part]);
        Self {
            rules: rules::draw(&mut stream(1), fleet),
            routes: routes::draw(&mut stream(2), &setup),
            policy: policy::draw(&mut stream(3), fleet),
            revocation_list: crl::draw(&mut stream(4)),
            options: options::draw(&mut stream(5), location, fleet, setup),
        }
    }

    /// Makes the endpoint one of a transit gateway: it has no VPC and no security groups, and its routes lead to the attachment
    /// instead of to subnets.
    pub fn attach_to(&mut self, gateway: TransitGateway) {
        for route in &mut self.routes {
            route.target_subnet = None;
            route.transit_gateway_attachment_id = Some(gateway.attachment_id.clone());
        }
        self.options.vpc_id = None;
        self.options.security_group_ids.clear();
        self.options.transit_gateway = Some(gateway);
    }
}

/// The settings that tests changed, by account, Region and endpoint.
#[derive(Debug, Default)]
pub(crate) struct ChangedAccess(Mutex<HashMap<(AccountRegion, String), Arc<Access>>>);

impl ChangedAccess {
    /// Returns the settings in force.
    pub(crate) fn of(&self, location: &AccountRegion, fleet: &People) -> Arc<Access> {
        let changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = changed.get(&(location.clone(), fleet.endpoint().id.clone())).cloned();
        known.unwrap_or_else(|| Arc::new(Access::draw(location, fleet)))
    }

    /// Forgets what was changed at an endpoint.
    pub(crate) fn forget(&self, endpoint_id: &str) {
        let mut changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|(_, id), _| id != endpoint_id);
    }

    /// Replaces the settings in force.
    pub(crate) fn put(&self, location: AccountRegion, fleet: &People, access: Access) {
        let mut changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changed.insert((location, fleet.endpoint().id.clone()), Arc::new(access));
    }
}

/// Texts of descriptions, of which some need escapes.
const DESCRIPTIONS: &[&str] = &[
    "Access to the VPC",
    "Zugang für das Büro in Zürich (Straße 7)",
    "R&D <lab> \"east\"",
    "Contractors' network",
    "東京 & \u{1f512} <&amp;>",
];

/// Draws a description; `None` for every third.
fn description(stream: &mut Stream) -> Option<String> {
    (!stream.one_in(3)).then(|| stream.pick(DESCRIPTIONS).to_owned())
}

#[cfg(test)]
mod tests;
