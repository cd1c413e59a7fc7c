"""Lakes made by hand for the tests of `sessions`, each with a name."""

import datetime
import random

from ledgers import DAY, A, B
from merge_lakes import VALUES, Lake, began, ended, look

#: By name: a function that fills a lake, and the days before NOW from which its minutes count.
CASES = {}


def case(days=2.5):
    """Registers a case by the name of its function. By default its minutes count from midnight, two and a half days before NOW."""
    return lambda function: CASES.update({function.__name__: (function, days)})


@case()
def missed_two_hours_after_its_last_sight(lake):
    lake.shows(590, [])
    lake.shows(600, [lake.connection("x", **began(595))])
    lake.shows(720, [])


@case()
def missed_fifteen_minutes_after_its_last_sight(lake):
    look(lake, (570, 585), lambda minute: [])
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    look(lake, range(630, 800, 15), lambda minute: [])


@case()
def ends_as_aws_says(lake):
    look(lake, range(540, 600, 15), lambda minute: [])
    look(lake, range(600, 660, 15), lambda minute: [lake.connection("x", **began(595))])
    look(lake, range(660, 720, 15), lambda minute: [lake.connection("x", **ended(595, 655.5))])
    look(lake, range(720, 900, 15), lambda minute: [])


@case()
def late_capture_closes_a_hole(lake):
    look(lake, (570, 585, 600), lambda minute: [lake.connection("x", **began(575))] if minute > 575 else [])
    lake.shows(640, [lake.connection("x", **began(575))], late=1500)
    look(lake, range(675, 800, 15), lambda minute: [lake.connection("x", **ended(575, 670))])


@case()
def object_of_a_killed_run_is_no_coverage(lake):
    look(lake, (570, 585), lambda minute: [lake.connection("x", **began(575))] if minute > 575 else [])
    lake.shows(630, [lake.connection("x", **began(575))], killed=True)
    look(lake, range(675, 800, 15), lambda minute: [lake.connection("x", **ended(575, 670))])


@case()
def killed_run_whose_retry_leaves_a_record(lake):
    look(lake, (570, 585), lambda minute: [lake.connection("x", **began(575))] if minute > 575 else [])
    lake.shows(630, [lake.connection("x", **began(575))], killed=True)
    lake.record(634, [lake.already(A, 630.01, 630.11)], snapshot=630, late=1400)
    look(lake, range(675, 800, 15), lambda minute: [lake.connection("x", **ended(575, 670))])


@case(days=0.1)
def nothing_for_seventy_minutes(lake):
    look(lake, (0, 15, 30, 45, 60), lambda minute: [lake.connection("x", **began(20))] if minute > 20 else [])


@case(days=0.1)
def nothing_for_seventy_minutes_after_a_partial_sight(lake):
    look(lake, (0, 15, 30, 45), lambda minute: [lake.connection("x", **began(20))] if minute > 20 else [])
    lake.shows(100, [lake.connection("x", **began(20))], complete=False)


@case()
def no_beginning_in_the_first_capture_ever(lake):
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("x")])


@case()
def no_beginning_after_a_listing_without_the_endpoint(lake):
    lake.record(590, [], listing=[B])
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("x")], listing=[A, B])


@case()
def no_beginning_after_a_capture(lake):
    look(lake, range(600, 800, 15), lambda minute: [lake.connection("x")] if minute > 640 else [])


@case()
def no_beginning_on_the_last_page_after_a_capture(lake):
    look(lake, range(600, 800, 15), lambda minute: [lake.connection("x", page=0.1)] if minute > 640 else [])


@case()
def no_beginning_after_a_hole(lake):
    look(lake, (600, 700, 715, 730), lambda minute: [lake.connection("x")] if minute > 640 else [])


@case()
def no_beginning_and_first_seen_terminated(lake):
    look(lake, range(600, 690, 15), lambda minute: [lake.connection("x", **ended(None, 665))] if minute > 665 else [])


@case(days=6.5)
def no_beginning_and_listed_for_days(lake):
    look(lake, range(600, 8 * DAY, 55), lambda minute: [lake.connection("x", status_code="failed-to-terminate")] if minute > 700 else [])


