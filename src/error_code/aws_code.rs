//! AWS's own error codes: their form, and the advice for each that this program can encounter.

mod advice;

use std::borrow::Cow;

use advice::{ACCESS_DENIED, ADVICE, CREDENTIALS, EXPIRED};

/// Longest code, in characters.
const MAX_CHARS: usize = 60;

/// Words of error codes. A code of AWS's that is not in [`ADVICE`] has at least one of them, in full and in this spelling. A name
/// that is written like a code has none: a word that may also be a part of a name, such as `Block`, is not listed.
const WORDS: [&str; 76] = [
    "Aborted",
    "Already",
    "Authentication",
    "Authorization",
    "BadRequest",
    "Conflict",
    "Conflicts",
    "Denied",
    "Disabled",
    "DryRun",
    "Duplicate",
    "Duplicated",
    "Error",
    "Errors",
    "Exceeded",
    "Exceeds",
    "Exception",
    "Exist",
    "Exists",
    "Expired",
    "Failed",
    "Failure",
    "Fault",
    "Forbidden",
    "Illegal",
    "Impaired",
    "InUse",
    "InProgress",
    "Inaccessible",
    "Incompatible",
    "Incomplete",
    "Incorrect",
    "Insufficient",
    "Internal",
    "Invalid",
    "Limit",
    "Malformed",
    "Mismatch",
    "Missing",
    "NoLonger",
    "NoSuch",
    "NotAllowed",
    "NotAvailable",
    "NotEnabled",
    "NotExportable",
    "NotFound",
    "NotImplemented",
    "NotModified",
    "NotOwned",
    "NotPermitted",
    "NotReady",
    "NotSpecified",
    "NotSupported",
    "NotValid",
    "OptIn",
    "Redirect",
    "Rejected",
    "Required",
    "Retired",
    "SlowDown",
    "Throttled",
    "Throttling",
    "TimedOut",
    "Timeout",
    "TooLarge",
    "TooLong",
    "TooMany",
    "TooSmall",
    "Unauthorized",
    "Unavailable",
    "Unknown",
    "Unrecognized",
    "Unreachable",
    "Unsupported",
    "Verification",
    "Violation",
];

/// Parts of codes with dots that have none of [`WORDS`]. Sources: EC2 API reference, "Error codes"; S3 API reference, "Error
/// responses".
const PARTS: [&str; 14] = [
    "Client",
    "EndpointConnectionNotAccepted",
    "ExistingVpcEndpointConnections",
    "Format",
    "Gateway",
    "KMS",
    "NonEBSInstance",
    "NotAttached",
    "Range",
    "Resource",
    "Server",
    "State",
    "UnfulfillableCapacity",
    "Vpc",
];

/// An error code of AWS's: one that is known, or words in CamelCase with dots between them. Each part has a word of error codes, or
/// is one that AWS uses. It can be nothing else, such as a name that the sender of the answer put there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AwsCode(Cow<'static, str>);

impl AwsCode {
    /// The endpoint does not exist.
    pub const ENDPOINT_NOT_FOUND: AwsCode = AwsCode::known("InvalidClientVpnEndpointId.NotFound");
    /// AWS does not know the action, there.
    pub const INVALID_ACTION: AwsCode = AwsCode::known("InvalidAction");
    /// The request was a dry run, and would have been allowed.
    pub const DRY_RUN: AwsCode = AwsCode::known("DryRunOperation");
    /// S3 or IAM denies access.
    pub const ACCESS_DENIED: AwsCode = AwsCode::known("AccessDenied");
    /// The bucket does not exist.
    pub const NO_SUCH_BUCKET: AwsCode = AwsCode::known("NoSuchBucket");
    /// The bucket has no policy.
    pub const NO_SUCH_BUCKET_POLICY: AwsCode = AwsCode::known("NoSuchBucketPolicy");
    /// The object does not exist.
    pub const NO_SUCH_KEY: AwsCode = AwsCode::known("NoSuchKey");
    /// A delete marker hides the object, or the bucket's policy is not shown to another account.
    pub const METHOD_NOT_ALLOWED: AwsCode = AwsCode::known("MethodNotAllowed");
    /// The bucket is in another Region.
    pub const PERMANENT_REDIRECT: AwsCode = AwsCode::known("PermanentRedirect");
    /// The KMS key does not exist.
    pub const KEY_NOT_FOUND: AwsCode = AwsCode::known("NotFoundException");

