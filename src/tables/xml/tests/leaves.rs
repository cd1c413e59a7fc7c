//! Plain leaves, which are read without the library.

use proptest::prelude::*;

use super::*;

/// Returns the same document with a space in each tag, which no plain leaf has: the library reads all of it.
fn without_plain_leaves(document: &str) -> String {
    document.replace('>', " >").replace("? >", "?>").replace("/ >", "/>")
}

/// Returns the token and the connections, without the spaces' effect on the XML in an unknown field.
fn read(document: &str) -> Result<(Option<String>, Vec<String>), DecodeError> {
    let mut rows = Vec::new();
    let body = Body::new(document.as_bytes());
    let end = connections(&body, |connection| {
        rows.push(format!("{connection:?}").replace(" >", ">"));
        Ok(())
    })?;
    Ok((end.next_token, rows))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_plain_leaf_is_what_the_library_reads(parts in proptest::collection::vec(prop_oneof![
        4 => "<(username|status|code|newField|item|postureComplianceStatusSet)>",
        4 => "</(username|status|code|newField|item|postureComplianceStatusSet)>",
        4 => "<username>[a-z é\n]{0,4}</username>",
        2 => "<(username|item)/>",
        2 => "<x:username>[a-z]{0,2}</x:username>",
        1 => "<1a>[a-z]</1a>",
        1 => "[a-z \n]{0,3}",
        1 => "&(amp|lt|nbsp|#65);",
        1 => "[<&\"=]",
    ], 0..12)) {
        let document = document(&format!("<connections><item>{}</item></connections>", parts.concat()));
        let by_the_library = without_plain_leaves(&document);
        prop_assume!(!document.contains(" >"));
        prop_assert_eq!(read(&document), read(&by_the_library), "{}", document);
    }
}
