"""The right answer to each question of `queries/`, worked out from the truth by other means than SQL."""

import collections
import datetime
import json
import zoneinfo

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
NOW = datetime.datetime(2025, 11, 23, 23, 50)
HERE = ("123456789012", "eu-central-1")

#: What stands for the day and the moment at which a query is run.
AT_RUN_TIME = {
    "current_date": "DATE '2025-11-24'",
    "current_timestamp": f"TIMESTAMP '{NOW} UTC'",
    # The week is not older, and Trino lists the folder of each day.
    "INTERVAL '400' DAY": "INTERVAL '40' DAY",
}

#: The last merge of `captures` was then.
AS_OF = NOW.replace(tzinfo=UTC)

#: For each question, once or more: the edits that a user makes in the file, and a function from the truth to the rows.
ANSWERS = collections.defaultdict(list)


def answers(name, *edits):
    """Registers the answer to a question whose file is edited so; each edit is a pair of texts."""
    return lambda function: ANSWERS[name].append((edits, function))


def ends(session):
    return session["ends_at"]


def state(session, time):
    if session["end_seen"] is not None:
        return "ended"
    return "active" if session["as_of"] >= time - 60 * MINUTE else "not known since as_of"


def minutes_in_holes(truth, begins, until):
    """Minutes in which some endpoint lay in a hole."""
    holes = [hole for endpoint_id in ["*", *truth.endpoint_ids] for hole in truth.holes(endpoint_id, NOW)]
    total, end = 0, begins
    for hole_begins, hole_ends, _ in sorted(holes):
        total += max(seconds(max(hole_begins, end), min(hole_ends, until)), 0)
        end = max(end, hole_ends)
    return total // 60


def seconds(begins, until):
    return int((until - begins).total_seconds())


def duration(session):
    return seconds(session["connection_established_time"], ends(session))


def pick(session, names):
    return tuple(session[name] for name in names.split())


def grouped(sessions, names):
    """Sessions in groups that have these columns in common."""
    groups = collections.defaultdict(list)
    for session in sessions:
        groups[pick(session, names)].append(session)
    return groups


def in_order(sessions):
    return sorted(sessions, key=lambda s: pick(s, "connection_established_time connection_id"))


def total(sessions, name):
    return sum(session[name] for session in sessions)


def first_use(sessions):
    return min(s["connection_established_time"] for s in sessions)


def last_use(sessions):
    return max(map(ends, sessions))


def authentication(truth, session):
    """How the endpoint authenticates, by what boto3 lists of it."""
    endpoints = [endpoint for _, endpoints in truth.configurations for endpoint in endpoints]
    types = next(e["authentication_types"] for e in endpoints if e["endpoint_id"] == session["endpoint_id"])
    if "certificate-authentication" not in types:
        return "directory or SAML"
    return "certificate" if len(types) == 1 else "mixed"


def has_certificate(truth, session):
    return authentication(truth, session) != "directory or SAML"


def not_covered(sessions):
    return sum(not s["covered"] for s in sessions)


def distinct(sessions, name):
    return sorted({s[name] for s in sessions} - {None})


@answers("who_was_connected_at", ("2026-11-01 12:00:00", "2025-11-19 12:00:00"))
def _(truth):
    return connected_at(truth, datetime.datetime(2025, 11, 19, 12))


@answers("who_was_connected_at", ("2026-11-01 12:00:00", "2025-11-23 23:49:00"))
def _(truth):
    return connected_at(truth, datetime.datetime(2025, 11, 23, 23, 49))


def connected_at(truth, instant):
    names = "identity username common_name account_id region endpoint_id connection_id client_ip"
    names += " connection_established_time connection_end_time end_seen last_seen"
    bounds = "begin_seen began_after ended_after ended_before as_of covered identity_key"
    there = [
        s
        for s in truth.sessions
        if s["connection_established_time"] <= instant and (s["ended_before"] is None or s["ended_before"] > instant)
    ]
    there.sort(key=lambda s: pick(s, "identity connection_established_time connection_id"))
    return [pick(s, names) + (s["ended_after"] >= instant, state(s, instant)) + pick(s, bounds) for s in there]


