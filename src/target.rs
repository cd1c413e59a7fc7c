//! The targets of a capture: Client VPN endpoints, each of one account and Region, and the ways to write them.

mod region;
mod text;

use std::fmt;

use serde::{Serialize, Serializer};

pub use region::Region;
pub use text::{TargetError, TargetText};

/// Makes a text type whose values have passed a check, so that a key or an ARN is never built from unchecked text.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $is_valid:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the checked value, or `None` if the text is not valid.
            pub fn parse(text: &str) -> Option<$name> {
                $is_valid(text).then(|| $name(text.to_owned()))
            }

            /// Returns the text, as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

checked_text! {
    /// An AWS account: twelve digits.
    AccountId, is_account_id
}
checked_text! {
    /// A Client VPN endpoint: `cvpn-endpoint-` and 8 or 17 hexadecimal digits, as all of EC2's ids.
    EndpointId, is_endpoint_id
}

const ENDPOINT_PREFIX: &str = "cvpn-endpoint-";

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix(ENDPOINT_PREFIX).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// An account and a Region: those that the program runs for, those that an ARN names, or those of a part of the lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRegion {
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: Region,
}

impl AccountRegion {
    /// Returns the ARN of an endpoint there, or of all with `*`, as IAM policies name it.
    pub fn arn_of(&self, endpoint_id: &str) -> String {
        let AccountRegion { account_id, region } = self;
        let partition = region.partition();
        format!("arn:{partition}:ec2:{region}:{account_id}:client-vpn-endpoint/{endpoint_id}")
    }

    /// Returns the beginning of the ARNs of the log groups there.
    pub fn log_groups_arn(&self) -> String {
        let AccountRegion { account_id, region } = self;
        format!("arn:{}:logs:{region}:{account_id}:log-group", region.partition())
    }
}

/// One endpoint, with all that is needed to query it and to file its answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The account that owns the endpoint.
    pub account_id: AccountId,
    /// The Region the endpoint lies in.
    pub region: Region,
    /// The endpoint.
    pub endpoint_id: EndpointId,
}

impl Target {
    /// Returns its account and Region.
    pub fn place(&self) -> AccountRegion {
        AccountRegion { account_id: self.account_id.clone(), region: self.region.clone() }
    }

    /// Returns the endpoint's ARN, as IAM policies name it.
    pub fn arn(&self) -> String {
        self.place().arn_of(self.endpoint_id.as_str())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn())
    }
}

/// The wanted targets of one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceTargets {
    /// The account and the Region.
    pub place: AccountRegion,
    /// `true` if every endpoint there is wanted.
    pub all: bool,
    /// Endpoints that are named, each once.
    pub endpoint_ids: Vec<EndpointId>,
    /// Endpoints that were named in two ways.
    pub named_twice: Vec<EndpointId>,
}

impl PlaceTargets {
    /// Returns a value without targets.
    pub fn of(place: AccountRegion) -> PlaceTargets {
        PlaceTargets { place, all: false, endpoint_ids: Vec::new(), named_twice: Vec::new() }
    }

    /// Adds one endpoint, or all of them for `None`.
    pub fn add(&mut self, endpoint_id: Option<&EndpointId>) {
        match endpoint_id {
            None => self.all = true,
            Some(id) if self.endpoint_ids.contains(id) => self.named_twice.push(id.clone()),
            Some(id) => self.endpoint_ids.push(id.clone()),
        }
    }

    /// Returns `true` if the endpoint is wanted.
    pub fn wants(&self, endpoint_id: &EndpointId) -> bool {
        self.all || self.endpoint_ids.contains(endpoint_id)
    }

    /// Returns the named endpoints, as targets.
    pub fn named(&self) -> Vec<Target> {
        self.endpoint_ids.iter().map(|id| self.target(id)).collect()
    }

    /// Returns an endpoint of this account and Region, as a target.
    pub fn target(&self, endpoint_id: &EndpointId) -> Target {
        let AccountRegion { account_id, region } = self.place.clone();
        Target { account_id, region, endpoint_id: endpoint_id.clone() }
    }

    /// Returns the ARNs that name the same.
    pub fn arns(&self) -> Vec<String> {
        let all = self.all.then(|| self.place.arn_of("*"));
        let named = self.endpoint_ids.iter().map(|id| self.place.arn_of(id.as_str()));
        all.into_iter().chain(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_twice_is_wanted_once() {
        let place = AccountRegion {
            account_id: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-gov-west-1").unwrap(),
        };
        let id = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
        let mut wanted = PlaceTargets::of(place);
        for endpoint_id in [Some(&id), None, Some(&id), None] {
            wanted.add(endpoint_id);
        }
        assert_eq!((wanted.named().len(), &wanted.named_twice[..]), (1, &[id][..]));
        let prefix = "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:client-vpn-endpoint/";
        assert_eq!(wanted.arns(), [format!("{prefix}*"), format!("{prefix}cvpn-endpoint-0123456789abcdef0")]);
    }
}
