//! The devices that people connect with, and the public addresses they come from.

use crate::people::People;
use crate::random::{Stream, mix};
use std::net::Ipv4Addr;

/// The device of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) kind: &'static str,
    /// The public address.
    pub(crate) address: Ipv4Addr,
}

/// First addresses of the ranges reserved for documentation, each of 254 hosts: homes. Some people share one, as a family or
/// an office does.
const HOMES: [[u8; 3]; 3] = [[198, 51, 100], [203, 0, 113], [192, 0, 2]];

/// First address of 198.18.0.0/15, reserved for benchmarks: hotels, trains, mobile networks.
const ELSEWHERE: u32 = 0xc612_0000;

impl Device {
    /// Returns the device of an attempt: at home, or one time in `away_one_in` elsewhere.
    pub(crate) fn of(fleet: &People, seat: usize, attempt_key: u64, away_one_in: u64) -> Self {
        let seat_number = u64::try_from(seat).unwrap_or(u64::MAX);
        let kind = Stream::of(&[fleet.key(), seat_number, 0x6465_7669]).pick(&["win", "win", "mac", "linux"]);
        let mut traits = Stream::of(&[attempt_key, 0x6177_6179]);
        let address = if traits.one_in(away_one_in) {
            Ipv4Addr::from_bits(ELSEWHERE | u32::try_from(traits.between(1, 0x1_fffe)).unwrap_or(1))
        } else {
            home(fleet, seat)
        };
        Self { kind, address }
    }
}

/// Returns the address that a person usually comes from, with whatever device.
fn home(fleet: &People, seat: usize) -> Ipv4Addr {
    let number = mix(&[fleet.key(), fleet.person_number(seat), 0x686f_6d65]);
    let [range, ..] = HOMES;
    let [a, b, c] = HOMES.into_iter().cycle().nth(usize::try_from(number % 3).unwrap_or(0)).unwrap_or(range);
    Ipv4Addr::new(a, b, c, u8::try_from(number / 3 % 254 + 1).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::BTreeSet;

    #[test]
    fn a_person_comes_from_home_and_now_and_then_from_elsewhere() {
        let fleet = People::new(1, Config::fleet(1, 1, 40).endpoints.remove(0));
        for seat in 0..40 {
            let addresses = (0..200).map(|key| Device::of(&fleet, seat, key, 8).address);
            let (home, elsewhere): (Vec<_>, Vec<_>) = addresses.partition(|address| {
                address.octets()[..2] != [198, 18] && address.octets()[..2] != [198, 19]
            });
            assert_eq!(home.iter().collect::<BTreeSet<_>>().len(), 1);
            assert!((5..60).contains(&elsewhere.len()), "{}", elsewhere.len());
            assert!(HOMES.contains(&[home[0].octets()[0], home[0].octets()[1], home[0].octets()[2]]));
        }
    }
}
