"""The columns of `sessions`, and the statement that adds those that an older table lacks."""

import pathlib
import re

SESSIONS = pathlib.Path(__file__).resolve().parents[2] / "sessions"


def columns():
    """Name and Athena's type of each column of `sessions/create.sql`, in order."""
    return re.findall(r"^ +(\w+) (\w+) COMMENT ", (SESSIONS / "create.sql").read_text(), re.M)


def statement(name):
    """The statement of a file, without what its first lines say of it."""
    return re.sub(r"\A(-- .*\n)+", "", (SESSIONS / f"{name}.sql").read_text()).strip()


def add_columns(missing):
    """Athena's statement that adds these columns."""
    return statement("add_columns").replace("{missing_columns}", ", ".join(f"{name} {kind}" for name, kind in missing))
