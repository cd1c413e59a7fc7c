//! Regions that an answer names. The form alone would let a name pass: `maria-lopez-1`.

use crate::target::Region;

/// First parts of Regions' names.
const AREAS: [&str; 13] = ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us", "nz", "tw"];

/// Parts of Regions' names between the first and the number.
const PLACES: [&str; 18] = [
    "central",
    "de",
    "east",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
    "north",
    "northcentral",
    "northeast",
    "northwest",
    "south",
    "southcentral",
    "southeast",
    "southwest",
    "west",
    "westcentral",
];

/// Returns the Region that a text names; `None` if it has words that AWS's Regions do not have.
pub(crate) fn region_named(text: &str) -> Option<Region> {
    let region = Region::parse(text)?;
    let mut parts = text.split('-');
    let is_area = parts.next().is_some_and(|area| AREAS.contains(&area));
    let is_place = |part: &str| PLACES.contains(&part) || part.bytes().all(|b| b.is_ascii_digit());
    (is_area && parts.all(is_place)).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_made_of_its_words() {
        for (text, is_region) in [
            ("eu-central-1", true),
            ("us-gov-west-1", true),
            ("us-iso-east-1", true),
            ("eusc-de-east-1", true),
            ("ap-southeast-7", true),
            ("maria-lopez-1", false),
            ("eu-lopez-1", false),
            ("eu-central", false),
            ("", false),
        ] {
            assert_eq!(region_named(text).is_some(), is_region, "{text}");
        }
    }
}
