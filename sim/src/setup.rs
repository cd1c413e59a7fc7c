//! The setup of an endpoint: a pure function of seed and endpoint, as its people are.

use crate::people::People;
use crate::random::Stream;
use jiff::Timestamp;

/// A tag that every stage has to carry unchanged.
const ODD_TAG: (&str, &str) = ("team <&> \"odd\"", "Zürich, 'Ops' & <SRE>\t東京 \u{1f512} =+-@:/_.");

/// The properties that vary between endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Time of creation, in the year 2024.
    pub(crate) created: String,
    pub(crate) vpc_id: String,
    pub(crate) session_timeout_hours: &'static str,
    pub(crate) split_tunnel: bool,
    pub(crate) transport_protocol: &'static str,
    pub(crate) vpn_port: &'static str,
    pub(crate) is_logged: bool,
    /// The Lambda function that is called for each client.
    pub(crate) connect_handler: Option<&'static str>,
    pub(crate) disconnect_on_session_timeout: bool,
    pub(crate) security_group_ids: Vec<String>,
    pub(crate) tags: Vec<(&'static str, &'static str)>,
    /// Zero to three networks: an endpoint without one cannot be connected to yet.
    pub(crate) networks: Vec<Network>,
}

/// A subnet that is associated with an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) association_id: String,
    pub(crate) subnet_id: String,
}

impl Setup {
    pub(crate) fn of(fleet: &People) -> Self {
        let mut traits = Stream::of(&[fleet.key(), 0x766e]);
        let created = Timestamp::from_second(traits.between(1_704_067_200, 1_735_689_599));
        let created = created.unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            created: created.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            vpc_id: id("vpc", &mut traits),
            session_timeout_hours: traits.pick(&["8", "10", "12", "24"]),
            split_tunnel: traits.one_in(2),
            transport_protocol: traits.pick(&["udp", "udp", "tcp"]),
            vpn_port: traits.pick(&["443", "443", "1194"]),
            is_logged: !traits.one_in(3),
            connect_handler: traits.one_in(3).then_some("AWSClientVPN-posture"),
            disconnect_on_session_timeout: traits.one_in(2),
            security_group_ids: (0..traits.between(1, 2)).map(|_| id("sg", &mut traits)).collect(),
            tags: tags(&mut traits),
            networks: (0..traits.between(0, 3)).map(|_| Network::draw(&mut traits)).collect(),
        }
    }

    /// Returns the state that follows from the networks.
    pub(crate) fn status(&self) -> &'static str {
        if self.networks.is_empty() { "pending-associate" } else { "available" }
    }
}

impl Network {
    fn draw(traits: &mut Stream) -> Self {
        Self { association_id: id("cvpn-assoc", traits), subnet_id: id("subnet", traits) }
    }
}

fn tags(traits: &mut Stream) -> Vec<(&'static str, &'static str)> {
    let environment = ("environment", traits.pick(&["production", "staging", ""]));
    let optional = [traits.one_in(2).then_some(environment), traits.one_in(2).then_some(ODD_TAG)];
    std::iter::once(("Name", "simulated")).chain(optional.into_iter().flatten()).collect()
}

/// Returns an id of 17 digits, of which the first has been 0 so far.
fn id(kind: &str, traits: &mut Stream) -> String {
    format!("{kind}-0{:016x}", traits.number())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::BTreeSet;

    fn setups() -> Vec<Setup> {
        let endpoints = Config::fleet(1, 60, 1).endpoints.into_iter();
        endpoints.map(|endpoint| Setup::of(&People::new(1, endpoint))).collect()
    }

    #[test]
    fn the_same_endpoint_is_always_set_up_the_same_way() {
        assert_eq!(setups(), setups());
    }

    #[test]
    fn endpoints_vary_in_everything() {
        fn values<T: Ord>(of: impl Fn(Setup) -> T) -> usize {
            setups().into_iter().map(of).collect::<BTreeSet<_>>().len()
        }
        assert_eq!(values(|setup| (setup.transport_protocol, setup.vpn_port)), 4);
        assert_eq!(values(|setup| (setup.split_tunnel, setup.is_logged)), 4);
        assert_eq!(values(|setup| (setup.connect_handler, setup.disconnect_on_session_timeout)), 4);
        assert_eq!(values(|setup| (setup.session_timeout_hours, setup.security_group_ids.len())), 8);
        assert_eq!(values(|setup| (setup.networks.len(), setup.status())), 4);
        assert_eq!(values(|setup| setup.tags.contains(&ODD_TAG)), 2);
        assert_eq!(values(|setup| setup.vpc_id), 60);
    }
}
