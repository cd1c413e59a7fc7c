"""Ledgers made up for the tests of coverage: cases made by hand, each with a name, and random ones.

Each ledger is of an account of its own, so that one lake has them all.
"""

import datetime
import json
import random

REGION = "eu-central-1"
NOW = datetime.datetime(2025, 11, 23, 12, tzinfo=datetime.timezone.utc)
A, B, C = (f"cvpn-endpoint-{letter * 17}" for letter in "abc")
MINUTE = 60
DAY = 24 * 60
REFUSED = {"code": "UnauthorizedOperation", "message": "refused", "request_id": None}
#: A fifth of the random runs is by hand, and a fifth of an older version.
SCHEDULED = [True, True, True, False, None]
#: How a clock goes wrong within a capture, as seconds added to the first and to the last page.
STEPPED_BACK, STEPPED_AHEAD = (0, -4 * 3600), (4 * 3600, 0)


def text(time):
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


class Ledger:
    """A ledger that grows run by run. Minutes count from the time `days` before NOW."""

    def __init__(self, account_id, name, days=1):
        self.account_id = account_id
        self.name = name
        self.origin = NOW - datetime.timedelta(days=days)
        self.records = []
        self.unreadable = []
        self.objects = {}

    def time(self, minutes, seconds=0):
        return self.origin + datetime.timedelta(minutes=minutes, seconds=seconds)

    def run(self, minute, targets, listing=None, snapshot=None, listing_seconds=(0, 1, 1), scheduled=True):
        """A run that starts at `minute`. `listing` is `None` for no `*`, a list of ids, or an error. `scheduled` is `None` for a
        record of a version without that field."""
        snapshot_time = self.time(int(minute if snapshot is None else snapshot))
        discovery = None
        if isinstance(listing, list):
            requested, first, last = (text(self.time(minute, seconds)) for seconds in listing_seconds)
            discovery = {"endpoints": listing, "error": None}
            discovery |= {"first_page_requested_at": requested, "first_page_at": first, "last_page_at": last}
        elif listing is not None:
            discovery = {"endpoints": self.last_listing(), "error": listing}
            discovery |= {"first_page_requested_at": None, "first_page_at": None, "last_page_at": None}
        if discovery is not None:
            discovery |= {"discovered": [], "gone": [], "known_since": None}
        number = len(self.records)
        record = {
            "run_id": f"00000000-0000-4000-8000-{number:012}-{number:08x}",
            "snapshot_time": f"{snapshot_time:%Y-%m-%dT%H:%M:%SZ}",
            "start": text(self.time(minute)),
            "end": text(self.time(minute, 30)),
            "trigger": "action",
            **({} if scheduled is None else {"scheduled": scheduled}),
            "tool_version": "0.1.0-dev",
            "settings_in_force": {},
            "targets": [dict(target, endpoint_id=target["endpoint_id"]) for target in targets],
            "places": [
                {"account_id": self.account_id, "region": REGION, "discovery": discovery, "endpoints": None},
            ],
        }
        for target in record["targets"]:
            target |= {"account_id": self.account_id, "region": REGION}
            if target["object_key"] is None and target["outcome"] in ("complete", "already_captured"):
                target["object_key"] = self.object_key(target["endpoint_id"], snapshot_time)
        self.records.append(record)

    def last_listing(self):
        """The endpoints that the newest record knows, as a run that fails to list them repeats them."""
        for record in reversed(self.records):
            discovery = record["places"][0]["discovery"]
            if discovery is not None:
                return discovery["endpoints"]
        return None

    def object_key(self, endpoint_id, snapshot_time):
        folder = f"account_id={self.account_id}/region={REGION}/snapshot_date={snapshot_time:%Y-%m-%d}"
        return f"connections/{folder}/{snapshot_time:%Y%m%dT%H%M%SZ}_{endpoint_id}.parquet"

    def target(self, endpoint_id, outcome, requested=None, first=None, last=None, error=None):
        """An entry; times are minutes, or `None`."""
        at = lambda minutes: None if minutes is None else text(self.time(minutes))
        return {
            "endpoint_id": endpoint_id,
            "outcome": outcome,
            "restrictions": [],
            "pages": 0,
            "rows_read": 0,
            "rows": 0,
            "active": 0,
            "unparsed_values": 0,
            "duplicates": 0,
            "first_request_id": None,
            "last_request_id": None,
            "first_page_requested_at": at(requested),
            "first_page_at": at(first),
            "last_page_at": at(last),
            "capture_millis": 0,
            "bytes": 0 if outcome in ("complete", "already_captured") else None,
            "object_key": None,
            "sha256": "0" * 64 if outcome in ("complete", "already_captured") else None,
            "superseded": None,
            "error": error,
            "resume_token": None,
        }

    def complete(self, endpoint_id, requested, last=None, first=None):
        last = requested + 0.1 if last is None else last
        first = min(requested + 0.05, last) if first is None else first
        return self.target(endpoint_id, "complete", requested, first, last)

    def already(self, endpoint_id, requested, last):
        return self.target(endpoint_id, "already_captured", requested, min(requested + 0.05, last), last)

    def failed(self, endpoint_id):
        return self.target(endpoint_id, "failed", error=REFUSED)

    def partial(self, endpoint_id, minute):
        return self.target(endpoint_id, "partial", minute, minute + 0.05, minute + 0.1, error=REFUSED)

    def capture(self, minute, endpoint_id=A, last=None, listing=None, snapshot=None):
        """A run of one complete capture."""
        self.run(minute, [self.complete(endpoint_id, minute + 0.01, last)], listing, snapshot)

    def every(self, minutes, step, endpoints=(A,), listing=None):
        for minute in minutes if step is None else range(*minutes, step):
            self.run(minute, [self.complete(id, minute + 0.02) for id in endpoints], listing)

    def objects_of(self):
        """The records by their keys in the lake."""
        for record in self.records:
            yield self.key(record["snapshot_time"], record["run_id"]), json.dumps(record) + "\n"

    def unreadable_objects(self):
        """What nobody can read, by its keys in the lake."""
        for number, (minute, text) in enumerate(self.unreadable):
            yield self.key(f"{self.time(minute):%Y-%m-%dT%H:%M:%SZ}", f"unreadable-{number}"), text

    def key(self, time, run_id):
        folder = f"runs/account_id={self.account_id}/region={REGION}/snapshot_date={time[:10]}"
        compact = time.replace("-", "").replace(":", "")
        return f"{folder}/{compact}_{run_id}.json"


