//! Makes an exhibit or the package of one session, and prints what its cover states.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::proof::signing::PublicKey;
use client_vpn_audit::report::exhibit::{
    ExhibitProgress, ExhibitRequest, InputFile, ProgramFacts, ProtectionCheck, SampleRequest, UserList,
    WrittenExhibit, WrittenPackage, make_exhibit, prove_session,
};
use client_vpn_audit::report::plain_text::escaped;
use indicatif::HumanCount;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::args::ReportArgs;
use crate::coverage::witnesses;
use crate::exit_status::Failure;
use crate::lake::open;
use crate::moment::Moments;
use crate::output::{Spinner, counted, print};
use crate::verify::{known_digest, max_concurrency};

/// Bytes of the program's file that are in memory while it is hashed.
const CHUNK: usize = 64 << 10;

/// Most checks of a preflight: a few for each endpoint.
const MOST_CHECKS: usize = 10_000;

/// Makes the exhibit. Returns `true` if there is a record of the period, without a hole and without a fault, and all of it could be read.
pub async fn run(args: &ReportArgs, out: &Path, json: bool) -> Result<bool, Failure> {
    let clock = Clock::system();
    let now = clock.now();
    let mut faults = InvalidInputs::default();
    let time_zone = faults.keep(time_zone(&args.time_zone)).unwrap_or(TimeZone::UTC);
    let mut moments = Moments::in_zone(time_zone.clone());
    let from = moments.read("--from", args.from.as_deref());
    let to = moments.read("--to", args.to.as_deref());
    moments.check_order(from, to);
    faults.extend(moments.faults());
    if let Some(from) = from.filter(|from| *from >= now) {
        let allowed = format!("a time that has passed; it is {now}");
        faults.push(InvalidInput::new("--from", &from.to_string(), allowed));
    }
    let mut inputs = InputFiles::default();
    let mut keys = Vec::new();
    for path in &args.public_keys {
        let read = PublicKey::read_all(path);
        let read = read.map_err(|error| InvalidInput::without_value("--public-key", error.to_string()));
        keys.extend(faults.keep(read).into_iter().flatten());
        faults.keep(inputs.add("--public-key", path));
    }
    let known = args.known_digests.iter().filter_map(|text| faults.keep(known_digest(text))).collect();
    let witnesses = witnesses(&args.witnesses, &mut faults);
    for text in &args.witnesses {
        if let Some((_, path)) = text.split_once('=') {
            faults.keep(inputs.add("--witness", path.as_ref()));
        }
    }
    let protection = args.protection.as_ref().and_then(|path| {
        faults.keep(inputs.add("--protection", path)).and_then(|bytes| faults.keep(protection(path, &bytes)))
    });
    let users = args.users.as_ref().and_then(|path| {
        let fault = |problem: String| {
            let allowed = format!("a CSV file with the column user; {problem}");
            InvalidInput::new("--users", &path.display().to_string(), allowed)
        };
        faults.keep(UserList::read("--users", path).map_err(fault))
    });
    inputs.files.extend(users.iter().map(|users| users.file.clone()));
    let (lake, store) = open(args.lake.as_deref(), args.region.as_deref(), faults).await?;
    let (Some(from), Some(to)) = (from, to) else {
        // Both are required, and wrong ones are faults.
        return Ok(false);
    };
    let size = args.sample.and_then(|size| usize::try_from(size).ok());
    let request = ExhibitRequest {
        store: &store,
        lake: &lake,
        from,
        to,
        now,
        clock: &clock,
        time_zone,
        keys,
        known,
        witnesses,
        protection,
        retention_days: args.retention_days,
        prepared_by: args.prepared_by.clone(),
        pseudonyms: args.pseudonyms.clone(),
        sample: size.zip(args.seed.clone()).map(|(size, seed)| SampleRequest { size, seed }),
        users,
        files: inputs.files,
        program: program(),
        max_concurrency: max_concurrency(&lake),
    };
    let spinner = Spinner::new(json);
    if let Some(connection_id) = &args.prove {
        let proven =
            prove_session(&request, connection_id, out, |progress| spinner.message(message(progress))).await;
        spinner.clear();
        let package = proven?;
        print(&if json { package_answer(&package, out) } else { package_text(&package, out) });
        return Ok(package.is_whole);
    }
    let made = make_exhibit(&request, out, |progress| spinner.message(message(progress))).await;
    spinner.clear();
    let made = made?;
    print(&if json { answer(&made, out) } else { text(&made, out) });
    Ok(made.is_whole)
}

fn message(progress: ExhibitProgress) -> String {
    match progress {
        ExhibitProgress::RunRecords(runs) => format!("coverage: {}", counted(runs, "run record")),
        ExhibitProgress::Sessions(read) => {
            format!("sessions: {}, {}", counted(read.objects, "object"), counted(read.rows, "row"))
        }
        ExhibitProgress::Verified(objects) => format!("verify: {}", counted(objects, "object")),
    }
}

fn time_zone(name: &str) -> Result<TimeZone, InvalidInput> {
    let allowed = "a name of the IANA database, such as UTC or Europe/Berlin";
    TimeZone::get(name).map_err(|_unknown| InvalidInput::new("--time-zone", name, allowed))
}

/// The files beside the lake, with their hashes.
#[derive(Default)]
struct InputFiles {
    files: Vec<InputFile>,
}

