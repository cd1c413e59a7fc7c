//! A running simulator.

use crate::access::Access;
use crate::account_region::AccountRegion;
use crate::assumed::AssumedRole;
use crate::config::{Config, EndpointConfig};
use crate::connection::Connection;
use crate::fault::{Fault, FaultyAction};
use crate::log_event::LogEvent;
use crate::log_group::LogGroup;
use crate::served::{ServedLogPage, ServedPage};
use crate::server::serve;
use crate::state::State;
use jiff::Timestamp;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A simulator that serves until it is dropped; then it accepts nothing more, and open connections end.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Serves on 127.0.0.1 at `port`, 0 for any that is free, in tasks of the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the port cannot be bound.
    pub async fn start(config: Config, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(config));
        let server = tokio::spawn(serve(listener, state.clone()));
        Ok(Self { address, state, server })
    }

    /// Returns `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL_EC2`, `AWS_ENDPOINT_URL_STS` and
    /// `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the endpoints of the home's account and Region, in the order of the configuration.
    pub fn endpoint_ids(&self) -> Vec<String> {
        let listed = self.state.places.at(&self.state.home);
        listed.iter().map(|listed| listed.fleet.endpoint().id.clone()).collect()
    }

    /// Lists every endpoint of every account and Region: account, Region, id; the home's first.
    pub fn endpoints(&self) -> Vec<(String, String, String)> {
        let all = self.state.places.all().into_iter();
        all.map(|(at, fleet)| (at.account_id, at.region, fleet.endpoint().id.clone())).collect()
    }

    /// Adds an endpoint to this account and Region.
    pub fn add_endpoint(&self, account_id: &str, region: &str, endpoint: EndpointConfig) {
        self.state.places.settle(&AccountRegion::new(account_id, region), &[endpoint]);
        self.state.forget();
    }

    /// Removes the endpoint from its account and Region. What it logged until now stays in its log group.
    pub fn remove_endpoint(&self, endpoint_id: &str) {
        self.state.places.remove(endpoint_id, self.state.now());
        self.state.access.forget(endpoint_id);
        self.state.forget();
    }

    /// Switches the connection log of an endpoint on if it is off, and off if it is on. What happens from now on is logged, or
    /// is not.
    pub fn switch_connection_log(&self, endpoint_id: &str) {
        self.state.places.switch_log(endpoint_id, self.state.now());
        self.state.forget();
    }

    /// Lets an endpoint log to this group of its account and Region instead of `client-vpn`. Its earlier events are there too.
    pub fn log_to(&self, endpoint_id: &str, group: &str) {
        self.state.places.log_to(endpoint_id, group);
        self.state.forget();
    }

    /// Returns the access settings of an endpoint that are in force now; `None` for an unknown endpoint. A record of this time
    /// should have the same.
    pub fn access(&self, endpoint_id: &str) -> Option<Access> {
        let (location, fleet) = self.state.places.locate(endpoint_id)?;
        Some(Access::clone(&self.state.access.of(&location, &fleet)))
    }

    /// Changes the access settings of an endpoint from now on. Later pages of a listing that has begun show the change.
    pub fn change_access(&self, endpoint_id: &str, change: impl FnOnce(&mut Access)) {
        let Some((location, fleet)) = self.state.places.locate(endpoint_id) else { return };
        let mut access = Access::clone(&self.state.access.of(&location, &fleet));
        change(&mut access);
        self.state.access.put(location, &fleet, access);
        self.state.forget();
    }

    /// Adds a log group to an account and Region, or gives the one of this name other settings.
    pub fn put_log_group(&self, account_id: &str, region: &str, group: LogGroup) {
        self.state.groups.put(&AccountRegion::new(account_id, region), group);
        self.state.forget();
    }

    /// Removes a log group with its events.
    pub fn remove_log_group(&self, account_id: &str, region: &str, name: &str) {
        self.state.groups.remove(&AccountRegion::new(account_id, region), name);
        self.state.forget();
    }

    /// Stops the clock at `now`, or moves a stopped one.
    pub fn set_time(&self, now: Timestamp) {
        self.state.set_time(now);
    }

    /// Adds a rule for the requests for connections from now on.
    pub fn inject(&self, fault: Fault) {
        self.inject_into(FaultyAction::DescribeClientVpnConnections, fault);
    }

    /// Adds a rule for the requests of an action from now on. Of `FilterLogEvents`, a log group is to [`Fault::at`] what an
    /// endpoint is of connections.
    pub fn inject_into(&self, action: FaultyAction, fault: Fault) {
        self.state.rules.add(action, fault);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.state.rules.clear();
    }

    /// Refuses every role of this account from now on. Credentials handed out before stay valid.
    pub fn refuse_role(&self, account_id: &str) {
        self.state.outages.refuse_role(account_id);
    }

    /// Refuses the credentials handed out so far for roles of this account. A role that is assumed again gets new ones, which
    /// are valid.
    pub fn expire_credentials(&self, account_id: &str) {
        self.state.sessions.expire(account_id);
    }

    /// Answers every EC2 request for this Region from now on as [`FaultKind::Unavailable`] does.
    ///
    /// [`FaultKind::Unavailable`]: crate::FaultKind::Unavailable
    pub fn take_down(&self, region: &str) {
        self.state.outages.take_down(region);
    }

    /// Answers every request for this Region from now on as for a Region that the account has not enabled: 401 `AuthFailure`,
    /// of CloudWatch Logs `UnrecognizedClientException`.
    pub fn disable_region(&self, region: &str) {
        self.state.outages.disable(region);
    }

    /// Undoes [`Simulator::refuse_role`], [`Simulator::take_down`] and [`Simulator::disable_region`].
    pub fn restore(&self) {
        self.state.outages.restore();
    }

    /// Returns every role that was assumed, in order.
    pub fn assumed(&self) -> Vec<AssumedRole> {
        self.state.sessions.roles()
    }

    /// Returns the number of requests that [`Config::throttling`] refused.
    pub fn throttled(&self) -> usize {
        self.state.buckets.throttled()
    }

    /// Returns every page of connections that was completely handed to the client, in order; empty unless
    /// [`Config::record_served`] is set. A cut, stalled or malformed answer is no page.
    pub fn served(&self) -> Vec<ServedPage> {
        self.state.served.pages()
    }

    /// Returns every page of log events that was completely handed to the client, in order; empty unless
    /// [`Config::record_served`] is set. A cut, stalled or malformed answer is no page, nor is one of another shape.
    pub fn served_logs(&self) -> Vec<ServedLogPage> {
        self.state.served.log_pages()
    }

    /// Waits for at least one page as of [`Simulator::served`], and removes and returns the pages so far.
    pub async fn next_served(&self) -> Vec<ServedPage> {
        self.state.served.take().await
    }

    /// Removes and returns the pages so far, without waiting.
    pub fn take_served(&self) -> Vec<ServedPage> {
        self.state.served.take_now()
    }

    /// Returns the number of requests for connections, of whatever outcome, `DryRun` included.
    pub fn requests(&self) -> usize {
        self.action_requests(FaultyAction::DescribeClientVpnConnections)
    }

    /// Returns the number of requests of an action, of whatever outcome, `DryRun` included.
    pub fn action_requests(&self, action: FaultyAction) -> usize {
        self.state.requests(action)
    }

    /// Returns the number of requests to CloudWatch Logs, of whatever outcome.
    pub fn log_requests(&self) -> usize {
        self.state.log_requests()
    }

    /// Returns every event of a log group from `from` to `to`, both included, in order and unmasked, also those that have not
    /// arrived yet or whose retention is over; empty for an unknown group. A record of that time should have the same events.
    pub fn logged(
        &self,
        account_id: &str,
        region: &str,
        group: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<LogEvent> {
        let location = AccountRegion::new(account_id, region);
        let Some(group) = self.state.groups.find(&location, group) else { return Vec::new() };
        let journal = self.state.journal(&location, group);
        let entries = journal.entries(from.as_millisecond(), to.as_millisecond());
        entries.iter().map(|entry| journal.event(entry, true)).collect()
    }

    /// Returns every connection that lived at some moment from `from` to `to`, as it was listed at its end, or at `to` if it
    /// still lived; empty for an unknown endpoint. A record of that time should have the same connections.
    pub fn lived(&self, endpoint_id: &str, from: Timestamp, to: Timestamp) -> Vec<Connection> {
        let fleet = self.state.places.find_anywhere(endpoint_id);
        fleet.map_or_else(Vec::new, |fleet| {
            let seats = 0..fleet.seats();
            seats.flat_map(|seat| fleet.lived(seat, from.as_second(), to.as_second())).collect()
        })
    }

    /// Returns the connections that would be listed now, in order; empty for an unknown endpoint.
    pub fn listing(&self, endpoint_id: &str) -> Vec<Connection> {
        let now = self.state.now().as_second();
        let fleet = self.state.places.find_anywhere(endpoint_id);
        fleet.map_or_else(Vec::new, |fleet| {
            (0..fleet.seats()).map(|seat| fleet.connection(seat, now)).collect()
        })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn endpoints_come_and_go_and_are_known_wherever_they_are() {
        let config = Config::organisation(1, 2, &["eu-central-1", "us-east-1"], 2, 4);
        let simulator = Simulator::start(config, 0).await.unwrap();
        let endpoints = simulator.endpoints();
        assert_eq!((endpoints.len(), simulator.endpoint_ids().len()), (8, 2));
        assert_eq!(endpoints[0].2, simulator.endpoint_ids()[0]);
        assert_eq!(simulator.listing(&endpoints[7].2).len(), 4);

        simulator.remove_endpoint(&endpoints[7].2);
        assert!(simulator.listing(&endpoints[7].2).is_empty());
        let endpoint = Config::fleet(2, 1, 3).endpoints.remove(0);
        simulator.add_endpoint("111122223333", "eu-west-1", endpoint.clone());
        let last = ("111122223333".to_owned(), "eu-west-1".to_owned(), endpoint.id.clone());
        assert_eq!((simulator.endpoints().len(), simulator.endpoints().pop()), (8, Some(last)));
        assert_eq!(simulator.listing(&endpoint.id).len(), 3);
    }
}
