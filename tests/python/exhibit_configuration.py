"""Computes the states and the changes of the configuration in a period from the Parquet objects of a lake, for `check_exhibit.py`.

Compares each part of an endpoint over all of the snapshots at which it is known. Shares no code with the program, and does not know its list
of options: every column that says nothing of a row itself is one. Values that AWS sent in a form of their own are not expected.
"""

import collections
import datetime
import itertools
import json

import pyarrow.parquet

UTC = datetime.UTC
#: Columns that are about the row, or that are not compared.
NO_OPTIONS = {"snapshot_time", "captured_at", "request_id", "endpoint_id", "unparsed", "authorization_rules_captured_at", "routes_captured_at"}
NO_OPTIONS |= {"status_message", "client_connect_status_message", "revocation_list", "revocation_list_status_message"}
LISTS = {"network_associations", "device_trust_providers", "associated_target_networks"}
#: The part that a column is of, by the beginning of its name, with its kind and the name of its error.
PARTS = {
    "authorization_policy": ("authorization_policy", "authorizationPolicy"),
    "revocation_list": ("revocation_list", "certificateRevocationList"),
    "associated_networks": ("option", "targetNetworkId"),
    "network_associations": ("option", "targetNetworkId"),
}
Known = collections.namedtuple("Known", "captured_at snapshot_time values")


class Place:
    """An account and Region: what is known of each part of each endpoint, in the order in which EC2 answered."""

    def __init__(self, lake, name, begins, ends):
        self.name, self.begins, self.parts = name, begins, collections.defaultdict(list)
        since = datetime.datetime.combine(begins.date() - datetime.timedelta(days=1), datetime.time(), UTC)
        folder = f"account_id={name[0]}/region={name[1]}"
        tables = {table: objects(lake / table / folder, since, ends) for table in ("endpoints", "authorization_rules", "routes")}
        self.snapshots = sorted(tables["endpoints"])
        self.listings = []
        for time, rows in tables["endpoints"].items():
            rows = [row for row in rows if row["status_code"] != "deleted"]
            listed_at = min((row["captured_at"] for row in rows), default=time)
            self.listings.append((listed_at, time, {row["endpoint_id"] for row in rows}))
            for row in rows:
                self.add_endpoint(time, row, tables["authorization_rules"].get(time), tables["routes"].get(time))
        self.listings.sort(key=lambda listing: listing[:2])
        for endpoint in sorted(set().union(*(ids for _, _, ids in self.listings))):
            for listed_at, time, ids in self.listings:
                values = {endpoint: "there"} if endpoint in ids else {}
                self.parts[endpoint, "endpoint", ""].append(Known(listed_at, time, values))
        for known in self.parts.values():
            known.sort(key=lambda one: one[:2])

    def add_endpoint(self, time, row, rules, routes):
        unparsed = dict(row["unparsed"] or [])
        options = collections.defaultdict(dict)
        for column in sorted(set(row) - NO_OPTIONS):
            of = [part for beginning, part in PARTS.items() if column.startswith(beginning)]
            options[of[0] if of else ("option", "")][column] = as_text(column, row[column])
        for (kind, part), values in options.items():
            is_known = f"{part}#error" not in unparsed and (part != "targetNetworkId" or row["associated_networks"] is not None)
            self.add(row, kind, part, time, row["captured_at"], values if is_known else None)
        for kind, part, column, entries, name in (
            ("authorization_rule", "authorizationRule", "authorization_rules_captured_at", rules, name_of_rule),
            ("route", "routes", "routes_captured_at", routes, name_of_route),
        ):
            values = None
            if entries is not None and f"{part}#error" not in unparsed:
                values = collections.defaultdict(set)
                for entry in entries:
                    if entry["endpoint_id"] == row["endpoint_id"]:
                        values[name(entry)].add(value_of(entry))
                values = {name: " | ".join(sorted(several)) for name, several in values.items()}
            self.add(row, kind, part, time, row[column], values)

    def add(self, row, kind, part, time, captured_at, values):
        known = self.parts[row["endpoint_id"], kind, part]
        if values is not None:
            known.append(Known(captured_at, time, values))

    def changes(self):
        for (endpoint, kind, _), known in self.parts.items():
            for one, next_one in itertools.pairwise(known):
                if next_one.snapshot_time > self.begins:
                    for name in sorted(set(one.values) | set(next_one.values)):
                        values = (one.values.get(name), next_one.values.get(name))
                        if values[0] != values[1]:
                            yield self.change(endpoint, kind, name, values, one, next_one)

    def change(self, endpoint, kind, name, values, one, next_one):
        is_entry = kind in ("authorization_rule", "route", "endpoint")
        word = "added" if values[0] is None else "removed" if values[1] is None else "changed"
        times = [written(time) for time in (one.snapshot_time, next_one.snapshot_time, one.captured_at, next_one.captured_at)]
        return [*self.name, endpoint, kind, name, word if is_entry else "changed", *values, *times]

    def states(self):
        if not self.snapshots:
            return
        beginning = max((time for time in self.snapshots if time <= self.begins), default=self.snapshots[0])
        for at, time in (("beginning", beginning), ("end", self.snapshots[-1])):
            listed = next(ids for _, of, ids in self.listings if of == time)
            for (endpoint, kind, _), known in self.parts.items():
                if endpoint not in listed:
                    continue
                last = [one for one in known if one.snapshot_time <= time][-1:]
                values = {name: value for one in last for name, value in one.values.items() if value is not None}
                times = [written(value) for value in (last[0].snapshot_time, last[0].captured_at)] if last else [None, None]
                for name, value in values.items() or [(None, None)]:
                    yield [*self.name, endpoint, at, kind, name, value, bool(last), *times]


