use std::io::Write;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::*;

/// Returns the signature with the other of the two values of `s`.
fn other_form(signature: &str) -> String {
    let der = BASE64_STANDARD.decode(signature).unwrap();
    BASE64_STANDARD.encode(Signature::parse(&der).unwrap().into_other().to_der())
}

fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<String> = BASE64_STANDARD
        .encode(der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn file(bytes: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    file
}

/// Returns a key pair in DER: the private key as PKCS #8, and the public one.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let public = pair.public_key().as_der().unwrap().as_ref().to_vec();
    (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public)
}

fn signer(private: &[u8]) -> LocalSigner {
    LocalSigner::read(file(pem("PRIVATE KEY", private)).path()).unwrap()
}

#[test]
fn every_signature_is_in_its_low_form_and_the_high_one_is_refused() {
    let (private, public) = pair();
    let signer = signer(&private);
    let of_the_library = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &public);
    // Half of all have a high s when they are made.
    for number in 0..64 {
        let text = format!("text {number}");
        let signature = signer.sign(&text).unwrap();
        assert!(signer.public_key().verifies(&text, &signature), "{signature}");
        let high = other_form(&signature);
        let der = BASE64_STANDARD.decode(&high).unwrap();
        assert!(of_the_library.verify(text.as_bytes(), &der).is_ok(), "right but for its form");
        assert!(!signer.public_key().verifies(&text, &high), "{high}");
        let low = BASE64_STANDARD.decode(&signature).unwrap();
        for form in [&low, &der] {
            assert!(signer.public_key().verifies_der(text.as_bytes(), form), "OpenSSL writes both");
            assert!(!signer.public_key().verifies_der(b"another text", form));
            assert!(!signer.public_key().verifies_der(text.as_bytes(), &[form.as_slice(), &[0]].concat()));
        }
        assert_eq!(encoded(&der), Some(signature), "as KMS may return it");
    }
}

#[test]
fn another_form_of_a_signature_is_refused() {
    let (private, _) = pair();
    let signer = signer(&private);
    let signature = signer.sign("text").unwrap();
    let der = BASE64_STANDARD.decode(&signature).unwrap();
    let longer_length = [&[0x30, 0x81], &der[1..]].concat();
    for (what, other) in [
        ("trailing bytes", BASE64_STANDARD.encode([der.as_slice(), &[0]].concat())),
        ("a length in two bytes", BASE64_STANDARD.encode(longer_length)),
        ("white space", format!("{signature}\n")),
        ("nothing", String::new()),
        ("no base64", "?".to_owned()),
    ] {
        assert!(!signer.public_key().verifies("text", &other), "{what}");
    }
    assert!(!signer.public_key().verifies("another text", &signature));
}

#[test]
fn all_public_keys_of_a_file_are_read() {
    let ((private, one), (_, two)) = (pair(), pair());
    let hashes = |bytes: Vec<u8>| {
        let keys = PublicKey::read_all(file(bytes).path());
        keys.map(|keys| keys.into_iter().map(|key| key.sha256).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    let sha256 = |der: &[u8]| hex::encode(Sha256::digest(der));
    let public = |der: &[u8]| pem("PUBLIC KEY", der);
    let both = format!("of 2025\n{}of 2026\n{}", public(&one), public(&two));
    assert_eq!(hashes(both.into_bytes()), Ok(vec![sha256(&one), sha256(&two)]));
    assert_eq!(hashes(public(&one).into_bytes()), Ok(vec![sha256(&one)]));
    assert_eq!(hashes(one.clone()), Ok(vec![sha256(&one)]));
    let trailing = [one.as_slice(), b"\n"].concat();
    let mut other_curve = one.clone();
    other_curve[22] ^= 1;
    for (what, bytes, part) in [
        ("DER with trailing bytes", trailing.clone(), "without more bytes"),
        (
            "PEM of DER with trailing bytes",
            public(&trailing).into_bytes(),
            "no public key of the curve P-256",
        ),
        (
            "a second key of another kind",
            (public(&one) + &public(&other_curve)).into_bytes(),
            "found 2 public keys, and not all are of the curve P-256",
        ),
        ("a bare point", one[26..].to_vec(), "no public key"),
        ("a private key", pem("PRIVATE KEY", &private).into_bytes(), "no public key"),
        ("nothing", Vec::new(), "no public key"),
        (
            "a key that is cut",
            public(&one).replace("-----END PUBLIC KEY-----", "").into_bytes(),
            "cannot be read",
        ),
    ] {
        let error = hashes(bytes).unwrap_err();
        assert!(error.contains(part), "{what}: {error}");
    }
}

#[test]
fn a_signing_key_is_alone_in_its_file() {
    let ((one, public), (two, _)) = (pair(), pair());
    let both = pem("PRIVATE KEY", &one) + &pem("PRIVATE KEY", &two);
    let error = LocalSigner::read(file(both).path()).unwrap_err().to_string();
    assert!(error.contains("found 2 private keys"), "{error}");
    let error = LocalSigner::read(file(pem("PUBLIC KEY", &public)).path()).unwrap_err().to_string();
    assert!(error.contains("found no private key in PEM"), "{error}");
    // Its public part beside it is no second key.
    let with_public = pem("PRIVATE KEY", &one) + &pem("PUBLIC KEY", &public);
    assert!(LocalSigner::read(file(with_public).path()).is_ok());
}
