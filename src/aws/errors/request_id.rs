//! Request ids as AWS forms them. They come in a header, which can hold anything.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;

/// Characters of S3's ids.
const S3_CHARS: usize = 16;

/// Returns the request id of an answer, which an error may have in its body; `None` if it has none of AWS's form.
pub(crate) fn request_id(answer: &HttpResponse) -> Option<String> {
    let in_header = answer.request_id().filter(|id| is_request_id(id));
    let in_body = || answer.body().bytes().filter(|_| !answer.status().is_success()).and_then(named_in);
    in_header.or_else(in_body).map(str::to_owned)
}

/// Returns a hint to the request in CloudTrail, by the `id` that [`request_id`] read.
pub(crate) fn hint(answer: &HttpResponse, id: Option<&str>) -> String {
    let is_in_body = || answer.body().bytes().is_some_and(|body| texts_in(body).next().is_some());
    match id {
        Some(id) => format!("see request id {id} in CloudTrail"),
        None if answer.request_id().is_some() || is_in_body() => {
            "its request id is not of a known form, and is not repeated".to_owned()
        }
        None => "it sent no request id".to_owned(),
    }
}

/// Returns the first element of a body that is named as a request id and is one. EC2 writes `RequestID`, STS and S3 `RequestId`.
fn named_in(body: &[u8]) -> Option<&str> {
    texts_in(body).find(|id| is_request_id(id))
}

/// Returns the texts of the elements of a body that are named as a request id.
fn texts_in(body: &[u8]) -> impl Iterator<Item = &str> {
    let names =
        [("<RequestID>", "</RequestID>"), ("<RequestId>", "</RequestId>"), ("<requestId>", "</requestId>")];
    let body = str::from_utf8(body).unwrap_or_default();
    names.into_iter().filter_map(move |(begin, end)| {
        let (id, _) = body.split_once(begin)?.1.split_once(end)?;
        Some(id.trim())
    })
}

/// Returns `true` if a text has one of the forms of AWS's request ids. A name has none of them.
fn is_request_id(text: &str) -> bool {
    is_uuid(text) || is_of_s3(text)
}

/// Returns `true` for a UUID, which EC2, STS and KMS send. In AWS's examples, `EXAMPLE` may stand for its end.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_hexadecimal = |group: &str| group.bytes().all(|b| b.is_ascii_hexdigit());
    let last = groups.last().copied().unwrap_or_default();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().rev().skip(1).all(|group| is_hexadecimal(group))
        && is_hexadecimal(last.strip_suffix("EXAMPLE").unwrap_or(last))
}

/// Returns `true` for 16 hexadecimal digits, or 16 capitals and digits with a digit between capitals, which S3 sends. A name has
/// digits at most before or after it.
fn is_of_s3(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_of_capitals = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && text.trim_matches(is_digit).contains(is_digit);
    text.len() == S3_CHARS && (is_of_capitals || text.bytes().all(|b| b.is_ascii_hexdigit()))
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
            ("TX6QS0HKJW5AWFYC", true),
            ("MARIA-LOPEZ-1985", false),
            ("MARIALOPEZ198512", false),
            ("12MARIALOPEZ1985", false),
            ("ABCDEFGHIJKLMNOP", false),
            ("MARIAL19-PEZ1985", false),
            ("abcdefab-cafe-beef-dead-maria1985lop", false),
            ("abcdefab-cafe-beef-dead-1985maEXAMPLE", false),
            ("abcdefab-cafe-beef-deadbeef1234", false),
            ("EB7A5CAD9F2B1C3", false),
            ("EB7A5CAD9F2B1C3D0", false),
            ("1985", false),
            ("maria-lopez", false),
            ("maria-lopez-1985", false),
            ("MARIA-LOPEZ", false),
            ("maria.lopez@example.com", false),
            ("maria%2Elopez1", false),
            ("", false),
        ] {
            assert_eq!(is_request_id(id), passes, "{id}");
        }
    }

    #[test]
    fn the_hint_says_if_an_id_was_sent_that_is_not_repeated() {
        for (header, body, expected) in [
            (Some("EB7A5CAD9F2B1C3D"), "", "see request id EB7A5CAD9F2B1C3D in CloudTrail"),
            (Some("MARIA-LOPEZ-1985"), "", "its request id is not of a known form, and is not repeated"),
            (
                None,
                "<RequestID>maria-lopez</RequestID>",
                "its request id is not of a known form, and is not repeated",
            ),
            (None, "<Response/>", "it sent no request id"),
        ] {
            let mut answer = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::from(body));
            if let Some(id) = header {
                answer.headers_mut().insert("x-amzn-requestid", id);
            }
            assert_eq!(hint(&answer, request_id(&answer).as_deref()), expected);
        }
    }
}
