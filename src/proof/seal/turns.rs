//! The order in which accounts and Regions are sealed. A seal may run out of time, so each hour begins with others.

use crate::hour::Hour;
use crate::target::AccountRegion;

/// 2³² divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9;

/// Returns the places in their order, but beginning with another one each hour: further by the golden ratio of their number, so that
/// the beginnings of successive hours are spread evenly, however many places a seal has time for.
pub fn in_turn(mut places: Vec<AccountRegion>, hour: Hour) -> Vec<AccountRegion> {
    let hours = hour.start().as_second().unsigned_abs() / 3600;
    let fraction = hours.wrapping_mul(GOLDEN) & u64::from(u32::MAX);
    let first = (fraction * places.len() as u64) >> 32;
    places.rotate_left(first as usize);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: usize) -> Vec<AccountRegion> {
        let place = |number| AccountRegion::parse(&format!("account_id={number:012}"), "region=eu-central-1");
        (0..count).filter_map(place).collect()
    }

    #[test]
    fn all_places_have_their_turn() {
        for count in [0, 1, 2, 7, 640] {
            let mut turns = in_turn(places(count), Hour::parse("2026-11-23T09").unwrap());
            assert_eq!(turns.len(), count);
            turns.sort();
            assert_eq!(turns, places(count));
        }
    }

    #[test]
    fn none_waits_for_ever_if_there_is_time_for_a_tenth_each_hour() {
        for count in [10, 64, 100, 640, 1000, 4080] {
            let mut hour = Hour::parse("2026-11-23T09").unwrap();
            let mut waiting = places(count);
            let mut hours = 0;
            while !waiting.is_empty() && hours < 30 {
                let turns = in_turn(places(count), hour);
                waiting.retain(|place| !turns[..count / 10].contains(place));
                (hour, hours) = (hour.next(), hours + 1);
            }
            assert_eq!(waiting, [], "{count} places after {hours} hours");
        }
    }
}