CASES = {}


def case(days=1):
    """Registers a case by the name of its function."""
    return lambda function: CASES.update({function.__name__: (function, days)})


@case()
def no_hole_at_all(ledger):
    ledger.every((0, DAY), 15)


@case()
def records_that_cannot_be_read_fill_no_hole(ledger):
    ledger.every((0, 31), 15)
    for minute, fields in [
        (45, {"start": "x"}),
        (60, {"start": None}),
        (61, {"snapshot_time": "yesterday"}),
    ]:
        ledger.run(minute, [ledger.complete(A, minute)])
        ledger.unreadable.append((minute, json.dumps(ledger.records.pop() | fields) + "\n"))
    for minute, text in [(75, "half a rec\n"), (76, '{"run_id": "x", "targets": [\n')]:
        ledger.unreadable.append((minute, text))
    for minute, name in [(80, "first_page_requested_at"), (85, "first_page_at"), (88, "last_page_at")]:
        ledger.run(minute, [ledger.complete(A, minute)])
        record = ledger.records.pop()
        record["targets"][0][name] = "soon"
        ledger.unreadable.append((minute, json.dumps(record) + "\n"))
    ledger.capture(100)


@case()
def overlapping_captures_of_which_the_last_ends_first(ledger):
    for minute, (requested, last) in [(0, (0, 1)), (50, (50, 63)), (52, (52, 53)), (90, (90, 91))]:
        ledger.run(minute, [ledger.complete(A, requested, last)])


@case()
def overlap_of_three_that_ends_in_the_order_reversed(ledger):
    for requested, last in [(0, 1), (40, 75), (41, 70), (42, 61), (100, 101)]:
        ledger.run(requested, [ledger.complete(A, requested, last)])


@case()
def first_capture_overlaps_the_second_after_a_failed_attempt(ledger):
    ledger.run(0, [ledger.failed(A)])
    ledger.run(50, [ledger.complete(A, 50, 64)])
    ledger.run(51, [ledger.complete(A, 51, 52)])
    ledger.capture(100)


