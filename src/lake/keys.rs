//! Every key of the lake: an object that may exist is a variant of [`Key`], one that was found is read by [`ObjectKey`], and
//! no key is formatted anywhere else.

use std::fmt;

use jiff::civil::Date;

use crate::hour::Hour;
use crate::log_group::LogGroupId;
use crate::run_id::RunId;
use crate::snapshot_time::{FIRST_DATE, SnapshotTime};
use crate::target::{AccountId, AccountRegion, Region, Target};

/// A table of the lake, the first folder of a key. All are evidence: nobody may overwrite or delete their objects.
/// To add one, see CONTRIBUTING.md, "Add a table".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Complete captures.
    Connections,
    /// Captures that were cut short, filtered, limited or resumed.
    Partials,
    /// Configurations of endpoints.
    Endpoints,
    /// Authorization rules of endpoints.
    AuthorizationRules,
    /// Routes of endpoints.
    Routes,
    /// Events of AWS's own connection logs.
    ConnectionLogs,
    /// The ledger: a record of each run.
    Runs,
    /// Signed digests of the other tables, hour by hour.
    Digests,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 8] = [
        Table::Connections,
        Table::Partials,
        Table::Endpoints,
        Table::AuthorizationRules,
        Table::Routes,
        Table::ConnectionLogs,
        Table::Runs,
        Table::Digests,
    ];

    /// The tables whose objects digests list.
    pub const SEALED: [Table; 7] = [
        Table::Connections,
        Table::Partials,
        Table::Endpoints,
        Table::AuthorizationRules,
        Table::Routes,
        Table::ConnectionLogs,
        Table::Runs,
    ];

    /// Returns the name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Table::Connections => "connections",
            Table::Partials => "partials",
            Table::Endpoints => "endpoints",
            Table::AuthorizationRules => "authorization_rules",
            Table::Routes => "routes",
            Table::ConnectionLogs => "connection_logs",
            Table::Runs => "runs",
            Table::Digests => "digests",
        }
    }

    /// Reads the name of its folder.
    pub fn parse(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Reads the date in the name of a day's folder; `None` if the name is not one that this program gives.
    pub fn parse_day(self, folder: &str) -> Option<Date> {
        let text = folder.strip_prefix(self.date_partition())?.strip_prefix('=')?;
        let date: Date = text.parse().ok()?;
        (date.to_string() == text && date >= FIRST_DATE).then_some(date)
    }

    /// Returns the name of the partition that has the date.
    fn date_partition(self) -> &'static str {
        if self == Table::Digests { "digest_date" } else { "snapshot_date" }
    }

    /// Returns the extension of its objects.
    fn extension(self) -> &'static str {
        match self {
            Table::Connections
            | Table::Partials
            | Table::Endpoints
            | Table::AuthorizationRules
            | Table::Routes
            | Table::ConnectionLogs => "parquet",
            Table::Runs | Table::Digests => "json",
        }
    }
}

/// A table with configuration: it has one object for each account, Region and snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationTable {
    /// Configurations of endpoints.
    Endpoints,
    /// Authorization rules of endpoints.
    AuthorizationRules,
    /// Routes of endpoints.
    Routes,
}

impl ConfigurationTable {
    /// Every table with configuration.
    pub const ALL: [ConfigurationTable; 3] =
        [ConfigurationTable::Endpoints, ConfigurationTable::AuthorizationRules, ConfigurationTable::Routes];

    /// Returns what its rows are, in words.
    pub fn words(self) -> &'static str {
        match self {
            ConfigurationTable::Endpoints => "endpoints",
            ConfigurationTable::AuthorizationRules => "authorization rules",
            ConfigurationTable::Routes => "routes",
        }
    }

    /// Returns the table.
    pub fn table(self) -> Table {
        match self {
            ConfigurationTable::Endpoints => Table::Endpoints,
            ConfigurationTable::AuthorizationRules => Table::AuthorizationRules,
            ConfigurationTable::Routes => Table::Routes,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl AccountRegion {
    /// Returns the folder of a day's objects in a table, with a slash at its end.
    pub fn day(&self, table: Table, date: Date) -> String {
        format!("{table}/{self}/{}={date}/", table.date_partition())
    }

    /// Returns the folder of its objects in a table, with a slash at its end.
    pub fn folder(&self, table: Table) -> String {
        format!("{table}/{self}/")
    }

    /// Reads the names of the two folders.
    pub fn parse(account_folder: &str, region_folder: &str) -> Option<AccountRegion> {
        Some(AccountRegion {
            account_id: AccountId::parse(account_folder.strip_prefix("account_id=")?)?,
            region: Region::parse(region_folder.strip_prefix("region=")?)?,
        })
    }
}

impl fmt::Display for AccountRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account_id={}/region={}", self.account_id, self.region)
    }
}

/// The key of an object that was found in the lake, or that a digest names: relative to the lake's prefix and checked, so
/// that it leads nowhere else. Digests and listings are untrusted until then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    text: String,
    /// The account and Region of the object.
    pub place: AccountRegion,
    /// The hour of its snapshot, or of the digest.
    pub hour: Hour,
    /// The table that it is in.
    pub table: Table,
}

impl ObjectKey {
    /// Returns the key of a digest.
    pub fn of_digest(place: &AccountRegion, hour: Hour) -> ObjectKey {
        let text = Key::Digest { place, hour }.to_string();
        ObjectKey { text, place: place.clone(), hour, table: Table::Digests }
    }

