//! The description of a log group: its retention, its age, its class and its data protection.

use std::borrow::Cow;

use aws_sdk_cloudwatchlogs::operation::describe_log_groups::{DescribeLogGroups, DescribeLogGroupsOutput};
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use jiff::{SignedDuration, Timestamp};

use super::client::{LogSource, page_error};
use super::{malformed, over_limit, repeated_token};
use crate::answer_limits::Limit;
use crate::aws::ec2::PageError;
use crate::aws::ec2::pager::{Next, Pager};
use crate::aws::response_reader::{ResponseReader, SdkOperation};
use crate::log_group::LogGroup;
use crate::tables::connection_logs::decoder::page;
use crate::tables::json::{Json, Value};
use crate::tables::xml::{DecodeError, PageEnd};

/// A log group as CloudWatch Logs describes it. Source: CloudWatch Logs API reference, `LogGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupDescription {
    /// Days for which it keeps events; `None` for ever.
    pub retention_days: Option<i64>,
    /// Time of its creation; `None` if CloudWatch Logs sent none.
    pub creation_time: Option<Timestamp>,
    /// Its class; `None` if CloudWatch Logs sent none.
    pub class: Option<String>,
    /// `true` if a data protection policy, of its own or of the account, masks fields.
    pub is_masked: bool,
}

impl GroupDescription {
    /// Returns the time before which it keeps no event at `now`; `None` if it keeps all.
    pub fn retained_since(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.retention_days?.checked_mul(24)?;
        now.checked_sub(SignedDuration::from_hours(hours.clamp(0, 1_000_000))).ok()
    }
}

impl LogSource {
    /// Returns the description of a log group; `None` if there is none of this name.
    ///
    /// # Errors
    /// Returns an error if that cannot be determined.
    pub async fn group(&self, group: &LogGroup) -> Result<Option<GroupDescription>, PageError> {
        let mut pager = Pager::new(None);
        loop {
            let key = self.access_key().await?;
            let (found, next_token, rows) = match self.groups_page(group, pager.token()).await {
                Ok(page) => page,
                Err(error) => {
                    self.renew_credentials(error, &key).await?;
                    self.groups_page(group, pager.token()).await?
                }
            };
            if found.is_some() {
                return Ok(found);
            }
            match pager.advance(next_token, rows) {
                Next::Page => {}
                Next::End => return Ok(None),
                Next::Repeated => return Err(repeated_token()),
                Next::TooManyEmpty => return Err(over_limit(Limit::EmptyPages)),
                Next::TooMany => return Err(over_limit(Limit::Pages)),
                Next::TooManyRows => return Err(over_limit(Limit::Rows)),
            }
        }
    }

    async fn groups_page(
        &self,
        group: &LogGroup,
        token: Option<&str>,
    ) -> Result<(Option<GroupDescription>, Option<String>, usize), PageError> {
        let operation = SdkOperation {
            config: || DescribeLogGroups::new().config(),
            empty_output: || Output::erase(DescribeLogGroupsOutput::builder().build()),
        };
        let name = group.name().to_owned();
        let reader = ResponseReader::new(operation, move |bytes| groups(bytes, &name));
        let resource = format!("{}:*", group.place().log_groups_arn());
        self.client()
            .describe_log_groups()
            .log_group_name_prefix(group.name())
            .set_next_token(token.map(str::to_owned))
            .customize()
            .interceptor(reader.clone())
            .send()
            .await
            .map_err(|error| page_error(error, "logs:DescribeLogGroups", &resource, token))?;
        let page = reader.take().ok_or_else(malformed)?;
        let (found, rows) = page.rows;
        Ok((found, page.end.next_token, rows))
    }
}

/// Reads a page of log groups: the one of this name, and the number of all. It has exactly one list, and another shape is refused.
fn groups(body: &[u8], name: &str) -> Result<(PageEnd, (Option<GroupDescription>, usize)), DecodeError> {
    let (mut found, mut rows) = (None, 0);
    let end = page(body, "logGroups", |json| {
        rows += 1;
        let (group_name, description) = group(json)?;
        if group_name == name {
            found = Some(description);
        }
        Ok(())
    })?;
    Ok((end, (found, rows)))
}