@case()
def sixty_minutes_exactly_and_one_millisecond_less(ledger):
    for requested, last in [(0, 1), (59, 60), (118, 119 - 0.001 / MINUTE), (140, 141)]:
        ledger.run(requested, [ledger.complete(A, requested, last)])


@case()
def a_first_page_that_took_seventeen_seconds(ledger):
    ledger.run(0, [ledger.complete(A, 0, 0.5, first=17 / MINUTE)])
    ledger.run(60, [ledger.complete(A, 60, 60.25)])


@case()
def a_record_without_the_time_of_the_request(ledger):
    ledger.run(0, [ledger.target(A, "complete", None, 1, 2)])
    ledger.run(58, [ledger.target(A, "complete", None, 59, 60)])
    ledger.run(100, [ledger.target(A, "complete", None, 101, 102)])


@case()
def retry_of_a_failure(ledger):
    ledger.every((0, 60), 15)
    ledger.run(75, [ledger.failed(A)], snapshot=75)
    ledger.run(77, [ledger.complete(A, 77)], snapshot=75)
    ledger.run(100, [ledger.partial(A, 100)])
    ledger.capture(137)


@case()
def killed_between_object_and_record(ledger):
    ledger.capture(0)
    # The object of minute 45 is there, its record is not; the retry finds it at 47.
    ledger.run(47, [ledger.already(A, 45, 45.3)], snapshot=45)
    ledger.capture(100)
    ledger.capture(162)


@case()
def retry_found_long_after_counts_when_its_pages_arrived(ledger):
    ledger.capture(0)
    ledger.run(30, [ledger.complete(A, 30)], snapshot=30)
    ledger.run(88, [ledger.already(A, 30, 30.1)], snapshot=30)
    ledger.capture(92)


@case()
def entries_of_one_object_that_differ_are_one_capture(ledger):
    ledger.capture(0)
    ledger.run(50, [ledger.complete(A, 50, 51)], snapshot=50)
    ledger.run(55, [ledger.already(A, 49, 62)], snapshot=50)
    ledger.capture(70)


@case()
def found_again_without_times_proves_nothing(ledger):
    ledger.capture(0)
    ledger.run(45, [ledger.target(A, "already_captured")], snapshot=45)
    ledger.capture(80)


@case()
def clock_stepped_back_between_the_pages(ledger):
    ledger.every((0, 120), 15)
    ledger.run(300, [ledger.complete(A, 300, 60, first=300.05)])
    ledger.every((315, 600), 15)


@case()
def clock_stepped_ahead_and_back(ledger):
    ledger.every((0, 60), 15)
    ledger.run(75, [ledger.complete(A, 75, 76, first=200)])
    ledger.run(90, [ledger.complete(A, 90, 91, first=80)])
    ledger.every((130, 300), 15)


@case()
def late_snapshot_after_the_one_that_follows(ledger):
    ledger.capture(0)
    ledger.capture(50, snapshot=30)
    ledger.capture(45, snapshot=45)
    ledger.capture(95, snapshot=60)


@case()
def snapshot_of_the_day_before(ledger):
    ledger.capture(0)
    ledger.capture(12 * 60 + 4, snapshot=12 * 60 - 10)
    ledger.capture(12 * 60 + 30)


@case()
def new_endpoint_from_the_last_listing_without_it(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A])
    ledger.run(45, [ledger.complete(A, 45.1), ledger.failed(B)], [A, B])
    ledger.run(100, [ledger.complete(A, 100.1), ledger.complete(B, 100.2)], [A, B])


@case()
def new_endpoint_found_and_captured_in_time(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A])
    ledger.run(30, [ledger.complete(A, 30.1), ledger.complete(B, 30.3)], [A, B])
    ledger.run(60, [ledger.complete(A, 60.1), ledger.complete(B, 60.3)], [A, B])


@case()
def named_endpoint_that_no_listing_had_before(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A])
    ledger.run(70, [ledger.complete(B, 70.1)])
    ledger.run(75, [ledger.complete(A, 75.1), ledger.complete(B, 75.2)], [A, B])


@case()
def listed_and_never_tried(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A])
    ledger.run(30, [ledger.complete(A, 30.1)], [A, B])
    ledger.run(60, [ledger.complete(A, 60.1)], [A, B])


@case()
def gone_soon_after_its_last_capture(ledger):
    ledger.every((0, 60), 15, (A, B), [A, B])
    ledger.every((60, 180), 15, (A,), [A])


