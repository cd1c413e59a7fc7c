//! The columns of a session for those who print it, in the order of `sessions/create.sql`. Those that only the next merge in Athena needs
//! are left out.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A column of a session.
pub struct SessionColumn {
    /// Its name, as in Athena.
    pub name: &'static str,
    /// Returns its value.
    pub value: fn(&Session) -> SessionValue<'_>,
}

/// A value of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionValue<'a> {
    /// Null.
    Null,
    /// A text.
    Text(&'a str),
    /// A time.
    Time(Timestamp),
    /// A number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// A list of texts.
    Texts(&'a [String]),
    /// A list of times.
    Times(&'a [Timestamp]),
}

/// Returns a time as all output writes it: in UTC, with milliseconds.
fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

impl Serialize for SessionValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            SessionValue::Null => serializer.serialize_none(),
            SessionValue::Text(text) => serializer.serialize_str(text),
            SessionValue::Time(time) => serializer.serialize_str(&written(*time)),
            SessionValue::Number(number) => serializer.serialize_i64(*number),
            SessionValue::Flag(flag) => serializer.serialize_bool(*flag),
            SessionValue::Texts(texts) => texts.serialize(serializer),
            SessionValue::Times(times) => serializer.collect_seq(times.iter().map(|time| written(*time))),
        }
    }
}

impl<'a> SessionValue<'a> {
    /// Returns the value as a field of a CSV file: texts as they are, lists as JSON, null as nothing.
    pub fn field(&self) -> Cow<'a, str> {
        match self {
            SessionValue::Null => "".into(),
            SessionValue::Text(text) => (*text).into(),
            SessionValue::Time(time) => written(*time).into(),
            SessionValue::Number(number) => number.to_string().into(),
            SessionValue::Flag(flag) => flag.to_string().into(),
            SessionValue::Texts(_) | SessionValue::Times(_) => {
                serde_json::to_string(self).unwrap_or_default().into()
            }
        }
    }
}

impl<'a> From<&'a Option<String>> for SessionValue<'a> {
    fn from(text: &'a Option<String>) -> SessionValue<'a> {
        text.as_deref().map_or(SessionValue::Null, SessionValue::Text)
    }
}

impl<'a> From<&'a String> for SessionValue<'a> {
    fn from(text: &'a String) -> SessionValue<'a> {
        SessionValue::Text(text)
    }
}

impl<'a> From<&'a Option<Vec<String>>> for SessionValue<'a> {
    fn from(texts: &'a Option<Vec<String>>) -> SessionValue<'a> {
        texts.as_deref().map_or(SessionValue::Null, SessionValue::Texts)
    }
}

impl<'a> From<&'a Vec<Timestamp>> for SessionValue<'a> {
    fn from(times: &'a Vec<Timestamp>) -> SessionValue<'a> {
        SessionValue::Times(times)
    }
}

macro_rules! plain_values {
    ($($kind:ty => $value:ident),*) => {$(
        impl From<&$kind> for SessionValue<'_> {
            fn from(value: &$kind) -> Self {
                SessionValue::$value(*value)
            }
        }

        impl From<&Option<$kind>> for SessionValue<'_> {
            fn from(value: &Option<$kind>) -> Self {
                value.map_or(SessionValue::Null, SessionValue::$value)
            }
        }
    )*};
}

plain_values!(Timestamp => Time, i64 => Number, bool => Flag);

macro_rules! session_columns {
    (
        $(#[$of_session:meta])* $session:ident
        before { $($before:ident: $of_before:ty,)* }
        texts { $($text:ident,)* }
        after { $($after:ident: $of_after:ty,)* }
    ) => {
        $(#[$of_session])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[expect(missing_docs, reason = "docs/schema.md describes each column of sessions")]
        pub struct $session {
            $(pub $before: $of_before,)*
            $(pub $text: Option<String>,)*
            $(pub $after: $of_after,)*
        }

        impl $session {
            /// Fills the texts of which the last known counts, each with what `text` returns for its place among [`TEXT_COLUMNS`].
            pub(super) fn fill_texts(&mut self, text: impl Fn(usize) -> Option<String>) {
                let mut places = 0..;
                $(self.$text = places.next().and_then(&text);)*
            }
        }

        /// The texts of `connections` of which a session has the last known value.
        pub(super) const TEXT_COLUMNS: [&str; [$(stringify!($text)),*].len()] = [$(stringify!($text)),*];

        /// The columns.
        pub const COLUMNS: &[SessionColumn] = &[
            $(SessionColumn { name: stringify!($before), value: |session| (&session.$before).into() },)*
            $(SessionColumn { name: stringify!($text), value: |session| (&session.$text).into() },)*
            $(SessionColumn { name: stringify!($after), value: |session| (&session.$after).into() },)*
        ];
    };
}

session_columns! {
    /// One row of `sessions`. Columns are named and mean the same as there; `None` is null. A text of `connections` needs a line among the
    /// texts: see CONTRIBUTING.md, "Add a column".
    Session
    before {
        account_id: String,
        region: String,
        endpoint_id: String,
        connection_id: String,
        identity: Option<String>,
    }
    texts {
        username,
        common_name,
        client_ip,
        client_ipv6_address,
    }
    after {
        first_seen: Timestamp,
        last_seen: Timestamp,
        connection_established_time: Timestamp,
        connection_end_time: Option<Timestamp>,
        end_seen: Option<bool>,
        ingress_bytes: Option<i64>,
        egress_bytes: Option<i64>,
        ingress_packets: Option<i64>,
        egress_packets: Option<i64>,
        status_code: Option<String>,
        status_message: Option<String>,
        failed_to_terminate: bool,
        posture_compliance_statuses: Option<Vec<String>>,
        snapshots: i64,
        covered: bool,
        identity_key: Option<String>,
        last_active: Option<Timestamp>,
        first_seen_ended: Option<Timestamp>,
        begin_seen: bool,
        began_after: Option<Timestamp>,
        ended_after: Option<Timestamp>,
        ended_before: Option<Timestamp>,
        ends_at: Timestamp,
        duration_seconds: i64,
        as_of: Timestamp,
        complete_snapshots: i64,
        watched: bool,
        gaps: Vec<Timestamp>,
        device_ip: Option<String>,
        device_type: Option<String>,
        port: Option<i64>,
        transport_protocol: Option<String>,
        policy_result: Option<String>,
        policy_denials: Option<i64>,
        logged: Option<bool>,
        log_group: Option<String>,
        log_group_since: Option<Timestamp>,
    }
}
