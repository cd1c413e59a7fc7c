//! The objects with the configuration of every endpoint of an account and Region: one for each table that has some.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::Run;
use super::permits::MAX_CONCURRENT_CONFIGURATIONS;
use crate::answer_limits::{CONFIGURATION_BYTES, Limit, REVOCATION_LISTS_BYTES};
use crate::aws::ec2::{Ec2Source, EndpointListing, PageError};
use crate::capture::endpoint_configuration::{AnswerFacts, Part, Requests, by_endpoint};
use crate::capture::existing_object::{Existing, find_existing, possible_times};
use crate::capture::target_capture::{counts_differ, vanished};
use crate::error_code::ErrorCode;
use crate::lake::keys::{ConfigurationTable, Key};
use crate::lake::ledger::{CaptureError, ConfigurationEntry, Outcome, PlaceEntry, Written};
use crate::lake::parquet::{ConfigurationWriter, identity_of_configuration};
use crate::lake::store::{Content, Object, Put};
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::ConfigurationRow;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::Endpoint;
use crate::tables::routes::Route;
use crate::target::{AccountRegion, PlaceTargets};

/// The outcomes of an object with configuration: it has what EC2 said of all endpoints, or of some.
const OUTCOMES: &[Outcome] = &[Outcome::Complete, Outcome::Partial];

impl Run {
    /// Writes the configuration of every endpoint there, wanted or not, as far as it is not in the lake already, and adds the
    /// outcomes to `place`.
    pub(super) async fn configuration(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        listed: Option<Result<EndpointListing, PageError>>,
        place: &mut PlaceEntry,
    ) {
        let mut missing = Vec::new();
        for table in ConfigurationTable::ALL {
            let existing = self.existing_configuration(&wanted.place, table).await;
            match existing {
                Ok(None) => missing.push(table),
                Ok(Some(existing)) => place.set_configuration(table, already_captured(existing)),
                Err(error) => place.set_configuration(table, ConfigurationEntry::failed(error)),
            }
        }
        if missing.is_empty() {
            return;
        }
        let listing = match listed {
            Some(listed) => listed,
            None => self.plan.in_time(&self.clock, source.endpoints(&wanted.place)).await,
        };
        match listing {
            Ok(listing) => self.new_configuration(source, wanted, listing, &missing, place).await,
            Err(error) => missing.into_iter().for_each(|table| {
                place.set_configuration(table, ConfigurationEntry::failed(error.clone().into()));
            }),
        }
    }

    async fn existing_configuration(
        &self,
        place: &AccountRegion,
        table: ConfigurationTable,
    ) -> Result<Option<Existing>, CaptureError> {
        let snapshot_time = self.plan.snapshot_time;
        let key = Key::Configuration { table, place, snapshot_time };
        let times = possible_times(snapshot_time, self.clock.now());
        find_existing(&self.store, key, &identity_of_configuration(snapshot_time, place), OUTCOMES, times)
            .await
    }

