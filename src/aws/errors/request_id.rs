//! Request ids as AWS forms them. They come in a header, which can hold anything.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;

/// Longest id, in characters: S3's and that of public emulators are shorter.
const MAX_BYTES: usize = 64;

/// Returns the request id of an answer, which an error may have in its body; `None` if it has none of AWS's form.
pub(crate) fn request_id(answer: &HttpResponse) -> Option<String> {
    let in_header = answer.request_id().filter(|id| is_request_id(id));
    let in_body = || answer.body().bytes().filter(|_| !answer.status().is_success()).and_then(named_in);
    in_header.or_else(in_body).map(str::to_owned)
}

/// Returns the first element of a body that is named as a request id and is one. EC2 writes `RequestID`, STS and S3 `RequestId`.
fn named_in(body: &[u8]) -> Option<&str> {
    let names =
        [("<RequestID>", "</RequestID>"), ("<RequestId>", "</RequestId>"), ("<requestId>", "</requestId>")];
    let body = str::from_utf8(body).ok()?;
    names.into_iter().find_map(|(begin, end)| {
        let (id, _) = body.split_once(begin)?.1.split_once(end)?;
        Some(id.trim()).filter(|id| is_request_id(id))
    })
}

/// Returns `true` if a text is a request id and can be nothing else: a UUID's hexadecimal digits, or digits and capitals as S3
/// has them. A name has letters that are no such digits, or no digit at all.
fn is_request_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_uppercase() || b == b'-' || b.is_ascii_hexdigit();
    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn the_id_in_the_body_of_an_error_is_read() {
        const ID: &str = "59dbff89-35bd-4eac-99ed-be587ed81825";
        let body = |id: &str| format!("<Response><Errors/><RequestID>{id}</RequestID></Response>");
        for (name, status, header, body, expected) in [
            ("as EC2 writes it", 400, None, body(ID), Some(ID)),
            ("as STS writes it", 403, None, body(ID).replace("ID>", "Id>"), Some(ID)),
            ("with blanks", 400, None, body(&format!("\n {ID} ")), Some(ID)),
            (
                "beside the one of the header",
                400,
                Some("EB7A5CAD9F2B1C3D"),
                body(ID),
                Some("EB7A5CAD9F2B1C3D"),
            ),
            ("beside a header that is none", 400, Some("maria.lopez"), body(ID), Some(ID)),
            ("a name", 400, None, body("maria.lopez"), None),
            ("cut off", 400, None, format!("<RequestID>{ID}"), None),
            ("nothing", 400, None, String::new(), None),
            ("in a success, which is read otherwise", 200, None, body(ID), None),
        ] {
            let mut answer = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
            if let Some(id) = header {
                answer.headers_mut().insert("x-amzn-requestid", id);
            }
            assert_eq!(request_id(&answer).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn an_id_cannot_be_a_name() {
        for (id, passes) in [
            ("59dbff89-35bd-4eac-99ed-be587ed81825", true),
            ("59dbff89-35bd-4eac-99ed-be587EXAMPLE", true),
            ("EB7A5CAD9F2B1C3D", true),
            ("7b4b9f0d6c5e4f3a", true),
            ("maria-lopez", false),
            ("maria-lopez-1985", false),
            ("MARIA-LOPEZ", false),
            ("maria.lopez@example.com", false),
            ("maria%2Elopez1", false),
            ("", false),
        ] {
            assert_eq!(is_request_id(id), passes, "{id}");
        }
        assert!(!is_request_id(&"1".repeat(MAX_BYTES + 1)));
    }
}