@case(days=9.5)
def failed_to_terminate_for_more_than_a_week(lake):
    look(lake, range(600, 9 * DAY, 240), lambda minute: [lake.connection("x", **began(605, status_code="failed-to-terminate"))])


@case(days=6.5)
def endpoint_not_captured_for_days(lake):
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("x", **began(605))] if minute > 605 else [])


@case(days=6.5)
def endpoint_no_longer_a_target_beside_one_that_is(lake):
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("x", **began(605))] if minute > 605 else [])
    look(lake, range(610, 9000, 120), lambda minute: [], endpoint_id=B)


@case(days=4.5)
def endpoint_that_is_gone_ends_its_sessions(lake):
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("x", **began(605))] if minute > 605 else [], listing=[A, B])
    for minute in range(700, 760, 15):
        lake.record(minute, [], listing=[B])


@case(days=4.5)
def endpoint_gone_within_an_hour_of_an_end_that_aws_gave(lake):
    look(lake, range(600, 660, 15), lambda minute: [lake.connection("x", **began(605))] if minute > 605 else [], listing=[A, B])
    lake.shows(660, [lake.connection("x", **ended(605, 660.02), page=0.09)], listing=[A, B])
    for minute in range(675, 760, 15):
        lake.record(minute, [], listing=[B])


@case()
def name_missing_in_the_last_row(lake):
    look(lake, (600, 615, 630), lambda minute: [lake.connection("x", **began(595, username="CORP\\Maria.Lopez"))])
    look(lake, (645, 660), lambda minute: [lake.connection("x", **ended(595, 640))])


@case()
def names_that_change(lake):
    for minute, name in [(600, "maria"), (615, "MARIA"), (630, "corp\\"), (645, "A\\b\\C")]:
        lake.shows(minute, [lake.connection("x", **began(595, username=name))])


@case()
def no_name_at_all(lake):
    look(lake, (600, 615, 630), lambda minute: [lake.connection("x", **began(595, common_name=None))])


@case()
def end_that_cannot_be_read_later(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.shows(630, [lake.connection("x", **ended(595, 625))])
    look(lake, (645, 660), lambda minute: [lake.connection("x", **ended(595, None))])


@case()
def end_of_which_only_the_status_tells(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595)), lake.connection("y", **began(595))])
    look(lake, (630, 645), lambda minute: [lake.connection("x", **ended(595, None)), lake.connection("y", **ended(595, None, connection_timestamp=621))])
    look(lake, (720, 735), lambda minute: [])


@case()
def end_that_is_contradicted(lake):
    lake.shows(600, [lake.connection("x", **began(595))])
    lake.shows(615, [lake.connection("x", **ended(595, 610))])
    look(lake, (630, 645), lambda minute: [lake.connection("x", **began(595))])
    lake.shows(720, [])


@case()
def end_that_is_given_twice(lake):
    lake.shows(600, [lake.connection("x", **began(595))])
    lake.shows(615, [lake.connection("x", **ended(595, 610))])
    lake.shows(630, [lake.connection("x", **ended(595, 612))])


@case()
def end_before_the_beginning(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **ended(595, 580))])


@case()
def end_before_its_beginning_after_one_that_is_right(lake):
    for minute, end in [(600, 598), (615, 500), (630, None)]:
        lake.shows(minute, [lake.connection("x", **ended(595, end))])


@case()
def end_of_2019_without_a_beginning(lake):
    lake.shows(585, [])
    look(lake, (600, 615), lambda minute: [lake.connection("x", **ended(None, datetime.datetime(2019, 5, 1, tzinfo=datetime.UTC)))])


@case()
def end_that_is_followed_by_one_before_the_last_sight(lake):
    for minute, values in [(600, began(595)), (645, ended(595, 640)), (660, ended(595, 610)), (675, ended(595, 597))]:
        lake.shows(minute, [lake.connection("x", **values)])


@case(days=4.5)
def end_told_a_day_before_another_that_cannot_be_right(lake):
    lake.shows(DAY - 20, [lake.connection("x", **began(DAY - 100))])
    lake.shows(DAY - 5, [lake.connection("x", **ended(DAY - 100, DAY - 8))])
    look(lake, range(DAY + 10, 3 * DAY, 240), lambda minute: [lake.connection("x", **ended(DAY - 100, DAY - 300))])


