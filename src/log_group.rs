//! A log group of CloudWatch Logs, and the patterns that allow log groups to be read.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::target::{AccountId, AccountRegion, Region};

/// Longest name of a log group. Source: CloudWatch Logs API reference, `LogGroup`.
const LONGEST_NAME: usize = 512;

/// Hexadecimal digits of a log group's id.
const ID_DIGITS: usize = 12;

/// A log group of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogGroup {
    place: AccountRegion,
    name: String,
}

impl LogGroup {
    /// Returns the log group; `None` if none can have this name.
    pub fn new(place: &AccountRegion, name: &str) -> Option<LogGroup> {
        let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_of_name);
        fits.then(|| LogGroup { place: place.clone(), name: name.to_owned() })
    }

    /// Reads the ARN of a log group of `place`, without `:*` at the end; `None` if it is none.
    pub fn of_arn(place: &AccountRegion, arn: &str) -> Option<LogGroup> {
        let name = arn.strip_prefix(&place.log_groups_arn())?.strip_prefix(':')?;
        LogGroup::new(place, name)
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its account and Region.
    pub fn place(&self) -> &AccountRegion {
        &self.place
    }

    /// Returns its ARN, without `:*` at the end.
    pub fn arn(&self) -> String {
        format!("{}:{}", self.place.log_groups_arn(), self.name)
    }

    /// Returns its id in keys: the first 12 hexadecimal digits of the SHA-256 of its ARN. A key cannot carry its name.
    pub fn id(&self) -> LogGroupId {
        LogGroupId(hex::encode(Sha256::digest(self.arn())).chars().take(ID_DIGITS).collect())
    }
}

/// The id of a log group in keys: 12 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogGroupId(String);

impl LogGroupId {
    /// Reads an id; `None` if the text is none.
    pub fn parse(text: &str) -> Option<LogGroupId> {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == ID_DIGITS && text.bytes().all(is_digit)).then(|| LogGroupId(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogGroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'.' | b'#')
}

/// The ARN of log groups that may be read: of one, or with `*` as Region, as account, or at the end of the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroupPattern {
    partition: String,
    region: Option<Region>,
    account_id: Option<AccountId>,
    name: String,
    /// `true` if the name is the beginning of a name.
    is_prefix: bool,
}

impl LogGroupPattern {
    /// Description of the allowed texts.
    pub const ALLOWED: &str = "ARNs as arn:aws:logs:REGION:ACCOUNT:log-group:NAME, separated by commas; REGION and ACCOUNT may be *, and \
                               NAME may end in *";

    /// Reads an ARN. A trailing `:*` is ignored, since consoles show it.
    pub fn parse(text: &str) -> Option<LogGroupPattern> {
        let parts: Vec<&str> = text.split(':').collect();
        let (["arn", partition, "logs", region, account_id, "log-group", name]
        | ["arn", partition, "logs", region, account_id, "log-group", name, "*"]) = parts.as_slice()
        else {
            return None;
        };
        let region = if *region == "*" { None } else { Some(Region::parse(region)?) };
        let account_id = if *account_id == "*" { None } else { Some(AccountId::parse(account_id)?) };
        let (name, is_prefix) = name.strip_suffix('*').map_or((*name, false), |name| (name, true));
        let is_partition = partition.starts_with("aws")
            && partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && region.as_ref().is_none_or(|region| region.partition() == *partition);
        let is_name = (is_prefix || !name.is_empty()) && name.len() <= LONGEST_NAME;
        let fits = is_partition && is_name && name.bytes().all(is_of_name);
        let (partition, name) = ((*partition).to_owned(), name.to_owned());
        fits.then_some(LogGroupPattern { partition, region, account_id, name, is_prefix })
    }

    /// Returns `true` if it may allow log groups of `place`.
    pub fn is_of(&self, place: &AccountRegion) -> bool {
        self.partition == place.region.partition()
            && self.region.as_ref().is_none_or(|region| *region == place.region)
            && self.account_id.as_ref().is_none_or(|account_id| *account_id == place.account_id)
    }

    /// Returns `true` if it allows the log group.
    pub fn allows(&self, group: &LogGroup) -> bool {
        let is_named =
            if self.is_prefix { group.name.starts_with(&self.name) } else { group.name == self.name };
        self.is_of(&group.place) && is_named
    }
}

