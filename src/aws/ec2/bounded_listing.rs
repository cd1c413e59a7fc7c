//! A listing of which every row is kept in memory.

use std::collections::BTreeSet;

use super::PageError;
use super::pager::{Next, Pager};
use crate::answer_limits::{
    ENDPOINT_PAGES, ENDPOINT_ROWS, ENDPOINT_ROWS_BYTES, LISTING_BYTES, LISTING_ROWS, Limit, NETWORKS, PAGES,
};
use crate::aws::response_reader::ReadPage;
use crate::tables::unknown::record_names;

/// The bounds of a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListingBounds {
    pub most_pages: u32,
    pub most_rows: usize,
    /// Most bytes of the pages that have rows.
    pub most_bytes: usize,
    /// The limit that is reported if it exceeds one of them.
    pub limit: Limit,
}

/// The bounds of the endpoints of an account and Region.
pub(super) const OF_ENDPOINTS: ListingBounds = ListingBounds {
    most_pages: PAGES,
    most_rows: LISTING_ROWS,
    most_bytes: LISTING_BYTES,
    limit: Limit::Endpoints,
};

/// The bounds of the networks of an endpoint.
pub(super) const OF_NETWORKS: ListingBounds = ListingBounds {
    most_pages: ENDPOINT_PAGES,
    most_rows: NETWORKS,
    most_bytes: ENDPOINT_ROWS_BYTES,
    limit: Limit::Networks,
};

/// The bounds of the authorization rules, and of the routes, of an endpoint.
pub(super) const OF_ENDPOINT_ROWS: ListingBounds = ListingBounds {
    most_pages: ENDPOINT_PAGES,
    most_rows: ENDPOINT_ROWS,
    most_bytes: ENDPOINT_ROWS_BYTES,
    limit: Limit::EndpointRows,
};

/// A listing that is kept in memory, page by page.
#[derive(Debug)]
pub(super) struct BoundedListing {
    pager: Pager,
    bounds: ListingBounds,
    pages: u32,
    rows: usize,
    bytes: usize,
    /// Names of elements beside the list that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

impl BoundedListing {
    /// Returns an empty listing with these bounds.
    pub(super) fn new(bounds: ListingBounds) -> BoundedListing {
        let (pager, unknown_elements) = (Pager::new(None), BTreeSet::new());
        BoundedListing { pager, bounds, pages: 0, rows: 0, bytes: 0, unknown_elements }
    }

    /// Returns the token of the page to read; `None` for page one.
    pub(super) fn token(&self) -> Option<&str> {
        self.pager.token()
    }

    /// Adds a page. Returns its rows, and `true` if another page follows or an error if the listing exceeds a limit or has no end. The
    /// rows of a page that exceeds a limit are not returned.
    pub(super) fn add<T>(&mut self, page: ReadPage<Vec<T>>) -> (Vec<T>, Result<bool, PageError>) {
        let ReadPage { end, bytes, rows, .. } = page;
        self.rows += rows.len();
        // Nothing of a page without rows is kept.
        self.bytes += if rows.is_empty() { 0 } else { bytes };
        self.pages += 1;
        let ListingBounds { most_pages, most_rows, most_bytes, limit } = self.bounds;
        if self.pages > most_pages || self.rows > most_rows || self.bytes > most_bytes {
            return (Vec::new(), Err(PageError::limit(limit)));
        }
        record_names(&mut self.unknown_elements, end.unknown_elements);
        let goes_on = match self.pager.advance(end.next_token, rows.len()) {
            Next::Page => Ok(true),
            Next::End => Ok(false),
            Next::Repeated => Err(PageError::repeated_token()),
            Next::TooManyEmpty => Err(PageError::limit(Limit::EmptyPages)),
            Next::TooMany => Err(PageError::limit(Limit::Pages)),
            Next::TooManyRows => Err(PageError::limit(Limit::Rows)),
        };
        (rows, goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_code::ErrorCode;

    #[test]
    fn each_listing_in_memory_has_limits() {
        for (of, bounds) in
            [("endpoints", OF_ENDPOINTS), ("networks", OF_NETWORKS), ("rules and routes", OF_ENDPOINT_ROWS)]
        {
            let ListingBounds { most_pages, most_rows, most_bytes, limit } = bounds;
            // Endpoints have more pages than rows: then the rows are what is too many.
            let most_pages = usize::try_from(most_pages).unwrap().min(most_rows);
            for (name, pages, is_met) in [
                ("rows", vec![(most_rows - 1, 1), (1, 1)], true),
                ("one row more", vec![(most_rows - 1, 1), (2, 1)], false),
                ("bytes", vec![(1, most_bytes), (0, most_bytes)], true),
                ("one byte more", vec![(1, most_bytes), (2, 1)], false),
                ("pages", vec![(1, 1); most_pages], true),
                ("one page more", vec![(1, 1); most_pages + 1], false),
            ] {
                let mut listing = BoundedListing::new(bounds);
                let page = |(number, (rows, bytes)): (usize, (usize, usize))| {
                    let next_token = Some(number.to_string());
                    let end = crate::tables::xml::PageEnd { next_token, ..Default::default() };
                    listing.add(ReadPage { request_id: None, end, bytes, rows: vec![(); rows] }).1
                };
                let end: Result<Vec<_>, PageError> = pages.into_iter().enumerate().map(page).collect();
                let expected = if is_met { None } else { Some(PageError::limit(limit).message) };
                assert_eq!(end.err().map(|error| error.message), expected, "{of}: {name}");
            }
        }
    }

    #[test]
    fn a_page_whose_token_repeats_has_its_rows_and_one_that_exceeds_a_limit_has_none() {
        let mut listing = BoundedListing::new(OF_ENDPOINT_ROWS);
        let mut add = |rows: usize, bytes| {
            let end = crate::tables::xml::PageEnd { next_token: Some("t".to_owned()), ..Default::default() };
            let (rows, goes_on) =
                listing.add(ReadPage { request_id: None, end, bytes, rows: vec![(); rows] });
            (rows.len(), goes_on.map_err(|error| error.code))
        };
        assert_eq!(add(2, 1), (2, Ok(true)));
        assert_eq!(add(3, 1), (3, Err(ErrorCode::RepeatedToken)));
        assert_eq!(add(1, ENDPOINT_ROWS_BYTES), (0, Err(ErrorCode::LimitExceeded)));
    }
}
