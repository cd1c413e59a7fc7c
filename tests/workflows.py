#!/usr/bin/env python3
"""Checks the rules of this repository for its workflows, which neither actionlint nor zizmor knows. tests/lint runs it."""

import pathlib
import re
import sys

import yaml

WORKFLOWS = pathlib.Path(__file__).parents[1] / ".github/workflows"
#: The only job that may write, and what it may write.
PUBLISHES = ("release.yml", "publish")
MAY_WRITE = {"attestations", "contents", "id-token"}
#: An action at a commit, with its version as a comment for readers and for Dependabot; or a workflow of this repository.
PINNED = re.compile(r"uses: (?:[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/workflows/[\w.-]+\.yml)(?: #.*)?")


def problems(name, text):
    """Returns what is wrong with the workflow `name`."""
    workflow = yaml.safe_load(text)
    found = [f"not pinned by commit and version: {use}" for use in re.findall(r"\buses:.*", text) if not PINNED.fullmatch(use)]
    if workflow.get("permissions") != {}:
        found.append("the workflow itself must have no permissions: `permissions: {}`")
    if "group" not in workflow.get("concurrency", {}):
        found.append("it has no concurrency group")
    for key, job in workflow["jobs"].items():
        found += [f"{key}: {problem}" for problem in problems_of_job(job, (name, key) == PUBLISHES)]
    return [f"{name}: {problem}" for problem in found]


def problems_of_job(job, publishes):
    permissions = job.get("permissions")
    if not isinstance(permissions, dict):
        yield "it must list its permissions"
    else:
        writes = {scope for scope, access in permissions.items() if access not in ("read", "none")}
        yield from (f"it may not write {scope}" for scope in sorted(writes - (MAY_WRITE if publishes else set())))
    if "uses" not in job and "timeout-minutes" not in job:
        yield "it has no timeout"
    checkouts = [step for step in job.get("steps", []) if step.get("uses", "").startswith("actions/checkout@")]
    if checkouts and publishes:
        yield "the job that may write must check nothing out"
    if any(step.get("with", {}).get("persist-credentials") is not False for step in checkouts):
        yield "a checkout keeps the credentials: `persist-credentials: false`"


#: Edits of a workflow, each of which must be found.
WRONG = [
    ("pull-request.yml", r"@[0-9a-f]{40} # ", "@v7 # "),
    ("pull-request.yml", r"(@[0-9a-f]{39})[0-9a-f] # ", r"\1 # "),
    ("pull-request.yml", r"( # v7\.0\.1)", ""),
    ("pull-request.yml", r"permissions: \{\}", "permissions: {contents: read}"),
    ("pull-request.yml", r"contents: read", "contents: write"),
    ("pull-request.yml", r"    permissions:\n      contents: read.*\n", "    permissions: write-all\n"),
    ("pull-request.yml", r"    permissions:\n      contents: read.*\n", ""),
    ("nightly.yml", r"    timeout-minutes: .*\n", ""),
    ("nightly.yml", r"        with:\n          persist-credentials: false\n", ""),
    ("nightly.yml", r"concurrency:\n.*\n.*\n", ""),
    ("release.yml", r"id-token: write", "packages: write"),
    ("release.yml", r"uses: \./\.github/workflows/", "uses: ./../workflows/"),
    ("release.yml", r"actions/download-artifact@", "actions/checkout@"),
]


def undetected():
    for name, pattern, replacement in WRONG:
        text = (WORKFLOWS / name).read_text()
        wrong, edits = re.subn(pattern, replacement, text, count=1)
        if not edits or not problems(name, wrong):
            yield f"an edit is not found: {pattern!r} to {replacement!r} in {name}"


def main():
    files = sorted(WORKFLOWS.glob("*.y*ml"))
    found = [problem for file in files for problem in problems(file.name, file.read_text())]
    found += [] if found else undetected()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
