#!/usr/bin/env python3
"""Packs files into a ZIP or tar.gz archive whose bytes depend on the files, and on the zlib of this Python, alone.

release/pack.py ARCHIVE [NAME=]FILE...

NAME is the name in the archive; without it, that is the path of FILE. The order is that of the names, each entry has the time in
SOURCE_DATE_EPOCH and no owner, and a file is executable in the archive if it is executable here.
"""

import argparse
import gzip
import os
import pathlib
import sys
import tarfile
import time
import zipfile


def mode(path):
    return 0o755 if os.access(path, os.X_OK) else 0o644


def write_zip(archive, entries, seconds):
    # A ZIP archive has no time before 1980, and none of a zone.
    date = max(time.gmtime(seconds)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(archive, "x") as packed:
        for name, path in entries:
            entry = zipfile.ZipInfo(name, date)
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode(path)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes(), compresslevel=9)


def write_tar(archive, entries, seconds):
    with (
        open(archive, "xb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=seconds) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as packed,
    ):
        for name, path in entries:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = path.stat().st_size, mode(path), seconds
            with open(path, "rb") as content:
                packed.addfile(entry, content)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("files", nargs="+", metavar="[NAME=]FILE")
    given = parser.parse_args()
    named = [file.split("=", 1) if "=" in file else (file, file) for file in given.files]
    entries = sorted((name, pathlib.Path(path)) for name, path in named)
    names = [name for name, _ in entries]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit(f"release/pack.py: more than one file would be {', '.join(sorted(twice))} in {given.archive}")
    seconds = int(os.environ["SOURCE_DATE_EPOCH"])
    write = {".zip": write_zip, ".gz": write_tar}.get(given.archive.suffix)
    if write is None:
        sys.exit(f"release/pack.py: {given.archive} must end in .zip or .tar.gz")
    write(given.archive, entries, seconds)


if __name__ == "__main__":
    main()
