//! The closed list of error codes: stable words in the ledger, in answers, in exit messages and in Lambda's error types. The
//! tables in `docs/ledger.md` are generated from it.

mod aws_code;

use std::fmt;

use serde::{Serialize, Serializer};

pub use aws_code::AwsCode;

/// The operation that fails with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A call of AWS, the capture of a target, or a read or a write of the lake.
    Capture,
    /// The seal of an account and Region.
    Seal,
    /// An invocation of the function, or a command.
    Invocation,
}

/// The documentation of a code.
#[derive(Debug, Clone)]
pub struct Documented {
    /// The code.
    pub code: ErrorCode,
    /// The operation that fails with it.
    pub operation: Operation,
    /// The meaning, in Markdown.
    pub meaning: &'static str,
    /// The next step, in Markdown.
    pub advice: &'static str,
}

macro_rules! error_codes {
    ($($operation:ident { $($code:ident: $meaning:literal, $advice:literal;)+ })+) => {
        /// A stable word for an error. To add one, see CONTRIBUTING.md, "Add an error code".
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            /// A code of AWS's own.
            Aws(AwsCode),
            $($(#[doc = $meaning] $code,)+)+
        }

        impl ErrorCode {
            /// Every code of this program, with its documentation.
            pub const DOCUMENTED: &[Documented] = &[$($(Documented {
                code: ErrorCode::$code,
                operation: Operation::$operation,
                meaning: $meaning,
                advice: $advice,
            },)+)+];

            /// Returns the code as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    ErrorCode::Aws(code) => code.as_str(),
                    $($(ErrorCode::$code => stringify!($code),)+)+
                }
            }
        }
    };
}

