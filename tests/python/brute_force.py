"""Answers to the questions at their edges, computed from all rows of random lakes by trying everything. No SQL."""

import collections
import datetime
import zoneinfo

import hole_definition
from edge_lakes import CERTIFICATE, DIRECTORY, MINUTE, NOW, REGION, SAML, SECOND, UTC
from random_lakes import aware

WEEK = datetime.timedelta(days=8)


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
            proven = s["ended_after"] is not None and not all(map(within, minutes(begins, ends)))
            later = s["end_seen"] is not True and latest > ends and not all(map(within, minutes(ends, latest)))
            earlier = earliest < begins and not all(map(within, minutes(earliest, begins)))
            if proven or later or earlier:
                rows.add((s["account_id"], s["endpoint_id"], s["connection_id"], proven))
        return rows


def key(identity):
    """An identity as people are grouped by it."""
    if identity is None:
        return None
    _, mark, name = identity.partition("\\")
    return (name or identity).lower() if mark else identity.lower()


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
