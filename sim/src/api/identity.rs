//! STS's `GetCallerIdentity`.

use super::Answer;
use crate::state::State;
use crate::xml::Xml;

const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(crate) fn describe(state: &State, request_id: String) -> Answer {
    let body = Xml::document("GetCallerIdentityResponse", Some(STS), |xml| {
        xml.element("GetCallerIdentityResult", |xml| {
            xml.text("Arn", &format!("arn:aws:iam::{}:user/simulated", state.account_id));
            xml.text("UserId", "AIDASIMULATEDSIMULATE");
            xml.text("Account", &state.account_id);
        });
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", &request_id));
    });
    Answer::xml(body, request_id)
}