    /// Requests the configuration of the endpoints that are listed, and writes the objects that are missing.
    async fn new_configuration(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        listing: EndpointListing,
        missing: &[ConfigurationTable],
        entry: &mut PlaceEntry,
    ) {
        let place = &wanted.place;
        let requests = Requests::new(source, &self.plan, &self.clock, missing.to_vec());
        let mut rules = self.new_object::<EndpointRow<AuthorizationRule>>(place);
        let mut routes = self.new_object::<EndpointRow<Route>>(place);
        let odd_endpoints = listing.odd_endpoints().map(CaptureError::from);
        let listed = by_endpoint(listing.endpoints);
        let mut unknown = NotKnown { endpoints: listed.len(), errors: Vec::new() };
        let mut endpoints = RetainedEndpoints::default();
        let EndpointListing { times, unknown_elements, .. } = listing;
        let mut of_endpoints = AnswerFacts { times: Some(times), unknown_elements };
        let described = stream::iter(listed).map(|descriptions| requests.describe(place, descriptions));
        let mut described = std::pin::pin!(described.buffered(MAX_CONCURRENT_CONFIGURATIONS));
        while let Some(mut described) = described.next().await {
            rules.append(&described.rules);
            routes.append(&described.routes);
            unknown.errors.append(&mut described.errors);
            let answers = std::mem::take(&mut described.answers);
            let forgotten: BTreeSet<Part> =
                described.into_rows().flat_map(|endpoint| endpoints.push(endpoint)).collect();
            let limit = || PageError::limit(Limit::Configuration);
            unknown.errors.extend(forgotten.into_iter().map(|part| (part, limit())));
            for (part, facts) in answers {
                let of_table = match part.table() {
                    ConfigurationTable::Endpoints => &mut of_endpoints,
                    ConfigurationTable::AuthorizationRules => &mut rules.answers,
                    ConfigurationTable::Routes => &mut routes.answers,
                };
                of_table.extend(facts);
            }
        }
        if missing.contains(&ConfigurationTable::AuthorizationRules) {
            self.put_listings(ConfigurationTable::AuthorizationRules, rules, &unknown, entry, place).await;
        }
        if missing.contains(&ConfigurationTable::Routes) {
            self.put_listings(ConfigurationTable::Routes, routes, &unknown, entry, place).await;
        }
        if missing.contains(&ConfigurationTable::Endpoints) {
            // Every endpoint has a row, and the row says what is not known of it.
            let (table, outcome) = (ConfigurationTable::Endpoints, Outcome::Complete);
            let error = joined(odd_endpoints.into_iter().chain(unknown.errors_of(table)).collect());
            for part in Part::ALL.into_iter().filter(|part| part.table() != table) {
                endpoints.mark(part, entry.configuration(part.table()));
            }
            let mut object = self.new_object::<Endpoint>(place);
            object.answers = of_endpoints;
            object.append(&endpoints.rows);
            entry.set_configuration(table, self.put_object(place, table, object, outcome, error).await);
        }
    }

    /// Puts an object with the listings of endpoints, which is partial if one of them is not known.
    async fn put_listings<R: ConfigurationRow>(
        &self,
        table: ConfigurationTable,
        object: NewObject<R>,
        unknown: &NotKnown,
        entry: &mut PlaceEntry,
        place: &AccountRegion,
    ) {
        let error = joined(unknown.errors_of(table).collect());
        let outcome = if error.is_some() { Outcome::Partial } else { Outcome::Complete };
        entry.set_configuration(table, self.put_object(place, table, object, outcome, error).await);
    }

    fn new_object<R: ConfigurationRow>(&self, place: &AccountRegion) -> NewObject<R> {
        let writer = ConfigurationWriter::create(self.plan.snapshot_time, place).map_err(CaptureError::from);
        NewObject { writer, rows: 0, answers: AnswerFacts::default() }
    }

    /// Finishes an object and puts it. `error` is the reason why something in it is not known.
    async fn put_object<R: ConfigurationRow>(
        &self,
        place: &AccountRegion,
        table: ConfigurationTable,
        object: NewObject<R>,
        outcome: Outcome,
        error: Option<CaptureError>,
    ) -> ConfigurationEntry {
        let key = Key::Configuration { table, place, snapshot_time: self.plan.snapshot_time };
        let NewObject { writer, rows, answers } = object;
        let written = async {
            let snapshot = writer?.finish(outcome.as_str())?;
            if snapshot.rows != rows {
                return Err(counts_differ(rows, snapshot.rows));
            }
            let written = Written {
                object_key: self.store.object_key(key),
                rows,
                bytes: snapshot.bytes,
                sha256: hex::encode(snapshot.sha256),
            };
            let content = Content::File(snapshot.path());
            let object =
                Object { content, sha256: snapshot.sha256, content_type: "application/vnd.apache.parquet" };
            match self.store.put_if_absent(key, object).await? {
                Put::Written => Ok(ConfigurationEntry {
                    object: Some(written),
                    times: answers.times,
                    unknown_elements: answers.unknown_elements,
                    error,
                    ..ConfigurationEntry::new(outcome)
                }),
                Put::AlreadyThere => {
                    let existing = self.existing_configuration(place, table).await?;
                    existing.map(already_captured).ok_or_else(|| vanished(&self.store.object_key(key)))
                }
            }
        };
        written.await.unwrap_or_else(ConfigurationEntry::failed)
    }
}

