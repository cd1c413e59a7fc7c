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

/// Calls of one action in one account and Region.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<RateLimiter>);

impl Budget {
    /// Returns a full budget: `bucket` calls at once, to which `interval` adds one each time it passes.
    pub(super) fn new(bucket: usize, interval: Duration) -> Budget {
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

    const BUCKET: usize = 100;
    const REFILL_A_SECOND: u32 = 20;

    #[tokio::test]
    async fn a_bucket_of_calls_may_be_made_at_once_and_then_one_waits() {
        let (start, budget) = (Instant::now(), Budget::new(BUCKET, Duration::from_secs(1) / REFILL_A_SECOND));
        // Clones share it.
        let (mut made, shared) = (0, budget.clone());
        while shared.wait().now_or_never().is_some() {
            made += 1;
        }
        let came_back = start.elapsed().as_secs_f64() * f64::from(REFILL_A_SECOND);
        assert!(
            made >= BUCKET && f64::from(u32::try_from(made - BUCKET).unwrap()) <= came_back + 1.0,
            "{made}"
        );
        budget.wait().await;
    }
}
