//! STS's `AssumeRole`.

use super::Answer;
use crate::assumed::{AssumedRole, Credentials};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::state::State;
use crate::xml::{self, Xml};
use jiff::SignedDuration;
use std::ops::RangeInclusive;

/// Allowed duration of a session, in seconds.
const DURATION_SECONDS: RangeInclusive<i64> = 900..=43_200;
const DEFAULT_DURATION_SECONDS: i64 = 3_600;

pub(crate) fn assume(state: &State, caller: &Caller, parameters: &Parameters, request_id: String) -> Answer {
    let asked = read(parameters).and_then(|(arn, role, seconds)| {
        if may_assume(state, &role) { Ok((role, seconds)) } else { Err(denied(caller, arn)) }
    });
    match asked {
        Ok((role, seconds)) => {
            let expiration = state.machine_time() + SignedDuration::from_secs(seconds);
            let credentials = state.sessions.begin(role.clone());
            let expiration = expiration.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            Answer::xml(render(&role, &credentials, &expiration, &request_id), request_id)
        }
        Err(error) => Answer::sts_error(&error, request_id),
    }
}

/// Reads the role's ARN, the assumed role, and the duration in seconds.
fn read(parameters: &Parameters) -> Result<(&str, AssumedRole, i64), ApiError> {
    let required = |name, label| parameters.get(name).ok_or_else(|| invalid("null", label, "not be null"));
    let arn = required("RoleArn", "roleArn")?;
    let session_name = required("RoleSessionName", "roleSessionName")?;
    let (account_id, role_name) =
        parse_arn(arn).ok_or_else(|| ApiError::validation(format!("{arn} is invalid")))?;
    if !is_name(session_name, 2..=64, "") {
        return Err(invalid(session_name, "roleSessionName", "be 2 to 64 of [\\w+=,.@-]"));
    }
    let external_id = parameters.get("ExternalId");
    if let Some(text) = external_id.filter(|text| !is_name(text, 2..=1224, ":/")) {
        return Err(invalid(text, "externalId", "be 2 to 1224 of [\\w+=,.@:\\/-]"));
    }
    let role = AssumedRole {
        account_id: account_id.to_owned(),
        role_name: role_name.to_owned(),
        session_name: session_name.to_owned(),
        external_id: external_id.map(str::to_owned),
    };
    Ok((arn, role, duration(parameters)?))
}

/// Parses account and name in `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
fn parse_arn(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account_id, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let is_account = account_id.len() == 12 && account_id.bytes().all(|digit| digit.is_ascii_digit());
    let is_role = scheme == "arn" && partition.starts_with("aws") && service == "iam" && region.is_empty();
    (is_role && is_account && is_name(name, 1..=64, "")).then_some((account_id, name))
}

/// Checks that a text is made of letters, digits and `_+=,.@-`, or one of `more`.
fn is_name(text: &str, lengths: RangeInclusive<usize>, more: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) || more.contains(c);
    lengths.contains(&text.len()) && text.chars().all(allowed)
}

fn duration(parameters: &Parameters) -> Result<i64, ApiError> {
    let Some(text) = parameters.get("DurationSeconds") else {
        return Ok(DEFAULT_DURATION_SECONDS);
    };
    let seconds = text.parse().ok().filter(|seconds| DURATION_SECONDS.contains(seconds));
    seconds.ok_or_else(|| invalid(text, "durationSeconds", "be 900 to 43200"))
}

/// Returns `true` if the role exists and trusts the caller.
fn may_assume(state: &State, role: &AssumedRole) -> bool {
    let trusts = state.member_role.as_ref().is_none_or(|member| {
        let known = member.external_id.is_none() || member.external_id == role.external_id;
        member.name == role.role_name && known
    });
    trusts && state.places.has_account(&role.account_id) && !state.outages.refuses_role(&role.account_id)
}

fn invalid(value: &str, name: &str, must: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must {must}"
    ))
}

fn denied(caller: &Caller, arn: &str) -> ApiError {
    let (user, _) = caller.identity();
    ApiError::access_denied(format!(
        "User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    ))
}

fn render(role: &AssumedRole, credentials: &Credentials, expiration: &str, request_id: &str) -> Vec<u8> {
    Xml::document("AssumeRoleResponse", Some(xml::STS_NAMESPACE), |xml| {
        xml.element("AssumeRoleResult", |xml| {
            xml.element("AssumedRoleUser", |xml| {
                xml.text("AssumedRoleId", &role.unique_id());
                xml.text("Arn", &role.arn());
            });
            xml.element("Credentials", |xml| {
                xml.text("AccessKeyId", &credentials.access_key_id);
                xml.text("SecretAccessKey", &credentials.secret_access_key);
                xml.text("SessionToken", &credentials.session_token);
                xml.text("Expiration", expiration);
            });
        });
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_known_by_its_arn_whatever_its_path() {
        let known = [
            ("arn:aws:iam::111122223333:role/audit", "audit"),
            ("arn:aws:iam::111122223333:role/of/a/path/audit", "audit"),
            ("arn:aws-us-gov:iam::111122223333:role/Audit_1+=,.@-", "Audit_1+=,.@-"),
        ];
        for (arn, name) in known {
            assert_eq!(parse_arn(arn), Some(("111122223333", name)), "{arn}");
        }
        for arn in [
            "",
            "audit",
            "arn:aws:iam::111122223333:user/audit",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::11112222333:role/audit",
            "arn:aws:iam:eu-west-1:111122223333:role/audit",
            "arn:aws:iam::111122223333:role/au dit",
            "arn:aws:sts::111122223333:role/audit",
        ] {
            assert_eq!(parse_arn(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_session_lasts_an_hour_unless_asked_otherwise() {
        let of = |form: &str| duration(&Parameters::parse(form, &[])).ok();
        assert_eq!(of(""), Some(3600));
        assert_eq!(of("DurationSeconds=900"), Some(900));
        for text in ["899", "43201", "x", ""] {
            assert_eq!(of(&format!("DurationSeconds={text}")), None, "{text}");
        }
    }
}
