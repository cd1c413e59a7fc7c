//! Run records that cannot be read, are missing or contradict their key.

use serde_json::{Value, json};

use super::{NO_ATTEMPT, Recorder, at, holes, rewrite};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_speaks_of_another_place_or_too_long_an_id_counts_for_nothing() {
    let recorder = Recorder::new(1).await;
    recorder.capture_all(0).await;
    let changes: [fn(&mut Value); 4] = [
        |run| run["targets"][0]["account_id"] = json!("999999999999"),
        |run| run["places"][0]["region"] = json!("us-east-1"),
        |run| run["targets"][0]["endpoint_id"] = json!("x".repeat(97)),
        |run| run["places"][0]["discovery"]["endpoints"] = json!(["x".repeat(97)]),
    ];
    for (number, change) in (1..).zip(changes) {
        recorder.capture_all(30 * number).await;
        rewrite(&recorder.record(30 * number), change);
    }
    let coverage = recorder.whole_coverage(None, at(121), &[]).await;
    let problems: Vec<&str> = coverage.unreadable.iter().map(|of| of.problem.as_str()).collect();
    let [account, region, target, listed] = problems[..] else { panic!("{problems:?}") };
    for problem in [account, region] {
        assert!(problem.starts_with("speaks of another account or Region than its key"), "{problem}");
    }
    for problem in [target, listed] {
        assert!(problem.contains("LimitExceeded: an id has more than 96 bytes"), "{problem}");
    }
    assert_eq!(holes(&coverage.endpoints[1]).len(), 1, "the first capture alone counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_was_killed_before_its_record_counts_once_it_is_repeated() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 40]).await;
    std::fs::remove_file(recorder.record(40)).unwrap();
    assert_eq!(holes(&recorder.coverage(None, at(80)).await), [(0, 80, true, NO_ATTEMPT)]);
    for minutes in [80, 90] {
        recorder.capture(at(minutes), json!({"time": at(40).to_string()})).await;
    }
    recorder.captures([95]).await;
    let coverage = recorder.coverage(None, at(95)).await;
    assert_eq!(holes(&coverage), []);
    assert_eq!(coverage.longest_gap.seconds, 55 * 60, "from 40 to 95");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_record_above_the_limit_is_named_and_not_read() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30]).await;
    let limit = 16 << 20;
    for (minutes, bytes) in [(0, limit), (30, limit + 1)] {
        let path = recorder.record(minutes);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str(&" ".repeat(bytes - text.len()));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let coverage = recorder.whole_coverage(None, at(31), &[]).await;
    assert_eq!((coverage.runs, coverage.unreadable.len()), (1, 1));
    let problem = &coverage.unreadable[0].problem;
    assert!(problem.contains("the limit of a digest or run record is 16777216 bytes (16 MiB)"), "{problem}");
    assert!(coverage.unreadable[0].object_key.contains("T223000Z"));
}
