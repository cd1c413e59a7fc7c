"""Answers the questions about `sessions` from the rows that `session_truth.py` computes, by trying everything. No SQL.

Each answer is a list of dicts with some of the question's columns; all rows of the question are compared, and these columns of them.
"""

import collections
import datetime
import json

import logs_of_lakes
from session_truth import DAY, EARLIEST, HOUR, greatest

MINUTE = datetime.timedelta(minutes=1)
KEY = ("account_id", "region", "endpoint_id", "connection_id")
#: By question: the edits that a user makes in the file, and a function from the sessions, the ledgers and the time to the rows.
ANSWERS = collections.defaultdict(list)


def answers(name, *edits):
    return lambda function: ANSWERS[name].append((edits, function))


def earliest(row):
    """The earliest that it can have begun, as far as the record can say."""
    if row["begin_seen"]:
        return row["connection_established_time"]
    return row["began_after"] or EARLIEST


def seconds(begins, until):
    return (until - begins) // datetime.timedelta(seconds=1)


def may_last_until(row, time):
    return row["ended_before"] is None or row["ended_before"] >= time


def state(row, time):
    if row["end_seen"] is not None:
        return "ended"
    is_recent = row["as_of"] is not None and row["as_of"] >= time - HOUR
    return "active" if is_recent else "not known since as_of"


def told(row, names, **more):
    return {name: row[name] for name in names.split()} | {name: row[name] for name in KEY} | more


def by_user(rows, *names):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in ("identity_key", *names))].append(row)
    return groups


def last_name(rows):
    named = [(row["last_seen"], row["identity"]) for row in rows if row["identity"] is not None]
    return max(named)[1] if named else None


def minutes_in_holes(ledgers, begins, until, account_ids=None, since=None):
    """Minutes of a time in which some endpoint lay in a hole; with `since`, those of them after it."""
    holes = []
    for account_id, ledger in ledgers.items():
        if account_ids is None or account_id in account_ids:
            for name in ledger.evidence.endpoints():
                holes += [(max(a, begins), min(b, until)) for a, b, hole in ledger.gaps(name) if hole and a < until and b > begins]
    total, end = 0, begins
    for a, b in sorted(holes):
        total += max(seconds(max(a, end, since or a), b), 0)
        end = max(end, b)
    return total // 60


def recorded_since(ledgers):
    beginnings = [ledger.beginning(name) for ledger in ledgers for name in ledger.evidence.endpoints() if name[2] != "*"]
    return min((beginning for beginning in beginnings if beginning is not None), default=None)


def not_known(rows, since):
    return sum(row["identity_key"] is None and may_last_until(row, since) for row in rows)


def instants(now):
    """Around every hour and quarter of the last days, at odd seconds."""
    return [now - n * 47 * MINUTE - datetime.timedelta(seconds=n) for n in range(9 * 24)]


def connected_at(rows, instant):
    for row in rows:
        if earliest(row) <= instant and (row["ended_before"] is None or row["ended_before"] > instant):
            active_then = row["ended_after"] is not None and row["ended_after"] >= instant
            proven = row["connection_established_time"] <= instant and active_then
            yield told(row, "identity ended_before ended_after begin_seen", proven=proven, state=state(row, instant), instant=instant)


def sessions_of(user):
    def answer(rows, ledgers, now):
        begins, until = now - 3 * DAY, now - 1 * DAY
        return [
            told(
                row,
                "identity duration_seconds covered",
                proven=row["connection_established_time"] < until and row["ends_at"] >= begins and row["ended_after"] is not None,
                state=state(row, until),
            )
            for row in rows
            if row["identity_key"] == user and earliest(row) < until and may_last_until(row, begins)
        ]

    return answer


@answers(
    "sessions_under_open_rules",
    ("  FROM endpoints\n", "  FROM (SELECT * FROM endpoints WHERE false) AS endpoints\n"),
    ("INTERVAL '30' DAY", "INTERVAL '2' DAY"),
)
def _(rows, ledgers, now):
    """Without a snapshot that describes an endpoint, nothing is known of its rules up to the last merge."""
    since = midnight(now) - 2 * DAY
    return [
        told(
            row,
            "identity began_after ended_after ended_before",
            finding="not known",
            seen_from=since - DAY,
            seen_until=now,
            proven=False,
        )
        for row in rows
        if earliest(row) < now and (row["ended_before"] is None or row["ended_before"] > since)
    ]


DATES = [("2026-11-01 00:00:00", "2025-11-20 12:00:00"), ("2026-12-01 00:00:00", "2025-11-22 12:00:00")]
answers("sessions_of_user", ("maria.lopez@corp.example", "EXAMPLE\\Maria"), *DATES)(sessions_of("maria"))
answers("sessions_of_user", ("maria.lopez@corp.example", "cert"), *DATES)(sessions_of("cert"))


