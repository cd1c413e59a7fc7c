//! Hours without a digest, and digests that cannot be read.

use super::*;

/// Walks what is read of the first hours, after the digest `link`. Returns the faults, the scope and the chain.
fn walk<'a>(
    place: &'a AccountRegion,
    first: usize,
    link: Option<Link>,
    readings: &[(usize, DigestReading)],
) -> (Vec<Fault>, Scope, Chain<'a>) {
    let hours = hours();
    let mut scope = Scope::new(place, hours[first], hours[HOURS - 1]);
    let terms = Terms { place, keys: &[], first: hours[0], newest: hours[HOURS - 1] };
    let mut chain = Chain::new(terms, None, link);
    let mut faults = Vec::new();
    for (index, reading) in readings {
        chain.step(hours[*index], reading, &mut scope, &mut faults);
    }
    (faults, scope, chain)
}

fn invalid(sha256: &str) -> DigestReading {
    DigestReading::Invalid(sha256.to_owned(), DigestError::NotADigest)
}

fn nothing() -> DigestReading {
    DigestReading::Nothing(Kind::Unreadable, "cannot be read".to_owned())
}

#[test]
fn a_digest_that_cannot_be_read_breaks_the_chain_only_if_it_has_other_bytes() {
    use Kind::{ChainBroken, Changed, DigestInvalid, Unreadable};
    let whole: Vec<WrittenDigest> = chain(&[]).into_iter().flatten().collect();
    let first_changed: Vec<WrittenDigest> = chain(&[0]).into_iter().flatten().collect();
    for (name, digests, at, reading, expected, count) in [
        ("the bytes that were sealed", &whole, 1, invalid(&whole[1].sha256), vec![(DigestInvalid, 1)], 5),
        ("other bytes", &whole, 1, invalid("0"), vec![(DigestInvalid, 1), (ChainBroken, 2)], 5),
        ("nothing", &whole, 1, nothing(), vec![(Unreadable, 1)], 4),
        (
            "invalid after one that another contradicts",
            &first_changed,
            2,
            invalid(&whole[2].sha256),
            vec![(Changed, 0), (ChainBroken, 1), (DigestInvalid, 2)],
            5,
        ),
        (
            "nothing after one that another contradicts",
            &first_changed,
            2,
            nothing(),
            vec![(Changed, 0), (ChainBroken, 1), (Unreadable, 2)],
            4,
        ),
    ] {
        let mut readings: Vec<(usize, DigestReading)> = digests.iter().map(read).enumerate().collect();
        readings[at].1 = reading;
        let place = place();
        let (mut faults, scope, mut chain) = walk(&place, 0, None, &readings);
        chain.end(&scope, &mut faults);
        assert_eq!(by_index(faults), expected, "{name}");
        assert_eq!(scope.digests, count, "{name}");
        let lacks: Vec<bool> = hours().iter().map(|hour| chain.lacks(*hour)).collect();
        let expected: Vec<bool> = (0..HOURS).map(|index| index == at).collect();
        assert_eq!(lacks, expected, "{name}");
    }
}

#[test]
fn consecutive_hours_without_a_digest_are_one_fault() {
    let whole: Vec<WrittenDigest> = chain(&[]).into_iter().flatten().collect();
    let one = "there is no digest of this hour, and there are later ones";
    let up_to_22 =
        "there is no digest of this hour and of those up to 2025-11-22T22, and there are later ones";
    let up_to_23 =
        "there is no digest of this hour and of those up to 2025-11-22T23, and there are later ones";
    for (name, indices, lacking, expected) in [
        ("none", vec![0, 1, 2, 3, 4], vec![], vec![]),
        ("one", vec![0, 2, 3, 4], vec![1], vec![one]),
        ("two", vec![0, 3, 4], vec![1, 2], vec![up_to_23]),
        ("one, and later another", vec![0, 2, 4], vec![1, 3], vec![one, one]),
        ("the first two", vec![2, 3, 4], vec![0, 1], vec![up_to_22]),
    ] {
        let place = place();
        let readings: Vec<(usize, DigestReading)> =
            indices.into_iter().map(|index| (index, read(&whole[index]))).collect();
        let (faults, _, chain) = walk(&place, 0, None, &readings);
        let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(messages, expected, "{name}");
        let found: Vec<usize> = (0..HOURS).filter(|index| chain.lacks(hours()[*index])).collect();
        assert_eq!(found, lacking, "{name}");
        assert_eq!(chain.newest_hour(), hours()[4], "{name}");
    }
}

