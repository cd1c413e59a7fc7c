//! Who asks, and where.

use crate::place::Location;
use crate::signature::Signature;

/// Whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The caller's account, and the Region that is asked.
    pub(crate) location: Location,
}

impl Caller {
    /// Whoever has no credentials of a role is of the home's account, and whoever signs nothing asks the home's Region.
    pub(crate) fn of(home: &Location, signature: Option<&Signature>) -> Self {
        let region = signature.map_or(&home.region, |signature| &signature.region);
        Self { location: Location::new(&home.account_id, region) }
    }
}
