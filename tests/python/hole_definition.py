"""Computes holes from run records by trying every pair of captures: the definition in docs/coverage.md, taken at its word.

Shares nothing with `src/proof/coverage.rs` or the SQL. Times are milliseconds since 1970.
"""

import collections
import datetime

HOUR = 3_600_000
LISTING = "*"

Hole = collections.namedtuple("Hole", "endpoint begins ends open")


def millis(text):
    """A time of a run record; `None` for none."""
    if text is None:
        return None
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Evidence:
    """The evidence that the records give of each endpoint, which is an account, a Region and an id."""

    def __init__(self, records):
        self.attempts = collections.defaultdict(list)
        self.captures = collections.defaultdict(dict)
        #: Of each account and Region: the attempts of scheduled runs at the list of endpoints.
        self.scheduled = collections.defaultdict(list)
        #: Of each account and Region: when a complete listing began, and what it has.
        self.listings = collections.defaultdict(list)
        for number, record in enumerate(records):
            start = millis(record["start"])
            for target in record["targets"]:
                name = (target["account_id"], target["region"], target["endpoint_id"])
                self.note(name, start, target, target["outcome"], target["object_key"] or number)
            for place in record["places"]:
                discovery = place["discovery"]
                if discovery is None:
                    continue
                # With this code, EC2 listed them, and the list was compared with no earlier one.
                error = discovery["error"] and discovery["error"]["code"] != "LedgerUnreadable"
                outcome = "failed" if error or discovery["endpoints"] is None else "complete"
                name = (place["account_id"], place["region"], LISTING)
                proves = self.note(name, start, discovery, outcome, number)
                # A record without the field is of an older version.
                if record.get("scheduled") is not False:
                    self.scheduled[name].append(self.attempts[name][-1])
                if proves:
                    begins = self.captures[name][number][0]
                    self.listings[name[:2]].append((begins, set(discovery["endpoints"] or [])))

    def note(self, name, start, times, outcome, object_key):
        """Notes an attempt; returns if it proves something."""
        requested = millis(times.get("first_page_requested_at"))
        begins = start if requested is None else requested
        self.attempts[name].append(begins)
        first, ends = millis(times.get("first_page_at")), millis(times.get("last_page_at"))
        if outcome not in ("complete", "already_captured") or first is None or ends is None:
            return False
        if not begins <= first <= ends:
            return False
        known = self.captures[name].get(object_key, (begins, ends))
        self.captures[name][object_key] = (min(known[0], begins), max(known[1], ends))
        return True

    def endpoints(self):
        names = set(self.attempts)
        for (account_id, region), listings in self.listings.items():
            names |= {(account_id, region, id) for _, ids in listings for id in ids}
        return sorted(names)

    def listed(self, name):
        """When listings began that have the endpoint, and when those that do not. The list itself is on no list."""
        listings = self.listings[name[:2]] if name[2] != LISTING else []
        having = [begins for begins, ids in listings if name[2] in ids]
        lacking = [begins for begins, ids in listings if name[2] not in ids]
        return having, lacking

    def beginning(self, name):
        """When the record of an endpoint begins; of the list of endpoints `None` if no scheduled run asked for it."""
        if name[2] == LISTING:
            return min(self.scheduled[name], default=None)
        having, lacking = self.listed(name)
        known = min(self.attempts[name] + having)
        before = [begins for begins in lacking if begins < known]
        return max(before) if before else min(self.attempts[name] or [known])

    def gone(self, name):
        having, lacking = self.listed(name)
        last = max(self.attempts[name] + having)
        return min((begins for begins in lacking if begins > last), default=None)

    def holes(self, now, since=None):
        """Every hole; with `since`, those of a report that begins then."""
        return {hole for name in self.endpoints() for hole in self.holes_of(name, now, since)}

    def holes_of(self, name, now, since):
        gone = self.gone(name)
        beginning = self.beginning(name)
        if beginning is None:
            return
        if since is not None:
            beginning = max(beginning, since)
        if gone is not None and gone <= beginning:
            return
        captures = self.captures[name].values()
        for begins in {beginning} | {begins for begins, _ in captures if begins > beginning}:
            following = [ends for later, ends in captures if later > begins]
            if following:
                if min(following) - begins >= HOUR:
                    yield Hole(name, begins, min(following), False)
            elif gone is not None:
                yield Hole(name, begins, gone, False)
            elif now - begins >= HOUR:
                yield Hole(name, begins, now, True)

    def is_covered(self, name, holes, began, ended):
        """If a connection that lived from `began` to `ended` lies after the endpoint's beginning and in none of its holes."""
        return self.beginning(name) <= began and not any(hole.begins <= ended and hole.ends > began for hole in holes)