@answers("long_sessions", ("8 * 3600", "1 * 3600"), ("INTERVAL '30' DAY", "INTERVAL '2' DAY"))
def _(rows, ledgers, now):
    found = []
    for row in rows:
        greatest = None
        if row["begin_seen"] or row["began_after"] is not None:
            greatest = seconds(earliest(row), max(row["ended_before"] or now, row["ends_at"]))
        if (greatest is None or greatest > 3600) and may_last_until(row, midnight(now) - 2 * DAY):
            found.append(told(row, "duration_seconds covered", greatest_seconds=greatest, proven=row["duration_seconds"] > 3600, state=state(row, now)))
    return found


def midnight(now):
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


@answers("failed_to_terminate", ("INTERVAL '90' DAY", "INTERVAL '1' DAY"))
def _(rows, ledgers, now):
    return [
        told(row, "identity status_code last_seen", state=state(row, now))
        for row in rows
        if row["failed_to_terminate"] and may_last_until(row, midnight(now) - DAY)
    ]


@answers("posture_not_compliant", ("INTERVAL '30' DAY", "INTERVAL '1' DAY"), ("NOT IN ('compliant')", "NOT IN ('a')"))
def _(rows, ledgers, now):
    recent = [row for row in rows if may_last_until(row, midnight(now) - DAY)]
    found = [told(row, "identity posture_compliance_statuses logged", finding=posture(row, ["a"], ledgers[row["account_id"]].windows, now)) for row in recent]
    return [row for row in found if row["finding"] != "compliant"]


def posture(row, good, windows, now):
    """No snapshot of these lakes has the time of an evaluation."""
    statuses, denials = json.loads(row["posture_compliance_statuses"] or "[]"), row["policy_denials"]
    if denials or row["policy_result"] == "deny" or set(statuses) - set(good):
        return "not compliant"
    if row["policy_result"] is not None:
        return "compliant" if row["policy_result"] == "permit" and logs_of_lakes.is_read(row, windows, now) else "unknown"
    if statuses:
        return "compliant"
    return "unknown" if denials is None else "missing"


@answers("device_types", ("INTERVAL '30' DAY", "INTERVAL '2' DAY"))
def _(rows, ledgers, now):
    recent = [row for row in rows if may_last_until(row, midnight(now) - 2 * DAY)]
    found = []
    for device_type in {row["device_type"] for row in recent}:
        of = [row for row in recent if row["device_type"] == device_type]
        counts = {"users": len(set(known(of, "identity_key"))), "sessions": len(of)}
        counts |= {"device_type": device_type, "sessions_without_identity": sum(row["identity_key"] is None for row in of)}
        times = {"first_seen": min(row["connection_established_time"] for row in of), "last_seen": max(row["ends_at"] for row in of)}
        found.append(counts | times | {"as_of": now})
    return found


@answers("silent_users", ("INTERVAL '90' DAY", "INTERVAL '2' DAY"))
def _(rows, ledgers, now):
    found = []
    for (user, account_id), of in by_user(rows, "account_id").items():
        last = max(row["ends_at"] for row in of)
        if user is not None and last < now - 2 * DAY:
            unnamed = [row for row in rows if row["account_id"] == account_id and row["identity_key"] is None]
            found.append({
                "identity": last_name(of),
                "identity_key": user,
                "account_id": account_id,
                "last_use": last,
                "days_silent": (now - last).days,
                "with_open_end": sum(row["end_seen"] is not True for row in of),
                "minutes_not_covered": minutes_in_holes(ledgers, now - 2 * DAY, now, {account_id}),
                "recorded_since": recorded_since([ledgers[account_id]]),
                "sessions_not_known": sum(may_last_until(row, now - 2 * DAY) for row in unnamed),
                "newest_capture": greatest(row["as_of"] for row in of),
                "as_of": now,
            })
    return found


@answers("first_and_last_use")
def _(rows, ledgers, now):
    found = []
    for (user,), of in by_user(rows).items():
        last = max(row["ends_at"] for row in of)
        first = min((row["connection_established_time"], row["begin_seen"]) for row in of)
        found.append({
            "identity": last_name(of),
            "identity_key": user,
            "first_use": first[0],
            "first_use_seen": first[1] and all(row["begin_seen"] or earliest(row) >= first[0] for row in of),
            "last_use": last,
            "sessions": len(of),
            "days_since": (now - last).days,
            "with_open_end": sum(row["end_seen"] is not True for row in of),
            "not_covered": sum(not row["covered"] for row in of),
            "minutes_not_covered": minutes_in_holes(ledgers, now - 400 * DAY, now, since=last),
            "minutes_not_covered_before": minutes_in_holes(ledgers, now - 400 * DAY, first[0]),
            "recorded_since": recorded_since(ledgers.values()),
            "as_of": now,
        })
    return found


#: The month is one that begins on a day of the lakes.
@answers("access_review", ("2026-11-01 00:00:00", "2025-10-22 00:00:00"))
def _(rows, ledgers, now):
    begins = datetime.datetime(2025, 10, 22, tzinfo=now.tzinfo)
    return reviewed(rows, ledgers, begins, begins + 31 * DAY, now)


