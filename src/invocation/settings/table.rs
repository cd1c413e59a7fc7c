//! The table of settings: names, flags, defaults, bounds and meanings.

/// One setting, as the environment holds it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name of the environment variable.
    pub name: &'static str,
    /// Flag of the command line, without its hyphens; `None` if it has none.
    pub flag: Option<&'static str>,
    /// The values that it may have.
    pub values: Values,
    /// Meaning, and the allowed values of a text.
    doc: &'static str,
}

/// The values that a setting may have.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// A text, with the default in words; `None` if the setting is required.
    Text(Option<&'static str>),
    /// A whole number.
    Number {
        /// The default.
        default: u64,
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
}

impl Setting {
    /// Returns the default, in words; `None` if the setting is required.
    pub fn default(&self) -> Option<String> {
        match self.values {
            Values::Text(default) => default.map(str::to_owned),
            Values::Number { default, .. } => Some(default.to_string()),
        }
    }

    /// Returns the meaning and the allowed values.
    pub fn meaning(&self) -> String {
        match self.values {
            Values::Text(_) => self.doc.to_owned(),
            Values::Number { least, most, .. } => {
                format!("{}: a whole number from {least} to {most}", self.doc)
            }
        }
    }

    const fn with_flag(self, flag: &'static str) -> Setting {
        Setting { flag: Some(flag), ..self }
    }
}

/// Every setting. A test compares the table in `docs/settings.md` with this one. To add one, see CONTRIBUTING.md, "Add a setting".
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("AUDIT_TARGETS", None, "Endpoints to capture, separated by commas: ids (`cvpn-endpoint-…`), ARNs, ARNs with `*` as ID for all endpoints of an account and Region (either may be `*` too: each that the tables know), or `*` for all of the own account and Region").with_flag("target"),
    setting("AUDIT_LAKE", None, "Where the record is written: `s3://bucket/prefix` or a directory").with_flag("lake"),
    setting("AUDIT_LAKE_ACCOUNT", Some("any"), "Account that must own the bucket, twelve digits; S3 refuses every request for a bucket of another"),
    setting("AUDIT_ACCOUNT_ID", Some("requested from STS"), "The own account, twelve digits").with_flag("account-id"),
    setting("AUDIT_ACCOUNTS", Some("those of the targets"), "Accounts that the lake's tables know, separated by commas; a target outside them is refused"),
    setting("AUDIT_REGIONS", Some("those of the targets"), "Regions that the lake's tables know, separated by commas; a target outside them is refused"),
    setting("AUDIT_MEMBER_ROLE", Some("none: other accounts are refused"), "Name of the role, with its path, that is assumed in each other account"),
    setting("AUDIT_EXTERNAL_ID", Some("none"), "External id that is sent when that role is assumed"),
    number("AUDIT_SPREAD_ABOVE", 0, (0, 100_000), "Endpoints above which `plan` makes several batches, or 0 for never"),
    number("AUDIT_PAGE_SIZE", 1000, (5, 1000), "Connections of a page").with_flag("page-size"),
    number("AUDIT_CONCURRENCY", 5, (1, 50), "Endpoints captured at a time"),
    number("AUDIT_CALL_TIMEOUT_SECONDS", 20, (1, 300), "Longest time of one attempt at a call of EC2"),
    number("AUDIT_MAX_ATTEMPTS", 10, (1, 20), "Attempts at a call of EC2, the first included"),
    setting("AUDIT_CONNECTION_LOG_GROUPS", Some("none: connection logs are not read"), "Log groups of AWS's own connection logs that may be read: ARNs as `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, separated by commas. REGION and ACCOUNT may be `*`, NAME may end in `*`, and a trailing `:*` is ignored").with_flag("log-group"),
    number("AUDIT_CONNECTION_LOG_DAYS", 1, (1, 365), "Days that the first reading of a log group covers"),
    setting("AUDIT_UNMASK_CONNECTION_LOGS", Some("false"), "`true` to ask for fields that a data protection policy masks as they were logged, which needs `logs:Unmask`; or `false`"),
    setting("AUDIT_SIGNING_KEY", Some("none: digests are not signed"), "What digests are signed with: a KMS key's ARN, `alias/` and an alias, or a file with a private key in PEM").with_flag("signing-key"),
    setting("AUDIT_KMS_KEY", Some("the bucket's own encryption"), "KMS key that objects in S3 are encrypted with: id, alias or ARN"),
    setting("AUDIT_STACK", Some("none"), "Value of the dimension `Stack` of all metrics, such as the stack's name: 1 to 128 letters, digits and hyphens"),
    setting("AUDIT_ENDPOINT_METRICS", Some("false"), "`true` to publish six metrics of each endpoint besides those of the stack, which CloudWatch charges for; or `false`"),
];

const fn setting(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Setting {
    Setting { name, flag: None, values: Values::Text(default), doc }
}

const fn number(name: &'static str, default: u64, (least, most): (u64, u64), doc: &'static str) -> Setting {
    Setting { name, flag: None, values: Values::Number { default, least, most }, doc }
}
