#!/usr/bin/env python3
"""Checks programs of a release: that each is of the architecture, needs no newer glibc, is stripped, and has no path of this machine.

release/check_binary.py --architecture x86_64 --glibc 2.28 PROGRAM...
"""

import argparse
import os
import pathlib
import re
import sys

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}


def number(version):
    return tuple(int(part) for part in version.split("."))


def problems(path, architecture, glibc):
    """Returns what is wrong with the program, in words."""
    with open(path, "rb") as file:
        program = ELFFile(file)
        if program["e_machine"] != MACHINES[architecture]:
            yield f"it is of {program['e_machine']}, not of {architecture}"
        if program.get_section_by_name(".symtab"):
            yield "it is not stripped"
        needed = [
            version.name
            for section in program.iter_sections()
            if isinstance(section, GNUVerNeedSection)
            for _, versions in section.iter_versions()
            for version in versions
        ]
    found = {match[1] for name in needed if (match := re.fullmatch(r"GLIBC_([\d.]+)", name))}
    if not found:
        yield "it names no version of glibc"
    newest = max(found, key=number, default="0")
    if number(newest) > number(glibc):
        yield f"it needs glibc {newest}, newer than {glibc}"
    content = pathlib.Path(path).read_bytes()
    home = os.path.expanduser("~")
    for folder in (home, os.getcwd(), os.environ.get("CARGO_HOME"), os.environ.get("CARGO_TARGET_DIR")):
        if folder and folder != "/" and f"{folder}/".encode() in content:
            yield f"it has a path of this machine: {folder}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", choices=MACHINES, required=True)
    parser.add_argument("--glibc", required=True, help="the newest version that a program may need")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    given = parser.parse_args()
    found = [f"{path}: {problem}" for path in given.programs for problem in problems(path, given.architecture, given.glibc)]
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    main()