@answers(
    "sessions_of_user",
    ("maria.lopez@corp.example", "amina.tanaka18"),
    ("2026-11-01 00:00:00", "2025-11-20 00:00:00"),
    ("2026-12-01 00:00:00", "2025-11-22 00:00:00"),
)
def _(truth):
    begins, until = datetime.datetime(2025, 11, 20), datetime.datetime(2025, 11, 22)
    names = "identity account_id region endpoint_id connection_id client_ip connection_established_time"
    names += " connection_end_time end_seen"
    return [
        pick(s, names)
        + (duration(s),)
        + pick(s, "ingress_bytes egress_bytes covered")
        + (ends(s) >= begins, state(s, until))
        + pick(s, "begin_seen began_after ended_after ended_before as_of")
        for s in in_order(truth.sessions)
        if s["identity"] == "amina.tanaka18"
        and s["connection_established_time"] < until
        and (s["ended_before"] is None or s["ended_before"] >= begins)
    ]


@answers("long_sessions", ("8 * 3600", "7 * 3600"))
def _(truth):
    names = "identity account_id region endpoint_id connection_id connection_established_time connection_end_time end_seen"
    rows = []
    for s in sorted(truth.sessions, key=lambda s: (-duration(s), s["connection_id"])):
        greatest = seconds(s["connection_established_time"], s["ended_before"] or NOW)
        if greatest > 7 * 3600:
            found = (duration(s), greatest, duration(s) > 7 * 3600, state(s, NOW))
            rows.append(pick(s, names) + found + pick(s, "begin_seen began_after ended_after ended_before as_of covered"))
    return rows


WORKING_DAYS = [f"({day}, '08:00', '18:00')" for day in range(1, 6)]


@answers("outside_working_hours")
def _(truth):
    return outside(truth, "Europe/Berlin", "08:00", "18:00")


@answers(
    "outside_working_hours",
    ("Europe/Berlin", "Asia/Kolkata"),
    *((day, day.replace("'08:00'", "'00:00'")) for day in WORKING_DAYS),
)
def _(truth):
    return outside(truth, "Asia/Kolkata", "00:00", "18:00")


def outside(truth, zone, opening, closing):
    zone = zoneinfo.ZoneInfo(zone)
    opening, closing = datetime.time.fromisoformat(opening), datetime.time.fromisoformat(closing)
    local = lambda time: time.replace(tzinfo=UTC).astimezone(zone)
    rows = []
    for s in in_order(truth.sessions):
        begins, until = local(s["connection_established_time"]), local(s["ends_at"])
        latest = local(s["ended_before"]) if s["end_seen"] is False else until

        def within(until):
            on_one_day = begins.date() == until.date() and begins.weekday() < 5
            return on_one_day and begins.time() >= opening and until.time() <= closing

        if not (within(until) and within(latest)):
            names = pick(s, "identity account_id region endpoint_id connection_id")
            told = (s["identity_key"], s["end_seen"], latest, not within(until), True, s["covered"])
            rows.append(names + (begins, until) + told)
    return rows


@answers("overlapping_sessions")
def _(truth):
    rows = []
    for (identity,), sessions in grouped(truth.sessions, "identity_key").items():
        sessions = in_order(sessions)
        days = collections.defaultdict(list)
        for index, later in enumerate(sessions):
            begins = later["connection_established_time"]
            there = [earlier for earlier in sessions[:index] if seconds(begins, min(ends(earlier), ends(later))) >= 60]
            days[begins.date()] += [(earlier, later, 1 + len(there)) for earlier in there]
        for pairs in days.values():
            of_pair = [
                (first["identity"], *(pick(s, "endpoint_id connection_id client_ip") for s in (first, second)),
                 second["connection_established_time"], min(ends(first), ends(second)), at_once)
                for first, second, at_once in pairs
            ]
            accounts = (identity, HERE[0], HERE[0])
            if len(pairs) > 10:
                begins, until = min(pair[3] for pair in of_pair), max(pair[4] for pair in of_pair)
                longest = max(seconds(pair[3], pair[4]) for pair in of_pair)
                rows.append((of_pair[0][0], *(6 * [None]), begins, until, longest, *accounts, len(pairs), max(pair[5] for pair in of_pair)))
            else:
                rows += [
                    (name, *first, *second, begins, until, seconds(begins, until), *accounts, 1, at_once)
                    for name, first, second, begins, until, at_once in of_pair
                ]
    return sorted(rows, key=lambda row: (row[7], row[2] or "~", row[5] or "~"))


