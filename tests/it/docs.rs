//! The documentation says what the program does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use client_vpn_audit::invocation::settings::SETTINGS;
use client_vpn_audit::lake::keys::Table;
use client_vpn_audit::proof::verify::Kind;
use client_vpn_sim::{Fault, FaultKind};
use serde_json::Value;

use crate::harness::sealed::{LATER, SealedLake};
use crate::harness::{World, command, files_under, fleet};

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The rows of the table below the line that begins with `header`.
fn table<'a>(text: &'a str, header: &str) -> Vec<&'a str> {
    let rows = text.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    rows.take_while(|line| line.starts_with('|')).collect()
}

/// The names in the first column.
fn names(rows: &[&str]) -> BTreeSet<String> {
    rows.iter().map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn the_settings_page_has_the_table_of_settings() {
    let row = |setting: &client_vpn_audit::invocation::settings::Setting| {
        let default = setting.default().unwrap_or_else(|| "must be set".to_owned());
        format!("| `{}` | {default} | {} |", setting.name, setting.meaning())
    };
    let expected: Vec<String> = SETTINGS.iter().map(row).collect();
    assert_eq!(table(&read("docs/settings.md"), "| name | default"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_page_has_every_field_of_a_run_record() {
    let world = World::new(fleet(1, 23)).await;
    world.simulator.inject(Fault { first: 3, last: usize::MAX, ..Fault::always(FaultKind::InternalError) });
    let report = world.snapshot("5").await;
    let record: Value = serde_json::from_str(&report.record.to_line().unwrap()).unwrap();
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let page = read("docs/ledger.md");
    let run = table(&page, "| field | meaning");
    assert_eq!(names(&run), fields(&record));
    let settings = run.iter().find(|row| row.starts_with("| `settings_in_force`")).unwrap();
    for name in fields(&record["settings_in_force"]) {
        assert!(settings.contains(&format!("`{name}`")), "{name} is not in {settings}");
    }
    let (_, targets) = page.split_once("## Fields of a target").unwrap();
    assert_eq!(names(&table(targets, "| field | meaning")), fields(&record["targets"][0]));
}

#[test]
fn the_ledger_page_has_every_limit() {
    use client_vpn_audit::answer_limits::*;
    let kibibytes = |bytes: usize| format!("{} KiB", bytes >> 10);
    let mebibytes = |bytes: usize| format!("{} MiB", bytes >> 20);
    let number = |number: usize| {
        let digits = number.to_string();
        let parts: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|part| str::from_utf8(part).unwrap()).collect();
        parts.join(",")
    };
    let limits = [
        ("a token", "TOKEN_BYTES", kibibytes(TOKEN_BYTES)),
        ("a value", "VALUE_BYTES", kibibytes(VALUE_BYTES)),
        ("texts of a list", "LIST_TEXTS", number(LIST_TEXTS)),
        ("unknown fields of a row", "UNKNOWN_FIELDS", number(UNKNOWN_FIELDS)),
        ("rows of a page", "PAGE_ROWS", number(PAGE_ROWS)),
        ("pages of a listing", "PAGES", number(usize::try_from(PAGES).unwrap())),
        ("rows of a listing", "ROWS", number(ROWS)),
        ("consecutive pages without rows", "EMPTY_PAGES", number(usize::try_from(EMPTY_PAGES).unwrap())),
        ("endpoints of an account and Region", "LISTING_ROWS", number(LISTING_ROWS)),
        ("endpoints of an account and Region", "LISTING_BYTES", mebibytes(LISTING_BYTES)),
        ("networks of an endpoint", "NETWORKS", number(NETWORKS)),
        ("networks of an endpoint", "NETWORKS_BYTES", kibibytes(NETWORKS_BYTES)),
        ("networks of an endpoint", "ENDPOINT_PAGES", number(usize::try_from(ENDPOINT_PAGES).unwrap())),
        ("networks of an endpoint", "ENDPOINT_ROWS_BYTES", mebibytes(ENDPOINT_ROWS_BYTES)),
        ("authorization rules, and routes, of an endpoint", "ENDPOINT_ROWS", number(ENDPOINT_ROWS)),
        (
            "networks, authorization policies and unparsed fields of the endpoints of an account and Region",
            "CONFIGURATION_BYTES",
            mebibytes(CONFIGURATION_BYTES),
        ),
        (
            "size of a revocation list in its column",
            "REVOCATION_LIST_BYTES",
            kibibytes(REVOCATION_LIST_BYTES),
        ),
        (
            "size of a revocation list in its column",
            "REVOCATION_LISTS_BYTES",
            mebibytes(REVOCATION_LISTS_BYTES),
        ),
        ("`unparsed` on a page", "PAGE_UNPARSED_VALUES", number(PAGE_UNPARSED_VALUES)),
        ("`unparsed` on a page", "PAGE_UNPARSED_BYTES", mebibytes(PAGE_UNPARSED_BYTES)),
        ("elements within elements of a field", "DEPTH", number(DEPTH)),
        ("name of an element", "NAME_BYTES", number(NAME_BYTES)),
        ("tag", "TAG_BYTES", kibibytes(TAG_BYTES)),
        ("tag", "ATTRIBUTES", number(ATTRIBUTES)),
        (
            "object that a second reading of a connection log is compared with",
            "OBJECT_BYTES",
            mebibytes(OBJECT_BYTES),
        ),
    ];
    let page = read("docs/ledger.md");
    let rows = table(&page, "| limit | value");
    let mut described: Vec<&str> = limits.iter().map(|(row, ..)| *row).collect();
    described.dedup();
    let found: Vec<&str> =
        rows.iter().map(|row| row.split(" | ").next().unwrap().trim_start_matches("| ")).collect();
    assert_eq!(found, described);
    for (name, limit, value) in &limits {
        let row = rows.iter().find(|row| row.starts_with(&format!("| {name} |"))).unwrap();
        let has_value = row.match_indices(value.as_str()).any(|(at, _)| {
            let is_digit = |c: char| c.is_ascii_digit() || c == ',';
            !row[..at].ends_with(is_digit)
                && !row[at + value.len()..].starts_with(|c: char| c.is_ascii_digit())
        });
        assert!(has_value, "{limit} is {value}, and the page says {row}");
    }
    let source = read("src/answer_limits.rs");
    let constants = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let known = limits.iter().map(|(_, limit, _)| *limit);
    assert_eq!(constants.collect::<BTreeSet<_>>(), known.collect());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
async fn an_auditor_can_check_a_digest_without_this_program() {
    let page = read("docs/evidence.md");
    let (_, rest) = page.split_once("<!-- BEGIN CHECKED by tests -->\n```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let keys = lake.keys_of("digests").await;
    let check = |digest: &[u8]| {
        let directory = tempfile::TempDir::new().unwrap();
        fs::write(directory.path().join("digest.json"), digest).unwrap();
        fs::copy(lake.keys.public(), directory.path().join("public.pem")).unwrap();
        let output = Command::new("sh").args(["-ec", script]).current_dir(directory.path()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.success())
    };
    for key in &keys {
        assert_eq!(check(&lake.get(key).await), ("Verified OK\n".to_owned(), true), "{key}");
    }
    let changed =
        String::from_utf8(lake.get(&keys[0]).await).unwrap().replacen("\"late\":false", "\"late\":true", 1);
    assert_eq!(check(changed.as_bytes()), ("Verification failure\n".to_owned(), false));
}

#[test]
fn lake_formation_grants_what_the_merges_read() {
    let page = read("docs/deploy.md");
    let (_, section) = page.split_once("## Lake Formation").unwrap();
    let grants = section.lines().filter(|line| line.starts_with("grant \"$machine\" \"SELECT DESCRIBE\""));
    let granted: BTreeSet<String> = grants
        .map(|line| line.split("\\\"Name\\\":\\\"").nth(1).unwrap().split('\\').next().unwrap().to_owned())
        .collect();
    let statements =
        ["sessions/merge.sql", "sessions/merge_logs.sql", "captures/merge.sql"].map(read).join("\n");
    let words: Vec<&str> = statements.split_whitespace().collect();
    let sources = words.windows(2).filter(|pair| ["FROM", "JOIN"].contains(&pair[0])).map(|pair| pair[1]);
    // The others are named within the statement, or created by the state machine.
    let of_the_lake: BTreeSet<String> =
        sources.filter(|name| Table::parse(name).is_some()).map(str::to_owned).collect();
    assert!(of_the_lake.contains("connections") && of_the_lake.contains("runs"), "{of_the_lake:?}");
    assert_eq!(granted, of_the_lake);
}

#[test]
fn every_kind_of_fault_is_explained_to_auditors() {
    let page = read("docs/evidence.md");
    let explained: BTreeSet<&str> =
        table(&page, "| it says").iter().map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(explained, Kind::ALL.iter().map(|kind| kind.in_words()).collect());
}

#[test]
fn the_readme_names_the_commands_that_there_are() {
    let output =
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9").arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: BTreeSet<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    let readme = read("README.md");
    let named =
        readme.lines().filter_map(|line| line.strip_prefix("client-vpn-audit ")?.split(' ').next()).collect();
    assert_eq!(commands, named);
}

#[test]
fn every_recipe_for_a_change_is_named_where_the_change_begins() {
    let page = read("CONTRIBUTING.md");
    let titles = page.lines().filter_map(|line| line.strip_prefix("## "));
    let recipes: BTreeSet<String> =
        titles.filter(|title| title.starts_with("Add ")).map(str::to_owned).collect();
    let mut named = BTreeSet::new();
    for folder in ["src", "sim/src", "tests/python"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in files_under(&root) {
            if file.ends_with(".rs") || file.ends_with(".py") {
                let text = read(&format!("{folder}/{file}"));
                let pointers = text.split("CONTRIBUTING.md, \"").skip(1);
                named.extend(pointers.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(named, recipes);
}

/// A file that names two tables with configuration names each of them, so the recipe for another one must have it.
#[test]
fn every_file_that_names_two_tables_is_in_the_recipe_for_a_table() {
    let page = read("CONTRIBUTING.md");
    let recipe = page.split("\n## ").find(|recipe| recipe.starts_with("Add a table\n")).unwrap();
    let listed: BTreeSet<&str> = recipe.split('`').skip(1).step_by(2).collect();
    let is_listed = |path: &str| {
        // The recipe leaves out folders that a row has named before.
        let ends = path.match_indices('/').filter_map(|(slash, _)| path.get(slash + 1..));
        let is_named = std::iter::once(path).chain(ends).any(|end| listed.contains(end));
        is_named || listed.iter().any(|folder| folder.ends_with('/') && path.contains(*folder))
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["captures", "docs", "queries", "sessions", "sim", "sql_fragments", "src", "tests"];
    let files = folders.iter().flat_map(|folder| {
        files_under(&root.join(folder)).into_iter().map(move |file| format!("{folder}/{file}"))
    });
    let beside = ["README.md", "template.yaml", "member-role.yaml"].map(str::to_owned);
    let is_text =
        |file: &String| [".md", ".py", ".rs", ".sql", ".txt", ".yaml"].iter().any(|end| file.ends_with(end));
    // "unit tests beside the files above"
    let is_unit_test = |file: &String| {
        !file.starts_with("tests/") && (file.ends_with("/tests.rs") || file.contains("/tests/"))
    };
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let (mut forgotten, mut found) = (Vec::new(), 0);
    let others = files.chain(beside).filter(|file| is_text(file) && !is_unit_test(file) && file != file!());
    for file in others {
        let text = read(&file);
        let names_rules = text.contains("authorization_rules") || text.contains("AuthorizationRule");
        let names_routes = text.contains("Routes")
            || text.split(|character| !is_word(character)).any(|word| word == "routes");
        if names_rules && names_routes {
            found += 1;
            forgotten.extend((!is_listed(&file)).then_some(file));
        }
    }
    assert!(found > 50, "{found}");
    assert!(forgotten.is_empty(), "CONTRIBUTING.md, \"Add a table\", does not have {forgotten:?}");
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        "benches/",
        "captures/",
        "docs/",
        "events/",
        "queries/",
        "release/",
        "sessions/",
        "sim/",
        "sql_fragments/",
        "src/",
        "terraform/",
        "tests/",
    ];
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = ["README.md", "CONTRIBUTING.md", "terraform/README.md"].map(|page| root.join(page));
    let pages: Vec<_> = pages.chain(others).collect();
    let mut named = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for code in text.split('`').skip(1).step_by(2) {
            // `NAME` stands for a name of the reader's choice.
            let is_path = folders.iter().any(|folder| code.starts_with(folder))
                && !code.contains(|c: char| c.is_whitespace() || "*{<…".contains(c))
                && !code.contains("NAME");
            if is_path {
                named += 1;
                assert!(root.join(code).exists(), "{} names {code}, which is not there", page.display());
            }
        }
    }
    assert!(named > 50, "{named} paths were found");
}
