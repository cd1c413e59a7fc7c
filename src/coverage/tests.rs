use super::*;

fn hole(from: i64, to: i64) -> Hole {
    let time = |minutes: i64| Timestamp::from_second(minutes * 60).unwrap();
    let gap = Gap { from: time(from), to: time(to), seconds: (to - from) * 60, open: false };
    Hole { gap, attempts: 0, reason: String::new(), witness_maximum: None }
}

#[test]
fn time_in_two_holes_counts_once_and_outside_the_window_not_at_all() {
    let share = |holes: &[Hole]| proven(holes, hole(0, 0).gap.from, hole(0, 400).gap.to);
    assert_eq!(share(&[]), 1.0);
    assert_eq!(share(&[hole(100, 200)]), 0.75);
    assert_eq!(share(&[hole(100, 200), hole(150, 300)]), 0.5);
    assert_eq!(share(&[hole(-200, 100), hole(300, 900)]), 0.5);
    assert_eq!(share(&[hole(-1, 401)]), 0.0);
}
