"""The answers to the questions about connection logs."""

import collections
import datetime

from answers import AS_OF, HERE, MINUTE, NOW, UTC, answers, distinct, ends, grouped, pick, seconds

DAY = datetime.timedelta(days=1)
TODAY = datetime.datetime(2025, 11, 24)
UNTIL = NOW - 60 * MINUTE
#: Placeholders that stand for nothing. In a name `NA` is a name.
NOTHING = (None, "", "-", "NA", "N/A")
NULLS_LAST = lambda value: (value is None, value)


def said(event, key):
    value = event.says.get(key)
    return None if value in (NOTHING[:3] if key in ("username", "common-name") else NOTHING) else value


def start_of(event):
    """When the connection began, as far as the event says so."""
    start = said(event, "connection-start-time")
    return datetime.datetime.strptime(start, "%Y-%m-%d %H:%M:%S") if start else event.event_time


def evaluation(event, key):
    return (event.says.get("authorization-policy-evaluation") or {}).get(key)


def identity(event):
    return said(event, "username") or said(event, "common-name")


def identity_key(name):
    return name and (name.rpartition("\\")[2] or name).lower()


def events(truth, begins, until):
    """Events of connection logs that the lake has, of this time."""
    return [event for event in truth.recorded if event.is_event and begins <= event.event_time < until]


def described(truth, endpoint_id, first_day, last_day=TODAY):
    """What each snapshot of these days found of the logging of an endpoint, in the order in which it did."""
    found = [
        (one.captured_at, one.snapshot_time, one.log_group)
        for one in truth.log_configurations
        if one.endpoint_id == endpoint_id
        and first_day.date() <= one.snapshot_time.date() <= last_day.date()
        and one.captured_at < truth.gone.get(endpoint_id, NOW)
    ]
    return sorted(found)


