"""Cases of users, certificates, sessions and bytes."""

import datetime

from edge_cases import case, expect
from edge_lakes import CERTIFICATE, DIRECTORY, MINUTE, SAML, SECOND, A, B, C, D, at, connection


@case
def ways(lake):
    """Certificates that are called like the user, users that are no certificates, and an endpoint of which nothing is known."""
    for endpoint, types in [(A, [CERTIFICATE]), (B, [DIRECTORY, CERTIFICATE]), (C, [SAML])]:
        lake.endpoint(at("01 00:00"), types, endpoint)
    nine = at("09 09:00")
    for number, (endpoint, user, name) in enumerate(
        [
            (A, None, "ways.laptop"),
            (B, "ways.ana", "ways.ana"),
            (B, "ways.ana", "ways.key2"),
            (C, "ways.bob", "ways.bob"),
            (C, None, "ways.carl"),
            (D, "ways.dora", "ways.dora"),
            (D, None, "ways.emil"),
        ]
    ):
        begins = nine + number * MINUTE
        lake.session(
            f"w{number}", user, name, begins, begins + 30 * MINUTE, endpoint, ingress_bytes=1000 * (number + 1), egress_bytes=1
        )
    expect(
        lake,
        "usage_per_session",
        "connection_id authentication named_like_user",
        [
            ("w6", "not known", False),
            ("w5", "not known", False),
            ("w4", "directory or SAML", False),
            ("w3", "directory or SAML", False),
            ("w2", "mixed", False),
            ("w1", "mixed", True),
            ("w0", "certificate", False),
        ],
    )
    expect(
        lake,
        "usage_per_certificate",
        "common_name sessions ingress_bytes known_to_be_certificate sessions_named_like_user",
        [
            ("ways.emil", 1, 7000, False, 0),
            ("ways.dora", 1, 6000, False, 0),
            ("ways.key2", 1, 3000, True, 0),
            ("ways.ana", 1, 2000, True, 1),
            ("ways.laptop", 1, 1000, True, 0),
        ],
    )
    expect(
        lake,
        "usage_per_endpoint",
        "endpoint_id sessions usernames common_names common_names_not_known authentication hours",
        [
            (D, 2, 1, None, 2, "not known", 1.0),
            (C, 2, 2, 0, 0, "directory or SAML", 1.0),
            (B, 2, 1, 2, 0, "mixed", 1.0),
            (A, 1, 0, 1, 0, "certificate", 0.5),
        ],
    )
    expect(
        lake,
        "usage_per_username",
        "username sessions ingress_bytes duration_seconds",
        [("ways.dora", 1, 6000, 1800), ("ways.ana", 2, 5000, 3600), ("ways.carl", 1, 5000, 1800), ("ways.bob", 1, 4000, 1800)],
    )
    expect(
        lake,
        "usage_per_username_and_certificate",
        "username common_name sessions known_to_be_certificate sessions_named_like_user",
        [("ways.dora", "ways.dora", 1, False, 0), ("ways.ana", "ways.key2", 1, True, 0), ("ways.ana", "ways.ana", 1, True, 1)],
    )
    expect(
        lake,
        "users_on_several_certificates",
        "username certificates common_names sessions sessions_named_like_user",
        [("ways.ana", 2, "ways.ana, ways.key2", 2, 1)],
    )


@case
def changed(lake):
    """The configuration in force when a connection began: the newest at or before it, or else the first."""
    for day, types in [("05", [DIRECTORY]), ("06", [DIRECTORY]), ("07", [CERTIFICATE]), ("08", [])]:
        lake.endpoint(at(f"{day} 00:00"), types)
    for number, begins in enumerate(["04 08:00", "06 23:59", "07 00:00", "09 08:00"]):
        lake.session(
            f"c{number}", None, f"changed.{number}", at(begins), at(begins) + MINUTE, ingress_bytes=10 - number, egress_bytes=0
        )
    expect(
        lake,
        "usage_per_session",
        "connection_id authentication",
        [("c0", "directory or SAML"), ("c1", "directory or SAML"), ("c2", "certificate"), ("c3", "certificate")],
    )


