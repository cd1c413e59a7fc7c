//! Paging as a pure state machine.
//!
//! The SDK's own paginator ends without an error if a token repeats, so a truncated listing looks complete.
//! Here a token that repeats, at once or after a cycle, is an error, and so is an endless series of pages without rows.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::answer_limits::{EMPTY_PAGES, PAGES, ROWS};

/// The next page of a listing, and the state to detect a listing without an end.
#[derive(Debug)]
pub struct Pager {
    token: Option<String>,
    /// Digests of the tokens so far: a token may be long, and a listing too.
    seen: HashSet<[u8; 32]>,
    /// Pages without rows since the last one with rows.
    empty_pages: u32,
    pages: u32,
    rows: usize,
}

/// The step after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Another page, which [`Pager::token`] leads to.
    Page,
    /// The end of the listing: the page had no token.
    End,
    /// An error: the page's token leads to a page that was read before.
    Repeated,
    /// An error: the page has no rows, and follows the maximum number of pages without rows.
    TooManyEmpty,
    /// An error: the listing exceeds the maximum number of pages.
    TooMany,
    /// An error: the listing has more than the maximum number of rows, and goes on.
    TooManyRows,
}

impl Pager {
    /// Returns a pager of a listing that begins at `token`; `None` is page one.
    pub fn new(token: Option<String>) -> Pager {
        Pager { seen: token.iter().map(digest).collect(), token, empty_pages: 0, pages: 0, rows: 0 }
    }

    /// Returns the token of the page to read; `None` for page one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Takes the page's token and its number of rows. An empty token counts as `None`: an empty XML element decodes to it.
    pub fn advance(&mut self, next_token: Option<String>, rows: usize) -> Next {
        let Some(next_token) = next_token.filter(|token| !token.is_empty()) else {
            return Next::End;
        };
        if !self.seen.insert(digest(&next_token)) {
            return Next::Repeated;
        }
        self.token = Some(next_token);
        self.empty_pages = if rows == 0 { self.empty_pages + 1 } else { 0 };
        self.pages += 1;
        self.rows = self.rows.saturating_add(rows);
        match self.empty_pages > EMPTY_PAGES {
            true => Next::TooManyEmpty,
            false if self.pages > PAGES => Next::TooMany,
            false if self.rows > ROWS => Next::TooManyRows,
            false => Next::Page,
        }
    }
}

fn digest(token: &String) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(start: Option<&str>, tokens: &[&str]) -> (usize, Next) {
        let mut pager = Pager::new(start.map(str::to_owned));
        let mut tokens = tokens.iter();
        for pages in 1.. {
            let next = pager.advance(tokens.next().map(|&token| token.to_owned()), 1);
            if next != Next::Page {
                return (pages, next);
            }
        }
        unreachable!("the tokens end")
    }

    #[test]
    fn a_listing_ends_where_a_page_carries_no_token() {
        assert_eq!(follow(None, &[]), (1, Next::End));
        assert_eq!(follow(None, &["a", "b", "c"]), (4, Next::End));
        assert_eq!(follow(None, &["a", ""]), (2, Next::End));
    }

    #[test]
    fn a_token_that_comes_back_is_a_loop() {
        assert_eq!(follow(None, &["a", "a"]), (2, Next::Repeated));
        assert_eq!(follow(None, &["a", "b", "a"]), (3, Next::Repeated));
        assert_eq!(follow(Some("a"), &["a"]), (1, Next::Repeated));
        assert_eq!(follow(Some("a"), &["b", "c", "b"]), (3, Next::Repeated));
    }

    #[test]
    fn a_thousand_empty_pages_in_a_row_are_allowed_and_no_more() {
        let mut pager = Pager::new(None);
        let mut advance = |number: u32, rows| pager.advance(Some(number.to_string()), rows);
        for number in 0..1_000 {
            assert_eq!(advance(number, 0), Next::Page, "{number}");
        }
        assert_eq!(advance(1_000, 1), Next::Page);
        for number in 1_001..2_001 {
            assert_eq!(advance(number, 0), Next::Page, "{number}");
        }
        assert_eq!(advance(2_001, 0), Next::TooManyEmpty);
        assert_eq!(pager.advance(None, 0), Next::End);
    }

    #[test]
    fn a_listing_has_a_hundred_thousand_pages_at_most() {
        let mut pager = Pager::new(None);
        for number in 0..100_000 {
            assert_eq!(pager.advance(Some(number.to_string()), 1), Next::Page, "{number}");
        }
        assert_eq!(pager.advance(Some("more".to_owned()), 1), Next::TooMany);
    }

    #[test]
    fn a_listing_goes_on_after_five_million_rows_and_no_more() {
        for (rows_of_last, expected) in [(0, Next::Page), (1, Next::TooManyRows), (10_000, Next::TooManyRows)]
        {
            let mut pager = Pager::new(None);
            for number in 0..500 {
                assert_eq!(pager.advance(Some(number.to_string()), 10_000), Next::Page, "{number}");
            }
            assert_eq!(pager.advance(Some("more".to_owned()), rows_of_last), expected, "{rows_of_last} rows");
            assert_eq!(pager.advance(None, 10_000), Next::End, "a last page is still one");
        }
    }

    #[test]
    fn the_token_is_that_of_the_page_to_read() {
        let mut pager = Pager::new(None);
        assert_eq!(pager.token(), None);
        pager.advance(Some("a".to_owned()), 1);
        assert_eq!(pager.token(), Some("a"));
        pager.advance(Some("a".to_owned()), 1);
        assert_eq!(pager.token(), Some("a"), "a repeated token leads nowhere");
    }
}