def minutes_not_recorded(truth, begins, until, first_day):
    """Minutes, over all endpoints, of which the log is not in the lake: it was off, or the window was not read."""
    total = 0 * MINUTE
    for endpoint_id in truth.endpoint_ids:
        rows = described(truth, endpoint_id, first_day)
        changes = [row for before, row in zip([None, *rows], rows, strict=False) if before is None or row[2] != before[2]]
        end = rows[-1][0] if endpoint_id in truth.gone else UNTIL
        # The endpoints are older than the week. Before the first snapshot, nothing is known.
        changes.insert(0, (begins, None, None))
        times = [*(at for at, _, _ in changes), end]
        for (_, _, log_group), start, stop in zip(changes, times, times[1:], strict=False):
            start, stop = max(start, begins), min(stop, until)
            if start >= stop:
                continue
            total += stop - start
            if log_group is not None:
                total -= sum((max(min(stop, one + 15 * MINUTE) - max(start, one), 0 * MINUTE) for one in truth.windows), 0 * MINUTE)
    return -(-total // MINUTE)


def joined(values):
    return ", ".join(sorted(set(values) - {None}))


@answers("failed_attempts")
def _(truth):
    groups = collections.defaultdict(list)
    for event in events(truth, TODAY - 30 * DAY, TODAY + DAY):
        if said(event, "connection-attempt-status") == "failed":
            groups[said(event, "connection-attempt-failure-reason"), identity_key(identity(event)), said(event, "device-ip")].append(event)
    minutes = minutes_not_recorded(truth, TODAY - 30 * DAY, UNTIL, TODAY - 31 * DAY)
    rows = []
    for (reason, key, device_ip), of in groups.items():
        times, endpoints = [event.event_time for event in of], {said(event, "client-vpn-endpoint-id") for event in of}
        row = (reason, joined(map(identity, of)), device_ip, len(of), min(times), max(times), len(endpoints), joined(endpoints))
        rows.append((*row, HERE[0], key, minutes, UNTIL.replace(tzinfo=UTC), AS_OF))
    return sorted(rows, key=lambda row: (-row[3], *map(NULLS_LAST, (row[0], row[9], row[2]))))


PERIOD = [
    ("current_date - INTERVAL '30' DAY", "TIMESTAMP '2025-11-21 00:00:00'"),
    ("current_date - INTERVAL '120' DAY", "TIMESTAMP '2025-11-19 00:00:00'"),
]


@answers("public_addresses", *PERIOD)
def _(truth):
    before, begins = datetime.datetime(2025, 11, 19), datetime.datetime(2025, 11, 21)
    groups = collections.defaultdict(list)
    for event in events(truth, before, TODAY + DAY):
        is_waiting = said(event, "connection-attempt-status") in ("failed", "waiting-for-assertion")
        if not is_waiting and said(event, "connection-reset-status") != "assertion-received":
            groups[identity_key(identity(event)), said(event, "device-ip")].append(event)
    first_day = before - DAY
    minutes = minutes_not_recorded(truth, begins, UNTIL, first_day), minutes_not_recorded(truth, before, begins, first_day)
    assert minutes[1] > 0, "an endpoint was off in the time before, so no address is known to be new"
    rows = []
    for (key, device_ip), of in groups.items():
        now = [event for event in of if event.event_time >= begins]
        earlier = [event.event_time for event in of if event.event_time < begins]
        if not now:
            continue
        times = [event.event_time for event in now]
        connection = lambda event: (said(event, "client-vpn-endpoint-id"), said(event, "connection-id"))
        finding = "not known" if device_ip is None or key is None or not earlier else "seen before"
        row = (joined(map(identity, now)), device_ip, finding, min(times), max(times), max(earlier, default=None))
        row += (len(set(map(connection, now))), len({of for of, _ in map(connection, now)}), key)
        rows.append((*row, *minutes, UNTIL.replace(tzinfo=UTC), AS_OF))
    return sorted(rows, key=lambda row: tuple(map(NULLS_LAST, (row[8], row[3], row[1]))))


def recent(truth, begins):
    return [s for s in truth.sessions if s["ended_before"] is None or s["ended_before"] >= begins]


@answers("two_addresses_at_once")
def _(truth):
    of_days = recent(truth, TODAY - 30 * DAY)
    known = [s for s in of_days if s["device_ip"] and s["identity_key"]]
    order = lambda s: pick(s, "connection_established_time connection_id account_id region endpoint_id")
    place = lambda s: pick(s, "account_id region endpoint_id connection_id")
    pairs = []
    for of in grouped(known, "identity_key").values():
        for later in of:
            for earlier in of:
                begins, until = later["connection_established_time"], min(ends(earlier), ends(later))
                if earlier["device_ip"] != later["device_ip"] and order(earlier) < order(later) and seconds(begins, until) > 60:
                    pairs.append((earlier, later, begins, until))
    per_day = collections.Counter((later["identity_key"], begins.date()) for _, later, begins, _ in pairs)
    assert max(per_day.values(), default=0) <= 10, "each pair has a row"
    rest, rows = (len(of_days) - len(known), AS_OF), []
    for earlier, later, begins, until in pairs:
        row = (later["identity"], earlier["device_ip"], later["device_ip"], begins, until, seconds(begins, until))
        rows.append((*row, *place(earlier), *place(later), later["identity_key"], 1, *rest))
    return sorted(rows, key=lambda row: (row[3], row[9], row[13])) or [(*(None,) * 16, *rest)]


@answers("device_types")
def _(truth):
    rows = []
    for (device_type,), of in grouped(recent(truth, TODAY - 30 * DAY), "device_type").items():
        row = (device_type, len(distinct(of, "identity_key")), len(of), sum(s["identity_key"] is None for s in of))
        rows.append((*row, min(s["connection_established_time"] for s in of), max(map(ends, of)), AS_OF))
    return sorted(rows, key=lambda row: (-row[2], NULLS_LAST(row[0])))


@answers("posture_denials")
def _(truth):
    groups = collections.defaultdict(list)
    for event in events(truth, TODAY - 30 * DAY, TODAY + DAY):
        result = evaluation(event, "result")
        if result not in (None, "permit") or said(event, "connection-attempt-failure-reason") == "authorization-policy-deny":
            groups[said(event, "client-vpn-endpoint-id"), said(event, "connection-id")].append(event)
    minutes = minutes_not_recorded(truth, TODAY - 30 * DAY, UNTIL, TODAY - 31 * DAY)
    by_id = {(s["endpoint_id"], s["connection_id"]): s for s in truth.sessions}
    rows = []
    for (endpoint_id, connection_id), of in groups.items():
        of.sort(key=lambda event: (event.event_time, event.values["event_id"]))
        statuses = {said(event, "connection-attempt-status") for event in of}
        all_ = lambda key, of=of: joined(evaluation(event, key) for event in of)
        session = by_id.get((endpoint_id, connection_id), {})
        first, last = of[0].event_time, of[-1].event_time
        after = max(seconds(first, session["ends_at"]), 0) if session else None
        ended_before = session.get("ended_before")
        is_shadow = all(evaluation(event, "shadow-mode") == "enabled" for event in of)
        if "failed" in statuses and (after or 0) <= 60:
            finding = "attempt denied"
        elif "successful" in statuses or (after or 0) > 60:
            finding = "went on in shadow mode" if is_shadow else "went on"
        else:
            finding = "ended" if ended_before is not None and seconds(first, ended_before) <= 60 else "not known"
        last_of = lambda value, of=of: next((value(event) for event in reversed(of) if value(event) is not None), None)
        name = last_of(identity)
        row = (name, *HERE, endpoint_id, connection_id, last_of(lambda event: said(event, "device-ip")), finding, len(of), first, last)
        row += (all_("result"), all_("reason"), all_("evaluation-type"), all_("shadow-mode"))
        row += (session.get("connection_established_time"), session.get("ends_at"), session.get("end_seen"), after)
        rows.append((*row, identity_key(name), minutes, UNTIL.replace(tzinfo=UTC), AS_OF))
    return sorted(rows, key=lambda row: (row[8], row[4], row[3]))


@answers("connection_logging_off")
def _(truth):
    return [row for endpoint_id in truth.endpoint_ids for row in off(truth, endpoint_id)]


def off(truth, endpoint_id):
    """Times in which logging was off, or nothing is known of it."""
    rows = described(truth, endpoint_id, TODAY - 31 * DAY)
    gone = endpoint_id in truth.gone
    steps = []
    for (at, _, log_group), following in zip(rows, [*(at for at, _, _ in rows[1:]), None if gone else NOW], strict=True):
        steps.append((at, "off" if log_group is None else "on", log_group))
        if following is not None and following - at >= 60 * MINUTE:
            steps.append((at, "not known", None))
    starts = [n for n, step in enumerate(steps) if n == 0 or step[1] != steps[n - 1][1]]
    for n, following in zip(starts, [*starts[1:], None], strict=True):
        at, finding, log_group = steps[n]
        if finding == "on":
            continue
        before = [group for _, _, group in steps[:n] if group is not None]
        began_after = steps[n - 1][0] if n else None
        ended_before = None if following is None else steps[following][0]
        ended_after = rows[-1][0] if following is None else steps[following - 1][0]
        state = "ended" if following is not None else "gone" if gone else "still"
        latest = ended_before or (NOW if state == "still" else ended_after)
        row = (*HERE, endpoint_id, finding, began_after, at, ended_after, ended_before, state, before[-1] if before else None, log_group)
        row += (None if following is None else steps[following][2], seconds(at, ended_after) // 60)
        yield (*row, None if began_after is None else seconds(began_after, latest) // 60, AS_OF)


@answers("reconciliation")
def _(truth):
    """The simulator tells both records the same, so they differ only where one of them was not read, or a connection was in a hole."""
    logged = collections.defaultdict(list)
    for event in truth.recorded:
        waits = said(event, "connection-attempt-status") in ("failed", "waiting-for-assertion")
        if event.is_event and not waits and said(event, "connection-reset-status") != "assertion-received":
            logged[said(event, "client-vpn-endpoint-id"), said(event, "connection-id")].append(event)
    by_id = {(s["endpoint_id"], s["connection_id"]): s for s in truth.sessions}
    without_event = [s for key, s in by_id.items() if key not in logged and s["connection_established_time"] <= UNTIL]
    rows = []
    for s in without_event:
        at = s["connection_established_time"]
        rows.append(("no log event", why_not_logged(truth, s), *pick(s, "account_id region endpoint_id connection_id identity"), at))
    for key, of in logged.items():
        succeeded = [event.event_time for event in of if said(event, "connection-attempt-status") == "successful"]
        # Of an attempt that was not read, later events have the time.
        connected = min(succeeded or [start_of(event) for event in of])
        if key not in by_id and connected <= UNTIL:
            is_in_hole = any(begins <= connected < until for begins, until, _ in truth.holes(key[0], NOW))
            last = max(of, key=lambda event: (event.event_time, event.values["event_id"]))
            rows.append(("no session", "coverage hole" if is_in_hole else "not known", *HERE, *key, identity(last), connected))
    shown = [*rows] if rows else [(None,) * 8]
    counts = (sum(key in logged for key in by_id), len(without_event), UNTIL.replace(tzinfo=UTC), AS_OF)
    return [(*row, None, None, None, *counts) for row in sorted(shown, key=lambda row: (row[7], row[0], row[5], row[4]))]


def why_not_logged(truth, session):
    began, endpoint_id = session["connection_established_time"], session["endpoint_id"]
    configured = described(truth, endpoint_id, TODAY - 31 * DAY)
    for number, (at, _, log_group) in enumerate(configured):
        before = configured[number - 1][0] if number else at
        after = configured[number + 1][0] if number + 1 < len(configured) else datetime.datetime.max
        if before <= began < after and log_group is None:
            return "logging off"
    if session["log_group_since"] is None or session["log_group_since"] > began:
        return "not known"
    hour = began.replace(minute=0, second=0, microsecond=0)
    if session["logged"] is None:
        return "window not read"
    if hour in truth.hours_read_twice:
        return "not known"
    return "late event may come" if hour + 25.5 * DAY / 24 + 60 * MINUTE > NOW else "window not read"