error_codes! {
    Capture {
        Timeout:
            "AWS did not answer in time, in any attempt",
            "nothing if the retry is complete; otherwise check the function's network, or raise `AUDIT_CALL_TIMEOUT_SECONDS`";
        ConnectionFailed:
            "AWS could not be reached",
            "check the function's network and DNS";
        NoCredentials:
            "nothing is configured that provides credentials; AWS was not asked",
            "set `AWS_PROFILE` or `AWS_ACCESS_KEY_ID`, or run with a role attached";
        CredentialsFailed:
            "the provider of credentials failed: an SSO session that expired, a `credential_process`, a role that the profile assumes; AWS \
             was not asked",
            "see the message, which names the kind of provider and the cause";
        CredentialsTimedOut:
            "the provider of credentials did not answer within 20 seconds; AWS was not asked",
            "run the `credential_process` by hand";
        EndpointInvalid:
            "there is no endpoint to send the request to: `AWS_ENDPOINT_URL` is not a URL, or cannot be combined with FIPS or dual stack",
            "correct the variable that the message names";
        ProxyRefused:
            "the proxy refused the request, for example with status 407",
            "give the proxy a name and a password, or add the host to `NO_PROXY`";
        ListingStuck:
            "S3 answered that a listing continues, but not where, or repeated a position",
            "nothing: the next run tries again";
        LimitExceeded:
            "an answer or a document exceeds a limit, which the message names: a body of 16 MiB, a run record or digest of 16 MiB, a listing \
             of S3 with 128 MiB of names (128 bytes more count for each), or one of the limits above",
            "find out what answers, or who wrote the object; then report it";
        MalformedResponse:
            "an answer was cut off in every attempt, or does not have the shape of this API: one list whose children are all `item`, \
             one row in each of them, and a token only beside it; or it names an authorization policy without its document",
            "nothing: the next snapshot starts again; report it if it persists";
        LogGroupRecreated:
            "of `logs`: a log group was deleted and created again since the run before; events that were not in the lake are lost",
            "look for `DeleteLogGroup` in CloudTrail; `coverage` lists the windows that are missing";
        TargetsNotListed:
            "of `logs`: EC2 does not list endpoints that are among the targets by their ids; the log groups of the others were read",
            "correct `AUDIT_TARGETS` or `--target`; an endpoint that was deleted need not be a target any more";
        MalformedEndpoint:
            "of `discovery` and `endpoints`: EC2 lists endpoints whose ids do not have the API's form, or that have two; they cannot be \
             captured, and all others were",
            "look at their rows in `endpoints`, and report it";
        RequestFailed:
            "AWS answered with an error that has no code, or a code of an unknown form",
            "see the message";
        RepeatedToken:
            "EC2 returned a token that leads to a page read before, so the listing has no end",
            "nothing: the next snapshot starts again";
        Deadline:
            "the invocation was running out of time; what was read is written",
            "continue with `resume_token`, or give the function more time";
        AssumeRoleRefused:
            "STS refused the role in the target's account",
            "check that the role exists there, that it trusts the function's role, and that the external id is right; [Fleet](fleet.md) \
             shows how to create it";
        AssumeRoleFailed:
            "STS could not be asked for the role, or answered something else",
            "see the message; if there are no credentials to ask with, the code is one of those above";
        LedgerUnreadable:
            "the previous record could not be read, so which endpoints appeared and which are gone is not known; everything that exists was \
             captured",
            "check the lake's permissions and the object that the message names";
        TemporarySpace:
            "the temporary directory does not have 16 MiB for each target that is captured at the same time; nothing was read. Of \
             `sessions`: the answer could not be written into it",
            "give the function more ephemeral storage, or lower `AUDIT_CONCURRENCY`; of `sessions`: set `TMPDIR` to a directory with space";
        SnapshotFailed:
            "the rows could not be encoded into the temporary file",
            "give the function more ephemeral storage";
        StorageFailed:
            "the lake could not be read or written, and S3 returned no code",
            "see the message";
        ForeignObject:
            "the object at this key is not this program's: not a file or object, a delete marker, not Parquet, bytes that \
             are not as the Parquet footer says, or an object whose metadata has \
             another outcome, time, endpoint or place, or page times that no capture of this snapshot can have. In a directory also a \
             symbolic link, which is never followed. Nothing was written",
            "find out who put it there, and move it elsewhere; then the snapshot can be repeated";
        ConfigurationPartial:
            "the authorization rules or routes of this snapshot were written by an earlier run without all those of an endpoint, and evidence \
             is never overwritten",
            "nothing: the next snapshot lists them again; `endpoints` says under `unparsed` which are not known, if need be of every endpoint";
        KeyExists:
            "a partial object with this random id exists; it was not overwritten",
            "run it again, and report it";
        CountsDiffer:
            "the numbers of rows read and rows encoded differ, which is a bug",
            "report it";
        Panic:
            "the capture or the invocation panicked, which is a bug",
            "see the log for the place, and report it";
    }
    Seal {
        DigestInvalid:
            "the newest digest, or one of the last two days, is not a digest of its key",
            "find out who changed it; nothing is sealed after it";
        DigestGone:
            "a digest between others is missing, or a delete marker hides it",
            "find out who removed it, and restore it";
        DigestForged:
            "a digest is not one that this seal could have written there",
            "find out who wrote it; nothing is sealed after it";
        OtherLake:
            "a digest is of another lake",
            "check which lake is sealed";
        SigningKeyMissing:
            "the chain is signed, and the seal has no key",
            "set `AUDIT_SIGNING_KEY`, or `--signing-key`";
        SigningFailed:
            "KMS could not be asked, or answered without a code that names the cause",
            "see the message; the next run tries again";
        DigestUnwritable:
            "the digest could not be written as JSON, which is a bug",
            "report it";
        ClockAhead:
            "the clock is more than 5 minutes ahead of the store's, or was when the newest digests were made; of `logs`: it is more \
             than 30 minutes ahead of EC2's",
            "set the clock; see [A clock that is ahead](operate.md#a-clock-that-is-ahead)";
        BeforeTheChain:
            "the hour that was asked for is before the first digest, or before everything that was recorded",
            "seal without an hour";
        ObjectUnreadable:
            "an object cannot be read, or it cannot be determined if an old object that a run record names was sealed before; all others are \
             sealed",
            "see the message, which names the object";
        DeadlineExceeded:
            "there were more hours to seal than one run has time for",
            "nothing: the next runs continue";
    }
    Invocation {
        InvalidSettings:
            "the settings are wrong, including those of the AWS SDK; the message has every fault; nothing was done",
            "correct them";
        InvalidEvent:
            "the event is wrong, for example one whose `time` is more than 60 minutes in the past; the message has every fault; nothing was \
             done",
            "correct it";
        IdentityUnknown:
            "STS did not return the own account; nothing was done. Without credentials, an endpoint or a way through the proxy, the code is \
             the one above for that",
            "set `AUDIT_ACCOUNT_ID`, or check the credentials";
        InvalidKey:
            "the key that is to sign digests, or a public key, cannot be used; nothing was done",
            "see the message";
        NotSealed:
            "the hours of at least one account and Region could not all be sealed; the others were. Of `verify`: the lake has no digest",
            "see the log for the codes of each account and Region";
        NothingAskedFor:
            "of `verify`: none of the hours asked for is sealed or closed. Of `report --prove`: no session of the connection overlaps the period",
            "ask for other hours, another period, or another id";
        TargetsFailed:
            "at least one target failed or was cut short; the others were captured",
            "see the ledger for the codes of each target";
        RunRecordNotWritten:
            "the captures were tried, and their record could not be written",
            "see the message; the next run tries again";
    }
}

impl ErrorCode {
    /// Returns `true` if AWS gave no answer, in all attempts.
    pub fn is_out_of_reach(&self) -> bool {
        use ErrorCode::{ConnectionFailed, EndpointInvalid, ProxyRefused, Timeout};
        matches!(self, Timeout | ConnectionFailed | EndpointInvalid | ProxyRefused)
    }

    /// Returns `true` if the code states more about a call than that it got no usable answer.
    pub fn names_a_cause(&self) -> bool {
        use ErrorCode::{ConnectionFailed, MalformedResponse, RequestFailed, Timeout};
        !matches!(self, Timeout | ConnectionFailed | RequestFailed | MalformedResponse)
    }

    /// Returns `true` if AWS denied access.
    pub fn is_denial(&self) -> bool {
        matches!(self, ErrorCode::Aws(code) if code.is_denial())
    }
}

impl From<AwsCode> for ErrorCode {
    fn from(code: AwsCode) -> ErrorCode {
        ErrorCode::Aws(code)
    }
}

impl PartialEq<AwsCode> for ErrorCode {
    fn eq(&self, other: &AwsCode) -> bool {
        matches!(self, ErrorCode::Aws(code) if code == other)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