    /// The log group does not exist.
    pub const LOG_GROUP_NOT_FOUND: AwsCode = AwsCode::known("ResourceNotFoundException");
    /// The log group's class does not allow its events to be read.
    pub const LOG_GROUP_CLASS: AwsCode = AwsCode::known("InvalidOperationException");

    const fn known(code: &'static str) -> AwsCode {
        AwsCode(Cow::Borrowed(code))
    }

    /// Reads a code; `None` if the text does not have the form of one.
    pub fn parse(text: &str) -> Option<AwsCode> {
        if let Some((known, _)) = ADVICE.iter().find(|(known, _)| *known == text) {
            return Some(AwsCode::known(known));
        }
        let is_camel_case = |part: &str| {
            part.len() >= 2
                && part.bytes().all(|b| b.is_ascii_alphanumeric())
                && part.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
                && part.bytes().any(|b| b.is_ascii_lowercase())
        };
        let is_part = |part: &str| PARTS.contains(&part) || is_camel_case(part) && has_word(part);
        let is_code =
            text.len() <= MAX_CHARS && text.split('.').all(is_part) && text.split('.').any(has_word);
        is_code.then(|| AwsCode(Cow::Owned(text.to_owned())))
    }

    /// Returns the first code with an advice among the words of a text.
    pub fn named_in(text: &str) -> Option<AwsCode> {
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        words.find_map(|word| {
            ADVICE.iter().find(|(known, _)| *known == word).map(|&(known, _)| AwsCode::known(known))
        })
    }

    /// Returns the code as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` if an answer of AWS has this code.
    pub fn is(&self, code: Option<&str>) -> bool {
        code == Some(self.as_str())
    }

    /// Returns the advice; `None` if this program does not know the code.
    pub fn advice(&self) -> Option<&'static str> {
        ADVICE.iter().find(|(known, _)| *known == self.0).map(|&(_, advice)| advice)
    }

    /// Returns `true` if access was denied.
    pub fn is_denial(&self) -> bool {
        self.advice() == Some(ACCESS_DENIED)
    }

    /// Returns `true` if the code refuses a token: that of a listing or, for `InvalidToken`, perhaps of the credentials.
    pub fn refuses_token(&self) -> bool {
        self.as_str() == "InvalidToken"
            || ["NextToken", "PaginationToken"].iter().any(|token| self.as_str().contains(token))
    }

    /// Returns `true` if the code is about the caller: the credentials, or their permissions.
    pub fn is_of_credentials(&self) -> bool {
        self.advice().is_some_and(|advice| [ACCESS_DENIED, CREDENTIALS, EXPIRED].contains(&advice))
    }

    /// Returns `true` if the credentials of the request have expired. Source: EC2 API reference, "Error codes".
    pub fn is_expired_credentials(&self) -> bool {
        matches!(self.as_str(), "RequestExpired" | "ExpiredToken" | "ExpiredTokenException")
    }
}

