//! Text of others, made harmless for people who read it.

/// Escapes characters that a terminal would obey, or that nobody would see: anybody may have written the text.
pub fn escaped(text: &str) -> String {
    let is_plain = |c: &char| {
        !c.is_control()
            && !matches!(
                c,
                '\u{ad}'
                    | '\u{61c}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{2069}'
                    | '\u{feff}'
            )
    };
    let escape = |c: char| if is_plain(&c) { c.to_string() } else { c.escape_unicode().to_string() };
    text.chars().map(escape).collect()
}
