//! The list of revoked client certificates of an endpoint. Source: EC2 API reference,
//! `ExportClientVpnClientCertificateRevocationList`; RFC 5280, "CRL and CRL Extensions Profile".

use std::borrow::Cow;
use std::collections::BTreeMap;

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{DateTime, ErrorKind, Reader, SliceReader, Tag, Tagged};
use jiff::Timestamp;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::answer_limits::REVOCATION_LIST_BYTES;
use crate::tables::configuration::object::ObjectShape;
use crate::tables::configuration::owned;
use crate::tables::endpoints::answer::{AnswerFields, answer};
use crate::tables::endpoints::{Endpoint, RevocationList};
use crate::tables::typing::illegal::{has_illegal, replaced};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::xml::{Body, DecodeError, Shape};

const SHAPE: Shape = Shape {
    root: "ExportClientVpnClientCertificateRevocationListResponse",
    list: LIST,
    ids: &[LIST],
    signs: &[],
};

const LIST: &str = "certificateRevocationList";

const FIELDS: ObjectShape =
    ObjectShape { within: "", texts: &[LIST, "status.code", "status.message"], lists: &[] };

/// Prefix of the names of unknown fields in `unparsed`.
const WITHIN: &str = "certificateRevocationList.";

/// The key of a time of the next update that a column cannot have.
const NEXT_UPDATE: &str = "certificateRevocationList#nextUpdate";

/// The answer about the list of revoked client certificates of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevocationListAnswer {
    /// The list, as far as AWS sent it.
    pub list: RevocationList,
    /// The fields that AWS sent beside it: the API's field name to the text.
    pub unparsed: BTreeMap<String, String>,
    /// `true` if the answer has no list and something that this program does not know, which may stand for one: then it is not known.
    pub lacks_list: bool,
}

/// Reads the answer. One without a list and without unknown elements means that the endpoint has none.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections).
pub fn revocation_list(body: &Body<'_>) -> Result<RevocationListAnswer, DecodeError> {
    let AnswerFields { mut object, unknown, is_odd } = answer(body, &SHAPE, FIELDS)?;
    let mut take = |field| object.take(field, |text: &str| !text.is_empty());
    let (text, code, message) = (take(LIST), take("status.code"), take("status.message"));
    let lacks_list = text.is_none() && !unknown.is_empty();
    let mut unparsed = Unparsed::new(is_odd);
    let mut column = |field, text: Option<Cow<'_, str>>| {
        unparsed.column(field, text?.into_owned().into()).map(Cow::into_owned)
    };
    let status_code = column("certificateRevocationList.status.code", code);
    let status_message = column("certificateRevocationList.status.message", message);
    let status = RevocationList { status_code, status_message, ..RevocationList::default() };
    let list = match text {
        Some(text) => typed(text, is_odd, &mut unparsed, status),
        None => status,
    };
    unparsed.keep(unknown.within(WITHIN));
    Ok(RevocationListAnswer { list, unparsed: owned(unparsed), lacks_list })
}

fn typed<'a>(
    text: Cow<'a, str>,
    is_odd: bool,
    unparsed: &mut Unparsed<'a>,
    status: RevocationList,
) -> RevocationList {
    if is_odd && has_illegal(&text) {
        // The characters of this text are not those that AWS sent, so it has no hash.
        let column = Some(replaced(&text)).filter(|text| text.len() < REVOCATION_LIST_BYTES);
        unparsed.put(LIST, text);
        return RevocationList { text: column, ..status };
    }
    let sha256 = Some(hex::encode(Sha256::digest(text.as_bytes())));
    let column = Some(text.clone().into_owned()).filter(|text| text.len() < REVOCATION_LIST_BYTES);
    let Some((entries, time)) = read(&text) else {
        unparsed.put(LIST, text);
        return RevocationList { text: column, sha256, ..status };
    };
    let next_update = time.and_then(timestamp);
    if let Some(time) = time.filter(|_| next_update.is_none()) {
        unparsed.put(NEXT_UPDATE, time.to_string().into());
    }
    RevocationList { text: column, sha256, entries: Some(entries), next_update, ..status }
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.unix_duration().as_secs()).ok()?).ok()
}

