//! The calls that AWS accepts for an account and Region, shared by all callers, to keep many targets from competing for them with
//! retries.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use leaky_bucket::RateLimiter;

use crate::target::Region;

/// EC2's own bucket for each action, account and Region: the calls that it accepts at once, and the calls refilled per second.
/// Source: EC2 API reference, "Request throttling".
const EC2_BUCKET: usize = 100;
const EC2_CALLS_A_SECOND: u32 = 20;

/// Regions in which CloudWatch Logs accepts 5 requests of `FilterLogEvents` a second.
/// Source: Amazon CloudWatch Logs User Guide, "CloudWatch Logs quotas".
const SLOW_REGIONS: [&str; 5] =
    ["eu-central-1", "ap-northeast-3", "ap-southeast-3", "ca-west-1", "il-central-1"];

/// Returns the longest time that this many calls of EC2 wait for their budget.
pub(crate) fn time_of_ec2_calls(calls: usize) -> Duration {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    Duration::from_secs(1).saturating_mul(calls) / EC2_CALLS_A_SECOND
}

/// Returns the time between two requests of `FilterLogEvents`, in milliseconds: twice what the quota of the Region allows, which
/// others use too.
fn logs_interval_millis(region: &Region) -> u64 {
    match region.as_str() {
        "us-east-1" => 80,
        region if SLOW_REGIONS.contains(&region) => 400,
        _ => 200,
    }
}

/// Calls of one action in one account and Region.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<RateLimiter>);

impl Budget {
    /// Returns a full budget of calls of EC2.
    pub(super) fn of_ec2() -> Budget {
        Budget::new(EC2_BUCKET, Duration::from_secs(1) / EC2_CALLS_A_SECOND)
    }

    /// Returns a full budget of requests of `FilterLogEvents` in a Region: as many at once as in a second.
    pub(super) fn of_logs(region: &Region) -> Budget {
        let millis = logs_interval_millis(region);
        Budget::new(usize::try_from(1_000 / millis).unwrap_or(1), Duration::from_millis(millis))
    }

    /// Returns a full budget: `bucket` calls at once, to which `interval` adds one each time it passes.
    fn new(bucket: usize, interval: Duration) -> Budget {
        let limiter = RateLimiter::builder().initial(bucket).max(bucket).refill(1).interval(interval).build();
        Budget(Arc::new(limiter))
    }

    /// Waits until a call may be made.
    pub(super) async fn wait(&self) {
        self.0.acquire_one().await;
    }
}

/// Deducts retries from the budget, if anything is left. They have already waited, so they do not wait for the budget.
impl Intercept for Budget {
    fn name(&self) -> &'static str {
        "Budget"
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1) {
            self.0.try_acquire(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_bucket_of_calls_may_be_made_at_once_and_then_one_waits() {
        let (start, budget) = (Instant::now(), Budget::of_ec2());
        // Clones share it.
        let (mut made, shared) = (0, budget.clone());
        while shared.wait().now_or_never().is_some() {
            made += 1;
        }
        let came_back = start.elapsed().as_secs_f64() * f64::from(EC2_CALLS_A_SECOND);
        assert!(
            made >= EC2_BUCKET && f64::from(u32::try_from(made - EC2_BUCKET).unwrap()) <= came_back + 1.0,
            "{made}"
        );
        budget.wait().await;
    }

    #[test]
    fn half_of_the_quota_of_the_region_is_used() {
        for (region, millis) in [
            ("us-east-1", 80),
            ("eu-central-1", 400),
            ("il-central-1", 400),
            ("eu-west-1", 200),
            ("cn-north-1", 200),
        ] {
            assert_eq!(logs_interval_millis(&Region::parse(region).unwrap()), millis, "{region}");
        }
    }
}