/// An object in the making.
struct NewObject<R> {
    writer: Result<ConfigurationWriter<R>, CaptureError>,
    /// Rows appended so far.
    rows: u64,
    answers: AnswerFacts,
}

impl<R: ConfigurationRow> NewObject<R> {
    fn append(&mut self, rows: &[R]) {
        let appended = match &mut self.writer {
            Ok(writer) => writer.append(rows),
            Err(_) => return,
        };
        match appended {
            Ok(()) => self.rows += rows.len() as u64,
            Err(error) => self.writer = Err(error.into()),
        }
    }
}

/// The endpoints of an account and Region, until it is known what the other tables have of them.
#[derive(Default)]
struct RetainedEndpoints {
    rows: Vec<Endpoint>,
    /// Bytes of their revocation lists.
    bytes: usize,
    /// Bytes of what else other answers than the listing have of them.
    bytes_of_parts: usize,
}

impl RetainedEndpoints {
    /// Keeps an endpoint, and returns the parts of it that are forgotten because all of them would take too much memory.
    fn push(&mut self, mut endpoint: Endpoint) -> Vec<Part> {
        let list = endpoint.revocation_list.text.as_ref().map_or(0, String::len);
        if self.bytes + list > REVOCATION_LISTS_BYTES {
            endpoint.revocation_list.text = None;
        } else {
            self.bytes += list;
        }
        let bytes = endpoint.bytes_of_parts() - endpoint.revocation_list.text.as_ref().map_or(0, String::len);
        let mut forgotten = Vec::new();
        if self.bytes_of_parts + bytes > CONFIGURATION_BYTES {
            endpoint.forget_parts();
            for part in Part::ALL.into_iter().filter(|part| part.table() == ConfigurationTable::Endpoints) {
                if !endpoint.unparsed.contains_key(part.error_key()) {
                    part.mark(&mut endpoint, ErrorCode::LimitExceeded.as_str());
                    forgotten.push(part);
                }
            }
        } else {
            self.bytes_of_parts += bytes;
        }
        self.rows.push(endpoint);
        forgotten
    }

    /// Marks a part as not known of every endpoint, if its table does not have it. The object of an earlier run may lack some of
    /// the endpoints, also because they did not exist yet.
    fn mark(&mut self, part: Part, entry: Option<&ConfigurationEntry>) {
        let code = match entry {
            // This run has marked what is missing endpoint by endpoint.
            Some(ConfigurationEntry { outcome: Outcome::Complete | Outcome::Partial, .. }) | None => return,
            Some(ConfigurationEntry { error: Some(error), .. }) => error.code.clone(),
            Some(ConfigurationEntry { error: None, .. }) => ErrorCode::ConfigurationPartial,
        };
        for endpoint in self.rows.iter_mut().filter(|endpoint| !endpoint.is_deleted()) {
            part.mark(endpoint, code.as_str());
        }
    }
}

/// The parts of endpoints that are not known.
struct NotKnown {
    /// Endpoints that are listed.
    endpoints: usize,
    errors: Vec<(Part, PageError)>,
}

impl NotKnown {
    /// Returns an error for each part of a table that is not all known, with the number of endpoints: of their errors one that is
    /// denied, or the first.
    fn errors_of(&self, table: ConfigurationTable) -> impl Iterator<Item = CaptureError> {
        let parts = Part::ALL.into_iter().filter(move |part| part.table() == table);
        parts.filter_map(|part| {
            let errors = self.errors.iter().filter(|(other, _)| *other == part).map(|(_, error)| error);
            let errors: Vec<&PageError> = errors.collect();
            let denied = errors.iter().find(|error| error.denial.is_some());
            let shown = PageError::clone(denied.or(errors.first())?);
            let (words, endpoints, of) = (part.words(), errors.len(), self.endpoints);
            let message =
                format!("the {words} of {endpoints} of {of} endpoints are not all known: {}", shown.message);
            Some(CaptureError { message, ..shown.into() })
        })
    }
}

