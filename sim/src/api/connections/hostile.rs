//! Answers of another shape or size than the API's.

use crate::fault::FaultKind;

const ROOT_END: &str = "</DescribeClientVpnConnectionsResponse>";

const TOKEN: [&str; 2] = ["<nextToken>", "</nextToken>"];

const LIST_END: &str = "</connections>";

/// More than a client reads of an answer: 16 MiB.
const LARGE: usize = (16 << 20) + 1;

/// More than a client takes for a token: 16 KiB.
const LONG_TOKEN: usize = (16 << 10) + 1;

/// Returns the body in the shape of the fault; `None` if the fault does not change it.
pub(super) fn reshaped(fault: &FaultKind, body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let changed = match fault {
        FaultKind::RenamedList => {
            text.replace("<connections>", "<connectionSet>").replace(LIST_END, "</connectionSet>")
        }
        FaultKind::MemberRows => text.replace("<item>", "<member>").replace("</item>", "</member>"),
        FaultKind::ResultWrapper => wrapped(text)?,
        FaultKind::HiddenToken => {
            let [begin, end] = TOKEN;
            text.replace(begin, &format!("<page>{begin}")).replace(end, &format!("{end}</page>"))
        }
        FaultKind::LargeBody => {
            text.replace(ROOT_END, &format!("{}{ROOT_END}", " ".repeat(LARGE.saturating_sub(text.len()))))
        }
        FaultKind::LongToken => with_token(text, &"t".repeat(LONG_TOKEN))?,
        _ => return None,
    };
    (changed != text).then(|| changed.into_bytes())
}

/// Wraps everything in the root.
fn wrapped(text: &str) -> Option<String> {
    let (before, content) = text.split_once("<requestId>")?;
    let content = content.strip_suffix(ROOT_END)?;
    let wrapper = "DescribeClientVpnConnectionsResult";
    Some(format!("{before}<{wrapper}><requestId>{content}</{wrapper}>{ROOT_END}"))
}

/// Replaces the token, or adds one to a last page.
fn with_token(text: &str, token: &str) -> Option<String> {
    let (page, _) = text.split_once(LIST_END)?;
    let [begin, end] = TOKEN;
    Some(format!("{page}{LIST_END}{begin}{token}{end}{ROOT_END}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a row, and with what follows the list.
    fn page(behind: &str) -> String {
        let row = "<item><username>u</username></item>";
        format!(
            "<DescribeClientVpnConnectionsResponse><requestId>r</requestId><connections>{row}{LIST_END}{behind}{ROOT_END}"
        )
    }

    fn reshaped_text(fault: &FaultKind, behind: &str) -> Option<String> {
        reshaped(fault, page(behind).as_bytes()).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn each_fault_has_its_shape() {
        let token = "<nextToken>n</nextToken>";
        for (fault, expected) in [
            (FaultKind::RenamedList, page(token).replace("connections>", "connectionSet>")),
            (FaultKind::MemberRows, page(token).replace("item>", "member>")),
            (
                FaultKind::ResultWrapper,
                page(&format!("{token}</DescribeClientVpnConnectionsResult>"))
                    .replace("<requestId>", "<DescribeClientVpnConnectionsResult><requestId>"),
            ),
            (FaultKind::HiddenToken, page(&format!("<page>{token}</page>"))),
            (FaultKind::LongToken, page(&format!("<nextToken>{}</nextToken>", "t".repeat(16_385)))),
        ] {
            assert_eq!(reshaped_text(&fault, token), Some(expected), "{fault:?}");
        }
        let large = reshaped_text(&FaultKind::LargeBody, token).unwrap();
        assert_eq!(large.len(), 16 * 1024 * 1024 + 1);
        assert_eq!(large.split_whitespace().collect::<String>(), page(token));
    }

    #[test]
    fn a_page_that_a_fault_cannot_change_stays_as_it_is() {
        assert_eq!(reshaped_text(&FaultKind::HiddenToken, ""), None, "a last page");
        assert_eq!(reshaped_text(&FaultKind::Throttle, ""), None);
        let long = page(&format!("<nextToken>{}</nextToken>", "t".repeat(16_385)));
        assert_eq!(reshaped_text(&FaultKind::LongToken, ""), Some(long), "a last page gets a token");
    }
}
