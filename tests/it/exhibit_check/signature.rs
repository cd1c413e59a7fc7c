//! Signatures that OpenSSL made.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{Exhibit, expected, rewritten};
use crate::harness::cases::Cases;
use crate::harness::sealed::{Keys, openssl};

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
fn a_signature_of_openssl_shows_that_the_manifest_was_not_rewritten() {
    let cases = Cases::default();
    let (keys, others) = (Keys::of_curve("prime256v1"), Keys::of_curve("prime256v1"));
    let exhibit = Exhibit::new();
    let sign = |keys: &Keys, exhibit: &Exhibit| {
        let (key, manifest) = (keys.private(), exhibit.path("manifest.json"));
        openssl(&["dgst", "-sha256", "-sign", key.to_str().unwrap(), manifest.to_str().unwrap()])
    };
    let [public, other_public] = [&keys, &others].map(|keys| keys.public().display().to_string());
    let (by_key, by_both) =
        (["--public-key", public.as_str()], ["--public-key", other_public.as_str(), "--public-key", &public]);
    // Half of all signatures have the higher s.
    for number in 0..8 {
        let signature = sign(&keys, &exhibit);
        let base64 = BASE64_STANDARD.encode(&signature);
        for (form, content) in [
            ("DER", signature),
            ("base64", base64.clone().into_bytes()),
            ("base64 in lines", format!("{}\n{}\n", &base64[..76], &base64[76..]).into_bytes()),
            ("base64 with CR LF", format!("{}\r\n{}\r\n", &base64[..64], &base64[64..]).into_bytes()),
        ] {
            exhibit.write("manifest.json.sig", content);
            cases.assert_eq(format!("{form} {number}"), &exhibit.differences(&by_key), &[].to_vec());
        }
    }
    let (answer, differences) = exhibit.answer(&by_both);
    assert_eq!(differences, []);
    assert!(
        answer["checked"].to_string().contains("the signature, which is by the public key with the SHA-256"),
        "{answer}"
    );
    let advice = answer["not_checked"].to_string();
    assert!(advice.contains("another exhibit, signed with the same key, would not be noticed"), "{advice}");
    let (answer, differences) = exhibit.answer(&[]);
    assert_eq!(differences, []);
    let advice = answer["not_checked"].to_string();
    assert!(advice.contains("the signature manifest.json.sig; give --public-key"), "{advice}");
    assert!(
        advice.contains("a manifest that was rewritten together with the files would not be noticed"),
        "{advice}"
    );

    let forged = rewritten();
    let right = sign(&keys, &exhibit);
    let mut changed = right.clone();
    *changed.last_mut().unwrap() ^= 1;
    let wrong = [("signature_invalid", "manifest.json.sig")];
    for (case, of, signature, arguments, differences) in [
        ("another key", &exhibit, sign(&others, &exhibit), &by_key[..], &wrong[..]),
        ("a rewritten manifest", &forged, right.clone(), &by_key, &wrong),
        ("a changed signature", &exhibit, changed, &by_key, &wrong),
        ("a longer signature", &exhibit, [right.as_slice(), &[0]].concat(), &by_key, &wrong),
        ("nothing", &exhibit, Vec::new(), &by_key, &wrong),
        ("words", &exhibit, b"signed".to_vec(), &by_key, &wrong),
        ("the key of the forger beside ours", &forged, sign(&others, &forged), &by_both, &[]),
        ("5 KiB", &exhibit, vec![b'A'; 5 << 10], &by_key, &[("unreadable", "manifest.json.sig")]),
    ] {
        of.write("manifest.json.sig", signature);
        cases.assert_eq(case, &of.differences(arguments), &expected(differences));
    }
    fs::remove_file(exhibit.path("manifest.json.sig")).unwrap();
    let missing = expected(&[("signature_missing", "manifest.json.sig")]);
    assert_eq!(exhibit.differences(&by_key), missing, "removed, and the key was given");
    // A manifest that is none is still compared with what is known of the right one.
    exhibit.write("manifest.json", "{}");
    exhibit.write("manifest.json.sig", right);
    let receipt = exhibit.receipt().display().to_string();
    let arguments = [&by_key[..], &["--receipt", &receipt]].concat();
    let all = [("manifest_invalid", "manifest.json"), wrong[0], ("manifest_rewritten", "manifest.json")];
    assert_eq!(exhibit.differences(&arguments), expected(&all));
}
