//! The calls that EC2 accepts for an account and Region, shared by all callers, to keep many targets from competing for them with
//! retries.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use leaky_bucket::RateLimiter;

/// EC2's own bucket for each action, account and Region: the calls that it accepts at once, and the calls refilled per second.
/// Source: EC2 API reference, "Request throttling".
const BUCKET: usize = 100;
const REFILL_A_SECOND: u32 = 20;

/// Calls of one action in one account and Region.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<RateLimiter>);

impl Budget {
    /// Returns a full budget.
    pub(super) fn new() -> Budget {
        let limiter = RateLimiter::builder()
            .initial(BUCKET)
            .max(BUCKET)
            .refill(1)
            .interval(Duration::from_secs(1) / REFILL_A_SECOND)
            .build();
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
        let (start, budget) = (Instant::now(), Budget::new());
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
