//! The configuration of one endpoint. EC2 returns each part in a separate call, and a part that fails does not affect the others.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::aws::ec2::{Ec2Source, EndpointRows, ListedRows, PageError, PageTimes};
use crate::capture::request::CaptureRequest;
use crate::clock::Clock;
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::keys::ConfigurationTable;
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::Endpoint;
use crate::tables::routes::Route;
use crate::tables::unknown::record_names;
use crate::target::{AccountRegion, EndpointId, Target};

/// A part of the configuration of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The networks that it is associated with.
    Networks,
    /// Its authorization rules.
    AuthorizationRules,
    /// Its routes.
    Routes,
    /// Its authorization policy.
    AuthorizationPolicy,
    /// Its list of revoked client certificates.
    RevocationList,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 5] = [
        Part::Networks,
        Part::AuthorizationRules,
        Part::Routes,
        Part::AuthorizationPolicy,
        Part::RevocationList,
    ];

    /// Returns its name in a message.
    pub fn words(self) -> &'static str {
        match self {
            Part::Networks => "networks",
            Part::AuthorizationRules => "authorization rules",
            Part::Routes => "routes",
            Part::AuthorizationPolicy => "authorization policies",
            Part::RevocationList => "revocation lists",
        }
    }

    /// Returns the table that has it.
    pub fn table(self) -> ConfigurationTable {
        match self {
            Part::AuthorizationRules => ConfigurationTable::AuthorizationRules,
            Part::Routes => ConfigurationTable::Routes,
            Part::Networks | Part::AuthorizationPolicy | Part::RevocationList => {
                ConfigurationTable::Endpoints
            }
        }
    }

    /// Returns the key under which `unparsed` of the endpoint has the code of the error for which it is not known.
    pub fn error_key(self) -> &'static str {
        match self {
            Part::Networks => "targetNetworkId#error",
            Part::AuthorizationRules => "authorizationRule#error",
            Part::Routes => "routes#error",
            Part::AuthorizationPolicy => "authorizationPolicy#error",
            Part::RevocationList => "certificateRevocationList#error",
        }
    }

    /// Marks the part of an endpoint as not known, or not all known, unless it is marked already.
    pub fn mark(self, endpoint: &mut Endpoint, code: &str) {
        endpoint.unparsed.entry(self.error_key().to_owned()).or_insert_with(|| code.to_owned());
        match self {
            Part::AuthorizationRules => endpoint.authorization_rules_captured_at = None,
            Part::Routes => endpoint.routes_captured_at = None,
            Part::Networks | Part::AuthorizationPolicy | Part::RevocationList => (),
        }
    }
}

/// An endpoint with the parts of its configuration, as far as they were wanted and are known.
#[derive(Debug)]
pub struct Described {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its authorization rules, as far as they were read.
    pub rules: Vec<EndpointRow<AuthorizationRule>>,
    /// Its routes, as far as they were read.
    pub routes: Vec<EndpointRow<Route>>,
    /// The parts that could not be read, or not to their ends, with the reasons.
    pub errors: Vec<(Part, PageError)>,
    /// The facts about EC2's answers.
    pub answers: Vec<(Part, AnswerFacts)>,
}

/// The facts about answers of EC2 that the ledger has.
#[derive(Debug, Default)]
pub struct AnswerFacts {
    /// Times of the pages; `None` if none was read.
    pub times: Option<PageTimes>,
    /// Names of elements in them that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

impl AnswerFacts {
    /// Adds those about other answers.
    pub fn extend(&mut self, others: AnswerFacts) {
        self.times = match (self.times, others.times) {
            (Some(times), Some(others)) => Some(times.with(others)),
            (times, others) => times.or(others),
        };
        record_names(&mut self.unknown_elements, others.unknown_elements);
    }
}

/// The requests for the configuration of the endpoints of an account and Region.
pub struct Requests<'a> {
    source: &'a Ec2Source,
    request: &'a CaptureRequest,
    clock: &'a Clock,
    /// The tables that are wanted.
    tables: Vec<ConfigurationTable>,
    /// The errors of requests that EC2 did not answer at all: then no more are made for that part. Without time left, none are made.
    gave_up: Mutex<Vec<(Part, PageError)>>,
}

