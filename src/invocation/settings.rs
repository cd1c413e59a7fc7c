//! The settings: one table of names, defaults and meanings, and the values that result once each is checked.

mod table;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use crate::aws::ec2::{Limits, PageSize};
use crate::aws::identity::MemberRole;
use crate::invalid_input::{InvalidInput, InvalidInputs};
use crate::lake::store::{KmsKey, Location};
use crate::log_group::LogGroupPattern;
use crate::proof::signing::SigningKey;
use crate::target::{AccountId, AccountRegion, PlaceTargets, Region, TargetText};

pub use table::{SETTINGS, Setting, Values};

/// Prefix of every setting's name.
pub const PREFIX: &str = "AUDIT_";

/// The settings in force, each checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Targets that are captured if an invocation names none.
    pub targets: Vec<TargetText>,
    /// Location of the lake.
    pub lake: Location,
    /// Account that must own the bucket; `None` for any.
    pub lake_account: Option<AccountId>,
    /// The own account; `None` if it is not given.
    pub account_id: Option<AccountId>,
    /// Accounts that the lake's tables know; empty for those of the targets.
    pub accounts: Vec<AccountId>,
    /// Regions that the lake's tables know; empty for those of the targets.
    pub regions: Vec<Region>,
    /// The role that is assumed in other accounts; `None` to refuse other accounts.
    pub member_role: Option<MemberRole>,
    /// Endpoints above which a run is spread over several invocations; `None` for never.
    pub spread_above: Option<u64>,
    /// Connections of a page.
    pub page_size: PageSize,
    /// Targets captured at a time.
    pub concurrency: usize,
    /// Timeout and number of attempts of a call.
    pub limits: Limits,
    /// Log groups of connection logs that may be read; empty for none.
    pub connection_log_groups: Vec<LogGroupPattern>,
    /// Days that the first reading of a log group covers.
    pub connection_log_days: u16,
    /// `true` to ask for masked fields of connection logs as they were logged.
    pub unmask_connection_logs: bool,
    /// Key that encrypts objects in S3; `None` for the bucket's own choice.
    pub kms_key: Option<KmsKey>,
    /// Key that signs digests; `None` for digests that are chained and not signed.
    pub signing_key: Option<SigningKey>,
    /// Value of the dimension `Stack` of all metrics; `None` for metrics without it.
    pub stack: Option<String>,
    /// `true` to publish metrics of each endpoint besides those of the stack.
    pub endpoint_metrics: bool,
}

impl Settings {
    /// Reads the settings among `variables`, such as the complete environment. An empty value counts as not set.
    ///
    /// # Errors
    /// Returns every fault, under the name of its setting. An unknown name with our prefix is a fault too.
    pub fn parse(variables: impl IntoIterator<Item = (String, String)>) -> Result<Settings, InvalidInputs> {
        Settings::read(variables, true)
    }

