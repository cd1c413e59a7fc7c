"""Answers about rules, routes and options of endpoints, from what boto3 lists of them."""

import datetime
import ipaddress
import itertools
import json
import re

from answers import AS_OF, HERE, MINUTE, NOW, answers, pick

WEDNESDAY = datetime.datetime(2025, 11, 19)
DAY = datetime.timedelta(days=1)
GROUP = "Engineering"
#: The first day of those that the questions read by default: a day before the period.
READ_FROM = datetime.datetime(2025, 10, 24)
#: Columns with lists of objects as JSON text.
LISTS_OF_OBJECTS = {"network_associations", "device_trust_providers", "associated_target_networks"}
#: Columns that the question does not compare.
NOT_COMPARED = {
    "endpoint_id",
    "status_message",
    "client_connect_status_message",
    "revocation_list",
    "revocation_list_status_message",
}


def runs(truth):
    """The time of each snapshot, and when it was taken, in the order of arrival."""
    found = {(capture["snapshot_time"], capture["at"]) for capture in truth.week["captures"]}
    parsed = lambda text: datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    return sorted(((parsed(snapshot_time), parsed(at)) for snapshot_time, at in found), key=lambda run: run[1])


def snapshots(truth, endpoint_id):
    """The snapshots that describe an endpoint, each with what boto3 lists of it then."""
    for snapshot_time, at in runs(truth):
        if at < truth.gone.get(endpoint_id, NOW):
            access = [access for since, access in truth.access if since <= at][-1]
            yield snapshot_time, at, access[endpoint_id]


@answers("weak_endpoints", ("DATE '2026-11-01'", "DATE '2025-11-19'"), ("12 AS hours", "10 AS hours"))
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        snapshot_time, at, access = [s for s in snapshots(truth, endpoint_id) if WEDNESDAY <= s[0] < WEDNESDAY + DAY][-1]
        for weakness, value in sorted(weaknesses(access, at)):
            rows.append((*HERE, endpoint_id, snapshot_time, weakness, value, len(truth.endpoint_ids)))
    assert any(value.startswith("expired") for *_, value, _ in rows), "no revocation list of the week has expired"
    return rows


def weaknesses(access, at):
    endpoint = access["endpoint"]
    types = sorted(option["type"] for option in endpoint["authenticationOptions"])
    if not endpoint["connectionLogOptions"]["enabled"]:
        yield "no connection logging", "off"
    if set(types) == {"certificate-authentication"}:
        yield "certificate authentication only", ", ".join(types)
    if endpoint["splitTunnel"]:
        yield "split tunnel", "on"
    if endpoint["sessionTimeoutHours"] > 10:
        yield "long session time-out", f"{endpoint['sessionTimeoutHours']} hours"
    if not endpoint.get("clientConnectOptions", {}).get("enabled") and not endpoint.get("devicePostureOptions"):
        yield "device posture is not asked for", "no client connect handler, no device trust provider"
    if "certificate-authentication" in types:
        revoked = access["revocation_list"]
        until = revoked and revoked["next_update"]
        if revoked is None:
            yield "no valid revocation list", "missing"
        elif until is None:
            yield "no valid revocation list", "not known"
        elif (until := datetime.datetime.fromisoformat(until).replace(tzinfo=None)) < at:
            yield "no valid revocation list", f"expired at {until}"


def group_access(truth, day):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        of_day = [s for s in snapshots(truth, endpoint_id) if day <= s[0] < day + DAY]
        rules = {}
        for snapshot_time, _, access in of_day:
            for rule in access["rules"]:
                if rule["accessAll"] or rule.get("groupId") == GROUP:
                    why = "rule for all users" if rule["accessAll"] else "rule for the group"
                    rules.setdefault((rule["destinationCidr"], why), []).append((snapshot_time, rule, access))
        for (cidr, why), shown in sorted(rules.items()):
            active = [(time, access) for time, rule, access in shown if rule["status"]["code"] == "active"]
            times = sorted({time for time, _ in active})
            covered = any(is_covered(cidr, access["routes"]) for _, access in active)
            narrower = {network for _, access in active for network in not_reached(cidr, access["rules"])}
            found = (times[0] if times else None, times[-1] if times else None, len(times))
            statuses = ", ".join(sorted({rule["status"]["code"] for _, rule, _ in shown}))
            descriptions = {rule["description"] for _, rule, _ in shown if "description" in rule}
            found += (statuses, " | ".join(sorted(descriptions)) or None, ("yes" if covered else "no") if active else None)
            found += (", ".join(sorted(narrower)) or None,)
            rows.append((*HERE, endpoint_id, cidr, why, *found, len(of_day), 0, len(truth.endpoint_ids)))
    return rows


