use crate::hour::Hour;
use crate::proof::digest::{Digest, SCHEMA_VERSION};
use crate::proof::signing::Identification;
use crate::proof::signing::testing::TestKey;
use crate::target::AccountRegion;

use super::*;

const LAKE: &str = "s3://evidence/vpn";

/// A digest, and the changes that make it another one.
#[derive(Clone)]
struct Made {
    key: ObjectKey,
    digest: Digest,
    signature: Option<String>,
}

impl Made {
    fn written(&self) -> WrittenDigest {
        let line = Digest::to_line(&self.digest.content().unwrap(), self.signature.as_deref());
        WrittenDigest::parse(&self.key, line.as_bytes()).unwrap()
    }
}

fn place() -> AccountRegion {
    AccountRegion::parse("account_id=123456789012", "region=eu-central-1").unwrap()
}

/// Returns the digest of an hour of the day, after another one, signed with `key` after `change`.
fn made(hour: u8, before: Option<&Made>, key: Option<&TestKey>, change: impl FnOnce(&mut Digest)) -> Made {
    let hour = Hour::parse(&format!("2025-11-22T{hour:02}")).unwrap();
    let object_key = ObjectKey::of_digest(&place(), hour);
    let previous = before.map(Made::written);
    let mut digest = Digest {
        schema_version: SCHEMA_VERSION,
        lake: LAKE.to_owned(),
        object_key: object_key.to_string(),
        start: hour.start(),
        end: hour.end(),
        sealed_at: hour.end(),
        clock_ahead_seconds: 0,
        tool_version: "0.1.0".to_owned(),
        objects: Vec::new(),
        older_left: None,
        previous: previous.map(|previous| Predecessor {
            object_key: ObjectKey::of_digest(&place(), hour.previous()).to_string(),
            sha256: previous.sha256.clone(),
            signature: previous.signature().map(str::to_owned),
        }),
        signed_with: key.map(|key| Identification {
            key_id: "local".to_owned(),
            public_key_sha256: key.public.sha256.clone(),
        }),
    };
    change(&mut digest);
    let signature = key.map(|key| key.sign(&digest.signed_text(&digest.content().unwrap())));
    Made { key: object_key, digest, signature }
}

/// Returns digests of one hour after the other from midnight on, each with its key.
fn chain_of(keys: &[Option<&TestKey>]) -> Vec<Made> {
    let mut chain: Vec<Made> = Vec::new();
    for (hour, key) in (0..).zip(keys) {
        let next = made(hour, chain.last(), *key, |_| ());
        chain.push(next);
    }
    chain
}

/// Follows all of them with `key`. Returns the code and the key of the digest that stops it.
fn followed(key: Option<&TestKey>, digests: &[Made]) -> Result<String, (ErrorCode, String)> {
    let mut chain = SealChain::new(key.map(|key| &key.public), Some(LAKE.to_owned()));
    for digest in digests {
        chain.follow(&digest.key, &digest.written()).map_err(|error| {
            let at = match &error {
                ChainError::Gone { missing, .. } => missing,
                ChainError::Forged { key, .. }
                | ChainError::KeyMissing { key }
                | ChainError::OtherLake { key, .. } => key,
            };
            assert!(error.to_string().contains(at), "{error}");
            (error.code(), ObjectKey::parse(at).unwrap().hour.to_string())
        })?;
    }
    Ok(chain.newest().unwrap().key.hour.to_string())
}

