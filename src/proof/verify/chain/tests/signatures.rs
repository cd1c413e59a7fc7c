//! Keys, signatures, and the lake that digests name.

use super::*;

type Faults = Vec<(Kind, usize)>;

/// Walks digests of the first hours. Returns the faults but those of keys, the keys that are not known, and the scope.
fn walk(keys: &[&TestKey], lake: Option<&str>, digests: &[WrittenDigest]) -> (Faults, Vec<String>, Scope) {
    let (place, hours) = (place(), hours());
    let keys: Vec<PublicKey> = keys.iter().map(|key| key.public.clone()).collect();
    let newest = hours[digests.len() - 1];
    let mut scope = Scope::new(&place, hours[0], newest);
    let terms = Terms { place: &place, keys: &keys, first: hours[0], newest };
    let mut chain = Chain::new(terms, lake.map(str::to_owned), None);
    let mut faults = Vec::new();
    for (hour, digest) in hours.iter().zip(digests) {
        chain.step(*hour, &read(digest), &mut scope, &mut faults);
    }
    chain.end(&scope, &mut faults);
    let (unknown, faults): (Vec<Fault>, Vec<Fault>) =
        faults.into_iter().partition(|fault| fault.kind == Kind::KeyUnknown);
    assert!(unknown.iter().all(|fault| fault.object_key == place.folder(Table::Digests)));
    (by_index(faults), unknown.into_iter().map(|fault| fault.message).collect(), scope)
}

/// Returns digests one after the other, each signed with its key.
fn signed(keys: &[Option<&TestKey>]) -> Vec<WrittenDigest> {
    let mut chain: Vec<WrittenDigest> = Vec::new();
    for (hour, key) in hours().into_iter().zip(keys) {
        let next = made(hour, chain.last(), *key, |_| ());
        chain.push(next);
    }
    chain
}

/// Returns the digests with another one in place of one of them, made and signed after those that follow it.
fn instead(digests: &[WrittenDigest], index: usize, other: WrittenDigest) -> Vec<WrittenDigest> {
    let mut digests = digests.to_vec();
    digests[index] = other;
    digests
}

#[test]
fn each_signature_is_checked_with_the_keys_that_are_given() {
    use Kind::SignatureWrong;
    let (ours, other) = (TestKey::generate(), TestKey::generate());
    let (o, x) = (Some(&ours), Some(&other));
    let whole = signed(&[o, o]);
    let of_another = content(hours()[1], Some(&whole[0]), o, |_| ());
    let of_another = written(hours()[1], &of_another, whole[0].signature());
    for (name, keys, digests, faults, unknown, signatures) in [
        ("signed by the key", vec![&ours], whole.clone(), vec![], 0, 2),
        ("signed by the second key", vec![&other, &ours], whole.clone(), vec![], 0, 2),
        ("signed by one key and then another", vec![&ours, &other], signed(&[o, x]), vec![], 0, 2),
        ("neither keys nor signatures", vec![], signed(&[None, None]), vec![], 0, 0),
        ("one is not signed", vec![&ours], signed(&[o, None]), vec![(SignatureWrong, 1)], 0, 1),
        (
            "the signature of another digest",
            vec![&ours],
            instead(&whole, 1, of_another),
            vec![(SignatureWrong, 1)],
            0,
            1,
        ),
        ("signed by a key that is not given", vec![&ours], signed(&[x, x]), vec![], 1, 0),
        ("signed, and no key is given", vec![], whole.clone(), vec![], 1, 0),
        ("two keys that are not given", vec![], signed(&[o, x]), vec![], 2, 0),
    ] {
        let (found, messages, scope) = walk(&keys, None, &digests);
        assert_eq!((found, messages.len(), scope.signatures), (faults, unknown, signatures), "{name}");
        assert_eq!(scope.digests, 2, "{name}");
    }
    let (_, messages, _) = walk(&[&ours], None, &signed(&[x, x, o]));
    let expected = format!(
        "the public key of SHA-256 {} is not given, and 2 digests are signed with it",
        other.public.sha256
    );
    assert_eq!(messages, [expected]);
}

