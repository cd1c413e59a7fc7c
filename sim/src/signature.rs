//! The caller, the Region and the service that a request's signature names. The signature is not verified.

use crate::parameters::Parameters;

/// The access key that a request was signed with, and the Region and service that it was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) access_key_id: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Signature {
    /// Reads the header `Authorization`, or a presigned query string; `None` for a request without either.
    pub(crate) fn read(authorization: Option<&str>, parameters: &Parameters) -> Option<Self> {
        let signed = authorization.and_then(header_credential);
        Self::parse(signed.or_else(|| parameters.get("X-Amz-Credential"))?)
    }

    /// Parses `AKID/DATE/REGION/SERVICE/aws4_request`.
    fn parse(credential: &str) -> Option<Self> {
        let mut parts = credential.split('/');
        let (access_key_id, _date, region, service) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let [access_key_id, region, service] = [access_key_id, region, service].map(str::to_owned);
        Some(Self { access_key_id, region, service })
    }
}

/// Returns the text after `Credential=` in `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
fn header_credential(authorization: &str) -> Option<&str> {
    let (_, fields) = authorization.split_once(' ')?;
    fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: Option<&str>, query: &str) -> Option<(String, String)> {
        let signature = Signature::read(authorization, &Parameters::parse(query, &[]))?;
        Some((signature.access_key_id, signature.region))
    }

    #[test]
    fn key_and_region_are_read_from_the_header_or_the_query_string() {
        let expected = Some(("AKIDEXAMPLE".to_owned(), "eu-west-1".to_owned()));
        let scope = "20261123/eu-west-1/ec2/aws4_request";
        for header in [
            format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders=host, Signature=00"),
            format!("AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AKIDEXAMPLE/{scope},Signature=00"),
        ] {
            assert_eq!(read(Some(&header), ""), expected, "{header}");
        }
        assert_eq!(
            read(None, "X-Amz-Credential=AKIDEXAMPLE%2F20261123%2Feu-west-1%2Fec2%2Faws4_request"),
            expected
        );
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for header in [None, Some(""), Some("Bearer x"), Some("AWS4-HMAC-SHA256 Credential=AKID")] {
            assert_eq!(read(header, ""), None, "{header:?}");
        }
    }
}
