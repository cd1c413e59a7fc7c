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
