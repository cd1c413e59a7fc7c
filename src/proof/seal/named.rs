//! The objects that a run record names.

use serde::Deserialize;

use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::recorded::{MOST_PLACES, MOST_TARGETS, MOST_WINDOWS, limited};
use crate::target::AccountRegion;

/// The parts of a run record that name objects. Fields of other versions are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordKeys {
    #[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    targets: Vec<TargetKeys>,
    #[serde(deserialize_with = "limited::<MOST_PLACES, _, _>")]
    places: Vec<PlaceKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TargetKeys {
    object_key: Option<String>,
    superseded: Option<EntryKey>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlaceKeys {
    endpoints: Option<EntryKey>,
    authorization_rules: Option<EntryKey>,
    routes: Option<EntryKey>,
    logs: Option<LogsKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogsKeys {
    #[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    groups: Vec<LogGroupKeys>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogGroupKeys {
    #[serde(deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    windows: Vec<EntryKey>,
}

impl PlaceKeys {
    fn object_keys(self) -> impl Iterator<Item = Option<String>> {
        let groups = self.logs.unwrap_or_default().groups.into_iter();
        let windows = groups.flat_map(|group| group.windows);
        let configuration = [self.endpoints, self.authorization_rules, self.routes];
        configuration.into_iter().flatten().chain(windows).map(|entry| entry.object_key)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EntryKey {
    object_key: Option<String>,
}

/// Lists the objects of `place` that a run record names, in the record's order. A text that is no run record, or has
/// more targets than one may have, names none.
pub fn objects(record: &[u8], place: &AccountRegion) -> Vec<ObjectKey> {
    let RecordKeys { targets, places } = serde_json::from_slice(record).unwrap_or_default();
    let of_targets = targets
        .into_iter()
        .flat_map(|entry| [entry.object_key, entry.superseded.and_then(|superseded| superseded.object_key)]);
    let of_places = places.into_iter().flat_map(PlaceKeys::object_keys);
    let names = of_targets.chain(of_places).flatten();
    let keys = names.filter_map(|name| in_the_lake(&name));
    keys.filter(|key| key.table != Table::Digests && key.place == *place).collect()
}

/// Reads a key as it stands in a bucket, which begins with the lake's prefix.
fn in_the_lake(name: &str) -> Option<ObjectKey> {
    // The last five parts are the key in the lake.
    let begin = name.rmatch_indices('/').nth(4).map_or(0, |(slash, _)| slash + 1);
    ObjectKey::parse(name.get(begin..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_its_objects_of_the_place() {
        let folder =
            |region: &str| format!("account_id=123456789012/region={region}/snapshot_date=2025-11-22");
        let time = "20251122T210000Z";
        let key = |table: &str, rest: &str| format!("{table}/{}/{time}{rest}", folder("eu-central-1"));
        let connections = key("connections", "_cvpn-endpoint-0123456789abcdef0.parquet");
        let superseded = key("partials", "_cvpn-endpoint-0123456789abcdef0_8f5a-1.parquet");
        let endpoints = key("endpoints", ".parquet");
        let (rules, routes) = (key("authorization_rules", ".parquet"), key("routes", ".parquet"));
        let window = key("connection_logs", "_0123456789ab.parquet");
        let elsewhere = endpoints.replace("eu-central-1", "eu-west-1");
        let record = serde_json::json!({
            "run_id": "8f5a-1",
            "targets": [
                {"object_key": format!("vpn/evidence/{connections}"), "superseded": {"object_key": superseded, "rows": 1}},
                {"object_key": null, "superseded": null, "more": [1]},
                {"object_key": "../../etc/passwd"},
                {"object_key": "connections/x.parquet"},
            ],
            "places": [
                {
                    "endpoints": {"object_key": endpoints},
                    "authorization_rules": {"object_key": rules},
                    "routes": {"object_key": routes},
                },
                {"endpoints": {"object_key": elsewhere}},
                {"endpoints": null},
                {"logs": {"groups": [{"windows": [{"object_key": format!("vpn/{window}"), "rows": 0}, {"object_key": null}]}, {}]}},
                {"discovery": {}},
            ],
        });
        let place = ObjectKey::parse(&connections).unwrap().place;
        let found = objects(record.to_string().as_bytes(), &place);
        let found: Vec<&str> = found.iter().map(ObjectKey::as_str).collect();
        assert_eq!(found, [connections, superseded, endpoints, rules, routes, window]);
        let mut long = record.clone();
        let target = record["targets"][0].clone();
        long["targets"] = vec![target.clone(); MOST_TARGETS].into();
        assert_eq!(objects(long.to_string().as_bytes(), &place).len(), 2 * MOST_TARGETS + 4);
        long["targets"] = vec![target; MOST_TARGETS + 1].into();
        let long = long.to_string();
        for text in ["", "{", "[]", "null", "{\"targets\": 1}", &long] {
            assert_eq!(objects(text.as_bytes(), &place), [], "{text}");
        }
    }
}
