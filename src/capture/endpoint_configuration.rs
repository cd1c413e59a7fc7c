//! The configuration of one endpoint. EC2 returns each part in a separate call, and a part that fails does not affect the others.

mod part;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

pub use self::part::Part;
use crate::aws::ec2::{Ec2Source, EndpointRows, ListedRows, PageError, PageTimes};
use crate::capture::request::CaptureRequest;
use crate::clock::Clock;
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::keys::ConfigurationTable;
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::Endpoint;
use crate::tables::endpoints::authorization_policy::PolicyAnswer;
use crate::tables::endpoints::networks::Association;
use crate::tables::endpoints::revocation_list::RevocationListAnswer;
use crate::tables::routes::Route;
use crate::tables::unknown::record_names;
use crate::target::{AccountRegion, EndpointId, Target};

/// An endpoint and its configuration, as far as the parts were wanted and are known.
#[derive(Debug, Default)]
pub struct Described {
    /// The endpoint, as AWS listed it: once, or more than once if it described it in several ways.
    descriptions: Vec<Endpoint>,
    /// The networks that it is associated with, as far as they were read.
    networks: Vec<Association>,
    /// `true` if they were read to their end.
    are_networks_whole: bool,
    policy: Option<PolicyAnswer>,
    revocation_list: Option<RevocationListAnswer>,
    /// Its authorization rules, as far as they were read.
    pub rules: Vec<EndpointRow<AuthorizationRule>>,
    /// Its routes, as far as they were read.
    pub routes: Vec<EndpointRow<Route>>,
    /// The parts that could not be read, or not to their ends, with the reasons.
    pub errors: Vec<(Part, PageError)>,
    /// The facts about EC2's answers.
    pub answers: Vec<(Part, AnswerFacts)>,
}

/// Returns the descriptions of each endpoint, in AWS's order by the first of each. One without a valid id is an endpoint of its own.
pub fn by_endpoint(listed: Vec<Endpoint>) -> Vec<Vec<Endpoint>> {
    let mut found: Vec<Vec<Endpoint>> = Vec::new();
    let mut index_by_id: HashMap<EndpointId, usize> = HashMap::new();
    for endpoint in listed {
        let index = match &endpoint.endpoint_id {
            Some(id) => *index_by_id.entry(id.clone()).or_insert(found.len()),
            None => found.len(),
        };
        match found.get_mut(index) {
            Some(descriptions) => descriptions.push(endpoint),
            None => found.push(vec![endpoint]),
        }
    }
    found
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

/// Endpoints of which EC2 may leave a part unanswered before the part is given up for the others.
const MAX_UNANSWERED: usize = 2;

/// The requests for the configuration of the endpoints of an account and Region.
pub struct Requests<'a> {
    source: &'a Ec2Source,
    request: &'a CaptureRequest,
    clock: &'a Clock,
    /// The tables that are wanted.
    tables: Vec<ConfigurationTable>,
    /// The errors of requests that EC2 did not answer at all. After [`MAX_UNANSWERED`] of a part, no more are made for it. Without time
    /// left, none are made.
    unanswered: Mutex<Vec<(Part, PageError)>>,
}

impl<'a> Requests<'a> {
    /// Returns the requests for what these tables have.
    pub fn new(
        source: &'a Ec2Source,
        request: &'a CaptureRequest,
        clock: &'a Clock,
        tables: Vec<ConfigurationTable>,
    ) -> Requests<'a> {
        Requests { source, request, clock, tables, unanswered: Mutex::default() }
    }

    /// Adds the parts of its configuration to an endpoint of `place`, all of whose descriptions these are. Each part is requested once.
    pub async fn describe(&self, place: &AccountRegion, descriptions: Vec<Endpoint>) -> Described {
        let mut described = Described { descriptions, ..Described::default() };
        let Some(first) = described.not_deleted().next() else {
            return described;
        };
        let Some(endpoint_id) = first.endpoint_id.clone() else {
            described.fail_all(&self.tables);
            return described;
        };
        let AccountRegion { account_id, region } = place.clone();
        let target = Target { account_id, region, endpoint_id };
        let networks =
            async |rows: &mut EndpointRows<_>| self.source.associated_networks(&target, rows).await;
        let networks = self.listed(&mut described, Part::Networks, networks).await;
        (described.networks, described.are_networks_whole) = (networks.rows, networks.is_whole);
        let rules = async |rows: &mut EndpointRows<_>| self.source.authorization_rules(&target, rows).await;
        let rules = self.listed(&mut described, Part::AuthorizationRules, rules).await;
        let captured_at = rules.last_page_at();
        described.not_deleted().for_each(|endpoint| endpoint.authorization_rules_captured_at = captured_at);
        described.rules = rules.rows;
        let routes = async |rows: &mut EndpointRows<_>| self.source.routes(&target, rows).await;
        let routes = self.listed(&mut described, Part::Routes, routes).await;
        let captured_at = routes.last_page_at();
        described.not_deleted().for_each(|endpoint| endpoint.routes_captured_at = captured_at);
        described.routes = routes.rows;
        let policy = self.source.authorization_policy(&target);
        if let Some((policy, error)) = self.part(&mut described, Part::AuthorizationPolicy, policy).await {
            described.policy = Some(policy);
            error.into_iter().for_each(|error| described.fail(Part::AuthorizationPolicy, error, true));
        }
        let list = self.source.revocation_list(&target);
        if let Some((list, error)) = self.part(&mut described, Part::RevocationList, list).await {
            described.revocation_list = Some(list);
            error.into_iter().for_each(|error| described.fail(Part::RevocationList, error, true));
        }
        described
    }

    /// Returns the error for which a part is no longer requested.
    fn earlier(&self, part: Part) -> Option<PageError> {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline = unanswered.iter().find(|(_, error)| error.is_deadline());
        let last_allowed = || unanswered.iter().filter(|(of, _)| *of == part).nth(MAX_UNANSWERED - 1);
        deadline.or_else(last_allowed).map(|(_, error)| error.clone())
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

    /// Reads the listing of a part if it is wanted, and returns what was read of it. If that is not its end, `described` has the reason.
    async fn listed<T>(
        &self,
        described: &mut Described,
        part: Part,
        read: impl AsyncFnOnce(&mut EndpointRows<T>) -> Result<(), PageError>,
    ) -> ListedRows<T>
    where
        EndpointRows<T>: Default,
    {
        let mut rows = EndpointRows::default();
        let answer = self.answer(part, read(&mut rows)).await;
        if let Some(Err(error)) = answer {
            described.fail(part, error, !rows.is_empty());
        }
        let mut listed = rows.into_listed();
        let unknown_elements = std::mem::take(&mut listed.unknown_elements);
        described.answers.push((part, AnswerFacts { times: listed.times, unknown_elements }));
        listed
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
            self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).push((part, error.clone()));
        }
        Some(answer)
    }
}

