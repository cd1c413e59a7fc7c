//! An independent witness: CloudWatch's own count of active connections, exported to a file.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::bounded_file::{self, ReadError};

/// Largest export that is read, in bytes: years of one metric.
const LARGEST_WITNESS: u64 = 16 << 20;

/// CloudWatch's `ActiveConnectionsCount` of one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The endpoint.
    pub endpoint_id: String,
    /// Beginning of a period, and the number of connections in it, in order.
    points: Vec<(Timestamp, f64)>,
}

/// A capture, and the witness's number for its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Time of arrival of the first page.
    pub first_page_at: Timestamp,
    /// Active connections of the capture.
    pub active: u64,
    /// The witness's number; null if it has none for that time.
    pub witness: Option<f64>,
}

impl Difference {
    /// Returns `true` if the witness's number is higher.
    pub fn is_higher(&self) -> bool {
        self.witness.is_some_and(|number| number > to_float(self.active) + 0.5)
    }
}

/// Reason why a file is not a witness.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A file that cannot be read.
    #[error("{0}")]
    Unreadable(#[from] ReadError),
    /// JSON of another form.
    #[error(
        "is JSON, but not what `aws cloudwatch get-metric-statistics` or `get-metric-data` answers for one metric: {0}"
    )]
    Json(String),
    /// A line that is no data point.
    #[error(
        "line {0} has no time and number; allowed: CSV whose first two columns are a time in UTC and a number"
    )]
    Line(usize),
    /// A number that counts nothing.
    #[error("has {number} at {time}, which is no number of connections")]
    NoCount {
        /// The time of the data point.
        time: Timestamp,
        /// The number.
        number: f64,
    },
    /// A file without a data point.
    #[error("has no data point")]
    Empty,
}

/// The output of `aws cloudwatch get-metric-statistics`.
#[derive(Deserialize)]
struct Statistics {
    #[serde(rename = "Datapoints")]
    datapoints: Vec<Datapoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: Timestamp,
    maximum: Option<f64>,
    average: Option<f64>,
    sum: Option<f64>,
    minimum: Option<f64>,
}

/// The output of `aws cloudwatch get-metric-data`.
#[derive(Deserialize)]
struct MetricData {
    #[serde(rename = "MetricDataResults")]
    results: [MetricDataResult; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataResult {
    timestamps: Vec<Timestamp>,
    values: Vec<f64>,
}

impl Witness {
    /// Reads a file that CloudWatch exported: JSON of its command line, or CSV.
    ///
    /// # Errors
    /// Returns an error if it is neither.
    pub fn read(endpoint_id: &str, path: &Path) -> Result<Witness, WitnessError> {
        let bytes = bounded_file::read(path, LARGEST_WITNESS)?;
        let text = String::from_utf8(bytes).map_err(|_error| ReadError::NotText)?;
        let mut points =
            if text.trim_start().starts_with('{') { from_json(&text)? } else { from_csv(&text)? };
        if points.is_empty() {
            return Err(WitnessError::Empty);
        }
        if let Some((time, number)) =
            points.iter().find(|(_, number)| !(number.is_finite() && *number >= 0.0))
        {
            return Err(WitnessError::NoCount { time: *time, number: *number });
        }
        // Of two numbers for one time, the greater one comes last, and counts.
        points.sort_by(|(time, number), (other, of_other)| time.cmp(other).then(number.total_cmp(of_other)));
        Ok(Witness { endpoint_id: endpoint_id.to_owned(), points })
    }

    /// Returns the captures for which the witness has another number, or none.
    pub fn differences(&self, captures: impl Iterator<Item = (Timestamp, u64)>) -> Vec<Difference> {
        let mut differences: Vec<Difference> = captures
            .map(|(first_page_at, active)| Difference {
                first_page_at,
                active,
                witness: self.at(first_page_at),
            })
            .filter(|found| found.witness.is_none_or(|number| (number - to_float(found.active)).abs() > 0.5))
            .collect();
        differences.sort_by_key(|difference| difference.first_page_at);
        differences
    }

    /// Returns the most connections from `from` to `to`.
    pub fn maximum(&self, from: Timestamp, to: Timestamp) -> Option<f64> {
        let within = self.points.iter().filter(|(time, _)| (from..=to).contains(time));
        within.map(|(_, number)| *number).max_by(f64::total_cmp)
    }

    /// Returns the number of the period that `time` lies in.
    fn at(&self, time: Timestamp) -> Option<f64> {
        let after = self.points.partition_point(|(begin, _)| *begin <= time);
        let (begin, number) = self.points.get(after.checked_sub(1)?)?;
        let steps = self.points.windows(2).filter_map(|pair| match pair {
            [(one, _), (other, _)] => Some(other.duration_since(*one)),
            _ => None,
        });
        // For a single point, CloudWatch's own period.
        let period = steps.filter(|step| step.is_positive()).min().unwrap_or(super::LISTED_AFTER_END / 12);
        (time.duration_since(*begin) < period).then_some(*number)
    }
}

fn from_json(text: &str) -> Result<Vec<(Timestamp, f64)>, WitnessError> {
    let json = |error: serde_json::Error| WitnessError::Json(error.to_string());
    if let Ok(data) = serde_json::from_str::<MetricData>(text) {
        let [MetricDataResult { timestamps, values }] = data.results;
        return Ok(timestamps.into_iter().zip(values).collect());
    }
    let statistics: Statistics = serde_json::from_str(text).map_err(json)?;
    let number = |point: &Datapoint| point.maximum.or(point.average).or(point.sum).or(point.minimum);
    let point = |point: Datapoint| {
        let without =
            || WitnessError::Json(format!("the data point of {} has no statistic", point.timestamp));
        number(&point).map(|number| (point.timestamp, number)).ok_or_else(without)
    };
    statistics.datapoints.into_iter().map(point).collect()
}

/// Parses CSV. Lines before the first data point are the header, of which the console writes several.
fn from_csv(text: &str) -> Result<Vec<(Timestamp, f64)>, WitnessError> {
    let mut points = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut cells = cells(line).into_iter();
        let (time, number) =
            (cells.next().and_then(time), cells.next().and_then(|cell| cell.parse::<f64>().ok()));
        let is_header = points.is_empty() && time.is_none();
        match time.zip(number) {
            Some((time, number)) if number.is_finite() && number >= 0.0 => points.push((time, number)),
            _ if is_header || line.trim().is_empty() => {}
            _ => return Err(WitnessError::Line(index + 1)),
        }
    }
    Ok(points)
}

/// Splits a line at its commas, but for those within quotation marks: `"1,200"` is one cell, and no number.
fn cells(line: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let is_end = |character: char| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    };
    line.split(is_end).map(|cell| cell.trim().trim_matches('"')).collect()
}

/// Parses a time of RFC 3339, or one without a zone as the console writes it, which is UTC.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let civil = ["%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| DateTime::strptime(format, text).ok())?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Converts a count of connections, which is far below 2^32.
fn to_float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests;