@answers("users_on_several_certificates")
def _(truth):
    rows = []
    for (username,), sessions in grouped(truth.sessions, "username").items():
        sessions = [s for s in sessions if has_certificate(truth, s)]
        names = distinct(sessions, "common_name")
        if username is not None and len(names) > 1:
            use = (len(sessions), first_use(sessions), last_use(sessions))
            rows.append((username, len(names), ", ".join(names), *use, username, None, 0, not_covered(sessions)))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


@answers("first_and_last_use")
def _(truth):
    rows = []
    for (identity,), of in sorted(grouped(truth.sessions, "identity_key").items()):
        use = (first_use(of), last_use(of), len(of), (NOW - last_use(of)).days)
        open_ends = sum(s["end_seen"] is None for s in of)
        rows.append((of[0]["identity"], *use, identity, True, open_ends, not_covered(of), minutes_in_holes(truth, last_use(of), NOW), AS_OF))
    return rows


@answers("silent_users", ("INTERVAL '90' DAY", "INTERVAL '30' MINUTE"))
def _(truth):
    in_holes = minutes_in_holes(truth, NOW - 30 * MINUTE, NOW)
    silent = []
    for (identity,), of in grouped(truth.sessions, "identity_key").items():
        if last_use(of) < NOW - 30 * MINUTE:
            open_ends, newest = sum(s["end_seen"] is None for s in of), max(s["as_of"] for s in of)
            days = (NOW - last_use(of)).days
            silent.append((of[0]["identity"], last_use(of), days, HERE[0], identity, open_ends, newest, in_holes, 0, AS_OF))
    return sorted(silent, key=lambda row: (row[1], row[4]))


@answers("posture_not_compliant")
def _(truth):
    return postures(truth, {"compliant"})


@answers("posture_not_compliant", ("('compliant')", "('compliant', 'quarantined')"))
def _(truth):
    return postures(truth, {"compliant", "quarantined"})


def postures(truth, good):
    names = "identity account_id region endpoint_id connection_id connection_established_time connection_end_time"
    rows = []
    for s in in_order(truth.sessions):
        statuses = set(json.loads(s["posture_compliance_statuses"] or "[]"))
        if not statuses <= good or not statuses:
            finding = "not compliant" if statuses else "missing"
            rows.append(pick(s, names + " posture_compliance_statuses") + (finding,) + pick(s, "identity_key ends_at end_seen"))
    return rows


@answers("failed_to_terminate")
def _(truth):
    names = "identity account_id region endpoint_id connection_id connection_established_time connection_end_time"
    names += " end_seen status_code status_message last_seen"
    of = [s for s in in_order(truth.sessions) if s["failed_to_terminate"]]
    return [pick(s, names) + (state(s, NOW),) + pick(s, "begin_seen ended_after ended_before as_of") for s in of]


@answers("top_talkers")
def _(truth):
    # The highest counters of each connection on each day, from the rows that the captures were given.
    highest = collections.defaultdict(dict)
    who = {}
    for capture in truth.captures:
        for connection_id, row in capture.rows.items():
            day = capture.at.date()
            counters = [int(row[name]) if row[name].isdigit() else 0 for name in ("ingressBytes", "egressBytes")]
            known = highest[connection_id].get(day, (0, 0))
            highest[connection_id][day] = tuple(map(max, known, counters))
            who[connection_id] = row.get("username", row["commonName"])
    days = collections.defaultdict(lambda: [0, 0, 0])
    for connection_id, counters in highest.items():
        before = (0, 0)
        for day in sorted(counters):
            place = days[day, who[connection_id]]
            grown = [now - then for now, then in zip(counters[day], before)]
            if any(grown):
                days[day, who[connection_id]] = [place[0] + 1, place[1] + grown[0], place[2] + grown[1]]
            before = counters[day]
    rows = []
    for day in sorted({day for day, _ in days}):
        talkers = [(identity, *sums) for (of, identity), sums in days.items() if of == day]
        talkers.sort(key=lambda talker: -talker[2] - talker[3])
        rows += [(day, place, *talker, talker[0], True) for place, talker in enumerate(talkers[:10], start=1)]
    return rows