@case(days=4.5)
def first_seen_ended_days_before_an_end_that_cannot_be_right(lake):
    lake.shows(DAY - 20, [lake.connection("x", **began(DAY - 100))])
    look(lake, range(DAY - 5, 3 * DAY, 300), lambda minute: [lake.connection("x", **ended(DAY - 100, DAY - 300))])


@case()
def beginning_after_the_first_sight_and_then_the_true_one(lake):
    for minute, begin in [(600, None), (615, 608), (630, 595), (645, 612), (660, 590)]:
        lake.shows(minute, [lake.connection("x", **began(begin))])


@case(days=4.5)
def true_beginning_days_before_the_one_after_the_first_sight(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    look(lake, range(3 * DAY, 3 * DAY + 60, 15), lambda minute: [lake.connection("x", **began(3 * DAY - 10))])


@case()
def first_sight_that_comes_late_and_was_before_the_beginning(lake):
    lake.shows(600, [lake.connection("x", **began(None))], late=1200)
    for minute, begin in [(615, 594), (630, 608), (645, 608)]:
        lake.shows(minute, [lake.connection("x", **began(begin))])


@case(days=4.5)
def no_beginning_days_after_the_last_capture(lake):
    lake.shows(600, [])
    look(lake, range(3 * DAY, 3 * DAY + 60, 15), lambda minute: [lake.connection("x")])


@case()
def capture_after_its_end_that_does_not_show_it(lake):
    look(lake, (585, 600), lambda minute: [])
    lake.shows(615, [lake.connection("x", **ended(None, 598))])


@case()
def first_seen_ended_without_any_time(lake):
    lake.shows(585, [])
    lake.shows(720, [lake.connection("x", **ended(None, None))])


@case(days=5.5)
def capture_of_the_day_before_that_shows_it_and_comes_days_later(lake):
    lake.shows(DAY - 90, [lake.connection("x", **began(DAY - 100))])
    lake.shows(DAY - 40, [lake.connection("x", **began(DAY - 100))], late=2 * DAY)
    look(lake, (DAY + 5, DAY + 20), lambda minute: [])


@case(days=5.5)
def record_of_the_day_before_that_comes_days_later(lake):
    lake.shows(DAY - 90, [])
    lake.shows(DAY - 40, [], late=2 * DAY)
    look(lake, (DAY + 5, DAY + 20), lambda minute: [lake.connection("x"), lake.connection("y", **began(DAY - 20))])
    look(lake, (DAY + 35, DAY + 50), lambda minute: [lake.connection("x", **ended(None, DAY + 30)), lake.connection("y", **ended(DAY - 20, DAY + 31))])


@case()
def end_in_the_future_and_of_1970(lake):
    look(lake, (600, 615), lambda minute: [
        lake.connection("x", **ended(595, datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC))),
        lake.connection("y", **ended(595, datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))),
    ])


@case()
def one_beginning_of_1970(lake):
    for minute in range(600, 700, 15):
        start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) if minute == 615 else 595
        lake.shows(minute, [lake.connection("x", **began(start, ingress_bytes=minute))])


@case()
def only_beginnings_of_1970_and_of_2099(lake):
    for minute in range(600, 700, 15):
        years = [("x", 1970), ("y", 2099)]
        lake.shows(minute, [lake.connection(id, **began(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC))) for id, year in years])


@case()
def clock_of_aws_ahead(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(601))])
    look(lake, (630, 645), lambda minute: [lake.connection("x", **ended(601, 631))])


@case()
def counters_that_are_reset_and_missing(lake):
    for minute, count in [(600, 1000), (615, 500), (630, None), (645, 700), (660, None)]:
        lake.shows(minute, [lake.connection("x", **began(595, ingress_bytes=count, egress_bytes=None, ingress_packets=count))])


@case()
def partial_captures_are_sightings(lake):
    lake.shows(570, [])
    lake.shows(600, [lake.connection("x", **began(595))], complete=False)
    lake.shows(615, [lake.connection("x", **began(595))])
    lake.shows(630, [lake.connection("x", **began(595, username="only here"))], complete=False)
    lake.shows(645, [])


@case()
def only_in_a_partial_capture(lake):
    lake.shows(570, [])
    lake.shows(600, [lake.connection("x", **began(595))], complete=False)