fn group<'a>(json: &mut Json<'a>) -> Result<(Cow<'a, str>, GroupDescription), DecodeError> {
    let (mut name, mut description) = (None, GroupDescription::default());
    json.object(|field, json| {
        match (field.as_ref(), json.value()?) {
            ("logGroupName", Value::Text(text)) => name = Some(text),
            (_, Value::Null) => {}
            ("retentionInDays", value) => description.retention_days = Some(retention_days(&value)?),
            ("creationTime", value) => description.creation_time = Some(creation_time(&value)?),
            ("logGroupClass", Value::Text(text)) => description.class = Some(text.into_owned()),
            ("dataProtectionStatus", Value::Text(text)) => description.is_masked |= text == "ACTIVATED",
            ("inheritedProperties", Value::Other(properties)) => {
                description.is_masked |= properties.contains("\"ACCOUNT_DATA_PROTECTION\"");
            }
            _ => {}
        }
        Ok::<(), DecodeError>(())
    })?;
    Ok((name.ok_or(DecodeError::Malformed)?, description))
}

/// Reads a retention. One that is not understood is no retention: the log group would count as one that keeps events for ever.
fn retention_days(value: &Value<'_>) -> Result<i64, DecodeError> {
    let Value::Number(number) = value else { return Err(DecodeError::Malformed) };
    number.parse().ok().filter(|days| *days > 0).ok_or(DecodeError::Malformed)
}

fn creation_time(value: &Value<'_>) -> Result<Timestamp, DecodeError> {
    let Value::Number(number) = value else { return Err(DecodeError::Malformed) };
    let millis = number.parse().ok();
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).ok_or(DecodeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_the_name_is_described() {
        let body = br#"{"logGroups":[{"logGroupName":"/vpn","creationTime":1500000000000,"retentionInDays":7,
            "logGroupClass":"INFREQUENT_ACCESS","dataProtectionStatus":"ACTIVATED","new":{}},{"logGroupName":"/vpn2"}],"nextToken":"t"}"#;
        let (end, (found, rows)) = groups(body, "/vpn").unwrap();
        let expected = GroupDescription {
            retention_days: Some(7),
            creation_time: "2017-07-14T02:40:00Z".parse().ok(),
            class: Some("INFREQUENT_ACCESS".to_owned()),
            is_masked: true,
        };
        assert_eq!((end.next_token.as_deref(), found.as_ref(), rows), (Some("t"), Some(&expected), 2));
        assert_eq!(groups(body, "/vpn2").unwrap().1, (Some(GroupDescription::default()), 2));
        assert_eq!(groups(body, "/vp").unwrap().1, (None, 2));
        for (json, is_masked) in [
            (r#""inheritedProperties":["ACCOUNT_DATA_PROTECTION"],"dataProtectionStatus":"DELETED""#, true),
            (r#""inheritedProperties":[],"dataProtectionStatus":"DISABLED""#, false),
        ] {
            let body = format!(r#"{{"logGroups":[{{"logGroupName":"/vpn",{json}}}]}}"#);
            let found = groups(body.as_bytes(), "/vpn").unwrap().1.0.unwrap();
            assert_eq!(found.is_masked, is_masked, "{json}");
        }
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(expected.retained_since(now), "2026-11-16T09:00:00Z".parse().ok());
        assert_eq!(GroupDescription::default().retained_since(now), None);
    }

    #[test]
    fn another_shape_is_refused() {
        for body in [
            "",
            "{}",
            "{\"logGroups\":null}",
            "{\"logGroups\":[{}]}",
            "{\"logGroups\":[],\"LogGroups\":[]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"retentionInDays\":0}]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"retentionInDays\":-5}]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"retentionInDays\":1.0}]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"retentionInDays\":\"1\"}]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"retentionInDays\":99999999999999999999}]}",
            "{\"logGroups\":[{\"logGroupName\":\"x\",\"creationTime\":\"1\"}]}",
            "[]",
        ] {
            assert_eq!(groups(body.as_bytes(), "x"), Err(DecodeError::Malformed), "{body}");
        }
    }
}
