//! `DescribeLogGroups`.

use super::Answer;
use crate::account_region::AccountRegion;
use crate::api::logs::delivery::{finish, refuse};
use crate::api::logs::error;
use crate::api::logs::fields::Fields;
use crate::api::logs::filter::group_arn;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::{FaultKind, FaultyAction};
use crate::log_group::LogGroup;
use crate::random::mix_bytes;
use crate::state::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(crate) const ACTION: &str = "DescribeLogGroups";

const MAX_GROUPS: usize = 50;

/// The name after which a listing continues.
#[derive(Debug, Serialize, Deserialize)]
struct GroupPosition {
    #[serde(rename = "g")]
    listing: String,
    #[serde(rename = "a")]
    after: String,
    /// Number of empty pages before, to make their tokens differ.
    #[serde(rename = "r")]
    empty: u32,
}

pub(crate) fn describe(state: &State, caller: &Caller, fields: &Fields, request_id: String) -> Answer {
    let faults = state.rules.request(FaultyAction::DescribeLogGroups, ACTION);
    let delay = faults.iter().map(|fault| match fault {
        FaultKind::LatencyMillis(millis) => Duration::from_millis(*millis),
        _ => Duration::ZERO,
    });
    let delay = delay.sum();
    let resource = format!("{}:log-stream:", group_arn(&caller.location, ""));
    if let Some(sending) = refuse(&faults, caller, "logs:DescribeLogGroups", &resource, &request_id) {
        return Answer { delay, sending };
    }
    match page(state, &caller.location, fields, &faults) {
        Ok(body) => Answer { delay, sending: finish(body.to_string().into_bytes(), &faults, request_id) },
        Err(error) => Answer { delay, ..super::refusal(&error, request_id) },
    }
}

fn page(
    state: &State,
    location: &AccountRegion,
    fields: &Fields,
    faults: &[FaultKind],
) -> Result<Value, ApiError> {
    let limit = fields.limit("limit", 1..=MAX_GROUPS)?;
    let wanted = Wanted::read(location, fields)?;
    let token = fields.text("nextToken")?;
    let position = position(state, location, &wanted, token, faults)?;
    let groups = state.groups.at(location).into_iter();
    let mut groups = groups.filter(|group| wanted.includes(group) && group.name > position.after).peekable();
    let page: Vec<LogGroup> = groups.by_ref().take(limit).collect();
    let next = match page.last() {
        _ if faults.contains(&FaultKind::EmptyPage) => {
            Some(GroupPosition { empty: position.empty + 1, ..position })
        }
        Some(last) if groups.peek().is_some() => Some(GroupPosition { after: last.name.clone(), ..position }),
        _ => None,
    };
    let next = next.map(|next| state.sealer.seal(&next));
    let next = token.filter(|_| faults.contains(&FaultKind::RepeatToken)).map(str::to_owned).or(next);
    let listed = if faults.contains(&FaultKind::EmptyPage) { &[] } else { page.as_slice() };
    let listed: Vec<Value> = listed.iter().map(|group| describe_group(location, group)).collect();
    Ok(shape(listed, next.as_deref(), faults))
}

fn position(
    state: &State,
    location: &AccountRegion,
    wanted: &Wanted<'_>,
    token: Option<&str>,
    faults: &[FaultKind],
) -> Result<GroupPosition, ApiError> {
    let listing = format!("{ACTION} {} {} {wanted:?}", location.account_id, location.region);
    let Some(token) = token else {
        return Ok(GroupPosition { listing, after: String::new(), empty: 0 });
    };
    let position: GroupPosition = state.sealer.open(token).ok_or_else(error::invalid_token)?;
    let is_good = position.listing == listing && !faults.contains(&FaultKind::ExpireToken);
    if is_good { Ok(position) } else { Err(error::invalid_token()) }
}

/// The groups that are asked for.
#[derive(Debug)]
struct Wanted<'a> {
    prefix: Option<&'a str>,
    pattern: Option<&'a str>,
    class: Option<&'a str>,
    /// Empty for any.
    names: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(location: &AccountRegion, fields: &'a Fields) -> Result<Self, ApiError> {
        let arn_prefix = group_arn(location, "");
        let identifiers = fields.texts("logGroupIdentifiers")?.into_iter();
        let wanted = Self {
            prefix: fields.text("logGroupNamePrefix")?,
            pattern: fields.text("logGroupNamePattern")?,
            class: fields.text("logGroupClass")?,
            names: identifiers.map(|name| name.strip_prefix(&arn_prefix).unwrap_or(name)).collect(),
        };
        let filters = [wanted.prefix, wanted.pattern, wanted.class];
        if wanted.prefix.is_some() && wanted.pattern.is_some() {
            let message = "LogGroupNamePrefix and LogGroupNamePattern are mutually exclusive parameters.";
            return Err(error::invalid_parameter(message));
        }
        if !wanted.names.is_empty() && filters.iter().any(Option::is_some) {
            let message = "LogGroupIdentifiers cannot be specified together with another filter.";
            return Err(error::invalid_parameter(message));
        }
        if fields.flag("includeLinkedAccounts")? {
            return Err(error::invalid_parameter("Linked accounts are not simulated"));
        }
        Ok(wanted)
    }

    fn includes(&self, group: &LogGroup) -> bool {
        self.prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && self.pattern.is_none_or(|pattern| group.name.contains(pattern))
            && self.class.is_none_or(|class| group.class.name() == class)
            && (self.names.is_empty() || self.names.contains(&group.name.as_str()))
    }
}

fn describe_group(location: &AccountRegion, group: &LogGroup) -> Value {
    let arn = group_arn(location, &group.name);
    let fields = [
        ("logGroupName", json!(group.name)),
        ("arn", json!(format!("{arn}:*"))),
        ("logGroupArn", json!(arn)),
        ("creationTime", json!(group.created.as_millisecond())),
        ("logGroupClass", json!(group.class.name())),
        ("metricFilterCount", json!(0)),
        ("storedBytes", json!(mix_bytes(0, arn.as_bytes()) % 1_000_000_000)),
    ];
    let optional = [
        ("retentionInDays", group.retention_days.map(|days| json!(days))),
        ("kmsKeyId", group.kms_key_id.as_ref().map(|key| json!(key))),
        ("dataProtectionStatus", (!group.masked_fields.is_empty()).then(|| json!("ACTIVATED"))),
    ];
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let all = fields.into_iter().chain(optional).map(|(name, value)| (name.to_owned(), value));
    Value::Object(all.collect::<Map<String, Value>>())
}

fn shape(groups: Vec<Value>, next: Option<&str>, faults: &[FaultKind]) -> Value {
    let mut body = Map::new();
    let name = if faults.contains(&FaultKind::RenamedList) { "groups" } else { "logGroups" };
    if faults.contains(&FaultKind::ListAsObject) {
        body.insert(name.to_owned(), json!({"item": groups}));
    } else if !faults.contains(&FaultKind::NoList) {
        body.insert(name.to_owned(), Value::Array(groups));
    }
    if let Some(next) = next {
        body.insert("nextToken".to_owned(), json!(next));
    }
    Value::Object(body)
}
