"""Answers about sessions with what only connection logs have. Of a session whose logs were not read, nothing of it is known."""

import collections
import itertools

from answers import AS_OF, HERE, answers, distinct, ends, first_use, grouped, in_order, last_use, pick, seconds


@answers("device_types")
def _(truth):
    by_type = collections.defaultdict(list)
    for session in truth.sessions:
        by_type[session.get("device_type")].append(session)
    rows = [
        (kind, len(distinct(of, "identity_key")), len(of), sum(s["identity_key"] is None for s in of), first_use(of), last_use(of), AS_OF)
        for kind, of in by_type.items()
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0] is None, row[0]))


@answers("two_addresses_at_once")
def _(truth):
    known = [s for s in truth.sessions if is_known(s.get("device_ip")) and is_known(s["identity_key"])]
    rows = []
    for of_user in grouped(known, "identity_key").values():
        days = collections.defaultdict(list)
        for first, second in itertools.combinations(in_order(of_user), 2):
            begins, until = second["connection_established_time"], min(ends(first), ends(second))
            if first["device_ip"] != second["device_ip"] and seconds(begins, until) > 60:
                days[begins.date()].append((first, second, begins, until))
        for pairs in days.values():
            rows += [pairs_of_day(pairs)] if len(pairs) > 10 else [pair_row(*pair) for pair in pairs]
    rows.sort(key=lambda row: (row[3], row[9] or "~", row[13] or "~", row[14]))
    return [(*row, len(truth.sessions) - len(known), AS_OF) for row in rows or [16 * (None,)]]


def is_known(text):
    return text is not None and bool(text.strip("*"))


def pair_row(first, second, begins, until):
    place = "endpoint_id connection_id"
    addresses = (first["device_ip"], second["device_ip"])
    times = (begins, until, seconds(begins, until))
    return (second["identity"], *addresses, *times, *HERE, *pick(first, place), *HERE, *pick(second, place), second["identity_key"], 1)


def pairs_of_day(pairs):
    identity = max((begins, second["identity"]) for _, second, begins, _ in pairs)[1]
    begins, until = min(pair[2] for pair in pairs), max(pair[3] for pair in pairs)
    longest = max(seconds(*pair[2:]) for pair in pairs)
    account = (HERE[0], None, None, None)
    return (identity, None, None, begins, until, longest, *account, *account, pairs[0][1]["identity_key"], len(pairs))
