use std::io::Write;

use jiff::SignedDuration;

use super::*;

fn at(seconds: i64) -> Timestamp {
    "2025-11-23T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// Returns a witness with a number at each of some seconds.
fn witness(points: &[(i64, f64)]) -> Witness {
    let points = points.iter().map(|(seconds, number)| (at(*seconds), *number)).collect();
    Witness { endpoint_id: "e".to_owned(), points }
}

/// Reads a file. Returns the seconds and numbers in it, or the error.
fn read(text: &str) -> Result<Vec<(i64, f64)>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let witness = Witness::read("e", file.path()).map_err(|error| error.to_string())?;
    Ok(witness.points.iter().map(|(time, number)| (time.duration_since(at(0)).as_secs(), *number)).collect())
}

#[test]
fn an_export_of_cloudwatch_is_read_in_every_form() {
    for (name, text, expected) in [
        (
            "get-metric-statistics",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:05:00Z","Maximum":2.0,"Unit":"Count"},
                {"Timestamp":"2025-11-23T00:00:00+00:00","Maximum":1.0,"Average":9.0}]}"#,
            vec![(0, 1.0), (300, 2.0)],
        ),
        (
            "the average if there is no maximum",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:00:00Z","Average":3.0,"Sum":9.0,"Minimum":8.0}]}"#,
            vec![(0, 3.0)],
        ),
        (
            "then the sum",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:00:00Z","Sum":4.0,"Minimum":8.0}]}"#,
            vec![(0, 4.0)],
        ),
        (
            "then the minimum",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:00:00Z","Minimum":5.0}]}"#,
            vec![(0, 5.0)],
        ),
        (
            "get-metric-data, after a blank line",
            "\n {\"MetricDataResults\":[{\"Timestamps\":[\"2025-11-23T00:01:00Z\",\"2025-11-23T00:00:00Z\"],\"Values\":[1.0,2.0]}]}",
            vec![(0, 2.0), (60, 1.0)],
        ),
        (
            "CSV of the console",
            "Full label,ActiveConnectionsCount\nLabel,e\n\n2025/11/23 00:00:00,1\n\"2025-11-23 00:01:00\", \"2\"\n",
            vec![(0, 1.0), (60, 2.0)],
        ),
        (
            "CSV with RFC 3339, more columns and a blank line",
            "2025-11-23T00:00:00Z,1,x\n \n2025-11-23T00:01:00,2.5\n2025-11-23T02:00:00+01:00,3",
            vec![(0, 1.0), (60, 2.5), (3600, 3.0)],
        ),
    ] {
        assert_eq!(read(text), Ok(expected), "{name}");
    }
}

#[test]
fn a_file_that_is_no_export_is_refused() {
    for (name, text, problem) in [
        ("empty", "", "has no data point"),
        ("only a header", "time,count\n", "has no data point"),
        (
            "a word in place of a number",
            "2025-11-23T00:00:00Z,1\n2025-11-23T00:01:00Z,many\n",
            "line 2 has no time",
        ),
        ("no number", "time,count\n2025-11-23T00:00:00Z,1\n2025-11-23T00:01:00Z,NaN", "line 3 has no time"),
        ("a word in place of a time", "2025-11-23T00:00:00Z,1\n\nnoon,1\n", "line 3 has no time"),
        (
            "a data point without a number",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:00:00Z"}]}"#,
            "the data point of 2025-11-23T00:00:00Z has no statistic",
        ),
        (
            "less than nothing",
            r#"{"Datapoints":[{"Timestamp":"2025-11-23T00:00:00Z","Maximum":-3.0}]}"#,
            "has -3 at 2025-11-23T00:00:00Z, which is no number of connections",
        ),
        ("thousands with a comma", "time,count\n2025-11-23T00:00:00Z,\"1,200\"\n", "line 2 has no time"),
        (
            "a time without a number, first",
            "2025-11-23T00:00:00Z,-\n2025-11-23T00:01:00Z,3\n",
            "line 1 has no time",
        ),
        ("not a number, first", "2025-11-23T00:00:00Z,NaN\n2025-11-23T00:01:00Z,3\n", "line 1 has no time"),
        ("the same in CSV", "2025-11-23T00:00:00Z,1\n2025-11-23T00:01:00Z,-3\n", "line 2 has no time"),
        ("other JSON", "{}", "is JSON, but not what"),
        (
            "two metrics",
            r#"{"MetricDataResults":[{"Timestamps":[],"Values":[]},{"Timestamps":[],"Values":[]}]}"#,
            "is JSON, but not what",
        ),
    ] {
        let found = read(text).unwrap_err();
        assert!(found.contains(problem), "{name}: {found}");
    }
}

