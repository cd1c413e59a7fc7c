//! Tests that need a tool beside Rust and a C compiler run with the feature `tools`, which `tests/run` sets. Without it they are
//! ignored, each with the tools that it needs, and one test for each tool shows by its name that something was left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::harness::files_under;

/// Counts the tests that name each tool as the reason to be ignored.
fn tests_by_tool() -> BTreeMap<String, usize> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let mut counts = BTreeMap::new();
    for path in files_under(root.as_ref()) {
        let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
        let reasons = text.lines().filter_map(|line| {
            line.strip_prefix("#[cfg_attr(not(feature = \"tools\"), ignore = \"needs ")?.strip_suffix("\")]")
        });
        for tool in reasons.flat_map(|reason| reason.split(", ")).flat_map(|tools| tools.split(" and ")) {
            *counts.entry(tool.to_owned()).or_default() += 1;
        }
    }
    counts
}

macro_rules! tools {
    ($($test:ident: $tool:literal,)*) => {
        const TOOLS: &[&str] = &[$($tool),*];

        $(
            #[cfg(not(feature = "tools"))]
            #[test]
            fn $test() {
                println!("{} tests that need {} are left out: run tests/run", tests_by_tool()[$tool], $tool);
            }
        )*
    };
}

tools! {
    cargo_lambda: "cargo-lambda",
    chromium: "Chromium",
    libfaketime: "libfaketime",
    moto: "moto",
    openssl: "OpenSSL",
    python: "Python",
    seaweedfs: "SeaweedFS",
    trino: "Trino",
}

#[test]
fn each_tool_that_a_test_needs_has_a_test_here() {
    assert_eq!(
        tests_by_tool().into_keys().collect::<BTreeSet<_>>(),
        TOOLS.iter().map(|tool| tool.to_string()).collect()
    );
}

/// Calls that use a tool, as tests make them. A call in a helper of a test is not seen.
const USES: &[&str] = &[
    "python(",
    "venv()",
    "check_many(",
    "openssl(",
    "world.check()",
    "world.check_at(",
    "world.read()",
    "Emulator::start",
    "Keys::of_curve",
    "Moto::start",
    "Seaweed::shared",
    "SealedLake::in_a_bucket",
    "SealedLake::in_a_locked_bucket",
];

#[test]
fn each_test_that_uses_a_tool_is_left_out_without_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let mut wrong = Vec::new();
    for path in files_under(root.as_ref()).into_iter().filter(|path| path != "left_out.rs") {
        let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
        let tests =
            text.split("\n}\n").filter(|item| item.contains("#[test]") || item.contains("#[tokio::test"));
        for test in tests.filter(|test| !test.contains("not(feature = \"tools\")")) {
            let used = USES.iter().filter(|call| test.contains(**call));
            wrong.extend(used.map(|call| format!("{path}: a test with {call}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
