//! What is captured: one Client VPN endpoint of one account and Region, and the ways to write it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Makes a text type whose values have passed a check, so that a key or an ARN is never built from unchecked text.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $is_valid:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The checked value, or none when the text is no such thing.
            pub fn parse(text: &str) -> Option<$name> {
                $is_valid(text).then(|| $name(text.to_owned()))
            }

            /// The text, as AWS writes it.
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
    /// A Region such as `eu-central-1` or `us-gov-west-1`.
    Region, is_region
}
checked_text! {
    /// A Client VPN endpoint: `cvpn-endpoint-` and 8 or 17 hexadecimal digits, as all of EC2's ids.
    EndpointId, is_endpoint_id
}

const ENDPOINT_PREFIX: &str = "cvpn-endpoint-";

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else {
        return false;
    };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    (2..=3).contains(&words.len())
        && words.iter().all(is_word)
        && matches!(number.len(), 1 | 2)
        && number.bytes().all(|b| b.is_ascii_digit())
        && text.len() <= 32
}

fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix(ENDPOINT_PREFIX).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

impl Region {
    /// The partition of AWS that the Region lies in.
    fn partition(&self) -> &'static str {
        match self.as_str() {
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("cn-") => "aws-cn",
            _ => "aws",
        }
    }
}

/// An account and a Region: those that the program runs for, those that an ARN names, or those of a part of the lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRegion {
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: Region,
}

/// One endpoint, with all that is needed to ask for it and to file what it says.
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
    /// Where it lies.
    pub fn place(&self) -> AccountRegion {
        AccountRegion { account_id: self.account_id.clone(), region: self.region.clone() }
    }

    /// The endpoint's ARN, as IAM policies name it.
    pub fn arn(&self) -> String {
        let Target { account_id, region, endpoint_id } = self;
        let partition = region.partition();
        format!("arn:{partition}:ec2:{region}:{account_id}:client-vpn-endpoint/{endpoint_id}")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn())
    }
}

/// A target as somebody wrote it: an id, for the own account and Region, or an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetText {
    text: String,
    endpoint_id: EndpointId,
    place: Option<AccountRegion>,
}

/// Why a text is not a target, or not one that can be captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither an id nor an ARN.
    #[error("cvpn-endpoint- and 17 hexadecimal digits, or arn:aws:ec2:REGION:ACCOUNT:client-vpn-endpoint/ID")]
    Malformed,
    /// An ARN of something else.
    #[error("an ARN of EC2's client-vpn-endpoint, as arn:aws:ec2:REGION:ACCOUNT:client-vpn-endpoint/ID")]
    OtherResource,
    /// An ARN whose partition does not hold its Region.
    #[error("the partition {expected} for the Region {region}")]
    Partition {
        /// The partition that holds the Region.
        expected: &'static str,
        /// The Region that the ARN names.
        region: Region,
    },
    /// All endpoints.
    #[error("endpoints by name: all endpoints (`*`) cannot be captured yet")]
    Wildcard,
    /// An ARN of another account.
    #[error("endpoints of the own account {own}: other accounts cannot be captured yet")]
    OtherAccount {
        /// The own account.
        own: AccountId,
    },
    /// An ARN of another Region.
    #[error("endpoints of the own Region {own}: other Regions cannot be captured yet")]
    OtherRegion {
        /// The own Region.
        own: Region,
    },
}

impl TargetText {
    /// Reads an endpoint id or an endpoint's ARN.
    ///
    /// # Errors
    /// When the text is neither, or asks for all endpoints.
    pub fn parse(text: &str) -> Result<TargetText, TargetError> {
        if text == "*" {
            return Err(TargetError::Wildcard);
        }
        let (id, place) = match text.strip_prefix("arn:") {
            None => (text, None),
            Some(arn) => parse_arn(arn).map(|(id, place)| (id, Some(place)))?,
        };
        let endpoint_id = match id {
            "*" => return Err(TargetError::Wildcard),
            id => EndpointId::parse(id).ok_or(TargetError::Malformed)?,
        };
        Ok(TargetText { text: text.to_owned(), endpoint_id, place })
    }

