//! One endpoint as a source of connection log events.

use crate::connection::Connection;
use crate::logs::attempts::{LEAD_SECONDS, Occurrence, Step, each_occurrence};
use crate::logs::device::Device;
use crate::logs::evaluation::{Evaluation, Occasion, Policy};
use crate::logs::line::Line;
use crate::people::{People, Session, clock_text};
use crate::place::{Listed, LogSettings};
use crate::random::{Stream, mix};
use crate::setup::Setup;
use std::sync::Arc;

/// Reasons of failure where a client connect handler decides. Most are the handler's own refusals.
const HANDLER_REASONS: &[&str] = &[
    "client-connect-failed",
    "client-connect-failed",
    "client-connect-failed",
    "client-connect-failed",
    "client-connect-handler-timed-out",
    "client-connect-handler-other-execution-error",
    "client-connect-handler-throttled",
    "client-connect-handler-invalid-response",
    "client-connect-handler-service-error",
];

const NONE: &str = "NA";

/// One endpoint as a source of connection log events.
#[derive(Debug)]
pub(crate) struct Logger {
    fleet: Arc<People>,
    log: LogSettings,
    policy: Option<Policy>,
    signs_in_with_saml: bool,
    has_handler: bool,
    is_logged_at_first: bool,
    transport_protocol: &'static str,
}

/// A step that somebody took, which its event can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) seat: usize,
    pub(crate) session: Session,
    pub(crate) occurrence: Occurrence,
    /// Number that no other sighting has.
    pub(crate) id: u64,
    /// Time of the event, in milliseconds since 1970.
    pub(crate) timestamp: i64,
}

impl Logger {
    pub(crate) fn of(listed: &Listed) -> Self {
        let setup = Setup::of(&listed.fleet);
        Self {
            policy: Policy::of(&listed.fleet),
            signs_in_with_saml: listed.fleet.signs_in_with_saml(),
            has_handler: setup.connect_handler.is_some(),
            is_logged_at_first: setup.is_logged,
            transport_protocol: setup.transport_protocol,
            log: listed.log.clone(),
            fleet: listed.fleet.clone(),
        }
    }

    pub(crate) fn endpoint_id(&self) -> &str {
        &self.fleet.endpoint().id
    }

    /// Calls `visit` with every logged step from `from` to `to`, both included, in milliseconds since 1970.
    pub(crate) fn each(&self, from: i64, to: i64, mut visit: impl FnMut(Sighting)) {
        let (first, last) = (from.div_euclid(1000), to.div_euclid(1000));
        let can_fail = self.has_handler || self.policy.is_some_and(|policy| !policy.is_shadow);
        for seat in 0..self.fleet.seats() {
            for session in self.fleet.sessions(seat, first, last.saturating_add(LEAD_SECONDS)) {
                each_occurrence(session, self.signs_in_with_saml, can_fail, |occurrence| {
                    let sighting = self.sighting(seat, session, occurrence);
                    if (from..=to).contains(&sighting.timestamp) && self.is_logged(sighting.timestamp) {
                        visit(sighting);
                    }
                });
            }
        }
    }

    fn sighting(&self, seat: usize, session: Session, occurrence: Occurrence) -> Sighting {
        let Occurrence { step, time, attempt } = occurrence;
        let id = mix(&[session.key, self.fleet.key(), attempt, step as u64]);
        // Every fourth event is at a whole second, so that some are at the beginning of a window.
        let millis = if id.is_multiple_of(4) { 0 } else { i64::try_from(id % 1000).unwrap_or(0) };
        Sighting { seat, session, occurrence, id, timestamp: time * 1000 + millis }
    }

    /// Returns `true` if the endpoint's connection log is on at this time, in milliseconds since 1970.
    fn is_logged(&self, timestamp: i64) -> bool {
        self.log.exists_at(timestamp) && self.is_logged_at_first != self.log.is_switched_at(timestamp)
    }

    /// Returns the name of the stream that events of this time are in. An endpoint begins one each day.
    pub(crate) fn stream_name(&self, region: &str, timestamp: i64) -> String {
        let day =
            clock_text(timestamp.div_euclid(1000)).split(' ').next().unwrap_or_default().replace('-', "/");
        let random = mix(&[self.fleet.key(), timestamp.div_euclid(86_400_000).cast_unsigned()]);
        format!("{}-{region}-{day}-{random:016x}", self.endpoint_id())
    }

    /// Returns the message of a step's event.
    pub(crate) fn message(&self, sighting: &Sighting) -> String {
        match sighting.occurrence.step {
            Step::Waiting => Line {
                connection_attempt_status: "waiting-for-assertion",
                username: None,
                common_name: NONE.to_owned(),
                ..self.attempt(sighting)
            },
            Step::AssertionReceived => Line {
                connection_log_type: "connection-reset",
                connection_reset_status: Some("assertion-received"),
                connection_attempt_status: NONE,
                username: None,
                common_name: NONE.to_owned(),
                ..self.attempt(sighting)
            },
            Step::Failed => self.failed(sighting),
            Step::Successful => self.successful(sighting),
            Step::Reset => self.reset(sighting),
        }
        .text()
    }

