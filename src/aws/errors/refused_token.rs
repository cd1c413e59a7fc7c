//! The token of a listing, recognised in the messages by which AWS refuses it or says that it has expired.

/// Kinds of tokens that no listing has. Source: EC2 and STS API references, "Common errors".
const OTHER_TOKENS: [&str; 7] =
    ["access", "authentication", "client", "identity", "metadata", "security", "session"];

/// Returns `true` if a message is about a token that may be that of a listing.
pub(super) fn names_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let words: Vec<&str> =
        message.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_of_listing = |word: &str| word.ends_with("nexttoken") || word.ends_with("paginationtoken");
    let before = std::iter::once("").chain(words.iter().copied());
    before
        .zip(&words)
        .any(|(before, &word)| is_of_listing(word) || (word == "token" && !OTHER_TOKENS.contains(&before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_listing_is_recognised_in_messages() {
        for text in [
            "Value ( t1 ) for parameter NextToken is invalid.",
            "Value (t1) for parameter Token is invalid.",
            "The token is invalid or has expired.",
            "Invalid token: t1",
            "token t1 not found",
            "The next token is expired",
            "The pagination token is expired",
            "nextToken: not valid",
            "next_token",
        ] {
            assert!(names_token(text), "{text}");
        }
        for text in [
            "The security token included in the request is expired",
            "The security token included in the request is invalid.",
            "Session token not found or invalid",
            "Invalid client token: x",
            "InvalidClientTokenId",
            "Value (x) for parameter filter is invalid",
            "",
        ] {
            assert!(!names_token(text), "{text}");
        }
    }
}