OF_GROUP = ("S-1-5-21-1111111111-2222222222-3333333333-1001", GROUP)


@answers("group_access", OF_GROUP, ("DATE '2026-11-01'", "DATE '2025-11-19'"))
def _(truth):
    return group_access(truth, WEDNESDAY)


@answers("group_access", OF_GROUP, ("DATE '2026-11-01'", "DATE '2025-11-18'"))
def _(truth):
    """On Tuesday, all users may reach everything for some hours."""
    rows = group_access(truth, WEDNESDAY - DAY)
    assert any(row[3:5] == ("0.0.0.0/0", "rule for all users") for row in rows)
    return rows


def not_reached(cidr, rules):
    """The networks within a rule's that have narrower rules, none of which is for the group or for all users."""
    active = [rule for rule in rules if rule["status"]["code"] == "active"]
    reached = {rule["destinationCidr"] for rule in active if rule["accessAll"] or rule.get("groupId") == GROUP}
    wide = ipaddress.ip_network(cidr)
    for other in {rule["destinationCidr"] for rule in active} - reached:
        narrow = ipaddress.ip_network(other)
        if narrow.version == wide.version and narrow != wide and narrow.subnet_of(wide):
            yield other


def is_covered(cidr, routes):
    network = ipaddress.ip_network(cidr, strict=False)
    networks = [ipaddress.ip_network(r["destinationCidr"], strict=False) for r in routes if r["status"]["code"] == "active"]
    return any(route.version == network.version and route.overlaps(network) for route in networks)


@answers("configuration_changes")
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        shown = [(time, joined(values(truth, endpoint_id, access, at))) for time, at, access in snapshots(truth, endpoint_id)]
        for (before, old), (after, new) in itertools.pairwise(shown):
            changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
            rows += [(*HERE, endpoint_id, before, after, *name, old.get(name), new.get(name)) for name in changed]
        if endpoint_id in truth.gone:
            [gone] = [snapshot_time for snapshot_time, at in runs(truth) if at == truth.gone[endpoint_id]]
            rows.append((*HERE, endpoint_id, shown[-1][0], gone, "endpoint", endpoint_id, "there", None))
    missing = {"authorization_rule", "route", "authorization_policy", "revocation_list", "option"} - {row[5] for row in rows}
    assert not missing, f"the week changes nothing of {missing}"
    return rows


@answers("configuration_on_a_day", ("DATE '2026-11-01'", "DATE '2025-11-19'"))
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        of_day = [s for s in snapshots(truth, endpoint_id) if WEDNESDAY <= s[0] < WEDNESDAY + DAY]
        shown = {}
        for snapshot_time, at, access in of_day:
            for (kind, name), found in values(truth, endpoint_id, access, at).items():
                for value in set(found):
                    shown.setdefault((kind, name, value), []).append(snapshot_time)
        kinds = {kind for kind, _, _ in shown}
        shown |= {(kind, None, None): [time for time, _, _ in of_day] for kind in {"authorization_rule", "route"} - kinds}
        of_endpoint = [(*key, True, times[0], times[-1], len(times), len(of_day)) for key, times in shown.items()]
        of_endpoint.sort(key=lambda row: (row[0], last(row[1]), row[4], last(row[2])))
        rows += [(*HERE, endpoint_id, *row, len(truth.endpoint_ids)) for row in of_endpoint]
    return rows


def last(value):
    """A key that sorts null behind every text."""
    return value is None, value or ""


def joined(values):
    """Values as the question about changes shows them."""
    joined = lambda texts: None if texts == [None] else " | ".join(sorted(set(texts)))
    return {name: joined(texts) for name, texts in values.items()}


