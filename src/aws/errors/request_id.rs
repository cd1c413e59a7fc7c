//! Request ids as AWS forms them. They come in a header, which can hold anything.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;

/// Longest id, in characters: S3's and that of public emulators are shorter.
const MAX_BYTES: usize = 64;

/// Returns the request id of an answer; `None` if it has none of the form that AWS gives it.
pub(crate) fn request_id(answer: &HttpResponse) -> Option<String> {
    answer.request_id().filter(|id| is_request_id(id)).map(str::to_owned)
}

/// Returns whether a text is a request id and can be nothing else: a UUID's hexadecimal digits, or digits and capitals as S3 has them. A
/// name has letters that are no such digits, or no digit at all.
fn is_request_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_uppercase() || b == b'-' || b.is_ascii_hexdigit();
    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

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
