//! Entries of a lake that are not files of this program: odd names, links and special files. All of them are found and named,
//! none of them is followed or opened, and the rest is sealed and verified.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use client_vpn_audit::lake::store::Location;
use client_vpn_audit::proof::verify::Kind;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{HOURS, all_keys};
use crate::harness::sealed::{LATER, OBJECTS, SealedLake, faults};

const REGION: &str = "account_id=123456789012/region=eu-central-1";

fn root(lake: &SealedLake) -> &Path {
    let Location::Directory(root) = &lake.location else { panic!("{:?}", lake.location) };
    root
}

/// The path of a name in bytes, with its folders made.
fn path(lake: &SealedLake, name: &[u8]) -> PathBuf {
    let path = root(lake).join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_not_text_are_seen_and_nothing_keeps_the_rest_from_being_sealed() {
    let lake = SealedLake::in_a_directory().await;
    let day = format!("connections/{REGION}/snapshot_date=2025-11-22");
    let name = "20251122T210000Z_cvpn-endpoint-0123456789abcdef0.parquet";
    let forged = lake.get(&lake.keys_of("connections").await[0]).await;
    let mut expected = Vec::new();
    for (bytes, key) in [
        (format!("{day}/").as_bytes(), format!("{day}/\\xff{name}")),
        (
            format!("runs/{REGION}/snapshot_date=2025-11-22/").as_bytes(),
            format!("runs/{REGION}/snapshot_date=2025-11-22/\\xff{name}"),
        ),
        (format!("{day}/\x01").as_bytes(), format!("{day}/\\x01\\xff{name}")),
        (format!("{day}/a\\").as_bytes(), format!("{day}/a\\\\\\xff{name}")),
    ] {
        fs::write(path(&lake, &[bytes, b"\xff", name.as_bytes()].concat()), &forged).unwrap();
        expected.push((Kind::Extra, key));
    }
    for (folder, key) in [
        (b"connections/account_id=\xff".as_slice(), "connections/account_id=\\xff/".to_owned()),
        (
            "connections/account_id=123456789012/region=eu\u{202e}".as_bytes(),
            "connections/account_id=123456789012/region=eu\\xe2\\x80\\xae/".to_owned(),
        ),
        (&[day.as_bytes(), b"\xc3"].concat(), format!("{day}\\xc3/")),
    ] {
        fs::write(path(&lake, &[folder, b"/region=eu-central-1/", name.as_bytes()].concat()), &forged)
            .unwrap();
        expected.push((Kind::Irregular, key.clone()));
        expected.push((Kind::Extra, format!("{key}region=eu-central-1/{name}")));
    }
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    assert_eq!((sealed.error, sealed.digests, sealed.objects), (None, HOURS as u64, OBJECTS));
    let verification = lake.verify().await;
    let mut found = faults(&verification);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(verification.objects, OBJECTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_folder_below_a_table_is_seen() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let name = "20251122T210000Z_cvpn-endpoint-0123456789abcdef0.parquet";
    let mut expected = Vec::new();
    for key in [
        format!("connections/{name}"),
        format!("connections/.hidden/{name}"),
        format!("connections/_delta/{name}"),
        format!("connections/ACCOUNT_ID=123456789012/region=eu-central-1/snapshot_date=2025-11-22/{name}"),
        format!("connections/account_id=123456789012/{name}"),
        format!("connections/account_id=123456789012/region=EU-central-1/snapshot_date=2025-11-22/{name}"),
        format!("connections/{REGION}/{name}"),
        format!("connections/{REGION}/snapshot_date=2025-11-22/hour=21/{name}"),
        format!("connections/{REGION}/snapshot_date=2025-11-31/{name}"),
        format!("connections/{REGION}/snapshot_date=2018-01-01/{name}"),
        format!("connections/{REGION}/snapshot_date=2025-11-22/.{name}.tmp"),
        format!("connections/{REGION}/snapshot_date=2025-11-22/_{name}"),
        format!("connections/{REGION}/snapshot_date=2025-11-22/.Abc123.tmp/{name}"),
        format!("connections/{REGION}/snapshot_date=2025-11-22/ABC123.tmp"),
        format!("digests/{REGION}/digest_date=2025-11-22/more/{name}"),
        format!("digests/{REGION}/{name}"),
        format!("partials/{REGION}/digest_date=2025-11-22/{name}"),
    ] {
        lake.put(&key, b"forged".to_vec()).await;
        expected.push((Kind::Extra, key));
    }
    // A file that this program leaves after a crash: no reader of Parquet takes it.
    lake.put(&format!("connections/{REGION}/snapshot_date=2025-11-22/.Abc12z.tmp"), b"half".to_vec()).await;
    expected.sort();
    let mut found = faults(&lake.verify().await);
    found.sort();
    assert_eq!(found, expected);
}

/// Puts something under a path. What was there lies aside.
type Replace = fn(path: &Path, aside: &Path);

/// Returns the replacements for an object, a run record or a digest.
fn replacements() -> Vec<(&'static str, Replace)> {
    vec![
        ("a link to what was there", |path, aside| symlink(aside, path).unwrap()),
        ("a link to nothing", |path, _| symlink("nowhere", path).unwrap()),
        ("a link to itself", |path, _| symlink(path.file_name().unwrap(), path).unwrap()),
        ("a link to what has no end", |path, _| symlink("/dev/zero", path).unwrap()),
        ("a pipe that nobody writes to", |path, _| fifo(path)),
        ("a folder", |path, _| fs::create_dir(path).unwrap()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_named_in_the_place_of_each_kind_of_object() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let aside = tempfile::TempDir::new().unwrap();
    let aside = aside.path().join("aside");
    for table in ["connections", "partials", "endpoints", "runs", "digests"] {
        let key = lake.keys_of(table).await.pop().unwrap();
        let path = root(&lake).join(&key);
        for (what, replace) in replacements() {
            fs::rename(&path, &aside).unwrap();
            replace(&path, &aside);
            let verification = lake.verify().await;
            assert_eq!(faults(&verification), [(Kind::Irregular, key.clone())], "{what} in {table}");
            let left = if table == "digests" { OBJECTS } else { OBJECTS - 1 };
            let without_digest = verification.scopes[0].without_digest;
            assert_eq!(verification.objects + without_digest, left, "{what} in {table}");
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            fs::rename(&aside, &path).unwrap();
        }
    }
    assert_eq!(faults(&lake.verify().await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_replaced_by_a_link_or_a_file_is_named_and_the_rest_is_verified() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let all = all_keys(&lake).await;
    let aside = tempfile::TempDir::new().unwrap();
    let aside = aside.path().join("aside");
    for folder in [
        "connections".to_owned(),
        "connections/account_id=123456789012".to_owned(),
        format!("connections/{REGION}"),
        format!("connections/{REGION}/snapshot_date=2025-11-22"),
        format!("runs/{REGION}/snapshot_date=2025-11-23"),
        format!("partials/{REGION}"),
    ] {
        let path = root(&lake).join(&folder);
        for (what, kind) in [("link", Kind::Irregular), ("file", Kind::Extra)] {
            fs::rename(&path, &aside).unwrap();
            match what {
                "link" => symlink(&aside, &path).unwrap(),
                _ => fs::write(&path, b"forged").unwrap(),
            }
            let below = all.iter().filter(|key| key.starts_with(&format!("{folder}/")));
            let mut expected: Vec<_> = below.map(|key| (Kind::Missing, key.clone())).collect();
            assert!(!expected.is_empty());
            let left = OBJECTS - expected.len() as u64;
            expected.push((kind, folder.clone()));
            expected.sort();
            let verification = lake.verify().await;
            let mut found = faults(&verification);
            found.sort();
            assert_eq!((found, verification.objects), (expected, left), "{what} at {folder}");
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        }
    }
    // Of the digests, the chain shows it too.
    for folder in
        ["digests".to_owned(), "digests/account_id=123456789012".to_owned(), format!("digests/{REGION}")]
    {
        let path = root(&lake).join(&folder);
        fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        let found = faults(&lake.verify().await);
        assert!(found.contains(&(Kind::Irregular, folder.clone())), "{folder}: {found:?}");
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
    }
    assert_eq!(faults(&lake.verify().await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn special_files_beside_the_objects_are_named_and_keep_nothing_from_being_sealed() {
    let lake = SealedLake::in_a_directory().await;
    let day = format!("connections/{REGION}/snapshot_date=2025-11-22");
    let mut expected = Vec::new();
    let mut planted = |key: String| {
        expected.push((Kind::Irregular, key.clone()));
        path(&lake, key.as_bytes())
    };
    fifo(&planted(format!("{day}/pipe")));
    fifo(&planted(format!("{day}/.Abc123.tmp")));
    symlink("/dev/zero", planted(format!("{day}/zero.parquet"))).unwrap();
    symlink("..", planted(format!("{day}/round"))).unwrap();
    symlink("/", planted("connections/account_id=999999999999".to_owned())).unwrap();
    symlink("/", planted("connections/account_id=123456789012/region=eu-west-1".to_owned())).unwrap();
    fifo(&planted(format!("runs/{REGION}/snapshot_date=2025-11-22/pipe.json")));
    // An object's name that no digest lists, and a run record's.
    symlink("nowhere", planted(format!("{day}/20251122T210000Z_cvpn-endpoint-0123456789abcdef0.parquet")))
        .unwrap();
    fifo(&planted(format!("runs/{REGION}/snapshot_date=2025-11-22/20251122T210000Z_made-up.json")));
    fs::create_dir(planted(format!("{day}/20251122T210500Z_folder.parquet"))).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(planted("connections/socket".to_owned())).unwrap();
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    assert_eq!((sealed.digests, sealed.objects), (HOURS as u64, OBJECTS), "{:?}", sealed.error);
    let verification = lake.verify().await;
    let mut found = faults(&verification);
    found.sort();
    expected.sort();
    assert_eq!((found, verification.objects), (expected, OBJECTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_without_measure_are_not_read() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let sparse = |key: &str| {
        let path = root(&lake).join(key);
        let _ = fs::remove_file(&path);
        fs::File::create(&path).unwrap().set_len(4 << 30).unwrap();
    };
    let digest = lake.keys_of("digests").await[5].clone();
    let run = lake.keys_of("runs").await[0].clone();
    let object = lake.keys_of("connections").await[0].clone();
    for key in [&digest, &run, &object] {
        sparse(key);
    }
    let verification = lake.verify().await;
    assert_eq!(
        faults(&verification),
        [(Kind::Changed, object), (Kind::Unreadable, digest), (Kind::Changed, run)]
    );
    let message = &verification.faults[1].message;
    assert!(message.contains("4294967296 bytes") && message.contains("16777216"), "{message}");
    let read: u64 = verification.bytes;
    assert!(read < 1 << 20, "{read} bytes were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_keeps_no_other_from_being_sealed_and_verified() {
    let lake = SealedLake::in_a_directory().await;
    let run = lake.keys_of("runs").await[0].clone();
    // Another account, all of whose folders lead elsewhere.
    for table in ["connections", "endpoints", "runs", "digests"] {
        symlink("/proc/self", path(&lake, format!("{table}/account_id=000000000001").as_bytes())).unwrap();
    }
    // And one whose digests are a pipe.
    let other = "account_id=999999999999/region=eu-central-1";
    let other_run = run.replace(REGION, other);
    lake.put(&other_run, lake.get(&run).await).await;
    let digest = format!("digests/{other}/digest_date=2025-11-22/20251122T210000Z.json");
    fifo(&path(&lake, digest.as_bytes()));
    let sealed = lake.seal_at(LATER).await;
    let errors: Vec<_> =
        sealed.iter().map(|sealed| (sealed.account_id.as_str(), sealed.error.is_some())).collect();
    assert_eq!(errors, [("123456789012", false), ("999999999999", true)]);
    assert_eq!(sealed[0].objects, OBJECTS);
    let verification = lake.verify().await;
    assert_eq!(verification.scopes[0].objects, OBJECTS);
    let found = faults(&verification);
    for expected in [
        (Kind::Irregular, "connections/account_id=000000000001".to_owned()),
        (Kind::Irregular, "digests/account_id=000000000001".to_owned()),
        (Kind::Irregular, digest),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
    let here = found.iter().filter(|(_, key)| key.contains(REGION)).count();
    assert_eq!(here, 0, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn odd_keys_of_a_bucket_are_seen() {
    let lake = SealedLake::in_a_bucket().await;
    lake.seal_at(LATER).await;
    let day = format!("connections/{REGION}/snapshot_date=2025-11-22");
    let mut expected = Vec::new();
    // SeaweedFS lists a control character as U+FFFD, whatever is asked. S3 encodes it, as `store_contract` has it.
    for (kind, key, printed) in [
        (Kind::Extra, format!("{day}/a b+c%20.parquet"), format!("{day}/a b+c%20.parquet")),
        (Kind::Extra, format!("{day}/\u{1}\u{b}.parquet"), format!("{day}/\u{fffd}\u{fffd}.parquet")),
        (
            Kind::Irregular,
            "connections/account_id=123456789012\u{1}/x.parquet".to_owned(),
            "connections/account_id=123456789012\u{fffd}/".to_owned(),
        ),
        (Kind::Extra, "connections/é/x.parquet".to_owned(), "connections/é/x.parquet".to_owned()),
    ] {
        lake.put(&key, b"forged".to_vec()).await;
        expected.push((kind, printed));
    }
    expected.sort();
    let mut found = faults(&lake.verify().await);
    found.sort();
    assert_eq!(found, expected);
}
