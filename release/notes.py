#!/usr/bin/env python3
"""Prints the notes of a release: the section of that version in CHANGELOG.md.

release/notes.py VERSION [--base URL]

Fails if there is no such section, if it is empty, or if VERSION is not the version in Cargo.toml. With --base, links to files of the
repository begin with that URL, since the page of a release is not in a folder of the repository.
"""

import argparse
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).parents[1]


class NoNotesError(Exception):
    """The notes of this version cannot be printed."""


def section(changelog, version):
    """Returns the section whose heading is the version, or the version and a date: `## 0.1.0 - 2026-12-01`."""
    sections = re.split(r"^## (.*)\n", changelog, flags=re.M)
    found = [body.strip() for title, body in zip(sections[1::2], sections[2::2], strict=True) if title.split(" ")[0] == version]
    if len(found) != 1:
        raise NoNotesError(f'CHANGELOG.md has {len(found)} sections "## {version}", but must have one')
    if not found[0]:
        raise NoNotesError(f'the section "## {version}" of CHANGELOG.md is empty')
    return found[0]


def with_base(text, base):
    """Returns the text with links to files of the repository as URLs."""
    return re.sub(r"\]\((?![a-z]+:|#)", f"]({base}", text)


def notes(changelog, manifest, version, base=""):
    """Returns the notes of a version, from the texts of CHANGELOG.md and Cargo.toml."""
    in_manifest = tomllib.loads(manifest)["workspace"]["package"]["version"]
    if version != in_manifest:
        raise NoNotesError(f"the version to release is {version}, but Cargo.toml has {in_manifest}")
    return with_base(section(changelog, version), base)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="such as 0.1.0")
    parser.add_argument("--base", default="", help="such as https://github.com/OWNER/NAME/blob/v0.1.0/")
    given = parser.parse_args()
    try:
        print(notes((ROOT / "CHANGELOG.md").read_text(), (ROOT / "Cargo.toml").read_text(), given.version, given.base))
    except NoNotesError as error:
        sys.exit(f"release/notes.py: {error}")


if __name__ == "__main__":
    main()
