#!/usr/bin/env python3
"""Tests release/notes.py."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "release"))

import notes

CHANGELOG = """# Changelog

## Unreleased

- **Next.** Not released.

## 0.2.0 - 2026-12-24

### What it does

- See [the exhibit](docs/exhibit.md#limits), [AWS](https://aws.amazon.com/) and [above](#changelog).

## 0.1.0

## 0.1.0-rc.1

- A candidate.
"""
SECTION_OF_0_2_0 = """### What it does

- See [the exhibit](docs/exhibit.md#limits), [AWS](https://aws.amazon.com/) and [above](#changelog)."""


def manifest(version):
    return f'[workspace.package]\nversion = "{version}"\n'


class Notes(unittest.TestCase):
    def assert_refused(self, message, version, in_manifest=None, changelog=CHANGELOG):
        with self.assertRaises(notes.NoNotesError) as caught:
            notes.notes(changelog, manifest(in_manifest or version), version)
        self.assertEqual(str(caught.exception), message)

    def test_the_section_of_the_version_ends_at_the_next_version(self):
        self.assertEqual(notes.notes(CHANGELOG, manifest("0.2.0"), "0.2.0"), SECTION_OF_0_2_0)

    def test_the_last_section_ends_with_the_file(self):
        self.assertEqual(notes.notes(CHANGELOG, manifest("0.1.0-rc.1"), "0.1.0-rc.1"), "- A candidate.")

    def test_only_links_to_files_of_the_repository_get_the_base(self):
        expected = SECTION_OF_0_2_0.replace("(docs/", "(https://host/v0.2.0/docs/")
        self.assertEqual(notes.notes(CHANGELOG, manifest("0.2.0"), "0.2.0", "https://host/v0.2.0/"), expected)

    def test_a_version_without_a_section_is_refused(self):
        self.assert_refused('CHANGELOG.md has 0 sections "## 0.3.0", but must have one', "0.3.0")

    def test_the_beginning_of_a_version_is_no_version(self):
        self.assert_refused('CHANGELOG.md has 0 sections "## 0.2", but must have one', "0.2")

    def test_two_sections_of_one_version_are_refused(self):
        self.assert_refused('CHANGELOG.md has 2 sections "## 0.2.0", but must have one', "0.2.0", changelog=CHANGELOG + "\n## 0.2.0\n")

    def test_an_empty_section_is_refused(self):
        self.assert_refused('the section "## 0.1.0" of CHANGELOG.md is empty', "0.1.0")

    def test_another_version_than_the_manifest_is_refused(self):
        self.assert_refused("the version to release is 0.2.0, but Cargo.toml has 0.2.0-dev", "0.2.0", "0.2.0-dev")


if __name__ == "__main__":
    unittest.main()
