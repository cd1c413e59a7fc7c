//! The axis of time of the plots, and curves over it.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::report::exhibit::zoned_times::ZonedTimes;

/// Width of a plot, in the units of its view box.
pub(super) const WIDTH: u32 = 1_000;

/// Labels of the axis.
const LABELS: u32 = 6;

/// An axis of time.
pub(super) struct Axis {
    from: Timestamp,
    seconds: f64,
}

impl Axis {
    /// Returns the axis of a period.
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Axis {
        Axis { from, seconds: to.duration_since(from).as_secs_f64().max(1.0) }
    }

    /// Returns the position of a time, which is within the plot.
    pub(super) fn position(&self, time: Timestamp) -> f64 {
        let share = time.duration_since(self.from).as_secs_f64() / self.seconds;
        share.clamp(0.0, 1.0) * f64::from(WIDTH)
    }

    /// Returns the labels of the axis. They are no part of the drawing, which is scaled to the width of the page.
    pub(super) fn labels(&self, times: &ZonedTimes) -> Markup {
        html! {
            div.axis {
                @for index in 0..=LABELS {
                    @let share = f64::from(index) / f64::from(LABELS);
                    @let time = self.from.checked_add(jiff::SignedDuration::from_secs_f64(self.seconds * share)).unwrap_or(self.from);
                    span { (times.axis(time)) }
                }
            }
        }
    }
}

/// Returns the points of a curve in steps, of values at times in order, between `top` and `bottom`; `greatest` is at the top.
pub(super) fn steps(
    axis: &Axis,
    values: &[(Timestamp, u64)],
    greatest: u64,
    top: u32,
    bottom: u32,
) -> String {
    let scale = |value: u64| {
        let share = small(value) / small(greatest.max(1));
        f64::from(bottom) - share * f64::from(bottom - top)
    };
    let mut points = Vec::with_capacity(values.len() * 2);
    let mut level: Option<f64> = None;
    for (time, value) in values {
        let x = axis.position(*time);
        if let Some(level) = level {
            points.push(format!("{x:.1},{level:.1}"));
        }
        let y = scale(*value);
        points.push(format!("{x:.1},{y:.1}"));
        level = Some(y);
    }
    points.join(" ")
}

/// Returns a count as a number with a fraction. AWS allows far fewer connections than the limit.
fn small(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_in_steps_and_stays_within_the_plot() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let axis = Axis::new(at(0), at(10));
        let points = steps(&axis, &[(at(0), 0), (at(5), 4), (at(20), 2)], 4, 10, 110);
        assert_eq!(points, "0.0,110.0 500.0,110.0 500.0,10.0 1000.0,10.0 1000.0,60.0");
        assert_eq!(Axis::new(at(0), at(0)).position(at(0)), 0.0, "a period of no length");
    }
}