    /// Reads a key as [`Key`] writes them; `None` for every other text.
    pub fn parse(text: &str) -> Option<ObjectKey> {
        let parts: Vec<&str> = text.split('/').collect();
        let [table, account_folder, region_folder, date_folder, name] = parts.as_slice() else {
            return None;
        };
        let table = Table::parse(table)?;
        let place = AccountRegion::parse(account_folder, region_folder)?;
        let stem = name.strip_suffix(table.extension())?.strip_suffix('.')?;
        let (time, rest) = match table {
            Table::Connections | Table::Partials | Table::Runs => {
                stem.split_once('_').filter(|(_, rest)| !rest.is_empty())?
            }
            Table::ConnectionLogs => stem.split_once('_').filter(|(_, rest)| log_group_of(rest).is_some())?,
            Table::Endpoints | Table::AuthorizationRules | Table::Routes | Table::Digests => (stem, ""),
        };
        let time = SnapshotTime::parse_compact(time)?;
        let hour = Hour::containing(time.timestamp());
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let fits = table.parse_day(date_folder) == Some(time.date())
            && (table != Table::Digests || hour.start() == time.timestamp())
            && rest.len() <= 256
            && rest.bytes().all(is_plain);
        fits.then(|| ObjectKey { text: text.to_owned(), place, hour, table })
    }

    /// Returns the key, relative to the lake's prefix.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the time in its name.
    pub fn time(&self) -> Option<SnapshotTime> {
        SnapshotTime::parse_compact(self.stem().0)
    }

    /// Returns the text after the time in its name: for a run record, the run's id.
    pub fn after_time(&self) -> &str {
        self.stem().1
    }

    /// Returns the log group of an object in `connection_logs`, and `true` if it has the events that came late.
    pub fn log_group(&self) -> Option<(LogGroupId, bool)> {
        if self.table == Table::ConnectionLogs { log_group_of(self.after_time()) } else { None }
    }

    fn stem(&self) -> (&str, &str) {
        let name = self.text.rsplit('/').next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.split_once('_').unwrap_or((stem, ""))
    }
}

/// Suffix of the name of an object with the events that came late.
const LATE: &str = "_late";

/// Reads the text after the time in the name of an object in `connection_logs`.
fn log_group_of(text: &str) -> Option<(LogGroupId, bool)> {
    let (id, is_late) = text.strip_suffix(LATE).map_or((text, false), |id| (id, true));
    LogGroupId::parse(id).map(|id| (id, is_late))
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An object that may exist in the lake.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// A complete capture.
    Connections {
        /// The target of the connections.
        target: &'a Target,
        /// The time of the snapshot.
        snapshot_time: SnapshotTime,
    },
    /// Rows of a capture that was cut short, filtered, limited or resumed.
    Partial {
        /// The target of the connections.
        target: &'a Target,
        /// The time of the snapshot.
        snapshot_time: SnapshotTime,
        /// The attempt.
        run_id: &'a RunId,
    },
    /// Configuration of the endpoints of an account and Region.
    Configuration {
        /// The table.
        table: ConfigurationTable,
        /// The account and the Region.
        place: &'a AccountRegion,
        /// The time of the snapshot.
        snapshot_time: SnapshotTime,
    },
    /// The events of a window of a log group.
    ConnectionLogs {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// The time at which the reading was due.
        due: SnapshotTime,
        /// The log group.
        group: &'a LogGroupId,
        /// `true` for the events that came late.
        is_late: bool,
    },
    /// The ledger's record of one attempt at an account and Region.
    Run {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// The time of the snapshot.
        snapshot_time: SnapshotTime,
        /// The attempt.
        run_id: &'a RunId,
    },
    /// The signed digest of the objects of an account and Region in an hour.
    Digest {
        /// The account and the Region.
        place: &'a AccountRegion,
        /// The hour.
        hour: Hour,
    },
    /// The object that `preflight` puts to check that it can; no evidence.
    Preflight,
}

impl fmt::Display for Key<'_> {
    /// Writes the key, relative to the lake's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Connections { target, snapshot_time } => {
                let folder = target.place().day(Table::Connections, snapshot_time.date());
                write!(f, "{folder}{}_{}.parquet", snapshot_time.compact(), target.endpoint_id)
            }
            Key::Partial { target, snapshot_time, run_id } => {
                let folder = target.place().day(Table::Partials, snapshot_time.date());
                write!(f, "{folder}{}_{}_{run_id}.parquet", snapshot_time.compact(), target.endpoint_id)
            }
            Key::Configuration { table, place, snapshot_time } => {
                let (folder, time) =
                    (place.day(table.table(), snapshot_time.date()), snapshot_time.compact());
                write!(f, "{folder}{time}.parquet")
            }
            Key::ConnectionLogs { place, due, group, is_late } => {
                let (folder, time) = (place.day(Table::ConnectionLogs, due.date()), due.compact());
                let late = if *is_late { LATE } else { "" };
                write!(f, "{folder}{time}_{group}{late}.parquet")
            }
            Key::Run { place, snapshot_time, run_id } => {
                let (folder, time) = (place.day(Table::Runs, snapshot_time.date()), snapshot_time.compact());
                write!(f, "{folder}{time}_{run_id}.json")
            }
            Key::Digest { place, hour } => {
                write!(f, "{}{}.json", place.day(Table::Digests, hour.date()), hour.compact())
            }
            Key::Preflight => f.write_str("preflight"),
        }
    }
}

#[cfg(test)]
mod tests;
