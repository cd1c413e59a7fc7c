//! STS's `GetCallerIdentity`.

use super::Answer;
use crate::caller::Caller;
use crate::xml::Xml;

const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(crate) fn describe(caller: &Caller, request_id: String) -> Answer {
    let account_id = &caller.location.account_id;
    let body = Xml::document("GetCallerIdentityResponse", Some(STS), |xml| {
        xml.element("GetCallerIdentityResult", |xml| {
            xml.text("Arn", &format!("arn:aws:iam::{account_id}:user/simulated"));
            xml.text("UserId", "AIDASIMULATEDSIMULATE");
            xml.text("Account", account_id);
        });
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", &request_id));
    });
    Answer::xml(body, request_id)
}
