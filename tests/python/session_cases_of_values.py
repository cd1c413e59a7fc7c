"""Cases of the other values of a session: names, counters, postures, and rows of one connection that differ."""

import random

from check_lake import TEXTS
from ledgers import B
from merge_lakes import began, ended, look
from session_cases import case


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
def clock_of_aws_ahead(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(601))])
    look(lake, (630, 645), lambda minute: [lake.connection("x", **ended(601, 631))])


@case()
def counters_that_are_reset_and_missing(lake):
    for minute, count in [(600, 1000), (615, 500), (630, None), (645, 700), (660, None)]:
        lake.shows(minute, [lake.connection("x", **began(595, ingress_bytes=count, egress_bytes=None, ingress_packets=count))])


@case()
def rows_of_one_page_that_differ_in_one_column(lake):
    for minute in (600, 615):
        rows = [lake.connection("x", **began(595))]
        rows += [dict(rows[0], **{name: value}) for name in [*TEXTS, "status_message"] if name != "connection_id" for value in ("b", "a", "c")]
        rows += [dict(rows[0], ingress_packets=count) for count in (3, None, 5)]
        rows += [dict(rows[0], status_code=code, status_message=code and code[:3]) for code in ("terminating", None)]
        rows += [dict(rows[0], connection_established_time=lake.time(start)) for start in (590, 598)]
        random.Random(minute).shuffle(rows)
        lake.shows(minute, rows)


@case(days=3.5)
def texts_that_change_and_texts_that_are_no_longer_sent(lake):
    """Hours later, so that an hourly merge reads the later rows alone."""
    texts = lambda value: {name: value for name in TEXTS if name != "connection_id"}
    look(lake, (10, 25, 40), lambda minute: [lake.connection(id, **began(5, **texts("first"))) for id in ("changed", "missing")])
    later = {"changed": texts("later"), "missing": texts(None)}
    look(lake, (250, 265), lambda minute: [lake.connection(id, **began(5, **values)) for id, values in later.items()])


@case()
def postures_that_change(lake):
    for minute, statuses in [(600, None), (615, []), (630, ["b", "a"]), (645, ["c"]), (660, None)]:
        lake.shows(minute, [lake.connection("x", **began(595, posture_compliance_statuses=statuses))])


@case()
def the_same_id_on_two_endpoints(lake):
    look(lake, (600, 615), lambda minute: [lake.connection("x", **began(595))])
    look(lake, (605, 620), lambda minute: [lake.connection("x", **began(596))], endpoint_id=B)
