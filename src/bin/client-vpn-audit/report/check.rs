//! Checks an exhibit, and prints every difference.

use std::path::Path;

use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::proof::signing::PublicKey;
use client_vpn_audit::report::exhibit::{
    ExhibitCheck, ExhibitDifference, ExhibitFolder, ExhibitReceipt, check,
};
use client_vpn_audit::report::plain_text::escaped;
use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use super::super::args::ReportArgs;
use super::super::exit_status::Failure;
use super::super::output::{Spinner, counted, print};

/// Checks the exhibit in `path`. Returns `true` if there is no difference.
pub fn run(args: &ReportArgs, path: &Path, json: bool) -> Result<bool, Failure> {
    let mut faults = InvalidInputs::default();
    let folder = ExhibitFolder::open(path).map_err(|error| {
        let allowed = format!("a directory that can be read ({error})");
        InvalidInput::new("--check", &path.display().to_string(), allowed)
    });
    let receipt = args.receipt.as_ref().map(|path| {
        ExhibitReceipt::read(path).map_err(|error| {
            let allowed = format!("a file with the receipt of the exhibit; {error}");
            InvalidInput::new("--receipt", &path.display().to_string(), allowed)
        })
    });
    let mut keys = Vec::new();
    for path in &args.public_keys {
        let read = PublicKey::read_all(path);
        let read = read.map_err(|error| InvalidInput::without_value("--public-key", error.to_string()));
        keys.extend(faults.keep(read).into_iter().flatten());
    }
    let receipt = receipt.and_then(|receipt| faults.keep(receipt));
    let folder = faults.keep(folder);
    let Some(folder) = faults.or(folder).map_err(InvocationError::InvalidSettings)? else {
        return Err(InvocationError::InvalidSettings(InvalidInputs::default()).into());
    };
    let spinner = Spinner::new(json);
    let on_progress = |files, bytes| {
        spinner.message(format!("{} files, {}", HumanCount(files), HumanBytes(bytes)));
    };
    let checked = check(&folder, receipt.as_ref(), &keys, on_progress);
    spinner.clear();
    if json {
        print(&json!(checked).to_string());
    } else {
        print(&text(&checked));
    }
    Ok(checked.differences.is_empty())
}

fn text(check: &ExhibitCheck) -> String {
    let mut parts: Vec<String> = check.differences.iter().map(difference).collect();
    parts.extend(list("Checked", &check.checked));
    parts.extend(list("Not checked", &check.not_checked));
    parts.push(verdict(check));
    parts.join("\n\n")
}

fn difference(difference: &ExhibitDifference) -> String {
    let ExhibitDifference { kind, file, message } = difference;
    format!("{}: {}\n    {}", kind.in_words(), escaped(file), escaped(message))
}

fn list(title: &str, items: &[String]) -> Option<String> {
    let items = items.iter().map(|item| format!("    {}", escaped(item)));
    (items.len() > 0).then(|| format!("{title}:\n{}", items.collect::<Vec<_>>().join("\n")))
}

/// States the verdict in words.
fn verdict(check: &ExhibitCheck) -> String {
    let differences = counted(check.differences.len() as u64, "difference");
    let Some(exhibit) = &check.exhibit else {
        return format!("{differences}: the folder has no manifest.json of an exhibit.");
    };
    let files = counted(check.files as u64, "file");
    match check.differences.len() {
        0 => format!("No difference from manifest.json, exhibit {exhibit}: {files}."),
        _ => format!("{differences} from manifest.json, exhibit {exhibit}: {files}."),
    }
}