#[test]
fn a_right_signature_shows_which_of_two_digests_was_changed() {
    use Kind::{ChainBroken, Changed, SignatureWrong};
    let (ours, other) = (TestKey::generate(), TestKey::generate());
    let (o, x) = (Some(&ours), Some(&other));
    let (whole, of_another_key) = (signed(&[o, o, o]), signed(&[x, x, o]));
    let change = |digest: &mut Digest| digest.tool_version = "9.9.9".to_owned();
    let changed = |digests: &[WrittenDigest], key| made(hours()[1], Some(&digests[0]), key, change);
    let names_another = |digest: &mut Digest| digest.previous.as_mut().unwrap().sha256 = "0".repeat(64);
    let last = content(hours()[2], Some(&whole[1]), o, names_another);
    for (name, digests, expected) in [
        ("signed again", instead(&whole, 1, changed(&whole, o)), vec![(Changed, 1), (ChainBroken, 2)]),
        (
            "changed without a signature",
            instead(&whole, 1, changed(&whole, None)),
            vec![(SignatureWrong, 1), (ChainBroken, 2)],
        ),
        (
            "changed, by a key that is not given",
            instead(&of_another_key, 1, changed(&of_another_key, x)),
            vec![(Changed, 1), (ChainBroken, 2)],
        ),
        (
            "the one after it has a wrong signature",
            instead(&whole, 2, written(hours()[2], &last, whole[0].signature())),
            vec![(ChainBroken, 2), (SignatureWrong, 2)],
        ),
    ] {
        assert_eq!(walk(&[&ours], None, &digests).0, expected, "{name}");
    }
}

#[test]
fn a_digest_names_the_signature_of_the_one_before_it() {
    let ours = TestKey::generate();
    let whole = signed(&[Some(&ours), Some(&ours)]);
    for (name, change) in [
        ("another signature", |digest: &mut Digest| {
            digest.previous.as_mut().unwrap().signature = Some("other".to_owned());
        }),
        ("none", |digest: &mut Digest| digest.previous.as_mut().unwrap().signature = None),
        ("no predecessor", |digest: &mut Digest| digest.previous = None),
    ] as [(&str, fn(&mut Digest)); 3]
    {
        let next = made(hours()[1], Some(&whole[0]), Some(&ours), change);
        let (faults, _, _) = walk(&[&ours], None, &instead(&whole, 1, next));
        assert_eq!(faults, [(Kind::ChainBroken, 1)], "{name}");
    }
}

#[test]
fn every_digest_is_of_the_lake_or_of_that_of_the_first() {
    use Kind::DigestInvalid;
    let of_lakes = |lakes: [&str; 2]| {
        let named = |lake: &str| {
            let lake = lake.to_owned();
            move |digest: &mut Digest| digest.lake = lake
        };
        let first = made(hours()[0], None, None, named(lakes[0]));
        let second = made(hours()[1], Some(&first), None, named(lakes[1]));
        [first, second]
    };
    for (name, lake, lakes, expected) in [
        ("moved", None, ["file:///a", "file:///a"], vec![]),
        ("of two lakes", None, ["file:///a", "file:///b"], vec![(DigestInvalid, 1)]),
        ("as asked", Some("file:///a"), ["file:///a", "file:///a"], vec![]),
        ("another than asked", Some("file:///b"), ["file:///a", "file:///b"], vec![(DigestInvalid, 0)]),
    ] {
        let (faults, _, scope) = walk(&[], lake, &of_lakes(lakes));
        assert_eq!(faults, expected, "{name}");
        assert_eq!(scope.sealed_as.as_deref(), Some("file:///a"), "{name}");
    }
}

#[test]
fn a_digest_vouches_for_its_objects_if_it_is_of_the_lake_and_rightly_signed() {
    let (ours, other) = (TestKey::generate(), TestKey::generate());
    let hour = hours()[0];
    let right = made(hour, None, Some(&ours), |_| ());
    let of_another = content(hour, None, Some(&ours), |digest| digest.tool_version = "9.9.9".to_owned());
    let (wrong, not_signed) = (written(hour, &of_another, right.signature()), digest(hour, None, "0.1.0"));
    let here = Some("file:///evidence");
    for (name, keys, lake, digest, expected) in [
        ("signed by the key", vec![&ours], here, &right, true),
        ("signed by the second key", vec![&other, &ours], here, &right, true),
        ("signed by another key", vec![&other], here, &right, false),
        ("a wrong signature", vec![&ours], here, &wrong, false),
        ("not signed", vec![&ours], here, &not_signed, false),
        ("not signed, and no keys are given", vec![], here, &not_signed, true),
        ("of a lake that is not known yet", vec![&ours], None, &right, true),
        ("of another lake", vec![&ours], Some("file:///elsewhere"), &right, false),
        ("of another lake, and no keys are given", vec![], Some("file:///elsewhere"), &not_signed, false),
    ] {
        let place = place();
        let keys: Vec<PublicKey> = keys.iter().map(|key| key.public.clone()).collect();
        let terms = Terms { place: &place, keys: &keys, first: hour, newest: hour };
        let chain = Chain::new(terms, lake.map(str::to_owned), None);
        assert_eq!(chain.vouches(digest), expected, "{name}");
    }
}
