//! The configuration of one endpoint. EC2 returns each part in a separate call, and a part that fails does not affect the others.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::aws::ec2::{Ec2Source, ListedRows, PageError};
use crate::capture::request::CaptureRequest;
use crate::clock::Clock;
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::keys::ConfigurationTable;
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::Endpoint;
use crate::tables::routes::Route;
use crate::target::{AccountRegion, Target};

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
}

/// An endpoint with the parts of its configuration, as far as they were wanted and are known.
#[derive(Debug)]
pub struct Described {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its authorization rules.
    pub rules: Vec<EndpointRow<AuthorizationRule>>,
    /// Its routes.
    pub routes: Vec<EndpointRow<Route>>,
    /// The parts that could not be read, with the reasons.
    pub errors: Vec<(Part, PageError)>,
    /// Names of elements in EC2's answers that this program does not know.
    pub unknown_elements: Vec<(Part, BTreeSet<String>)>,
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
        let (errors, unknown_elements) = (Vec::new(), Vec::new());
        let mut described = Described { endpoint, rules, routes, errors, unknown_elements };
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
            let networks = described.rows(Part::Networks, networks);
            described.endpoint.associate(networks);
        }
        let rules = self.source.authorization_rules(&target);
        if let Some(rules) = self.part(&mut described, Part::AuthorizationRules, rules).await {
            described.rules = described.rows(Part::AuthorizationRules, rules);
        }
        let routes = self.source.routes(&target);
        if let Some(routes) = self.part(&mut described, Part::Routes, routes).await {
            described.routes = described.rows(Part::Routes, routes);
        }
        let policy = self.source.authorization_policy(&target);
        if let Some(policy) = self.part(&mut described, Part::AuthorizationPolicy, policy).await {
            described.endpoint.add_policy(policy);
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
        if !self.tables.contains(&part.table()) {
            return None;
        }
        let answer = match self.earlier(part) {
            Some(error) => Err(error),
            None => self.request.in_time(self.clock, answer).await,
        };
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        if error.code.is_out_of_reach() || error.is_deadline() {
            self.gave_up.lock().unwrap_or_else(PoisonError::into_inner).push((part, error.clone()));
        }
        let is_gone = error.code == AwsCode::ENDPOINT_NOT_FOUND;
        // An endpoint that was deleted meanwhile has no networks that could be known.
        if !(is_gone && part == Part::Networks) {
            described.endpoint.unparsed.insert(part.error_key().to_owned(), error.code.to_string());
        }
        // Authorization policies are not in every partition.
        let is_absent = part == Part::AuthorizationPolicy && error.code == AwsCode::INVALID_ACTION;
        if !is_gone && !is_absent {
            described.errors.push((part, error));
        }
        None
    }
}

impl Described {
    /// Marks every part of these tables as not known: nothing can be requested without a valid id.
    fn fail_all(&mut self, tables: &[ConfigurationTable]) {
        for part in Part::ALL.into_iter().filter(|part| tables.contains(&part.table())) {
            let error = PageError::new(ErrorCode::MalformedEndpoint, "an endpoint has no valid id");
            self.endpoint.unparsed.insert(part.error_key().to_owned(), error.code.to_string());
            self.errors.push((part, error));
        }
    }

    /// Takes the rows of a listing.
    fn rows<T>(&mut self, part: Part, listed: ListedRows<T>) -> Vec<T> {
        self.unknown_elements.push((part, listed.unknown_elements));
        listed.rows
    }
}
