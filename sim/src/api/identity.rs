//! STS's `GetCallerIdentity`.

use super::Answer;
use crate::caller::Caller;
use crate::parameters::Parameters;
use crate::state::State;
use crate::xml::{self, Xml};

pub(crate) fn describe(_: &State, caller: &Caller, _: &Parameters, request_id: String) -> Answer {
    let (arn, user_id) = caller.identity();
    let body = Xml::document("GetCallerIdentityResponse", Some(xml::STS_NAMESPACE), |xml| {
        xml.element("GetCallerIdentityResult", |xml| {
            xml.text("Arn", &arn);
            xml.text("UserId", &user_id);
            xml.text("Account", &caller.location.account_id);
        });
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", &request_id));
    });
    Answer::xml(body, request_id)
}
