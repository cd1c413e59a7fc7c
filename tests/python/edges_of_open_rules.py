"""Cases of sessions under rules that allow every network, or all users."""

from edge_cases import case, expect
from edge_lakes import MINUTE, NOW, UTC, A, B, at, connection, rule

COLUMNS = "endpoint_id connection_id finding destination_cidr for_whom seen_from seen_until seen_last proven"
OPEN, NOT_KNOWN = "open rule", "not known"
EVERYWHERE = rule("0.0.0.0/0", "g")
#: The rules of times before the first snapshot of these days are not known from then on.
EARLIEST = at("2026-10-10 00:00")


def snapshots(lake, shown, begins="09 10:00", endpoint=A, step=15):
    """Snapshots of an endpoint every quarter of an hour, each with its rules; `...` for a snapshot that is missing."""
    for number, rules in enumerate(shown):
        if rules is not ...:
            lake.configured(at(begins) + number * step * MINUTE, rules, endpoint=endpoint)


def steady(lake, until, rules, begins, endpoint=A):
    """Snapshots from one time to another, that show the same."""
    time = at(begins)
    while time <= at(until):
        lake.configured(time, rules, endpoint=endpoint)
        time += 45 * MINUTE


def under(lake, *rows):
    """`rows` with texts of times."""
    rows = [(*row[:5], *(at(time) if isinstance(time, str) else time for time in row[5:8]), *row[8:]) for row in rows]
    expect(lake, "sessions_under_open_rules", COLUMNS, rows)


@case
def under_a_rule(lake):
    """From the first snapshot that shows an active rule until the first that does not. Those before and after were not under it. It may
    have been removed before one that began after the last snapshot that shows it."""
    snapshots(lake, [[], [EVERYWHERE], [EVERYWHERE], [rule("0.0.0.0/0", "g", "revoking")], [], [], [], []])
    for id, begins, ends in [
        ("before", "09 10:01", "09 10:14"),
        ("into", "09 10:02", "09 10:16"),
        ("inside", "09 10:20", "09 10:40"),
        ("over", "09 10:03", "09 11:00"),
        ("later", "09 10:32", "09 10:40"),
        ("after", "09 10:45", "09 11:10"),
    ]:
        lake.session(id, f"{lake.name}.{id}", None, at(begins), at(ends))
    span = (OPEN, "0.0.0.0/0", "group g", "09 10:15", "09 10:45", "09 10:30")
    under(lake, (A, "inside", *span, True), (A, "into", *span, True), (A, "later", *span, False), (A, "over", *span, True))


