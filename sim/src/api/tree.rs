//! Answers made of element trees: rows of listings, and answers without a list.

use crate::api::document::Document;
use crate::api::inquiry::Inquiry;
use crate::api::listing::{self, Listing};
use crate::element::Element;
use crate::error::ApiError;
use crate::fault::{FaultKind, LONG_VALUE, OTHER_ENDPOINT, odd_text};
use crate::parameters::Filters;
use crate::token::Token;
use crate::xml::{self, Xml};

/// The elements of a row.
pub(crate) type Row = Vec<Element>;

/// Returns the requested page of a list of the name `list`, as the faults change it.
///
/// `matching` has the rows that the filters match, each with its offset in the listing.
pub(crate) fn page(
    inquiry: &Inquiry<'_>,
    list: &str,
    subject: &str,
    filters: &Filters,
    matching: impl Iterator<Item = (usize, Row)>,
) -> Result<Document, ApiError> {
    let name = format!("{} {subject}", inquiry.action.name());
    let select = |position: &Token| listing::take(matching, position);
    let page: Listing<Row> = listing::page(inquiry, &name, filters, select, |fault, rows| {
        rows.iter_mut().enumerate().for_each(|(index, row)| bend(fault, index, row));
    })?;
    let write = |xml: &mut Xml, row: &Row| xml.element("item", |xml| Element::write_all(row, xml));
    Ok(listing::render(inquiry, list, &page, write))
}

/// Returns an answer without a list, as the faults change it.
pub(crate) fn single(inquiry: &Inquiry<'_>, mut elements: Vec<Element>) -> Document {
    inquiry.faults.iter().for_each(|fault| bend(fault, 0, &mut elements));
    let mut middle = 0;
    let root = format!("{}Response", inquiry.action.name());
    let body = Xml::document(&root, Some(xml::EC2), |xml| {
        xml.text("requestId", &inquiry.request_id);
        middle = xml.written();
        Element::write_all(&elements, xml);
    });
    Document { body, middle, page: None }
}

/// Changes the row at `index` of its page.
fn bend(fault: &FaultKind, index: usize, row: &mut Row) {
    match fault {
        FaultKind::OddValues => *row = odd(std::mem::take(row), &mut index.clone()),
        FaultKind::LongValue => replace(row, "description", &"x".repeat(LONG_VALUE)),
        FaultKind::WrongEndpointId => replace(row, "clientVpnEndpointId", OTHER_ENDPOINT),
        FaultKind::UnknownField => row.extend(Element::unknown()),
        _ => {}
    }
}

/// Returns the elements with odd texts, or without those that have none. `place` is that of the last odd text.
fn odd(elements: Vec<Element>, place: &mut usize) -> Vec<Element> {
    let changed = elements.into_iter().filter_map(|element| match element {
        Element::Text(name, _) => {
            *place += 1;
            odd_text(*place).map(|text| Element::Text(name, text))
        }
        Element::Parent(name, inside) => Some(Element::Parent(name, odd(inside, place))),
        markup @ Element::Markup(..) => Some(markup),
    });
    changed.collect()
}

/// Replaces the text of each element of this name.
fn replace(row: &mut Row, wanted: &str, other: &str) {
    for element in row {
        match element {
            Element::Text(name, text) if *name == wanted => other.clone_into(text),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        vec![
            Element::text("clientVpnEndpointId", "cvpn-endpoint-1"),
            Element::text("description", "d"),
            Element::status("active"),
        ]
    }

    fn bent(fault: &FaultKind, index: usize) -> Row {
        let mut row = row();
        bend(fault, index, &mut row);
        row
    }

    #[test]
    fn a_fault_changes_the_values_that_it_names() {
        let of_other = bent(&FaultKind::WrongEndpointId, 0);
        assert_eq!(of_other[0], Element::text("clientVpnEndpointId", OTHER_ENDPOINT));
        assert_eq!(of_other[1..], row()[1..]);
        let long = bent(&FaultKind::LongValue, 0);
        assert_eq!(long[1], Element::text("description", "x".repeat(LONG_VALUE)));
        assert_eq!(bent(&FaultKind::UnknownField, 0).len(), 5);
        assert_eq!(bent(&FaultKind::Throttle, 0), row());
    }

    #[test]
    fn every_text_of_a_row_becomes_odd_or_is_left_out() {
        assert_eq!(
            bent(&FaultKind::OddValues, 0)[..2],
            [Element::text("clientVpnEndpointId", "-"), Element::text("description", "NA"),]
        );
        let parent = |row: &Row| row.last().cloned();
        assert_eq!(parent(&bent(&FaultKind::OddValues, 1)), Some(Element::Parent("status", Vec::new())));
        assert_eq!(parent(&bent(&FaultKind::OddValues, 2)).map(|status| status == row()[2]), Some(false));
    }
}