@answers("access_review", ("2026-11-01 00:00:00", "2025-11-19 00:00:00"))
def _(rows, ledgers, now):
    begins = datetime.datetime(2025, 11, 19, tzinfo=now.tzinfo)
    return reviewed(rows, ledgers, begins, begins + 30 * DAY, now)


def reviewed(rows, ledgers, begins, until, now):
    of_month = [row for row in rows if earliest(row) < until and may_last_until(row, begins)]
    found = []
    for (user,), of in by_user(of_month).items():
        shown = [row for row in of if row["ended_after"] is not None]
        proven = [row for row in shown if row["connection_established_time"] < until and row["ends_at"] >= begins]
        found.append({
            "identity": last_name(of),
            "identity_key": user,
            "sessions": len(proven),
            "days": len({row["connection_established_time"].date() for row in proven}),
            "first_use": min((row["connection_established_time"] for row in proven), default=None),
            "last_use": max((row["ends_at"] for row in proven), default=None),
            "duration_seconds": sum(known(proven, "duration_seconds")) if proven else None,
            "ingress_bytes": sum(known(proven, "ingress_bytes")) if known(proven, "ingress_bytes") else None,
            "endpoint_ids": texts(proven, "endpoint_id"),
            "common_names": texts(proven, "common_name"),
            "possible_sessions": len(of) - len(proven),
            "with_open_end": sum(row["end_seen"] is not True for row in proven),
            "recorded_since": recorded_since(ledgers.values()),
            "not_covered": sum(not row["covered"] for row in proven),
            "minutes_not_covered": minutes_in_holes(ledgers, begins, until),
            "as_of": now,
        })
    return found


def known(rows, name):
    """The values of a column, without `None`."""
    return [row[name] for row in rows if row[name] is not None]


def texts(rows, name):
    values = known(rows, name)
    return ", ".join(sorted(set(values))) if values else None


@answers("presences", ("INTERVAL '30' DAY", "INTERVAL '2' DAY"))
def _(rows, ledgers, now):
    found = []
    for (user,), of in by_user(rows).items():
        if user is None:
            continue
        presence = []
        for row in [*sorted(of, key=lambda row: (row["connection_established_time"], row["ends_at"])), None]:
            until = max((one["ends_at"] for one in presence), default=None)
            if presence and (row is None or row["connection_established_time"] >= until + 5 * MINUTE):
                if any(may_last_until(one, midnight(now) - 2 * DAY) for one in presence):
                    begins = presence[0]["connection_established_time"]
                    found.append({
                        "identity_key": user,
                        "presence_begins": begins,
                        "presence_ends": until,
                        "duration_seconds": seconds(begins, until),
                        "sessions": len(presence),
                        "endpoints": len({tuple(one[name] for name in KEY[:3]) for one in presence}),
                        "ingress_bytes": sum(one["ingress_bytes"] or 0 for one in presence),
                        "with_open_end": sum(one["end_seen"] is not True for one in presence),
                        "sessions_not_known": not_known(rows, midnight(now) - 2 * DAY),
                    })
                presence = []
            presence.append(row)
    return found


@answers("overlapping_sessions", ("INTERVAL '30' DAY", "INTERVAL '3' DAY"))
def _(rows, ledgers, now):
    found = []
    since = midnight(now) - 3 * DAY
    for (user,), of in by_user(rows).items():
        order = lambda row: (row["connection_established_time"], row["connection_id"], *(row[name] for name in KEY[:3]))
        of = sorted(of, key=order) if user is not None else []
        days = collections.defaultdict(list)
        for place, later in enumerate(of):
            begins = later["connection_established_time"]
            pairs = []
            for earlier in of[:place]:
                until = min(earlier["ends_at"], later["ends_at"])
                if seconds(begins, until) >= 60 and until >= since:
                    pairs.append((earlier, later, begins, until))
            days[begins.date()] += [(*pair, 1 + len(pairs)) for pair in pairs]
        for pairs in days.values():
            if len(pairs) > 10:
                found.append({
                    "identity_key": user,
                    "first_connection_id": None,
                    "overlap_begins": min(begins for _, _, begins, _, _ in pairs),
                    "overlap_ends": max(until for _, _, _, until, _ in pairs),
                    "overlap_seconds": max(seconds(begins, until) for _, _, begins, until, _ in pairs),
                    "pairs": len(pairs),
                    "at_once": max(at_once for *_, at_once in pairs),
                    "sessions_not_known": not_known(rows, since),
                })
                continue
            for earlier, _, begins, until, at_once in pairs:
                found.append({
                    "identity_key": user,
                    "first_connection_id": earlier["connection_id"],
                    "overlap_begins": begins,
                    "overlap_ends": until,
                    "overlap_seconds": seconds(begins, until),
                    "pairs": 1,
                    "at_once": at_once,
                    "sessions_not_known": not_known(rows, since),
                })
    return found
