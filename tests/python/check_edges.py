"""Asks the questions at their edges, in Trino: of lakes made by hand, and of random ones.

Usage: check_edges.py RANDOM_LAKES [MODULE…]

With the names of modules that have cases, such as edges_of_usage, only their cases are asked, once, and no random lakes.

Prints a JSON object: every problem found, and what was counted.
"""

import collections
import datetime
import itertools
import json
import sys

import brute_force
import edge_cases
import edge_lakes
import edges_of_access  # noqa: F401 - it has cases
import edges_of_changes  # noqa: F401 - it has cases
import edges_of_hours
import edges_of_log_coverage  # noqa: F401 - it has cases
import edges_of_logged_sessions  # noqa: F401 - it has cases
import edges_of_logging  # noqa: F401 - it has cases
import edges_of_logs  # noqa: F401 - it has cases
import edges_of_open_rules  # noqa: F401 - it has cases
import edges_of_reconciliation  # noqa: F401 - it has cases
import edges_of_the_configuration  # noqa: F401 - it has cases
import edges_of_the_record  # noqa: F401 - it has cases
import edges_of_usage  # noqa: F401 - it has cases
import edges_of_weaknesses  # noqa: F401 - it has cases
import logged_sessions
import random_lakes
import trino_server

NO_S3 = {"endpoint": "http://127.0.0.1:1", "access_key": "none", "secret_key": "none"}
#: The random lakes are ten days old when they are asked, and the question begins in the middle of them.
NINE_DAYS = [("INTERVAL '8' DAY", "INTERVAL '10' DAY"), ("INTERVAL '7' DAY", "INTERVAL '9' DAY")]
SINCE = edge_lakes.NOW.replace(hour=0) - datetime.timedelta(days=9)
#: Zones with both kinds of nights, and hours: some by day, some over midnight.
HOURS = [
    ("America/New_York", [(day, "08:00", "18:00") for day in range(1, 6)]),
    ("America/New_York", [(6, "21:00", "01:30"), (7, "08:00", "01:15"), (1, "00:00", "00:00")]),
    ("America/Havana", [(6, "22:00", "00:30"), (7, "12:00", "23:59"), (1, "00:30", "12:00")]),
    ("Asia/Jerusalem", [(day, "07:30", "16:15") for day in (7, 1, 2, 3, 4)]),
]


def main():
    only = sys.argv[2:]
    made = [] if only else [random_lakes.lake(seed) for seed in range(int(sys.argv[1]))]
    by_hand = edge_cases.all_cases(only)
    if not by_hand:
        raise SystemExit(f"no module that is imported here has cases: {' '.join(only)}")
    asked = Asked()
    with trino_server.running(NO_S3, "client_vpn_audit") as trino:
        edge_lakes.create(trino, by_hand + made)
        edge_lakes.create_sessions(trino)
        logged_sessions.fill(trino, by_hand)
        if made:
            asked.check_random(trino, made)
        for expected in edge_cases.EXPECTED:
            asked.check(trino, expected)
        if not only:
            asked.merge_again(trino)
    asked.counts |= {"cases": len(by_hand), "answers by hand": len(edge_cases.EXPECTED), "random lakes": len(made)}
    print(json.dumps({"problems": asked.problems, "counts": asked.counts}))


