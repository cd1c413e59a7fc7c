//! The sample: whoever has `sha256sum` and `sort` draws the same sessions, and the captures named for each really show it.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Asked, Made, Record, report, time};
use crate::harness::{fleet, python};

/// A population, and the data file of those that were drawn.
struct Population {
    name: &'static str,
    time: &'static str,
    drawn: &'static str,
    id: fn(&Value) -> String,
}

const POPULATIONS: [Population; 3] = [
    Population {
        name: "sessions",
        time: "connection_established_time",
        drawn: "sample",
        id: |row| text(&row["connection_id"]),
    },
    Population {
        name: "captures",
        time: "snapshot_time",
        drawn: "sample_captures",
        id: |row| format!("{} {}", text(&row["run_key"]), text(&row["endpoint_id"])),
    },
    Population {
        name: "holes",
        time: "from",
        drawn: "sample_holes",
        id: |row| format!("{} {}", text(&row["endpoint_id"]), text(&row["from"])),
    },
];

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Hashes and ids by endpoint and month, in the order of the hashes.
type Drawn = BTreeMap<(String, String), Vec<String>>;

/// Returns the sample of a population, which a shell computes.
fn drawn_by_a_shell(made: &Made, population: &Population, seed: &str, size: usize) -> Drawn {
    let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in made.rows(population.name) {
        let month = text(&row[population.time])[..7].to_owned();
        let of_stratum = ids.entry((text(&row["endpoint_id"]), month)).or_default();
        of_stratum.push_str(&format!("{}\n", (population.id)(&row)));
    }
    let draw = |(stratum, ids): ((String, String), String)| {
        let lines = format!(
            "printf %s '{ids}' | while IFS= read -r id; do printf '%s  %s\n' \"$(printf '%s\n%s' \"$SEED\" \"$id\" | sha256sum | cut -c1-64)\" \
             \"$id\"; done | sort | head -n {size}"
        );
        (stratum, shell(made, seed, &lines))
    };
    ids.into_iter().map(draw).collect()
}

/// Runs lines of a shell in the exhibit.
fn shell(made: &Made, seed: &str, lines: &str) -> Vec<String> {
    let mut bash = Command::new("bash");
    let output = bash.args(["-c", lines]).env("SEED", seed).current_dir(made.folder()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the sample of a population, as the exhibit has it.
fn sampled(made: &Made, population: &Population) -> Drawn {
    let mut by_stratum = Drawn::new();
    for row in made.rows(population.drawn).iter().filter(|row| row["shown"] != json!("last")) {
        let hash = if population.drawn == "sample" { &row["sha256"] } else { &row["drawn_by"] };
        let line = format!("{}  {}", text(hash), (population.id)(row));
        by_stratum.entry((text(&row["endpoint_id"]), text(&row["month"]))).or_default().push(line);
    }
    by_stratum
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL and Python")]
async fn a_shell_draws_the_same_sample() {
    // From one month into the next.
    let record = Record::new(fleet(2, 12), time("2025-11-30T20:00:00Z")).await;
    record.every(50, time("2025-11-30T20:00:00Z"), time("2025-12-01T01:00:00Z")).await;
    record.every(50, time("2025-12-01T02:30:00Z"), time("2025-12-01T05:00:00Z")).await;
    // A capture of a part at the time of another, which shows two connections again.
    record.capture_with(time("2025-12-01T00:10:00Z"), json!({"max_items": 2})).await;
    record.seal(time("2025-12-01T08:00:00Z")).await;
    let seed = "it's 42\u{e9}";
    let period = Asked::period("2025-11-30T21:00:00Z", "2025-12-01T03:00:00Z").with_key(&record.keys);
    let made = report(&record.lake(), &Asked { sample: Some((3, seed)), ..period.clone() }).await;
    let drawn = POPULATIONS.map(|population| {
        let drawn = drawn_by_a_shell(&made, &population, seed, 3);
        assert_eq!(sampled(&made, &population), drawn, "{}", population.name);
        drawn
    });
    let sizes = drawn.each_ref().map(|drawn| drawn.values().map(Vec::len).collect::<Vec<_>>());
    let two_endpoints_and_months = vec![3; 4];
    let with_the_listing = vec![1; 3];
    assert_eq!(sizes, [two_endpoints_and_months.clone(), two_endpoints_and_months, with_the_listing]);
    let arguments = [&record.lake(), &made.folder()].map(|path| path.to_str().unwrap().to_owned());
    let problems = python("check_exhibit.py", &["sample", &arguments[0], &arguments[1]], &[]);
    assert_eq!(problems, json!([]));

    // The page has the SHA-256 of each population.
    for population in &POPULATIONS {
        let content = std::fs::read(made.folder().join(format!("{}.jsonl", population.name))).unwrap();
        let sha256 = hex::encode(Sha256::digest(content));
        assert!(made.page_text().contains(&sha256), "{}: {sha256}", population.name);
    }

    // The lines that the page has, with the names of an endpoint and a month put into them.
    if Command::new("jq").arg("--version").output().is_ok() {
        let (endpoint, month) = drawn[0].keys().next().unwrap().clone();
        let html = made.read("report.html");
        let lines = html.split("<pre><code>").find(|text| text.contains("jq -r")).unwrap();
        let lines = lines.split("</code></pre>").next().unwrap().replace("&quot;", "\"");
        let lines = lines.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert!(lines.starts_with("SEED='it'\\''s 42\u{e9}'\n"), "{lines}");
        assert!(lines.contains(&month), "{lines}");
        let stratum = (endpoint.clone(), month);
        let expected = drawn.iter().flat_map(|drawn| drawn.get(&stratum).cloned().unwrap_or_default());
        let expected: Vec<String> = expected.collect();
        assert_eq!(shell(&made, "another", &lines.replace("ENDPOINT", &endpoint)), expected, "{lines}");
    }

    // Another seed draws others, and a sample of all has all.
    let other = report(&record.lake(), &Asked { sample: Some((3, "43")), ..period.clone() }).await;
    let [sessions, captures, _] = &POPULATIONS;
    assert_ne!(sampled(&other, sessions), sampled(&made, sessions));
    assert_ne!(sampled(&other, captures), sampled(&made, captures));
    let all = report(&record.lake(), &Asked { sample: Some((1000, seed)), ..period }).await;
    assert_eq!(sampled(&all, sessions).values().map(Vec::len).sum::<usize>(), all.rows("sessions").len());
    let problems =
        python("check_exhibit.py", &["sample", &arguments[0], all.folder().to_str().unwrap()], &[]);
    assert_eq!(problems, json!([]));
}
