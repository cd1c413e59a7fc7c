//! The fields of a request in JSON.

use crate::api::logs::error;
use crate::error::ApiError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The fields of a request; one that is null is absent.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        match parsed {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(error::serialization()),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.typed(name, Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.typed(name, Value::as_bool)?.unwrap_or(false))
    }

    /// Returns a time in milliseconds since 1970.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.typed(name, Value::as_i64)? {
            Some(time) if time < 0 => {
                Err(violation(&time.to_string(), name, "Member must have value greater than or equal to 0"))
            }
            time => Ok(time),
        }
    }

    /// Returns a number of items.
    pub(crate) fn limit(&self, name: &str, allowed: RangeInclusive<usize>) -> Result<usize, ApiError> {
        let Some(number) = self.typed(name, Value::as_i64)? else { return Ok(*allowed.end()) };
        usize::try_from(number).ok().filter(|limit| allowed.contains(limit)).ok_or_else(|| {
            let bounds = format!("Member must have value between {} and {}", allowed.start(), allowed.end());
            violation(&number.to_string(), name, &bounds)
        })
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        let items = self.typed(name, Value::as_array)?.map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| item.as_str().ok_or_else(error::serialization)).collect()
    }

    fn typed<'a, T>(
        &'a self,
        name: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let value = self.0.get(name).filter(|value| !value.is_null());
        value.map(|value| read(value).ok_or_else(error::serialization)).transpose()
    }
}

/// Returns the error for a value outside of the API's model.
pub(crate) fn violation(value: &str, name: &str, constraint: &str) -> ApiError {
    error::invalid_parameter(format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
    ))
}
