//! Accounts and Regions are read several at a time: each is covered as if it were alone.

use std::cell::RefCell;
use std::fs;

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::{Coverage, EndpointCoverage, RequestedTimes};
use serde_json::{Value, json};

use super::{Recorder, at};

const ACCOUNT: &str = "123456789012";

/// The coverage of an endpoint as of the account that recorded it.
fn of_the_first(endpoint: &EndpointCoverage) -> Value {
    let mut value = json!(endpoint);
    value["account_id"] = json!(ACCOUNT);
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn many_accounts_are_covered_as_each_alone_and_in_order() {
    let recorder = Recorder::new(2).await;
    recorder.captures([0, 30, 180]).await;
    let lake = recorder.world.lake();
    let alone = recorder.whole_coverage(None, at(200), &[]).await;
    let expected: Vec<Value> = alone.endpoints.iter().map(of_the_first).collect();
    assert_eq!((expected.len(), alone.runs), (2, 3));
    let mut accounts = vec![ACCOUNT.to_owned()];
    for number in 1..=6 {
        let account = format!("{:012}", number * 111_111_111_111_u64);
        for file in recorder.world.files().iter().filter(|file| file.contains(ACCOUNT)) {
            let copy = lake.join(file.replace(ACCOUNT, &account));
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            if file.starts_with("runs/") {
                let record = fs::read_to_string(lake.join(file)).unwrap();
                fs::write(copy, record.replace(ACCOUNT, &account)).unwrap();
            }
        }
        accounts.push(account);
    }
    accounts.sort();
    let progress = RefCell::new(Vec::new());
    let store = Store::new(&Location::Directory(lake), &recorder.world.sdk(), None);
    let window = RequestedTimes { from: None, to: at(200), now: at(200) };
    let coverage =
        Coverage::read(&store, window, &[], |runs| progress.borrow_mut().push(runs)).await.unwrap();
    assert_eq!((coverage.runs, coverage.unreadable.len()), (21, 0));
    assert_eq!(progress.into_inner(), (1..=21).collect::<Vec<u64>>());
    let found: Vec<&str> = coverage.endpoints.iter().map(|endpoint| endpoint.account_id.as_str()).collect();
    let in_order: Vec<&str> = accounts.iter().flat_map(|account| [account.as_str(); 2]).collect();
    assert_eq!(found, in_order);
    for of_account in coverage.endpoints.chunks(2) {
        assert_eq!(of_account.iter().map(of_the_first).collect::<Vec<_>>(), expected);
    }
    assert!(coverage.endpoints.iter().all(|endpoint| endpoint.holes.len() == 1), "from 30 to 180");
}