@case
def keys(lake):
    """People by `identity_key`, and those who are not known apart."""
    lake.endpoint(at("01 00:00"), [DIRECTORY])
    begins = at("09 09:00")
    for number, user in enumerate(["keys.eva", "CORP\\keys.Eva", "KEYS.EVA", None]):
        lake.session(f"k{number}", user, user, begins, begins + 10 * MINUTE, ingress_bytes=100, egress_bytes=10)
    spelled = "CORP\\keys.Eva, KEYS.EVA, keys.eva"
    names = "username identity_key sessions duration_seconds ingress_bytes egress_bytes"
    rows = [(spelled, "keys.eva", 3, 1800, 300, 30), (None, None, 1, 600, 100, 10)]
    expect(lake, "usage_per_username", names, rows, alone=True)
    expect(lake, "usage_per_endpoint", "usernames sessions_without_identity sessions", [(1, 1, 4)])
    rows = [(at("09 00:00").date(), 1, spelled, "keys.eva", 3, 300, 30), (at("09 00:00").date(), None, None, None, 1, 100, 10)]
    expect(lake, "top_talkers", "day place identity identity_key sessions ingress_bytes egress_bytes", rows, alone=True)


@case
def nameless(lake):
    """Two connections of one page without any name."""
    begins = at("09 09:00")
    for number in range(2):
        lake.session(f"n{number}", None, None, begins, begins + 10 * MINUTE)
    expect(lake, "first_and_last_use", "identity identity_key sessions", [(None, None, 2)], alone=True)


@case
def certs(lake):
    """A user by several spellings with one certificate each, and a certificate of which AWS sent no name."""
    lake.endpoint(at("01 00:00"), [CERTIFICATE, SAML])
    for number, (user, name) in enumerate(
        [("certs.Ida", "certs.1"), ("CORP\\certs.ida", "certs.2"), ("certs.jo", "certs.3"), ("certs.jo", None)]
    ):
        begins = at("09 09:00") + number * MINUTE
        lake.session(f"i{number}", user, name, begins, begins + MINUTE, ingress_bytes=5 - number, egress_bytes=0)
    expect(
        lake,
        "users_on_several_certificates",
        "username identity_key certificates common_names",
        [("CORP\\certs.ida, certs.Ida", "certs.ida", 2, "certs.1, certs.2")],
    )
    expect(
        lake,
        "usage_per_username_and_certificate",
        "identity_key common_name sessions",
        [("certs.ida", "certs.1", 1), ("certs.ida", "certs.2", 1), ("certs.jo", "certs.3", 1), ("certs.jo", None, 1)],
    )
    rows = [("certs.1", 1), ("certs.2", 1), ("certs.3", 1), (None, 1)]
    expect(lake, "usage_per_certificate", "common_name sessions", rows, alone=True)


@case
def windows(lake):
    """Sessions that reach over the first midnight of the days asked for, and one that AWS lists for 50 days."""
    lake.endpoint(at("2026-09-01 00:00:00"), [DIRECTORY])
    first = at("2026-10-11 00:00:00")
    lake.session("before", "windows.a", "windows.a", first - 60 * MINUTE, first - MINUTE, ingress_bytes=1, egress_bytes=0)
    lake.session("over", "windows.b", "windows.b", first - 60 * MINUTE, first + MINUTE, ingress_bytes=2, egress_bytes=0)
    lake.session("ends", "windows.c", "windows.c", first - 60 * MINUTE, first, ingress_bytes=3, egress_bytes=0)
    began = at("2026-09-20 08:00:00")
    stuck = connection(
        "stuck", "windows.d", "windows.d", began, status_code="failed-to-terminate", ingress_bytes=4, egress_bytes=0
    )
    for day in range(0, 51, 5):
        lake.capture(began + datetime.timedelta(days=day), [stuck], B)
    rows = [("stuck", 50 * 86400), ("ends", 3600), ("over", 3660)]
    expect(lake, "usage_per_session", "connection_id duration_seconds", rows)
    rows = [("windows.d", 1, 50 * 86400), ("windows.c", 1, 3600), ("windows.b", 1, 3660)]
    expect(lake, "usage_per_username", "username sessions duration_seconds", rows)
    rows = [("over", "unknown"), ("ends", "unknown"), ("stuck", "unknown")]
    expect(lake, "posture_not_compliant", "connection_id finding", [rows[2], rows[1], rows[0]])


@case
def hours(lake):
    """Hours to the second, and orders that a tie does not leave open."""
    for endpoint in (B, A):
        lake.session(
            f"h-{endpoint[-1]}",
            None,
            "hours.x",
            at("09 09:00"),
            at("09 09:20") + 7 * SECOND,
            endpoint,
            ingress_bytes=5,
            egress_bytes=5,
        )
    lake.endpoint(at("01 00:00"), [CERTIFICATE], A)
    lake.endpoint(at("01 00:00"), [CERTIFICATE], B)
    expect(lake, "usage_per_endpoint", "endpoint_id hours", [(A, 0.3353), (B, 0.3353)])
    # Both began at one moment: the last endpoint by name.
    expect(lake, "usage_per_certificate", "common_name sessions last_endpoint_id", [("hours.x", 2, B)])
    expect(lake, "usage_per_session", "connection_id duration_seconds", [("h-a", 1207), ("h-b", 1207)])


