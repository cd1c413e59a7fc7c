//! Regions, and the partitions of AWS that they lie in.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

/// The partition of a Region of which nothing else is known.
const COMMERCIAL: &str = "aws";

/// Partitions, by the prefix of their Regions' names. Source: the AWS SDKs' list of partitions (`partitions.json`).
const BY_PREFIX: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

/// Areas of the commercial partition, whose Regions are named as `eu-central-1`: area, direction, number. Source: as above.
const COMMERCIAL_AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

/// A Region such as `eu-central-1` or `us-gov-west-1`. Two of one name are the same Region.
#[derive(Debug, Clone)]
pub struct Region {
    name: String,
    /// The partition that an ARN named; `None` if none did.
    named_partition: Option<String>,
}

impl Region {
    /// Returns the checked value, or `None` if the text is no Region's name.
    pub fn parse(text: &str) -> Option<Region> {
        is_region(text).then(|| Region { name: text.to_owned(), named_partition: None })
    }

    /// Returns the name, as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the partition of AWS that the Region lies in: by its name, else by the ARN that named it, else `aws`.
    pub fn partition(&self) -> &str {
        self.known_partition().or(self.named_partition.as_deref()).unwrap_or(COMMERCIAL)
    }

    /// Returns the partition, if the Region's name shows it.
    pub fn known_partition(&self) -> Option<&'static str> {
        let of_prefix = BY_PREFIX.iter().find(|(prefix, _)| self.name.starts_with(prefix));
        of_prefix.map(|&(_, partition)| partition).or_else(|| self.is_commercial().then_some(COMMERCIAL))
    }

    /// Returns the Region as one of `partition`; that of a known Region does not change.
    pub(super) fn in_partition(self, partition: &str) -> Region {
        Region { named_partition: Some(partition.to_owned()), ..self }
    }

    fn is_commercial(&self) -> bool {
        let parts: Vec<&str> = self.name.split('-').collect();
        matches!(parts.as_slice(), [area, _, _] if COMMERCIAL_AREAS.contains(area))
    }
}

/// Checks the form of a partition's name, as ARNs write it: `aws`, or `aws-` and words in lower case.
pub(super) fn is_partition(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let mut words = text.split('-');
    words.next() == Some(COMMERCIAL) && words.all(is_word) && text.len() <= 32
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

impl PartialEq for Region {
    fn eq(&self, other: &Region) -> bool {
        self.name == other.name
    }
}

impl Eq for Region {}

impl PartialOrd for Region {
    fn partial_cmp(&self, other: &Region) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Region {
    fn cmp(&self, other: &Region) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Region {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regions_name_shows_its_partition() {
        for (name, partition) in [
            ("eu-central-1", Some("aws")),
            ("mx-central-1", Some("aws")),
            ("us-gov-west-1", Some("aws-us-gov")),
            ("cn-northwest-1", Some("aws-cn")),
            ("us-iso-east-1", Some("aws-iso")),
            ("us-isob-east-1", Some("aws-iso-b")),
            ("eu-isoe-west-1", Some("aws-iso-e")),
            ("us-isof-south-1", Some("aws-iso-f")),
            ("eusc-de-east-1", Some("aws-eusc")),
            ("us-isog-east-1", None),
            ("xy-north-1", None),
        ] {
            let region = Region::parse(name).unwrap();
            assert_eq!(region.known_partition(), partition, "{name}");
            assert_eq!(region.partition(), partition.unwrap_or("aws"), "{name}");
            assert_eq!(region.in_partition("aws-xyz").partition(), partition.unwrap_or("aws-xyz"), "{name}");
        }
    }

    #[test]
    fn the_partition_that_an_arn_named_makes_no_other_region_of_it() {
        let region = Region::parse("xy-north-1").unwrap();
        assert_eq!(region.clone().in_partition("aws-xyz"), region);
    }

    #[test]
    fn a_partition_is_aws_and_words() {
        for (text, fits) in [
            ("aws", true),
            ("aws-iso-b", true),
            ("aws-xyz", true),
            ("", false),
            ("aws-", false),
            ("aws--iso", false),
            ("AWS", false),
            ("awsx", false),
            ("gcp", false),
            ("aws-1", false),
            ("*", false),
        ] {
            assert_eq!(is_partition(text), fits, "{text}");
        }
    }
}
