"""Cases of what connection logs say of a session. Without another word, the beginning is at minute 595, the logs are those of the
windows that begin at 585 and 600, and everything was read when it was due."""

import datetime

from ledgers import DAY, B
from merge_lakes import began, ended, look
from session_cases import case

#: The fields of an event that a client with a policy has.
VALUES = {"device_ip": "203.0.113.5", "device_type": "mac", "port": 443, "transport_protocol": "udp", "policy_result": "permit"}


def seen(lake, minutes=(600, 615), endpoint_id=None, **values):
    """Captures that show `x` from minute 595 on, and the configuration with logging on."""
    how = {"endpoint_id": endpoint_id} if endpoint_id else {}
    lake.configured(minutes[0] - 20, **how)
    look(lake, minutes, lambda minute: [lake.connection("x", **began(595, **values))], **how)


@case()
def logged_with_every_value(lake):
    seen(lake)
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.window(600)


@case()
def not_logged_though_the_windows_were_read(lake):
    seen(lake)
    lake.window(585, [lake.event(595, "other", **VALUES)])
    lake.window(600)


@case()
def one_window_of_the_beginning_was_not_read(lake):
    lake.configured(580)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(598))])
    lake.window(585)


@case()
def one_window_failed(lake):
    seen(lake)
    lake.window(585)
    lake.window(600, outcome="failed")


@case()
def a_window_that_failed_and_was_read_later(lake):
    seen(lake)
    lake.window(585)
    lake.window(600, outcome="failed")
    lake.window(600, read=700)


@case()
def logging_is_off(lake):
    lake.configured(580, log_group=None)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)


@case()
def nothing_is_known_of_the_configuration(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)


@case()
def configuration_after_the_first_sight_alone(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.configured(615)
    lake.window(585)
    lake.window(600)


@case()
def log_group_that_changes_before_the_beginning(lake):
    lake.configured(500, log_group="old")
    seen(lake)
    lake.window(585, log_group="old")
    lake.window(600, log_group="old")


@case()
def no_beginning(lake):
    lake.configured(580)
    look(lake, (600, 615), lambda minute: [lake.connection("x")])
    lake.window(585)
    lake.window(600)


@case()
def no_beginning_but_an_event(lake):
    lake.configured(580)
    look(lake, (600, 615), lambda minute: [lake.connection("x")])
    lake.window(585, [lake.event(590, "x", **VALUES)])


@case()
def the_last_value_of_each_field(lake):
    seen(lake, (600, 615, 630))
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.window(600, [lake.event(605, "x", device_type="win"), lake.event(605, "x", 1, device_type="linux", policy_result="error")])
    lake.window(615, [lake.event(616, "x", port=1194)])


@case()
def a_late_event_is_found(lake):
    seen(lake)
    lake.window(585)
    lake.window(600)
    lake.window(540, [lake.event(595, "x", **VALUES)], late=True)


@case()
def a_late_event_is_older_than_the_last_value(lake):
    seen(lake)
    lake.window(585, [lake.event(599, "x", **VALUES)])
    lake.window(600)
    lake.window(540, [lake.event(595, "x", device_ip="198.51.100.1", device_type="win")], late=True)


@case(days=9.5)
def windows_that_were_read_six_days_later(lake):
    seen(lake)
    lake.window(585, [lake.event(595, "x", **VALUES)], read=595 + 6 * DAY)
    lake.window(600, read=596 + 6 * DAY)


@case(days=9.5)
def windows_without_an_event_that_were_read_six_days_later(lake):
    seen(lake)
    lake.window(585, read=595 + 6 * DAY)
    lake.window(600, read=596 + 6 * DAY)


@case(days=9.5)
def denials_of_several_days_and_one_event_twice(lake):
    lake.configured(580)
    look(lake, range(600, 600 + 3 * DAY, 30), lambda minute: [lake.connection("x", **began(595))])
    denied = lambda minute, number=0: lake.event(minute, "x", number, policy_result="deny")
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.window(600, [denied(601), denied(601, 1), denied(601)])
    lake.window(600 + DAY, [denied(601 + DAY)], read=700 + 4 * DAY)
    lake.window(1425, [denied(1430)])
    lake.window(540 + DAY, [denied(590 + DAY), denied(590 + DAY)], late=True)


@case()
def denied_and_not_logged(lake):
    seen(lake)
    lake.window(585, [lake.event(595, "x", endpoint_id=B, policy_result="deny")])
    lake.window(600)


@case()
def the_same_id_on_two_endpoints_of_one_log_group(lake):
    seen(lake)
    seen(lake, endpoint_id=B)
    lake.window(585, [lake.event(595, "x", **VALUES), lake.event(596, "x", endpoint_id=B, device_ip="198.51.100.2")])
    lake.window(600)


@case()
def events_around_midnight(lake):
    lake.configured(DAY - 20)
    look(lake, (DAY - 5, DAY + 10), lambda minute: [lake.connection("x", **began(DAY - 6))])
    lake.window(DAY - 15, [lake.event(DAY - 6, "x", policy_result="deny")])
    lake.window(DAY, [lake.event(DAY + 1, "x", policy_result="deny")])


@case(days=9.5)
def first_seen_five_days_after_its_event(lake):
    lake.configured(580)
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.window(600)
    lake.configured(590 + 5 * DAY)
    look(lake, (600 + 5 * DAY, 615 + 5 * DAY), lambda minute: [lake.connection("x", **began(595))])


@case(days=9.5)
def seen_earlier_by_a_capture_that_came_three_days_late(lake):
    lake.configured(580)
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.shows(600, [lake.connection("x", **began(595))], late=3 * DAY)
    look(lake, (620 + 2 * DAY, 635 + 2 * DAY), lambda minute: [lake.connection("x", **began(595))])


@case()
def times_of_events_that_cannot_be(lake):
    seen(lake)
    event = lake.event(595, "x", **VALUES)
    far = {"event_time": datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), "device_type": "win", "policy_result": "deny"}
    lake.window(585, [event, event | {"event_id": "none", "event_time": None, "port": 1}, event | {"event_id": "far"} | far])
    lake.window(600)


@case()
def logged_once_more_after_its_end(lake):
    lake.configured(580)
    look(lake, (600, 615, 630), lambda minute: [lake.connection("x", **(began(595) if minute < 620 else ended(595, 620)))])
    lake.window(585, [lake.event(595, "x", **VALUES)])
    lake.window(615, [lake.event(620, "x", device_ip="-")])


@case()
def log_group_that_changes_between_the_beginning_and_the_first_sight(lake):
    lake.configured(580, log_group="old")
    lake.configured(598)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)


@case()
def logging_that_is_switched_on_between_the_beginning_and_the_first_sight(lake):
    lake.configured(580, log_group=None)
    lake.configured(598)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)


@case()
def configuration_that_is_an_hour_older_than_the_first_sight(lake):
    lake.configured(540)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)


@case()
def endpoint_described_in_two_ways_before_the_beginning(lake):
    lake.configured(580)
    lake.configured(590, log_group="other")
    lake.configured(590)
    lake.configured(598)
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    lake.window(585)
    lake.window(600)
