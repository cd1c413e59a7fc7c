use super::*;
use crate::target::EndpointId;

fn target() -> Target {
    Target {
        account_id: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap(),
    }
}

#[test]
fn keys_are_those_of_the_design() {
    let target = target();
    let place = &target.place();
    let snapshot_time = SnapshotTime::parse("2026-11-23T09:15:00Z").unwrap();
    let run_id = &RunId::parse("8f5a-1").unwrap();
    let group = &LogGroupId::parse("0123456789ab").unwrap();
    let folder = "account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-23";
    let file = "20261123T091500Z_cvpn-endpoint-0123456789abcdef0";
    for (key, expected) in [
        (Key::Connections { target: &target, snapshot_time }, format!("connections/{folder}/{file}.parquet")),
        (
            Key::Partial { target: &target, snapshot_time, run_id },
            format!("partials/{folder}/{file}_8f5a-1.parquet"),
        ),
        (Key::Run { place, snapshot_time, run_id }, format!("runs/{folder}/20261123T091500Z_8f5a-1.json")),
        (
            Key::Configuration { table: ConfigurationTable::Endpoints, place, snapshot_time },
            format!("endpoints/{folder}/20261123T091500Z.parquet"),
        ),
        (
            Key::Configuration { table: ConfigurationTable::AuthorizationRules, place, snapshot_time },
            format!("authorization_rules/{folder}/20261123T091500Z.parquet"),
        ),
        (
            Key::Configuration { table: ConfigurationTable::Routes, place, snapshot_time },
            format!("routes/{folder}/20261123T091500Z.parquet"),
        ),
        (
            Key::ConnectionLogs { place, due: snapshot_time, group, is_late: false },
            format!("connection_logs/{folder}/20261123T091500Z_0123456789ab.parquet"),
        ),
        (
            Key::ConnectionLogs { place, due: snapshot_time, group, is_late: true },
            format!("connection_logs/{folder}/20261123T091500Z_0123456789ab_late.parquet"),
        ),
        (Key::Preflight, "preflight".to_owned()),
    ] {
        assert_eq!(key.to_string(), expected);
        let read = ObjectKey::parse(&expected);
        assert_eq!(read.is_some(), expected != "preflight", "{expected}");
        assert!(read.is_none_or(
            |read| read.hour.to_string() == "2026-11-23T09" && Table::SEALED.contains(&read.table)
        ));
    }
    let hour = Hour::parse("2026-11-23T09").unwrap();
    let expected =
        "digests/account_id=111122223333/region=eu-central-1/digest_date=2026-11-23/20261123T090000Z.json";
    assert_eq!(Key::Digest { place, hour }.to_string(), expected);
    assert_eq!(ObjectKey::parse(expected), Some(ObjectKey::of_digest(place, hour)));
}

#[test]
fn a_key_has_its_text_its_time_and_what_follows_the_time() {
    let place = target().place();
    assert_eq!(place.folder(Table::Runs), "runs/account_id=111122223333/region=eu-central-1/");
    let day = place.day(Table::Runs, jiff::civil::date(2026, 11, 23));
    for (name, after_time) in
        [("20261123T091500Z_8f5a-1.json", "8f5a-1"), ("20261123T091500Z_a_b.json", "a_b")]
    {
        let text = format!("{day}{name}");
        let key = ObjectKey::parse(&text).unwrap();
        assert_eq!((key.as_str(), key.to_string()), (text.as_str(), text.clone()));
        assert_eq!(
            (key.time(), key.after_time()),
            (SnapshotTime::parse("2026-11-23T09:15:00Z").ok(), after_time)
        );
    }
}

#[test]
fn what_is_no_key_of_ours_is_not_read() {
    let place = "account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-23";
    for text in [
        String::new(),
        "/etc/passwd".to_owned(),
        format!("connections/{place}/../../../../etc/passwd"),
        format!("connections/{place}/20261123T091500Z_..parquet"),
        format!("connections/{place}/20261123T091500Z_a/b.parquet"),
        format!("connections/{place}/20261123T091500Z_.parquet"),
        format!("connections/{place}/20261123T091500Z_a.json"),
        format!("connections/{place}/20261124T091500Z_a.parquet"),
        format!("connections/{place}/.20261123T091500Z_a.parquet"),
        format!("elsewhere/{place}/20261123T091500Z_a.parquet"),
        format!("elsewhere/{place}/20261123T091500Z.parquet"),
        format!("endpoints/{place}/20261123T091500Z_a.parquet"),
        format!("endpoints/{place}/20261123T091500Z.json"),
        format!("endpoints/{place}/20261124T091500Z.parquet"),
        format!("connections/{}/20261123T091500Z_a.parquet", place.replace("111122223333", "1")),
        format!("connections/{}/20261123T091500Z_a.parquet", place.replace("eu-central-1", "..")),
        format!("connection_logs/{place}/20261123T091500Z.parquet"),
        format!("connection_logs/{place}/20261123T091500Z_cvpn.parquet"),
        format!("connection_logs/{place}/20261123T091500Z_0123456789ab_.parquet"),
        format!("connection_logs/{place}/20261123T091500Z_late.parquet"),
        format!("digests/{place}/20261123T090000Z.json"),
        format!("digests/{}/20261123T091500Z.json", place.replace("snapshot", "digest")),
        format!("digests/{}/20261123T090000Z_a.json", place.replace("snapshot", "digest")),
        format!("connections/{}/20261123T091500Z_a.parquet", place.replace("2026-11-23", "20261123")),
    ] {
        assert_eq!(ObjectKey::parse(&text), None, "{text}");
    }
}

#[test]
fn two_attempts_at_one_request_have_two_ids() {
    let (first, second) = (RunId::new("8f5a"), RunId::new("8f5a"));
    assert!(first.as_str().starts_with("8f5a-"));
    assert_ne!(first, second);
}

#[test]
fn a_request_id_that_no_key_can_carry_is_replaced() {
    for text in ["", "../../etc", "a_b", "a/b", "ä", &"x".repeat(65)] {
        let id = RunId::new(text);
        assert_eq!(id.as_str().len(), 36 + 1 + 8, "{id}");
    }
}
