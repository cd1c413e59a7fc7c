//! Paging as a pure state machine.
//!
//! The SDK's own paginator ends cleanly when a token repeats: taken at its word, a truncated listing looks complete.
//! Here a token that comes back, at once or after a cycle, is an error.

use std::collections::HashSet;

/// Which page of a listing comes next.
#[derive(Debug)]
pub struct Pager {
    token: Option<String>,
    seen: HashSet<String>,
}

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Another page, which [`Pager::token`] leads to.
    Page,
    /// Nothing: the page carried no token.
    End,
    /// Nothing that can be trusted: its token leads to a page that was read before.
    Repeated,
}

impl Pager {
    /// A listing that begins at `token`; none is page one.
    pub fn new(token: Option<String>) -> Pager {
        Pager { seen: token.iter().cloned().collect(), token }
    }

    /// The token of the page to read; none for page one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Takes the token that the page carried. An empty one is none: an empty XML element decodes so.
    pub fn advance(&mut self, next_token: Option<String>) -> Next {
        let Some(next_token) = next_token.filter(|token| !token.is_empty()) else {
            return Next::End;
        };
        if !self.seen.insert(next_token.clone()) {
            return Next::Repeated;
        }
        self.token = Some(next_token);
        Next::Page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(start: Option<&str>, tokens: &[&str]) -> (usize, Next) {
        let mut pager = Pager::new(start.map(str::to_owned));
        let mut tokens = tokens.iter();
        for pages in 1.. {
            let next = pager.advance(tokens.next().map(|&token| token.to_owned()));
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
    fn the_token_is_that_of_the_page_to_read() {
        let mut pager = Pager::new(None);
        assert_eq!(pager.token(), None);
        pager.advance(Some("a".to_owned()));
        assert_eq!(pager.token(), Some("a"));
        pager.advance(Some("a".to_owned()));
        assert_eq!(pager.token(), Some("a"), "a repeated token leads nowhere");
    }
}
