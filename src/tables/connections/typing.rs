//! Conversion of a raw connection to a typed one. Nothing that AWS wrote is lost. Typing never fails, and never defaults to zero.

use super::{Connection, RawConnection};
use crate::tables::typing::placeholder::said;
use crate::tables::typing::unparsed::Unparsed;
use crate::target::EndpointId;

/// Types one connection of the requested endpoint.
pub fn normalise<'a>(mut raw: RawConnection<'a>, asked: &EndpointId) -> Connection<'a> {
    let mut unparsed = Unparsed::new(raw.is_odd);
    if let Some(answered) = said(raw.client_vpn_endpoint_id.take())
        && answered != asked.as_str()
    {
        unparsed.put("clientVpnEndpointId", answered);
    }
    let (statuses, unknown) = (raw.posture_compliance_statuses.take(), std::mem::take(&mut raw.unknown));
    let connection = raw.typed(&mut unparsed);
    let posture_compliance_statuses = statuses.map(|texts| unparsed.list(texts));
    unparsed.keep(unknown);
    Connection { posture_compliance_statuses, unparsed: unparsed.into_map(), ..connection }
}

#[cfg(test)]
mod tests;
