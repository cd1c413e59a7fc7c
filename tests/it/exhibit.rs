//! `report` writes an exhibit whose figures are those of the lake, and its cover claims nothing that the lake does not show. Plain Python
//! and DuckDB compute the figures again, and the simulator knows who was connected.

mod claims;
mod claims_against_forgeries;
mod claims_beside_the_period;
mod claims_by_the_time;
mod configuration;
mod figures;
mod hostile_text;
mod input;
mod pseudonyms;
mod reperform;
mod sample;
mod session_package;
mod time_zones;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use client_vpn_audit::clock::Clock;
use client_vpn_audit::lake::keys::ObjectKey;
use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::cloudwatch_counts::Witness;
use client_vpn_audit::proof::digest::{Digest, Predecessor, WrittenDigest};
use client_vpn_audit::proof::seal::Sealer;
use client_vpn_audit::proof::signing::{PublicKey, Signer, SigningKey};
use client_vpn_audit::report::exhibit::{
    ExhibitFolder, ExhibitRequest, ProgramFacts, SampleRequest, check, make_exhibit,
};
use client_vpn_sim::{Config, TimeSource};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::TempDir;

use crate::harness::sealed::Keys;
use crate::harness::{World, command, files_under, handle, sdk_config, snapshot};

/// The claims of the cover by the names that `--json` has for them. The population is no claim, but has a state too.
const CLAIMS: [(&str, &str); 3] = [
    ("missed", "No connection was missed"),
    ("changed", "Nothing was changed since it was sealed"),
    ("clock", "The clock was right"),
];

/// The time at which a report is made, unless a test gives another: no capture is expected any more.
const LONG_AFTER: &str = "2025-12-24T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A lake that grows capture by capture, with a key of its own to seal it.
struct Record {
    world: World,
    keys: Keys,
}

impl Record {
    /// A lake of these endpoints, before its first capture.
    async fn new(config: Config, at: Timestamp) -> Record {
        let config = Config { time: TimeSource::Manual(at), record_served: false, ..config };
        Record { world: World::new(config).await, keys: Keys::new() }
    }

    /// Captures every endpoint that there is, in a run that lists them first.
    async fn capture(&self, at: Timestamp) {
        self.capture_with(at, json!({})).await;
    }

    /// The same with more in the event.
    async fn capture_with(&self, at: Timestamp, fields: Value) {
        self.world.simulator.set_time(at);
        self.capture_by_the_clock(at, fields).await;
    }

    /// The same by a clock that need not be that of EC2.
    async fn capture_by_the_clock(&self, at: Timestamp, fields: Value) {
        self.world.clock.set(at);
        let mut event = json!({"time": at.to_string(), "targets": ["*"]});
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        snapshot(&self.world.auditor(&[("AUDIT_TARGETS", "*")]), event).await;
    }

    /// Captures from `from` to `to`, both included.
    async fn every(&self, minutes: i64, from: Timestamp, to: Timestamp) {
        let step = SignedDuration::from_mins(minutes);
        let mut at = from;
        while at <= to {
            self.capture(at).await;
            at += step;
        }
    }

    /// Seals every hour that is closed at a time.
    async fn seal(&self, now: Timestamp) {
        seal(&self.world.lake(), Some(&self.keys), now).await;
    }

    /// Reads the connection logs at these times.
    async fn read_logs(&self, times: &[Timestamp]) {
        let groups = [("AUDIT_CONNECTION_LOG_GROUPS", "arn:aws:logs:*:*:log-group:client-vpn*")];
        for now in times {
            self.world.simulator.set_time(*now);
            self.world.clock.set(*now);
            handle(&self.world.auditor(&groups), &json!({"action": "logs"}), "logs", None).await.unwrap();
        }
    }

    fn lake(&self) -> PathBuf {
        self.world.lake()
    }
}

/// Seals every hour of a lake that is closed at a time; without keys, the digests are not signed. The clock of the seal is that of the
/// file system, as far as the digests state.
async fn seal(lake: &Path, keys: Option<&Keys>, now: Timestamp) {
    seal_by_the_clock(lake, keys, now, 0).await;
}

