"""Cases of the beginning of a session: none that AWS gives, late ones and wrong ones."""

import datetime

from ledgers import DAY, A, B
from merge_lakes import began, ended, look
from session_cases import case


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
def one_beginning_of_1970(lake):
    for minute in range(600, 700, 15):
        start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) if minute == 615 else 595
        lake.shows(minute, [lake.connection("x", **began(start, ingress_bytes=minute))])


@case()
def only_beginnings_of_1970_and_of_2099(lake):
    for minute in range(600, 700, 15):
        years = [("x", 1970), ("y", 2099)]
        lake.shows(minute, [lake.connection(id, **began(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC))) for id, year in years])