@answers("concurrency")
def _(truth):
    step = lambda at: at.replace(minute=at.minute // 15 * 15, second=0, tzinfo=UTC)
    steps = collections.defaultdict(int)
    for capture in truth.captures:
        active = sum(row["status"]["code"] == "active" for row in capture.rows.values())
        name = (capture.endpoint_id, step(capture.at))
        steps[name] = max(steps[name], active)
    touched = set()
    for endpoint_id in truth.endpoint_ids:
        for begins, until, _ in truth.holes(endpoint_id, NOW):
            at = step(begins)
            while at < until.replace(tzinfo=UTC):
                touched.add((endpoint_id, at))
                at += 15 * MINUTE
    # Of the last step it is not known yet.
    is_over = lambda name: name[1] + 15 * MINUTE <= AS_OF
    touches = lambda name: True if name in touched else False if is_over(name) else None
    return [(*HERE, *name, steps.get(name), touches(name), AS_OF) for name in sorted(steps.keys() | touched)]


@answers("presences")
def _(truth):
    return presences(truth, 5)


@answers("presences", ("INTERVAL '5' MINUTE", "INTERVAL '45' MINUTE"))
def _(truth):
    return presences(truth, 45)


def presences(truth, minutes):
    rows = []
    for (_,), sessions in sorted(grouped(truth.sessions, "identity_key").items()):
        presence = []
        for session in in_order(sessions):
            if presence and session["connection_established_time"] >= last_use(presence) + minutes * MINUTE:
                rows.append(presence_row(presence))
                presence = []
            presence.append(session)
        rows.append(presence_row(presence))
    return rows


def presence_row(sessions):
    begins, until = first_use(sessions), last_use(sessions)
    sums = (total(sessions, "ingress_bytes"), total(sessions, "egress_bytes"))
    endpoints = len(distinct(sessions, "endpoint_id"))
    name = pick(sessions[0], "identity identity_key")
    open_ends = sum(s["end_seen"] is None for s in sessions)
    return (name[0], begins, until, seconds(begins, until), len(sessions), endpoints, *sums, name[1], open_ends, not_covered(sessions))


@answers("coverage_holes")
def _(truth):
    return holes(truth, NOW)


@answers(
    "coverage_holes",
    ("SELECT with_timezone(max(merged_at), 'UTC') AS as_of\n  FROM captures", "SELECT TIMESTAMP '2025-11-24 02:00:00 UTC' AS as_of"),
)
def _(truth):
    return holes(truth, datetime.datetime(2025, 11, 24, 2))


def holes(truth, now):
    rows = []
    for endpoint_id in ["*", *truth.endpoint_ids]:
        for begins, until, is_open in truth.holes(endpoint_id, now):
            failed = [at for at, of, complete in truth.attempts if of == endpoint_id and not complete and begins <= at <= until]
            times = (begins.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
            codes = "UnauthorizedOperation" if failed else ""
            # The week was not sealed, so no record was sealed late.
            as_of = now.replace(tzinfo=UTC)
            rows.append((*HERE, endpoint_id, *times, is_open, seconds(begins, until) // 60, len(failed), codes, 0, as_of))
    return rows


# In endpoints these are all fields that have no column, and boto3 drops them.
@answers("unparsed_values", ("FROM odd_rows\n", "FROM (SELECT * FROM odd_rows WHERE table_name <> 'endpoints') AS odd_rows\n"))
def _(truth):
    friday = datetime.datetime(2025, 11, 21, 12)
    first_endpoint = truth.captures[0].endpoint_id
    return [
        (*HERE, first_endpoint, "authorizationPolicyLastEvaluatedTime", "yesterday", 1, friday, friday, "connections"),
        (*HERE, first_endpoint, "ingressBytes", "1.5e6", 1, friday, friday, "connections"),
    ]


@answers("counter_staleness")
def _(truth):
    ages = collections.defaultdict(list)
    for capture in truth.captures:
        for row in capture.rows.values():
            if row["status"]["code"] == "active":
                updated = datetime.datetime.fromisoformat(row["timestamp"])
                day = capture.snapshot_time.date().isoformat()
                ages[*HERE, capture.endpoint_id, day].append(seconds(updated, capture.at))
    return [(*key, len(of), sum(of) / len(of), max(of), 0) for key, of in sorted(ages.items())]


@answers("access_review", ("2026-11-01", "2025-11-01"))
def _(truth):
    rows = []
    in_holes = minutes_in_holes(truth, datetime.datetime(2025, 11, 1), NOW)
    for (identity,), of in sorted(grouped(truth.sessions, "identity_key").items()):
        rows.append(
            (
                of[0]["identity"],
                len(of),
                len({s["connection_established_time"].date() for s in of}),
                first_use(of),
                last_use(of),
                sum(map(duration, of)),
                total(of, "ingress_bytes"),
                total(of, "egress_bytes"),
                ", ".join(distinct(of, "endpoint_id")),
                ", ".join(distinct(of, "common_name")),
                total(of, "failed_to_terminate"),
                not_covered(of),
                identity,
                0,
                sum(s["end_seen"] is None for s in of),
                in_holes,
                AS_OF,
            )
        )
    return rows


@answers("usage_per_endpoint")
def _(truth):
    rows = []
    for key, of in grouped(truth.sessions, "account_id region endpoint_id").items():
        sums = (total(of, "ingress_bytes"), total(of, "egress_bytes"))
        seconds_used = sum(map(duration, of))
        names = distinct([s for s in of if has_certificate(truth, s)], "common_name")
        people = (len(distinct(of, "username")), len(names), 0, authentication(truth, of[0]), 0)
        hours = round(seconds_used / 3600, 4)
        rows.append((*key, len(of), first_use(of), last_use(of), *sums, hours, *people, seconds_used, not_covered(of)))
    return sorted(rows, key=lambda row: (-row[6], -row[7], row[:3]))


@answers("usage_per_session")
def _(truth):
    rows = []
    for s in truth.sessions:
        names = pick(s, "endpoint_id connection_id username common_name")
        times = pick(s, "connection_established_time connection_end_time")
        more = pick(s, "account_id region identity_key ends_at end_seen covered")
        sums = (duration(s), s["ingress_bytes"], s["egress_bytes"])
        rows.append((*names, authentication(truth, s), *times, *sums, *more, False))
    return sorted(rows, key=lambda row: (-row[8], -row[9], row[1]))


def usage(sessions, names):
    """The sums of each group of sessions, in their order, the key of each group, and its sessions."""
    groups = []
    for key, of in grouped(sessions, names).items():
        sums = (total(of, "ingress_bytes"), total(of, "egress_bytes"))
        order = "connection_established_time ends_at account_id region endpoint_id"
        last = max(of, key=lambda s: pick(s, order))["endpoint_id"]
        groups.append((key, (len(of), sum(map(duration, of)), *sums, last), of))
    return sorted(groups, key=lambda group: (-group[1][2], -group[1][3], group[0]))


@answers("usage_per_username")
def _(truth):
    named = [s for s in truth.sessions if s["username"] is not None]
    return [(*key, *sums, key[0], not_covered(of)) for key, sums, of in usage(named, "username")]


@answers("usage_per_certificate")
def _(truth):
    certified = [s for s in truth.sessions if has_certificate(truth, s)]
    return [(*key, *sums, True, 0, not_covered(of)) for key, sums, of in usage(certified, "common_name")]


@answers("usage_per_username_and_certificate")
def _(truth):
    mixed = [s for s in truth.sessions if authentication(truth, s) == "mixed"]
    return [(*key, *sums, key[0], True, 0, not_covered(of)) for key, sums, of in usage(mixed, "username common_name")]


CONFIGURATION = """status_code authentication_types split_tunnel transport_protocol vpn_port connection_log_enabled
    connection_log_group session_timeout_hours disconnect_on_session_timeout client_connect_enabled client_cidr_block vpc_id
    associated_networks security_group_ids server_certificate_arn description tags status_message dns_name creation_time
    deletion_time"""


# boto3 drops the fields that have no column.
@answers("endpoint_configuration", ("  compared.unparsed,\n", ""))
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        before = None
        for since, endpoints in truth.configurations:
            endpoint = next((e for e in endpoints if e["endpoint_id"] == endpoint_id), None)
            if endpoint is None:
                continue
            endpoint = endpoint | {
                "creation_time": datetime.datetime.fromisoformat(endpoint["creation_time"]).replace(tzinfo=None)
            }
            configuration = tuple(map(as_text, pick(endpoint, CONFIGURATION)))
            if configuration != before:
                rows.append((*HERE, endpoint_id, since, *configuration, since + datetime.timedelta(seconds=7)))
            before = configuration
    return rows


def as_text(value):
    """Lists and maps as the question shows them."""
    if isinstance(value, list):
        return ", ".join(sorted(value))
    if isinstance(value, dict):
        return ", ".join(sorted(f"{name}={text}" for name, text in value.items()))
    return value
