"""Answers about single sessions."""

import collections
import datetime
import json
import zoneinfo

import logs_of_lakes
from answers import (
    HERE,
    MINUTE,
    NOW,
    UTC,
    answers,
    distinct,
    duration,
    ends,
    first_use,
    grouped,
    in_order,
    last_use,
    not_covered,
    pick,
    seconds,
    state,
    total,
)


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
    return [(*pick(s, names), s["ended_after"] >= instant, state(s, instant), *pick(s, bounds)) for s in there]


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
        (
            *pick(s, names),
            duration(s),
            *pick(s, "ingress_bytes egress_bytes covered"),
            ends(s) >= begins,
            state(s, until),
            *pick(s, "begin_seen began_after ended_after ended_before as_of"),
        )
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

    def within(begins, until):
        on_one_day = begins.date() == until.date() and begins.weekday() < 5
        return on_one_day and begins.time() >= opening and until.time() <= closing

    rows = []
    for s in in_order(truth.sessions):
        begins, until = local(s["connection_established_time"]), local(s["ends_at"])
        latest = until if s["end_seen"] else local(s["ended_before"] or NOW)
        if not (within(begins, until) and within(begins, latest)):
            names = pick(s, "identity account_id region endpoint_id connection_id")
            told = (s["identity_key"], s["end_seen"], latest, not within(begins, until), True, s["covered"], begins)
            rows.append((*names, begins, until, *told))
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
                rows.append((of_pair[0][0], *(6 * [None]), begins, until, longest, *accounts, len(pairs), max(pair[5] for pair in of_pair), 0))
            else:
                rows += [
                    (name, *first, *second, begins, until, seconds(begins, until), *accounts, 1, at_once, 0)
                    for name, first, second, begins, until, at_once in of_pair
                ]
    return sorted(rows, key=lambda row: (row[7], row[2] or "~", row[5] or "~"))


@answers("posture_not_compliant")
def _(truth):
    return postures(truth, {"compliant"})


@answers("posture_not_compliant", ("('compliant')", "('compliant', 'quarantined')"))
def _(truth):
    return postures(truth, {"compliant", "quarantined"})


def postures(truth, good):
    names = "identity account_id region endpoint_id connection_id connection_established_time connection_end_time"
    more = "identity_key ends_at end_seen ended_before"
    captures = [*truth.captures, *truth.partials]
    evaluated = {(c.endpoint_id, id) for c in captures for id, row in c.rows.items() if was_evaluated(row)}
    rows = []
    for s in in_order(truth.sessions):
        is_read = logs_of_lakes.is_read(s, truth.log_windows, NOW)
        finding = posture(s, good, (s["endpoint_id"], s["connection_id"]) in evaluated, is_read)
        if finding != "compliant":
            found = (*pick(s, names + " posture_compliance_statuses"), finding, *pick(s, more))
            rows.append((*found, s.get("policy_result"), s.get("policy_denials"), s.get("logged")))
    return rows


def was_evaluated(row):
    """If AWS gave a time at which a policy was evaluated; one of the odd rows has a word."""
    return row.get("authorizationPolicyLastEvaluatedTime", "-")[:1].isdigit()


def posture(session, good, is_evaluated, is_read):
    statuses = set(json.loads(session["posture_compliance_statuses"] or "[]"))
    result, denials = session.get("policy_result"), session.get("policy_denials")
    if not statuses <= good or denials or result == "deny":
        return "not compliant"
    if result == "permit" and denials is not None and is_read:
        return "compliant"
    if result is not None or is_evaluated:
        return "unknown"
    if statuses:
        return "compliant"
    return "unknown" if denials is None else "missing"


@answers("failed_to_terminate")
def _(truth):
    names = "identity account_id region endpoint_id connection_id connection_established_time connection_end_time"
    names += " end_seen status_code status_message last_seen"
    of = [s for s in in_order(truth.sessions) if s["failed_to_terminate"]]
    return [(*pick(s, names), state(s, NOW), *pick(s, "begin_seen ended_after ended_before as_of")) for s in of]


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
    open_ends = sum(s["end_seen"] is not True for s in sessions)
    return (name[0], begins, until, seconds(begins, until), len(sessions), endpoints, *sums, name[1], open_ends, not_covered(sessions), 0)