def values(truth, endpoint_id, access, at):
    """Every value that the questions compare, by its kind and name."""
    endpoints = [endpoints for since, endpoints in truth.configurations if since <= at][-1]
    [endpoint] = [row for row in endpoints if row["endpoint_id"] == endpoint_id]
    # AWS documents that it no longer sends this.
    endpoint = endpoint | {"associated_target_networks": None}
    shown = lambda name, value: as_list(value) if value and name in LISTS_OF_OBJECTS else as_text(value)
    found = {(kind_of(name), name): [shown(name, value)] for name, value in endpoint.items() if name not in NOT_COMPARED}
    for rule in access["rules"]:
        shown = {"description": rule.get("description"), "status_code": rule["status"]["code"]}
        found.setdefault(("authorization_rule", " for ".join(name_of(rule))), []).append(as_text(shown))
    for route in access["routes"]:
        shown = {"description": route.get("description"), "origin": route["origin"], "status_code": route["status"]["code"]}
        target = route.get("targetSubnet") or route.get("transitGatewayAttachmentId") or "not known"
        name = f"{route['destinationCidr']} via {target}"
        found.setdefault(("route", name), []).append(as_text(shown | {"type": route["type"]}))
    return found


def as_list(text):
    """The objects of a list in an order of their own, each with the code of its status."""
    in_order = lambda value: sorted(value) if isinstance(value, list) else value
    named = lambda name, value: value["code"] if name == "status" else in_order(value)
    return ", ".join(sorted(as_text({name: named(name, value) for name, value in item.items()}) for item in json.loads(text)))


def kind_of(column):
    kinds = [kind for kind in ("authorization_policy", "revocation_list") if column.startswith(kind)]
    return kinds[0] if kinds else "option"


def as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        ordered = sorted(value) if isinstance(value, list) else value
        text = json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        # Trino writes characters beyond U+FFFF as two escapes.
        return re.sub("[\U00010000-\U0010ffff]", lambda found: json.dumps(found[0])[1:-1].upper().replace("\\U", "\\u"), text)
    # A time, as list_endpoints.py prints it and Athena shows it.
    if isinstance(value, str) and value.endswith(".000+00:00"):
        return value.removesuffix("+00:00").replace("T", " ")
    return None if value is None else str(value)


@answers("sessions_under_open_rules")
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        found = list(spans(truth, endpoint_id))
        for session in truth.sessions:
            if session["endpoint_id"] == endpoint_id:
                rows += [row(session, *span) for span in found if is_under(session, *span[3:5])]
    rows.sort(key=lambda row: (last(row[0]), row[7], row[6], row[12], row[9], last(row[10]), last(row[11])))
    return rows


def spans(truth, endpoint_id):
    """Times in which snapshots show an open rule of an endpoint, or in which nothing is known of its rules."""
    shown = list(snapshots(truth, endpoint_id))
    times = [at for _, at, _ in shown]
    yield "not known", None, None, READ_FROM, times[0]
    begun = {}
    for (_, at, access), later in zip(shown, [*times[1:], truth.gone.get(endpoint_id, NOW)], strict=True):
        is_silent = later - at >= 60 * MINUTE
        if is_silent:
            yield "not known", None, None, at, later
        is_open = lambda rule: rule["status"]["code"] == "active" and (
            rule["accessAll"] or rule["destinationCidr"] in ("0.0.0.0/0", "::/0")
        )
        rules = {name_of(rule) for rule in access["rules"] if is_open(rule)}
        for rule in begun.keys() - rules:
            yield "open rule", *rule, begun[rule][0], at, begun.pop(rule)
        for rule in rules:
            begun.setdefault(rule, []).append(at)
        if is_silent or at == times[-1]:
            for rule in list(begun):
                yield "open rule", *rule, begun[rule][0], at if is_silent else later, begun.pop(rule)


def name_of(rule):
    return rule["destinationCidr"], "all users" if rule["accessAll"] else f"group {rule['groupId']}"


def is_under(session, begins, ends):
    """If the session may have been there in that time."""
    began, ended = session["connection_established_time"], session["ended_before"]
    return (began <= begins or began < ends) and (ended is None or ended > begins)


def row(session, finding, cidr, for_whom, begins, ends, shown=()):
    began, ended_after = session["connection_established_time"], session["ended_after"]
    proven = ended_after is not None and any(began <= at <= ended_after for at in shown)
    seen_last = shown[-1] if shown else None
    names = "identity username common_name account_id region endpoint_id connection_id connection_established_time ends_at"
    bounds = "begin_seen began_after ended_after ended_before covered identity_key"
    return (*pick(session, names), finding, cidr, for_whom, begins, ends, seen_last, proven, *pick(session, bounds), AS_OF)
