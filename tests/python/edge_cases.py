"""Cases at the edges of the questions: lakes made by hand, and the answers, written out by hand.

A case makes a lake of an account of its own. `expect()` gives the rows of a question that are of that account or, in questions about
people, that name somebody of the case: the names of people and certificates begin with the name of the case.
"""

import collections

from edge_lakes import Lake

#: The expectation of a case: lake, question, edits, columns, and rows.
Expected = collections.namedtuple("Expected", "lake question edits columns rows alone")
CASES = []
EXPECTED = []


def case(build):
    CASES.append(build)


def all_cases(modules=()):
    """The lakes of all cases, or of those of some modules."""
    lakes = []
    for number, build in enumerate(CASES):
        if modules and build.__module__ not in modules:
            continue
        lake = Lake(f"{200_000_000_000 + number}", build.__name__)
        build(lake)
        lakes.append(lake)
    return lakes


def expect(lake, question, columns, rows, edits=(), alone=False):
    """With `alone`, the question is asked of the rows of this lake's account and no others."""
    EXPECTED.append(Expected(lake, question, tuple(edits), columns.split(), rows, alone))
