//! The account that must own the bucket, sent with every request: a name that another account has taken is then refused by S3
//! and neither written nor read. It is set in one place, for a request that forgot it would pass.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

use crate::target::AccountId;

/// The header that S3 compares with the owner of the bucket.
const HEADER: &str = "x-amz-expected-bucket-owner";

/// Adds the header to every request, before it is signed.
#[derive(Debug)]
pub(super) struct BucketOwner(String);

impl BucketOwner {
    pub(super) fn new(account_id: &AccountId) -> BucketOwner {
        BucketOwner(account_id.to_string())
    }
}

impl Intercept for BucketOwner {
    fn name(&self) -> &'static str {
        "BucketOwner"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert(HEADER, self.0.clone());
        Ok(())
    }
}