impl<'a> Requests<'a> {
    /// Returns the requests for what these tables have.
    pub fn new(
        source: &'a Ec2Source,
        request: &'a CaptureRequest,
        clock: &'a Clock,
        tables: Vec<ConfigurationTable>,
    ) -> Requests<'a> {
        Requests { source, request, clock, tables, gave_up: Mutex::default() }
    }

    /// Adds the parts of its configuration to an endpoint of `place`.
    pub async fn describe(&self, place: &AccountRegion, endpoint: Endpoint) -> Described {
        let (id, is_deleted) = (endpoint.endpoint_id.clone(), endpoint.is_deleted());
        let (rules, routes) = (Vec::new(), Vec::new());
        let (errors, answers) = (Vec::new(), Vec::new());
        let mut described = Described { endpoint, rules, routes, errors, answers };
        if is_deleted {
            return described;
        }
        let Some(endpoint_id) = id else {
            described.fail_all(&self.tables);
            return described;
        };
        let AccountRegion { account_id, region } = place.clone();
        let target = Target { account_id, region, endpoint_id };
        let networks = self.source.associated_networks(&target);
        if let Some(networks) = self.part(&mut described, Part::Networks, networks).await {
            let ListedRows { times, unknown_elements, .. } = networks;
            described.answers.push((Part::Networks, AnswerFacts { times, unknown_elements }));
            described.endpoint.associate(networks.rows);
        }
        let mut rules = EndpointRows::default();
        let read = self.source.authorization_rules(&target, &mut rules);
        let read = self.answer(Part::AuthorizationRules, read).await;
        let rules = described.listed(Part::AuthorizationRules, rules, read);
        described.endpoint.authorization_rules_captured_at = rules.last_page_at();
        described.rules = rules.rows;
        let mut routes = EndpointRows::default();
        let read = self.source.routes(&target, &mut routes);
        let read = self.answer(Part::Routes, read).await;
        let routes = described.listed(Part::Routes, routes, read);
        described.endpoint.routes_captured_at = routes.last_page_at();
        described.routes = routes.rows;
        let policy = self.source.authorization_policy(&target);
        if let Some((policy, error)) = self.part(&mut described, Part::AuthorizationPolicy, policy).await {
            described.endpoint.add_policy(policy);
            error.into_iter().for_each(|error| described.fail(Part::AuthorizationPolicy, error, true));
        }
        let list = self.source.revocation_list(&target);
        if let Some(list) = self.part(&mut described, Part::RevocationList, list).await {
            described.endpoint.add_revocation_list(list);
        }
        described
    }

    /// Returns the error for which a part is no longer requested.
    fn earlier(&self, part: Part) -> Option<PageError> {
        let gave_up = self.gave_up.lock().unwrap_or_else(PoisonError::into_inner);
        let mut errors = gave_up.iter().filter(|(of, error)| *of == part || error.is_deadline());
        errors.next().map(|(_, error)| error.clone())
    }

    /// Waits for an answer if it is wanted. Without one, `described` has the reason.
    async fn part<T>(
        &self,
        described: &mut Described,
        part: Part,
        answer: impl Future<Output = Result<T, PageError>>,
    ) -> Option<T> {
        match self.answer(part, answer).await? {
            Ok(answer) => Some(answer),
            Err(error) => {
                described.fail(part, error, false);
                None
            }
        }
    }

    /// Waits for an answer; `None` if it is not wanted.
    async fn answer<T>(
        &self,
        part: Part,
        answer: impl Future<Output = Result<T, PageError>>,
    ) -> Option<Result<T, PageError>> {
        if !self.tables.contains(&part.table()) {
            return None;
        }
        let answer = match self.earlier(part) {
            Some(error) => Err(error),
            None => self.request.in_time(self.clock, answer).await,
        };
        if let Err(error) = &answer
            && (error.code.is_out_of_reach() || error.is_deadline())
        {
            self.gave_up.lock().unwrap_or_else(PoisonError::into_inner).push((part, error.clone()));
        }
        Some(answer)
    }
}

impl Described {
    /// Marks every part of these tables as not known: nothing can be requested without a valid id.
    fn fail_all(&mut self, tables: &[ConfigurationTable]) {
        for part in Part::ALL.into_iter().filter(|part| tables.contains(&part.table())) {
            let error = PageError::new(ErrorCode::MalformedEndpoint, "an endpoint has no valid id");
            self.fail(part, error, false);
        }
    }

    /// Marks a part as not known, or as not all known if something of it was read.
    fn fail(&mut self, part: Part, error: PageError, is_partial: bool) {
        let is_gone = error.code == AwsCode::ENDPOINT_NOT_FOUND;
        // An endpoint that was deleted meanwhile has no networks that could be known.
        if !(is_gone && part == Part::Networks) {
            part.mark(&mut self.endpoint, error.code.as_str());
        }
        // Authorization policies are not in every partition.
        let is_absent = part == Part::AuthorizationPolicy && error.code == AwsCode::INVALID_ACTION;
        // A table is not complete with some of the rows of an endpoint that was deleted meanwhile.
        if is_partial || !(is_gone || is_absent) {
            self.errors.push((part, error));
        }
    }

    /// Ends the listing of a part, and returns what was read of it. If it could not be read to its end, `self` has the reason.
    fn listed<F>(
        &mut self,
        part: Part,
        rows: EndpointRows<F>,
        read: Option<Result<(), PageError>>,
    ) -> ListedRows<EndpointRow<F>> {
        if let Some(Err(error)) = read {
            self.fail(part, error, !rows.is_empty());
        }
        let mut listed = rows.into_listed();
        let unknown_elements = std::mem::take(&mut listed.unknown_elements);
        self.answers.push((part, AnswerFacts { times: listed.times, unknown_elements }));
        listed
    }
}

