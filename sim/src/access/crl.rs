//! Client certificate revocation lists.

use super::AccessStatus;
use super::der::{self, element, integer, parent};
use crate::random::Stream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

/// A client certificate revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// The common name of the issuer.
    pub issuer: String,
    /// The number of the list; `None` leaves the extension out.
    pub number: Option<u64>,
    /// The time of the list, in whole seconds.
    pub this_update: Timestamp,
    /// The time by which the next list is due, in whole seconds.
    pub next_update: Option<Timestamp>,
    /// The revoked certificates, in the order of the list.
    pub revoked: Vec<RevokedCertificate>,
    /// The state of its import: `pending` or `active`.
    pub status: AccessStatus,
}

/// One entry of a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// The certificate's serial number.
    pub serial: u128,
    /// The time of the revocation, in whole seconds.
    pub revoked_at: Timestamp,
    /// The reason as RFC 5280 numbers it, such as 1 for a compromised key; `None` leaves the extension out.
    pub reason: Option<u8>,
}

const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];

/// The version of lists with extensions, v2.
const VERSION_2: u128 = 1;

/// A signature that does not verify: no bits unused, and as long as one of RSA with 2048 bits.
const SIGNATURE: [u8; 257] = {
    let mut bytes = [0xa5; 257];
    bytes[0] = 0;
    bytes
};

/// Length of a line of PEM.
const PEM_LINE: usize = 64;

impl RevocationList {
    /// Returns a list of these serial numbers, all revoked at its time, which is in whole seconds.
    pub fn of_serials(this_update: Timestamp, serials: impl IntoIterator<Item = u128>) -> Self {
        let revoked = |serial| RevokedCertificate { serial, revoked_at: this_update, reason: None };
        Self {
            issuer: "Corp VPN CA".to_owned(),
            number: None,
            this_update,
            next_update: None,
            revoked: serials.into_iter().map(revoked).collect(),
            status: AccessStatus::of("active"),
        }
    }

    /// Returns the list in PEM, as EC2 exports it.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(self.der());
        let mut pem = "-----BEGIN X509 CRL-----\n".to_owned();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str("-----END X509 CRL-----\n");
        pem
    }

    /// Returns the list as RFC 5280 encodes it, version 2. Its signature does not verify.
    pub fn der(&self) -> Vec<u8> {
        let algorithm = der::algorithm(SHA256_WITH_RSA);
        let signature = element(der::BIT_STRING, &SIGNATURE);
        parent(der::SEQUENCE, &[self.content(&algorithm), algorithm, signature])
    }

    /// Returns the part that a signature covers.
    fn content(&self, algorithm: &[u8]) -> Vec<u8> {
        let mut parts = vec![integer(VERSION_2), algorithm.to_vec(), name(&self.issuer)];
        parts.push(der::time(self.this_update));
        parts.extend(self.next_update.map(der::time));
        if !self.revoked.is_empty() {
            let entries: Vec<_> = self.revoked.iter().map(RevokedCertificate::entry).collect();
            parts.push(parent(der::SEQUENCE, &entries));
        }
        if let Some(number) = self.number {
            let extension = extension(CRL_NUMBER, &integer(number.into()));
            parts.push(parent(der::EXPLICIT_0, &[parent(der::SEQUENCE, &[extension])]));
        }
        parent(der::SEQUENCE, &parts)
    }
}

impl RevokedCertificate {
    fn entry(&self) -> Vec<u8> {
        let reason = self.reason.map(|reason| {
            let extension = extension(REASON_CODE, &element(der::ENUMERATED, &[reason]));
            parent(der::SEQUENCE, &[extension])
        });
        let parts = [integer(self.serial), der::time(self.revoked_at), reason.unwrap_or_default()];
        parent(der::SEQUENCE, &parts)
    }
}

fn extension(identifier: &[u8], value: &[u8]) -> Vec<u8> {
    let identifier = element(der::OBJECT_IDENTIFIER, identifier);
    parent(der::SEQUENCE, &[identifier, element(der::OCTET_STRING, value)])
}

/// Returns a name with only a common name in it.
fn name(common_name: &str) -> Vec<u8> {
    let identifier = element(der::OBJECT_IDENTIFIER, COMMON_NAME);
    let attribute = [identifier, element(der::UTF8_STRING, common_name.as_bytes())];
    parent(der::SEQUENCE, &[parent(der::SET, &[parent(der::SEQUENCE, &attribute)])])
}

/// Draws a list of up to 40 certificates, for two of three endpoints.
pub(super) fn draw(stream: &mut Stream) -> Option<RevocationList> {
    if stream.one_in(3) {
        return None;
    }
    // In 2026, up to October.
    let this_update = second(stream.between(1_767_225_600, 1_790_812_800));
    let count = stream.between(0, 40);
    Some(RevocationList {
        issuer: stream.pick(&["Corp VPN CA", "Zürich & <Büro> \"CA\""]).to_owned(),
        number: (!stream.one_in(4)).then(|| stream.number() >> 44),
        this_update,
        next_update: stream
            .one_in(2)
            .then(|| this_update + SignedDuration::from_hours(24 * stream.between(7, 365))),
        revoked: (0..count).map(|_| revoked(stream, this_update)).collect(),
        status: AccessStatus::of(stream.pick(&["active", "active", "active", "pending"])),
    })
}

fn revoked(stream: &mut Stream, before: Timestamp) -> RevokedCertificate {
    let serial = u128::from(stream.number()) << 64 | u128::from(stream.number());
    RevokedCertificate {
        // Some issuers count, others draw 128 bits.
        serial: if stream.one_in(3) { serial >> 112 } else { serial },
        revoked_at: before - SignedDuration::from_secs(stream.between(0, 20_000_000)),
        reason: stream.one_in(2).then(|| if stream.one_in(2) { 1 } else { 4 }),
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}