@case
def counters(lake):
    """Counters that go down, that are missing, that go on over midnight, and that a partial capture shows."""

    def shown(time, id, name, *bytes, **values):
        lake.capture(
            at(time), [connection(id, name, name, at("07 20:00"), ingress_bytes=bytes[0], egress_bytes=bytes[1])], **values
        )

    for time, number in [
        ("08 10:00", 1000),
        ("08 11:00", 2000),
        ("08 12:00", 500),
        ("08 13:00", 700),
        ("09 10:00", 2500),
        ("09 11:00", None),
    ]:
        shown(time, "reset", "counters.reset", number, None if number is None else 10)
    for time, number in [("08 23:30", 100), ("09 00:30", 150), ("09 23:59:59", None), ("10 00:30", 175)]:
        shown(time, "night", "counters.night", number, 0, endpoint=B)
    shown("09 12:00", "part", "counters.part", 40, 2, endpoint=C, outcome="partial")
    shown("09 12:10", "part", "counters.part", 30, 2, endpoint=C)
    # A page of the 9th in a snapshot of the 8th, whose user name is missing in a later row.
    rows = [connection("late", "counters.late", "counters.certificate", at("08 20:00"), ingress_bytes=77, egress_bytes=3)]
    lake.capture(at("09 00:10"), rows, D, snapshot=at("08 23:55"))
    rows = [connection("late", None, "counters.certificate", at("08 20:00"), at("09 00:20"), ingress_bytes=77, egress_bytes=3)]
    lake.capture(at("09 00:25"), rows, D)
    day = {number: at(f"{number} 00:00").date() for number in ("08", "09", "10")}
    expect(
        lake,
        "top_talkers",
        "day place identity sessions ingress_bytes egress_bytes",
        [
            (day["08"], 1, "counters.reset", 1, 2000, 10),
            (day["08"], 2, "counters.night", 1, 100, 0),
            (day["09"], 1, "counters.reset", 1, 500, 0),
            (day["09"], 2, "counters.late", 1, 77, 3),
            (day["09"], 3, "counters.night", 1, 50, 0),
            (day["09"], 4, "counters.part", 1, 40, 2),
            (day["10"], 1, "counters.night", 1, 25, 0),
        ],
        alone=True,
    )
    expect(
        lake,
        "usage_per_session",
        "connection_id username ingress_bytes egress_bytes",
        [
            ("reset", "counters.reset", 2500, 10),
            ("night", "counters.night", 175, 0),
            ("late", "counters.late", 77, 3),
            ("part", "counters.part", 40, 2),
        ],
    )


@case
def ties(lake):
    """Two sessions that began and ended at one moment: the last endpoint is the greater one, whatever the connections are called."""
    begins = at("09 09:00")
    for endpoint, id in [(A, "ties-2"), (B, "ties-1")]:
        lake.endpoint(at("01 00:00"), [DIRECTORY, CERTIFICATE], endpoint)
        lake.session(id, "ties.x", "ties.key", begins, begins + 30 * MINUTE, endpoint, ingress_bytes=5, egress_bytes=5)
    for question in ("usage_per_username", "usage_per_certificate", "usage_per_username_and_certificate"):
        expect(lake, question, "sessions last_endpoint_id", [(2, B)], alone=True)


#: The columns that distinguish rows without a connection id, of `apart.a` below.
AS_IN_THE_QUERY = '{"":"apart.a","":"apart.a","":null,"":"2026-11-08 20:00:00.000"}'


@case
def apart(lake):
    """Counters of connections that are called alike do not count for each other: on two endpoints, and with and without an id."""
    began = at("08 20:00")
    for id, day, endpoint, count in [
        ("alike", "08", A, 1000),
        ("alike", "09", B, 300),
        (AS_IN_THE_QUERY, "08", C, 2000),
        (None, "09", C, 70),
    ]:
        row = connection(id, "apart.a", "apart.a", began, ingress_bytes=count, egress_bytes=0)
        lake.capture(at(f"{day} 22:00"), [row], endpoint)
    day = {number: at(f"{number} 00:00").date() for number in ("08", "09")}
    expect(
        lake,
        "top_talkers",
        "day place identity sessions ingress_bytes connection_id_known",
        [
            (day["08"], 1, "apart.a", 2, 3000, True),
            (day["09"], 1, "apart.a", 1, 300, True),
            (day["09"], None, "apart.a", 1, 70, False),
        ],
        alone=True,
    )
