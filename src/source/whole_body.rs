//! Refuses an answer that the SDK would read as less than it is.
//!
//! The SDK's decoder takes faults of the XML for its end. A body that is cut between two elements, or damaged in the
//! middle, is then a page with fewer connections and no token, which is what the last page of a listing looks like. It
//! also skips CDATA and what follows a comment inside a text, and keeps the last of two lists or tokens. So every
//! successful answer is first read by an XML parser that does tell.

use aws_sdk_ec2::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use quick_xml::Reader;
use quick_xml::events::Event;

/// The root of every successful answer to the one operation whose completeness matters.
const ROOT: &str = "DescribeClientVpnConnectionsResponse";

/// What stands in the root once at the most.
const ONCE: [&str; 2] = ["connections", "nextToken"];

/// Fails an attempt whose body would be misread, and has it tried again.
#[derive(Debug)]
pub(super) struct WholeBody;

#[derive(Debug, thiserror::Error)]
#[error("the answer is not a whole document of the form that EC2 sends")]
struct NotWhole;

impl Intercept for WholeBody {
    fn name(&self) -> &'static str {
        "WholeBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if is_whole(context.response()) { Ok(()) } else { Err(NotWhole.into()) }
    }
}

impl ClassifyRetry for WholeBody {
    /// Tells its own failure by its kind, so as not to read the body again.
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let answered = context.response().is_some_and(|response| response.status().is_success());
        match context.output_or_error() {
            Some(Err(error)) if answered && error.is_interceptor_error() => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "WholeBody"
    }
}

fn is_whole(response: &HttpResponse) -> bool {
    let body = response.body().bytes().unwrap_or_default();
    !response.status().is_success() || is_whole_document(body)
}

/// Whether a body is one well-formed document of the operation, and made of nothing but elements and texts.
fn is_whole_document(body: &[u8]) -> bool {
    let mut reader = Reader::from_reader(body);
    let (mut depth, mut roots, mut seen) = (0_usize, 0, [0; ONCE.len()]);
    let mut enter = |depth: usize, name: &str| {
        match depth {
            0 => roots += 1,
            1 => {
                ONCE.iter().zip(&mut seen).filter(|(once, _)| **once == name).for_each(|(_, seen)| *seen += 1)
            }
            _ => {}
        }
        (depth > 0 || name == ROOT) && roots == 1 && seen.iter().all(|&seen| seen <= 1)
    };
    loop {
        let goes_on = match reader.read_event() {
            Ok(Event::Start(tag)) => {
                depth += 1;
                enter(depth - 1, tag.name().as_ref())
            }
            Ok(Event::Empty(tag)) => enter(depth, tag.name().as_ref()),
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                true
            }
            Ok(Event::Text(text)) => depth > 0 || text.trim_ascii().is_empty(),
            Ok(Event::Decl(_)) => depth == 0,
            Ok(Event::GeneralRef(_)) => depth > 0,
            Ok(Event::Eof) => return depth == 0 && roots == 1,
            Ok(Event::CData(_) | Event::Comment(_) | Event::DocType(_) | Event::PI(_)) | Err(_) => false,
        };
        if !goes_on {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(content: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<DescribeClientVpnConnectionsResponse>{content}</DescribeClientVpnConnectionsResponse>\n"
        )
    }

    #[test]
    fn a_document_is_whole_and_no_part_of_it_is() {
        let whole = document(
            "<connections>\n<item><username>a &amp; b</username></item></connections><nextToken>a&lt;!b</nextToken>",
        );
        let end = whole.trim_end().len();
        for length in 0..=whole.len() {
            assert_eq!(is_whole_document(&whole.as_bytes()[..length]), length >= end, "{length}");
        }
    }

    #[test]
    fn what_the_sdk_would_misread_is_not_whole() {
        for content in [
            "<connections/><nextToken><![CDATA[token]]></nextToken>",
            "<connections/><nextToken>to<!-- x -->ken</nextToken>",
            "<connections><item/></connections><connections/>",
            "<connections/><nextToken>token</nextToken><nextToken/>",
            "<connections><item>a</item><<<<item>b</item></connections><nextToken>token</nextToken>",
            "<connections><item><connectionId>c2</item></connections><nextToken>token</nextToken>",
            "<connections><item>a</item></connections></DescribeClientVpnConnectionsResponse><item>b</item>",
            "<connections><item><connectionId>c2<</connections><nextToken>token</nextToken>",
        ] {
            assert!(!is_whole_document(document(content).as_bytes()), "{content}");
        }
        let twice = document("<connections><item/></connections>").repeat(2);
        assert!(!is_whole_document(twice.as_bytes()));
    }
}