/// The rules or routes of endpoints that are in a table. An endpoint that AWS describes in two ways is asked about twice, and its
/// rows are there once.
#[derive(Debug, Default)]
pub struct FirstAnswers(BTreeMap<(EndpointId, Part), Option<String>>);

impl FirstAnswers {
    /// Returns `true` if the rows of this answer belong in the table: it is the first one about the endpoint that was read to its end or
    /// has rows (`has_rows`). If an earlier one is there and was cut short, the part is marked as not all known.
    pub fn is_first(&mut self, endpoint: &mut Endpoint, part: Part, has_rows: bool) -> bool {
        let error = endpoint.unparsed.get(part.error_key()).cloned();
        let Some(id) = endpoint.endpoint_id.clone().filter(|_| !endpoint.is_deleted()) else { return false };
        if error.is_some() && !has_rows {
            return false;
        }
        match self.0.entry((id, part)) {
            Entry::Vacant(first) => {
                first.insert(error);
                true
            }
            Entry::Occupied(first) => {
                first.get().iter().for_each(|code| part.mark(endpoint, code));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(error: Option<&str>) -> Endpoint {
        let errors = error.map(|code| (Part::Routes.error_key().to_owned(), code.to_owned()));
        let listed_at = error.is_none().then_some(jiff::Timestamp::UNIX_EPOCH);
        Endpoint {
            endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0"),
            routes_captured_at: listed_at,
            unparsed: errors.into_iter().collect(),
            ..Endpoint::default()
        }
    }

    #[test]
    fn an_endpoint_has_its_routes_once_and_is_not_complete_with_some_of_them() {
        for (name, answers, first, errors) in [
            ("twice complete", [(None, true), (None, true)], [true, false], [None, None]),
            ("none, twice", [(None, false), (None, false)], [true, false], [None, None]),
            ("refused first", [(Some("A"), false), (None, true)], [false, true], [Some("A"), None]),
            ("cut short first", [(Some("A"), true), (None, true)], [true, false], [Some("A"), Some("A")]),
            ("cut short last", [(None, true), (Some("A"), true)], [true, false], [None, Some("A")]),
            (
                "cut short twice",
                [(Some("A"), true), (Some("B"), true)],
                [true, false],
                [Some("A"), Some("B")],
            ),
        ] {
            let mut seen = FirstAnswers::default();
            for (((error, has_rows), is_first), expected) in answers.into_iter().zip(first).zip(errors) {
                let mut endpoint = endpoint(error);
                assert_eq!(seen.is_first(&mut endpoint, Part::Routes, has_rows), is_first, "{name}");
                let code = endpoint.unparsed.get(Part::Routes.error_key()).map(String::as_str);
                assert_eq!(
                    (code, endpoint.routes_captured_at.is_none()),
                    (expected, expected.is_some()),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn answers_begin_with_the_earliest_page_and_end_with_the_last() {
        let times = |requested: &str, first: &str, last: &str| {
            let [requested, first, last] = [requested, first, last]
                .map(|seconds| format!("2025-11-23T09:00:{seconds}Z").parse::<jiff::Timestamp>().unwrap());
            Some(PageTimes::of_page(requested, first).with(PageTimes::of_page(first, last)))
        };
        for (name, answers, expected) in [
            ("none", vec![None, None], None),
            ("one", vec![None, times("01", "02", "03"), None], times("01", "02", "03")),
            ("in order", vec![times("01", "02", "03"), times("04", "05", "06")], times("01", "02", "06")),
            (
                "the later first",
                vec![times("04", "05", "06"), times("01", "02", "03")],
                times("01", "02", "06"),
            ),
            (
                "one within the other",
                vec![times("02", "03", "04"), times("01", "07", "09")],
                times("01", "07", "09"),
            ),
        ] {
            let mut facts = AnswerFacts::default();
            for times in answers {
                facts.extend(AnswerFacts { times, unknown_elements: BTreeSet::new() });
            }
            assert_eq!(facts.times, expected, "{name}");
        }
    }

    #[test]
    fn a_table_lacks_something_of_an_endpoint_that_was_deleted_only_if_it_has_some_of_its_rows() {
        let gone = || PageError::new(AwsCode::ENDPOINT_NOT_FOUND.into(), "gone");
        for is_partial in [false, true] {
            let mut described = Described {
                endpoint: endpoint(None),
                rules: Vec::new(),
                routes: Vec::new(),
                errors: Vec::new(),
                answers: Vec::new(),
            };
            described.fail(Part::Routes, gone(), is_partial);
            assert_eq!(described.errors.len(), usize::from(is_partial));
            let code = described.endpoint.unparsed.get("routes#error").map(String::as_str);
            assert_eq!(
                (code, described.endpoint.routes_captured_at),
                (Some("InvalidClientVpnEndpointId.NotFound"), None)
            );
        }
    }
}
