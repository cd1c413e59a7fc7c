use super::*;

const PLACE: &str = "account_id=123456789012/region=eu-central-1";

fn key() -> ObjectKey {
    ObjectKey::parse(&format!("digests/{PLACE}/digest_date=2025-11-22/20251122T210000Z.json")).unwrap()
}

fn object(hour: &str, late: bool) -> SealedObject {
    SealedObject {
        object_key: format!("runs/{PLACE}/snapshot_date=2025-11-22/20251122T{hour}1500Z_8f5a-1.json"),
        bytes: 5,
        sha256: "ab".repeat(32),
        late,
    }
}

fn first() -> Digest {
    let key = key();
    Digest {
        schema_version: SCHEMA_VERSION,
        lake: "s3://evidence/vpn".to_owned(),
        object_key: key.to_string(),
        start: key.hour.start(),
        end: key.hour.end(),
        sealed_at: "2025-11-22T22:36:00.5Z".parse().unwrap(),
        clock_ahead_seconds: -2,
        tool_version: "0.1.0".to_owned(),
        objects: vec![object("20", true), object("21", false)],
        older_left: None,
        previous_object_key: None,
        previous_sha256: None,
        previous_signature: None,
        signature_algorithm: None,
        key_id: None,
        public_key_sha256: None,
    }
}

fn follow(mut digest: Digest) -> Digest {
    digest.previous_object_key =
        Some(format!("digests/{PLACE}/digest_date=2025-11-22/20251122T200000Z.json"));
    digest.previous_sha256 = Some("cd".repeat(32));
    digest
}

fn written(digest: &Digest, signature: Option<&str>) -> Result<WrittenDigest, DigestError> {
    let line = Digest::to_line(&digest.content().unwrap(), signature);
    WrittenDigest::parse(&key(), line.as_bytes())
}

#[test]
fn what_is_written_is_read_again() {
    for digest in [first(), follow(first())] {
        let read = written(&digest, None).unwrap();
        assert_eq!((&read.digest, read.signature.as_deref()), (&digest, None));
        assert_eq!(read.signed_text, digest.signed_text(&digest.content().unwrap()));
        assert_eq!(
            read.objects().map(|(key, _)| key.hour.to_string()).collect::<Vec<_>>(),
            ["2025-11-22T20", "2025-11-22T21"]
        );
    }
}

#[test]
fn the_signed_text_binds_the_key_the_hour_the_content_and_the_signature_before() {
    let mut digest = follow(first());
    digest.previous_signature = Some("MEUCIQ==".to_owned());
    let content = digest.content().unwrap();
    let lines: Vec<String> = digest.signed_text(&content).lines().map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            "client-vpn-audit digest 1".to_owned(),
            key().to_string(),
            "2025-11-22T21:00:00Z/2025-11-22T22:00:00Z".to_owned(),
            hex::encode(Sha256::digest(&content)),
            "MEUCIQ==".to_owned(),
        ]
    );
}

#[test]
fn what_this_program_would_not_write_is_refused() {
    let signed = |mut digest: Digest| {
        digest.signature_algorithm = Some(SIGNATURE_ALGORITHM.to_owned());
        digest.key_id = Some("local".to_owned());
        digest.public_key_sha256 = Some("ef".repeat(32));
        digest
    };
    assert!(written(&signed(first()), Some("MEUCIQ==")).is_ok());
    let changed = |change: &dyn Fn(&mut Digest)| {
        let mut digest = follow(first());
        change(&mut digest);
        written(&digest, None).unwrap_err().to_string()
    };
    for (found, part) in [
        (written(&signed(first()), None).unwrap_err().to_string(), "or the other way round"),
        (written(&first(), Some("MEUCIQ==")).unwrap_err().to_string(), "or the other way round"),
        (changed(&|digest| digest.end = digest.start), "not of the hour of its key"),
        (changed(&|digest| digest.object_key = "x".repeat(500)), "says that it is xxx"),
        (changed(&|digest| digest.objects.reverse()), "out of order or twice"),
        (changed(&|digest| digest.objects.push(object("21", false))), "out of order or twice"),
        (changed(&|digest| digest.objects[0].late = false), "whether runs/"),
        (changed(&|digest| digest.objects[1].late = true), "whether runs/"),
        (changed(&|digest| digest.objects[1] = object("22", false)), "no object of this account"),
        (changed(&|digest| digest.objects[1].object_key = key().to_string()), "no object of this account"),
        (changed(&|digest| digest.objects[1].sha256 = "AB".repeat(32)), "for a SHA-256"),
        (changed(&|digest| digest.previous_sha256 = None), "not the digest of the hour before"),
        (
            changed(&|digest| digest.previous_object_key = Some(key().to_string())),
            "not the digest of the hour before",
        ),
        (changed(&|digest| digest.schema_version = 2), "has the schema version 2"),
    ] {
        assert!(found.contains(part), "{part} is not in {found}");
        assert!(found.len() < 400, "{found}");
    }
}

#[test]
fn a_field_that_is_there_twice_is_refused() {
    let content = first().content().unwrap();
    let twice = content.replacen("{\"schema_version\":1", "{\"schema_version\":1,\"schema_version\":1", 1);
    let line = Digest::to_line(&twice, None);
    assert_eq!(WrittenDigest::parse(&key(), line.as_bytes()), Err(DigestError::NotADigest));
    let twice = content.replacen(
        "\"tool_version\":\"0.1.0\"",
        "\"tool_version\":\"x\",\"tool_version\":\"0.1.0\"",
        1,
    );
    let line = Digest::to_line(&twice, None);
    let error = WrittenDigest::parse(&key(), line.as_bytes()).unwrap_err();
    assert!(matches!(error, DigestError::Fields(_)), "{error}");
}
