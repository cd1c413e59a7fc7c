mod hours;
mod signatures;

use crate::proof::digest::{Digest, Predecessor, SealedObject};
use crate::proof::signing::Identification;
use crate::proof::signing::testing::TestKey;

use super::*;

const HOURS: usize = 5;

fn place() -> AccountRegion {
    AccountRegion::parse("account_id=123456789012", "region=eu-central-1").unwrap()
}

fn hours() -> Vec<Hour> {
    (21..24)
        .map(|hour| format!("2025-11-22T{hour}"))
        .chain((0..2).map(|hour| format!("2025-11-23T0{hour}")))
        .map(|text| Hour::parse(&text).unwrap())
        .collect()
}

/// Returns an unsigned digest that follows `previous`.
fn digest(hour: Hour, previous: Option<&WrittenDigest>, tool_version: &str) -> WrittenDigest {
    made(hour, previous, None, |digest| digest.tool_version = tool_version.to_owned())
}

/// Returns a digest that follows `previous`, changed and then signed with `key`.
fn made(
    hour: Hour,
    previous: Option<&WrittenDigest>,
    key: Option<&TestKey>,
    change: impl FnOnce(&mut Digest),
) -> WrittenDigest {
    let digest = content(hour, previous, key, change);
    let signature = key.map(|key| key.sign(&digest.signed_text(&digest.content().unwrap())));
    written(hour, &digest, signature.as_deref())
}

fn content(
    hour: Hour,
    previous: Option<&WrittenDigest>,
    key: Option<&TestKey>,
    change: impl FnOnce(&mut Digest),
) -> Digest {
    let mut digest = Digest {
        schema_version: crate::proof::digest::SCHEMA_VERSION,
        lake: "file:///evidence".to_owned(),
        object_key: ObjectKey::of_digest(&place(), hour).to_string(),
        start: hour.start(),
        end: hour.end(),
        sealed_at: hour.end(),
        clock_ahead_seconds: 0,
        older_left: None,
        tool_version: "0.1.0".to_owned(),
        objects: vec![SealedObject {
            object_key: ObjectKey::of_digest(&place(), hour)
                .as_str()
                .replace("digests/", "runs/")
                .replace("digest_date", "snapshot_date")
                .replace(".json", "_a.json"),
            bytes: 1,
            sha256: "a".repeat(64),
            late: false,
        }],
        previous: previous.map(|previous| Predecessor {
            object_key: previous.digest.object_key.clone(),
            sha256: previous.sha256.clone(),
            signature: previous.signature().map(str::to_owned),
        }),
        signed_with: key.map(|key| Identification {
            key_id: "local".to_owned(),
            public_key_sha256: key.public.sha256.clone(),
        }),
    };
    change(&mut digest);
    digest
}

fn written(hour: Hour, digest: &Digest, signature: Option<&str>) -> WrittenDigest {
    let line = Digest::to_line(&digest.content().unwrap(), signature);
    WrittenDigest::parse(&ObjectKey::of_digest(&place(), hour), line.as_bytes()).unwrap()
}

fn read(digest: &WrittenDigest) -> DigestReading {
    DigestReading::Digest(Box::new(digest.clone()))
}

/// Returns a chain whose digests of the indices `changed` were changed after those after them were made.
fn chain(changed: &[usize]) -> Vec<Option<WrittenDigest>> {
    let mut chain: Vec<WrittenDigest> = Vec::new();
    for hour in hours() {
        let next = digest(hour, chain.last(), "0.1.0");
        chain.push(next);
    }
    for index in changed {
        let before = index.checked_sub(1).map(|before| chain[before].clone());
        chain[*index] = digest(hours()[*index], before.as_ref(), "9.9.9");
    }
    chain.into_iter().map(Some).collect()
}

/// Returns the faults of a chain by their kind and the index of the digest.
fn faults(chain_of: &[Option<WrittenDigest>]) -> Vec<(Kind, usize)> {
    walk(chain_of).0
}