class Asked:
    """Answers, and what was wrong with them."""

    def __init__(self):
        self.problems = []
        self.counts = collections.Counter()
        self.answers = {}

    def ask(self, trino, question, edits):
        key = (question, tuple(edits))
        if key not in self.answers:
            self.answers[key] = edge_lakes.ask(trino, question, edits)
        return self.answers[key]

    def merge_again(self, trino):
        """Nothing changes, so no answer does."""
        changed = edge_lakes.merge(trino)
        if any(changed):
            self.problems.append(f"merged again: {changed} rows change")

    def check(self, trino, expected):
        edits = expected.edits
        if expected.alone:
            edits += of_accounts(expected.question, f"= '{expected.lake.account_id}'")
        rows = self.ask(trino, expected.question, edits)
        rows = rows if expected.alone else [row for row in rows if is_of(row, expected.lake)]
        found = [tuple(row[column] for column in expected.columns) for row in rows]
        for number, (one, other) in enumerate(itertools.zip_longest(found, expected.rows)):
            if one != other:
                self.problems.append(f"{expected.question} of {expected.lake.name}: row {number} is {one}, not {other}")
                break

    def check_random(self, trino, made):
        rows, cursor = trino.execute("SELECT * FROM sessions WHERE account_id >= '300000000000'")
        names = [column[0] for column in cursor.description]
        self.check_sessions([dict(zip(names, row, strict=True)) for row in rows], sessions := random_lakes.sessions(made))
        right = brute_force.BruteForce(made, sessions)
        sums = "sessions duration_seconds ingress_bytes egress_bytes"

        def compare(question, columns, expected, edits=()):
            edits = tuple(edits) + of_accounts(question, ">= '300000000000'")
            rows = [row for row in self.ask(trino, question, edits) if row.get("account_id", "3") >= "3"]
            found = collections.Counter(tuple(map(plain, map(row.get, columns.split()))) for row in rows)
            self.counts[question] += found.total()
            expected = collections.Counter(expected)
            for what, rows in [("has", found - expected), ("lacks", expected - found)]:
                if rows:
                    self.problems.append(
                        f"{question} of random lakes {what} {rows.total()} of {expected.total()}: {min(rows, key=str)}"
                    )

        compare("usage_per_username", "identity_key " + sums, right.usage_per_username())
        compare("usage_per_certificate", "common_name known_to_be_certificate " + sums, right.usage_per_certificate())
        columns = "identity_key common_name known_to_be_certificate " + sums
        compare("usage_per_username_and_certificate", columns, right.usage_per_username_and_certificate())
        columns = f"account_id endpoint_id {sums} usernames common_names common_names_not_known"
        compare("usage_per_endpoint", columns, right.usage_per_endpoint())
        compare("usage_per_session", "account_id endpoint_id connection_id authentication", right.usage_per_session())
        columns = "identity_key certificates common_names common_names_not_known"
        compare("users_on_several_certificates", columns, right.users_on_several_certificates())
        columns = "day identity_key connection_id_known place sessions ingress_bytes egress_bytes"
        edits = [("INTERVAL '7' DAY", "INTERVAL '12' DAY"), ("place <= 10", "place <= 1000000")]
        compare("top_talkers", columns, right.top_talkers(), edits)
        self.check_sums(self.ask(trino, "top_talkers", tuple(edits) + of_accounts("top_talkers", ">= '300000000000'")), sessions)
        compare("concurrency", "account_id endpoint_id step active_connections touches_hole", right.concurrency(SINCE), NINE_DAYS)
        columns = "account_id endpoint_id snapshot_date active_rows average_seconds longest_seconds rows_without_time"
        compare("counter_staleness", columns, right.counter_staleness(), [("INTERVAL '7' DAY", "INTERVAL '12' DAY")])
        columns = "account_id endpoint_id field text table_name times first_snapshot_time last_snapshot_time"
        compare("unparsed_values", columns, right.unparsed_values())
        compare("endpoint_configuration", "account_id endpoint_id since description", right.endpoint_configuration())
        for zone, hours in HOURS:
            lines = ",\n".join(f"    ({day}, '{begins}', '{ends}')" for day, begins, ends in hours)
            edits = [("'Europe/Berlin'", f"'{zone}'"), (edges_of_hours.WEEK, lines)]
            expected = right.outside_working_hours(zone, hours)
            compare("outside_working_hours", "account_id endpoint_id connection_id proven", expected, edits)

    def check_sessions(self, found, expected):
        """Each column of each row, so that the answers rest on nothing that SQL made."""
        self.counts["random sessions"] = len(expected)
        of_key = lambda rows: {(row["account_id"], row["endpoint_id"], row["connection_id"]): row for row in rows}
        found, expected = of_key(found), of_key(expected)
        wrong = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
        if wrong:
            key = min(wrong)
            columns = [name for name in expected.get(key, {}) if found.get(key, {}).get(name) != expected[key][name]]
            self.problems.append(f"{len(wrong)} random sessions differ, such as {key} in {columns}")

    def check_sums(self, talkers, sessions):
        """The bytes of a user are the same over all days as over all sessions."""
        by_day, by_session = collections.Counter(), collections.Counter()
        for name in ("ingress_bytes", "egress_bytes"):
            for row in talkers:
                if row["connection_id_known"]:
                    by_day[row["identity_key"], name] += row[name]
            for row in sessions:
                by_session[row["identity_key"], name] += row[name] or 0
        if +by_day != +by_session:
            self.problems.append(
                f"bytes by day differ from bytes by session: {(+by_day - +by_session) or (+by_session - +by_day)}"
            )


def of_accounts(question, condition):
    """Edits that leave a question the rows of these accounts alone."""
    text = (edge_lakes.ROOT / f"queries/{question}.sql").read_text()
    tables = ("sessions", "connections", "partials", "endpoints", "authorization_rules", "routes", "connection_logs")
    condition_of = dict.fromkeys(tables, f"account_id {condition}")
    # The notes of merges are of no account.
    condition_of["captures"] = f"account_id {condition} OR account_id IS NULL"
    from_table = {f"FROM {table}\n": (table, condition) for table, condition in condition_of.items()}
    return tuple(
        (text_of, f"FROM (SELECT * FROM {table} WHERE {condition}) AS {table}\n")
        for text_of, (table, condition) in from_table.items()
        if text_of in text
    )


def is_of(row, lake):
    if "account_id" in row:
        return row["account_id"] == lake.account_id
    return any(f"{lake.name}." in value.lower() for value in row.values() if isinstance(value, str))


def plain(value):
    """Steps as their number since 1970."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return round(value.timestamp()) // 900
    return value


if __name__ == "__main__":
    main()
