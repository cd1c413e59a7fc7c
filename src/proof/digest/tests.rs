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
        previous: None,
        signed_with: None,
    }
}

fn follow(digest: Digest) -> Digest {
    let previous = Predecessor {
        object_key: format!("digests/{PLACE}/digest_date=2025-11-22/20251122T200000Z.json"),
        sha256: "cd".repeat(32),
        signature: None,
    };
    Digest { previous: Some(previous), ..digest }
}

fn signed(digest: Digest) -> Digest {
    let key = Identification { key_id: "local".to_owned(), public_key_sha256: "ef".repeat(32) };
    Digest { signed_with: Some(key), ..digest }
}

fn written(digest: &Digest, signature: Option<&str>) -> Result<WrittenDigest, DigestError> {
    let line = Digest::to_line(&digest.content().unwrap(), signature);
    WrittenDigest::parse(&key(), line.as_bytes())
}

/// Reads a digest whose fields were changed.
fn changed(
    digest: &Digest,
    signature: Option<&str>,
    change: impl FnOnce(&mut Fields<'_>),
) -> Result<WrittenDigest, DigestError> {
    let mut fields = Fields::of(digest);
    change(&mut fields);
    let mut content = serde_json::to_string(&fields).unwrap();
    content.pop();
    WrittenDigest::parse(&key(), Digest::to_line(&content, signature).as_bytes())
}

#[test]
fn what_is_written_is_read_again() {
    for digest in [first(), follow(first())] {
        let read = written(&digest, None).unwrap();
        assert_eq!((&read.digest, read.signature()), (&digest, None));
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
    digest.previous.as_mut().unwrap().signature = Some("MEUCIQ==".to_owned());
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

/// Earlier versions wrote these bytes, which signatures and the next digests depend on.
#[test]
fn a_digest_has_the_same_fields_in_the_same_order_signed_or_not() {
    let rest = |digest: &Digest, signature: Option<&str>| {
        let line = Digest::to_line(&digest.content().unwrap(), signature);
        line.split_once("\"older_left\":null,").unwrap().1.to_owned()
    };
    assert_eq!(
        rest(&first(), None),
        "\"previous_object_key\":null,\"previous_sha256\":null,\"previous_signature\":null,\
         \"signature_algorithm\":null,\"key_id\":null,\"public_key_sha256\":null,\"signature\":null}\n"
    );
    let (previous, key) = ("cd".repeat(32), "ef".repeat(32));
    assert_eq!(
        rest(&signed(follow(first())), Some("MEUCIQ==")),
        format!(
            "\"previous_object_key\":\"digests/{PLACE}/digest_date=2025-11-22/20251122T200000Z.json\",\
             \"previous_sha256\":\"{previous}\",\"previous_signature\":null,\
             \"signature_algorithm\":\"ECDSA_SHA_256\",\"key_id\":\"local\",\"public_key_sha256\":\"{key}\",\
             \"signature\":\"MEUCIQ==\"}}\n"
        )
    );
}

#[test]
fn a_digest_that_is_signed_by_half_is_refused() {
    let signature = Some("MEUCIQ==");
    let whole = written(&signed(first()), signature).unwrap();
    assert_eq!(whole.signed_with(), Some(("ef".repeat(32).as_str(), "MEUCIQ==")));
    let cases: [(&str, Result<WrittenDigest, DigestError>); 9] = [
        ("a key and no signature", written(&signed(first()), None)),
        ("a signature and no key", written(&first(), signature)),
        ("no algorithm", changed(&signed(first()), signature, |fields| fields.signature_algorithm = None)),
        (
            "another algorithm",
            changed(&signed(first()), signature, |fields| fields.signature_algorithm = Some("RSA".into())),
        ),
        ("no key id", changed(&signed(first()), signature, |fields| fields.key_id = None)),
        ("no public key", changed(&signed(first()), signature, |fields| fields.public_key_sha256 = None)),
        (
            "an algorithm alone",
            changed(&first(), None, |fields| fields.signature_algorithm = Some(SIGNATURE_ALGORITHM.into())),
        ),
        ("a key id alone", changed(&first(), None, |fields| fields.key_id = Some("local".into()))),
        (
            "a public key alone",
            changed(&first(), None, |fields| fields.public_key_sha256 = Some("ef".repeat(32).into())),
        ),
    ];
    for (name, found) in cases {
        assert_eq!(found, Err(DigestError::HalfSigned), "{name}");
    }
}

#[test]
fn what_this_program_would_not_write_is_refused() {
    let refused =
        |change: &dyn Fn(&mut Fields<'_>)| changed(&follow(first()), None, change).unwrap_err().to_string();
    for (found, part) in [
        (refused(&|fields| fields.end = fields.start), "not of the hour of its key"),
        (refused(&|fields| fields.object_key = "x".repeat(500).into()), "says that it is xxx"),
        (refused(&|fields| fields.objects.to_mut().reverse()), "out of order or twice"),
        (refused(&|fields| fields.objects.to_mut().push(object("21", false))), "out of order or twice"),
        (refused(&|fields| fields.objects.to_mut()[0].late = false), "whether runs/"),
        (refused(&|fields| fields.objects.to_mut()[1].late = true), "whether runs/"),
        (refused(&|fields| fields.objects.to_mut()[1] = object("22", false)), "no object of this account"),
        (
            refused(&|fields| fields.objects.to_mut()[1].object_key = key().to_string()),
            "no object of this account",
        ),
        (refused(&|fields| fields.objects.to_mut()[1].sha256 = "AB".repeat(32)), "for a SHA-256"),
        (refused(&|fields| fields.previous_sha256 = None), "not the digest of the hour before"),
        (refused(&|fields| fields.previous_object_key = None), "not the digest of the hour before"),
        (
            refused(&|fields| fields.previous_object_key = Some(key().to_string().into())),
            "not the digest of the hour before",
        ),
        (refused(&|fields| fields.schema_version = 2), "has the schema version 2"),
    ] {
        assert!(found.contains(part), "{part} is not in {found}");
        assert!(found.len() < 400, "{found}");
    }
    let link_alone = changed(&first(), None, |fields| fields.previous_signature = Some("MEUCIQ==".into()));
    assert_eq!(link_alone, Err(DigestError::Previous("nothing".to_owned())));
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