#[test]
fn a_number_is_that_of_the_period_in_which_a_time_lies() {
    let (every_minute, alone) = (witness(&[(0, 1.0), (60, 2.0), (300, 3.0)]), witness(&[(0, 1.0)]));
    let twice = witness(&[(0, 1.0), (0, 1.0), (60, 2.0)]);
    for (name, witness, seconds, expected) in [
        ("before the first", &every_minute, -1, None),
        ("at the first", &every_minute, 0, Some(1.0)),
        ("at the end of a period", &every_minute, 59, Some(1.0)),
        ("at the beginning of the next", &every_minute, 60, Some(2.0)),
        ("in a period that is missing", &every_minute, 120, None),
        ("in the last period", &every_minute, 359, Some(3.0)),
        ("after the last period", &every_minute, 360, None),
        ("five minutes for a single point", &alone, 299, Some(1.0)),
        ("more than five minutes for a single point", &alone, 300, None),
        ("a point that is there twice", &twice, 59, Some(1.0)),
        ("after a point that is there twice", &twice, 119, Some(2.0)),
    ] {
        assert_eq!(witness.at(at(seconds)), expected, "{name}");
    }
}

#[test]
fn of_two_numbers_for_one_time_the_greater_counts() {
    for text in [
        "2025-11-22T21:00:00Z,900\n2025-11-22T21:00:00Z,3\n",
        "2025-11-22T21:00:00Z,3\n2025-11-22T21:00:00Z,900\n",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("counts.csv");
        std::fs::write(&path, text).unwrap();
        let witness = Witness::read("endpoint", &path).unwrap();
        let capture: Timestamp = "2025-11-22T21:01:00Z".parse().unwrap();
        let differences = witness.differences([(capture, 3)].into_iter());
        assert_eq!(differences.first().and_then(|difference| difference.witness), Some(900.0), "{text}");
    }
}

#[test]
fn a_capture_differs_by_more_than_half_a_connection() {
    let numbers = witness(&[(0, 5.5), (60, 5.6), (120, 4.4), (180, 5.0)]);
    let found = numbers.differences([180, 240, 120, 60, 0].into_iter().map(|seconds| (at(seconds), 5)));
    let found: Vec<(i64, u64, Option<f64>)> = found
        .iter()
        .map(|found| (found.first_page_at.duration_since(at(0)).as_secs(), found.active, found.witness))
        .collect();
    assert_eq!(found, [(60, 5, Some(5.6)), (120, 5, Some(4.4)), (240, 5, None)]);
    // A count that no endpoint has differs from any number.
    assert_eq!(numbers.differences([(at(180), 1 << 32)].into_iter()).len(), 1);
    assert_eq!((to_float(7), to_float(1 << 32)), (7.0, f64::MAX));
}

#[test]
fn the_most_connections_of_a_time_include_those_at_its_ends() {
    let numbers = witness(&[(0, 3.0), (60, 9.0), (120, 2.0), (180, 7.0)]);
    for (name, from, to, expected) in [
        ("all", -1, 181, Some(9.0)),
        ("the ends", 120, 180, Some(7.0)),
        ("between two", 121, 179, None),
        ("one", 60, 60, Some(9.0)),
    ] {
        assert_eq!(numbers.maximum(at(from), at(to)), expected, "{name}");
    }
}