impl fmt::Display for LogGroupPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogGroupPattern { partition, region, account_id, name, is_prefix } = self;
        let region = region.as_ref().map_or("*", Region::as_str);
        let account_id = account_id.as_ref().map_or("*", AccountId::as_str);
        let end = if *is_prefix { "*" } else { "" };
        write!(f, "arn:{partition}:logs:{region}:{account_id}:log-group:{name}{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(account: &str, region: &str) -> AccountRegion {
        AccountRegion {
            account_id: AccountId::parse(account).unwrap(),
            region: Region::parse(region).unwrap(),
        }
    }

    #[test]
    fn a_log_group_has_an_arn_and_an_id() {
        let place = place("111122223333", "us-gov-west-1");
        let group = LogGroup::new(&place, "/vpn/Log_1.a#b-c").unwrap();
        assert_eq!(group.arn(), "arn:aws-us-gov:logs:us-gov-west-1:111122223333:log-group:/vpn/Log_1.a#b-c");
        let sha256 = hex::encode(Sha256::digest(group.arn()));
        assert_eq!(group.id().as_str(), &sha256[..12]);
        assert_eq!(LogGroupId::parse(group.id().as_str()), Some(group.id()));
        assert_eq!(LogGroup::of_arn(&place, &group.arn()), Some(group.clone()));
        for arn in [
            "",
            "/vpn",
            &format!("{}:*", group.arn()),
            &group.arn().replace("us-gov-west-1", "us-gov-east-1"),
        ] {
            assert_eq!(LogGroup::of_arn(&place, arn), None, "{arn}");
        }
        assert!(LogGroup::new(&place, &"x".repeat(512)).is_some());
        for name in ["", "a b", "a:b", "a*", "ä", &"x".repeat(513)] {
            assert_eq!(LogGroup::new(&place, name), None, "{name}");
        }
        for id in ["", "0123456789a", "0123456789AB", "0123456789abc", "0123456789ag"] {
            assert_eq!(LogGroupId::parse(id), None, "{id}");
        }
    }

    #[test]
    fn a_pattern_allows_what_it_names() {
        for (pattern, account, region, name, is_allowed) in [
            (
                "arn:aws:logs:eu-central-1:111122223333:log-group:/vpn",
                "111122223333",
                "eu-central-1",
                "/vpn",
                true,
            ),
            (
                "arn:aws:logs:eu-central-1:111122223333:log-group:/vpn:*",
                "111122223333",
                "eu-central-1",
                "/vpn",
                true,
            ),
            (
                "arn:aws:logs:eu-central-1:111122223333:log-group:/vpn",
                "111122223333",
                "eu-central-1",
                "/vpn2",
                false,
            ),
            (
                "arn:aws:logs:eu-central-1:111122223333:log-group:/vpn",
                "111122223333",
                "eu-west-1",
                "/vpn",
                false,
            ),
            (
                "arn:aws:logs:eu-central-1:111122223333:log-group:/vpn",
                "444455556666",
                "eu-central-1",
                "/vpn",
                false,
            ),
            ("arn:aws:logs:*:*:log-group:/vpn*", "444455556666", "eu-west-1", "/vpn2", true),
            ("arn:aws:logs:*:*:log-group:*", "444455556666", "eu-west-1", "any", true),
            ("arn:aws:logs:*:*:log-group:*:*", "444455556666", "eu-west-1", "any", true),
            ("arn:aws:logs:*:*:log-group:*", "444455556666", "us-gov-west-1", "any", false),
            ("arn:aws-us-gov:logs:*:*:log-group:*", "444455556666", "us-gov-west-1", "any", true),
        ] {
            let group = LogGroup::new(&place(account, region), name).unwrap();
            let parsed = LogGroupPattern::parse(pattern).unwrap();
            assert_eq!(parsed.allows(&group), is_allowed, "{pattern} {account} {region} {name}");
            let text = parsed.to_string();
            assert_eq!(LogGroupPattern::parse(&text), Some(parsed), "{text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "*",
            "/vpn",
            "arn:aws:logs:eu-central-1:111122223333:log-group:",
            "arn:aws:logs:eu-central-1:111122223333:log-group:a*b",
            "arn:aws:logs:eu-central-1:111122223333:log-group:a b",
            "arn:aws:logs:eu-central-1:111122223333:log-group:a:log-stream:b",
            "arn:aws:logs:eu-*:111122223333:log-group:a",
            "arn:aws:logs:eu-central-1:1111:log-group:a",
            "arn:aws-cn:logs:eu-central-1:111122223333:log-group:a",
            "arn::logs:*:*:log-group:a",
            "arn:aws:ec2:eu-central-1:111122223333:log-group:a",
        ] {
            assert_eq!(LogGroupPattern::parse(text), None, "{text}");
        }
    }
}
