//! The check of the clock before connection logs are read.

use crate::aws::ec2::EndpointListing;
use crate::error_code::ErrorCode;
use crate::lake::ledger::CaptureError;

/// Most seconds that the clock may be ahead of EC2's. A window is due half an hour after its end, so it is over.
const MOST_SECONDS_AHEAD: i64 = 1_800;

/// Returns the error for a clock that is so far ahead of EC2's that a window may not be over when it seems due.
pub(super) fn clock_ahead(listing: &EndpointListing) -> Option<CaptureError> {
    let seconds = listing.clock_difference_seconds.filter(|seconds| *seconds > MOST_SECONDS_AHEAD)?;
    let message = format!(
        "the clock is {seconds} seconds ahead of EC2's, so a window that seems due may not be over; no connection logs were read; \
         set the clock"
    );
    Some(CaptureError::new(ErrorCode::ClockAhead, message))
}
