//! What a simulator is made of.

mod organisation;

use crate::location::Location;
use crate::random::mix;
use jiff::Timestamp;
use std::time::Duration;

/// What to simulate. The same configuration at the same time gives the same rows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything that varies follows from it.
    pub seed: u64,
    /// The home's account id, 12 digits: that of whoever did not assume a role.
    pub account_id: String,
    /// The home's Region: that of requests without a signature.
    pub region: String,
    /// The endpoints of the home's account and Region.
    pub endpoints: Vec<EndpointConfig>,
    /// Further accounts and Regions.
    pub places: Vec<Place>,
    /// The role that may be assumed in each account that has a place here. `None` for any role.
    pub member_role: Option<MemberRole>,
    /// How fast EC2 may be asked, for each action, account and Region. `None` for any speed.
    pub throttling: Option<Throttling>,
    /// Where the time comes from.
    pub time: TimeSource,
    /// How long every answer takes at least.
    pub latency: Duration,
    /// Whether to keep every page that was handed out, for [`Simulator::served`](crate::Simulator::served).
    pub record_served: bool,
    /// Whether a page that was asked for before is answered with the same bytes again, request id and all, so that nothing is
    /// rendered twice. Pages keep as they were when they were first asked for, whatever the clock says.
    pub replay: bool,
}

/// The endpoints of one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// 12 digits.
    pub account_id: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// The endpoints there, perhaps none.
    pub endpoints: Vec<EndpointConfig>,
}

/// A role that may be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRole {
    /// The last part of its ARN.
    pub name: String,
    /// What the caller must give as external id. `None` for anything or nothing.
    pub external_id: Option<String>,
}

/// A token bucket: full at first, emptied by one with every request, and filled again as time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttling {
    /// How many requests may come at once.
    pub capacity: u32,
    /// How many may come each second after those.
    pub refill_per_second: u32,
}

impl Throttling {
    /// What EC2 documents for most actions whose names begin with Describe.
    pub const EC2: Self = Self { capacity: 100, refill_per_second: 20 };
}

/// One Client VPN endpoint and its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointConfig {
    /// `cvpn-endpoint-` and 8 or 17 hexadecimal digits.
    pub id: String,
    /// How many connections it lists at any time, active and terminated together.
    pub connections: usize,
    /// How its people prove who they are.
    pub authentication: Authentication,
    /// Whether its connections carry posture compliance statuses.
    pub posture: bool,
}

/// How the people of an endpoint prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Client certificates: connections have a common name and no user name.
    Certificate,
    /// SAML: user names are mail addresses, and authorization policies are evaluated.
    Federated,
    /// Active Directory and client certificates: user names without a domain, and common names of certificates. These endpoints
    /// are dual-stack: connections have an IPv6 address too.
    DirectoryService,
}

/// Where the simulator's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The clock of this machine.
    System,
    /// A clock that stands still until [`Simulator::set_time`](crate::Simulator::set_time) moves it.
    Manual(Timestamp),
}

impl Config {
    /// `endpoints` endpoints of `connections_each` listed connections each. Their ids follow from the seed; their
    /// authentication goes round: federated with posture, certificate, directory service.
    pub fn fleet(seed: u64, endpoints: usize, connections_each: usize) -> Self {
        Self {
            seed,
            account_id: "123456789012".to_owned(),
            region: "eu-central-1".to_owned(),
            endpoints: (0_u64..)
                .take(endpoints)
                .map(|index| EndpointConfig::nth(seed, index, connections_each))
                .collect(),
            places: Vec::new(),
            member_role: None,
            throttling: None,
            time: TimeSource::System,
            latency: Duration::ZERO,
            record_served: false,
            replay: false,
        }
    }

    pub(crate) fn home(&self) -> Location {
        Location::new(&self.account_id, &self.region)
    }
}

impl Default for Config {
    /// Seed 1, three endpoints of 1,000 listed connections each, this machine's clock.
    fn default() -> Self {
        Self::fleet(1, 3, 1000)
    }
}

impl EndpointConfig {
    fn nth(seed: u64, index: u64, connections: usize) -> Self {
        let (authentication, posture) = match index % 3 {
            0 => (Authentication::Federated, true),
            1 => (Authentication::Certificate, false),
            _ => (Authentication::DirectoryService, false),
        };
        Self {
            // AWS's long ids are 17 digits, of which the first has been 0 so far.
            id: format!("cvpn-endpoint-0{:016x}", mix(&[seed, index, 0x656e_6470])),
            connections,
            authentication,
            posture,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_ids_follow_from_the_seed() {
        let ids = |seed| Config::fleet(seed, 3, 1).endpoints.into_iter().map(|e| e.id).collect::<Vec<_>>();
        assert_eq!(ids(1), ids(1));
        assert!(ids(1).iter().all(|id| !ids(2).contains(id) && id.len() == "cvpn-endpoint-".len() + 17));
    }
}
