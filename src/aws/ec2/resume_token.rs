//! The position at which a listing was cut, in one opaque string: the page, the rows of it already written, and the page size.
//! Resuming reads the page again and skips those rows, as boto3's `StartingToken` does.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, Serializer};

use super::PageSize;
use crate::target::EndpointId;

/// The position to resume from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeToken {
    /// The endpoint that was listed.
    pub endpoint_id: EndpointId,
    /// EC2's token of the page; `None` for page one.
    pub next_token: Option<String>,
    /// Rows of that page that were written already.
    pub skip: u64,
    /// The page size of the listing, which a token of EC2's is bound to.
    pub page_size: PageSize,
}

/// The contents of the opaque string.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(rename = "e")]
    endpoint_id: String,
    #[serde(rename = "t")]
    next_token: Option<String>,
    #[serde(rename = "s")]
    skip: u64,
    #[serde(rename = "p")]
    page_size: u16,
}

impl ResumeToken {
    /// Parses a token that a capture returned; `None` if it is something else.
    pub fn parse(text: &str) -> Option<ResumeToken> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let contents: Contents = serde_json::from_slice(&json).ok()?;
        Some(ResumeToken {
            endpoint_id: EndpointId::parse(&contents.endpoint_id)?,
            next_token: contents.next_token,
            skip: contents.skip,
            page_size: PageSize::new(contents.page_size.into())?,
        })
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = Contents {
            endpoint_id: self.endpoint_id.to_string(),
            next_token: self.next_token.clone(),
            skip: self.skip,
            page_size: self.page_size.get(),
        };
        let json = serde_json::to_vec(&contents).ok().ok_or(fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl Serialize for ResumeToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_wrote() {
        for next_token in [None, Some("an/opaque+token==\"é".to_owned())] {
            let endpoint_id = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
            let token =
                ResumeToken { endpoint_id, next_token, skip: 3, page_size: PageSize::new(1000).unwrap() };
            assert_eq!(ResumeToken::parse(&token.to_string()), Some(token));
        }
    }

    #[test]
    fn something_else_is_no_token() {
        for json in [
            r#"{"e":"../..","t":null,"s":0,"p":5}"#,
            r#"{"e":"cvpn-endpoint-0123456789abcdef0","t":null,"s":0,"p":4}"#,
            r#"{"e":"cvpn-endpoint-0123456789abcdef0","t":null,"s":-1,"p":5}"#,
            "{}",
        ] {
            assert_eq!(ResumeToken::parse(&BASE64_URL_SAFE_NO_PAD.encode(json)), None, "{json}");
        }
        for text in ["", "abc", "not base64!"] {
            assert_eq!(ResumeToken::parse(text), None, "{text}");
        }
    }
}
