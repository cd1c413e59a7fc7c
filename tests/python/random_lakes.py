"""Random lakes for the questions at their edges, and their sessions as plain Python computes them."""

import datetime
import random

import logged_sessions
import merge_lakes
import session_truth
from edge_lakes import CERTIFICATE, DIRECTORY, MINUTE, NOW, REGION, SAML, UTC, A, B, C, Lake, connection

#: Around the night in which clocks in America go back.
BEGIN = datetime.datetime(2026, 10, 31, 6)
END = datetime.datetime(2026, 11, 2, 6)


def lake(seed):
    """Connections of three endpoints that live through captures with much bad luck."""
    rng = random.Random(seed)
    made = Lake(f"{300_000_000_000 + seed}", f"random {seed}")
    newest = BEGIN
    for endpoint in rng.sample([A, B, C], rng.randint(1, 3)):
        configure(made, rng, endpoint)
        lives = [life(rng, seed, number, endpoint) for number in range(rng.randint(2, 6))]
        time = BEGIN + rng.uniform(0, 600) * MINUTE
        until = time + rng.uniform(60, 700) * MINUTE
        while time < min(until, END):
            capture(made, rng, endpoint, lives, time)
            newest = max(newest, time)
            time += rng.choice([14, 15, 15, 20, 30]) * MINUTE
            if rng.random() < 0.06:
                time += rng.choice([46, 75, 400]) * MINUTE
    if rng.random() < 0.9:
        # A listing without the endpoints.
        made.ledger.run(made.minutes(newest + rng.uniform(20, 400) * MINUTE), [], [])
    return made


def configure(made, rng, endpoint):
    types = rng.choice([[CERTIFICATE], [DIRECTORY], [SAML], [CERTIFICATE, SAML], [DIRECTORY, CERTIFICATE], ["new"]])
    luck = rng.random()
    if luck < 0.15:
        return
    made.endpoint(BEGIN + rng.uniform(-100, 2000) * MINUTE, types, endpoint)
    time = BEGIN
    for _ in range(rng.randint(0, 6)):
        time += rng.choice([0, 15, 30]) * MINUTE
        texts = {name: rng.choice([None, "a", "b, c"]) for name in ("description", "dns_name", "status_code")}
        tags = rng.choice([None, {}, {"k": "v"}, {"k": "v", "l": "w"}])
        unparsed = rng.choice([None, None, {"vpnPort": "many"}])
        values = {"split_tunnel": rng.choice([True, None]), "security_group_ids": rng.choice([[], ["a, b"], ["b", "a"]])}
        made.endpoint(time, types, endpoint, **texts, **values, tags=tags, unparsed=unparsed)
    if luck < 0.5:
        made.endpoint(BEGIN + rng.uniform(0, 2000) * MINUTE, [rng.choice([CERTIFICATE, SAML])], endpoint)
    if luck < 0.3:
        made.endpoint(BEGIN + rng.uniform(0, 2000) * MINUTE, [], endpoint)


def life(rng, seed, number, endpoint):
    """A connection, and how its counters grow."""
    begins = BEGIN + round(rng.uniform(-120, 2000)) * MINUTE
    name = f"r{seed}.{rng.choice('abc')}"
    user = rng.choice([name, name, name.upper(), "CORP\\" + name, None])
    return {
        "id": None if rng.random() < 0.05 else f"{seed}-{endpoint[-1]}-{number}",
        "user": user,
        "common_name": rng.choice([name, user, f"key {name}", f"key {rng.choice('xyz')}", None]),
        "begins": begins,
        "ends": begins + round(rng.uniform(1, 1500)) * MINUTE if rng.random() < 0.85 else None,
        "client_ip": f"10.0.0.{number}",
        "rate": rng.choice([0, 1, 1000]),
        "resets": sorted(rng.uniform(0, 1500) for _ in range(rng.choice([0, 0, 1, 2]))),
    }


def capture(made, rng, endpoint, lives, time):
    outcome = rng.choices(["complete", "partial", "failed"], [90, 6, 4])[0]
    rows = []
    for one in lives:
        there = one["begins"] <= time and (one["ends"] is None or time < one["ends"] + 60 * MINUTE)
        if there and outcome != "failed" and (outcome == "complete" or rng.random() < 0.5):
            rows.append(shown(rng, one, time))
            if rng.random() < 0.05:
                rows.append(shown(rng, one, time))
    snapshot = time - rng.choice([0, 0, 0, 20, 50]) * MINUTE if rng.random() < 0.2 else time
    made.capture(time + rng.choice([0, 0, 0, 30]) * MINUTE / 2, rows, endpoint, outcome, snapshot, recorded=rng.random() > 0.04)


def shown(rng, one, time):
    ended = one["ends"] is not None and one["ends"] <= time
    until = one["ends"] if ended else time
    lived = (until - one["begins"]) / MINUTE
    since = max([reset for reset in one["resets"] if reset <= lived], default=0)
    counter = None if rng.random() < 0.1 else int((lived - since) * one["rate"])
    return connection(
        one["id"],
        None if rng.random() < 0.05 else one["user"],
        one["common_name"],
        one["begins"],
        one["ends"] if ended else None,
        connection_timestamp=None if rng.random() < 0.1 else time - datetime.timedelta(seconds=rng.randint(0, 300)),
        unparsed=None if rng.random() < 0.9 else {rng.choice(["a", "b"]): rng.choice(["x", ""]), "c": "y"},
        client_ip=one["client_ip"],
        ingress_bytes=counter,
        egress_bytes=counter and counter // 3,
    )


def sessions(lakes):
    """The rows of `sessions`, as plain Python makes them of the same evidence."""
    rows, records = [], []
    for made in lakes:
        records += [(made.account_id, record) for record in made.ledger.records]
        for table in ("connections", "partials"):
            rows += [sight(made, table, row) for row in made.tables[table] if row["connection_id"] is not None]
    found = session_truth.sessions(rows, records, REGION, aware(NOW))
    # They have no connection logs.
    of_logs = dict.fromkeys([*logged_sessions.COLUMNS, "log_values", "policy_denials_by_day", "log_group_since"])
    return [{name: naive(value) for name, value in row.items()} | of_logs for row in found.values()]


def sight(made, table, row):
    values = {name: aware(row.get(name)) for name in merge_lakes.VALUES}
    captured_at = aware(row["captured_at"])
    snapshot_time = aware(row["snapshot_time"])
    return merge_lakes.Row(made.account_id, row["endpoint_id"], table == "connections", snapshot_time, captured_at, captured_at, values)


def aware(value):
    """In UTC, and in milliseconds as the lake has it."""
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=UTC, microsecond=value.microsecond // 1000 * 1000)
    return value


def naive(value):
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
