//! The networks that an endpoint is associated with: subnets, or the Availability Zones of a transit gateway. Source: EC2 API
//! reference, `TargetNetwork`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer_limits::VALUE_BYTES;
use crate::tables::configuration::object::{ObjectShape, RawObject};
use crate::tables::configuration::owned;
use crate::tables::endpoints::Endpoint;
use crate::tables::typing::illegal::has_illegal;
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::row;
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape, page};
use crate::target::EndpointId;

/// The field of the list of networks.
const NETWORKS: &str = "clientVpnTargetNetworks";

const SHAPE: Shape = Shape {
    root: "DescribeClientVpnTargetNetworksResponse",
    list: NETWORKS,
    ids: &["targetNetworkId", "associationId"],
    signs: &["clientVpnEndpointId"],
};

/// Name of the field that has the id of the endpoint.
const ENDPOINT_ID: &str = "clientVpnEndpointId";

const ASSOCIATION: ObjectShape = ObjectShape {
    within: "clientVpnTargetNetworks.item.",
    texts: &["associationId", "vpcId", "targetNetworkId", ENDPOINT_ID, "status.code", "status.message"],
    lists: &["securityGroups", "availabilityZoneSet", "availabilityZoneIdSet"],
};

/// Fields of which a row has one: with two, it would be two rows in one.
const ONCE: [&str; 2] = ["targetNetworkId", "associationId"];

/// The association of an endpoint with a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// Its subnet; `None` for that of a transit gateway.
    pub subnet_id: Option<String>,
    /// All that AWS sent of it.
    pub json: Value,
    /// The API's field name to a text that `json` does not have, or not exactly.
    pub unparsed: BTreeMap<String, String>,
}

/// Reads a page of target networks.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections), and
/// [`DecodeError::Malformed`] for a network that has neither a subnet nor an Availability Zone: a list without it would state that
/// the endpoint is not associated with it.
pub fn networks(
    body: &Body<'_>,
    asked: &EndpointId,
    mut each: impl FnMut(Association) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &SHAPE, |document| each(association(document, asked)?))
}

fn association<'a>(document: &mut Document<'a>, asked: &EndpointId) -> Result<Association, DecodeError> {
    let (mut raw, mut unknown) = (RawObject::new(ASSOCIATION), Unknown::default());
    row(document, &mut unknown, |document, unknown, name| {
        if ONCE.contains(&name) && raw.text(name).is_some() {
            return Err(DecodeError::Malformed);
        }
        raw.member(document, unknown, name)
    })?;
    // An empty element names no subnet.
    let subnet_id = raw.text("targetNetworkId").filter(|id| !id.is_empty()).map(str::to_owned);
    let is_exact = |id: &str| (1..=VALUE_BYTES).contains(&id.len()) && !has_illegal(id);
    let is_known = match &subnet_id {
        Some(id) => is_exact(id),
        None => ["availabilityZoneSet", "availabilityZoneIdSet"].iter().any(|list| raw.has_texts(list)),
    };
    if !is_known {
        return Err(DecodeError::Malformed);
    }
    raw.take(ENDPOINT_ID, |id| id != asked.as_str()).into_iter().for_each(|id| {
        unknown.push(ASSOCIATION.within, ENDPOINT_ID, id);
    });
    let mut unparsed = Unparsed::new(document.is_odd());
    let json = raw.into_json(&unparsed, &mut unknown);
    unparsed.keep(unknown);
    Ok(Association { subnet_id, json, unparsed: owned(unparsed) })
}

impl Endpoint {
    /// Adds the networks that it is associated with.
    pub fn associate(&mut self, associations: Vec<Association>) {
        self.associated_networks =
            Some(associations.iter().filter_map(|association| association.subnet_id.clone()).collect());
        let mut unparsed = Unparsed::new(false);
        let json = Cow::Owned(self.json_of(associations));
        self.network_associations = unparsed.column(NETWORKS, json).map(Cow::into_owned);
        self.keep(owned(unparsed));
    }

    /// Keeps some of its networks in `unparsed`: the columns are of all, or null.
    pub fn keep_some_networks(&mut self, associations: Vec<Association>) {
        if associations.is_empty() {
            return;
        }
        let mut unparsed = Unparsed::new(false);
        unparsed.put(NETWORKS, Cow::Owned(self.json_of(associations)));
        self.keep(owned(unparsed));
    }

    /// Returns associations as JSON text, and keeps what it does not have of them.
    fn json_of(&mut self, associations: Vec<Association>) -> String {
        let mut objects = Vec::new();
        for association in associations {
            objects.push(association.json);
            self.keep(association.unparsed);
        }
        Value::Array(objects).to_string()
    }
}
