//! Messages of log events that parsers trip over.

/// Number of kinds of odd messages.
const KINDS: usize = 16;

/// Returns an odd message. Messages differ: sixteen in a row are of every kind there is.
pub(crate) fn odd_message(index: usize, original: &str) -> String {
    let with = |more: &str| format!("{},{more}}}", original.trim_end_matches('}'));
    match index % KINDS {
        0 => "this is no JSON".to_owned(),
        1 => format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        2 => format!("{}1{}", "{\"connection-id\":".repeat(10_000), "}".repeat(10_000)),
        // One of a megabyte for each page that holds so many: more would make pages that no one sends.
        3 if index == 3 => with(&format!("\"note\":\"{}\"", "x".repeat(1 << 20))),
        4 => original.replace("\"port\":\"", "\"port\":[1,\"").replacen("\",\"ingress", "\"],\"ingress", 1),
        5 => with("\"connection-id\":\"cvpn-connection-00000000000000000\""),
        6 => original.replace("\"successful\"", "\"postponed\"").replace("\"failed\"", "\"postponed\""),
        7 => "{}".to_owned(),
        8 => "null".to_owned(),
        9 => "\"connection-attempt\"".to_owned(),
        10 => original.get(..original.len() / 2).unwrap_or_default().to_owned(),
        11 => with("\"authorization-policy-evaluation\":\"permit\""),
        12 => with("\"client-vpn-colour\":{\"a\":[1,2.5,null,true]}"),
        13 => original.replace("\"ingress-bytes\":\"", "\"ingress-bytes\":\"99999999999999999999"),
        14 => with("\"username\":\"Zo\\u00eb \\ud800 \\u0000 \\u202e\",\"common-name\":\"\u{1f512}<&>\""),
        15 => format!("\u{feff}{original}"),
        _ => with("\"connection-start-time\":1585255035,\"connection-end-time\":null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn odd_messages_all_differ_from_each_other_and_from_the_original() {
        let original =
            "{\"connection-attempt-status\":\"failed\",\"port\":\"50096\",\"ingress-bytes\":\"0\"}";
        let odd: BTreeSet<_> = (0..KINDS).map(|index| odd_message(index, original)).collect();
        assert_eq!((odd.len(), odd.contains(original)), (KINDS, false));
        assert!(odd_message(3, original).len() > 1 << 20 && odd_message(3 + KINDS, original).len() < 1 << 10);
    }
}
