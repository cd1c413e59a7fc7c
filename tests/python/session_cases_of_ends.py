"""Cases of the end of a session: one that AWS gives, one that is wrong, and none."""

import datetime

from ledgers import DAY
from merge_lakes import began, ended, look
from session_cases import case


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
def capture_after_its_end_that_does_not_show_it(lake):
    look(lake, (585, 600), lambda minute: [])
    lake.shows(615, [lake.connection("x", **ended(None, 598))])


@case()
def first_seen_ended_without_any_time(lake):
    lake.shows(585, [])
    lake.shows(720, [lake.connection("x", **ended(None, None))])


@case()
def end_in_the_future_and_of_1970(lake):
    look(lake, (600, 615), lambda minute: [
        lake.connection("x", **ended(595, datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC))),
        lake.connection("y", **ended(595, datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))),
    ])