    fn failed(&self, sighting: &Sighting) -> Line {
        let mut traits = Stream::of(&[sighting.id, 0x7265_6173]);
        let policy = self.policy.filter(|policy| !policy.is_shadow);
        let denying = policy.filter(|_| !self.has_handler || traits.one_in(2));
        let line = self.attempt(sighting);
        let evaluation =
            denying.map(|policy| policy.refuse(line.device_type, Occasion::Attempt, sighting.id));
        let by_handler = traits.pick(HANDLER_REASONS);
        Line {
            connection_attempt_status: "failed",
            connection_attempt_failure_reason: if denying.is_some() {
                "authorization-policy-deny"
            } else {
                by_handler
            },
            authorization_policy_evaluation: evaluation,
            ..line
        }
    }

    fn successful(&self, sighting: &Sighting) -> Line {
        let row = self.fleet.connection(sighting.seat, sighting.session.start);
        let line = self.attempt(sighting);
        let evaluation = self.policy.map(|policy| self.at_attempt(policy, line.device_type, sighting.id));
        Line {
            connection_attempt_status: "successful",
            connection_start_time: clock_text(sighting.session.start),
            authorization_policy_evaluation: evaluation,
            connection_duration_seconds: "0".to_owned(),
            ..of_row(line, row)
        }
    }

    /// Returns the verdict on an attempt that succeeds: a permit, unless a policy in shadow mode says otherwise.
    fn at_attempt(&self, policy: Policy, device_kind: &'static str, id: u64) -> Evaluation {
        if policy.is_shadow && Stream::of(&[id, 0x7368_6164]).one_in(5) {
            policy.refuse(device_kind, Occasion::Attempt, id)
        } else {
            policy.permit(device_kind, Occasion::Attempt)
        }
    }

    fn reset(&self, sighting: &Sighting) -> Line {
        let Session { start, end, .. } = sighting.session;
        let row = self.fleet.connection(sighting.seat, end);
        let counters = [&row.ingress_bytes, &row.egress_bytes, &row.ingress_packets, &row.egress_packets];
        let [ingress_bytes, egress_bytes, ingress_packets, egress_packets] =
            counters.map(|counter| counter.clone().unwrap_or_default());
        let line = self.attempt(sighting);
        // A verdict is logged with the end of a session where it is not a permit: enforced, it is what ended the session.
        let evaluation = self.policy.filter(|_| Stream::of(&[sighting.id, 0x656e_6465]).one_in(8));
        let evaluation =
            evaluation.map(|policy| policy.refuse(line.device_type, Occasion::Periodic, sighting.id));
        Line {
            connection_log_type: "connection-reset",
            connection_attempt_status: NONE,
            connection_start_time: clock_text(start),
            ingress_bytes,
            egress_bytes,
            ingress_packets,
            egress_packets,
            authorization_policy_evaluation: evaluation,
            connection_end_time: clock_text(end),
            connection_duration_seconds: (end - start).to_string(),
            ..of_row(line, row)
        }
    }

    /// Returns the event of an attempt of which nothing is decided.
    fn attempt(&self, Sighting { seat, session, occurrence, .. }: &Sighting) -> Line {
        let is_session = matches!(occurrence.step, Step::Successful | Step::Reset);
        let key = mix(&[session.key, self.fleet.key(), occurrence.attempt]);
        let signs_in = matches!(occurrence.step, Step::Waiting | Step::AssertionReceived);
        let connection_key = mix(&[key, u64::from(signs_in)]);
        let device = Device::of(&self.fleet, *seat, key, 8);
        Line {
            connection_log_type: "connection-attempt",
            connection_attempt_status: NONE,
            // AWS's samples of endpoints with a policy do not have it in attempts.
            connection_reset_status: (self.policy.is_none() || occurrence.step == Step::Reset)
                .then_some(NONE),
            connection_attempt_failure_reason: NONE,
            connection_id: if is_session {
                self.fleet.connection_id(*seat, session.start)
            } else {
                format!("cvpn-connection-0{connection_key:016x}")
            },
            client_vpn_endpoint_id: self.endpoint_id().to_owned(),
            transport_protocol: self.transport_protocol,
            connection_start_time: NONE.to_owned(),
            connection_last_update_time: clock_text(occurrence.time),
            client_ip: NONE.to_owned(),
            client_ip_v6: NONE.to_owned(),
            common_name: self.fleet.common_name(*seat),
            username: self.fleet.username(*seat),
            device_type: device.kind,
            device_ip: device.address.to_string(),
            port: Stream::of(&[connection_key]).between(1024, 65_535).to_string(),
            ingress_bytes: "0".to_owned(),
            egress_bytes: "0".to_owned(),
            ingress_packets: "0".to_owned(),
            egress_packets: "0".to_owned(),
            posture_compliance_statuses: None,
            authorization_policy_evaluation: None,
            connection_end_time: NONE.to_owned(),
            connection_duration_seconds: NONE.to_owned(),
        }
    }
}

/// Returns the line with the addresses and statuses of a session's row.
fn of_row(line: Line, row: Connection) -> Line {
    let statuses = row.posture_compliance_statuses.map(|statuses| statuses.join(","));
    Line {
        client_ip: row.client_ip.unwrap_or_default(),
        client_ip_v6: row.client_ipv6_address.unwrap_or_else(|| NONE.to_owned()),
        posture_compliance_statuses: statuses
            .map(|text| if text.is_empty() { NONE.to_owned() } else { text }),
        ..line
    }
}
