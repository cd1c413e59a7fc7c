//! The ways to write targets: an id, an ARN, and `*` for all endpoints.

use std::fmt;

use super::region::{Region, is_partition};
use super::{AccountId, AccountRegion, EndpointId};

/// Targets as somebody wrote them: one endpoint, or all endpoints of one or several accounts and Regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetText {
    text: String,
    account: Which<AccountId>,
    region: Which<Region>,
    /// The endpoint; `None` for all endpoints.
    endpoint_id: Option<EndpointId>,
    /// The partition that an ARN names.
    partition: Option<String>,
}

/// A reference to an account or a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which<T> {
    /// The one that the program runs in.
    Own,
    /// A named one.
    One(T),
    /// Every one that the lake's tables know.
    Every,
}

/// An error of a text that is no target, or names one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Neither an id nor an ARN.
    #[error(
        "cvpn-endpoint- and 17 hexadecimal digits, arn:PARTITION:ec2:REGION:ACCOUNT:client-vpn-endpoint/ID, such an ARN with \
         * as ID for all endpoints there, or * for all of the own account and Region"
    )]
    Malformed,
    /// An ARN of something else.
    #[error(
        "an ARN of EC2's client-vpn-endpoint, as arn:PARTITION:ec2:REGION:ACCOUNT:client-vpn-endpoint/ID"
    )]
    OtherResource,
    /// An ARN that names an endpoint and not its account or Region.
    #[error("an endpoint's id with its own REGION and ACCOUNT; * there goes with * as ID")]
    EndpointOfMany,
    /// `*` as account or Region if it is not known which exist.
    #[error("* as {part} where {setting} says which there are")]
    NoneKnown {
        /// The part of the ARN that is `*`.
        part: &'static str,
        /// The setting that must be set.
        setting: &'static str,
    },
    /// An ARN whose partition does not hold its Region.
    #[error("the partition {expected}, in which its Region lies")]
    Partition {
        /// The partition that holds the Region.
        expected: &'static str,
    },
}

impl TargetText {
    /// Reads an endpoint id, an endpoint's ARN, one with `*` in place of the id and then also of the account or the Region,
    /// or a bare `*`.
    ///
    /// # Errors
    /// Returns an error if the text is none of these.
    pub fn parse(text: &str) -> Result<TargetText, TargetError> {
        let own = |endpoint_id| TargetText {
            text: text.to_owned(),
            account: Which::Own,
            region: Which::Own,
            endpoint_id,
            partition: None,
        };
        match text.strip_prefix("arn:") {
            None if text == "*" => Ok(own(None)),
            None => EndpointId::parse(text).map(|id| own(Some(id))).ok_or(TargetError::Malformed),
            Some(arn) => parse_arn(text, arn),
        }
    }

    /// Returns the endpoint; `None` for all endpoints.
    pub fn endpoint_id(&self) -> Option<&EndpointId> {
        self.endpoint_id.as_ref()
    }

    /// Returns the accounts and Regions that are meant, for a program that runs at `home` and whose lake knows these `accounts`
    /// and `regions`.
    ///
    /// # Errors
    /// Returns an error if a Region is not in the partition that the ARN names, or if `*` stands for something unknown.
    pub fn places(
        &self,
        home: &AccountRegion,
        accounts: &[AccountId],
        regions: &[Region],
    ) -> Result<Vec<AccountRegion>, TargetError> {
        let none_known = |part, setting| TargetError::NoneKnown { part, setting };
        let accounts = self.account.among(&home.account_id, accounts);
        let accounts = accounts.ok_or(none_known("ACCOUNT", "AUDIT_ACCOUNTS"))?;
        let regions = self.region.among(&home.region, regions);
        let mut places = Vec::new();
        for region in regions.ok_or(none_known("REGION", "AUDIT_REGIONS"))? {
            let region = match &self.partition {
                Some(partition) => of_partition(region, partition)?,
                None => region,
            };
            let at = |account_id: &AccountId| AccountRegion {
                account_id: account_id.clone(),
                region: region.clone(),
            };
            places.extend(accounts.iter().map(at));
        }
        Ok(places)
    }
}

impl<T: Clone> Which<T> {
    /// Reads a part of an ARN.
    fn parse(text: &str, one: impl Fn(&str) -> Option<T>) -> Result<Which<T>, TargetError> {
        match text {
            "*" => Ok(Which::Every),
            text => one(text).map(Which::One).ok_or(TargetError::Malformed),
        }
    }

    /// Returns those that are meant; `None` for `*` if none are known.
    fn among(&self, own: &T, known: &[T]) -> Option<Vec<T>> {
        match self {
            Which::Own => Some(vec![own.clone()]),
            Which::One(one) => Some(vec![one.clone()]),
            Which::Every => (!known.is_empty()).then(|| known.to_vec()),
        }
    }
}

