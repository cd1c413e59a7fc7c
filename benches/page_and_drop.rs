//! The baseline of a capture: the SDK's own paginator reads every connection and drops it. Prints the number of connections
//! and the kernel's status of this process.
//!
//! Usage: `page_and_drop ENDPOINT_ID`, with the SDK's own settings in the environment.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints numbers")]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(endpoint_id) = std::env::args().nth(1) else {
        eprintln!("usage: page_and_drop ENDPOINT_ID");
        return ExitCode::from(2);
    };
    let client = aws_sdk_ec2::Client::new(&aws_config::load_from_env().await);
    let call = client.describe_client_vpn_connections().client_vpn_endpoint_id(endpoint_id).max_results(1000);
    #[expect(clippy::disallowed_methods, reason = "the thing to be measured")]
    let mut pages = call.into_paginator().send();
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => rows += page.connections().len(),
            Err(error) => {
                eprintln!("{}", aws_sdk_ec2::error::DisplayErrorContext(error));
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{rows}\n{}", std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    ExitCode::SUCCESS
}
