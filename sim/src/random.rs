//! Numbers that look random and depend on nothing but what they are made from, so that the same seed gives the
//! same people, sessions and bytes on every machine. SplitMix64; not for secrets.

/// Steps of the golden ratio, as SplitMix64 takes them.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes several numbers into one, all bits stirred.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(GOLDEN_GAMMA, |state, part| {
        stir(state.wrapping_add(GOLDEN_GAMMA) ^ stir(part.wrapping_add(GOLDEN_GAMMA)))
    })
}

/// Mixes bytes into one number.
pub(crate) fn mix_bytes(key: u64, bytes: &[u8]) -> u64 {
    // FNV-1a, then stirred: FNV alone leaves the low bits weak.
    let start = mix(&[key, 0xcbf2_9ce4_8422_2325]);
    stir(bytes.iter().fold(start, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
}

fn stir(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A sequence of numbers that follows from its parts.
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn of(parts: &[u64]) -> Self {
        Self(mix(parts))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        stir(self.0)
    }

    /// Returns a number from `low` to `high`, both included; `low` if they leave no room.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let room = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.number() % room).unwrap_or(0))
    }

    /// Returns `true` about once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.number().is_multiple_of(n)
    }

    /// Returns one of `choices`, or the empty text if there are none.
    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let last = i64::try_from(choices.len()).unwrap_or(0).saturating_sub(1);
        let index = usize::try_from(self.between(0, last)).unwrap_or(0);
        choices.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_both_ends() {
        let mut stream = Stream::of(&[7]);
        let drawn: Vec<i64> = (0..1000).map(|_| stream.between(-2, 2)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&2)));
    }

    #[test]
    fn the_order_of_parts_matters() {
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[0]), mix(&[0, 0]));
    }
}