impl fmt::Display for TargetText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads an ARN, `arn` without its first word.
fn parse_arn(text: &str, arn: &str) -> Result<TargetText, TargetError> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [partition, service, region, account, resource] = parts[..] else {
        return Err(TargetError::Malformed);
    };
    let id = match resource.split_once('/') {
        Some(("client-vpn-endpoint", id)) if service == "ec2" => id,
        _ => return Err(TargetError::OtherResource),
    };
    if !is_partition(partition) {
        return Err(TargetError::Malformed);
    }
    let region = Which::parse(region, Region::parse)?;
    let account = Which::parse(account, AccountId::parse)?;
    let endpoint_id = match id {
        "*" => None,
        id => Some(EndpointId::parse(id).ok_or(TargetError::Malformed)?),
    };
    if endpoint_id.is_some() && (region == Which::Every || account == Which::Every) {
        return Err(TargetError::EndpointOfMany);
    }
    let region = match region {
        Which::One(region) => Which::One(of_partition(region, partition)?),
        region => region,
    };
    let partition = Some(partition.to_owned());
    Ok(TargetText { text: text.to_owned(), account, region, endpoint_id, partition })
}

/// Returns the Region as one of the partition that an ARN names. A Region whose partition is not known is taken to lie there.
fn of_partition(region: Region, partition: &str) -> Result<Region, TargetError> {
    match region.known_partition() {
        Some(expected) if expected != partition => Err(TargetError::Partition { expected }),
        _ => Ok(region.in_partition(partition)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cvpn-endpoint-0123456789abcdef0";
    const ARN: &str =
        "arn:aws:ec2:eu-central-1:111122223333:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0";

    fn accounts(texts: &[&str]) -> Vec<AccountId> {
        texts.iter().map(|text| AccountId::parse(text).unwrap()).collect()
    }

    fn regions(texts: &[&str]) -> Vec<Region> {
        texts.iter().map(|text| Region::parse(text).unwrap()).collect()
    }

    fn home() -> AccountRegion {
        AccountRegion {
            account_id: accounts(&["111122223333"]).remove(0),
            region: regions(&["eu-central-1"]).remove(0),
        }
    }

    /// Lists the accounts and Regions that a text means, in a lake that knows two accounts and two Regions.
    fn places(text: &str) -> Vec<String> {
        let (accounts, regions) =
            (accounts(&["111122223333", "444455556666"]), regions(&["eu-central-1", "us-east-1"]));
        let places = TargetText::parse(text).unwrap().places(&home(), &accounts, &regions).unwrap();
        places.iter().map(|place| format!("{} {}", place.account_id, place.region)).collect()
    }

    #[test]
    fn an_id_and_a_bare_asterisk_are_of_the_own_account_and_region() {
        for (text, endpoint_id) in [(ID, Some(ID)), ("*", None)] {
            assert_eq!(places(text), ["111122223333 eu-central-1"]);
            let parsed = TargetText::parse(text).unwrap();
            assert_eq!(parsed.endpoint_id().map(EndpointId::as_str), endpoint_id);
        }
    }

    #[test]
    fn an_asterisk_in_an_arn_is_every_one_that_the_lake_knows() {
        let other = ARN.replace("111122223333", "777788889999").replace("eu-central-1", "us-west-2");
        for (text, expected) in [
            (ARN, &["111122223333 eu-central-1"][..]),
            (&other, &["777788889999 us-west-2"]),
            ("arn:aws:ec2:us-east-1:444455556666:client-vpn-endpoint/*", &["444455556666 us-east-1"]),
            (
                "arn:aws:ec2:us-east-1:*:client-vpn-endpoint/*",
                &["111122223333 us-east-1", "444455556666 us-east-1"],
            ),
            (
                "arn:aws:ec2:*:444455556666:client-vpn-endpoint/*",
                &["444455556666 eu-central-1", "444455556666 us-east-1"],
            ),
            (
                "arn:aws:ec2:*:*:client-vpn-endpoint/*",
                &[
                    "111122223333 eu-central-1",
                    "444455556666 eu-central-1",
                    "111122223333 us-east-1",
                    "444455556666 us-east-1",
                ],
            ),
        ] {
            assert_eq!(places(text), expected, "{text}");
        }
        let everywhere = TargetText::parse("arn:aws:ec2:*:*:client-vpn-endpoint/*").unwrap();
        let none_known = |part, setting| Err(TargetError::NoneKnown { part, setting });
        assert_eq!(everywhere.places(&home(), &[], &[]), none_known("ACCOUNT", "AUDIT_ACCOUNTS"));
        let known = accounts(&["111122223333"]);
        assert_eq!(everywhere.places(&home(), &known, &[]), none_known("REGION", "AUDIT_REGIONS"));
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused() {
        for (text, expected) in [
            ("", TargetError::Malformed),
            ("**", TargetError::Malformed),
            ("cvpn-endpoint-", TargetError::Malformed),
            ("cvpn-endpoint-*", TargetError::Malformed),
            ("cvpn-endpoint-0123456789ABCDEF0", TargetError::Malformed),
            ("cvpn-endpoint-0123456789abcdef0/..", TargetError::Malformed),
            ("cvpn-endpoint-0123456789abcdef0\n", TargetError::Malformed),
            ("vpc-0123456789abcdef0", TargetError::Malformed),
            ("arn:aws:ec2", TargetError::Malformed),
            ("arn:aws:ec2:nowhere:111122223333:client-vpn-endpoint/*", TargetError::Malformed),
            ("arn:aws:ec2:eu-*:111122223333:client-vpn-endpoint/*", TargetError::Malformed),
            ("arn:aws:ec2:eu-central-1:1:client-vpn-endpoint/*", TargetError::Malformed),
            ("arn:aws:ec2:eu-central-1:111122223333:client-vpn-endpoint/../*", TargetError::Malformed),
            ("arn:aws:s3:::bucket", TargetError::OtherResource),
            ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-0123456789abcdef0", TargetError::OtherResource),
            (
                "arn:aws:ec2:*:111122223333:client-vpn-endpoint/cvpn-endpoint-01234567",
                TargetError::EndpointOfMany,
            ),
            (
                "arn:aws:ec2:eu-central-1:*:client-vpn-endpoint/cvpn-endpoint-01234567",
                TargetError::EndpointOfMany,
            ),
        ] {
            assert_eq!(TargetText::parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn the_partition_belongs_to_the_region() {
        let text = ARN.replace("arn:aws:", "arn:aws-cn:");
        assert!(matches!(TargetText::parse(&text), Err(TargetError::Partition { expected: "aws" })));
        let text = ARN.replace("arn:aws:ec2:eu-central-1", "arn:aws-us-gov:ec2:us-gov-west-1");
        assert_eq!(places(&text), ["111122223333 us-gov-west-1"]);
        let everywhere = TargetText::parse("arn:aws-cn:ec2:*:*:client-vpn-endpoint/*").unwrap();
        let places = everywhere.places(&home(), &accounts(&["111122223333"]), &regions(&["eu-central-1"]));
        assert!(matches!(places, Err(TargetError::Partition { .. })));
    }

    /// Returns the ARNs of the targets that a text names, in a lake that knows these Regions.
    fn arns(text: &str, known: &[&str]) -> Result<Vec<String>, TargetError> {
        let target = TargetText::parse(text)?;
        let id = target.endpoint_id().map_or("*", EndpointId::as_str).to_owned();
        let places = target.places(&home(), &accounts(&["111122223333"]), &regions(known))?;
        Ok(places.iter().map(|place| place.arn_of(&id)).collect())
    }

    #[test]
    fn an_arn_of_every_partition_is_read_and_written_alike() {
        for (partition, region) in [
            ("aws", "eu-central-1"),
            ("aws", "xy-north-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-east-1"),
            ("aws-iso", "us-iso-east-1"),
            ("aws-iso-b", "us-isob-east-1"),
            ("aws-iso-e", "eu-isoe-west-1"),
            ("aws-iso-f", "us-isof-south-1"),
            ("aws-eusc", "eusc-de-east-1"),
            ("aws-xyz", "xy-north-1"),
            ("aws-iso-g", "us-isog-east-1"),
        ] {
            for id in [ID, "*"] {
                let arn = format!("arn:{partition}:ec2:{region}:111122223333:client-vpn-endpoint/{id}");
                assert_eq!(arns(&arn, &[]), Ok(vec![arn.clone()]));
            }
            let every = format!("arn:{partition}:ec2:*:*:client-vpn-endpoint/*");
            let expected = format!("arn:{partition}:ec2:{region}:111122223333:client-vpn-endpoint/*");
            assert_eq!(arns(&every, &[region]), Ok(vec![expected]));
        }
    }

    #[test]
    fn an_arn_of_another_partition_than_its_regions_is_refused() {
        for (partition, region, expected) in [
            ("aws", "us-isob-east-1", "aws-iso-b"),
            ("aws", "eusc-de-east-1", "aws-eusc"),
            ("aws-iso", "us-isob-east-1", "aws-iso-b"),
            ("aws-eusc", "eu-central-1", "aws"),
            ("aws-xyz", "us-gov-west-1", "aws-us-gov"),
        ] {
            let refused = Err(TargetError::Partition { expected });
            let arn = |region| format!("arn:{partition}:ec2:{region}:111122223333:client-vpn-endpoint/*");
            assert_eq!(arns(&arn(region), &[]), refused, "{partition} {region}");
            assert_eq!(arns(&arn("*"), &[region]), refused, "{partition} {region}");
        }
        for partition in ["", "AWS", "aws-", "gcp", "*", "aws:"] {
            let arn = format!("arn:{partition}:ec2:eu-central-1:111122223333:client-vpn-endpoint/*");
            assert_eq!(arns(&arn, &[]), Err(TargetError::Malformed), "{partition}");
        }
    }
}
