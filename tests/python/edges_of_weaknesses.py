"""Cases of endpoints that are configured weakly."""

from edge_cases import case, expect
from edge_lakes import CERTIFICATE, DIRECTORY, MINUTE, SAML, A, B, C, D, at

EDITS = [("DATE '2026-11-01'", "DATE '2026-11-09'")]
COLUMNS = "endpoint_id weakness value"
LOGGING, ONLY, SPLIT, LONG, REVOKED, POSTURE = (
    "no connection logging",
    "certificate authentication only",
    "split tunnel",
    "long session time-out",
    "no valid revocation list",
    "device posture is not asked for",
)
NO_POSTURE = "no client connect handler, no device trust provider"
#: An endpoint without a weakness, with certificates.
STRONG = {
    "connection_log_enabled": True,
    "connection_log_group": "vpn",
    "split_tunnel": False,
    "session_timeout_hours": 12,
    "client_connect_enabled": True,
    "revocation_list_sha256": "0" * 64,
    "revocation_list_next_update": at("19 00:00"),
}


def endpoint(lake, time, types=(CERTIFICATE, SAML), endpoint=A, **values):
    lake.endpoint(at(time), list(types), endpoint, **STRONG | {"status_code": "available"} | values)


def weak(lake, *rows):
    expect(lake, "weak_endpoints", COLUMNS, list(rows), EDITS)


@case
def strong(lake):
    """An endpoint without a weakness is counted, and so the answer is not empty for want of snapshots."""
    endpoint(lake, "09 12:00")
    expect(lake, "weak_endpoints", "endpoint_id weakness endpoints_described", [(None, None, 1)], EDITS, alone=True)


@case
def no_endpoints_that_day(lake):
    """Without snapshots of the day, no endpoint is described: those of the days beside it do not count."""
    endpoint(lake, "08 23:59", split_tunnel=True)
    endpoint(lake, "10 00:00", split_tunnel=True)
    expect(lake, "weak_endpoints", "endpoint_id weakness endpoints_described", [(None, None, 0)], EDITS, alone=True)


@case
def all_weak(lake):
    """Each weakness is a row."""
    off = {"connection_log_enabled": False, "connection_log_group": None, "client_connect_enabled": False}
    endpoint(
        lake,
        "09 12:00",
        [CERTIFICATE],
        **off,
        split_tunnel=True,
        session_timeout_hours=24,
        revocation_list_sha256=None,
        revocation_list_next_update=None,
    )
    weak(
        lake,
        (A, ONLY, CERTIFICATE),
        (A, POSTURE, NO_POSTURE),
        (A, LONG, "24 hours"),
        (A, LOGGING, "off"),
        (A, REVOKED, "missing"),
        (A, SPLIT, "on"),
    )


@case
def nothing_said(lake):
    """What AWS did not say, or what could not be typed, is not known, and so it is for each weakness."""
    nothing = dict.fromkeys(STRONG) | {"unparsed": {"certificateRevocationList#error": "Timeout", "splitTunnel": "maybe"}}
    endpoint(lake, "09 12:00", [CERTIFICATE, DIRECTORY], **nothing)
    endpoint(lake, "09 12:00", [], B)
    weaknesses = (POSTURE, LONG, LOGGING, REVOKED, SPLIT)
    rows = [(A, weakness, "not known") for weakness in weaknesses]
    weak(lake, *rows, (B, ONLY, "not known"))


@case
def revocation_lists(lake):
    """A list expires by the time of the snapshot. One without a time is not known, and without certificates none is needed."""
    time = at("09 12:00")
    endpoint(lake, "09 12:00", revocation_list_next_update=time - MINUTE)
    endpoint(lake, "09 12:00", endpoint=B, revocation_list_next_update=time)
    endpoint(lake, "09 12:00", endpoint=C, revocation_list_next_update=None)
    none = {"revocation_list_sha256": None, "revocation_list_next_update": None}
    endpoint(lake, "09 12:00", [SAML, DIRECTORY], D, **none, unparsed={"certificateRevocationList#error": "Timeout"})
    weak(lake, (A, REVOKED, "expired at 2026-11-09 11:59:00"), (C, REVOKED, "not known"))


