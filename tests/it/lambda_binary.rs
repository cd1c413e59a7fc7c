//! The packages that are linked into the Lambda binary.

use std::process::Command;

/// Names of the packages that a build of the Lambda binary compiles.
fn packages() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--no-default-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--package", "client-vpn-audit"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut packages: Vec<String> =
        tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect();
    packages.sort();
    packages.dedup();
    packages
}

#[test]
fn nothing_of_the_command_line_or_the_tests_is_in_it() {
    let packages = packages();
    assert!(packages.iter().any(|package| package.starts_with("aws-sdk-ec2 ")), "{packages:?}");
    for name in ["clap", "client-vpn-sim", "comfy-table", "indicatif", "proptest", "aws-sdk-sso"] {
        let found = packages.iter().find(|package| package.starts_with(&format!("{name} ")));
        assert_eq!(found, None);
    }
}

#[test]
fn it_has_one_tls_stack() {
    let packages = packages();
    let of = |name: &str| packages.iter().filter(|package| package.starts_with(&format!("{name} "))).count();
    assert_eq!((of("rustls"), of("hyper"), of("http")), (1, 1, 1), "{packages:?}");
}
