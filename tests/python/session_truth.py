"""Computes each column of `sessions` from the evidence, one connection at a time. No SQL, and nothing remembered between merges.

Times are `datetime` in UTC. Holes are those of `hole_definition.py`.
"""

import collections
import datetime
import json
import re

import hole_definition
import logs_of_lakes

UTC = datetime.UTC
HOUR, DAY, MILLI = (datetime.timedelta(hours=1), datetime.timedelta(days=1), datetime.timedelta(milliseconds=1))
#: Client VPN did not exist earlier.
EARLIEST = datetime.datetime(2018, 12, 1, tzinfo=UTC)
#: By which the clock of AWS may be ahead.
AHEAD = datetime.timedelta(minutes=5)
COUNTERS = ["ingress_bytes", "egress_bytes", "ingress_packets", "egress_packets"]


def moment(millis):
    return datetime.datetime.fromtimestamp(millis // 1000, UTC) + millis % 1000 * MILLI


def millis(time):
    return round(time.timestamp() * 1000)


def readable(time, row):
    return time if time is not None and EARLIEST <= time <= row.captured_at + AHEAD else None


def end_of(row):
    end = readable(row.values["connection_end_time"], row)
    if end is None and row.values["status_code"] == "terminated":
        end = readable(row.values["connection_timestamp"], row)
    return end


def is_ended(row):
    return end_of(row) is not None or row.values["status_code"] == "terminated"


def placed_at(row):
    """When a row counts as seen: when its page came, in the two hours after its snapshot's time."""
    return min(max(row.captured_at, row.snapshot_time), row.snapshot_time + 2 * HOUR - MILLI)


def last_known(rows, value):
    """The last value that is not `None`; of one moment, the greatest."""
    known = [(placed_at(row), row.captured_at, value(row)) for row in rows if value(row) is not None]
    return max(known)[2] if known else None


def greatest(values):
    return max((value for value in values if value is not None), default=None)


def until(record, latest):
    """A record without what it says of later time, as one says whose clock is ahead."""
    is_known = lambda entry: moment(hole_definition.millis(entry["first_page_requested_at"] or record["start"])) <= latest
    known = {"targets": [target for target in record["targets"] if is_known(target)]}
    known["places"] = [place | {"discovery": place["discovery"] if place["discovery"] and is_known(place["discovery"]) else None} for place in record["places"]]
    return record | known


class Ledger:
    """What the records of an account say: captures and holes of its endpoints, and listings."""

    def __init__(self, records, now):
        self.now = now
        records = [until(record, now + HOUR) for record in records]
        self.evidence = hole_definition.Evidence(records)
        self.windows = logs_of_lakes.windows_of(records)
        self.listings = []
        for record in records:
            for place in record["places"]:
                discovery = place["discovery"]
                if discovery and discovery["error"] is None and discovery["endpoints"] is not None:
                    times = [discovery["first_page_requested_at"] or record["start"], discovery["last_page_at"]]
                    self.listings.append((*(moment(hole_definition.millis(text)) for text in times), set(discovery["endpoints"])))

    def captures(self, name):
        return [(moment(begins), moment(ends)) for begins, ends in self.evidence.captures.get(name, {}).values()]

    def gaps(self, name):
        """Where no capture follows another, or the beginning of the endpoint, within an hour: from, to, and if it is a hole by now."""
        if name not in self.evidence.endpoints():
            return
        gone, beginning = self.evidence.gone(name), self.evidence.beginning(name)
        captures = self.evidence.captures[name].values()
        for begins in {beginning} | {begins for begins, _ in captures if begins > beginning}:
            following = min((ends for later, ends in captures if later > begins), default=None)
            ends = following or gone or millis(self.now)
            hole = ends - begins >= hole_definition.HOUR or (following is None and gone is not None)
            if hole or following is None:
                yield moment(begins), moment(ends), hole

    def beginning(self, name):
        return moment(self.evidence.beginning(name)) if name in self.evidence.endpoints() else None

    def begins_with_a_listing(self, name):
        return self.evidence.attempts[name] and self.evidence.beginning(name) < min(self.evidence.attempts[name])

    def missed_by(self, name, last_seen):
        """The first end of a capture or listing that began after the last sight."""
        looks = self.captures(name) + [(begins, ends) for begins, ends, ids in self.listings if name[2] not in ids]
        return min((ends for begins, ends in looks if begins > last_seen), default=None)


def sessions(rows, records, region, now, events=(), configurations=()):
    """The table, by account, endpoint and connection."""
    by_account = collections.defaultdict(list)
    for account_id, record in records:
        by_account[account_id].append(record)
    by_key = collections.defaultdict(list)
    for row in rows:
        by_key[row.account_id, row.endpoint_id, row.values["connection_id"]].append(row)
    ledgers = {account_id: Ledger(by_account[account_id], now) for account_id in {key[0] for key in by_key}}
    found, windows = {}, {account_id: logs_of_lakes.windows_of(records) for account_id, records in by_account.items()}
    for key, of in by_key.items():
        row = session(key, of, ledgers[key[0]], region, now)
        of_account = lambda entries, account_id=key[0]: [entry for entry in entries if entry.account_id == account_id]
        found[key] = row | logs_of_lakes.columns(row, of_account(events), windows.get(key[0], set()), of_account(configurations))
    return found


def session(key, rows, ledger, region, now):
    account_id, endpoint_id, connection_id = key
    name = (account_id, region, endpoint_id)
    value = lambda column: last_known(rows, lambda row: row.values[column])
    username, common_name = value("username"), value("common_name")
    identity = username if username is not None else common_name
    status = last_known(rows, lambda row: row.values["status_code"] and (row.values["status_code"], row.values["status_message"] or ""))
    seen = [row.captured_at for row in rows]
    first_seen, last_seen = min(seen), max(seen)
    last_active = greatest(row.captured_at for row in rows if not is_ended(row))
    begins = {readable(row.values["connection_established_time"], row) for row in rows} - {None}
    begin = max((time for time in begins if time <= first_seen + AHEAD), default=None)
    begin_seen = begin is not None
    # An end before the beginning cannot be right.
    possible = lambda row: end_of(row) and end_of(row) >= (begin or first_seen - DAY) - AHEAD
    fits = lambda row: last_active is None or end_of(row) >= last_active - AHEAD
    possible_rows = [row for row in rows if possible(row)]
    fitting_end = last_known(list(filter(fits, possible_rows)), end_of)
    end = fitting_end or last_known(possible_rows, end_of)
    established = min(first_seen, begin if begin_seen else end or first_seen)

    shown_ended = last_active is None or last_seen > last_active
    end_stands = shown_ended and fitting_end is not None
    missed_by = None if shown_ended else ledger.missed_by(name, last_seen)
    later_ends = [row.captured_at for row in rows if is_ended(row) and (last_active is None or row.captured_at > last_active)]
    first_seen_ended = min(later_ends, default=None)
    if end_stands:
        end_seen, ended_after, ended_before = True, max(established, end), max(established, end)
    else:
        ended_after = last_active or (established if begin_seen else None)
        ended_before = first_seen_ended if shown_ended else missed_by
        end_seen = None if ended_before is None else False
    ends_at = max(established, end if end_stands else last_active or established)

    before = [begins for begins, ends in ledger.captures(name) if ends < first_seen]
    watched_from = established if begin_seen else first_seen - MILLI
    gaps = [gap for gap in ledger.gaps(name) if gap[0] <= max(ended_before or now, watched_from) and gap[1] > watched_from]
    watched = ledger.beginning(name) is not None and ledger.beginning(name) <= watched_from
    if not begin_seen and not ledger.begins_with_a_listing(name):
        watched &= any(ends <= watched_from for _, ends in ledger.captures(name))
    watched &= not any(hole and begins <= watched_from - HOUR for begins, _, hole in gaps)
    begin_of_gaps = watched_from - HOUR
    if first_seen > watched_from + 12 * HOUR and (not watched or any(begin_of_gaps < gap[0] <= first_seen - HOUR for gap in gaps)):
        # First seen long after its beginning, and after a hole.
        watched, begin_of_gaps = False, max(begin_of_gaps, first_seen - HOUR)
    until = max(ended_before or last_seen, watched_from)
    touched = any(hole and begins <= until for begins, _, hole in gaps)

    statuses = [row.values["posture_compliance_statuses"] for row in rows if row.values["posture_compliance_statuses"] is not None]
    days = collections.defaultdict(lambda: (set(), set()))
    for row in rows:
        every, complete = days[f"{row.snapshot_time:%Y-%m-%d}"]
        every.add(row.snapshot_time)
        if row.complete:
            complete.add(row.snapshot_time)
    by_day = {day: [len(every), len(complete)] for day, (every, complete) in sorted(days.items())}
    return {
        "account_id": account_id,
        "region": region,
        "endpoint_id": endpoint_id,
        "connection_id": connection_id,
        "identity": identity,
        "username": username,
        "common_name": common_name,
        "client_ip": value("client_ip"),
        "client_ipv6_address": value("client_ipv6_address"),
        "first_seen": first_seen,
        "last_seen": last_seen,
        "connection_established_time": established,
        "connection_end_time": end,
        "end_seen": end_seen,
        **{counter: greatest(row.values[counter] for row in rows) for counter in COUNTERS},
        "status_code": status and status[0],
        "status_message": status and (status[1] or None),
        "failed_to_terminate": any(row.values["status_code"] == "failed-to-terminate" for row in rows),
        "posture_compliance_statuses": compact(sorted({status for some in statuses for status in some})) if statuses else None,
        "snapshots": sum(count for count, _ in by_day.values()),
        "covered": watched and not touched and missed_by is None,
        "identity_key": identity_key(identity),
        "last_active": last_active,
        "first_seen_ended": first_seen_ended,
        "begins_given": compact(sorted(map(as_text, begins))),
        "ends_given": compact({as_text(end): at for end, at in sorted(last_told(rows).items())}),
        "begin_seen": begin_seen,
        "began_after": None if begin_seen or not before or max(before) >= established else max(before),
        "ended_after": ended_after,
        "ended_before": ended_before,
        "ends_at": ends_at,
        "duration_seconds": (ends_at - established) // datetime.timedelta(seconds=1),
        "as_of": missed_by or last_seen,
        "complete_snapshots": sum(count for _, count in by_day.values()),
        "snapshots_by_day": compact(by_day),
        "watched": watched,
        "gaps": compact([as_text(begins) for begins, _, _ in sorted(gaps) if begins > begin_of_gaps]),
    }


def printed(name, value):
    """A value of the table as the command prints it, but times in milliseconds."""
    if isinstance(value, datetime.datetime):
        return millis(value if value.tzinfo else value.replace(tzinfo=UTC))
    if name in ("posture_compliance_statuses", "gaps") and value is not None:
        value = json.loads(value)
        if name == "gaps":
            return [millis(datetime.datetime.fromisoformat(f"{text}+00:00")) for text in value]
    return value


def last_told(rows):
    """Each end, and when it was last seen."""
    told = {}
    for row in rows:
        if (end := end_of(row)) is not None:
            sight = f"{as_text(placed_at(row))} {as_text(row.captured_at)}"
            told[end] = max(told.get(end, sight), sight)
    return told


def as_text(time):
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03}"


def identity_key(identity):
    if identity is None:
        return None
    return (re.sub(r"^[^\\]*\\", "", identity) or identity).lower()


def compact(value):
    return json.dumps(value, separators=(",", ":"))