/// Reads a list in PEM: the number of its entries and the time of its next update. `None` if it cannot be read, or if more follows.
fn read(text: &str) -> Option<(i64, Option<DateTime>)> {
    let mut lists = CertificateRevocationListDer::pem_slice_iter(text.as_bytes());
    let der = lists.next()?.ok()?;
    lists.next().is_none().then(|| certificate_list(&der).ok()).flatten()
}

/// Reads a `CertificateList`: the number of its entries, which are not kept, and the time of its next update.
fn certificate_list(bytes: &[u8]) -> der::Result<(i64, Option<DateTime>)> {
    let mut reader = SliceReader::new(bytes)?;
    let found = reader.sequence(|list| {
        let found = list.sequence(to_be_signed)?;
        // The algorithm and the value of the signature. Who signed it is AWS's to check.
        list.tlv_bytes()?;
        list.tlv_bytes()?;
        Ok::<_, der::Error>(found)
    })?;
    reader.finish()?;
    Ok(found)
}

fn to_be_signed(list: &mut SliceReader<'_>) -> der::Result<(i64, Option<DateTime>)> {
    if Tag::peek(list)? == Tag::Integer {
        // The version.
        list.tlv_bytes()?;
    }
    // The algorithm of the signature, and the issuer.
    for _ in 0..2 {
        list.decode::<AnyRef<'_>>()?.tag().assert_eq(Tag::Sequence)?;
    }
    time(list)?.ok_or(ErrorKind::DateTime)?;
    let next_update = time(list)?;
    let mut entries = 0;
    if !list.is_finished() && Tag::peek(list)? == Tag::Sequence {
        list.sequence(|revoked| {
            while !revoked.is_finished() {
                revoked.decode::<AnyRef<'_>>()?.tag().assert_eq(Tag::Sequence)?;
                entries += 1;
            }
            Ok::<_, der::Error>(())
        })?;
    }
    if !list.is_finished() {
        // Extensions.
        list.tlv_bytes()?;
    }
    Ok((entries, next_update))
}

/// Reads a time; `None` if something else, or nothing, follows.
fn time(list: &mut SliceReader<'_>) -> der::Result<Option<DateTime>> {
    if list.is_finished() {
        return Ok(None);
    }
    Ok(match Tag::peek(list)? {
        Tag::UtcTime => Some(list.decode::<UtcTime>()?.to_date_time()),
        Tag::GeneralizedTime => Some(list.decode::<GeneralizedTime>()?.to_date_time()),
        _ => None,
    })
}

