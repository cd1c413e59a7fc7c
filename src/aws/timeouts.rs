//! The timeouts of calls.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

/// Timeout of one attempt at a call of S3, STS or KMS: long enough for the largest object, and it ends a stalled connection. Those of EC2
/// and CloudWatch Logs are a setting.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Timeout of the first byte of a body that is read as a stream, and of each further [`BODY_BYTES_PER_TIMEOUT`].
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
const BODY_BYTES_PER_TIMEOUT: u64 = 1 << 20;

/// Timeout for credentials: the process or web service that provides them can hang.
pub(crate) const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the configuration of a client that waits so long for the answer of an attempt.
pub(crate) fn for_each_attempt(timeout: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(timeout).build()
}

/// Returns the timeout of a body of so many bytes that is read as a stream.
pub(crate) fn for_body(bytes: u64) -> Duration {
    BODY_TIMEOUT.saturating_mul(u32::try_from(1 + bytes / BODY_BYTES_PER_TIMEOUT).unwrap_or(u32::MAX))
}