#[test]
fn a_chain_is_followed_or_stops_where_it_is_broken() {
    let (ours, former, other) = (TestKey::generate(), TestKey::generate(), TestKey::generate());
    let (o, f, x) = (Some(&ours), Some(&former), Some(&other));
    let whole = chain_of(&[o, o, o, o]);
    let without = |hours: &[usize]| {
        let kept = whole.iter().enumerate().filter(|(hour, _)| !hours.contains(hour));
        kept.map(|(_, made)| made.clone()).collect::<Vec<Made>>()
    };
    let instead = |hour: usize, other: Made| {
        let mut chain = whole.clone();
        chain[hour] = other;
        chain
    };
    let then = |next: Made| [whole.as_slice(), &[next]].concat();
    let last = whole.last();
    let names_another_signature = |digest: &mut Digest| {
        digest.previous.as_mut().unwrap().signature = whole[0].signature.clone();
    };
    let signed_as_another = Made { signature: whole[1].signature.clone(), ..whole[2].clone() };
    let mut remade_unsigned = chain_of(&[None, None, None]);
    remade_unsigned[1] =
        made(1, Some(&remade_unsigned[0]), None, |digest| digest.tool_version = "9".to_owned());
    let stopped = |code: ErrorCode, hour: &str| Err((code, format!("2025-11-22T{hour}")));
    let newest = |hour: &str| Ok(format!("2025-11-22T{hour}"));
    let cases = [
        ("signed by us", o, whole.clone(), newest("03")),
        ("not signed, by nobody", None, chain_of(&[None, None]), newest("01")),
        ("the first of all", o, chain_of(&[o]), newest("00")),
        ("a middle digest is gone", o, without(&[2]), stopped(ErrorCode::DigestGone, "02")),
        ("two middle digests are gone", o, without(&[1, 2]), stopped(ErrorCode::DigestGone, "02")),
        ("the first is gone", o, without(&[0]), stopped(ErrorCode::DigestGone, "00")),
        (
            "an unsigned digest in advance",
            o,
            then(made(4, last, None, |_| ())),
            stopped(ErrorCode::DigestForged, "04"),
        ),
        (
            "an unsigned digest after a gap",
            o,
            then(made(9, last, None, |_| ())),
            stopped(ErrorCode::DigestForged, "09"),
        ),
        ("an unsigned chain under our key", o, chain_of(&[None]), stopped(ErrorCode::DigestForged, "00")),
        ("another key after ours", o, then(made(4, last, x, |_| ())), stopped(ErrorCode::DigestForged, "04")),
        (
            "a signature of another digest",
            o,
            instead(2, signed_as_another),
            stopped(ErrorCode::DigestForged, "02"),
        ),
        (
            "one in the middle was made again",
            o,
            instead(1, made(1, Some(&whole[0]), o, |digest| digest.tool_version = "9".to_owned())),
            stopped(ErrorCode::DigestForged, "02"),
        ),
        (
            "one in the middle of an unsigned chain was made again",
            None,
            remade_unsigned,
            stopped(ErrorCode::DigestForged, "02"),
        ),
        (
            "it names another signature",
            o,
            then(made(4, last, o, names_another_signature)),
            stopped(ErrorCode::DigestForged, "04"),
        ),
        ("a second first digest", o, then(made(4, None, o, |_| ())), stopped(ErrorCode::DigestForged, "04")),
        (
            "another lake",
            o,
            then(made(4, last, o, |digest| digest.lake = "s3://elsewhere/vpn".to_owned())),
            stopped(ErrorCode::OtherLake, "04"),
        ),
        ("the key was changed", o, chain_of(&[f, f, o, o]), newest("03")),
        ("the key is changed now", o, chain_of(&[f, f]), newest("01")),
        ("the key was changed back", o, chain_of(&[o, f, o]), stopped(ErrorCode::DigestForged, "01")),
        ("two other keys", o, chain_of(&[f, x]), stopped(ErrorCode::DigestForged, "01")),
        (
            "a key was added to an unsigned chain",
            o,
            chain_of(&[None, o]),
            stopped(ErrorCode::DigestForged, "00"),
        ),
        (
            "signed, and no key is configured",
            None,
            chain_of(&[o]),
            stopped(ErrorCode::SigningKeyMissing, "00"),
        ),
        (
            "signed after unsigned ones",
            None,
            chain_of(&[None, x]),
            stopped(ErrorCode::SigningKeyMissing, "01"),
        ),
    ];
    for (name, key, digests, expected) in cases {
        assert_eq!(followed(key, &digests), expected, "{name}");
    }
}

#[test]
fn the_lake_is_that_of_the_first_digest_where_it_may_have_been_moved() {
    let named = |name: &str| {
        let name = name.to_owned();
        move |digest: &mut Digest| digest.lake = name
    };
    let first = made(0, None, None, named("file:///a"));
    let same = made(1, Some(&first), None, named("file:///a"));
    let other = made(1, Some(&first), None, named("file:///b"));
    let mut chain = SealChain::new(None, None);
    chain.follow(&first.key, &first.written()).unwrap();
    assert_eq!(chain.lake(), Some("file:///a"));
    assert_eq!(chain.clone().follow(&same.key, &same.written()), Ok(()));
    let error = chain.follow(&other.key, &other.written()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OtherLake);
}

#[test]
fn what_begins_within_a_chain_is_not_checked_against_the_one_before_it() {
    let key = TestKey::generate();
    let whole = chain_of(&[Some(&key), Some(&key), Some(&key)]);
    let mut chain = SealChain::new(Some(&key.public), None);
    chain.begin(&whole[1].key, &whole[1].written()).unwrap();
    assert!(chain.is_ours());
    chain.follow(&whole[2].key, &whole[2].written()).unwrap();
    assert_eq!(chain.newest().unwrap().sha256, whole[2].written().sha256);
}

#[test]
fn a_chain_is_ours_once_our_key_has_signed_and_leaves_the_older_objects_that_its_newest_digest_left() {
    let (ours, former) = (TestKey::generate(), TestKey::generate());
    let hour = Hour::parse("2025-11-22T04").unwrap();
    let left = OlderLeft { after: None, before: hour.date_before() };
    for (name, keys, expected) in
        [("a former key", vec![&former], false), ("our key after it", vec![&former, &ours], true)]
    {
        let mut chain = SealChain::new(Some(&ours.public), None);
        assert_eq!((chain.is_ours(), chain.older_left(hour)), (false, Some(left.clone())), "{name}");
        let mut digests: Vec<Made> = Vec::new();
        for (hour, key) in (0..).zip(keys) {
            digests
                .push(made(hour, digests.last(), Some(key), |digest| digest.older_left = Some(left.clone())));
        }
        digests.iter().for_each(|digest| chain.follow(&digest.key, &digest.written()).unwrap());
        assert_eq!((chain.is_ours(), chain.older_left(hour)), (expected, Some(left.clone())), "{name}");
        let all_listed = made(2, digests.last(), Some(&ours), |_| ());
        chain.begin(&all_listed.key, &all_listed.written()).unwrap();
        assert_eq!(chain.older_left(hour), None, "{name}");
    }
}