/// The same by a clock that is ahead by some seconds.
async fn seal_by_the_clock(lake: &Path, keys: Option<&Keys>, now: Timestamp, seconds_ahead: i64) {
    let location = Location::Directory(lake.to_owned());
    let sdk = sdk_config("http://127.0.0.1:1", "eu-central-1");
    let store = Store::new(&location, &sdk, None);
    let key = keys.map(|keys| SigningKey::File(keys.private()));
    let (signer, clock) = (Signer::new(key.as_ref(), &sdk).unwrap(), Clock::manual(now));
    for sealed in Sealer::new(&store, &location, &signer, &clock).seal(&[], None, None).await.unwrap() {
        assert!(sealed.error.is_none(), "{sealed:?}");
    }
    // The digests have the difference between the time of the test and the file's.
    let mut previous: Option<Predecessor> = None;
    let digests = files_under(lake).into_iter().filter(|file| file.starts_with("digests/"));
    for key in digests.map(|file| ObjectKey::parse(&file).unwrap()) {
        let path = lake.join(key.as_str());
        let mut digest = WrittenDigest::parse(&key, &fs::read(&path).unwrap()).unwrap().digest;
        digest.clock_ahead_seconds = seconds_ahead;
        let is_of_chain = |previous: &Predecessor| {
            digest.previous.as_ref().is_some_and(|named| named.object_key == previous.object_key)
        };
        digest.previous = previous.filter(is_of_chain);
        let content = digest.content().unwrap();
        let signature = signer.sign(&digest.signed_text(&content)).await.unwrap();
        let line = Digest::to_line(&content, signature.as_deref());
        fs::remove_file(&path).unwrap();
        fs::write(&path, &line).unwrap();
        let (object_key, sha256) = (key.to_string(), hex::encode(Sha256::digest(&line)));
        previous = Some(Predecessor { object_key, sha256, signature });
    }
}

/// A report that is asked for.
#[derive(Clone)]
struct Asked<'a> {
    from: &'a str,
    to: &'a str,
    /// The time at which it is made.
    now: &'a str,
    /// Files with public keys.
    keys: Vec<PathBuf>,
    /// Endpoints, with files that have CloudWatch's counts.
    witnesses: Vec<(String, PathBuf)>,
    sample: Option<(usize, &'a str)>,
    retention_days: Option<u32>,
    time_zone: &'a str,
    /// The file to write pseudonyms to.
    pseudonyms: Option<PathBuf>,
}

impl<'a> Asked<'a> {
    fn period(from: &'a str, to: &'a str) -> Asked<'a> {
        Asked {
            from,
            to,
            now: LONG_AFTER,
            keys: Vec::new(),
            witnesses: Vec::new(),
            sample: None,
            retention_days: None,
            time_zone: "UTC",
            pseudonyms: None,
        }
    }

    fn with_key(mut self, keys: &Keys) -> Asked<'a> {
        self.keys.push(keys.public());
        self
    }

    /// The flags of the command that ask for the same, which takes the time of this machine.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--from", self.from, "--to", self.to, "--time-zone", self.time_zone];
        let size = self.sample.map(|(size, _)| size.to_string());
        if let (Some((_, seed)), Some(size)) = (self.sample, &size) {
            flags.extend(["--sample", size, "--seed", seed]);
        }
        let mut flags: Vec<String> = flags.into_iter().map(str::to_owned).collect();
        for key in &self.keys {
            flags.extend(["--public-key".to_owned(), key.display().to_string()]);
        }
        flags
    }
}

/// Runs the command, which hashes its own file first: without optimisation, that takes seconds.
fn run(lake: &Path, out: &Path, flags: &[String]) -> Output {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:1");
    command.args(["report", "--json"]).arg("--lake").arg(lake).arg("--out").arg(out).args(flags);
    command.output().unwrap()
}

/// An exhibit that was made.
struct Made {
    directory: TempDir,
    /// `true` if the command would exit with 0.
    is_whole: bool,
    /// The state of the population and of each claim, by its name.
    states: BTreeMap<String, String>,
    /// The same with the sentence.
    sentences: BTreeMap<String, String>,
}

