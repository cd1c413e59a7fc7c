//! The sender of a request, and its account and Region.

use crate::account_region::AccountRegion;
use crate::assumed::{RoleSession, Sessions};
use crate::signature::Signature;

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The caller's account, and the Region that is asked.
    pub(crate) location: AccountRegion,
    /// The service that the request was signed for, if it was signed.
    pub(crate) service: Option<String>,
    /// The assumed role, if the caller has one.
    pub(crate) session: Option<RoleSession>,
}

impl Caller {
    /// Identifies the caller: without credentials of a role, of the home's account; without a signature, in the home's Region.
    pub(crate) fn of(home: &AccountRegion, sessions: &Sessions, signature: Option<&Signature>) -> Self {
        let session = signature.and_then(|signature| sessions.find(&signature.access_key_id));
        let account_id = session.as_ref().map_or(&home.account_id, |session| &session.role.account_id);
        let region = signature.map_or(&home.region, |signature| &signature.region);
        let service = signature.map(|signature| signature.service.clone());
        Self { location: AccountRegion::new(account_id, region), service, session }
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.expired)
    }

    /// Returns the caller's ARN and unique id.
    pub(crate) fn identity(&self) -> (String, String) {
        let account_id = &self.location.account_id;
        match &self.session {
            Some(session) => (session.role.arn(), session.role.unique_id()),
            None => (format!("arn:aws:iam::{account_id}:user/simulated"), "AIDASIMULATEDSIMULATE".to_owned()),
        }
    }
}
