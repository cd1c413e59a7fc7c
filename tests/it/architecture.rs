//! One door to each thing outside: which source files may know what.

use std::fs;

use crate::harness::files_under;

/// Source files whose code, tests aside, has `word` in it.
fn files_with(word: &str) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let has_word = |path: &String| {
        let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        code.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//"))
    };
    files_under(root.as_ref())
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs") && has_word(path))
        .collect()
}

#[test]
fn each_aws_client_has_one_user() {
    assert_eq!(
        files_with("aws_sdk_ec2"),
        [
            "source/budget.rs",
            "source/ec2.rs",
            "source/places.rs",
            "source/response_reader.rs",
            "source/timing.rs"
        ]
    );
    assert_eq!(
        files_with("aws_sdk_s3"),
        [
            "store.rs",
            "store/bucket_owner.rs",
            "store/s3.rs",
            "store/s3/listing.rs",
            "store/s3/reading.rs",
            "store/time.rs"
        ]
    );
    assert_eq!(files_with("aws_sdk_kms"), ["signing/kms.rs"]);
    assert_eq!(
        files_with("aws_sdk_sts"),
        ["bin/client-vpn-audit/demo.rs", "identity.rs", "identity/member.rs"]
    );
}

#[test]
fn parquet_is_known_to_the_snapshot_and_its_reader_in_the_demo() {
    let known = [
        "bin/client-vpn-audit/demo/summary.rs",
        "snapshot.rs",
        "snapshot/endpoints.rs",
        "snapshot/rows.rs",
        "snapshot/schema.rs",
        "snapshot/writer.rs",
    ];
    assert_eq!(files_with("arrow_"), known);
}

#[test]
fn the_environment_is_read_by_the_front_ends() {
    assert_eq!(files_with("env::vars_os"), ["bin/client-vpn-audit/args.rs", "main.rs"]);
    assert_eq!(files_with("Timestamp::now"), ["clock.rs"]);
}