#[test]
fn hours_before_a_chain_whose_beginning_is_cut_are_lacking() {
    let whole: Vec<WrittenDigest> = chain(&[]).into_iter().flatten().collect();
    let hours = hours();
    let place = place();
    for (name, first, expected) in [
        ("cut", &whole[1], vec![true, false, false]),
        ("not cut", &digest(hours[1], None, "0.1.0"), vec![false, false, false]),
    ] {
        let mut scope = Scope::new(&place, hours[1], hours[1]);
        let terms = Terms { place: &place, keys: &[], first: hours[1], newest: hours[1] };
        let mut chain = Chain::new(terms, None, None);
        let mut faults = Vec::new();
        chain.step(hours[1], &read(first), &mut scope, &mut faults);
        chain.end(&scope, &mut faults);
        let lacks: Vec<bool> = hours[..3].iter().map(|hour| chain.lacks(*hour)).collect();
        assert_eq!(lacks, expected, "{name}");
        assert_eq!(faults.len(), usize::from(expected[0]), "{name}");
    }
}

#[test]
fn a_walk_that_begins_within_the_chain_is_compared_with_the_digest_before_it() {
    use Kind::{ChainBroken, Changed};
    let whole: Vec<WrittenDigest> = chain(&[]).into_iter().flatten().collect();
    let other = digest(hours()[1], Some(&whole[0]), "9.9.9");
    for (name, before, expected) in [
        ("the one that it follows", read(&whole[1]), vec![]),
        ("another", read(&other), vec![(Changed, 1), (ChainBroken, 2)]),
        ("no digest, with its bytes", invalid(&whole[1].sha256), vec![]),
        ("no digest, with other bytes", invalid("0"), vec![(Changed, 1), (ChainBroken, 2)]),
        ("nothing", nothing(), vec![]),
    ] {
        let place = place();
        let link = Link::before(hours()[1], &place, &before);
        let readings: Vec<(usize, DigestReading)> =
            (2..HOURS).map(|index| (index, read(&whole[index]))).collect();
        let (mut faults, scope, mut chain) = walk(&place, 2, link, &readings);
        chain.end(&scope, &mut faults);
        assert_eq!(by_index(faults), expected, "{name}");
    }
}

#[test]
fn a_walk_without_any_digest_lacks_the_first() {
    let place = place();
    let (mut faults, scope, mut chain) = walk(&place, 1, None, &[]);
    chain.end(&scope, &mut faults);
    assert_eq!(by_index(faults), [(Kind::TailCut, 1)]);
}

#[test]
fn a_digest_is_late_more_than_an_hour_after_its_hour_was_closed() {
    let limit = CLOSES_AFTER + SignedDuration::from_hours(1);
    for (name, after, expected) in [
        ("at once", CLOSES_AFTER, 0),
        ("an hour", limit, 0),
        ("a millisecond more", limit + SignedDuration::from_millis(1), 1),
    ] {
        let hour = hours()[0];
        let digest = made(hour, None, None, |digest| digest.sealed_at = hour.end() + after);
        let place = place();
        let (faults, scope, _) = walk(&place, 0, None, &[(0, read(&digest))]);
        assert_eq!((faults.len(), scope.sealed_late), (0, expected), "{name}");
    }
}
