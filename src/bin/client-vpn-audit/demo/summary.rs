//! A summary of the demo's record, read back from the Parquet objects as any reader would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::lake::keys::ConfigurationTable;
use client_vpn_audit::lake::ledger::Written;
use indicatif::{DecimalBytes, HumanCount};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::output::counted;

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
    /// Attempts to connect that failed, by the connection logs.
    failed_attempts: u64,
    /// Public addresses that the connection logs have.
    public_addresses: u64,
    /// The last attempt that failed; `None` if none did.
    last_failed_attempt: Option<FailedAttempt>,
    /// Written objects: path within the lake, and size in bytes.
    files: Vec<(String, u64)>,
}

/// An attempt to connect that failed.
#[derive(Debug, Serialize)]
struct FailedAttempt {
    /// Time of the event.
    time: Timestamp,
    /// The user, or the common name if there is no user.
    who: String,
    /// The public address of the client.
    device_ip: String,
    /// AWS's reason.
    reason: String,
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
    pub fn of<'a>(lake: &Path, reports: impl Iterator<Item = &'a Report>) -> Result<Summary, std::io::Error> {
        Self::read(lake, reports).map_err(std::io::Error::other)
    }

    fn read<'a>(
        lake: &Path,
        reports: impl Iterator<Item = &'a Report>,
    ) -> Result<Summary, Box<dyn std::error::Error + Send + Sync>> {
        let mut people = BTreeSet::new();
        let mut last: BTreeMap<String, LastRecord> = BTreeMap::new();
        let (mut logged, mut files) = (Logged::default(), Vec::new());
        for report in reports {
            for object in report.record.targets.iter().filter_map(|entry| entry.object.as_ref()) {
                let key = &object.object_key;
                let file = File::open(lake.join(key))?;
                files.push((key.clone(), file.metadata()?.len()));
                for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
                    read_batch(&batch?, &mut people, &mut last);
                }
            }
            for object in window_objects(report) {
                let file = File::open(lake.join(&object.object_key))?;
                files.push((object.object_key.clone(), file.metadata()?.len()));
                for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
                    logged.read_batch(&batch?);
                }
            }
            let configuration = report.record.places.iter().flat_map(|place| {
                ConfigurationTable::ALL
                    .into_iter()
                    .filter_map(|table| place.configuration(table)?.object.as_ref())
            });
            for key in configuration.map(|object| &object.object_key).chain(&report.run_keys) {
                files.push((key.clone(), fs::metadata(lake.join(key))?.len()));
            }
        }
        Ok(Summary {
            people: people.len() as u64,
            connections: last.len() as u64,
            sessions_ended: last.values().filter(|record| record.ended).count() as u64,
            ingress_bytes: last.values().map(|record| record.ingress_bytes).sum(),
            egress_bytes: last.values().map(|record| record.egress_bytes).sum(),
            failed_attempts: logged.failed_attempts,
            public_addresses: logged.addresses.len() as u64,
            last_failed_attempt: logged.last_failed,
            files,
        })
    }

    /// Lists the folders of the lake, one a line, with what was written there.
    pub fn folders_text(&self) -> String {
        let mut folders: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (path, bytes) in &self.files {
            let folder = path.split_once('/').map_or(path.as_str(), |(folder, _)| folder);
            let (objects, sum) = folders.entry(folder).or_default();
            (*objects, *sum) = (*objects + 1, *sum + bytes);
        }
        let line = |(folder, (objects, bytes)): (&str, (u64, u64))| {
            format!("  {folder:<19} {:>12}  {}", counted(objects, "object"), DecimalBytes(bytes))
        };
        folders.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  people connected   {}", HumanCount(self.people))?;
        writeln!(f, "  connections        {}", HumanCount(self.connections))?;
        writeln!(f, "  sessions ended     {}", HumanCount(self.sessions_ended))?;
        writeln!(f, "  sent by clients    {}", DecimalBytes(self.ingress_bytes))?;
        writeln!(f, "  sent to clients    {}", DecimalBytes(self.egress_bytes))?;
        writeln!(f, "  failed attempts    {}", HumanCount(self.failed_attempts))?;
        write!(f, "  public addresses   {}", HumanCount(self.public_addresses))?;
        let Some(FailedAttempt { time, who, device_ip, reason }) = &self.last_failed_attempt else {
            return Ok(());
        };
        write!(f, "\n  last failed        {time:.0}: {who} from {device_ip}: {reason}")
    }
}

/// Objects of windows of connection logs.
fn window_objects(report: &Report) -> impl Iterator<Item = &Written> {
    let logs = report.record.places.iter().filter_map(|place| place.logs.as_ref());
    let windows = logs.flat_map(|logs| &logs.groups).flat_map(|group| &group.windows);
    windows.filter_map(|window| window.object.as_ref())
}

/// The figures of the connection logs.
#[derive(Default)]
struct Logged {
    failed_attempts: u64,
    addresses: BTreeSet<String>,
    last_failed: Option<FailedAttempt>,
}

impl Logged {
    fn read_batch(&mut self, batch: &RecordBatch) {
        let times = batch
            .column_by_name("event_time")
            .and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
        for row in 0..batch.num_rows() {
            self.addresses.extend(text(batch, "device_ip", row));
            if text(batch, "connection_attempt_status", row).as_deref() != Some("failed") {
                continue;
            }
            self.failed_attempts += 1;
            let time = times.and_then(|times| Timestamp::from_millisecond(times.value(row)).ok());
            let who = text(batch, "username", row).or_else(|| text(batch, "common_name", row));
            let Some(((time, who), device_ip)) = time.zip(who).zip(text(batch, "device_ip", row)) else {
                continue;
            };
            if self.last_failed.as_ref().is_none_or(|last| last.time < time) {
                let reason = text(batch, "connection_attempt_failure_reason", row).unwrap_or_default();
                self.last_failed = Some(FailedAttempt { time, who, device_ip, reason });
            }
        }
    }
}

/// Returns a text; `None` if it is null.
fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn read_batch(batch: &RecordBatch, people: &mut BTreeSet<String>, last: &mut BTreeMap<String, LastRecord>) {
    let count = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        column.is_valid(row).then(|| u64::try_from(column.value(row)).unwrap_or(0))
    };
    let has_ended =
        |row: usize| batch.column_by_name("connection_end_time").is_some_and(|ends| ends.is_valid(row));
    for row in 0..batch.num_rows() {
        people.extend(text(batch, "username", row).or_else(|| text(batch, "common_name", row)));
        let Some(connection_id) = text(batch, "connection_id", row) else {
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
