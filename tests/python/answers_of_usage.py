"""Answers about the use by users, certificates and endpoints."""

import collections
import datetime

from answers import (
    AS_OF,
    HERE,
    MINUTE,
    NOW,
    UTC,
    answers,
    authentication,
    distinct,
    duration,
    first_use,
    grouped,
    has_certificate,
    last_use,
    minutes_in_holes,
    not_covered,
    pick,
    recorded_since,
    total,
)


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
        open_ends = sum(s["end_seen"] is not True for s in of)
        after, before = minutes_in_holes(truth, last_use(of), NOW), minutes_in_holes(truth, datetime.datetime(2025, 11, 1), first_use(of))
        rows.append((of[0]["identity"], *use, identity, True, open_ends, not_covered(of), after, AS_OF, before, recorded_since(truth)))
    return rows


@answers("silent_users", ("INTERVAL '90' DAY", "INTERVAL '30' MINUTE"))
def _(truth):
    in_holes = minutes_in_holes(truth, NOW - 30 * MINUTE, NOW)
    silent = []
    for (identity,), of in grouped(truth.sessions, "identity_key").items():
        if last_use(of) < NOW - 30 * MINUTE:
            open_ends, newest = sum(s["end_seen"] is not True for s in of), max(s["as_of"] for s in of)
            days = (NOW - last_use(of)).days
            silent.append((of[0]["identity"], last_use(of), days, HERE[0], identity, open_ends, newest, in_holes, 0, AS_OF, recorded_since(truth)))
    return sorted(silent, key=lambda row: (row[1], row[4]))


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
            grown = [now - then for now, then in zip(counters[day], before, strict=True)]
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
                sum(s["end_seen"] is not True for s in of),
                in_holes,
                AS_OF,
                recorded_since(truth),
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
