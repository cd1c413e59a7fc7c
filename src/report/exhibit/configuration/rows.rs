//! The parts of endpoints in the objects of a snapshot. The rules are those of `sql_fragments/configuration.sql`.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::columns::TextColumns;
use super::history::{ConfigurationPart, GivenConfiguration, GivenPart, GivenParts, SEPARATOR};
use super::options::{LISTS, OPTIONS};
use crate::lake::parquet::RowsError;

/// Most endpoints of a snapshot.
const MOST_ENDPOINTS: usize = 10_000;

/// Most rules, and most routes, of a snapshot.
const MOST_ENTRIES: usize = 200_000;

/// The columns of `authorization_rules` that are read.
pub(super) const RULE_COLUMNS: [&str; 7] =
    ["endpoint_id", "destination_cidr", "group_id", "access_all", "description", "status_code", "unparsed"];

/// The columns of `routes` that are read.
pub(super) const ROUTE_COLUMNS: [&str; 9] = [
    "endpoint_id",
    "destination_cidr",
    "target_subnet",
    "transit_gateway_attachment_id",
    "origin",
    "route_type",
    "description",
    "status_code",
    "unparsed",
];

/// A rule or a route: the endpoint, its name, and its value.
type ConfiguredEntry = (String, String, String);

/// Returns the snapshot that these objects show. Rules or routes that are `None` could not be read.
///
/// # Errors
/// Returns an error if the endpoints go beyond a limit, or have other types than the table's.
pub(super) fn snapshot(
    snapshot_time: Timestamp,
    endpoints: &[RecordBatch],
    rules: Option<Vec<ConfiguredEntry>>,
    routes: Option<Vec<ConfiguredEntry>>,
) -> Result<GivenConfiguration, RowsError> {
    let mut given = GivenConfiguration {
        snapshot_time,
        listed_at: None,
        endpoints: BTreeMap::new(),
        has_nameless: false,
    };
    // Parts that one row of an endpoint does not know are not known, whatever another row has.
    let mut unknown: Vec<(String, ConfigurationPart)> = Vec::new();
    check_rows(endpoints, MOST_ENDPOINTS, "endpoints")?;
    for batch in endpoints {
        let columns = TextColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let captured_at = columns.time("captured_at", row)?.ok_or(RowsError::Value("captured_at"))?;
            given.listed_at = Some(given.listed_at.map_or(captured_at, |first| first.min(captured_at)));
            if columns.any_text("status_code", row)?.as_deref() == Some("deleted") {
                continue;
            }
            let Some(endpoint_id) = columns.endpoint_id(row)? else {
                given.has_nameless = true;
                continue;
            };
            let unparsed = columns.unparsed(row);
            let parts = given.endpoints.entry(endpoint_id.clone()).or_default();
            for part in ConfigurationPart::ALL {
                if !is_known(&columns, row, part, &unparsed)? {
                    unknown.push((endpoint_id.clone(), part));
                    continue;
                }
                let answered = match part {
                    ConfigurationPart::Listing => continue,
                    ConfigurationPart::Rules => columns.time("authorization_rules_captured_at", row)?,
                    ConfigurationPart::Routes => columns.time("routes_captured_at", row)?,
                    _ => None,
                };
                let captured_at = answered.unwrap_or(captured_at);
                let given =
                    parts.entry(part).or_insert_with(|| GivenPart { captured_at, values: BTreeMap::new() });
                given.captured_at = given.captured_at.min(captured_at);
                add_options(&columns, row, part, &unparsed, given)?;
            }
        }
    }
    for (endpoint_id, part) in unknown {
        given.endpoints.get_mut(&endpoint_id).and_then(|parts| parts.remove(&part));
    }
    add_entries(&mut given.endpoints, ConfigurationPart::Rules, rules);
    add_entries(&mut given.endpoints, ConfigurationPart::Routes, routes);
    Ok(given)
}

fn check_rows(batches: &[RecordBatch], most: usize, name: &str) -> Result<(), RowsError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows > most { Err(RowsError::Limit(format!("{most} {name}"))) } else { Ok(()) }
}

/// Returns `true` if all of a part is known at a row of `endpoints`.
fn is_known(
    columns: &TextColumns<'_>,
    row: usize,
    part: ConfigurationPart,
    unparsed: &BTreeMap<&str, &str>,
) -> Result<bool, RowsError> {
    let error = match part {
        ConfigurationPart::Listing | ConfigurationPart::Options => return Ok(true),
        ConfigurationPart::Networks if columns.any_text("associated_networks", row)?.is_none() => {
            return Ok(false);
        }
        ConfigurationPart::Networks => "targetNetworkId#error",
        ConfigurationPart::Rules => "authorizationRule#error",
        ConfigurationPart::Routes => "routes#error",
        ConfigurationPart::Policy => "authorizationPolicy#error",
        ConfigurationPart::RevocationList => "certificateRevocationList#error",
    };
    Ok(!unparsed.contains_key(error))
}