/// Returns the same, and the number of entries that are not proven. Each digest has one.
fn walk(chain_of: &[Option<WrittenDigest>]) -> (Vec<(Kind, usize)>, u64) {
    let place = place();
    let hours = hours();
    let of = |digest: &Option<WrittenDigest>| digest.is_some();
    let first = hours[chain_of.iter().position(of).unwrap()];
    let newest = hours[chain_of.iter().rposition(of).unwrap()];
    let mut scope = Scope::new(&place, first, hours[HOURS - 1]);
    let mut found = Vec::new();
    let mut chain = Chain::new(Terms { place: &place, keys: &[], first, newest }, None, None);
    for (hour, digest) in hours.iter().zip(chain_of) {
        if let Some(digest) = digest {
            chain.step(*hour, &read(digest), &mut scope, &mut found);
        }
    }
    chain.end(&scope, &mut found);
    (by_index(found), chain.not_proven())
}

/// Returns the faults by their kind and the index of the digest's hour, in order.
fn by_index(faults: Vec<Fault>) -> Vec<(Kind, usize)> {
    let hours = hours();
    let index = |key: &str| {
        let is_it = |hour: &Hour| ObjectKey::of_digest(&place(), *hour).as_str() == key;
        hours.iter().position(is_it).expect("a digest of the chain")
    };
    let mut found: Vec<_> = faults.into_iter().map(|fault| (fault.kind, index(&fault.object_key))).collect();
    found.sort_by_key(|(kind, index)| (*index, *kind));
    found
}

#[test]
fn the_digest_that_was_changed_is_named_without_signatures() {
    use Kind::{ChainBroken, Changed, DigestMissing, TailCut};
    let without = |changed: &[usize], missing: &[usize]| {
        let mut chain = chain(changed);
        missing.iter().for_each(|index| chain[*index] = None);
        chain
    };
    for (case, chain, expected) in [
        ("nothing", without(&[], &[]), vec![]),
        ("the first", without(&[0], &[]), vec![(Changed, 0), (ChainBroken, 1)]),
        ("one in the middle", without(&[2], &[]), vec![(Changed, 2), (ChainBroken, 3)]),
        ("the last but one", without(&[3], &[]), vec![(Changed, 3), (ChainBroken, 4)]),
        ("the last, which nothing follows", without(&[4], &[]), vec![]),
        ("two that follow each other", without(&[1, 2], &[]), vec![(Changed, 2), (ChainBroken, 3)]),
        (
            "two apart",
            without(&[0, 2], &[]),
            vec![(Changed, 0), (ChainBroken, 1), (Changed, 2), (ChainBroken, 3)],
        ),
        ("one before a gap", without(&[1], &[2]), vec![(DigestMissing, 2)]),
        (
            "one before another that is followed by a gap",
            without(&[1], &[3]),
            vec![(Changed, 1), (ChainBroken, 2), (DigestMissing, 3)],
        ),
        (
            "the last but one, and the last is missing",
            without(&[2], &[4]),
            vec![(Changed, 2), (ChainBroken, 3), (TailCut, 4)],
        ),
        ("the beginning", without(&[], &[0]), vec![(DigestMissing, 0)]),
        ("one in the middle is missing", without(&[], &[2]), vec![(DigestMissing, 2)]),
    ] {
        let changed = expected.iter().filter(|(kind, _)| *kind == Changed).count();
        assert_eq!(walk(&chain), (expected, changed as u64), "{case}");
    }
    // One that names another predecessor than it has: the digest after it shows that it was changed, and not the one before.
    let mut chain = chain(&[]);
    let other = digest(hours()[1], None, "other");
    chain[2] = Some(digest(hours()[2], Some(&other), "0.1.0"));
    assert_eq!(faults(&chain), [(ChainBroken, 2), (ChainBroken, 3)]);
}
