//! Makes exhibits for people who have neither the lake nor this program, and checks them.

mod check;
pub mod make;

use super::args::ReportArgs;
use super::exit_status::Failure;

/// Runs the command. Returns `true` if nothing is wrong with what was reported, or with the exhibit that was checked.
pub async fn run(args: &ReportArgs, json: bool) -> Result<bool, Failure> {
    match (&args.out, &args.check) {
        (Some(out), _) => make::run(args, out, json).await,
        (None, Some(folder)) => check::run(args, folder, json),
        // The flags require one of both.
        (None, None) => Ok(false),
    }
}
