//! The next step after each code of AWS that this program can meet.

pub(super) const ACCESS_DENIED: &str = "the permission is missing, or a policy denies it";
pub(super) const CREDENTIALS: &str = "the credentials are not valid there: check the access key and its secret, that they are active, and \
                           that the Region is enabled in the account";
pub(super) const EXPIRED: &str = "the credentials have expired, or this machine's clock is wrong: renew them (`aws sso login`, a new \
                       session), and compare the clock";
const PARAMETER: &str = "a parameter is not accepted: check the filters, the page size and the targets";
const THROTTLED: &str = "too many calls, in every attempt; the next run tries again. If it stays, lower AUDIT_CONCURRENCY or \
                         look at what else calls this API";
const INTERNAL: &str = "a fault of AWS, in every attempt; the next run tries again";
const TOKEN: &str =
    "the token of the next page is not accepted any more, so the listing begins again at its first page";
const REGION: &str = "the bucket is in another Region; set AWS_REGION to it";
const KEY: &str = "the KMS key cannot be used: check that it exists, is enabled, and is in this Region";
const BUSY: &str = "another request for the same object was under way; the next run tries again";

/// Codes, and the advice for each. Source: EC2, CloudWatch Logs, S3, STS and KMS API references, "Errors" and "Common errors".
/// To add one, see CONTRIBUTING.md, "Add an error code".
pub(super) const ADVICE: [(&str, &str); 92] = [
    ("UnauthorizedOperation", ACCESS_DENIED),
    ("Client.UnauthorizedOperation", ACCESS_DENIED),
    ("AccessDenied", ACCESS_DENIED),
    ("AccessDeniedException", ACCESS_DENIED),
    ("NotAuthorized", ACCESS_DENIED),
    ("AllAccessDisabled", ACCESS_DENIED),
    ("AuthFailure", CREDENTIALS),
    ("InvalidClientTokenId", CREDENTIALS),
    ("UnrecognizedClientException", CREDENTIALS),
    ("InvalidAccessKeyId", CREDENTIALS),
    ("InvalidToken", CREDENTIALS),
    ("InvalidSecurity", CREDENTIALS),
    ("InvalidIdentityToken", CREDENTIALS),
    ("UnauthorizedException", EXPIRED),
    ("ForbiddenException", ACCESS_DENIED),
    ("SignatureDoesNotMatch", CREDENTIALS),
    ("IncompleteSignature", CREDENTIALS),
    ("MissingAuthenticationToken", CREDENTIALS),
    ("NotSignedUp", CREDENTIALS),
    ("RequestExpired", EXPIRED),
    ("ExpiredToken", EXPIRED),
    ("ExpiredTokenException", EXPIRED),
    ("TokenRefreshRequired", EXPIRED),
    ("RequestTimeTooSkewed", "this machine's clock is wrong by more than AWS accepts; set it"),
    (
        "OptInRequired",
        "the account has not enabled this Region or service; enable it, or leave it out of the targets",
    ),
    ("RegionDisabledException", "STS is not enabled in this Region; enable it in the account's IAM settings"),
    ("Blocked", "AWS has blocked the account; ask AWS Support"),
    ("PendingVerification", "AWS is still verifying the account; try again later"),
    ("AccountProblem", "AWS reports a problem of the account; ask AWS Support"),
    (
        "InvalidClientVpnEndpointId.NotFound",
        "there is no such endpoint in this account and Region; correct the target",
    ),
    (
        "InvalidClientVpnEndpointId.Malformed",
        "the endpoint's id is of a form that EC2 does not know; correct the target",
    ),
    (
        "InvalidClientVpnEndpointIdNotFound",
        "there is no such endpoint in this account and Region; correct the target",
    ),
    ("InvalidClientVpnConnection.IdNotFound", "there is no such connection; correct the filter"),
    ("InvalidParameterValue", PARAMETER),
    ("InvalidParameterCombination", PARAMETER),
    ("InvalidParameter", PARAMETER),
    ("InvalidParameterDependency", PARAMETER),
    ("InvalidFilter", PARAMETER),
    ("FilterLimitExceeded", PARAMETER),
    ("InvalidMaxResults", PARAMETER),
    ("MissingParameter", PARAMETER),
    ("UnknownParameter", PARAMETER),
    ("ValidationError", PARAMETER),
    ("InvalidQueryParameter", PARAMETER),
    ("InvalidArgument", PARAMETER),
    ("InvalidRequest", PARAMETER),
    ("InvalidNextToken", TOKEN),
    ("InvalidPaginationToken", TOKEN),
    ("RequestLimitExceeded", THROTTLED),
    ("Throttling", THROTTLED),
    ("ThrottlingException", THROTTLED),
    ("RequestThrottled", THROTTLED),
    ("SlowDown", THROTTLED),
    ("LimitExceededException", THROTTLED),
    ("InternalError", INTERNAL),
    ("InternalFailure", INTERNAL),
    ("Unavailable", INTERNAL),
    ("ServiceUnavailable", INTERNAL),
    ("ServiceUnavailableException", INTERNAL),
    ("InsufficientCapacity", INTERNAL),
    ("KMSInternalException", INTERNAL),
    ("DependencyTimeoutException", INTERNAL),
    (
        "ResourceNotFoundException",
        "the log group does not exist in this account and Region; create it, or correct the endpoint's connection logging",
    ),
    ("InvalidParameterException", PARAMETER),
    (
        "InvalidOperationException",
        "the log group's class does not allow its events to be read; use a log group of the class Standard",
    ),
    ("InvalidAction", "the endpoint does not know this action; check AWS_ENDPOINT_URL"),
    ("UnsupportedOperation", "the action is not supported there; check the Region and AWS_ENDPOINT_URL"),
    ("NotImplemented", "the action is not supported there; check the Region and AWS_ENDPOINT_URL"),
    ("NoSuchBucket", "the bucket does not exist; create it, or correct the lake's name"),
    ("InvalidBucketName", "the bucket's name is not valid; correct the lake's name"),
    ("InvalidBucketOwnerAWSAccountID", "the bucket belongs to another account; correct the lake's name"),
    ("NoSuchKey", "the object does not exist any more"),
    ("NoSuchVersion", "this version of the object does not exist any more"),
    ("NoSuchBucketPolicy", "the bucket has no policy"),
    ("PermanentRedirect", REGION),
    ("TemporaryRedirect", REGION),
    ("AuthorizationHeaderMalformed", REGION),
    ("IllegalLocationConstraintException", REGION),
    ("ConditionalRequestConflict", BUSY),
    ("OperationAborted", BUSY),
    ("PreconditionFailed", "an object with this key is there already, and was not overwritten"),
    ("MethodNotAllowed", "a delete marker hides the object"),
    ("InvalidObjectState", "the object is archived; restore it first"),
    ("BadDigest", "the bytes that arrived are not those that were sent; the next run tries again"),
    (
        "XAmzContentSHA256Mismatch",
        "the bytes that arrived are not those that were sent; the next run tries again",
    ),
    ("EntityTooLarge", "the object is larger than S3 takes at once; use more, smaller targets"),
    ("RequestTimeout", "the request did not arrive in time; check the network"),
    ("KMS.DisabledException", KEY),
    ("KMS.NotFoundException", KEY),
    ("DisabledException", KEY),
    ("KMSInvalidStateException", KEY),
    (
        "InvalidKeyUsageException",
        "the key is not for signing; use one of the spec ECC_NIST_P256 and the usage SIGN_VERIFY",
    ),
];