    /// The target itself, for a program that runs at `home`.
    ///
    /// # Errors
    /// When it lies in another account or Region.
    pub fn at(&self, home: &AccountRegion) -> Result<Target, TargetError> {
        if let Some(place) = &self.place {
            if place.account_id != home.account_id {
                return Err(TargetError::OtherAccount { own: home.account_id.clone() });
            }
            if place.region != home.region {
                return Err(TargetError::OtherRegion { own: home.region.clone() });
            }
        }
        Ok(Target {
            account_id: home.account_id.clone(),
            region: home.region.clone(),
            endpoint_id: self.endpoint_id.clone(),
        })
    }
}

impl fmt::Display for TargetText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The id in an endpoint's ARN and where the endpoint lies; `arn` is without its first word.
fn parse_arn(arn: &str) -> Result<(&str, AccountRegion), TargetError> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [partition, service, region, account_id, resource] = parts[..] else {
        return Err(TargetError::Malformed);
    };
    let id = match resource.split_once('/') {
        Some(("client-vpn-endpoint", id)) if service == "ec2" => id,
        _ => return Err(TargetError::OtherResource),
    };
    let region = Region::parse(region).ok_or(TargetError::Malformed)?;
    let account_id = AccountId::parse(account_id).ok_or(TargetError::Malformed)?;
    if partition != region.partition() {
        return Err(TargetError::Partition { expected: region.partition(), region });
    }
    Ok((id, AccountRegion { account_id, region }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cvpn-endpoint-0123456789abcdef0";
    const ARN: &str =
        "arn:aws:ec2:eu-central-1:111122223333:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0";

    fn home(account_id: &str, region: &str) -> AccountRegion {
        AccountRegion {
            account_id: AccountId::parse(account_id).unwrap(),
            region: Region::parse(region).unwrap(),
        }
    }

    #[test]
    fn an_id_and_the_arn_of_the_own_account_are_the_same_target() {
        let home = home("111122223333", "eu-central-1");
        let by_id = TargetText::parse(ID).unwrap().at(&home).unwrap();
        let by_arn = TargetText::parse(ARN).unwrap().at(&home).unwrap();
        assert_eq!(by_id, by_arn);
        assert_eq!(by_id.arn(), ARN);
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused() {
        for (text, expected) in [
            ("", TargetError::Malformed),
            ("cvpn-endpoint-", TargetError::Malformed),
            ("cvpn-endpoint-0123456789ABCDEF0", TargetError::Malformed),
            ("cvpn-endpoint-0123456789abcdef0/..", TargetError::Malformed),
            ("cvpn-endpoint-0123456789abcdef0\n", TargetError::Malformed),
            ("vpc-0123456789abcdef0", TargetError::Malformed),
            ("arn:aws:ec2", TargetError::Malformed),
            (
                "arn:aws:ec2:nowhere:111122223333:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0",
                TargetError::Malformed,
            ),
            (
                "arn:aws:ec2:eu-central-1:1:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0",
                TargetError::Malformed,
            ),
            ("arn:aws:s3:::bucket", TargetError::OtherResource),
            ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-0123456789abcdef0", TargetError::OtherResource),
            ("*", TargetError::Wildcard),
            ("arn:aws:ec2:eu-central-1:111122223333:client-vpn-endpoint/*", TargetError::Wildcard),
        ] {
            assert_eq!(TargetText::parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn the_partition_belongs_to_the_region() {
        let text = ARN.replace("arn:aws:", "arn:aws-cn:");
        assert!(matches!(TargetText::parse(&text), Err(TargetError::Partition { expected: "aws", .. })));
        let text = ARN.replace("arn:aws:ec2:eu-central-1", "arn:aws-us-gov:ec2:us-gov-west-1");
        let target = TargetText::parse(&text).unwrap().at(&home("111122223333", "us-gov-west-1")).unwrap();
        assert_eq!(target.arn(), text);
    }

    #[test]
    fn another_account_or_region_is_refused_by_name() {
        let target = TargetText::parse(ARN).unwrap();
        let error = target.at(&home("999999999999", "eu-central-1")).unwrap_err();
        assert!(error.to_string().contains("own account 999999999999"), "{error}");
        let error = target.at(&home("111122223333", "us-east-1")).unwrap_err();
        assert!(error.to_string().contains("own Region us-east-1"), "{error}");
    }
}
