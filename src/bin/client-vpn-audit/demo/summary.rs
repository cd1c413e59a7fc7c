//! A summary of the demo's record, read back from the Parquet objects as any reader would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use client_vpn_audit::capture::run::Report;
use indicatif::{DecimalBytes, HumanCount};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

/// The figures of the summary.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Different users, or common names if there is no user.
    people: u64,
    /// Different connections.
    connections: u64,
    /// Connections that ended.
    sessions_ended: u64,
    /// Bytes that clients sent, by each connection's last record.
    ingress_bytes: u64,
    /// Bytes that clients received, by each connection's last record.
    egress_bytes: u64,
    /// Written objects: path within the lake, and size in bytes.
    files: Vec<(String, u64)>,
}

/// The last record of a connection.
#[derive(Default)]
struct LastRecord {
    ended: bool,
    ingress_bytes: u64,
    egress_bytes: u64,
}

impl Summary {
    /// Reads the objects that the runs wrote, in the order they were written.
    pub fn of(lake: &Path, reports: &[Box<Report>]) -> Result<Summary, std::io::Error> {
        Self::read(lake, reports).map_err(std::io::Error::other)
    }

    fn read(
        lake: &Path,
        reports: &[Box<Report>],
    ) -> Result<Summary, Box<dyn std::error::Error + Send + Sync>> {
        let mut people = BTreeSet::new();
        let mut last: BTreeMap<String, LastRecord> = BTreeMap::new();
        let mut files = Vec::new();
        for report in reports {
            for object in report.record.targets.iter().filter_map(|entry| entry.object.as_ref()) {
                let key = &object.object_key;
                let file = File::open(lake.join(key))?;
                files.push((key.clone(), file.metadata()?.len()));
                for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
                    read_batch(&batch?, &mut people, &mut last);
                }
            }
            let places = report.record.places.iter();
            let endpoints = places.filter_map(|place| place.endpoints.as_ref()?.object.as_ref());
            for key in endpoints.map(|object| &object.object_key).chain(&report.run_keys) {
                files.push((key.clone(), fs::metadata(lake.join(key))?.len()));
            }
        }
        Ok(Summary {
            people: people.len() as u64,
            connections: last.len() as u64,
            sessions_ended: last.values().filter(|record| record.ended).count() as u64,
            ingress_bytes: last.values().map(|record| record.ingress_bytes).sum(),
            egress_bytes: last.values().map(|record| record.egress_bytes).sum(),
            files,
        })
    }

    /// Lists the written objects, one a line.
    pub fn files_text(&self) -> String {
        let line = |(path, bytes): &(String, u64)| format!("  {path}  {}", DecimalBytes(*bytes));
        self.files.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  people connected   {}", HumanCount(self.people))?;
        writeln!(f, "  connections        {}", HumanCount(self.connections))?;
        writeln!(f, "  sessions ended     {}", HumanCount(self.sessions_ended))?;
        writeln!(f, "  sent by clients    {}", DecimalBytes(self.ingress_bytes))?;
        write!(f, "  sent to clients    {}", DecimalBytes(self.egress_bytes))
    }
}

fn read_batch(batch: &RecordBatch, people: &mut BTreeSet<String>, last: &mut BTreeMap<String, LastRecord>) {
    let text = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let count = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        column.is_valid(row).then(|| u64::try_from(column.value(row)).unwrap_or(0))
    };
    let has_ended =
        |row: usize| batch.column_by_name("connection_end_time").is_some_and(|ends| ends.is_valid(row));
    for row in 0..batch.num_rows() {
        people.extend(text("username", row).or_else(|| text("common_name", row)));
        let Some(connection_id) = text("connection_id", row) else {
            continue;
        };
        let record = LastRecord {
            ended: has_ended(row),
            ingress_bytes: count("ingress_bytes", row).unwrap_or(0),
            egress_bytes: count("egress_bytes", row).unwrap_or(0),
        };
        last.insert(connection_id, record);
    }
}
