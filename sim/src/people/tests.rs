use super::*;
use crate::config::Config;
use std::collections::{BTreeMap, BTreeSet};

const NOW: i64 = 1_795_420_800;
const HOUR: i64 = 3600;

fn fleets(connections: usize) -> Vec<People> {
    Config::fleet(1, 3, connections).endpoints.into_iter().map(|endpoint| People::new(1, endpoint)).collect()
}

fn listed(fleet: &People, now: i64) -> Vec<Connection> {
    (0..fleet.seats()).map(|seat| fleet.connection(seat, now)).collect()
}

fn ended(row: &Connection) -> bool {
    row.connection_end_time.as_deref() != Some("-")
}

fn bytes(row: &Connection) -> (u64, u64) {
    let number = |text: &Option<String>| text.as_deref().unwrap().parse().unwrap();
    (number(&row.ingress_bytes), number(&row.egress_bytes))
}

#[test]
fn the_same_seed_and_time_give_the_same_rows_and_another_seed_other_ones() {
    let fleet = &fleets(50)[0];
    assert_eq!(listed(fleet, NOW), listed(fleet, NOW));
    let other = People::new(2, fleet.endpoint().clone());
    assert!(listed(fleet, NOW).iter().zip(listed(&other, NOW)).all(|(one, two)| *one != two));
}

#[test]
fn connection_ids_are_unique_over_endpoints_seats_and_times() {
    let fleets = fleets(500);
    let mut sessions = BTreeMap::new();
    for (index, fleet) in fleets.iter().enumerate() {
        for hour in 0..48 {
            for (seat, row) in listed(fleet, NOW + hour * HOUR).into_iter().enumerate() {
                let session = (index, seat, row.connection_established_time);
                let known = sessions.entry(row.connection_id).or_insert_with(|| session.clone());
                assert_eq!(*known, session);
            }
        }
    }
    assert!(sessions.len() > 1500 * 6, "{}", sessions.len());
}

#[test]
fn a_connection_transfers_ends_stays_listed_for_an_hour_and_gives_way_to_the_next() {
    for fleet in fleets(40) {
        for seat in 0..fleet.seats() {
            let mut before: Option<Connection> = None;
            let mut ended_at = None;
            for minute in 0..24 * 60 {
                let now = NOW + minute * 60;
                let row = fleet.connection(seat, now);
                match before.filter(|before| before.connection_id == row.connection_id) {
                    Some(before) if ended(&before) => assert_eq!(before, row, "an ended row changes no more"),
                    Some(before) => {
                        assert!(bytes(&before) <= bytes(&row) && before.timestamp <= row.timestamp);
                        ended_at = ended(&row).then_some(now);
                    }
                    None => {
                        if let Some(ended_at) = ended_at.take() {
                            assert!((59 * 60..=61 * 60).contains(&(now - ended_at)), "{}", now - ended_at);
                        }
                    }
                }
                before = Some(row);
            }
        }
    }
}

#[test]
fn rows_hold_together() {
    for fleet in fleets(2000) {
        for row in listed(&fleet, NOW) {
            let code = row.status.clone().unwrap().code.unwrap();
            assert_eq!(ended(&row), code == "terminated");
            if ended(&row) {
                assert_eq!(row.timestamp, row.connection_end_time);
            }
            assert!(row.connection_established_time <= row.timestamp);
            assert!(row.timestamp.unwrap() <= clock_text(NOW));
            assert!(row.client_ip.unwrap().starts_with("10."));
        }
    }
}

#[test]
fn fields_depend_on_how_people_prove_who_they_are() {
    let rows: Vec<Connection> = fleets(1).iter().map(|fleet| fleet.connection(0, NOW)).collect();
    let [federated, certificate, directory] = rows.as_slice() else { panic!("three endpoints") };
    assert!(federated.username.as_deref().unwrap().ends_with("@corp.example"));
    assert!(federated.authorization_policy_last_evaluated_time.is_some());
    assert!(federated.posture_compliance_statuses.is_some());
    assert_eq!(certificate.username, None);
    assert!(certificate.common_name.is_some() && certificate.posture_compliance_statuses.is_none());
    assert!(directory.username.is_some() && directory.client_ipv6_address.is_some());
}

#[test]
fn every_tenth_seat_shares_its_user_with_another() {
    let fleet = &fleets(1000)[0];
    let users: BTreeSet<_> = (0..1000).map(|seat| fleet.username(seat)).collect();
    assert_eq!(users.len(), 900);
}

#[test]
fn second_devices_of_a_directory_have_certificates_of_their_own() {
    let fleet = &fleets(1000)[2];
    let names: BTreeSet<_> = (0..1000).map(|seat| fleet.common_name(seat)).collect();
    let users: BTreeSet<_> = (0..1000).map(|seat| fleet.username(seat)).collect();
    // The rest are third devices: two second seats can be of one person.
    assert_eq!(users.len(), 900);
    assert!(names.len() > 980, "{}", names.len());
}

#[test]
fn what_lived_in_a_day_is_what_a_day_of_listings_shows() {
    for fleet in fleets(20) {
        let mut last_listed = BTreeMap::new();
        for second in (0..24 * HOUR).step_by(60) {
            for row in listed(&fleet, NOW + second) {
                last_listed.insert(row.connection_id.clone(), row);
            }
        }
        let to = NOW + 24 * HOUR - 60;
        let lived: Vec<_> = (0..20).flat_map(|seat| fleet.lived(seat, NOW, to)).collect();
        for row in &lived {
            assert_eq!(last_listed.get(&row.connection_id), Some(row));
        }
        let since = |row: &&Connection| row.connection_end_time >= Some(clock_text(NOW)) || !ended(row);
        assert_eq!(last_listed.values().filter(since).count(), lived.len());
    }
}

#[test]
fn addresses_inside_the_vpn_are_not_given_twice() {
    let fleet = &fleets(126_000)[2];
    let rows = (0..fleet.seats()).step_by(7).map(|seat| fleet.connection(seat, NOW));
    let addresses: Vec<_> = rows.map(|row| (row.client_ip, row.client_ipv6_address)).collect();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len());
}
