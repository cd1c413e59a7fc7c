"""Random lakes for the tests of `sessions`, with the faults that a fleet can have."""

import datetime
import random

import ledgers
from ledgers import DAY, A, B, C
from merge_lakes import Lake


def random_lake(account_id, seed):
    """A lake that a fleet with much bad luck could leave: some hours of some days, often across midnight."""
    rng = random.Random(seed)
    lake = Lake(account_id, f"random {seed}", days=6.5)
    endpoints = rng.sample([A, B, C], rng.choice([1, 1, 2]))
    lists = rng.random() < 0.5
    bad = rng.choice([0, 0.05, 0.2])
    lives = lake.lives
    bursts = sorted(rng.sample(range(6), rng.choice([2, 3])))
    minutes = []
    for day in bursts:
        minute = day * DAY + rng.choice([rng.uniform(0, DAY), DAY - rng.uniform(0, 240)])
        until = minute + rng.uniform(60, 400)
        while minute < min(until, 6.5 * DAY - 20):
            minutes.append(minute)
            minute += rng.choice([15, 20, 30, 50]) * rng.uniform(0.8, 1.2) + (rng.choice([40, 61]) if rng.random() < bad else 0)
    for number in range(rng.randint(2, 5)):
        start = rng.choice(minutes) + rng.uniform(-50, 50)
        length = rng.choice([rng.uniform(1, 50), rng.uniform(30, 300), rng.uniform(500, 1500), 10 * DAY])
        lives.append(Life(rng, lake, number, rng.choice(endpoints), start, start + length, bad))
    present = set(endpoints)
    for minute in minutes:
        if rng.random() < bad / 2:
            present ^= {rng.choice(endpoints)}
        listing = (ledgers.REFUSED if rng.random() < bad / 2 else sorted(present)) if lists else None
        backdated = rng.choice([10, 50]) if rng.random() < bad else 0
        snapshot = max(0, int(minute) - backdated)
        late = rng.choice([5, 300, 1000]) if rng.random() < bad else 0
        for endpoint_id in sorted(present):
            capture(lake, rng, lives, endpoint_id, minute, snapshot, late, listing, bad)
        if not present and listing is not None:
            lake.record(minute, [], listing, snapshot, late)
    if rng.random() < 0.7:
        log(lake, rng, endpoints, minutes, bad)
    return lake


def log(lake, rng, endpoints, minutes, bad):
    """What the connection logs have of the lives: some events are late, some windows are read days later, and some never."""
    for minute in minutes:
        for endpoint_id in endpoints:
            log_group = "vpn" if rng.random() > bad else rng.choice([None, "other"])
            lake.configured(minute, log_group, endpoint_id, late=rng.choice([0, 300]) if rng.random() < bad else 0)
    first, late = {}, {}
    for life in lake.lives:
        for around in (-10, 0, 10):
            first.setdefault((life.begins + around) // 15 * 15, [])
        for number, minute in enumerate([life.begins, *rng.sample(range(2000), 3), life.ends]):
            at = minute if number in (0, 4) else life.begins + minute
            if at > min(life.ends, 7 * DAY) or life.odd():
                continue
            event = lake.event(at, f"{life.number}", number, life.endpoint_id, **life.logged())
            start, of = (at // 60 * 60, late) if life.odd() else (at // 15 * 15, first)
            of.setdefault(start, []).append(event)
    for is_late, windows in ((False, first), (True, late)):
        for start, events in sorted(windows.items()):
            due = start + (60 + 24.5 * 60 if is_late else 45)
            read = due + (rng.choice([60, 600, 3 * DAY]) if rng.random() < bad else 0)
            outcome = "failed" if rng.random() < bad / 2 else "complete"
            if rng.random() > bad / 2:
                lake.window(start, events, read, is_late, outcome, rng.choice(["vpn"] * 9 + ["other"]))


def capture(lake, rng, lives, endpoint_id, minute, snapshot, late, listing, bad):
    luck = rng.random()
    minute += rng.uniform(0, 0.5)
    took = rng.uniform(1, 20) if rng.random() < bad / 2 else rng.uniform(0.01, 0.4)
    if luck < bad / 2:
        lake.record(minute, [lake.failed(endpoint_id)], listing, snapshot, late)
        return
    rows = []
    for life in lives:
        page = rng.choice([0, took, rng.uniform(0, took)])
        if life.endpoint_id == endpoint_id and life.begins <= minute + 0.01 + page < life.ends + 60:
            rows.append(life.row(minute + 0.01 + page, page))
    rows = [row for row in rows if rng.random() > bad / 6]
    complete, killed = not bad / 2 < luck < bad, bad < luck < 1.4 * bad
    if not complete:
        rows = [row for row in rows if rng.random() < 0.6]
    lake.shows(minute, rows, endpoint_id, snapshot, complete, killed, late, listing, took)
    if killed and rng.random() < 0.5:
        lake.record(minute + took + 1, [lake.already(endpoint_id, minute + 0.01, minute + 0.01 + took)], listing, snapshot, late + rng.choice([0, 300]))


class Life:
    """One connection, as it was, and what AWS makes of it."""

    def __init__(self, rng, lake, number, endpoint_id, begins, ends, bad):
        self.rng = rng
        self.lake = lake
        self.number = number
        self.endpoint_id = endpoint_id
        self.begins = begins
        self.ends = ends
        self.bad = bad
        self.name = rng.choice([None, "maria", "CORP\\Maria", "omar"])
        self.no_beginning = rng.random() < bad
        self.count = 0

    @property
    def id(self):
        return f"{self.lake.account_id}-{self.number}"

    def was_there(self, instant):
        return self.lake.time(self.begins) <= instant < self.lake.time(self.ends)

    def logged(self):
        """Returns the values of an event that have no other source."""
        choose = lambda *values: None if self.odd() else self.rng.choice(values)
        return {
            "device_ip": choose("203.0.113.5", "198.51.100.7", "****"),
            "device_type": choose("mac", "win"),
            "port": choose(443, 1194),
            "transport_protocol": choose("udp", "tcp"),
            "policy_result": choose("permit", "deny", "error", None),
        }

    def odd(self):
        return self.rng.random() < self.bad

    def row(self, at, page):
        """Returns the values that AWS sends at a minute."""
        self.count = 0 if self.odd() else self.count + self.rng.randint(0, 1000)
        values = {
            "username": None if self.odd() else self.name,
            "common_name": None if self.odd() else "cert",
            "client_ip": None if self.odd() else self.rng.choice(["10.0.0.1", "10.0.0.2"]),
            "ingress_bytes": None if self.odd() else self.count,
            "egress_bytes": None if self.odd() else 2 * self.count,
            "connection_established_time": None if self.no_beginning or self.odd() else self.begins,
            "posture_compliance_statuses": self.rng.choice([None, ["a"], ["b", "a"]]) if self.bad else None,
            "status_code": None if self.odd() else "failed-to-terminate" if self.ends > self.begins + 5 * DAY else "active",
            "page": page,
        }
        if self.odd() and self.odd():
            values["connection_established_time"] = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        if at >= self.ends and not (self.odd() and self.odd()):
            values["status_code"] = "terminated"
            values["status_message"] = self.rng.choice([None, "over"])
            values["connection_end_time"] = None if self.odd() else self.ends
            values["connection_timestamp"] = None if self.odd() else self.ends
        return self.lake.connection(f"{self.number}", **values)
