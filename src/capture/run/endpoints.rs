//! The object with the configuration of every endpoint of an account and Region.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use super::Run;
use crate::aws::ec2::{Ec2Source, EndpointListing, PageError};
use crate::capture::existing::{Existing, find_existing, possible_times};
use crate::capture::target_capture::vanished;
use crate::lake::keys::Key;
use crate::lake::ledger::{CaptureError, EndpointsEntry, Outcome, Written};
use crate::lake::parquet::{encode_endpoints, identity_of_endpoints};
use crate::lake::store::{Object, Put};
use crate::tables::endpoints::Endpoint;
use crate::target::PlaceTargets;

/// Maximum endpoints whose networks are requested at a time.
const MAX_CONCURRENT_CALLS: usize = 4;

/// The key under which `unparsed` has the code of the error for which an endpoint's networks are not known.
const NETWORKS_ERROR: &str = "targetNetworkId#error";

/// The endpoints with their networks, and the unknown elements and the error of these.
struct Described {
    endpoints: Vec<Endpoint>,
    unknown_elements: BTreeSet<String>,
    error: Option<CaptureError>,
}

impl Run {
    /// Writes the configuration of every endpoint there, wanted or not, unless it is already in the lake.
    pub(super) async fn endpoints(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        listed: Option<Result<EndpointListing, PageError>>,
    ) -> EndpointsEntry {
        let (place, snapshot_time) = (&wanted.place, self.plan.snapshot_time);
        let key = Key::Endpoints { place, snapshot_time };
        let identity = identity_of_endpoints(snapshot_time, place);
        let times = possible_times(snapshot_time, self.clock.now());
        let written = async {
            if let Some(existing) = find_existing(&self.store, key, &identity, times.clone()).await? {
                return Ok(already_captured(existing));
            }
            let listing = match listed {
                Some(listed) => listed?,
                None => self.plan.in_time(&self.clock, source.endpoints(place)).await?,
            };
            let Described { endpoints, unknown_elements, error } =
                self.described(source, wanted, listing).await;
            let bytes = encode_endpoints(snapshot_time, place, &endpoints)?;
            let object = Object::from_bytes(&bytes, "application/vnd.apache.parquet");
            let entry = EndpointsEntry {
                object: Some(Written {
                    object_key: self.store.object_key(key),
                    rows: endpoints.len() as u64,
                    bytes: bytes.len() as u64,
                    sha256: hex::encode(object.sha256),
                }),
                unknown_elements,
                error,
                ..EndpointsEntry::new(Outcome::Complete)
            };
            match self.store.put_if_absent(key, object).await? {
                Put::Written => Ok(entry),
                Put::AlreadyThere => {
                    let existing = find_existing(&self.store, key, &identity, times.clone()).await?;
                    existing.map(already_captured).ok_or_else(|| vanished(&self.store.object_key(key)))
                }
            }
        };
        written.await.unwrap_or_else(EndpointsEntry::failed)
    }

    /// Adds its networks to each endpoint. One for which EC2 does not answer stays without them, with the reason.
    async fn described(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        listing: EndpointListing,
    ) -> Described {
        let odd_endpoints = listing.odd_endpoints().map(CaptureError::from);
        let gave_up: Mutex<Option<PageError>> = Mutex::default();
        let with_networks = async |endpoint: Endpoint| {
            let Some(id) = endpoint.endpoint_id.clone().filter(|_| !endpoint.is_deleted()) else {
                return (endpoint, BTreeSet::new(), None);
            };
            // If EC2 answered no attempt, or not in time, it is not called again for each endpoint.
            let earlier = gave_up.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let networks = match earlier {
                Some(error) => Err(error),
                None => {
                    let networks = source.associated_networks(&wanted.place, &id);
                    self.plan.in_time(&self.clock, networks).await
                }
            };
            match networks {
                Ok(Some((networks, unknown_elements))) => {
                    let endpoint = Endpoint { associated_networks: Some(networks), ..endpoint };
                    (endpoint, unknown_elements, None)
                }
                Ok(None) => (endpoint, BTreeSet::new(), None),
                Err(error) => {
                    if error.code.is_out_of_reach() || error.is_deadline() {
                        *gave_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                    }
                    let mut endpoint = endpoint;
                    endpoint.unparsed.insert(NETWORKS_ERROR.to_owned(), error.code.to_string());
                    (endpoint, BTreeSet::new(), Some(error))
                }
            }
        };
        let described: Vec<_> =
            stream::iter(listing.endpoints).map(with_networks).buffered(MAX_CONCURRENT_CALLS).collect().await;
        let mut unknown_elements = listing.unknown_elements;
        let (mut endpoints, mut errors) = (Vec::new(), Vec::new());
        for (endpoint, of_networks, error) in described {
            endpoints.push(endpoint);
            unknown_elements.extend(of_networks);
            errors.extend(error);
        }
        let networks = networks_error(&errors, endpoints.len());
        Described { endpoints, unknown_elements, error: odd_endpoints.or(networks) }
    }
}

/// Returns the entry of an object of an earlier run.
fn already_captured(existing: Existing) -> EndpointsEntry {
    EndpointsEntry { object: Some(existing.object), ..EndpointsEntry::new(Outcome::AlreadyCaptured) }
}

/// Returns the error for the networks that are not known; `None` if all are.
fn networks_error(errors: &[PageError], endpoints: usize) -> Option<CaptureError> {
    let first = errors.first()?.clone();
    let message =
        format!("the networks of {} of {endpoints} endpoints are not known: {}", errors.len(), first.message);
    Some(CaptureError { message, ..first.into() })
}
