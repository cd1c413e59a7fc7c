"""Lakes made by hand for the tests of `sessions`, each with a name. The files `session_cases_of_*.py` fill them."""

from merge_lakes import Lake

#: By name: a function that fills a lake, and the days before NOW from which its minutes count.
CASES = {}


def case(days=2.5):
    """Registers a case by the name of its function. By default its minutes count from midnight, two and a half days before NOW."""
    return lambda function: CASES.update({function.__name__: (function, days)})


def all_cases():
    """The lake of each case."""
    made = []
    for name, (build, days) in CASES.items():
        lake = Lake(f"{200_000_000_000 + len(made)}", name.replace("_", " "), days)
        build(lake)
        made.append(lake)
    return made
