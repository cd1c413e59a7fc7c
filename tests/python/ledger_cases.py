"""Ledgers made by hand for the tests of coverage, each with a name."""

import json

from ledgers import DAY, MINUTE, REFUSED, A, B, Ledger

#: By name: a function that fills a ledger, and the days before NOW from which its minutes count.
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


def all_cases():
    """The ledger of each case."""
    made = []
    for name, (build, days) in CASES.items():
        ledger = Ledger(f"{100_000_000_000 + len(made)}", name.replace("_", " "), days)
        build(ledger)
        made.append(ledger)
    return made
