"""Random lakes, and answers that a plain program works out of their rows by trying everything."""

import collections
import datetime
import random
import zoneinfo

import hole_definition
import merge_lakes
import session_truth
from edge_lakes import CERTIFICATE, DIRECTORY, MINUTE, NOW, REGION, SAML, SECOND, UTC, A, B, C, Lake, connection

#: Around the night in which clocks in America go back.
BEGIN = datetime.datetime(2026, 10, 31, 6)
END = datetime.datetime(2026, 11, 2, 6)
WEEK = datetime.timedelta(days=8)


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


def key(identity):
    """An identity as people are grouped by it."""
    if identity is None:
        return None
    _, mark, name = identity.partition("\\")
    return (name or identity).lower() if mark else identity.lower()


def sessions(lakes):
    """The rows of `sessions`, as plain Python makes them of the same evidence."""
    rows, records = [], []
    for made in lakes:
        records += [(made.account_id, record) for record in made.ledger.records]
        for table in ("connections", "partials"):
            rows += [sight(made, table, row) for row in made.tables[table] if row["connection_id"] is not None]
    found = session_truth.sessions(rows, records, REGION, aware(NOW))
    return [{name: naive(value) for name, value in row.items()} for row in found.values()]


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


class BruteForce:
    """The answers, from the rows of the lakes and their sessions."""

    def __init__(self, lakes, sessions):
        self.lakes = lakes
        self.sessions = sessions
        self.configurations = collections.defaultdict(list)
        for made in lakes:
            for row in made.tables["endpoints"]:
                if row["authentication_types"]:
                    place = (made.account_id, REGION, row.get("endpoint_id"))
                    self.configurations[place].append(
                        (row["captured_at"], row["snapshot_time"], set(row["authentication_types"]))
                    )
        for session in sessions:
            session["authentication"] = self.authentication(session)

    def authentication(self, session):
        rows = sorted(
            self.configurations[session["account_id"], session["region"], session["endpoint_id"]], key=lambda row: row[:2]
        )
        before = [row for row in rows if row[0] <= session["connection_established_time"]]
        types = (before[-1] if before else rows[0])[2] if rows else set()
        if CERTIFICATE in types:
            return "certificate" if len(types) == 1 else "mixed"
        return "directory or SAML" if types & {DIRECTORY, SAML} else "not known"

    def usage(self, group, keep):
        """Sums of the sessions of each group, as a set."""
        groups = collections.defaultdict(list)
        for session in self.sessions:
            if keep(session):
                groups[group(session)].append(session)
        total = lambda of, name: sum(s[name] for s in of if s[name] is not None) if any(s[name] is not None for s in of) else None
        return {
            (*name, len(of), total(of, "duration_seconds"), total(of, "ingress_bytes"), total(of, "egress_bytes"))
            for name, of in groups.items()
        }

    def user_name(self, session):
        if session["username"] is not None:
            return session["username"]
        return session["common_name"] if session["authentication"] == "directory or SAML" else None

    def usage_per_username(self):
        return self.usage(
            lambda s: (key(self.user_name(s)),),
            lambda s: self.user_name(s) is not None
            or s["authentication"] in ("directory or SAML", "mixed")
            or (s["identity"] is None and s["authentication"] != "certificate"),
        )

    def usage_per_certificate(self):
        return self.usage(
            lambda s: (s["common_name"], s["authentication"] != "not known"), lambda s: s["authentication"] != "directory or SAML"
        )

    def usage_per_username_and_certificate(self):
        return self.usage(
            lambda s: (key(s["username"]), s["common_name"], s["authentication"] != "not known"),
            lambda s: s["authentication"] == "mixed"
            or (s["username"] is not None and s["authentication"] != "directory or SAML"),
        )

    def usage_per_endpoint(self):
        counted = set()
        for row in self.usage(lambda s: (s["account_id"], s["endpoint_id"]), lambda _: True):
            of = [s for s in self.sessions if (s["account_id"], s["endpoint_id"]) == row[:2]]
            users = {key(self.user_name(s)) for s in of} - {None}
            names = {s["common_name"] for s in of if s["authentication"] in ("certificate", "mixed")} - {None}
            unknown = {s["common_name"] for s in of if s["authentication"] == "not known"} - {None}
            known = any(s["authentication"] != "not known" for s in of)
            counted.add((*row, len(users), len(names) if known else None, len(unknown)))
        return counted

    def usage_per_session(self):
        return {(s["account_id"], s["endpoint_id"], s["connection_id"], s["authentication"]) for s in self.sessions}

    def users_on_several_certificates(self):
        names = collections.defaultdict(lambda: (set(), set()))
        for s in self.sessions:
            if s["username"] is not None and s["common_name"] is not None and s["authentication"] != "directory or SAML":
                names[key(s["username"])][s["authentication"] == "not known"].add(s["common_name"])
        listed = lambda of: ", ".join(sorted(of)) or None
        return {
            (user, len(known), listed(known), listed(unknown))
            for user, (known, unknown) in names.items()
            if len(known | unknown) > 1
        }

    def top_talkers(self):
        """Each row's growth over all rows of its connection before, on the day on which its page arrived."""
        pages = collections.defaultdict(list)
        for made in self.lakes:
            for row in made.tables["connections"] + made.tables["partials"]:
                names = ("username", "common_name", "client_ip", "connection_established_time")
                one = row["connection_id"] or tuple(map(row.get, names))
                pages[made.account_id, row["endpoint_id"], row["connection_id"] is not None, one].append(row)
        days = collections.defaultdict(lambda: [0, 0, 0])
        for (_, _, known, _), rows in pages.items():
            rows.sort(key=lambda row: row["captured_at"])
            newest = lambda name, rows=rows: max(
                ((row["captured_at"], row[name]) for row in rows if row[name] is not None), default=(0, None)
            )[1]
            identity = key(newest("username") or newest("common_name"))
            of_day = collections.defaultdict(lambda: [0, 0])
            for side, name in enumerate(("ingress_bytes", "egress_bytes")):
                greatest = 0
                for row in rows:
                    if (row.get(name) or 0) > greatest:
                        of_day[row["captured_at"].date()][side] += row[name] - greatest
                        greatest = row[name]
            for day, grown in of_day.items():
                sums = days[day, identity, known]
                days[day, identity, known] = [sums[0] + 1, sums[1] + grown[0], sums[2] + grown[1]]
        rows = set()
        for (day, identity, known), sums in days.items():
            ranked = identity is not None and known
            rivals = [s for (d, i, k), s in days.items() if d == day and i is not None and k]
            place = 1 + sum(rival[1] + rival[2] > sums[1] + sums[2] for rival in rivals) if ranked else None
            rows.add((day, identity, known, place, *sums))
        return rows

    def concurrency(self, since):
        steps = collections.defaultdict(list)
        holes = set()
        for made in self.lakes:
            for endpoint, _, time, active in captures(made):
                steps[made.account_id, endpoint, step(time)].append(active)
            evidence = hole_definition.Evidence(made.ledger.records)
            for hole in evidence.holes(milliseconds(NOW)):
                for number in range(hole.begins // 900_000, -(-hole.ends // 900_000)):
                    if hole.endpoint[2] != hole_definition.LISTING:
                        holes.add((made.account_id, hole.endpoint[2], number))
        return {
            (*name, max(steps[name]) if name in steps else None, name in holes)
            for name in set(steps) | holes
            if name[2] * 900_000 >= milliseconds(since)
        }

    def counter_staleness(self):
        ages = collections.defaultdict(list)
        for made in self.lakes:
            for row in made.tables["connections"]:
                if row["status_code"] == "active":
                    ages[made.account_id, row["endpoint_id"], row["snapshot_date"]].append(age(row))
        rows = set()
        for name, found in ages.items():
            known = [one for one in found if one is not None]
            average = sum(known) / len(known) if known else None
            rows.add((*name, len(known), average, max(known, default=None), len(found) - len(known)))
        return rows

    def unparsed_values(self):
        found = collections.defaultdict(list)
        for made in self.lakes:
            for table, rows in made.tables.items():
                for row in rows:
                    for field, text in (row.get("unparsed") or {}).items():
                        found[made.account_id, row["endpoint_id"], field, text, table].append(row["snapshot_time"])
        return {(*name, len(times), min(times), max(times)) for name, times in found.items()}

    def endpoint_configuration(self):
        snapshots = collections.defaultdict(lambda: collections.defaultdict(list))
        for made in self.lakes:
            for row in made.tables["endpoints"]:
                snapshots[made.account_id, row["endpoint_id"]][row["snapshot_time"]].append(row)
        rows = []
        for name, by_time in snapshots.items():
            before = None
            arrivals = sorted((min(row["captured_at"] for row in rows_of), time) for time, rows_of in by_time.items())
            for _, time in arrivals:
                now = {configuration(row): row for row in by_time[time]}
                if before != set(now):
                    rows += [(*name, time, row.get("description")) for row in now.values()]
                before = set(now)
        return rows

    def outside_working_hours(self, zone, hours):
        """Looks at the clock on the wall in each minute of each session."""
        zone = zoneinfo.ZoneInfo(zone)
        shifts = collections.defaultdict(list)
        for day, begins, ends in hours:
            begins, ends = (int(text[:2]) * 60 + int(text[3:]) for text in (begins, ends))
            shifts[day].append((begins, ends if ends > begins else ends + 1440))
        clocks = {}

        def within(time):
            if time not in clocks:
                local = time.replace(tzinfo=UTC).astimezone(zone)
                minute = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6
                weekday = local.isoweekday()
                today = any(begins <= minute <= ends for begins, ends in shifts[weekday])
                clocks[time] = today or any(begins <= minute + 1440 <= ends for begins, ends in shifts[weekday - 1 or 7])
            return clocks[time]

        rows = set()
        for s in self.sessions:
            begins, ends, latest = s["connection_established_time"], s["ends_at"], s["ended_before"] or NOW
            # Whoever may have begun at any time may have done so outside: no list of hours has a whole week.
            earliest = begins if s["begin_seen"] else s["began_after"] or begins - WEEK
            proven = not all(map(within, minutes(begins, ends)))
            later = s["end_seen"] is not True and latest > ends and not all(map(within, minutes(ends, latest)))
            earlier = earliest < begins and not all(map(within, minutes(earliest, begins)))
            if proven or later or earlier:
                rows.add((s["account_id"], s["endpoint_id"], s["connection_id"], proven))
        return rows


def age(row):
    """Whole seconds since AWS updated a row."""
    updated = row["connection_timestamp"]
    return None if updated is None else (aware(row["captured_at"]) - aware(updated)) // SECOND


def configuration(row):
    """All that AWS said, in one form."""
    of_page = ("captured_at", "snapshot_time", "snapshot_date", "account_id", "region", "endpoint_id")
    values = {name: sorted(value) if isinstance(value, list) else value for name, value in row.items() if name not in of_page}
    return repr(sorted((name, value) for name, value in values.items() if value is not None))


def minutes(begins, ends):
    """The moments to look at: both ends, and each half of a minute between them."""
    yield begins
    time = begins.replace(second=0, microsecond=0) + MINUTE / 2
    while time < ends:
        if time > begins:
            yield time
        time += MINUTE / 2
    yield ends


def captures(made):
    """When each complete capture arrived, also one that was killed if it had rows, and how many connections were active."""
    found = {}
    for record in made.ledger.records:
        for target in record["targets"]:
            if target["outcome"] == "complete":
                time = datetime.datetime.fromisoformat(target["first_page_at"].rstrip("Z"))
                name = (target["endpoint_id"], datetime.datetime.fromisoformat(record["snapshot_time"].rstrip("Z")))
                found[name] = min(found.get(name, time), time)
    active = collections.defaultdict(set)
    arrived = {}
    for number, row in enumerate(made.tables["connections"]):
        name = (row["endpoint_id"], row["snapshot_time"])
        arrived[name] = min(arrived.get(name, row["captured_at"]), row["captured_at"])
        if row["status_code"] == "active":
            active[name].add(row["connection_id"] or number)
    for name in set(found) | set(arrived):
        yield *name, found.get(name, arrived.get(name)), len(active[name])


def milliseconds(time):
    return round(time.replace(tzinfo=UTC).timestamp() * 1000)


def step(time):
    return milliseconds(time) // 900_000
