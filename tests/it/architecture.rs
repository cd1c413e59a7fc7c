//! One door to each thing outside: which source files may know what.

use std::collections::{BTreeMap, BTreeSet};
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
        ["aws/ec2/client.rs", "aws/ec2/response_reader.rs", "aws/ec2/sources.rs"]
    );
    assert_eq!(files_with("aws_sdk_cloudwatchlogs"), ["aws/logs/client.rs", "aws/logs/groups.rs"]);
    assert_eq!(
        files_with("aws_sdk_s3"),
        [
            "lake/store.rs",
            "lake/store/bucket_owner.rs",
            "lake/store/s3.rs",
            "lake/store/s3/listing.rs",
            "lake/store/s3/reading.rs",
            "lake/store/time.rs"
        ]
    );
    assert_eq!(files_with("aws_sdk_kms"), ["proof/signing/kms.rs"]);
    assert_eq!(
        files_with("aws_sdk_sts"),
        ["aws/identity.rs", "aws/identity/member_role.rs", "bin/client-vpn-audit/demo/simulation.rs"]
    );
}

#[test]
fn arrow_is_known_to_the_tables_the_parquet_objects_and_the_readers_of_sessions_and_of_the_demo() {
    let known = [
        "bin/client-vpn-audit/demo/summary.rs",
        "lake/parquet/column_reader.rs",
        "lake/parquet/connection_logs.rs",
        "lake/parquet/writer.rs",
        "report/exhibit/configuration/columns.rs",
        "report/exhibit/configuration/rows.rs",
        "report/exhibit/log_events.rs",
        "report/exhibit/session_evidence/verbatim_rows.rs",
        "report/sessions/connection_logs.rs",
        "report/sessions/reader.rs",
        "report/sessions/rows.rs",
        "report/table_objects.rs",
        "tables/authorization_rules.rs",
        "tables/column.rs",
        "tables/configuration.rs",
        "tables/configuration/endpoint_row.rs",
        "tables/connection_logs/columns.rs",
        "tables/connection_logs/rows.rs",
        "tables/connections/columns.rs",
        "tables/connections/rows.rs",
        "tables/endpoints.rs",
        "tables/routes.rs",
        "tables/typed_fields.rs",
    ];
    assert_eq!(files_with("arrow_"), known);
}

/// The rooms of `src`, each with those that it may import. Modules beside the rooms are words that every room uses.
const ROOMS: [(&str, &[&str]); 8] = [
    ("bin", &["invocation", "report", "capture", "proof", "lake", "aws", "tables"]),
    ("invocation", &["capture", "proof", "lake", "aws", "tables"]),
    ("capture", &["lake", "aws", "tables"]),
    ("report", &["proof", "lake", "tables"]),
    ("proof", &["lake", "aws"]),
    ("lake", &["aws", "tables"]),
    ("aws", &["tables"]),
    ("tables", &[]),
];

#[test]
fn each_room_imports_only_rooms_below_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let names: Vec<&str> = ROOMS.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for path in files_under(root.as_ref()) {
        let room = path.split(['/', '.']).next().unwrap();
        let allowed = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, allowed)| allowed);
        let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for start in ["crate::", "client_vpn_audit::"] {
                for (at, _) in line.match_indices(start) {
                    let rest = &line[at + start.len()..];
                    let imported = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                    let is_room = names.contains(&imported) && imported != room;
                    if path != "lib.rs" && is_room && !allowed.contains(&imported) {
                        wrong.push(format!("{path} imports {imported}: {}", line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the modules of the crate in `folder` that each of its files imports.
fn imports(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files: BTreeSet<String> = files_under(root.as_ref()).into_iter().collect();
    let module_of = |parts: &[&str]| {
        let ends = (1..=parts.len()).rev().map(|end| format!("{}.rs", parts[..end].join("/")));
        ends.into_iter().find(|file| files.contains(file))
    };
    let mut imports = BTreeMap::new();
    for path in files.iter().filter(|path| !path.ends_with("tests.rs") && !path.contains("/tests/")) {
        let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let mut imported = BTreeSet::new();
        for (at, _) in code.match_indices("use crate::") {
            let import = code[at + "use crate::".len()..].split(';').next().unwrap();
            let parts: Vec<&str> = import.split("::").take_while(|part| !part.contains('{')).collect();
            imported.extend(module_of(&parts).filter(|file| file != path));
        }
        imports.insert(path.clone(), imported);
    }
    imports
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for folder in ["src", "sim/src"] {
        let mut imports = imports(folder);
        // A module that imports none of the remaining modules is in no circle.
        while let Some(done) =
            imports.iter().find(|(_, imported)| imported.is_empty()).map(|(path, _)| path.clone())
        {
            imports.remove(&done);
            for imported in imports.values_mut() {
                imported.remove(&done);
            }
        }
        assert!(imports.is_empty(), "{folder}: {imports:#?}");
    }
}

/// Returns the name of the type that `line` defines. An indented `type` belongs to a trait, which may share its names.
fn defined_type(line: &str) -> Option<&str> {
    let trimmed = line.trim_start();
    let restricted = trimmed.strip_prefix("pub(").and_then(|rest| rest.split_once(") "));
    let item = restricted.map(|(_, item)| item).or(trimmed.strip_prefix("pub ")).unwrap_or(trimmed);
    let (keyword, rest) = item.split_once(' ')?;
    let is_alias = keyword == "type" && trimmed == line;
    let is_type = is_alias || ["struct", "enum", "union", "trait"].contains(&keyword);
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    // In the definition of a macro the name is a variable, which begins with `$`.
    (is_type && !name.is_empty()).then_some(name)
}

/// One name means one type wherever it is read.
#[test]
fn no_two_types_of_a_crate_share_a_name() {
    for folder in ["src", "sim/src"] {
        let root = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let files = files_under(root.as_ref()).into_iter();
        for path in files.filter(|path| !path.ends_with("tests.rs") && !path.contains("/tests/")) {
            let text = fs::read_to_string(format!("{root}/{path}")).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for (number, line) in (1..).zip(code.lines()) {
                if let Some(name) = defined_type(line) {
                    defined.entry(name.to_owned()).or_default().push(format!("{path}:{number}"));
                }
            }
        }
        let number = defined.len();
        defined.retain(|_, places| places.len() > 1);
        assert!(number > 50 && defined.is_empty(), "{folder}: {defined:#?}");
    }
}

#[test]
fn the_environment_is_read_by_the_front_ends() {
    assert_eq!(
        files_with("env::vars_os"),
        ["bin/client-vpn-audit-lambda.rs", "bin/client-vpn-audit/args.rs"]
    );
    assert_eq!(files_with("Timestamp::now"), ["clock.rs"]);
}
