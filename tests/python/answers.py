"""The answer to each question of `queries/`, computed from the truth without SQL. `answers_of_*.py` register them here.

To add one, see CONTRIBUTING.md, "Add a query".
"""

import collections
import datetime

from truth import ACCOUNT, REGION

UTC = datetime.UTC
MINUTE = datetime.timedelta(minutes=1)
NOW = datetime.datetime(2025, 11, 23, 23, 50)
HERE = (ACCOUNT, REGION)

#: The texts that stand for the day and the moment at which a query is run.
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


def recorded_since(truth):
    return min(at for at, endpoint_id, _ in truth.attempts if endpoint_id in truth.endpoint_ids).replace(tzinfo=UTC)


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
    """Returns the authentication of the endpoint, by what boto3 lists of it."""
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