/// Does something with the request for what is asked for.
async fn requesting<T>(
    lake: &Path,
    asked: &Asked<'_>,
    task: impl AsyncFnOnce(&ExhibitRequest<'_>) -> T,
) -> T {
    let location = Location::Directory(lake.to_owned());
    let store = Store::new(&location, &sdk_config("http://127.0.0.1:1", "eu-central-1"), None);
    let witness = |(id, path): &(String, PathBuf)| Witness::read(id, path).unwrap();
    let request = ExhibitRequest {
        store: &store,
        lake: &location,
        from: time(asked.from),
        to: time(asked.to),
        now: time(asked.now),
        clock: &Clock::manual(time(asked.now)),
        time_zone: TimeZone::get(asked.time_zone).unwrap(),
        keys: asked.keys.iter().flat_map(|path| PublicKey::read_all(path).unwrap()).collect(),
        known: BTreeMap::new(),
        witnesses: asked.witnesses.iter().map(witness).collect(),
        protection: None,
        retention_days: asked.retention_days,
        prepared_by: None,
        pseudonyms: asked.pseudonyms.clone(),
        sample: asked.sample.map(|(size, seed)| SampleRequest { size, seed: seed.to_owned() }),
        users: None,
        files: Vec::new(),
        program: ProgramFacts {
            version: "0.0.0",
            commit: None,
            binary_sha256: None,
            command: "client-vpn-audit report".to_owned(),
            host: None,
        },
        max_concurrency: 4,
    };
    task(&request).await
}

/// Makes an exhibit.
async fn report(lake: &Path, asked: &Asked<'_>) -> Made {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("exhibit");
    let made = async |request: &ExhibitRequest<'_>| make_exhibit(request, &out, |_| ()).await.unwrap();
    let made = requesting(lake, asked, made).await;
    let sentences = made.claims.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    Made::new(directory, made.is_whole, sentences)
}

impl Made {
    /// An exhibit, which passes its own check and whose page has these claims.
    fn new(directory: TempDir, is_whole: bool, sentences: BTreeMap<String, String>) -> Made {
        let state = |text: &String| text.split('.').next().unwrap().to_owned();
        let states = sentences.iter().map(|(name, text)| (name.clone(), state(text))).collect();
        let made = Made { directory, is_whole, states, sentences };
        let page = made.page_text();
        for (name, claim) in CLAIMS {
            let claimed = format!("{claim} {}", made.sentences[name]);
            assert!(page.contains(&claimed), "the cover has not {claimed:?}");
        }
        let checked = check(&ExhibitFolder::open(&made.folder()).unwrap(), None, &[], |_, _| ());
        assert_eq!(checked.differences.len(), 0, "{:?}", checked.differences);
        made
    }

    fn folder(&self) -> PathBuf {
        self.directory.path().join("exhibit")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).unwrap()
    }

    /// The rows of a data file.
    fn rows(&self, name: &str) -> Vec<Value> {
        let text = self.read(&format!("{name}.jsonl"));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The count of a line of the population.
    fn count(&self, line: &str) -> Option<u64> {
        let rows = self.rows("population");
        let found = rows.iter().find(|row| row["line"] == json!(line));
        found.unwrap_or_else(|| panic!("no line {line:?} in {rows:?}"))["count"].as_u64()
    }

    /// The text of the page, with one space between words.
    fn page_text(&self) -> String {
        let html = self.read("report.html");
        let without_style = html.split("</style>").last().unwrap();
        let mut text = String::new();
        for part in without_style.split('<') {
            let shown = part.split_once('>').map_or(part, |(_, shown)| shown);
            text.push(' ');
            text.push_str(shown);
        }
        let text =
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").replace(" .", ".").replace(" ,", ",")
    }

    /// The states of the population and of the claims missed, changed and clock.
    fn words(&self) -> [&str; 4] {
        ["population", "missed", "changed", "clock"].map(|name| self.states[name].as_str())
    }
}
