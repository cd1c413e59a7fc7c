//! The object with the configuration of every endpoint of an account and Region.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Run;
use crate::capture::{Existing, find_existing, vanished};
use crate::endpoint::Endpoint;
use crate::layout::Key;
use crate::ledger::{EndpointsEntry, Outcome};
use crate::snapshot::{encode_endpoints, identity_of_endpoints};
use crate::source::{Ec2Source, PageError};
use crate::store::{Object, Put};
use crate::target::PlaceTargets;

/// Most endpoints that are asked for their networks at a time.
const AT_A_TIME: usize = 16;

impl Run {
    /// Writes the configuration of every endpoint there, wanted or not, unless it is there already.
    pub(super) async fn endpoints(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        listed: Option<Result<Vec<Endpoint>, PageError>>,
    ) -> EndpointsEntry {
        let (place, snapshot_time) = (&wanted.place, self.plan.snapshot_time);
        let key = Key::Endpoints { place, snapshot_time };
        let object_key = Some(self.store.object_key(key));
        let identity = identity_of_endpoints(snapshot_time, place);
        let written = async {
            if let Some(existing) = find_existing(&self.store, key, &identity).await? {
                return Ok(already_captured(existing));
            }
            let described = self.plan.in_time(&self.clock, described(source, wanted, listed)).await?;
            let bytes = encode_endpoints(snapshot_time, place, &described)?;
            let object = Object::from_bytes(&bytes, "application/vnd.apache.parquet");
            let entry = EndpointsEntry {
                rows: described.len() as u64,
                bytes: Some(bytes.len() as u64),
                sha256: Some(hex::encode(object.sha256)),
                ..EndpointsEntry::new(Outcome::Complete)
            };
            match self.store.put_if_absent(key, object).await? {
                Put::Written => Ok(entry),
                Put::AlreadyThere => {
                    let existing = find_existing(&self.store, key, &identity).await?;
                    existing.map(already_captured).ok_or_else(|| vanished(&self.store.object_key(key)))
                }
            }
        };
        match written.await {
            Ok(entry) => EndpointsEntry { object_key, ..entry },
            Err(error) => EndpointsEntry::failed(error),
        }
    }
}

/// Returns the entry of an object of an earlier run.
fn already_captured(existing: Existing) -> EndpointsEntry {
    EndpointsEntry {
        rows: existing.rows,
        bytes: Some(existing.bytes),
        sha256: Some(existing.sha256),
        ..EndpointsEntry::new(Outcome::AlreadyCaptured)
    }
}

/// The endpoints with their networks; those that are `listed`, where they are.
async fn described(
    source: &Ec2Source,
    wanted: &PlaceTargets,
    listed: Option<Result<Vec<Endpoint>, PageError>>,
) -> Result<Vec<Endpoint>, PageError> {
    let endpoints = match listed {
        Some(listed) => listed?,
        None => source.endpoints(&wanted.place).await?.endpoints,
    };
    let with_networks = |endpoint: Endpoint| {
        let (source, place) = (source.clone(), wanted.place.clone());
        async move {
            let associated_networks = match endpoint.is_deleted() {
                true => None,
                false => source.associated_networks(&place, &endpoint.endpoint_id).await?,
            };
            Ok(Endpoint { associated_networks, ..endpoint })
        }
    };
    stream::iter(endpoints).map(with_networks).buffered(AT_A_TIME).try_collect().await
}
