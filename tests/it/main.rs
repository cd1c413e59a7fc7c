//! Every scenario in one binary, since the SDK makes each one heavy to link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs,
    reason = "a test that meets the unexpected shall fail, at that place"
)]

mod harness;

mod a_week_in_athena;
mod answers_of_aws;
mod api_model;
mod architecture;
mod bad_input;
mod bounded_answers;
mod bucket_policy;
mod command_line;
mod company_ca;
mod configuration_fault;
mod connection_logs;
mod credentials;
mod decoder_against_the_sdk;
mod docs;
mod documented_answers;
mod endpoint_configuration;
mod exhibit;
mod exhibit_check;
mod exhibit_in_browser;
mod fault_matrix;
mod files_of_a_column;
mod fuzz;
mod generated_blocks_of_sql;
mod generated_blocks_of_template_and_docs;
mod hostile_answers;
mod kill;
mod lambda;
mod lambda_binary;
mod left_out;
mod one_definition_of_a_hole;
mod one_definition_of_a_missing_window;
mod organisation;
mod parquet_readers;
mod preflight_log_groups;
mod preflight_targets;
mod promise_1_complete_means_complete;
mod promise_2_what_was_read_is_kept;
mod promise_3_written_once;
mod promise_4_safe_to_repeat;
mod promise_5_one_bad_target_harms_no_other;
mod promise_6_coverage_can_be_proven;
mod promise_7_tampering_shows;
mod promise_8_bounded;
mod promise_9_discreet;
mod questions_at_their_edges;
mod reading;
mod requests_of_a_snapshot;
mod resume;
mod seal;
mod sessions_merge;
mod sessions_table;
mod sessions_without_athena;
mod simulator;
mod store_contract;