    /// Reads the settings for operations that need no targets: sealing what is in the lake already.
    ///
    /// # Errors
    /// As for [`Settings::parse`], except that targets may be missing.
    pub fn parse_without_targets(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Settings, InvalidInputs> {
        Settings::read(variables, false)
    }

    fn read(
        variables: impl IntoIterator<Item = (String, String)>,
        needs_targets: bool,
    ) -> Result<Settings, InvalidInputs> {
        let ours: BTreeMap<String, String> = variables
            .into_iter()
            .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
            .collect();
        let mut faults = InvalidInputs::default();
        for name in ours.keys() {
            if !SETTINGS.iter().any(|setting| setting.name == name) {
                let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
                let allowed = format!("is no setting; there are {}", names.join(", "));
                faults.push(InvalidInput::without_value(name, allowed));
            }
        }
        let mut reader = Reader { variables: &ours, faults };
        let targets = reader.targets(needs_targets);
        let lake = reader.lake();
        let lake_account = reader.account("AUDIT_LAKE_ACCOUNT");
        let account_id = reader.account("AUDIT_ACCOUNT_ID");
        let accounts =
            reader.list("AUDIT_ACCOUNTS", "accounts of twelve digits, separated by commas", AccountId::parse);
        let regions =
            reader.list("AUDIT_REGIONS", "Regions such as eu-central-1, separated by commas", Region::parse);
        let member_role = reader.member_role();
        let spread_above = reader.number("AUDIT_SPREAD_ABOVE");
        let page_size = reader.number("AUDIT_PAGE_SIZE");
        let concurrency = reader.number("AUDIT_CONCURRENCY");
        let call_timeout = reader.number("AUDIT_CALL_TIMEOUT_SECONDS");
        let max_attempts = reader.number("AUDIT_MAX_ATTEMPTS");
        let connection_log_groups =
            reader.list("AUDIT_CONNECTION_LOG_GROUPS", LogGroupPattern::ALLOWED, LogGroupPattern::parse);
        let connection_log_days = reader.number("AUDIT_CONNECTION_LOG_DAYS");
        let unmask_connection_logs = reader.flag("AUDIT_UNMASK_CONNECTION_LOGS");
        let kms_key = reader.kms_key();
        let signing_key = reader.signing_key();
        let stack = reader.stack();
        let endpoint_metrics = reader.flag("AUDIT_ENDPOINT_METRICS");
        let faults = reader.faults;
        let (Some(lake), Some(page_size)) = (lake, PageSize::new(page_size)) else {
            return Err(faults);
        };
        faults.or(Settings {
            targets,
            lake,
            lake_account,
            account_id,
            accounts,
            regions,
            member_role,
            spread_above: Some(spread_above).filter(|most| *most > 0),
            page_size,
            concurrency: usize::try_from(concurrency).unwrap_or(1),
            limits: Limits {
                call_timeout: Duration::from_secs(call_timeout),
                max_attempts: u32::try_from(max_attempts).unwrap_or(1),
            },
            connection_log_groups,
            connection_log_days: u16::try_from(connection_log_days).unwrap_or(1),
            unmask_connection_logs,
            kms_key,
            signing_key,
            stack,
            endpoint_metrics,
        })
    }

    /// Returns the targets that `texts` name, or the configured ones, for a program that runs at `home`: by account and Region,
    /// in the order in which they are first named.
    ///
    /// # Errors
    /// Returns, under `name`, every text that names an unreachable account, or an account or Region outside the lake's tables.
    pub fn targets_at(
        &self,
        home: &AccountRegion,
        texts: Option<&[TargetText]>,
        name: &str,
    ) -> Result<Vec<PlaceTargets>, InvalidInputs> {
        let mut faults = InvalidInputs::default();
        let mut wanted: Vec<PlaceTargets> = Vec::new();
        for (index, text) in texts.unwrap_or(&self.targets).iter().enumerate() {
            let fault = |allowed: String| InvalidInput::new(name, &text.to_string(), allowed).at(index);
            let places = text.places(home, &self.accounts, &self.regions);
            let places = places.map_err(|error| fault(error.to_string()));
            for place in faults.keep(places).unwrap_or_default() {
                if let Some(allowed) = self.refusal(home, &place) {
                    faults.push(fault(allowed));
                } else if let Some(known) = wanted.iter_mut().find(|known| known.place == place) {
                    known.add(text.endpoint_id());
                } else {
                    let mut first = PlaceTargets::of(place);
                    first.add(text.endpoint_id());
                    wanted.push(first);
                }
            }
        }
        faults.or(wanted)
    }

    /// Returns what is allowed instead of `place`, if nothing can be captured there; `None` if something can.
    fn refusal(&self, home: &AccountRegion, place: &AccountRegion) -> Option<String> {
        let AccountRegion { account_id, region } = place;
        if !self.accounts.is_empty() && !self.accounts.contains(account_id) {
            return Some(format!("accounts in AUDIT_ACCOUNTS, and {account_id} is not"));
        }
        if !self.regions.is_empty() && !self.regions.contains(region) {
            // Any other Region is the target's text, which is quoted on the command line only.
            let region = if *region == home.region { region.as_str() } else { "its own" };
            return Some(format!("Regions in AUDIT_REGIONS, and {region} is not"));
        }
        (*account_id != home.account_id && self.member_role.is_none()).then(|| {
            let own = &home.account_id;
            format!("the own account {own}; for others, AUDIT_MEMBER_ROLE must name the role to assume there")
        })
    }
}

/// A reader of one setting after the other, which collects the faults.
struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    faults: InvalidInputs,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn fault(&mut self, name: &str, allowed: &str) {
        let found = self.value(name).unwrap_or_default().to_owned();
        self.faults.push(InvalidInput::new(name, &found, allowed));
    }