impl InputFiles {
    /// Adds a file, and returns its bytes.
    fn add(&mut self, flag: &'static str, path: &Path) -> Result<Vec<u8>, InvalidInput> {
        let fault = |problem: String| {
            InvalidInput::new(
                flag,
                &path.display().to_string(),
                format!("a file that can be read: {problem}"),
            )
        };
        let (file, bytes) = InputFile::read(flag, path).map_err(|error| fault(error.to_string()))?;
        self.files.push(file);
        Ok(bytes)
    }
}

/// The answer of a preflight.
#[derive(Deserialize)]
struct PreflightAnswer {
    checks: Vec<PrintedCheck>,
}

#[derive(Deserialize)]
struct PrintedCheck {
    action: String,
    resource: String,
    ok: bool,
    problem: Option<String>,
    note: Option<String>,
}

fn protection(path: &Path, bytes: &[u8]) -> Result<Vec<ProtectionCheck>, InvalidInput> {
    let fault = |problem: String| {
        let allowed = format!("what `client-vpn-audit preflight --json` printed; the file {problem}");
        InvalidInput::new("--protection", &path.display().to_string(), allowed)
    };
    let answer: PreflightAnswer = serde_json::from_slice(bytes).map_err(|error| {
        fault(format!("is no such answer from line {}, column {} on", error.line(), error.column()))
    })?;
    if answer.checks.len() > MOST_CHECKS {
        return Err(fault(format!("has {} checks, and {MOST_CHECKS} are the limit", answer.checks.len())));
    }
    let check = |check: PrintedCheck| {
        let remark = check.problem.into_iter().chain(check.note).collect::<Vec<_>>().join("; ");
        ProtectionCheck { action: check.action, resource: check.resource, ok: check.ok, remark }
    };
    Ok(answer.checks.into_iter().map(check).collect())
}

/// Returns the facts about this program and its run.
pub fn program() -> ProgramFacts {
    let words = std::env::args_os().enumerate().map(|(index, word)| match index {
        0 => "client-vpn-audit".to_owned(),
        _ => quoted(&word),
    });
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    ProgramFacts {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("CLIENT_VPN_AUDIT_COMMIT").map(str::to_owned),
        binary_sha256: binary_sha256().ok(),
        command: words.collect::<Vec<_>>().join(" "),
        host: Some(host).filter(|host| !host.is_empty()),
    }
}

/// Returns a word as a shell reads it.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Returns the SHA-256 of the program's own file.
fn binary_sha256() -> io::Result<String> {
    let mut file = File::open(std::env::current_exe()?)?;
    let (mut sha256, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex::encode(sha256.finalize())),
            read => sha256.update(chunk.get(..read).unwrap_or_default()),
        }
    }
}

fn package_answer(package: &WrittenPackage, out: &Path) -> String {
    json!({
        "exhibit": package.number,
        "directory": out,
        "manifest_sha256": package.manifest_sha256,
        "endpoint_id": package.endpoint_id,
        "rows": package.rows,
        "objects": package.objects,
        "answer": package.answer,
        "covered": package.is_covered,
        "changed": package.changed,
    })
    .to_string()
}

fn package_text(package: &WrittenPackage, out: &Path) -> String {
    let out = out.display();
    format!(
        "Exhibit {}: the session at {}, {} and {} copied whole\n  {}\n  {:<16} {}\n\n\
         Written to {out}. Look at {out}/report.html.\n\
         The copies show other people too: the sheet says what to hand over to whom.\n\
         Hand over receipt.txt separately from the rest: SHA-256 of manifest.json is\n  {}\n\
         Check with: client-vpn-audit report --check {out} --receipt {out}/receipt.txt",
        package.number,
        escaped(&package.endpoint_id),
        counted(package.rows as u64, "row"),
        counted(package.objects as u64, "object"),
        package.answer,
        "Nothing changed",
        escaped(&package.changed),
        package.manifest_sha256,
    )
}

fn answer(made: &WrittenExhibit, out: &Path) -> String {
    let claims: serde_json::Map<String, serde_json::Value> =
        made.claims.iter().map(|(name, sentence)| ((*name).to_owned(), json!(sentence))).collect();
    json!({
        "exhibit": made.number,
        "directory": out,
        "manifest_sha256": made.manifest_sha256,
        "sessions": made.sessions,
        "holes": made.holes,
        "faults": made.faults,
        "unreadable": made.unreadable,
        "claims": claims,
    })
    .to_string()
}

pub fn text(made: &WrittenExhibit, out: &Path) -> String {
    let name = |name: &str| match name {
        "population" => "Population",
        "missed" => "Nothing missed",
        "changed" => "Nothing changed",
        "agreement" => "Records agree",
        _ => "Clock",
    };
    // The sentences name endpoints, as run records do.
    let claims =
        made.claims.iter().map(|(claim, sentence)| format!("  {:<16} {}", name(claim), escaped(sentence)));
    let out = out.display();
    format!(
        "Exhibit {}: {} sessions\n{}\n\n\
         Written to {out}. Look at {out}/report.html.\n\
         Hand over receipt.txt separately from the rest: SHA-256 of manifest.json is\n  {}\n\
         Check with: client-vpn-audit report --check {out} --receipt {out}/receipt.txt",
        made.number,
        HumanCount(made.sessions),
        claims.collect::<Vec<_>>().join("\n"),
        made.manifest_sha256,
    )
}
