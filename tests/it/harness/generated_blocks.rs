//! Blocks of generated text, between the marks `BEGIN GENERATED name` and `END GENERATED name`, in files written by hand.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::option_env_at_run_time;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The beginning and the end of a comment.
pub type Comment = [&'static str; 2];

/// Reads a file of the project.
pub fn read(path: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the stems of the files of a folder with this ending, in order. Its subfolders are not searched.
pub fn stems(folder: &str, ending: &str) -> Vec<String> {
    let files = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut stems: Vec<String> =
        names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    stems.sort();
    stems
}

/// Returns the names of the blocks of a text, in order, without those of blocks within them.
pub fn block_names(text: &str, [open, close]: Comment) -> Vec<&str> {
    let [begin, end] = ["BEGIN", "END"].map(|mark| format!("{open} {mark} GENERATED "));
    let (mut names, mut within) = (Vec::new(), None);
    for line in text.lines().map(str::trim_start) {
        let name = |mark| line.strip_prefix(mark)?.strip_suffix(close);
        if within.is_none() {
            within = name(begin.as_str());
            names.extend(within);
        } else if name(end.as_str()) == within {
            within = None;
        }
    }
    names
}

/// Returns `text`, which is that of `path`, with `lines` in each of its blocks of `name`, indented as the marks are.
pub fn fill_blocks(path: &str, text: &str, [open, close]: Comment, name: &str, lines: &str) -> String {
    let marks =
        [format!("{open} BEGIN GENERATED {name}{close}"), format!("{open} END GENERATED {name}{close}")];
    let mut filled = String::new();
    let mut within = false;
    let mut blocks = 0;
    for line in text.lines() {
        let mark = line.trim_start();
        within &= mark != marks[1];
        if !within {
            writeln!(filled, "{line}").unwrap();
        }
        if mark == marks[0] {
            within = true;
            blocks += 1;
            let indent = &line[..line.len() - mark.len()];
            for line in lines.lines() {
                writeln!(filled, "{}", format!("{indent}{line}").trim_end()).unwrap();
            }
        }
    }
    assert!(blocks > 0 && !within, "{path} has no block between {marks:?}");
    filled
}

/// Returns if a file has the text that it should have, after writing it if `UPDATE_GENERATED` is set.
pub fn is_up_to_date(path: &str, expected: &str) -> bool {
    let is_up_to_date = read(path) == expected;
    if is_up_to_date || option_env_at_run_time("UPDATE_GENERATED").is_none() {
        return is_up_to_date;
    }
    // Another test may read the file at the same time.
    let new = format!("{ROOT}/{path}.new");
    fs::write(&new, expected).unwrap();
    fs::rename(new, format!("{ROOT}/{path}")).unwrap();
    true
}