fn add_options(
    columns: &TextColumns<'_>,
    row: usize,
    part: ConfigurationPart,
    unparsed: &BTreeMap<&str, &str>,
    given: &mut GivenPart,
) -> Result<(), RowsError> {
    for (_, name, field) in OPTIONS.into_iter().filter(|(of, ..)| *of == part) {
        let Some(value) = columns.text(name, row)? else { continue };
        let value = match unparsed.get(field) {
            None if LISTS.contains(&name) => value.map(|value| in_order(&value).unwrap_or(value)),
            None => value,
            // The column does not have it, or not exactly.
            Some(text) => concatenated([value.as_deref(), Some(text)]),
        };
        given.values.entry(name.to_owned()).or_default().insert(value);
    }
    Ok(())
}

/// Returns a list of objects in an order that does not depend on AWS's, and without messages; `None` if it is none.
fn in_order(text: &str) -> Option<String> {
    let items: Vec<Map<String, Value>> = serde_json::from_str(text).ok()?;
    let mut items: Vec<String> = items
        .into_iter()
        .map(|item| {
            let fields = item.into_iter().map(|(name, value)| {
                let code = value.get("code").filter(|_| name == "status").cloned();
                let mut value = code.unwrap_or(value);
                if let Value::Array(list) = &mut value {
                    list.sort_by_key(Value::to_string);
                }
                (name, value)
            });
            json!(fields.collect::<BTreeMap<String, Value>>()).to_string()
        })
        .collect();
    items.sort();
    Some(items.join(", "))
}

/// Returns the texts that there are, as the saved query writes them; `None` for none.
fn concatenated<const N: usize>(texts: [Option<&str>; N]) -> Option<String> {
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join(SEPARATOR))
}

/// Adds rules or routes to the endpoints of which all are known. Those of others are not compared.
fn add_entries(
    endpoints: &mut BTreeMap<String, GivenParts>,
    part: ConfigurationPart,
    entries: Option<Vec<ConfiguredEntry>>,
) {
    let Some(entries) = entries else {
        for parts in endpoints.values_mut() {
            parts.remove(&part);
        }
        return;
    };
    for (endpoint_id, name, value) in entries {
        if let Some(given) = endpoints.get_mut(&endpoint_id).and_then(|parts| parts.get_mut(&part)) {
            given.values.entry(name).or_default().insert(Some(value));
        }
    }
}

/// Returns the rules of an object.
///
/// # Errors
/// Returns an error if they go beyond a limit, or have other types than the table's.
pub(super) fn rules(batches: &[RecordBatch]) -> Result<Vec<ConfiguredEntry>, RowsError> {
    entries(batches, "rules", |columns, row| {
        let unparsed = columns.unparsed(row);
        let text = |name| columns.any_text(name, row);
        let network =
            concatenated([text("destination_cidr")?.as_deref(), unparsed.get("destinationCidr").copied()]);
        let group = text("group_id")?.filter(|group| !group.is_empty());
        let group = concatenated([group.as_deref(), unparsed.get("groupId").copied()]);
        // AWS gave two values, or one that is neither true nor false, or named another endpoint too.
        let is_odd = ["accessAll", "clientVpnEndpointId"].iter().any(|field| unparsed.contains_key(field));
        let whom = match group {
            _ if is_odd => None,
            _ if text("access_all")?.as_deref() == Some("true") => Some("all users".to_owned()),
            group => group.filter(|group| !group.is_empty()).map(|group| format!("group {group}")),
        };
        let value = json!({"description": text("description")?, "status_code": text("status_code")?});
        Ok((format!("{} for {}", known(network), known(whom)), value.to_string()))
    })
}

/// Returns the routes of an object.
///
/// # Errors
/// As [`rules`].
pub(super) fn routes(batches: &[RecordBatch]) -> Result<Vec<ConfiguredEntry>, RowsError> {
    entries(batches, "routes", |columns, row| {
        let unparsed = columns.unparsed(row);
        let text = |name| columns.any_text(name, row);
        let network =
            concatenated([text("destination_cidr")?.as_deref(), unparsed.get("destinationCidr").copied()]);
        let target = [text("target_subnet")?, text("transit_gateway_attachment_id")?];
        let target = target.into_iter().flatten().find(|target| !target.is_empty());
        let odd = ["targetSubnet", "transitGatewayAttachmentId"].iter().find_map(|field| unparsed.get(field));
        let target = target.or_else(|| odd.map(|text| (*text).to_owned()));
        let value = json!({
            "description": text("description")?,
            "origin": text("origin")?,
            "status_code": text("status_code")?,
            "type": text("route_type")?,
        });
        Ok((format!("{} via {}", known(network), known(target)), value.to_string()))
    })
}

fn known(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "not known".to_owned())
}

fn entries(
    batches: &[RecordBatch],
    name: &str,
    entry: impl Fn(&TextColumns<'_>, usize) -> Result<(String, String), RowsError>,
) -> Result<Vec<ConfiguredEntry>, RowsError> {
    check_rows(batches, MOST_ENTRIES, name)?;
    let mut entries = Vec::new();
    for batch in batches {
        let columns = TextColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            if let Some(endpoint_id) = columns.endpoint_id(row)? {
                let (name, value) = entry(&columns, row)?;
                entries.push((endpoint_id, name, value));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