/// Returns one error with the messages of all; `None` if there is none. Its code is that of one that is denied, which has the most to
/// act on, or of the first.
fn joined(errors: Vec<CaptureError>) -> Option<CaptureError> {
    let message = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
    let denied = errors.iter().find(|error| error.denial.is_some());
    let error = denied.or(errors.first())?.clone();
    Some(CaptureError { message, ..error })
}

/// Returns the entry of an object of an earlier run.
fn already_captured(existing: Existing) -> ConfigurationEntry {
    let error = (existing.outcome == Outcome::Partial).then(|| {
        let message = format!(
            "{} was written by an earlier run without all rows of an endpoint, and is never overwritten; the next snapshot \
             lists them again",
            existing.object.object_key
        );
        CaptureError::new(ErrorCode::ConfigurationPartial, message)
    });
    ConfigurationEntry {
        object: Some(existing.object),
        error,
        ..ConfigurationEntry::new(Outcome::AlreadyCaptured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::errors::Denial;
    use crate::tables::endpoints::AuthorizationPolicy;

    #[test]
    fn the_error_of_a_table_has_a_sentence_about_each_part_that_is_not_known() {
        let denial = Denial { action: None, resource: None, policy: None, explicit: true };
        let denied = PageError {
            denial: Some(Box::new(denial)),
            ..PageError::new(ErrorCode::RequestFailed, "denied")
        };
        let not_known = NotKnown {
            endpoints: 3,
            errors: vec![
                (Part::RevocationList, PageError::new(ErrorCode::Timeout, "too late")),
                (Part::Routes, PageError::new(ErrorCode::LimitExceeded, "too long")),
                (Part::Networks, PageError::new(ErrorCode::RepeatedToken, "a circle")),
                (Part::RevocationList, denied),
            ],
        };
        let of = |table| {
            joined(not_known.errors_of(table).collect()).map(|error| (error.code.to_string(), error.message))
        };
        let networks = "the networks of 1 of 3 endpoints are not all known: a circle";
        let lists = "the revocation lists of 2 of 3 endpoints are not all known: denied";
        let expected = Some(("RequestFailed".to_owned(), format!("{networks}; {lists}")));
        assert_eq!(of(ConfigurationTable::Endpoints), expected);
        assert_eq!(of(ConfigurationTable::AuthorizationRules), None);
    }

    #[test]
    fn parts_that_take_too_much_memory_are_forgotten_and_what_was_not_known_stays_so() {
        let text = "x".repeat(CONFIGURATION_BYTES / 2 + 1);
        let listed_at = Some(jiff::Timestamp::UNIX_EPOCH);
        let endpoint = || Endpoint {
            authorization_rules_captured_at: listed_at,
            authorization_policy: AuthorizationPolicy { document: Some(text.clone()), ..Default::default() },
            unparsed: [("routes#error".to_owned(), "Timeout".to_owned())].into(),
            ..Endpoint::default()
        };
        let mut retained = RetainedEndpoints::default();
        assert_eq!(retained.push(endpoint()), Vec::new());
        let mut second = endpoint();
        for (name, text) in [
            ("targetNetworkId#error", "Timeout"),
            ("clientVpnTargetNetworks", "[]"),
            ("authorizationPolicy.new", "of the policy"),
            ("certificateRevocationList#length", "70000"),
            ("newOption", "of the listing"),
        ] {
            second.unparsed.insert(name.to_owned(), text.to_owned());
        }
        assert_eq!(retained.push(second), [Part::AuthorizationPolicy, Part::RevocationList]);
        assert_eq!(retained.rows[0].authorization_policy.document.as_ref(), Some(&text));
        let row = &retained.rows[1];
        assert_eq!(row.authorization_policy, AuthorizationPolicy::default());
        assert_eq!(row.authorization_rules_captured_at, listed_at, "its rules are in their own table");
        let marks: Vec<(&str, &str)> =
            row.unparsed.iter().map(|(name, code)| (name.as_str(), code.as_str())).collect();
        let limit = "LimitExceeded";
        assert_eq!(
            marks,
            [
                ("authorizationPolicy#error", limit),
                ("certificateRevocationList#error", limit),
                ("newOption", "of the listing"),
                ("routes#error", "Timeout"),
                ("targetNetworkId#error", "Timeout"),
            ]
        );
    }
}
