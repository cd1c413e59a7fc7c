//! The package of one session has every row that shows it and the objects that decide it, byte for byte, and its extracts show nobody else.

use std::fs;
use std::path::Path;

use client_vpn_audit::report::exhibit::{
    ExhibitError, ExhibitFolder, ExhibitReceipt, ExhibitRequest, WrittenPackage, check, prove_session,
};
use client_vpn_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::claims::edit;
use super::{Asked, Record, report, requesting, run, time};
use crate::harness::{copy, fleet, python};

const FIRST: &str = "2025-11-22T20:00:00Z";
const LAST: &str = "2025-11-23T04:00:00Z";

async fn prove(
    lake: &Path,
    asked: &Asked<'_>,
    connection_id: &str,
    out: &Path,
) -> Result<WrittenPackage, ExhibitError> {
    let prove = async |request: &ExhibitRequest<'_>| prove_session(request, connection_id, out, |_| ()).await;
    requesting(lake, asked, prove).await
}

fn rows(package: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(package.join(format!("{name}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn problems(lake: &Path, package: &Path) -> Value {
    python("check_package.py", &[lake.to_str().unwrap(), package.to_str().unwrap()], &[])
}

/// Eight hours of an endpoint, a capture every quarter of an hour, one of them cut short.
async fn record() -> Record {
    let record = Record::new(fleet(1, 12), time(FIRST)).await;
    record.every(15, time(FIRST), time("2025-11-22T23:45:00Z")).await;
    record.capture_with(time("2025-11-22T23:50:00Z"), json!({"max_items": 9})).await;
    record.every(15, time("2025-11-23T00:00:00Z"), time(LAST)).await;
    record
}

/// The period in the middle, which sessions reach out of.
fn asked() -> Asked<'static> {
    Asked::period("2025-11-22T22:00:00Z", "2025-11-23T02:00:00Z")
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL and Python")]
async fn the_package_of_any_session_is_what_python_finds_in_the_lake() {
    let record = record().await;
    record.read_logs(&[time("2025-11-23T05:00:00Z")]).await;
    record.seal(time("2025-11-23T08:00:00Z")).await;
    let (lake, asked) = (record.lake(), asked().with_key(&record.keys));
    let exhibit = report(&lake, &asked).await;
    let sessions = exhibit.rows("sessions");
    // Without an end, with one, shown by a partial capture too, from the first capture on, and with events of the connection logs.
    let kinds: [fn(&Value) -> bool; 5] = [
        |session| session["end_seen"].is_null(),
        |session| session["end_seen"] == json!(true) && session["covered"] == json!(true),
        |session| session["snapshots"] != session["complete_snapshots"],
        |session| session["watched"] == json!(false),
        |session| session["logged"] == json!(true),
    ];
    for is_of_kind in kinds {
        let session = sessions.iter().find(|session| is_of_kind(session)).expect("a session of each kind");
        let directory = TempDir::new().unwrap();
        let out = directory.path().join("case");
        let made = prove(&lake, &asked, session["connection_id"].as_str().unwrap(), &out).await.unwrap();
        assert_eq!(rows(&out, "session"), std::slice::from_ref(session), "the row of the exhibit");
        assert_eq!(problems(&lake, &out), json!([]));
        assert_eq!(made.is_covered, session["covered"] == json!(true));
        assert_eq!(made.is_whole, made.is_covered);
        assert!(made.changed.starts_with("Shown."), "{}", made.changed);

        let receipt = ExhibitReceipt::read(&out.join("receipt.txt")).unwrap();
        let checked = |receipt| check(&ExhibitFolder::open(&out).unwrap(), receipt, &[], |_, _| ());
        assert_eq!(checked(None).differences.len(), 0);
        let copy = rows(&out, "objects")[0]["file"].as_str().unwrap().to_owned();
        fs::write(out.join(copy), b"another").unwrap();
        assert_eq!(checked(Some(&receipt)).differences.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL and Python")]
async fn the_package_says_what_is_missing_changed_or_not_sealed() {
    let record = record().await;
    let (lake, directory) = (record.lake(), TempDir::new().unwrap());
    let asked = asked().with_key(&record.keys);
    let sessions = report(&lake, &asked).await.rows("sessions");
    let is_long =
        |session: &&Value| session["covered"] == json!(true) && session["snapshots"].as_i64() > Some(6);
    let session = sessions.iter().find(is_long).expect("a covered session with several rows");
    let id = session["connection_id"].as_str().unwrap();
    let make = async |name: &str| {
        let out = directory.path().join(name);
        (prove(&lake, &asked, id, &out).await.unwrap(), out)
    };

    let (unsealed, out) = make("unsealed").await;
    assert!(unsealed.changed.starts_with("Not shown. Not verified"), "{}", unsealed.changed);
    assert_eq!(problems(&lake, &out), json!([]));
    assert!(rows(&out, "objects").iter().all(|row| row["digest_key"].is_null()));

    record.seal(time("2025-11-23T08:00:00Z")).await;
    let (whole, out) = make("whole").await;
    assert!(whole.is_whole, "{whole:?}");
    let shows = rows(&out, "rows");
    let middle = shows[shows.len() / 2]["object_key"].as_str().unwrap().to_owned();
    let content = fs::read(lake.join(&middle)).unwrap();

    let another = &content[..content.len() - 1];
    fs::write(lake.join(&middle), another).unwrap();
    let (changed, out) = make("changed").await;
    assert!(changed.changed.starts_with("Contradicted."), "{}", changed.changed);
    assert!(!changed.is_whole);
    assert_eq!(rows(&out, "unreadable")[0]["object_key"], json!(middle));
    assert_eq!(rows(&out, "rows").len(), shows.len() - 1);

    fs::remove_file(lake.join(&middle)).unwrap();
    let (removed, out) = make("removed").await;
    assert!(removed.changed.starts_with("Contradicted.") && !removed.is_whole, "{removed:?}");
    let unreadable = rows(&out, "unreadable");
    let problem = "is not there, although a run record says that it was written; run `verify`";
    assert_eq!(unreadable, [json!({"object_key": middle, "problem": problem})]);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("Insufficient evidence") && page.contains(&middle));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_is_no_surer_than_the_exhibit() {
    let record = record().await;
    let sessions = report(&record.lake(), &asked()).await.rows("sessions");
    let is_long = |session: &&Value| {
        session["covered"] == json!(true)
            && session["snapshots"].as_i64() > Some(6)
            && session["end_seen"] == json!(true)
    };
    let session = sessions.iter().find(is_long).expect("a covered session with several rows");
    let id = session["connection_id"].as_str().unwrap();
    let directory = TempDir::new().unwrap();
    let make = async |name: &str, lake: &Path| {
        let out = directory.path().join(name);
        (prove(lake, &asked(), id, &out).await.unwrap(), out)
    };
    let (whole, out) = make("whole", &record.lake()).await;
    assert!(whole.is_whole && whole.answer.ends_with("if AWS lists connections as it says."), "{whole:?}");
    assert!(!fs::read_to_string(out.join("report.html")).unwrap().contains("were compared with the digests"));
    let key = rows(&out, "rows")[2]["object_key"].as_str().unwrap().to_owned();
    let snapshot = key.rsplit('/').next().unwrap().split('_').next().unwrap().to_owned();
    let set =
        |field: &'static str, value: Value| move |run: &mut Value| run["targets"][0][field] = value.clone();
    for (name, problem, change) in [
        (
            "hash",
            "is not as its run record states",
            &set("sha256", json!("0".repeat(64))) as &dyn Fn(&mut Value),
        ),
        ("active", "is not as its run record states", &set("active", json!(9999))),
        (
            "clock",
            "states a clock that differed from EC2's by 4000 seconds",
            &set("clock_difference_seconds", json!(4000)),
        ),
        (
            "step",
            "states times that contradict each other",
            &set("first_page_at", json!("2025-11-23T12:00:00Z")),
        ),
        ("key", "is in no run record", &set("object_key", Value::Null)),
        ("listing's clock", "states a clock that differed from EC2's by 4000 seconds", &|run: &mut Value| {
            run["places"][0]["discovery"]["clock_difference_seconds"] = json!(4000);
        }),
        ("listing's step", "states times that contradict each other", &|run: &mut Value| {
            run["places"][0]["discovery"]["first_page_at"] = json!("2025-11-23T12:00:00Z");
        }),
        ("another time", "states a capture at 2025-11-22T16:00:00Z, which no run", &|run: &mut Value| {
            for field in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                run["targets"][0][field] = json!("2025-11-22T16:00:00.000Z");
            }
        }),
        ("superseded", "is not there, although a run record says that it was written", &|run: &mut Value| {
            let key = run["targets"][0]["object_key"].as_str().unwrap();
            let key = key.replace("connections/", "partials/").replace(".parquet", "_0.parquet");
            run["targets"][0]["superseded"] = json!({"object_key": key, "rows": 1, "sha256": null});
        }),
    ] {
        let lake = TempDir::new().unwrap();
        copy(&record.lake(), lake.path());
        edit(lake.path(), &snapshot, |run| change(run));
        let (made, out) = make(name, lake.path()).await;
        let problems = rows(&out, "unreadable");
        assert!(
            problems.iter().any(|row| row["problem"].as_str().unwrap().contains(problem)),
            "{name}: {problems:?}"
        );
        assert!(
            !made.is_whole && made.answer.ends_with("what is stated here is not certain."),
            "{name}: {made:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_text_on_the_sheet() {
    let record = Record::new(fleet(1, 2), time(FIRST)).await;
    let endpoint_id = record.world.simulator.endpoint_ids()[0].clone();
    let hostile = "<b>'\u{202e}gpj.exe";
    let connection = client_vpn_sim::Connection {
        client_vpn_endpoint_id: Some(endpoint_id),
        connection_id: Some(hostile.to_owned()),
        username: Some(hostile.to_owned()),
        connection_established_time: Some("2025-11-22 20:00:00".to_owned()),
        ..client_vpn_sim::Connection::default()
    };
    record.world.simulator.inject(Fault::always(FaultKind::Custom { connections: vec![connection] }));
    record.every(15, time(FIRST), time("2025-11-22T21:00:00Z")).await;
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("case");
    let asked = Asked::period(FIRST, "2025-11-22T21:00:00Z");
    prove(&record.lake(), &asked, hostile, &out).await.unwrap();
    assert_eq!(rows(&out, "session")[0]["username"], json!(hostile));
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        page.contains("&lt;b&gt;'\\u{202e}gpj.exe") && !page.contains("<b>") && !page.contains('\u{202e}')
    );
    assert!(page.contains("WHERE connection_id = '…'"), "an id that nobody can read is not to be pasted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_session_in_the_period_leaves_no_folder() {
    let record = record().await;
    let sessions = report(&record.lake(), &asked()).await.rows("sessions");
    let id = sessions[0]["connection_id"].as_str().unwrap();
    let directory = TempDir::new().unwrap();
    for (id, from, to) in [
        ("cvpn-connection-00000000000000000", "2025-11-22T22:00:00Z", "2025-11-23T02:00:00Z"),
        (id, "2025-11-20T00:00:00Z", "2025-11-20T01:00:00Z"),
    ] {
        let out = directory.path().join("case");
        let mut flags = Asked::period(from, to).flags();
        flags.extend(["--prove".to_owned(), id.to_owned()]);
        let output = run(&record.lake(), &out, &flags);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = &answer["error"];
        assert_eq!((output.status.code(), &error["code"]), (Some(1), &json!("NothingAskedFor")), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(&format!("the connection {id:?}")), "{answer}");
        assert!(!out.exists(), "a folder for nothing");
    }
}
