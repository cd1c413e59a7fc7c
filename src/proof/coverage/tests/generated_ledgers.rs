//! Properties of the proof, over generated ledgers.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// Generates ledgers of three endpoints that come, go and come back, with captures that overlap, fail, repeat and are late.
fn ledgers() -> impl Strategy<Value = Vec<Run>> {
    let entry = (0..8_i64, 0..40_i64, 0..40_i64);
    let run_of = (
        0..3 * H / M,
        prop::collection::vec(prop::option::of(entry.clone()), 3),
        prop::option::of((0..5_i64, 0..8_usize)),
    );
    prop::collection::vec(run_of, 1..25).prop_map(|runs| {
        let ids = ["e", "f", "g"];
        runs.into_iter()
            .map(|(minute, entries, listing)| {
                let start = minute * 3 * M;
                let mut made = run(start);
                if let Some((long, mask)) = listing {
                    let there: Vec<&str> = ids
                        .iter()
                        .enumerate()
                        .filter(|(bit, _)| mask >> bit & 1 == 1)
                        .map(|(_, id)| *id)
                        .collect();
                    made = match long {
                        4 => made.lists_not(&there),
                        long => made.lists([start, start, start + long * M], &there),
                    };
                }
                for (id, entry) in ids.iter().zip(entries) {
                    let Some((kind, first, last)) = entry else { continue };
                    let (requested, first) = (start + kind, start + first * M);
                    made = match kind {
                        0 => made.failed(id),
                        1 => made.again(id, [requested - 30 * M, requested - 30 * M, requested - 29 * M]),
                        _ => made.complete(id, [requested, first, first + (last - 3) * M]),
                    };
                }
                made
            })
            .collect()
    })
}

/// Returns a runner that draws the same each time.
fn runner() -> TestRunner {
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let seed = b"the same draws in every run, always";
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed[..32]))
}

#[test]
fn a_window_says_what_coverage_of_all_time_says() {
    let drawn = runner().run(&(ledgers(), 0..600_i64), |(runs, from)| {
        let now = 700 * M;
        let from = from * M;
        let (all, _) = coverage(&runs, None, now, now);
        let (windowed, _) = coverage(&runs, Some(from), now, now);
        for endpoint in &all {
            let id = endpoint.endpoint_id.as_str();
            let Some(holes) = holes_of(&all, id) else { continue };
            let Some(in_window) = holes_of(&windowed, id) else {
                let attempts = attempts(&runs);
                let (_, place) = attempts.places().next().unwrap();
                let gone = place.presence(id).unwrap().gone;
                prop_assert!(gone.is_some_and(|gone| gone <= at(from)), "{id}: {gone:?}");
                continue;
            };
            // Those that begin in the window are the same.
            let later = |holes: &[(i64, i64, bool)]| {
                holes.iter().copied().filter(|(begin, _, _)| *begin > from).collect::<Vec<_>>()
            };
            prop_assert_eq!(later(&holes), later(&in_window), "{}", id);
            // And one at its beginning is part of one that began before.
            for (begin, end, _) in in_window.iter().filter(|(begin, _, _)| *begin == from) {
                let is_in = |hole: &(i64, i64, bool)| hole.0 <= *begin && hole.1 == *end;
                prop_assert!(holes.iter().any(is_in), "{id}: {begin} to {end} is in none of {holes:?}");
            }
        }
        Ok(())
    });
    assert_eq!(drawn, Ok(()));
}

#[test]
fn no_time_outside_the_holes_lacks_a_capture() {
    let drawn = runner().run(&(ledgers(), 0..42_000_i64), |(runs, second)| {
        let now = 700 * M;
        let (all, _) = coverage(&runs, None, now, now);
        for endpoint in &all {
            let holes = holes_of(&all, &endpoint.endpoint_id).unwrap();
            let is_in_a_hole = holes.iter().any(|(begin, end, _)| (*begin..*end).contains(&second));
            if is_in_a_hole || at(second) < endpoint.from || now - second < H {
                continue;
            }
            let attempts = attempts(&runs);
            let (_, place) = attempts.places().next().unwrap();
            let (_, of_endpoint) = place.endpoints().find(|(id, _)| *id == endpoint.endpoint_id).unwrap();
            // A connection that ended at that second is still listed by a capture that begins later and ends within the hour.
            let shows = of_endpoint.iter().filter_map(|attempt| attempt.proof.captured()).any(|captured| {
                captured.begins > at(second) && captured.ends.duration_since(at(second)) < LISTED_AFTER_END
            });
            let presence = place.presence(&endpoint.endpoint_id).unwrap();
            let was_there = presence.gone.is_none_or(|gone| gone > at(second));
            prop_assert!(shows || !was_there, "{} at {second}: {holes:?}", endpoint.endpoint_id);
        }
        Ok(())
    });
    assert_eq!(drawn, Ok(()));
}
