//! The timeouts of calls.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

/// Timeout of one attempt at a call of S3, STS or KMS: long enough for the largest object, and it ends a stalled connection. Those of EC2
/// and CloudWatch Logs are a setting.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Returns the configuration of a client that waits so long for the answer of an attempt.
pub(crate) fn for_each_attempt(timeout: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(timeout).build()
}
