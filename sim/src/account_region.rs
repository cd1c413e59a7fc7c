//! The account and Region of an endpoint.

/// An account and a Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccountRegion {
    pub(crate) account_id: String,
    pub(crate) region: String,
}

impl AccountRegion {
    pub(crate) fn new(account_id: &str, region: &str) -> Self {
        Self { account_id: account_id.to_owned(), region: region.to_owned() }
    }
}
