//! The parameters of a request in EC2's Query protocol.

use crate::error::ApiError;
use crate::random::mix_bytes;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Page sizes that EC2 accepts.
const PAGE_SIZES: RangeInclusive<usize> = 5..=1000;
const MAX_FILTER_VALUES: usize = 200;

/// Parameters of any action, and of a signature in the query string.
const COMMON_PARAMETERS: &[&str] =
    &["Action", "Version", "DryRun", "AWSAccessKeyId", "Timestamp", "Expires", "SecurityToken"];

/// All parameters of a request.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query string and the form in the body.
    pub(crate) fn parse(query: &str, body: &[u8]) -> Self {
        let both = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        Self(both.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the parameters in a fixed order, without those that each request has for itself.
    pub(crate) fn question(&self) -> Vec<(String, String)> {
        let asks = |name: &str| !name.starts_with("X-Amz-") && !name.starts_with("Signature");
        let mut question: Vec<_> = self.0.iter().filter(|(name, _)| asks(name)).cloned().collect();
        question.sort();
        question
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| ApiError::missing_parameter(name))
    }

    /// Refuses every parameter but the common ones and those that `known` accepts.
    pub(crate) fn only(&self, known: impl Fn(&str) -> bool) -> Result<(), ApiError> {
        let common = |name: &str| {
            COMMON_PARAMETERS.contains(&name) || name.starts_with("X-Amz-") || name.starts_with("Signature")
        };
        let stranger = self.0.iter().find(|(name, _)| !common(name) && !known(name));
        stranger.map_or(Ok(()), |(name, _)| Err(ApiError::unknown_parameter(name)))
    }

    pub(crate) fn dry_run(&self) -> Result<bool, ApiError> {
        match self.get("DryRun") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid_value(format!(
                "Invalid value '{other}' for dryRun. Must be true or false"
            ))),
        }
    }

    /// Returns `MaxResults`, if it is given.
    pub(crate) fn page_size(&self) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.get("MaxResults") else {
            return Ok(None);
        };
        match text.parse() {
            Ok(size) if PAGE_SIZES.contains(&size) => Ok(Some(size)),
            Ok(_) | Err(_) => Err(ApiError::invalid_value(format!(
                "Value ( {text} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."
            ))),
        }
    }

    /// Returns the values of `NAME.1`, `NAME.2` and so on, in that order.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let members = self.0.iter().filter_map(|(member, value)| {
            let index: usize = member.strip_prefix(name)?.strip_prefix('.')?.parse().ok()?;
            Some((index, value.as_str()))
        });
        members.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// Reads `Filter.N.Name` with `Filter.N.Value.M`, of which only names in `known` are allowed.
    pub(crate) fn filters(&self, known: &[&str]) -> Result<Filters, ApiError> {
        let indexes = self.0.iter().filter_map(|(name, _)| filter_index(name));
        let indexes: Vec<usize> = indexes.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let filters = indexes.into_iter().map(|index| {
            let name = self.get(&format!("Filter.{index}.Name")).unwrap_or("null");
            if !known.contains(&name) {
                return Err(ApiError::invalid_value(format!("The filter '{name}' is invalid")));
            }
            let values = self.list(&format!("Filter.{index}.Value"));
            if values.is_empty() {
                return Err(ApiError::invalid_value(format!("The filter '{name}' has no values")));
            }
            if values.len() > MAX_FILTER_VALUES {
                return Err(ApiError::filter_limit());
            }
            Ok((name.to_owned(), values.into_iter().map(str::to_owned).collect()))
        });
        filters.collect::<Result<_, _>>().map(Filters)
    }
}

/// Parses the `N` of `Filter.N.Name` and `Filter.N.Value.M`.
fn filter_index(name: &str) -> Option<usize> {
    let (index, rest) = name.strip_prefix("Filter.")?.split_once('.')?;
    (rest == "Name" || rest.starts_with("Value.")).then(|| index.parse().ok()).flatten()
}

/// Returns `true` if a parameter belongs to a filter.
pub(crate) fn is_filter(name: &str) -> bool {
    filter_index(name).is_some()
}

/// Filters by name, with their values. All must match, each by one of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Returns `true` if all filters match. `field` gives the value for a filter's name; a filter on an absent value matches
    /// nothing.
    pub(crate) fn match_all(&self, field: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|(name, values)| field(name).is_some_and(|value| values.contains(&value)))
    }

    /// Returns a number that distinguishes these filters from others.
    pub(crate) fn digest(&self) -> u64 {
        mix_bytes(0, format!("{:?}", self.0).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(body: &str) -> Parameters {
        Parameters::parse("", body.as_bytes())
    }

    #[test]
    fn filters_join_with_and_and_their_values_with_or() {
        let form = "Filter.1.Name=username&Filter.1.Value.1=a&Filter.1.Value.2=b&Filter.2.Name=id&Filter.2.Value.1=1";
        let filters = parameters(form).filters(&["username", "id"]).unwrap();
        let matches =
            |username: Option<&str>, id: &str| {
                filters.match_all(|name| {
                    if name == "id" { Some(id.to_owned()) } else { username.map(str::to_owned) }
                })
            };
        assert!(matches(Some("a"), "1") && matches(Some("b"), "1"));
        assert!(!matches(Some("A"), "1") && !matches(Some("a"), "2") && !matches(None, "1"));
    }

    #[test]
    fn an_unknown_filter_is_refused_by_name() {
        let error =
            parameters("Filter.1.Name=status&Filter.1.Value.1=active").filters(&["username"]).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            ("InvalidParameterValue", "The filter 'status' is invalid")
        );
    }

    #[test]
    fn page_sizes_lie_between_5_and_1000() {
        for (text, allowed) in
            [("5", true), ("1000", true), ("4", false), ("1001", false), ("-1", false), ("x", false)]
        {
            assert_eq!(parameters(&format!("MaxResults={text}")).page_size().is_ok(), allowed, "{text}");
        }
        assert_eq!(parameters("").page_size(), Ok(None));
    }

    #[test]
    fn list_members_are_in_order_of_their_numbers() {
        assert_eq!(parameters("A.10=c&A.2=b&A.1=a&A.x=d&AB.3=e").list("A"), ["a", "b", "c"]);
    }
}