@case()
def gone_and_come_back(ledger):
    ledger.every((0, 60), 15, (A, B), [A, B])
    ledger.every((60, 180), 15, (A,), [A])
    ledger.every((180, 300), 15, (A, B), [A, B])


@case()
def gone_twice(ledger):
    for begins, present in [(0, [A, B]), (60, [A]), (90, [A, B]), (150, [A])]:
        ledger.every((begins, begins + 60), 15, present, present)


@case()
def gone_by_a_listing_that_failed_is_not_gone(ledger):
    ledger.every((0, 60), 15, (A, B), [A, B])
    ledger.run(60, [ledger.failed(A), ledger.failed(B)], REFUSED)
    ledger.run(75, [ledger.failed(A), ledger.failed(B)], REFUSED)
    ledger.every((90, 180), 15, (A, B), [A, B])


@case()
def listing_failed_for_two_hours(ledger):
    ledger.every((0, 60), 15, (A,), [A])
    for minute in range(60, 180, 15):
        ledger.run(minute, [ledger.complete(A, minute + 0.1)], REFUSED)
    ledger.every((180, 240), 15, (A,), [A])


@case()
def listing_whose_clock_stepped_back(ledger):
    ledger.every((0, 60), 15, (A, B), [A, B])
    ledger.run(60, [ledger.complete(A, 60.1)], [A], listing_seconds=(0, 1, -7200))
    ledger.every((75, 150), 15, (A, B), [A, B])


@case()
def slow_listing_of_which_the_next_ends_first(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A])
    ledger.run(40, [ledger.complete(A, 40.1)], [A], listing_seconds=(0, 600, 1500))
    ledger.run(50, [ledger.complete(A, 50.1)], [A])
    ledger.run(100, [ledger.complete(A, 100.1)], [A])


@case()
def listed_by_hand_alone(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A], scheduled=False)
    ledger.every((0, 60), 15)
    ledger.run(90, [ledger.complete(A, 90.1)], REFUSED, scheduled=False)


@case()
def listed_by_hand_before_and_between_scheduled_runs(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A], scheduled=False)
    ledger.run(100, [ledger.failed(A)], REFUSED)
    ledger.run(150, [ledger.complete(A, 150.1)], [A], scheduled=False)
    ledger.run(215, [ledger.complete(A, 215.1)], [A])
    ledger.run(290, [ledger.complete(A, 290.1)], [A, B], scheduled=False)


@case()
def listed_by_a_version_that_did_not_say_if_scheduled(ledger):
    ledger.run(0, [ledger.complete(A, 0.1)], [A], scheduled=None)
    ledger.run(90, [ledger.complete(A, 90.1)], [A], scheduled=False)


@case(days=8)
def deleted_during_an_outage_of_days(ledger):
    ledger.every((0, 120), 15, (A, B), [A, B])
    ledger.every((5 * DAY, 5 * DAY + 120), 15, (A,), [A])


@case(days=8)
def run_by_hand_of_another_endpoint_during_an_outage(ledger):
    ledger.every((0, 120), 15, (A, B))
    ledger.run(4 * DAY, [ledger.complete(A, 4 * DAY + 0.1)])
    ledger.every((4 * DAY + 30, 5 * DAY), 15, (A,))


@case(days=40)
def nothing_ran_for_more_than_thirty_one_days(ledger):
    ledger.every((0, 120), 15, (A, B), [A, B])


@case(days=33)
def began_33_and_ended_29_days_ago(ledger):
    ledger.every((0, 120), 15, (A,), [A])
    ledger.every((4 * DAY, 4 * DAY + 120), 15, (A,), [A])
    ledger.every((33 * DAY - 90, 33 * DAY), 15, (A,), [A])


@case(days=44)
def never_captured_for_weeks(ledger):
    for day in range(0, 44, 3):
        ledger.run(day * DAY, [ledger.failed(A)])


@case(days=44)
def deleted_in_an_outage_that_began_before_the_window(ledger):
    ledger.every((0, 120), 15, (A, B), [A, B])
    ledger.every((40 * DAY, 40 * DAY + 120), 15, (A,), [A])


@case(days=44)
def gone_before_the_window(ledger):
    ledger.every((0, 120), 15, (A, B), [A, B])
    ledger.every((120, 240), 15, (A,), [A])


