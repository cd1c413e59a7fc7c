//! The HTML around the sections: head, style, and the footer of each page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Returns the HTML. `footer` stands on each printed page and at the end: digits, letters and punctuation of this program.
pub(super) fn document(title: &str, footer: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) (PreEscaped(style_of_footer(footer))) }
            }
            body {
                main { (body) }
                footer { p.soft { (footer) "." } }
            }
        }
    };
    page.into_string()
}

fn style_of_footer(footer: &str) -> String {
    format!(
        "@page {{ margin: 14mm 12mm 18mm; @bottom-left {{ content: \"{footer}\"; font: 8pt sans-serif; }} \
         @bottom-right {{ content: counter(page) \" of \" counter(pages); font: 8pt sans-serif; }} }}"
    )
}
