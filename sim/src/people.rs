//! The people of one endpoint: a pure function of seed, endpoint and time.
//!
//! An endpoint has seats. A seat lists exactly one connection at any time (see [`session`]), so a page of a listing
//! needs only its own seats.

mod names;
mod session;
mod status;

use crate::config::{Authentication, EndpointConfig};
use crate::connection::Connection;
use crate::random::{Stream, mix, mix_bytes};
use jiff::Timestamp;
use session::LISTED_AFTER_END_SECONDS;
pub(crate) use session::Session;
use status::status;
use std::net::{Ipv4Addr, Ipv6Addr};

const POSTURES: &[&str] = &["compliant", "compliant", "compliant", "quarantined", "disk-encryption-off"];

/// One endpoint with its people.
#[derive(Debug, Clone)]
pub(crate) struct People {
    endpoint: EndpointConfig,
    key: u64,
}

impl People {
    pub(crate) fn new(seed: u64, endpoint: EndpointConfig) -> Self {
        let key = mix_bytes(seed, endpoint.id.as_bytes());
        Self { endpoint, key }
    }

    pub(crate) fn endpoint(&self) -> &EndpointConfig {
        &self.endpoint
    }

    /// Returns a number that follows from the endpoint, for whatever else varies between endpoints.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// Returns the number of connections listed at any time.
    pub(crate) fn seats(&self) -> usize {
        self.endpoint.connections
    }

    /// Returns the user of the seat, if the endpoint asks people for a user name.
    pub(crate) fn username(&self, seat: usize) -> Option<String> {
        match self.endpoint.authentication {
            Authentication::Certificate => None,
            Authentication::Federated => Some(format!("{}@corp.example", self.person(seat))),
            Authentication::DirectoryService => Some(self.person(seat)),
        }
    }

    /// Returns the id of the connection that the seat lists at `now`, in seconds since 1970.
    pub(crate) fn connection_id(&self, seat: usize, now: i64) -> String {
        self.id_of(Session::at(self.seat_key(seat), now))
    }

    /// Returns the connection that the seat lists at `now`, in seconds since 1970.
    pub(crate) fn connection(&self, seat: usize, now: i64) -> Connection {
        let session = Session::at(self.seat_key(seat), now);
        let mut traits = Stream::of(&[session.key, self.key]);
        let updated = last_update(&mut traits, session, now);
        let age = u64::try_from(updated - session.start).unwrap_or(0);
        let traffic = Traffic::draw(&mut traits, age);
        let federated = self.endpoint.authentication == Authentication::Federated;
        Connection {
            client_vpn_endpoint_id: Some(self.endpoint.id.clone()),
            timestamp: Some(clock_text(updated)),
            connection_id: Some(self.id_of(session)),
            username: self.username(seat),
            connection_established_time: Some(clock_text(session.start)),
            ingress_bytes: Some(traffic.ingress_bytes.to_string()),
            egress_bytes: Some(traffic.egress_bytes.to_string()),
            ingress_packets: Some(traffic.ingress_packets.to_string()),
            egress_packets: Some(traffic.egress_packets.to_string()),
            client_ip: Some(self.client_ip(seat, session)),
            client_ipv6_address: self.client_ipv6(seat, session),
            common_name: Some(self.common_name(seat)),
            status: Some(status(&mut traits, session, now)),
            connection_end_time: Some(if now < session.end {
                "-".to_owned()
            } else {
                clock_text(session.end)
            }),
            posture_compliance_statuses: self.endpoint.posture.then(|| postures(&mut traits)),
            // Evaluated when the connection begins and at whole hours of its age.
            authorization_policy_last_evaluated_time: federated
                .then(|| clock_text(updated - (updated - session.start).rem_euclid(3600))),
        }
    }

    /// Lists every connection of the seat that lived at some moment from `from` to `to`, in seconds since 1970, as it was
    /// listed at its end, or at `to` if it still lived.
    pub(crate) fn lived(&self, seat: usize, from: i64, to: i64) -> impl Iterator<Item = Connection> {
        let sessions = self.sessions(seat, from, to);
        sessions
            .filter(move |session| session.end >= from)
            .map(move |session| self.connection(seat, session.end.min(to)))
    }

    /// Lists the sessions of the seat that are listed at some moment from `from` to `to`, in seconds since 1970.
    pub(crate) fn sessions(&self, seat: usize, from: i64, to: i64) -> impl Iterator<Item = Session> + use<> {
        let key = self.seat_key(seat);
        let next = move |session: &Session| {
            let start = session.end + LISTED_AFTER_END_SECONDS;
            (start <= to).then(|| Session::at(key, start))
        };
        std::iter::successors((from <= to).then(|| Session::at(key, from)), next)
    }

