//! The page of the exhibit in a browser: it fits three widths, dark and light, and paper, asks for nothing from elsewhere, has the figures
//! of its data files, and passes axe-core. `tests/python/check_page.py` drives Chromium.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::command;

/// Exit status of the check without Chromium.
const NO_BROWSER: i32 = 3;

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and Chromium")]
fn the_page_of_the_demo_is_whole_on_screens_and_on_paper() {
    let directory = TempDir::new().unwrap();
    let lake = directory.path().join("lake");
    let mut demo = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    let output = demo.args(["demo", "--lake"]).arg(&lake).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let venv = Command::new(root.join("tests/venv"))
        .arg("tests/requirements-browser.txt")
        .current_dir(root)
        .output()
        .unwrap();
    assert!(venv.status.success(), "{}", String::from_utf8_lossy(&venv.stderr));
    let python = Path::new(String::from_utf8(venv.stdout).unwrap().trim()).join("bin/python");
    let exhibit = directory.path().join("lake-exhibit");
    let output =
        Command::new(python).arg(root.join("tests/python/check_page.py")).arg(&exhibit).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NO_BROWSER) {
        println!("the page of the exhibit was not tried in a browser: {errors}");
        return;
    }
    assert!(output.status.success(), "{errors}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["problems"], json!([]));
    assert_eq!(found["screens"].as_object().unwrap().len(), 6, "three widths, dark and light");
}
