//! Faults as the command line writes them: `KIND[:ENDPOINT][@N[-M]]`.

use super::{Fault, FaultKind, FaultyAction};
use std::str::FromStr;

/// An error of a text that is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No such kind.
    #[error("expected one of {known}, but found {0:?}", known = KINDS.join(", "))]
    Kind(String),
    /// No such action.
    #[error("expected one of {known}, but found {0:?}", known = names().join(", "))]
    Action(String),
    /// The part after `@` is not `N`, `N-M` or `N-`, with 1 the first request.
    #[error("expected @N, @N-M or @N- with 1 or more for N and no less for M, but found {0:?}")]
    Requests(String),
}

const KINDS: &[&str] = &[
    "throttle",
    "internal-error",
    "unavailable",
    "unauthorized",
    "unknown-action",
    "not-found",
    "reset",
    "cut-body",
    "cut-body-unframed",
    "stall",
    "stall-body",
    "malformed-xml",
    "repeat-token",
    "cycle-tokens",
    "expire-token",
    "empty-page",
    "odd-values",
    "latency-millis=N",
    "unknown-field",
    "duplicate-row",
    "wrong-endpoint-id",
    "no-list",
    "list-as-object",
    "renamed-list",
    "clock-skew",
    "future-times",
    "member-rows",
    "result-wrapper",
    "hidden-token",
    "large-body",
    "long-token",
    "long-value",
];

/// Returns the names of all actions.
fn names() -> Vec<&'static str> {
    FaultyAction::ALL.iter().map(|action| action.name()).collect()
}

impl FromStr for FaultyAction {
    type Err = ParseFaultError;

    /// Parses the name of an action, such as `DescribeClientVpnRoutes`.
    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let named = Self::ALL.iter().find(|action| action.name() == text);
        named.copied().ok_or_else(|| ParseFaultError::Action(text.to_owned()))
    }
}

impl FromStr for FaultKind {
    type Err = ParseFaultError;

    /// Parses every kind but [`FaultKind::Custom`] and [`FaultKind::CustomMessages`], which have no short form.
    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let unknown = || ParseFaultError::Kind(text.to_owned());
        Ok(match text {
            "throttle" => Self::Throttle,
            "internal-error" => Self::InternalError,
            "unavailable" => Self::Unavailable,
            "unauthorized" => Self::Unauthorized,
            "unknown-action" => Self::UnknownAction,
            "not-found" => Self::NotFound,
            "reset" => Self::Reset,
            "cut-body" => Self::CutBody,
            "cut-body-unframed" => Self::CutBodyUnframed,
            "stall" => Self::Stall,
            "stall-body" => Self::StallBody,
            "malformed-xml" => Self::MalformedXml,
            "repeat-token" => Self::RepeatToken,
            "cycle-tokens" => Self::CycleTokens,
            "expire-token" => Self::ExpireToken,
            "empty-page" => Self::EmptyPage,
            "odd-values" => Self::OddValues,
            "unknown-field" => Self::UnknownField,
            "duplicate-row" => Self::DuplicateRow,
            "wrong-endpoint-id" => Self::WrongEndpointId,
            "no-list" => Self::NoList,
            "list-as-object" => Self::ListAsObject,
            "renamed-list" => Self::RenamedList,
            "clock-skew" => Self::ClockSkew,
            "future-times" => Self::FutureTimes,
            "member-rows" => Self::MemberRows,
            "result-wrapper" => Self::ResultWrapper,
            "hidden-token" => Self::HiddenToken,
            "large-body" => Self::LargeBody,
            "long-token" => Self::LongToken,
            "long-value" => Self::LongValue,
            _ => {
                let millis = text.strip_prefix("latency-millis=").and_then(|number| number.parse().ok());
                Self::LatencyMillis(millis.ok_or_else(unknown)?)
            }
        })
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    /// Parses `throttle`, `throttle@2`, `throttle@2-5`, `throttle@2-`, `throttle:cvpn-endpoint-…@2`.
    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let (what, requests) = match text.split_once('@') {
            Some((what, requests)) => (what, Some(requests)),
            None => (text, None),
        };
        let (kind, endpoint_id) = match what.split_once(':') {
            Some((kind, endpoint_id)) => (kind, Some(endpoint_id.to_owned())),
            None => (what, None),
        };
        let kind = kind.parse()?;
        let (first, last) = match requests {
            None => (1, usize::MAX),
            Some(text) => range(text).ok_or_else(|| ParseFaultError::Requests(text.to_owned()))?,
        };
        Ok(Self { kind, endpoint_id, first, last })
    }
}

fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = match text.split_once('-') {
        None => (text.parse().ok()?, text.parse().ok()?),
        Some((first, "")) => (first.parse().ok()?, usize::MAX),
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
    };
    (1 <= first && first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_written() {
        let throttle = FaultKind::Throttle;
        let cases = [
            ("throttle", Fault::always(throttle.clone())),
            ("throttle@2", Fault::on(throttle.clone(), 2)),
            ("throttle@2-5", Fault { last: 5, ..Fault::on(throttle.clone(), 2) }),
            ("throttle@2-", Fault { last: usize::MAX, ..Fault::on(throttle.clone(), 2) }),
            ("throttle:cvpn-endpoint-1@2", Fault::on(throttle, 2).at("cvpn-endpoint-1")),
            ("latency-millis=250", Fault::always(FaultKind::LatencyMillis(250))),
        ];
        for (text, fault) in cases {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in ["", "Throttle", "custom", "latency-millis", "throttle@0", "throttle@3-2", "throttle@x"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn actions_are_read_by_their_names() {
        for action in FaultyAction::ALL {
            assert_eq!(action.name().parse(), Ok(*action));
        }
        assert!("DescribeInstances".parse::<FaultyAction>().is_err());
    }

    #[test]
    fn every_kind_offered_is_known() {
        for kind in KINDS {
            assert!(kind.replace("=N", "=1").parse::<FaultKind>().is_ok(), "{kind}");
        }
    }
}