    pub(crate) fn signs_in_with_saml(&self) -> bool {
        self.endpoint.authentication == Authentication::Federated
    }

    fn seat_key(&self, seat: usize) -> u64 {
        mix(&[self.key, number(seat)])
    }

    fn id_of(&self, session: Session) -> String {
        // AWS's long ids are 17 digits, of which the first has been 0 so far.
        format!("cvpn-connection-0{:016x}", mix(&[session.key, self.key, session.start.cast_unsigned()]))
    }

    fn person(&self, seat: usize) -> String {
        names::person(self.key, self.person_number(seat))
    }

    /// Returns the number of a seat's person. A second device's seat belongs to somebody who also has one of the nine seats
    /// before it.
    pub(crate) fn person_number(&self, seat: usize) -> u64 {
        let own = number(seat);
        if is_second_device(seat) { own - 1 - mix(&[self.key, own]) % 9 } else { own }
    }

    pub(crate) fn common_name(&self, seat: usize) -> String {
        let person = self.person(seat);
        match self.endpoint.authentication {
            Authentication::Federated => format!("{person}@corp.example"),
            Authentication::Certificate => format!("{person}.corp.example"),
            Authentication::DirectoryService if is_second_device(seat) => {
                format!("{person}-2.corp.example")
            }
            Authentication::DirectoryService => format!("{person}.corp.example"),
        }
    }

    /// Returns the first address of the endpoint's range, a /12 within 10.0.0.0/8.
    pub(crate) fn client_range(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(0x0a00_0000 | u32::try_from(self.key % 16).unwrap_or(0) << 20)
    }

    /// Returns the address of a session, one of the four addresses of its seat.
    fn client_ip(&self, seat: usize, session: Session) -> String {
        let host = u32::try_from((number(seat) * 4 + session.key % 4 + 2) % (1 << 20)).unwrap_or(0);
        Ipv4Addr::from_bits(self.client_range().to_bits() | host).to_string()
    }

    fn client_ipv6(&self, seat: usize, session: Session) -> Option<String> {
        let dual_stack = self.endpoint.authentication == Authentication::DirectoryService;
        let prefix = 0x2001_0db8_u128 << 96 | u128::from(self.key % 0xffff) << 64;
        let host = u128::from(number(seat) * 4 + session.key % 4 + 2);
        dual_stack.then(|| Ipv6Addr::from_bits(prefix | host).to_string())
    }
}

/// Returns `true` for every tenth seat.
fn is_second_device(seat: usize) -> bool {
    seat % 10 == 9
}

/// Returns the time of the row's last update: every one to five minutes while it lives, and at its end.
fn last_update(traits: &mut Stream, session: Session, now: i64) -> i64 {
    let every = traits.between(60, 300);
    if now < session.end { now - (now - session.start).rem_euclid(every) } else { session.end }
}

/// The traffic up to some age. It only ever grows.
struct Traffic {
    ingress_bytes: u64,
    egress_bytes: u64,
    ingress_packets: u64,
    egress_packets: u64,
}

impl Traffic {
    /// Draws the traffic at `age`, in seconds.
    fn draw(traits: &mut Stream, age: u64) -> Self {
        let mut drawn = |low, high| u64::try_from(traits.between(low, high)).unwrap_or(0);
        // Bytes a second to the client: mostly chat and mail, sometimes a video call or a backup.
        let egress_rate = drawn(200, 4_000) * if drawn(1, 8) == 1 { drawn(10, 200) } else { 1 };
        let ingress_rate = egress_rate * drawn(10, 70) / 100 * if drawn(1, 20) == 1 { 5 } else { 1 };
        let (handshake_in, handshake_out) = (drawn(3_000, 6_000), drawn(4_000, 9_000));
        let (ingress_bytes, egress_bytes) =
            (handshake_in + ingress_rate * age, handshake_out + egress_rate * age);
        Self {
            ingress_packets: ingress_bytes / drawn(90, 400),
            egress_packets: egress_bytes / drawn(300, 1_200),
            ingress_bytes,
            egress_bytes,
        }
    }
}

fn postures(traits: &mut Stream) -> Vec<String> {
    let count = traits.between(0, 2);
    (0..count).map(|_| traits.pick(POSTURES).to_owned()).collect()
}

/// Formats a time as this API writes it.
pub(crate) fn clock_text(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn number(seat: usize) -> u64 {
    u64::try_from(seat).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
