"""Run records of connection logs, added to the ledgers that the tests make by hand."""

import datetime

import ledgers

QUARTER = datetime.timedelta(minutes=15)
HOUR = datetime.timedelta(hours=1)
#: The setting that allows the log groups of the tests.
PATTERN = "arn:aws:logs:*:*:log-group:*"


def arn(ledger, name):
    return f"arn:aws:logs:{ledgers.REGION}:{ledger.account_id}:log-group:{name}"


def quarters(begins, ends):
    """The beginnings of the windows of a time."""
    while begins < ends:
        yield begins
        begins += QUARTER


def readings(begins, ends, outcome="complete", code=None):
    """First readings of the windows of a time."""
    return [reading(start, outcome, code) for start in quarters(begins, ends)]


def reading(start, outcome="complete", code=None, late=False):
    """A first reading of a window, or the second one of an hour."""
    return {
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{start + (HOUR if late else QUARTER):%Y-%m-%dT%H:%M:%SZ}",
        "late": late,
        "outcome": outcome,
        "error": code and error(code),
    }


def error(code):
    return {"code": code, "message": "failed", "request_id": None}


def group(ledger, name, endpoint_ids, windows=(), code=None, **values):
    """A log group in a run that is not the first that names it."""
    return {
        "log_group": arn(ledger, name),
        "endpoint_ids": list(endpoint_ids),
        "retention_days": None,
        "since": "2025-01-01T00:00:00Z",
        "complete_before": "2025-01-02T00:00:00Z",
        "windows": list(windows),
        "error": code and error(code),
    } | values


def run(ledger, time, groups, code=None):
    """A run of connection logs."""
    time = time.replace(tzinfo=datetime.UTC)
    place = {"account_id": ledger.account_id, "region": ledgers.REGION, "discovery": None, "endpoints": None}
    number = len(ledger.records)
    ledger.records.append(
        {
            "run_id": f"00000000-0000-4000-8000-{number:012}-{number:08x}",
            "snapshot_time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
            "start": ledgers.text(time),
            "end": ledgers.text(time),
            "trigger": "action",
            "scheduled": False,
            "tool_version": "0.1.0-dev",
            "settings_in_force": {"connection_log_groups": [PATTERN]},
            "targets": [],
            "places": [place | {"logs": {"groups": groups, "error": code and error(code)}}],
        }
    )