impl Endpoint {
    /// Adds its revocation list.
    pub fn add_revocation_list(&mut self, answer: RevocationListAnswer) {
        self.revocation_list = answer.list;
        self.keep(answer.unparsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's cryptography: two entries, next update at the end of 2026.
    const TWO: &str = "-----BEGIN X509 CRL-----
MIG+MGYCAQEwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EXDTI2MDEwMTAwMDAw
MFoXDTI2MTIzMTIzNTk1OVowKDASAgEBFw0yNjAxMDEwMDAwMDBaMBICAQIXDTI2
MDEwMTAwMDAwMFowCgYIKoZIzj0EAwIDSAAwRQIhAMvovRk/wdpaInBRi07U1tU3
E+tV5j9kBuwFBWJFWVtkAiBrisck+svHNl/lZjvDVN+w56DB6uzjorTUsb9NZ7SH
QQ==
-----END X509 CRL-----
";

    /// The same without entries, and with a next update of 2051, which is a GeneralizedTime.
    const NONE: &str = "-----BEGIN X509 CRL-----
MIGVMD4CAQEwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EXDTI2MDEwMTAwMDAw
MFoYDzIwNTEwMTAxMDAwMDAwWjAKBggqhkjOPQQDAgNHADBEAiAjUVCe6SDUPCHF
eLDFaZfvh2Mfq/heY75L1MTl3dPZwgIgHrbH8rOr4x8kiQBUabw4hG5oCVSWwJFV
WqD9/bVM1fM=
-----END X509 CRL-----
";

    fn answer_of(content: &str) -> Result<RevocationListAnswer, DecodeError> {
        let root = "ExportClientVpnClientCertificateRevocationListResponse";
        let document = format!("<{root}><requestId>r</requestId>{content}</{root}>");
        revocation_list(&Body::new(document.as_bytes()))
    }

    fn of_text(text: &str) -> RevocationListAnswer {
        answer_of(&format!("<certificateRevocationList>{text}</certificateRevocationList>")).unwrap()
    }

    #[test]
    fn a_list_has_its_entries_its_next_update_and_its_hash() {
        for (pem, entries, next_update) in
            [(TWO, 2, "2026-12-31T23:59:59Z"), (NONE, 0, "2051-01-01T00:00:00Z")]
        {
            let RevocationListAnswer { list, unparsed, .. } = of_text(pem);
            assert_eq!((list.entries, list.next_update), (Some(entries), next_update.parse().ok()));
            assert_eq!(list.text.as_deref(), Some(pem));
            assert_eq!(list.sha256, Some(hex::encode(Sha256::digest(pem))));
            assert_eq!(unparsed, BTreeMap::new());
        }
    }

    #[test]
    fn a_text_that_is_no_list_is_kept_and_has_no_entries() {
        let other_tag = TWO.replace("MIG+MGYC", "MIG+MGYE");
        let other_length = TWO.replace("MIG+", "MIG8");
        for text in [
            "x",
            "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &TWO[..TWO.len() - 40],
            &format!("{TWO}{NONE}"),
            &other_tag,
            &other_length,
        ] {
            let RevocationListAnswer { list, unparsed, .. } = of_text(text);
            assert_eq!((list.entries, list.next_update), (None, None), "{text}");
            assert_eq!(list.sha256, Some(hex::encode(Sha256::digest(text))), "{text}");
            assert_eq!(unparsed, BTreeMap::from([(LIST.to_owned(), text.to_owned())]), "{text}");
        }
    }

    #[test]
    fn a_list_with_characters_that_are_not_allowed_has_no_hash_and_is_kept() {
        let RevocationListAnswer { list, unparsed, .. } = of_text(&format!("\u{1}{TWO}"));
        assert_eq!((list.text, list.sha256, list.entries), (Some(format!("\u{fffd}{TWO}")), None, None));
        assert_eq!(unparsed[LIST], format!("\\u{{1}}{TWO}"));
    }

    #[test]
    fn a_list_is_in_its_column_below_its_limit_only() {
        for (length, expected) in [(REVOCATION_LIST_BYTES - 1, true), (REVOCATION_LIST_BYTES, false)] {
            let RevocationListAnswer { list, unparsed, .. } = of_text(&"x".repeat(length));
            assert_eq!((list.text.is_some(), list.sha256.is_some()), (expected, true), "{length}");
            assert_eq!(unparsed["certificateRevocationList#length"], length.to_string());
        }
    }

    #[test]
    fn an_answer_without_a_list_is_none_and_one_with_something_else_is_not_understood_and_kept() {
        assert_eq!(answer_of(""), Ok(Default::default()));
        assert_eq!(answer_of("<certificateRevocationList/>"), Ok(Default::default()));
        let answer = answer_of("<status><code>pending</code></status>").unwrap();
        assert_eq!((answer.list.status_code.as_deref(), answer.list.text), (Some("pending"), None));
        assert_eq!((answer.unparsed, answer.lacks_list), (BTreeMap::new(), false));
        for (content, lacks_list, name, text) in [
            ("<certificateRevocationList>x</certificateRevocationList><new>n</new>", false, "new", "n"),
            ("<new>n</new>", true, "new", "n"),
            ("<status><code>active</code></status><crl>x</crl>", true, "crl", "x"),
        ] {
            let answer = answer_of(content).unwrap();
            assert_eq!(answer.lacks_list, lacks_list, "{content}");
            let name = format!("certificateRevocationList.{name}");
            assert_eq!(answer.unparsed.get(&name).map(String::as_str), Some(text), "{content}: {answer:?}");
        }
        for content in [
            "<certificateRevocationList><crl>x</crl></certificateRevocationList>",
            "<nextToken>t</nextToken>",
            "<revocationLists/>",
            "<item/>",
        ] {
            assert!(answer_of(content).map_or(true, |answer| answer.lacks_list), "{content}");
        }
    }
}
