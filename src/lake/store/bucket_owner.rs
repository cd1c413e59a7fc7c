//! The account that must own the bucket, sent with every request: if another account has taken the name, S3 refuses to write
//! and to read. It is set in one place, because a request without it would pass.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

use crate::target::AccountId;

/// The header that S3 compares with the owner of the bucket.
const HEADER: &str = "x-amz-expected-bucket-owner";

/// An interceptor that adds the header to every request, before it is signed.
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
