"""Answers about holes, captures and the configuration of endpoints."""

import collections
import datetime
import itertools

from answers import AS_OF, HERE, MINUTE, NOW, UTC, answers, pick, seconds


@answers("coverage_holes")
def _(truth):
    return holes(truth, NOW)


@answers(
    "coverage_holes",
    ("SELECT with_timezone(max(merged_at), 'UTC') AS as_of\n  FROM captures", "SELECT TIMESTAMP '2025-11-24 02:00:00 UTC' AS as_of"),
)
def _(truth):
    return holes(truth, datetime.datetime(2025, 11, 24, 2))


def holes(truth, now):
    rows = []
    for endpoint_id in ["*", *truth.endpoint_ids]:
        for begins, until, is_open in truth.holes(endpoint_id, now):
            failed = [at for at, of, complete in truth.attempts if of == endpoint_id and not complete and begins <= at <= until]
            times = (begins.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
            codes = "UnauthorizedOperation" if failed else ""
            # The week was not sealed, so no record was sealed late.
            as_of = now.replace(tzinfo=UTC)
            rows.append((*HERE, endpoint_id, *times, is_open, seconds(begins, until) // 60, len(failed), codes, 0, as_of))
    return rows


# In endpoints and connection_logs these are all fields that have no column, and boto3 drops them.
OF_CONNECTIONS = "FROM (SELECT * FROM odd_rows WHERE table_name IN ('connections', 'partials')) AS odd_rows\n"


@answers("unparsed_values", ("FROM odd_rows\n", OF_CONNECTIONS))
def _(truth):
    friday = datetime.datetime(2025, 11, 21, 12)
    first_endpoint = truth.captures[0].endpoint_id
    return [
        (*HERE, first_endpoint, "authorizationPolicyLastEvaluatedTime", "yesterday", 1, friday, friday, "connections"),
        (*HERE, first_endpoint, "ingressBytes", "1.5e6", 1, friday, friday, "connections"),
    ]


@answers("counter_staleness")
def _(truth):
    ages = collections.defaultdict(list)
    for capture in truth.captures:
        for row in capture.rows.values():
            if row["status"]["code"] == "active":
                updated = datetime.datetime.fromisoformat(row["timestamp"])
                day = capture.snapshot_time.date().isoformat()
                ages[*HERE, capture.endpoint_id, day].append(seconds(updated, capture.at))
    return [(*key, len(of), sum(of) / len(of), max(of), 0) for key, of in sorted(ages.items())]


CONFIGURATION = """status_code authentication_types split_tunnel transport_protocol vpn_port connection_log_enabled
    connection_log_group session_timeout_hours disconnect_on_session_timeout client_connect_enabled client_cidr_block vpc_id
    associated_networks security_group_ids server_certificate_arn description tags status_message dns_name creation_time
    deletion_time"""


# boto3 drops the fields that have no column.
@answers("endpoint_configuration", ("  compared.unparsed,\n", ""))
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        before = None
        for since, endpoints in truth.configurations:
            endpoint = next((e for e in endpoints if e["endpoint_id"] == endpoint_id), None)
            if endpoint is None:
                continue
            endpoint = endpoint | {
                "creation_time": datetime.datetime.fromisoformat(endpoint["creation_time"]).replace(tzinfo=None)
            }
            configuration = tuple(map(as_text, pick(endpoint, CONFIGURATION)))
            if configuration != before:
                rows.append((*HERE, endpoint_id, since, *configuration, since + datetime.timedelta(seconds=7)))
            before = configuration
    return rows


def as_text(value):
    """Lists and maps as the question shows them."""
    if isinstance(value, list):
        return ", ".join(sorted(value))
    if isinstance(value, dict):
        return ", ".join(sorted(f"{name}={text}" for name, text in value.items()))
    return value


@answers("connection_log_coverage")
def _(truth):
    rows = []
    for endpoint_id in truth.endpoint_ids:
        windows, off = set(), collections.Counter()
        looks = list(logging(truth, endpoint_id))
        for (at, log_group), (later, then) in itertools.pairwise([*looks, looks[-1]]):
            if log_group is None:
                off.update(minute.date() for minute in steps(at, later, datetime.timedelta(seconds=1)))
            else:
                begins = at - (at - datetime.datetime.min) % (15 * MINUTE)
                until = later if then == log_group else at
                windows.update((start, log_group) for start in steps(begins, until + MINUTE / 60, 15 * MINUTE))
        windows = {(start, log_group) for start, log_group in windows if start + 15 * MINUTE <= NOW}
        for day in sorted(off.keys() | {start.date() for start, _ in windows}):
            of_day = [window for window in windows if window[0].date() == day]
            log_groups = ", ".join(sorted({log_group for _, log_group in of_day}))
            states = collections.Counter(state_of_window(truth, start) for start, _ in of_day)
            hours = [states[state] / 4 for state in ("in lake", "missing", "pending", "not read")]
            row = (day, log_groups, len(of_day) / 4, *hours, not_read_again(truth, of_day), off[day] // 60, "", AS_OF)
            rows.append((*HERE, endpoint_id, *row))
    return rows


def state_of_window(truth, start):
    if start in truth.windows:
        return "in lake"
    if start + 105 * MINUTE > NOW:
        return "pending"
    return "missing" if start + 15 * MINUTE > truth.logs_read_since else "not read"


def not_read_again(truth, windows):
    """Hours of these windows that are in the lake, and should have been read once more."""
    by_hour = collections.defaultdict(list)
    for start, _ in windows:
        by_hour[start.replace(minute=0)].append(start in truth.windows)
    return sum(all(of) and hour not in truth.hours_read_twice and hour + 1590 * MINUTE <= NOW for hour, of in by_hour.items())


def logging(truth, endpoint_id):
    """When snapshots saw an endpoint, each with the log group that it logged to, or `None`."""
    for at in sorted({at for at, _, _ in truth.attempts}):
        if at >= truth.gone.get(endpoint_id, NOW):
            return
        endpoints = [endpoints for since, endpoints in truth.configurations if since <= at][-1]
        (endpoint,) = (endpoint for endpoint in endpoints if endpoint["endpoint_id"] == endpoint_id)
        yield at, endpoint["connection_log_group"] if endpoint["connection_log_enabled"] else None


def steps(begins, ends, step):
    while begins < ends:
        yield begins
        begins += step
