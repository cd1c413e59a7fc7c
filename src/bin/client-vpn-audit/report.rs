//! Makes exhibits for people who have neither the lake nor this program, and checks them.

mod check;

use super::args::ReportArgs;
use super::exit_status::Failure;

/// Runs the command. Returns `true` if the exhibit differs in nothing from its manifest, receipt and signature.
pub async fn run(args: &ReportArgs, json: bool) -> Result<bool, Failure> {
    check::run(args, json)
}