@case()
def captures_that_begin_at_one_moment(ledger):
    for last in (1, 70, 3):
        ledger.run(0, [ledger.complete(A, 0, last)], snapshot=last)
    ledger.capture(90)


def random_ledger(account_id, seed):
    """A ledger that a fleet with much bad luck could leave."""
    rng = random.Random(seed)
    ledger = Ledger(account_id, f"random {seed}", days=rng.choice([1, 2, 4, 35, 44]))
    step = rng.choice([15, 20, 30, 45])
    lists = rng.random() < 0.7
    bad = rng.choice([0.02, 0.1, 0.3])
    present = set(rng.sample([A, B, C], rng.randint(1, 3)))
    minute = rng.random()
    last = ledger_end = (NOW - ledger.origin).total_seconds() / 60 - 1
    kept = {}
    for _ in range(rng.randint(15, 60)):
        if rng.random() < 0.08:
            present ^= {rng.choice([A, B, C])}
        named = sorted(present) if rng.random() < 0.9 else [rng.choice([A, B, C])]
        listing = None
        if lists and rng.random() < 0.95:
            listing = REFUSED if rng.random() < bad else sorted(present)
        snapshot = int(minute) - (rng.choice([20, 50]) if rng.random() < bad else 0)
        targets = [random_target(ledger, rng, id, minute, bad, kept, snapshot) for id in named]
        skew = (rng.uniform(0, 5), rng.uniform(5, 20), rng.uniform(20, 900) if rng.random() < bad else 21)
        if rng.random() < bad / 3:
            skew = tuple(seconds + step for seconds, step in zip(skew, (0, *rng.choice([STEPPED_BACK, STEPPED_AHEAD]))))
        # A run that is killed leaves its objects, and no record.
        if rng.random() > bad / 2:
            ledger.run(minute, targets, listing, snapshot, skew, rng.choice(SCHEDULED))
        if rng.random() < bad:
            again = minute + rng.uniform(0.5, 3)
            if again < last:
                found = [random_retry(ledger, rng, id, again, kept, snapshot) for id in named]
                ledger.run(again, found, listing, snapshot, scheduled=rng.choice(SCHEDULED))
        outage = rng.choice([50, 61, 75, 300, 1500, 38 * DAY]) if rng.random() < bad / 2 else 0
        minute += step * rng.uniform(0.7, 1.3) + outage
        if minute + 5 > ledger_end:
            break
    rng.shuffle(ledger.records)
    return ledger


def random_target(ledger, rng, endpoint_id, minute, bad, kept, snapshot):
    luck = rng.random()
    if luck < bad:
        return ledger.failed(endpoint_id) if rng.random() < 0.7 else ledger.partial(endpoint_id, minute)
    requested = minute + rng.uniform(0, 1)
    first = requested + rng.uniform(0, 0.3)
    last = first + (rng.uniform(0, 20) if rng.random() < bad else rng.uniform(0, 0.2))
    if rng.random() < bad / 3:
        last -= rng.choice([10, 240])
    if rng.random() < bad / 4:
        first += rng.choice([-30, 30])
    if (endpoint_id, snapshot) in kept:
        return random_retry(ledger, rng, endpoint_id, minute, kept, snapshot)
    times = (None if rng.random() < 0.05 else requested, first, last)
    kept[endpoint_id, snapshot] = times
    return ledger.target(endpoint_id, "complete", *times)


def random_retry(ledger, rng, endpoint_id, minute, kept, snapshot):
    """A second attempt at a snapshot: it finds the object if there is one."""
    if (endpoint_id, snapshot) not in kept:
        kept[endpoint_id, snapshot] = (minute + 0.1, minute + 0.15, minute + 0.2)
        return ledger.target(endpoint_id, "complete", *kept[endpoint_id, snapshot])
    if rng.random() < 0.1:
        return ledger.target(endpoint_id, "already_captured")
    return ledger.target(endpoint_id, "already_captured", *kept[endpoint_id, snapshot])


def all_ledgers(count):
    """The cases, and `count` random ledgers."""
    ledgers = []
    for name, (build, days) in CASES.items():
        ledger = Ledger(f"{100_000_000_000 + len(ledgers)}", name.replace("_", " "), days)
        build(ledger)
        ledgers.append(ledger)
    for seed in range(count):
        ledgers.append(random_ledger(f"{100_000_000_000 + len(ledgers)}", seed))
    return ledgers