impl Described {
    /// Returns its rows for the table of endpoints. Each is made in its turn: what they have in common is copied for one at a time.
    pub fn into_rows(self) -> impl Iterator<Item = Endpoint> {
        let Described { descriptions, networks, are_networks_whole, policy, revocation_list, .. } = self;
        let mut parts = Endpoint::default();
        if are_networks_whole {
            parts.associate(networks);
        } else {
            parts.keep_some_networks(networks);
        }
        policy.into_iter().for_each(|policy| parts.add_policy(policy));
        revocation_list.into_iter().for_each(|list| parts.add_revocation_list(list));
        descriptions.into_iter().map(move |mut endpoint| {
            if !endpoint.is_deleted() {
                endpoint.add_parts(&parts);
            }
            endpoint
        })
    }

    /// Returns the descriptions of it that are not those of a deleted endpoint, of which nothing can be requested.
    fn not_deleted(&mut self) -> impl Iterator<Item = &mut Endpoint> {
        self.descriptions.iter_mut().filter(|endpoint| !endpoint.is_deleted())
    }

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
        // An endpoint that was deleted meanwhile has no networks that could be known. The mark is for those of the pages before.
        let is_without_networks = is_gone && part == Part::Networks;
        if is_partial || !is_without_networks {
            self.not_deleted().for_each(|endpoint| part.mark(endpoint, error.code.as_str()));
        }
        // Authorization policies are not in every partition.
        let is_absent = part == Part::AuthorizationPolicy && error.code == AwsCode::INVALID_ACTION;
        // A table is not complete with some of the rows of an endpoint that was deleted meanwhile.
        if !is_without_networks && (is_partial || !(is_gone || is_absent)) {
            self.errors.push((part, error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(id: &str, description: &str) -> Endpoint {
        Endpoint {
            endpoint_id: EndpointId::parse(id),
            description: Some(description.to_owned()),
            ..Endpoint::default()
        }
    }

    #[test]
    fn the_page_about_cost_counts_each_table_and_each_call() {
        let names = "CONFIGURATION_TABLES, CONFIGURATION_CALLS, CONFIGURATION_CONCURRENCY";
        let counts = format!("\n{names} = {}, {}, ", ConfigurationTable::ALL.len(), Part::ALL.len());
        assert!(include_str!("../../docs/cost.py").contains(&counts));
    }

    #[test]
    fn an_endpoint_is_one_however_often_it_is_described() {
        let (a, b) = ("cvpn-endpoint-0123456789abcdef0", "cvpn-endpoint-0123456789abcdef1");
        for (name, listed, expected) in [
            ("none", vec![], vec![]),
            ("each once", vec![(a, "1"), (b, "2")], vec![vec!["1"], vec!["2"]]),
            ("two ways", vec![(a, "1"), (b, "2"), (a, "3")], vec![vec!["1", "3"], vec!["2"]]),
            ("the last in two ways", vec![(a, "1"), (b, "2"), (b, "3")], vec![vec!["1"], vec!["2", "3"]]),
            ("without ids", vec![("?", "1"), (a, "2"), ("?", "3")], vec![vec!["1"], vec!["2"], vec!["3"]]),
        ] {
            let listed = listed.into_iter().map(|(id, description)| endpoint(id, description)).collect();
            let found = by_endpoint(listed);
            let found: Vec<Vec<&str>> = found
                .iter()
                .map(|of_endpoint| of_endpoint.iter().filter_map(|one| one.description.as_deref()).collect())
                .collect();
            assert_eq!(found, expected, "{name}");
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
            let there = Endpoint {
                routes_captured_at: Some(jiff::Timestamp::UNIX_EPOCH),
                ..endpoint("cvpn-endpoint-0123456789abcdef0", "there")
            };
            let deleted = Endpoint { status_code: Some("deleted".to_owned()), ..there.clone() };
            let mut described =
                Described { descriptions: vec![deleted.clone(), there], ..Described::default() };
            described.fail(Part::Routes, gone(), is_partial);
            assert_eq!(described.errors.len(), usize::from(is_partial));
            assert_eq!(described.descriptions[0], deleted);
            described.fail(Part::Networks, gone(), is_partial);
            assert_eq!(
                described.errors.len(),
                usize::from(is_partial),
                "it has no networks that could be known"
            );
            let there = &described.descriptions[1];
            assert_eq!(there.unparsed.contains_key("targetNetworkId#error"), is_partial);
            let code = there.unparsed.get("routes#error").map(String::as_str);
            assert_eq!((code, there.routes_captured_at), (Some("InvalidClientVpnEndpointId.NotFound"), None));
        }
    }
}