def objects(folder, since, ends):
    """The rows of the objects of these times."""
    found = {}
    for path in folder.rglob("*.parquet"):
        time = datetime.datetime.strptime(path.stem, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if since <= time < ends:
            found[time] = pyarrow.parquet.ParquetFile(path).read().to_pylist()
    return found


def as_text(column, value):
    """A value as the data files have it."""
    if value is None:
        return None
    if column in LISTS:
        items = []
        for item in json.loads(value):
            plain = {name: of["code"] if name == "status" and "code" in of else of for name, of in item.items()}
            items.append(compact({name: sorted(of) if isinstance(of, list) else of for name, of in sorted(plain.items())}))
        return ", ".join(sorted(items))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return written(value)
    if column == "tags":
        return compact(dict(sorted(value)))
    return compact(sorted(value)) if isinstance(value, list) else str(value)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def name_of_rule(row):
    whom = "all users" if row["access_all"] else f"group {row['group_id']}" if row["group_id"] else "not known"
    return f"{row['destination_cidr']} for {whom}"


def name_of_route(row):
    return f"{row['destination_cidr']} via {row['target_subnet'] or row['transit_gateway_attachment_id'] or 'not known'}"


def value_of(row):
    names = {"description": "description", "origin": "origin", "status_code": "status_code", "route_type": "type"}
    return compact({label: row[name] for name, label in names.items() if name in row})


def written(time):
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def check(check, rows_of):
    """Compares both data files with what the lake shows."""
    lake, ends = check.lake, min(check.ends, check.now)
    names = sorted({tuple(part.split("=")[1] for part in path.parts[-2:]) for path in (lake / "endpoints").glob("*/*")})
    places = [Place(lake, name, check.begins, ends) for name in names]
    sort = lambda rows: sorted(rows, key=json.dumps)
    for name, computed in (
        ("configuration_changes", [row for place in places for row in place.changes()]),
        ("configuration_states", [row for place in places for row in place.states()]),
    ):
        found = [list(row.values()) for row in rows_of(check.folder, name)]
        check.compare(name, [row for row in sort(found) if row not in computed], [row for row in sort(computed) if row not in found])
        check.compare(f"rows of {name}", len(found), len(computed))
