//! Answers of another shape or size than the API's.

use crate::fault::FaultKind;

const TOKEN: [&str; 2] = ["<nextToken>", "</nextToken>"];

/// More than a client reads of an answer: 16 MiB.
const LARGE: usize = (16 << 20) + 1;

/// More than a client takes for a token: 16 KiB.
const LONG_TOKEN: usize = (16 << 10) + 1;

/// The outer elements of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) action: &'static str,
    /// The element with the rows; `None` if the answer is no listing.
    pub(super) list: Option<&'static str>,
}

impl Shape {
    /// Returns the body in the shape of the fault; `None` if the fault does not change it.
    pub(super) fn reshaped(self, fault: &FaultKind, body: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(body).ok()?;
        let root_end = self.root_end();
        let changed = match fault {
            FaultKind::RenamedList => self.with_renamed_list(text)?,
            FaultKind::MemberRows => text.replace("<item>", "<member>").replace("</item>", "</member>"),
            FaultKind::ResultWrapper => self.wrapped(text)?,
            FaultKind::HiddenToken => {
                let [begin, end] = TOKEN;
                text.replace(begin, &format!("<page>{begin}")).replace(end, &format!("{end}</page>"))
            }
            FaultKind::LargeBody => {
                let blanks = " ".repeat(LARGE.saturating_sub(text.len()));
                text.replace(&root_end, &format!("{blanks}{root_end}"))
            }
            FaultKind::LongToken => self.with_token(text, &"t".repeat(LONG_TOKEN))?,
            _ => return None,
        };
        (changed != text).then(|| changed.into_bytes())
    }

    fn root_end(self) -> String {
        format!("</{}Response>", self.action)
    }

    /// Renames the list, such as `routes` to `routeSet`.
    fn with_renamed_list(self, text: &str) -> Option<String> {
        let list = self.list?;
        let other = format!("{}Set", list.trim_end_matches('s'));
        let begun = text.replace(&format!("<{list}>"), &format!("<{other}>"));
        Some(begun.replace(&format!("</{list}>"), &format!("</{other}>")))
    }

    /// Wraps everything in the root.
    fn wrapped(self, text: &str) -> Option<String> {
        let root_end = self.root_end();
        let (before, content) = text.split_once("<requestId>")?;
        let content = content.strip_suffix(&root_end)?;
        let wrapper = format!("{}Result", self.action);
        Some(format!("{before}<{wrapper}><requestId>{content}</{wrapper}>{root_end}"))
    }

    /// Replaces the token, or adds one to a last page.
    fn with_token(self, text: &str, token: &str) -> Option<String> {
        let list_end = format!("</{}>", self.list?);
        let (page, _) = text.split_once(&list_end)?;
        let [begin, end] = TOKEN;
        Some(format!("{page}{list_end}{begin}{token}{end}{}", self.root_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { action: "DescribeClientVpnConnections", list: Some("connections") };

    /// A page with a row, and with what follows the list.
    fn page(behind: &str) -> String {
        let row = "<item><username>u</username></item>";
        format!(
            "<DescribeClientVpnConnectionsResponse><requestId>r</requestId><connections>{row}</connections>{behind}</DescribeClientVpnConnectionsResponse>"
        )
    }

    fn reshaped_text(fault: &FaultKind, behind: &str) -> Option<String> {
        SHAPE.reshaped(fault, page(behind).as_bytes()).map(|body| String::from_utf8(body).unwrap())
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

    #[test]
    fn an_answer_without_a_list_has_none_to_rename() {
        let shape = Shape { action: "GetClientVpnEndpointAuthorizationPolicy", list: None };
        let root = "GetClientVpnEndpointAuthorizationPolicyResponse";
        let body = format!("<{root}><requestId>r</requestId></{root}>");
        let reshaped_text = |fault| {
            let body = shape.reshaped(&fault, body.as_bytes());
            body.map(|body| String::from_utf8(body).unwrap())
        };
        for fault in [FaultKind::RenamedList, FaultKind::LongToken, FaultKind::HiddenToken] {
            assert_eq!(reshaped_text(fault.clone()), None, "{fault:?}");
        }
        let wrapper = "GetClientVpnEndpointAuthorizationPolicyResult";
        let wrapped = format!("<{root}><{wrapper}><requestId>r</requestId></{wrapper}></{root}>");
        assert_eq!(reshaped_text(FaultKind::ResultWrapper), Some(wrapped));
    }
}
