//! The XML of answers.

use crate::connection::{Connection, ElementContent};
use crate::error::ApiError;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::collections::BTreeMap;

/// The namespace of EC2's answers.
pub(crate) const EC2: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// The namespace of STS's answers.
pub(crate) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A document under construction.
pub(crate) struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// Writes a document with this root.
    pub(crate) fn document(root: &str, namespace: Option<&str>, inside: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self(Writer::new(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec()));
        let start = BytesStart::new(root).with_attributes(namespace.map(|uri| ("xmlns", uri)));
        xml.event(Event::Start(start));
        inside(&mut xml);
        xml.event(Event::End(BytesEnd::new(root)));
        xml.0.into_inner()
    }

    /// Writes an element with elements in it.
    pub(crate) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        inside(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// Writes an element with text in it.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.element(name, |xml| xml.event(Event::Text(BytesText::new(text))));
    }

    /// Writes an element with text in it, or nothing for `None`.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Writes an element with a list of texts in it.
    pub(crate) fn items(&mut self, name: &str, texts: &[String]) {
        self.element(name, |xml| texts.iter().for_each(|text| xml.text("item", text)));
    }

    /// Writes an element with markup in it, as it is.
    pub(crate) fn markup(&mut self, name: &str, markup: &str) {
        self.element(name, |xml| xml.event(Event::Text(BytesText::from_escaped(markup))));
    }

    /// Returns the number of bytes so far.
    pub(crate) fn written(&self) -> usize {
        self.0.get_ref().len()
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing into memory does not fail.
        self.0.write_event(event).ok();
    }
}

/// Renders an error in EC2's form.
pub(crate) fn error(error: &ApiError, request_id: &str) -> Vec<u8> {
    Xml::document("Response", None, |xml| {
        xml.element("Errors", |xml| {
            xml.element("Error", |xml| {
                xml.text("Code", error.code);
                xml.text("Message", &error.message);
            });
        });
        xml.text("RequestID", request_id);
    })
}

/// Renders an error in STS's form.
pub(crate) fn sts_error(error: &ApiError, request_id: &str) -> Vec<u8> {
    Xml::document("ErrorResponse", Some(STS_NAMESPACE), |xml| {
        xml.element("Error", |xml| {
            xml.text("Type", "Sender");
            xml.text("Code", error.code);
            xml.text("Message", &error.message);
        });
        xml.text("RequestId", request_id);
    })
}

/// Elements that the API does not have today: their names, and the text or XML in them.
pub(crate) const UNKNOWN_FIELDS: [(&str, &str); 2] =
    [("clientDeviceType", "laptop"), ("clientDeviceSet", "<item><username>not-a-user</username></item>")];

/// Writes one row, with the page's unknown fields.
pub(crate) fn connection(xml: &mut Xml, row: &Connection, unknown_fields: &BTreeMap<&str, &str>) {
    xml.element("item", |xml| {
        row.elements(|name, content| match content {
            ElementContent::Text(text) => xml.text(name, text),
            ElementContent::Texts(texts) => xml.items(name, texts),
            ElementContent::Status(status) => xml.element(name, |xml| {
                xml.optional("code", status.code.as_deref());
                xml.optional("message", status.message.as_deref());
            }),
        });
        for (name, content) in unknown_fields {
            xml.markup(name, content);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ConnectionStatus;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn absent_and_empty_are_told_apart() {
        let row = Connection {
            username: Some(String::new()),
            posture_compliance_statuses: Some(Vec::new()),
            ..Connection::default()
        };
        let document = text(Xml::document("r", None, |xml| connection(xml, &row, &BTreeMap::new())));
        let inside =
            "<item><username></username><postureComplianceStatusSet></postureComplianceStatusSet></item>";
        assert!(document.ends_with(&format!("<r>{inside}</r>")), "{document}");
    }

    #[test]
    fn a_row_has_its_elements_in_the_order_of_the_api() {
        let some = |text: &str| Some(text.to_owned());
        let row = Connection {
            status: Some(ConnectionStatus { code: some("active"), message: None }),
            posture_compliance_statuses: Some(vec!["ok".to_owned(), "new".to_owned()]),
            ..Connection::of_texts(|name| {
                ["commonName", "clientIp", "connectionId"].contains(&name).then(|| name.to_uppercase())
            })
        };
        let document =
            text(Xml::document("r", None, |xml| connection(xml, &row, &BTreeMap::from([("new", "<a/>")]))));
        let inside = "<connectionId>CONNECTIONID</connectionId><clientIp>CLIENTIP</clientIp><commonName>COMMONNAME</commonName>\
                      <status><code>active</code></status>\
                      <postureComplianceStatusSet><item>ok</item><item>new</item></postureComplianceStatusSet><new><a/></new>";
        assert!(document.ends_with(&format!("<r><item>{inside}</item></r>")), "{document}");
    }

    #[test]
    fn markup_in_values_is_escaped() {
        let document = text(Xml::document("r", None, |xml| xml.text("a", "<&>\"'")));
        assert!(document.ends_with("<r><a>&lt;&amp;&gt;&quot;&apos;</a></r>"), "{document}");
    }

    #[test]
    fn errors_look_like_ec2s() {
        let document = text(error(&ApiError::throttled(), "id"));
        let inside = "<Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message>";
        let expected =
            format!("<Response><Errors><Error>{inside}</Error></Errors><RequestID>id</RequestID></Response>");
        assert!(document.ends_with(&expected), "{document}");
    }

    #[test]
    fn errors_of_sts_have_a_form_of_their_own() {
        let document = text(sts_error(&ApiError::access_denied("No."), "id"));
        let inside = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error>";
        let expected = format!(
            "<ErrorResponse xmlns=\"{STS_NAMESPACE}\">{inside}<RequestId>id</RequestId></ErrorResponse>"
        );
        assert!(document.ends_with(&expected), "{document}");
    }
}
