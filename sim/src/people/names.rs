//! Names of people who do not exist.

use crate::random::Stream;

const FIRST_NAMES: &[&str] = &[
    "ada", "alan", "amina", "anna", "ben", "carla", "chen", "clara", "daniel", "david", "elena", "emil",
    "eva", "fatima", "felix", "grace", "hana", "hugo", "ines", "ivan", "jana", "jonas", "julia", "kofi",
    "lara", "leo", "lucia", "marco", "maria", "mei", "mira", "nadia", "noah", "olga", "omar", "paul",
    "petra", "priya", "rosa", "sam", "sofia", "tariq", "theo", "vera", "yusuf", "zoe",
];

const LAST_NAMES: &[&str] = &[
    "adams",
    "ahmed",
    "baker",
    "bauer",
    "berg",
    "brown",
    "chen",
    "costa",
    "diaz",
    "evans",
    "fischer",
    "garcia",
    "haas",
    "ito",
    "jansen",
    "keller",
    "khan",
    "klein",
    "kumar",
    "larsen",
    "lee",
    "lopez",
    "mensah",
    "meyer",
    "moreau",
    "nowak",
    "okafor",
    "patel",
    "petrov",
    "reyes",
    "rossi",
    "santos",
    "sato",
    "schmidt",
    "silva",
    "smith",
    "tanaka",
    "vogel",
    "weber",
    "wong",
    "young",
    "zimmermann",
];

/// Returns the name of a person of a fleet, such as `maria.lopez17`. The number is the person's, so no two share a name.
pub(crate) fn person(fleet: u64, number: u64) -> String {
    let mut stream = Stream::of(&[fleet, number, 0x6e61_6d65]);
    format!("{}.{}{number}", stream.pick(FIRST_NAMES), stream.pick(LAST_NAMES))
}