/// Returns `true` if a part of a code has one of [`WORDS`]: it begins and ends where words in CamelCase do.
fn has_word(part: &str) -> bool {
    let bytes = part.as_bytes();
    let is = |at: usize, test: fn(&u8) -> bool| bytes.get(at).is_some_and(test);
    // `Id` and `XML` are words: of capitals, the last one begins a word if a small letter follows.
    let is_border = |at: usize| {
        let begins = is(at, u8::is_ascii_uppercase)
            && (!is(at.wrapping_sub(1), u8::is_ascii_uppercase) || is(at + 1, u8::is_ascii_lowercase));
        at == 0 || at == bytes.len() || begins || is(at, u8::is_ascii_digit)
    };
    WORDS
        .iter()
        .any(|word| part.match_indices(word).any(|(at, _)| is_border(at) && is_border(at + word.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_aws_pass() {
        for code in ADVICE.iter().map(|(code, _)| *code).chain([
            "InvalidVpcID.NotFound",
            "Client.InvalidInstanceID.NotFound",
            "Server.InternalError",
            "InvalidClientVpnEndpointId.Expired",
            "InvalidSubnet.Range",
            "Resource.AlreadyAssociated",
            "Client.InvalidParameterValue",
            "DryRunOperation",
            "BrandNewException",
            "SomethingFailed",
            "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
            "AddressLimitExceeded",
            "AttachmentLimitExceeded",
            "BundlingInProgress",
            "ClientInvalidParameterException",
            "ClientVpnAuthorizationRuleAlreadyExists",
            "ClientVpnEndpointAssociationExists",
            "ClientVpnRouteNotFound",
            "ClientVpnTerminateConnectionsLimitExceeded",
            "ConcurrentCreateImageNoRebootLimitExceeded",
            "DependencyViolation",
            "DiskImageSizeTooLarge",
            "DuplicateSubnetsInSameZone",
            "EncryptedVolumesNotSupported",
            "EndpointConnectionNotAccepted.Invalid",
            "ExistingVpcEndpointConnections.Unsupported",
            "GatewayLimitExceeded",
            "IncorrectInstanceState",
            "InstanceAlreadyLinked",
            "InsufficientAddressCapacity",
            "InvalidAMIID.Malformed",
            "InvalidAMIName.Duplicate",
            "InvalidBucketState",
            "InvalidXMLRequest",
            "KeyTooLongError",
            "MalformedXML",
            "MissingContentLength",
            "NetworkInterfaceNotFoundException",
            "NoSuchUpload",
            "NonEBSInstance.Invalid",
            "NotExportable",
            "OperationNotPermitted",
            "PrivateIpAddressLimitExceeded",
            "RegionNotEnabled.Unsupported",
            "ResourceCountExceeded",
            "SecurityGroupsPerInstanceLimitExceeded",
            "ServerInternal",
            "SnapshotCreationPerVolumeRateExceeded",
            "TagLimitExceeded",
            "TooManyBuckets",
            "UnfulfillableCapacity.Insufficient",
            "UnknownVolumeType",
            "VPCIdNotSpecified",
            "VolumeInUse",
        ]) {
            assert_eq!(AwsCode::parse(code).as_ref().map(AwsCode::as_str), Some(code));
        }
    }

    #[test]
    fn a_name_is_no_code() {
        for text in [
            "maria.lopez",
            "Maria.Lopez",
            "MariaLopez",
            "MARIA.LOPEZ",
            "maria.lopez@example.com",
            "Maria Lopez",
            "maria%2Elopez",
            "Maria-Lopez.NotFound",
            "maria.NotFound",
            "M.Lopez",
            "10.99.98.97",
            "",
            ".",
            "Invalid.",
            "Invalid\nName",
            "SandraBlock",
            "MariaBadger.Lopez",
            "MariaNotley",
            "Block.Sandra",
            "Sandra.Block",
            "InvalidMarialopez.MariaLopez",
            "Invalid.MariaLopez",
            "MariaLopez.NotFound",
            "InvalidSubnet.NotFound.Maria",
            "Client.Maria",
            "Client.Server",
            "Resource",
            "KarlAuthier",
            "AnnaErrorsson",
            "MaxFailla",
            "PierreFaultier.Requesta",
            "Limitless.Maria",
            "MariaInvalidez",
            "InternalisMaria",
            "Rejecta",
            "NotbergMaria",
            "JohnDeletexBadenko",
        ] {
            assert_eq!(AwsCode::parse(text), None, "{text}");
        }
        assert_eq!(AwsCode::parse(&format!("Invalid{}", "x".repeat(MAX_CHARS))), None);
    }

    #[test]
    fn each_code_has_one_advice() {
        let codes: std::collections::BTreeSet<&str> = ADVICE.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), ADVICE.len());
    }
}
