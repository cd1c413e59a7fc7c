"""Cases of captures: late, lost, partial or overlapping ones, and endpoints that are no longer captured."""

from ledgers import DAY, A, B
from merge_lakes import began, ended, look
from session_cases import case


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


@case()
def first_attempt_whose_clock_stepped(lake):
    lake.record(585, [lake.target(A, "already_captured", 585.01, 584.9, 585.1)])
    look(lake, (600, 615, 630), lambda minute: [lake.connection("x"), lake.connection("y", **began(590))])


@case()
def run_whose_clock_was_hours_ahead(lake):
    connected = lambda minute: [lake.connection("x", **began(150)), lake.connection("y")]
    look(lake, range(105, 300, 15), connected)
    # It is there in the middle of them, and bears a time that comes hours later.
    lake.shows(800, [], late=-600)
    look(lake, range(300, 500, 15), connected)


@case(days=5.5)
def captures_around_midnight_that_come_a_day_late(lake):
    look(lake, [DAY - 90, DAY - 60], lambda minute: [lake.connection("x", **began(DAY - 100))])
    for minute in (DAY - 35, DAY - 5):
        lake.shows(minute, [lake.connection("x", **began(DAY - 100)), lake.connection("y")], late=1300)
    look(lake, (DAY + 25, DAY + 40), lambda minute: [])


# Around the midnight at which check_merges.py merges hour by hour.
@case(days=4.5)
def capture_after_midnight_that_shows_it_and_comes_hours_late(lake):
    look(lake, (DAY - 75, DAY - 45, DAY - 15), lambda minute: [lake.connection("x", **began(DAY - 100))])
    lake.shows(DAY + 15, [lake.connection("x", **began(DAY - 100))], late=330)
    look(lake, (DAY + 45, DAY + 60), lambda minute: [])


@case(days=4.5)
def capture_that_comes_as_late_as_a_retry_can(lake):
    look(lake, (DAY - 15, DAY, DAY + 15), lambda minute: [lake.connection("x", **began(DAY - 20))])
    lake.shows(DAY + 30, [lake.connection("x", **began(DAY - 20, username="seen again")), lake.connection("y")], late=85)
    look(lake, (DAY + 45, DAY + 60), lambda minute: [])