    fn missing(&mut self, name: &str, allowed: &str) {
        self.faults.push(InvalidInput::without_value(name, format!("is not set; set it to {allowed}")));
    }

    fn targets(&mut self, needed: bool) -> Vec<TargetText> {
        let name = "AUDIT_TARGETS";
        let texts: Vec<String> = items(self.value(name).unwrap_or_default()).map(str::to_owned).collect();
        if texts.is_empty() && needed {
            self.missing(name, "endpoint ids or ARNs, separated by commas");
        }
        let mut targets = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let fault = |allowed: String| InvalidInput::new(name, text, allowed).at(index);
            let target = TargetText::parse(text).map_err(|error| fault(error.to_string()));
            let Some(target) = self.faults.keep(target) else {
                continue;
            };
            if targets.contains(&target) {
                self.faults.push(fault("each endpoint once".to_owned()));
            } else {
                targets.push(target);
            }
        }
        targets
    }

    fn lake(&mut self) -> Option<Location> {
        let name = "AUDIT_LAKE";
        let Some(text) = self.value(name) else {
            self.missing(name, "s3://bucket/prefix or a directory");
            return None;
        };
        let location =
            Location::parse(text).map_err(|error| InvalidInput::new(name, text, error.to_string()));
        self.faults.keep(location)
    }

    fn account(&mut self, name: &str) -> Option<AccountId> {
        let accounts = self.list(name, "twelve digits", AccountId::parse);
        if accounts.len() > 1 {
            self.fault(name, "one account");
        }
        accounts.into_iter().next()
    }

    fn stack(&mut self) -> Option<String> {
        let name = "AUDIT_STACK";
        let stack = self.value(name)?.to_owned();
        let fits = stack.len() <= 128 && stack.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits {
            self.fault(name, "1 to 128 letters, digits and hyphens");
        }
        Some(stack)
    }

    fn member_role(&mut self) -> Option<MemberRole> {
        let external_id = self.value("AUDIT_EXTERNAL_ID").map(str::to_owned);
        if external_id.as_deref().is_some_and(|id| !MemberRole::is_external_id(id)) {
            self.fault("AUDIT_EXTERNAL_ID", "2 to 1224 letters, digits and any of _+=,.@:/-");
        }
        let Some(name) = self.value("AUDIT_MEMBER_ROLE") else {
            if external_id.is_some() {
                self.fault("AUDIT_EXTERNAL_ID", "nothing where AUDIT_MEMBER_ROLE is not set");
            }
            return None;
        };
        let role = MemberRole::new(name, external_id);
        if role.is_none() {
            self.fault("AUDIT_MEMBER_ROLE", "the name of a role, with its path where it has one, and no ARN");
        }
        role
    }

    /// Reads the signing key. A missing file is refused here, because an error of a later read would quote its name.
    fn signing_key(&mut self) -> Option<SigningKey> {
        let key = SigningKey::parse(self.value("AUDIT_SIGNING_KEY")?);
        if matches!(&key, SigningKey::File(path) if !path.is_file()) {
            self.fault("AUDIT_SIGNING_KEY", "a KMS key's ARN, alias/NAME, or a file that is there");
        }
        Some(key)
    }

    fn kms_key(&mut self) -> Option<KmsKey> {
        let text = self.value("AUDIT_KMS_KEY")?;
        let key = KmsKey::parse(text);
        if key.is_none() {
            self.fault("AUDIT_KMS_KEY", "a KMS key's id, alias or ARN");
        }
        key
    }

    fn list<T>(&mut self, name: &str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let texts: Vec<String> = items(self.value(name).unwrap_or_default()).map(str::to_owned).collect();
        let mut values = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(text) {
                Some(value) => values.push(value),
                None => self.faults.push(InvalidInput::new(name, text, allowed).at(index)),
            }
        }
        values
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.value(name) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.fault(name, "true or false");
                false
            }
        }
    }

    fn number(&mut self, name: &str) -> u64 {
        let values = SETTINGS.iter().find(|setting| setting.name == name).map(|setting| setting.values);
        // Every name that is asked for is a number in the table: a test reads all defaults.
        let Some(Values::Number { default, least, most }) = values else { return 0 };
        let Some(text) = self.value(name) else {
            return default;
        };
        match u64::from_str(text) {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.fault(name, &format!("a whole number from {least} to {most}"));
                default
            }
        }
    }
}

/// Returns the items of a list that is separated by commas, blanks or line breaks.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests;
