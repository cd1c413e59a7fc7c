//! The configuration of a simulator.

mod organisation;

use crate::account_region::AccountRegion;
use crate::log_group::{DEFAULT_GROUP, LogGroup};
use crate::random::mix;
use jiff::Timestamp;
use std::time::Duration;

/// A simulator's configuration. The same configuration at the same time gives the same rows.
#[derive(Debug, Clone)]
pub struct Config {
    /// The seed from which everything that varies follows.
    pub seed: u64,
    /// The home's account id, 12 digits: that of callers who did not assume a role.
    pub account_id: String,
    /// The home's Region: that of requests without a signature.
    pub region: String,
    /// The endpoints of the home's account and Region.
    pub endpoints: Vec<EndpointConfig>,
    /// Further accounts and Regions.
    pub places: Vec<Place>,
    /// The role that may be assumed in each account that has a place here. `None` for any role.
    pub member_role: Option<MemberRole>,
    /// The log groups of every account and Region. Endpoints log to `client-vpn`.
    pub log_groups: Vec<LogGroup>,
    /// Rate at which EC2 may be called, for each action, account and Region, while CloudWatch Logs keeps to the quotas that it
    /// documents; `None` for any rate of either.
    pub throttling: Option<Throttling>,
    /// The source of the time.
    pub time: TimeSource,
    /// Shortest time that an answer takes.
    pub latency: Duration,
    /// `true` to keep every page that was handed out, for [`Simulator::served`](crate::Simulator::served).
    pub record_served: bool,
    /// `true` to answer a page that was asked for before with the same bytes again, request id and all, and render nothing
    /// twice. Pages stay as they were when first asked for, whatever the time.
    pub replay: bool,
}

/// The endpoints of one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The account, 12 digits.
    pub account_id: String,
    /// The Region, such as `eu-central-1`.
    pub region: String,
    /// The endpoints there; may be empty.
    pub endpoints: Vec<EndpointConfig>,
}

/// A role that may be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRole {
    /// The last part of the role's ARN.
    pub name: String,
    /// External id that the caller must give; `None` for any or none.
    pub external_id: Option<String>,
}

/// A token bucket: full at first, reduced by one with every request, and refilled as time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttling {
    /// Number of requests that may come at once.
    pub capacity: u32,
    /// Number of requests that may come each second after those.
    pub refill_per_second: u32,
}

impl Throttling {
    /// The limits that EC2 documents for most actions whose names begin with Describe.
    pub const EC2: Self = Self { capacity: 100, refill_per_second: 20 };
}

/// One Client VPN endpoint and its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointConfig {
    /// `cvpn-endpoint-` and 8 or 17 hexadecimal digits.
    pub id: String,
    /// Number of connections listed at any time, active and terminated together.
    pub connections: usize,
    /// The authentication of its people.
    pub authentication: Authentication,
    /// `true` if its connections carry posture compliance statuses.
    pub posture: bool,
}

/// The authentication of an endpoint's people.
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

/// The source of the simulator's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The clock of this machine.
    System,
    /// A clock that stands still until [`Simulator::set_time`](crate::Simulator::set_time) moves it.
    Manual(Timestamp),
}

impl Config {
    /// Returns `endpoints` endpoints of `connections_each` listed connections each. Their ids follow from the seed; their
    /// authentication rotates: federated with posture, certificate, directory service.
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
            log_groups: vec![LogGroup::new(DEFAULT_GROUP)],
            throttling: None,
            time: TimeSource::System,
            latency: Duration::ZERO,
            record_served: false,
            replay: false,
        }
    }

    pub(crate) fn home(&self) -> AccountRegion {
        AccountRegion::new(&self.account_id, &self.region)
    }
}

impl Default for Config {
    /// Returns seed 1, three endpoints of 1,000 listed connections each, this machine's clock.
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
