//! What pyarrow and DuckDB see: the names, types and nullability of the schema table, and the Parquet standard's shape.

use client_vpn_audit::snapshot::schema::{COLUMNS, ColumnType};
use client_vpn_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::{NOW, World, fleet, outcomes};

async fn object(fault: Option<FaultKind>) -> Value {
    let world = World::new(fleet(1, 40)).await;
    if let Some(kind) = fault {
        world.simulator.inject(Fault::always(kind));
    }
    let report = world.snapshot("7").await;
    assert_eq!(outcomes(&report), ["complete"]);
    let lake = world.read();
    lake["connections"][report.record.targets[0].object_key.as_ref().unwrap()].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_readers_see_the_schema_table() {
    for fault in [None, Some(FaultKind::OddValues)] {
        let object = object(fault).await;
        let names: Vec<&String> = object["arrow_types"].as_object().unwrap().keys().collect();
        assert_eq!(names, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
        for column in COLUMNS {
            let (arrow, duckdb) = match column.column_type {
                ColumnType::Timestamp => ("timestamp[ms, tz=UTC]", "TIMESTAMP WITH TIME ZONE"),
                ColumnType::String => ("string", "VARCHAR"),
                ColumnType::Bigint => ("int64", "BIGINT"),
                ColumnType::StringList => ("list<element: string not null>", "VARCHAR[]"),
                ColumnType::StringMap => ("map<string, string", "MAP(VARCHAR, VARCHAR)"),
            };
            let seen = object["arrow_types"][column.name].as_str().unwrap();
            assert!(seen.starts_with(arrow), "{}: {seen}", column.name);
            assert_eq!(object["duckdb_types"][column.name], json!(duckdb), "{}", column.name);
            assert_eq!(object["nullable"][column.name], json!(column.null.is_some()), "{}", column.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_have_the_shape_of_the_design() {
    let object = object(None).await;
    let schema = object["parquet_schema"].as_str().unwrap();
    assert!(schema.contains("isAdjustedToUTC=true, timeUnit=milliseconds"), "{schema}");
    for group in
        ["group field_id=-1 list {", "binary field_id=-1 element (String)", "group field_id=-1 key_value {"]
    {
        assert!(schema.contains(group), "{group} is not in {schema}");
    }
    assert_eq!(object["compressions"], json!(["ZSTD"]));
    assert_eq!(object["columns_without_statistics"], json!([]));
    assert_eq!(
        object["metadata"],
        json!({
            "schema_version": "1",
            "tool_version": env!("CARGO_PKG_VERSION"),
            "snapshot_time": NOW,
            "endpoint_id": object["rows"][0]["endpoint_id"],
            "outcome": "complete",
        })
    );
    assert_eq!(object["rows"].as_array().unwrap().len(), 40);
    assert_eq!(object["rows"][0]["snapshot_time"], json!("2025-11-23T09:00:00.000+00:00"));
}
