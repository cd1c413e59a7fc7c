//! Writes a snapshot anew with other settings of the Parquet writer, and prints what each costs: its name, its bytes, and the
//! milliseconds of writing it, on one thread, a line each with tabs between.
//!
//! Usage: `parquet_variants OBJECT FOLDER`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints numbers")]
#![allow(clippy::disallowed_methods, reason = "a front end, which measures")]

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

const RUNS: usize = 5;

const IDS: &[&str] = &["connection_id", "client_ip", "client_ipv6_address"];
const NAMES: &[&str] = &["username", "common_name"];
const COUNTS: &[&str] = &["ingress_bytes", "egress_bytes", "ingress_packets", "egress_packets"];
/// Columns whose values hardly come twice in a snapshot.
const DISTINCT: [&[&str]; 3] = [IDS, NAMES, COUNTS];
const TIMES: &[&str] = &[
    "connection_timestamp",
    "connection_established_time",
    "connection_end_time",
    "authorization_policy_last_evaluated_time",
];
/// Columns that are looked up by.
const LOOKED_UP: &[&str] = &["connection_id", "username"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [object, folder] = arguments.as_slice() else {
        eprintln!("usage: parquet_variants OBJECT FOLDER");
        return ExitCode::from(2);
    };
    match write_all(Path::new(object), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_all(object: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let batches =
        ParquetRecordBatchReaderBuilder::try_new(File::open(object)?)?.with_batch_size(1000).build()?;
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>()?;
    for (name, properties) in variants() {
        let path = folder.join(format!("{name}.parquet"));
        let times: Result<Vec<Duration>, _> =
            (0..RUNS).map(|_| write(&batches, &properties, &path)).collect();
        let fastest = times?.into_iter().min().unwrap_or_default();
        println!("{name}\t{}\t{:.1}", std::fs::metadata(&path)?.len(), fastest.as_secs_f64() * 1000.0);
    }
    Ok(())
}

fn write(
    batches: &[RecordBatch],
    properties: &WriterProperties,
    path: &Path,
) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let schema = batches.first().ok_or("the object is empty")?.schema();
    let options =
        ArrowWriterOptions::new().with_properties(properties.clone()).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path)?, schema, options)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(start.elapsed())
}

fn variants() -> Vec<(&'static str, WriterProperties)> {
    let defaults = || WriterProperties::builder().set_coerce_types(true);
    let zstd = || defaults().set_compression(Compression::ZSTD(ZstdLevel::default()));
    let with_dictionaries = || {
        let builder = zstd().set_statistics_enabled(EnabledStatistics::Chunk);
        builder.set_max_row_group_row_count(Some(16_384)).set_data_page_row_count_limit(2_048)
    };
    let used = || {
        DISTINCT
            .iter()
            .fold(with_dictionaries(), |builder, columns| encode(builder, columns, Encoding::PLAIN))
    };
    let groups = |rows| used().set_max_row_group_row_count(Some(rows));
    let bloom =
        |builder: WriterPropertiesBuilder, column| builder.set_column_bloom_filter_enabled(column, true);
    let variants = [
        ("what is used", used()),
        ("the writer's defaults, uncompressed", defaults()),
        ("the writer's defaults, zstd", zstd()),
        ("dictionaries for all columns", with_dictionaries()),
        ("row groups of 4,096", groups(4_096)),
        ("row groups of 131,072", groups(131_072)),
        ("page index", used().set_statistics_enabled(EnabledStatistics::Page)),
        ("bloom filters of connection_id and username", each(used(), LOOKED_UP, bloom)),
        ("delta encoding of times", encode(used(), TIMES, Encoding::DELTA_BINARY_PACKED)),
        ("delta encoding of ids and addresses", encode(used(), IDS, Encoding::DELTA_BYTE_ARRAY)),
        ("delta encoding of counts", encode(used(), COUNTS, Encoding::DELTA_BINARY_PACKED)),
        (
            "zstd level 3",
            used().set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default())),
        ),
    ];
    variants.into_iter().map(|(name, builder)| (name, builder.build())).collect()
}

/// Another encoding for some columns, and no dictionary.
fn encode(builder: WriterPropertiesBuilder, columns: &[&str], encoding: Encoding) -> WriterPropertiesBuilder {
    each(builder, columns, |builder, column| {
        builder.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, encoding)
    })
}

fn each(
    builder: WriterPropertiesBuilder,
    columns: &[&str],
    set: impl Fn(WriterPropertiesBuilder, ColumnPath) -> WriterPropertiesBuilder,
) -> WriterPropertiesBuilder {
    columns.iter().fold(builder, |builder, column| set(builder, ColumnPath::from(*column)))
}