@case
def revocation_lists_without_a_hash(lake):
    """A list that could not be read, or that AWS calls active and did not send, is not known. Others without a hash are missing."""
    none = {"revocation_list_sha256": None, "revocation_list_next_update": None}
    endpoint(lake, "09 12:00", **none, revocation_list="-----\ufffd", unparsed={"certificateRevocationList": "-----\\u{1}"})
    endpoint(lake, "09 12:00", endpoint=B, **none, revocation_list_status_code="active")
    endpoint(lake, "09 12:00", endpoint=C, **none, revocation_list_status_code="deleted")
    endpoint(lake, "09 12:00", endpoint=D, **none, unparsed={"certificateRevocationList.new": "x"})
    weak(lake, (A, REVOKED, "not known"), (B, REVOKED, "not known"), (C, REVOKED, "missing"), (D, REVOKED, "missing"))


@case
def two_values_at_once(lake):
    """If AWS gave two values of one field, one is in `unparsed`, and which of them holds is not known."""
    two = {
        "splitTunnel": "true",
        "connectionLogOptions.Enabled": "false",
        "sessionTimeoutHours": "24",
        "authenticationOptions.item.type": "x",
    }
    endpoint(lake, "09 12:00", [CERTIFICATE], unparsed=two)
    weak(lake, (A, ONLY, "not known"), (A, LONG, "not known"), (A, LOGGING, "not known"), (A, SPLIT, "not known"))


@case
def latest_of_the_day(lake):
    """The latest snapshot of the day counts, by arrival, also of an endpoint that is gone afterwards; a deleted one has no row."""
    endpoint(lake, "09 00:00", split_tunnel=True)
    endpoint(lake, "09 23:45", split_tunnel=False)
    endpoint(lake, "09 08:00", endpoint=B, session_timeout_hours=13)
    endpoint(lake, "09 08:00", endpoint=C, split_tunnel=True)
    endpoint(lake, "09 08:15", endpoint=C, split_tunnel=True, status_code="deleted")
    for snapshot, arrives, split in [("09 10:00", "09 10:40", True), ("09 10:30", "09 10:30", False)]:
        values = STRONG | {"captured_at": at(arrives), "endpoint_id": D, "split_tunnel": split}
        lake.row("endpoints", at(snapshot), **values, authentication_types=[SAML], security_group_ids=[])
    weak(lake, (B, LONG, "13 hours"), (D, SPLIT, "on"))


@case
def postures_by_providers(lake):
    """Device trust providers ask for a posture without a handler. Providers that could not be read are not known."""
    off = {"client_connect_enabled": False}
    endpoint(lake, "09 12:00", **off, device_trust_providers='[{"trustProviderId":"p"}]')
    endpoint(lake, "09 12:00", endpoint=B, **off, unparsed={"devicePostureOptions.new": "x"})
    endpoint(lake, "09 12:00", endpoint=C, client_connect_enabled=None)
    endpoint(lake, "09 12:00", endpoint=D, connection_log_group="")
    weak(lake, (B, POSTURE, "not known"), (C, POSTURE, "not known"), (D, LOGGING, "on, without a log group"))


@case
def described_in_two_ways(lake):
    """An endpoint that AWS describes in two ways at once has the weaknesses of both, once each."""
    for split in (True, False):
        endpoint(lake, "09 12:00", split_tunnel=split, session_timeout_hours=24)
    lake.row("endpoints", at("09 12:00"), captured_at=at("09 12:00"), **STRONG | {"split_tunnel": True})
    weak(
        lake, (A, LONG, "24 hours"), (A, SPLIT, "on"), (None, ONLY, "not known"), (None, SPLIT, "on"),
    )