@case
def under_all_users(lake):
    """A rule for all users is open for any network, and ::/0 for any group. Each rule is a row. Others are not open."""
    both = [rule("10.1.0.0/16"), rule("::/0", "g"), rule("10.0.0.0/8", "g"), rule("0.0.0.0/1", "g")]
    snapshots(lake, [both, both, [rule("10.1.0.0/16")], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:40"))
    under(
        lake,
        (A, "s", OPEN, "10.1.0.0/16", "all users", "09 10:00", "09 10:45", "09 10:30", True),
        (A, "s", OPEN, "::/0", "group g", "09 10:00", "09 10:30", "09 10:15", True),
    )


@case
def under_what_is_not_known(lake):
    """Where EC2 does not answer, the time of a rule ends, and what follows is not known until the next answer."""
    snapshots(lake, [[EVERYWHERE], None, None, [EVERYWHERE], [], None, [], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 11:29"))
    lake.session("t", f"{lake.name}.t", None, at("09 11:01"), at("09 11:05"))
    under(
        lake,
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:00", "09 10:15", "09 10:00", False),
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 10:45", None, False),
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:45", "09 11:00", "09 10:45", True),
        (A, "s", NOT_KNOWN, None, None, "09 11:15", "09 11:30", None, False),
    )


@case
def under_rules_of_some_pages(lake):
    """A fault after the first page: what that page shows was there, and nothing else is known, of however long a time."""
    error = {"authorizationRule#error": "Timeout"}
    snapshots(lake, [[]])
    lake.configured(at("09 10:15"), [EVERYWHERE], unparsed=error)
    lake.configured(at("09 10:30"), [EVERYWHERE], unparsed=error)
    snapshots(lake, [[], []], begins="09 11:45")
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:50"))
    under(
        lake,
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 11:45", None, False),
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:15", "09 10:30", "09 10:30", True),
    )


@case
def under_rules_of_some_pages_later(lake):
    """From the listing on, nothing is known, and a rule of the first page was there when that arrived. In rows without the time of the
    last page, the rules have their own."""
    snapshots(lake, [[]])
    lake.configured(at("09 10:15"), [dict(EVERYWHERE, captured_at=at("09 10:24"))], unparsed={"authorizationRule#error": "Timeout"})
    lake.configured(at("09 10:30"), [dict(EVERYWHERE, captured_at=at("09 10:36"))])
    snapshots(lake, [[], []], begins="09 10:45")
    lake.session("s", f"{lake.name}.s", None, at("09 10:16"), at("09 10:20"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:31"), at("09 10:50"))
    span = (OPEN, "0.0.0.0/0", "group g")
    under(
        lake,
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 10:36", None, False),
        (A, "t", NOT_KNOWN, None, None, "09 10:15", "09 10:36", None, False),
        (A, "t", *span, "09 10:24", "09 10:45", "09 10:36", True),
    )


@case
def under_a_rule_that_names_another(lake):
    """A rule in an endpoint's list that names another endpoint leaves not known what it allows."""
    other = rule("0.0.0.0/0", unparsed={"clientVpnEndpointId": B})
    snapshots(lake, [[], [other], [], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:01"), at("09 10:40"))
    under(lake, (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 10:30", None, False))


@case
def under_rules_answered_later(lake):
    """A time of a rule is that at which EC2 answered with the rules, also if it answered with none."""
    for listed, answered, rules in [
        ("09 10:00", "09 10:04", []),
        ("09 10:15", "09 10:29", [EVERYWHERE]),
        ("09 10:30", "09 10:37", []),
        ("09 10:45", "09 10:46", []),
    ]:
        lake.configured(at(listed), rules, authorization_rules_captured_at=at(answered))
    for id, begins, ends in [("a", "09 10:16", "09 10:28"), ("b", "09 10:31", "09 10:33"), ("c", "09 10:38", "09 10:39")]:
        lake.session(id, f"{lake.name}.{id}", None, at(begins), at(ends))
    under(lake, (A, "b", OPEN, "0.0.0.0/0", "group g", "09 10:29", "09 10:37", "09 10:29", False))


@case
def under_a_rule_of_one_that_came_back(lake):
    """While snapshots or listings do not have an endpoint, it has no rules, also if it is there again later."""
    for number in range(6):
        lake.configured(at("09 10:00") + number * 15 * MINUTE, endpoint=B)
    snapshots(lake, [[EVERYWHERE], ..., ..., [EVERYWHERE]])
    lake.ledger.run(lake.minutes(at("09 10:55")), [], listing=[B])
    for id, begins, ends in [("a", "09 10:05", "09 10:10"), ("b", "09 10:20", "09 10:40"), ("c", "09 10:50", "09 10:57"), ("d", "09 10:56", "09 10:59")]:
        lake.session(id, f"{lake.name}.{id}", None, at(begins), at(ends))
    span = (OPEN, "0.0.0.0/0", "group g")
    under(lake, (A, "a", *span, "09 10:00", "09 10:15", "09 10:00", False), (A, "c", *span, "09 10:45", "09 10:55", "09 10:45", False))


@case
def under_silence(lake):
    """An hour without a snapshot is not known, from the last one on, which shows the rule for that moment."""
    snapshots(lake, [[EVERYWHERE], [EVERYWHERE], ..., ..., ..., [EVERYWHERE], [], ..., ..., []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 12:05"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:20"), at("09 10:30"))
    under(
        lake,
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:00", "09 10:15", "09 10:15", True),
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 11:15", None, False),
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 11:15", "09 11:30", "09 11:15", True),
        (A, "t", NOT_KNOWN, None, None, "09 10:15", "09 11:15", None, False),
    )


@case
def under_no_snapshots(lake):
    """Nothing is known of an endpoint without snapshots, nor of the time before the first: the session is shown, and not as harmless."""
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:30"), B)
    lake.session("t", f"{lake.name}.t", None, at("09 09:00"), at("09 10:30"))
    snapshots(lake, [[], [], [], []])
    under(
        lake,
        (B, "s", NOT_KNOWN, None, None, EARLIEST, NOW, None, False),
        (A, "t", NOT_KNOWN, None, None, EARLIEST, "09 10:00", None, False),
    )


@case
def under_odd_rules(lake):
    """A rule that cannot be read leaves not known what it allows. One that decides nothing harms none that is known."""
    odd = [
        rule("10.1.0.0/16", "g", access_all=None, unparsed={"accessAll": "True"}),
        rule(None, "g", unparsed={"destinationCidr": "x"}),
        rule("0.0.0.0/0", "g", None),
    ]
    snapshots(lake, [[], *([one] for one in odd), [], []])
    fine = [rule("10.1.0.0/16", "g", access_all=None), rule(None, "g", "failed"), rule("10.2.0.0/16", "g", None)]
    snapshots(lake, [fine, fine, [*fine, EVERYWHERE], [], []], endpoint=B)
    lake.session("s", f"{lake.name}.s", None, at("09 10:01"), at("09 11:10"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:01"), at("09 10:50"), B)
    under(
        lake,
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 11:00", None, False),
        (B, "t", OPEN, "0.0.0.0/0", "group g", "09 10:30", "09 10:45", "09 10:30", True),
    )


@case
def under_rules_that_say_two_things(lake):
    """A rule whose text is not exact, or that is for all users and not, leaves not known what it allows."""
    both = rule("10.1.0.0/16", "g", access_all=False, unparsed={"accessAll": "true"})
    inexact = rule("0.0.0.0/0\ufffd", "g", unparsed={"destinationCidr": "0.0.0.0/0\\u{B}"})
    snapshots(lake, [[], [both], [inexact], [], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:01"), at("09 10:50"))
    under(lake, (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 10:45", None, False))


@case
def under_a_rule_of_one_that_is_gone(lake):
    """An endpoint that is gone has no rules: by another's snapshot, by its status, or by a listing."""
    snapshots(lake, [[EVERYWHERE]])
    snapshots(lake, [[EVERYWHERE]], endpoint=B)
    lake.configured(at("09 10:15"), endpoint=B, status_code="deleted")
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:10"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:05"), at("09 10:10"), B)
    lake.session("u", f"{lake.name}.u", None, at("09 10:16"), at("09 10:20"), B)
    span = (OPEN, "0.0.0.0/0", "group g", "09 10:00", "09 10:15", "09 10:00", False)
    under(lake, (A, "s", *span), (B, "t", *span))


@case
def under_a_rule_of_the_last_one(lake):
    """Of the last endpoint of an account and Region, a listing says that it is gone."""
    snapshots(lake, [[EVERYWHERE]])
    lake.ledger.run(lake.minutes(at("09 10:20")), [], listing=[])
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:10"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:21"), at("09 10:22"))
    under(lake, (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:00", "09 10:20", "09 10:00", False))


@case
def under_a_rule_of_the_last_one_by_its_id(lake):
    """Of the last endpoint, if targets are named by their ids, a snapshot without endpoints says that it is gone."""
    snapshots(lake, [[EVERYWHERE]])
    lake.configuration_read(at("09 10:20"), "endpoints")
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:10"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:21"), at("09 10:22"))
    under(lake, (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:00", at("09 10:20") + MINUTE / 2, "09 10:00", False))


@case
def under_a_rule_that_still_is(lake):
    """A session that is active, under a rule that is still there, up to the last merge. One whose beginning is not known is not proven."""
    steady(lake, "10 11:59", [EVERYWHERE], begins="10 08:00")
    rows = [connection("s", f"{lake.name}.s", None, at("10 09:00")), connection("t", f"{lake.name}.t")]
    lake.capture(at("10 08:50"), [])
    lake.capture(at("10 11:30"), rows)
    span = (OPEN, "0.0.0.0/0", "group g", "10 08:00", NOW, "10 11:45")
    under(lake, (A, "s", *span, True), (A, "t", *span, False))


@case
def under_a_rule_perhaps(lake):
    """It ended between two captures, in the meantime of which the rule came: it may have been there."""
    snapshots(lake, [[], [], [EVERYWHERE], [], []])
    lake.capture(at("09 10:05"), [connection("s", f"{lake.name}.s", None, at("09 10:01"))])
    lake.capture(at("09 10:20"), [connection("s", f"{lake.name}.s", None, at("09 10:01"))])
    lake.capture(at("09 10:35"), [])
    under(lake, (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:30", "09 10:45", "09 10:30", False))


@case
def under_a_rule_between_two_snapshots(lake):
    """A rule that both snapshots around a session show may have been removed and added again between them."""
    snapshots(lake, [[EVERYWHERE], [EVERYWHERE], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:01"), at("09 10:14"))
    lake.session("t", f"{lake.name}.t", None, at("09 10:15"), at("09 10:16"))
    span = (OPEN, "0.0.0.0/0", "group g", "09 10:00", "09 10:30", "09 10:15")
    under(lake, (A, "s", *span, False), (A, "t", *span, True))


@case
def under_a_rule_without_its_endpoint(lake):
    """Of a run that was killed after it wrote the rules: they were there, and nothing else is known of that snapshot."""
    snapshots(lake, [[], ..., [], []])
    lake.row("authorization_rules", at("09 10:15"), captured_at=at("09 10:15"), endpoint_id=A, **EVERYWHERE)
    lake.session("s", f"{lake.name}.s", None, at("09 10:14"), at("09 10:20"))
    under(
        lake,
        (A, "s", NOT_KNOWN, None, None, "09 10:15", "09 10:30", None, False),
        (A, "s", OPEN, "0.0.0.0/0", "group g", "09 10:15", "09 10:30", "09 10:15", True),
    )


@case
def under_a_rule_for_somebody(lake):
    """A rule for every network is open also if it is not known for whom."""
    snapshots(lake, [[rule("0.0.0.0/0", unparsed={"accessAll": "false"})], [rule("0.0.0.0/0", "", access_all=False)], []])
    lake.session("s", f"{lake.name}.s", None, at("09 09:50"), at("09 10:29"))
    under(
        lake,
        (A, "s", NOT_KNOWN, None, None, EARLIEST, "09 10:00", None, False),
        (A, "s", OPEN, "0.0.0.0/0", "not known", "09 10:00", "09 10:30", "09 10:15", True),
    )


@case
def under_a_rule_of_the_day_before(lake):
    """The rules at the beginning are those of the day before. A session that ended before the days asked for is not shown."""
    edits = [
        ("CAST(current_date - INTERVAL '30' DAY AS timestamp(6))", "TIMESTAMP '2026-11-08 00:00:00'"),
        ("CAST(current_date + INTERVAL '1' DAY AS timestamp(6))", "TIMESTAMP '2026-11-09 00:00:00'"),
    ]
    snapshots(lake, [[EVERYWHERE], [EVERYWHERE], [EVERYWHERE], [EVERYWHERE], []], begins="07 23:30")
    steady(lake, "08 23:15", [], begins="08 00:45")
    snapshots(lake, [[EVERYWHERE], [EVERYWHERE], []], begins="08 23:45")
    for id, begins, ends in [
        ("a", "07 23:40", "07 23:50"),
        ("b", "07 23:40", "08 00:10"),
        ("c", "08 23:50", "09 00:10"),
        ("d", "09 00:05", "09 00:10"),
    ]:
        lake.session(id, f"{lake.name}.{id}", None, at(begins), at(ends))
    found = (OPEN, "0.0.0.0/0", "group g")
    rows = [(A, "b", *found, at("07 23:30"), at("08 00:30"), at("08 00:15"), True), (A, "c", *found, at("08 23:45"), at("09 00:15"), at("09 00:00"), True)]
    expect(lake, "sessions_under_open_rules", COLUMNS, rows, edits, alone=True)


@case
def under_nothing(lake):
    """Without a session under an open rule, one row says up to when that is known."""
    snapshots(lake, [[], [], [], []])
    lake.session("s", f"{lake.name}.s", None, at("09 10:05"), at("09 10:10"))
    columns = "endpoint_id finding as_of"
    expect(lake, "sessions_under_open_rules", columns, [(None, None, NOW.replace(tzinfo=UTC))], alone=True)