@case()
def only_in_a_partial_capture_and_missed(lake):
    lake.shows(570, [])
    lake.shows(600, [lake.connection("x", **began(595))], complete=False)
    lake.shows(615, [])


@case()
def partial_and_complete_of_one_snapshot(lake):
    lake.shows(570, [])
    lake.shows(600, [lake.connection("x", **began(595))], complete=False)
    lake.shows(602, [lake.connection("x", **began(595))], snapshot=600)


@case()
def missed_by_one_capture_and_seen_again(lake):
    look(lake, range(570, 700, 15), lambda minute: [lake.connection("x", **began(575))] if minute > 575 and minute != 615 else [])


@case(days=3.5)
def missed_and_seen_again_days_later(lake):
    look(lake, range(570, 700, 15), lambda minute: [lake.connection("x", **began(575))] if 575 < minute < 650 else [])
    look(lake, range(2 * DAY, 2 * DAY + 100, 15), lambda minute: [lake.connection("x", **began(575))])


@case()
def page_after_midnight_in_a_snapshot_before(lake):
    look(lake, range(DAY - 60, DAY - 10, 15), lambda minute: [])
    lake.shows(DAY + 5, [lake.connection("x", **began(DAY + 2)), lake.connection("y", **began(DAY - 30))], snapshot=DAY - 15)
    look(lake, range(DAY + 6, DAY + 90, 15), lambda minute: [lake.connection("y", **began(DAY - 30))])


@case()
def page_before_midnight_in_a_snapshot_after(lake):
    lake.shows(DAY - 0.5, [lake.connection("x", **began(DAY - 2))], snapshot=DAY)
    lake.shows(DAY + 15, [lake.connection("x", **ended(DAY - 2, DAY + 3))])


@case()
def rows_of_one_page_that_differ_in_one_column(lake):
    for minute in (600, 615):
        rows = [lake.connection("x", **began(595))]
        rows += [dict(rows[0], **{name: value}) for name in [*VALUES[1:5], "status_message"] for value in ("b", "a", "c")]
        rows += [dict(rows[0], ingress_packets=count) for count in (3, None, 5)]
        rows += [dict(rows[0], status_code=code, status_message=code and code[:3]) for code in ("terminating", None)]
        rows += [dict(rows[0], connection_established_time=lake.time(start)) for start in (590, 598)]
        random.Random(minute).shuffle(rows)
        lake.shows(minute, rows)


@case()
def postures_that_change(lake):
    for minute, statuses in [(600, None), (615, []), (630, ["b", "a"]), (645, ["c"]), (660, None)]:
        lake.shows(minute, [lake.connection("x", **began(595, posture_compliance_statuses=statuses))])


@case()
def the_same_id_on_two_endpoints(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    look(lake, (605, 620), lambda minute: [lake.connection("x", **began(596))], endpoint_id=B)


@case()
def overlapping_captures_that_close_a_hole(lake):
    for minute, took in [(600, 0.1), (650, 14), (651, 1), (700, 0.1)]:
        lake.shows(minute, [lake.connection("x", **began(605), page=took / 2)] if minute > 605 else [], took=took)


@case()
def session_across_midnight_with_a_hole_before_it(lake):
    look(lake, [DAY - 130, DAY - 40, DAY - 25, DAY - 10, DAY + 5, DAY + 20], lambda minute: [lake.connection("x", **began(DAY - 50))] if minute > DAY - 50 else [])
    look(lake, [DAY + 35, DAY + 50], lambda minute: [lake.connection("x", **ended(DAY - 50, DAY + 25))])


@case(days=4.5)
def outage_of_days_with_a_session_after_it(lake):
    look(lake, range(600, 700, 15), lambda minute: [lake.connection("w", **began(601))] if minute > 601 else [])
    again = 3 * DAY + 100
    lake.record(again - 20, [lake.failed(A)])
    look(lake, range(again, again + 100, 15), lambda minute: [lake.connection("x", **began(again - 10)), lake.connection("y")])


def all_cases():
    """The lake of each case."""
    made = []
    for name, (build, days) in CASES.items():
        lake = Lake(f"{200_000_000_000 + len(made)}", name.replace("_", " "), days)
        build(lake)
        made.append(lake)
    return made
