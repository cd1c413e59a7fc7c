"""Holds the page of an exhibit against its data files and against what a reader needs, in Chromium: on screens of three widths,
light and dark, and on paper, A4 and letter. Shares no code with the program that wrote it.

Usage: check_page.py EXHIBIT [PICTURES]

PICTURES is a directory that screenshots and PDFs are kept in, for people. CHROMIUM is the path of the browser; without it the
first of `chromium`, `chromium-browser`, `google-chrome` in PATH. Exits with 3 if there is none.
Prints a JSON object: what was looked at, and every problem found. Requirements: tests/requirements-browser.txt.
"""

import contextlib
import csv
import datetime
import functools
import importlib.resources
import json
import math
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unicodedata
import zoneinfo
from decimal import ROUND_HALF_UP, Decimal

import pypdf
import pypdfium2
from playwright.sync_api import sync_playwright

WIDTHS = [1280, 768, 390]
SCHEMES = ["light", "dark"]
# Points of a sheet, and the pixels of CSS between margins of 12 mm.
SHEETS = {"A4": (595.3, 841.9, 703), "Letter": (612.0, 792.0, 725)}
MARGIN = 12 / 25.4 * 72
FOOT = 18 / 25.4 * 72
# Pixels of CSS: 9 on a screen, 6 points on paper.
SMALLEST = {"screen": 9, "print": 8}
LEAST_CONTRAST = 4.5
# Rows of each table that axe-core sees: all of a table have the same markup, and it takes minutes for some thousand cells.
ROWS_FOR_AXE = 12
# Most of a kind of problem that are told.
MOST_TOLD = 3

VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

# Everything that the page says, in the order of the page. A cell is a list of its lines: one for each division in it.
CONTENT = """
() => {
  const lines = cell => {
    const found = [];
    let line = '';
    const add = () => { if (line !== '') found.push(line); line = ''; };
    for (const node of cell.childNodes) {
      if (node.nodeName === 'DIV') { add(); line = node.textContent; add(); } else line += node.textContent;
    }
    add();
    return found;
  };
  const source = table => {
    for (let next = table.closest('.table').nextElementSibling; next; next = next.nextElementSibling) {
      if (next.nodeName === 'P' && next.textContent.startsWith('Data: ')) return [...next.querySelectorAll('a')].map(a => a.getAttribute('href'));
    }
    return [];
  };
  const following = table => {
    const next = table.closest('.table').nextElementSibling;
    return next && next.nodeName === 'P' ? next.textContent : '';
  };
  const all = (selector, of) => [...document.querySelectorAll(selector)].map(of);
  const numbers = rect => ['x', 'width'].map(name => parseFloat(rect.getAttribute(name)));
  return {
    title: document.title,
    policy: all('meta[http-equiv="Content-Security-Policy"]', meta => meta.content),
    active: all('script, iframe, object, embed, form, base, link, img, video, audio, meta[http-equiv="refresh"]', e => e.outerHTML.slice(0, 200))
      .concat(all('*', e => e).flatMap(e => [...e.attributes].filter(a => /^on|^style$/i.test(a.name)).map(a => `${e.nodeName} ${a.name}`))),
    ids: all('[id]', e => e.id),
    links: all('a', a => a.getAttribute('href')),
    headings: all('h1, h2, h3, h4, h5, h6', h => [parseInt(h.nodeName[1]), h.textContent]),
    sections: all('section', s => ({ id: s.id, heading: s.querySelector('h2').textContent })),
    contents: all('nav a', a => [a.getAttribute('href'), a.textContent]),
    answers: all('p.answer', p => p.textContent),
    holes: all('svg .hole', numbers),
    tables: all('table', table => ({
      caption: table.caption ? table.caption.textContent : '',
      head: [...table.querySelectorAll('thead th')].map(th => th.textContent),
      rows: [...table.querySelectorAll('tbody tr')].map(tr => [...tr.cells].map(lines)),
      source: source(table),
      note: following(table),
    })),
  };
}
"""

# How the page is laid out. `limits` has the least size of text in pixels.
LAYOUT = """
limits => {
  const problems = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) problems.push(`the page scrolls sideways: ${root.scrollWidth} in ${root.clientWidth} pixels`);
  const numbers = color => (color.match(/[0-9.]+/g) || []).map(Number);
  const luminance = color => {
    const [r, g, b] = numbers(color).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!(numbers(color).length === 4 && numbers(color)[3] === 0)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const scrolls = element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  const is_cut_by = (element, rect) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return (['hidden', 'clip'].includes(style.overflowX) && (rect.left < box.left - 1 || rect.right > box.right + 1))
      || (['hidden', 'clip'].includes(style.overflowY) && (rect.top < box.top - 1 || rect.bottom > box.bottom + 1));
  };
  const styles = new Map();
  const style_of = element => {
    if (styles.has(element)) return styles.get(element);
    const style = getComputedStyle(element);
    const matrix = element.ownerSVGElement ? element.getScreenCTM() : { a: 1, d: 1 };
    const [light, dark] = [luminance(element.ownerSVGElement ? style.fill : style.color), luminance(background(element))].sort((a, b) => b - a);
    const found = { size: parseFloat(style.fontSize) * Math.min(matrix.a, matrix.d), contrast: (light + 0.05) / (dark + 0.05), shown: style.visibility === 'visible' };
    styles.set(element, found);
    return found;
  };
  let [smallest, least, texts] = [Infinity, Infinity, 0];
  const placed = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('title, style, script')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter(rect => rect.width > 0);
    const what = `${parent.nodeName.toLowerCase()} "${node.data.trim().slice(0, 60)}"`;
    if (rects.length === 0) continue;
    texts += 1;
    const { size, contrast, shown } = style_of(parent);
    if (!shown) { problems.push(`${what} is hidden`); continue; }
    smallest = Math.min(smallest, size);
    least = Math.min(least, contrast);
    if (size < limits.smallest - 0.05) problems.push(`text is too small: ${what} has ${size.toFixed(1)} pixels`);
    if (contrast < limits.contrast) problems.push(`text is too pale: ${what} has a contrast of ${contrast.toFixed(2)}`);
    for (const rect of rects) {
      for (let e = parent; e; e = e.parentElement) {
        const box = e.getBoundingClientRect();
        if (e.matches('td, th, .card, main, footer, svg') && (rect.left < box.left - 1 || rect.right > box.right + 1)) {
          problems.push(`text is out of its box: ${what}, by ${Math.max(box.left - rect.left, rect.right - box.right).toFixed(0)} pixels of a ${e.nodeName.toLowerCase()}`);
        }
        if (e.matches('.card, svg') && (rect.top < box.top - 1 || rect.bottom > box.bottom + 3)) problems.push(`text is out of its box: ${what}, above or below`);
        if (is_cut_by(e, rect)) problems.push(`text is cut: ${what}`);
        if (scrolls(e)) break;
      }
      placed.push({ rect, node, what });
    }
  }
  placed.sort((one, other) => one.rect.top - other.rect.top);
  placed.forEach((one, index) => {
    for (let next = index + 1; next < placed.length && placed[next].rect.top < one.rect.bottom - 3; next += 1) {
      const other = placed[next];
      const across = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const down = Math.min(one.rect.bottom, other.rect.bottom) - other.rect.top;
      if (one.node !== other.node && across > 1 && down > 3) problems.push(`texts overlap: ${one.what} and ${other.what}`);
    }
  });
  // What is broken over lines in a column that was crushed: a word of a head, a short text such as an address, a day or a time.
  for (const cell of document.querySelectorAll('th, td')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const is_short = cell.nodeName === 'TH' || /^.{1,12}$|^[0-9.]{1,15}$/.test(node.data.trim());
      const parts = is_short ? /[^\\s/-]+/g : /\\d{4}-\\d\\d-\\d\\d(?= |$)|\\d\\d:\\d\\d:\\d\\d [+-]\\d\\d:\\d\\d/g;
      for (const part of node.data.matchAll(parts)) {
        const range = document.createRange();
        range.setStart(node, part.index);
        range.setEnd(node, part.index + part[0].length);
        const lines = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)));
        if (lines.size > 1) problems.push(`a column is crushed: ${part[0]} is on ${lines.size} lines`);
      }
    }
  }
  return { problems, smallest: Math.round(smallest * 10) / 10, contrast: Math.round(least * 100) / 100, texts };
}
"""

AXE = """
async rows => {
  document.querySelectorAll('tbody').forEach(body => [...body.rows].slice(rows).forEach(row => row.remove()));
  const values = axe.getRules().map(rule => rule.ruleId);
  const found = await axe.run(document, { runOnly: { type: 'rule', values }, resultTypes: ['violations'] });
  return { rules: values.length, violations: found.violations.map(of => `${of.id}: ${of.nodes.length} times, first ${of.nodes[0].html.slice(0, 160)}: ${of.nodes[0].failureSummary}`) };
}
"""

# Kinds of faults whose words are not those of the data file.
FAULTS = {
    "hidden_by_delete_marker": "hidden by a delete marker",
    "tail_cut": "tail of the chain cut",
    "record_unreadable": "run record unreadable",
    "record_misplaced": "run record misplaced",
    "record_inconsistent": "run record contradicts itself",
    "recorded_missing": "recorded and missing",
}
SIGNS = {"start": [], "plus": ["+"], "minus": ["\N{MINUS SIGN}"], "sum": ["="], "of_these": ["of these"]}
INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


#: Parts of the configuration, by their kind in the data file.
CONFIGURED = {
    "endpoint": "endpoint",
    "authorization_rule": "authorization rules",
    "route": "routes",
    "authorization_policy": "authorization policy",
    "revocation_list": "revocation list",
    "option": "options",
}
NETWORKS = {"associated_networks", "network_associations"}


class Cut(str):
    """A text that the page may cut after 80 characters."""

    def is_shown_as(self, text):
        return text == self or (text.endswith("…") and len(text) > 80 and self.startswith(text[:-1]))


def escaped(text):
    """A text with every character visible."""
    is_invisible = lambda c: unicodedata.category(c) == "Cc" or INVISIBLE.match(c)
    return "".join(f"\\u{{{ord(c):x}}}" if is_invisible(c) else c for c in text)


def name(text):
    return Cut(escaped(text))


def grouped(number):
    return "not known" if number is None else f"{number:,}"


def size(number):
    if number < 1000:
        return f"{max(number, 0)} B"
    for power, unit in enumerate(["kB", "MB", "GB", "TB", "PB"], 1):
        tenth = Decimal(number).scaleb(-3 * power).quantize(Decimal("0.1"), ROUND_HALF_UP)
        shown = f"{tenth} {unit}"
        if tenth < 1000:
            break
    return shown


def duration(seconds):
    seconds = max(seconds, 0)
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2]) or "0 s"


class Exhibit:
    """The files of an exhibit, and each table as it must be by them."""

    def __init__(self, folder, page):
        self.folder = folder
        facts = next((table["rows"] for table in page["tables"] if table["caption"] == "About this report"), [])
        zones = [value[0].split(". ")[0] for key, value in facts if key == ["Time zone"]]
        self.zone = zoneinfo.ZoneInfo(zones[0])
        with open(folder / "inputs.csv", newline="") as file:
            inputs = {row["name"]: row["value"] for row in csv.DictReader(file) if row["kind"] == "parameter"}
        times = {key: datetime.datetime.fromisoformat(inputs[key]) for key in ("from", "to", "as_of")}
        self.period = times["from"], min(times["to"], times["as_of"])

    def rows(self, file):
        path = self.folder / f"{file}.jsonl"
        if not path.exists():
            return []
        with open(path) as lines:
            return [json.loads(line) for line in lines]

    def time(self, text):
        if text is None:
            return []
        time = datetime.datetime.fromisoformat(text).astimezone(self.zone)
        offset = time.strftime("%z")
        return [f"{time:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"]

    def population(self):
        group = None
        for row in self.rows("population"):
            if row["group"] != group:
                group = row["group"]
                yield [[group]]
            yield [[row["line"]], SIGNS[row["part"]], [grouped(row["count"])]]

    def unreadable(self):
        return [[[escaped(row["object_key"])], [name(row["problem"])]] for row in self.rows("unreadable")]

    def endpoint(self, row):
        listing = f"list of endpoints of {row['account_id']} {row['region']}"
        return [listing if row["endpoint_id"] == "*" else escaped(row["endpoint_id"])]

    def endpoints(self):
        for row in self.rows("endpoints"):
            others = sum(row[outcome] for outcome in ("already_captured", "partial", "failed"))
            proven = f"{math.floor(row['proven'] * 1000) / 10:.1f} %"
            counts = [grouped(row["complete"]), grouped(others), duration(row["longest_gap_seconds"]), grouped(row["holes"]), proven]
            yield [self.endpoint(row), self.time(row["from"]), *([count] for count in counts)]

    def holes(self):
        for row in self.rows("holes"):
            to = ["no capture since"] if row["open"] else self.time(row["to"])
            yield [self.endpoint(row), self.time(row["from"]), to, [grouped(row["seconds"] // 60)], [name(row["reason"])], [], [], []]

    def missing_windows(self):
        for row in self.rows("missing_windows"):
            reading = "second, for events that came late" if row["late"] else "first"
            yield [[escaped(row["endpoint_id"])], self.time(row["from"]), self.time(row["to"]), [reading], [name(row["reason"])]]

    def verified(self):
        for row in self.rows("verified"):
            counts = [row[column] for column in ("digests", "signatures", "objects", "late", "expired")]
            counts.append(row["not_sealed_yet"] + row["without_digest"])
            hours = f"{row['first_hour']} to {row['last_hour']}"
            yield [[name(row["account_id"])], [name(row["region"])], [hours], *([grouped(count)] for count in counts)]

    def faults(self):
        for row in self.rows("faults"):
            kind = FAULTS.get(row["kind"], row["kind"].replace("_", " "))
            yield [[kind], [escaped(row["object_key"])], [name(row["message"])]]

    def review(self):
        def few(values):
            values = sorted(values)
            return [name(value) for value in values[:4] if value] + ([f"and {len(values) - 4} more"] if len(values) > 4 else [])

        for row in self.rows("identities"):
            yield [
                [identity(row)],
                *([grouped(row[column])] for column in ("sessions", "days")),
                *(self.time(row[column]) for column in ("first", "last")),
                [duration(row["duration_seconds"])],
                *([size(row[column])] for column in ("ingress_bytes", "egress_bytes")),
                [grouped(len(row["endpoints"]))],
                *(few(row[column]) for column in ("public_addresses", "common_names")),
            ]

    def most_moved(self):
        moved = lambda row: min(row["ingress_bytes"] + row["egress_bytes"], 2**63 - 1)
        order = lambda row: (moved(row), row["identity"] is not None, row["identity"] or "")
        for row in sorted(self.rows("identities"), key=order, reverse=True):
            yield [[identity(row)], [grouped(row["sessions"])], [size(row["ingress_bytes"])], [size(row["egress_bytes"])]]

    def active(self):
        active = {}
        for row in self.rows("captures"):
            of = active.setdefault((row["account_id"], row["region"], row["endpoint_id"]), {})
            if row["outcome"] == "complete":
                of[row["snapshot_time"]] = row["active"]
        for key, of in sorted(active.items()):
            most = max(of.values(), default=None)
            at = self.time(min((time for time, count in of.items() if count == most), default=None))
            yield [[name(key[2])], [grouped(len(of))], ["none" if most is None else grouped(most)], at]

    def sample(self):
        of_sessions = {}
        for row in self.rows("sample"):
            of_sessions.setdefault((row["sha256"], row["endpoint_id"], row["connection_id"]), []).append(row)
        for rows in of_sessions.values():
            different = lambda *columns, rows=rows: [
                escaped(text) for text in dict.fromkeys(row[column] for row in rows for column in columns) if text
            ]
            row = rows[0]
            objects = dict.fromkeys((row["object_key"], row["object_sha256"]) for row in rows if row["object_key"])
            yield [
                [escaped(row["connection_id"]), f"drawn by {row['sha256']}"],
                [identity(row)],
                self.time(row["connection_established_time"]) + self.time(row["ends_at"]),
                [escaped(f"{key} SHA-256 {sha256 or 'not stated'}") for key, sha256 in objects] or ["none found"],
                different("first_request_id", "last_request_id") or ["none found"],
                different("digest_key") or ["none found"],
            ]

    def sample_captures(self):
        for row in self.rows("sample_captures"):
            ids = [escaped(text) for text in dict.fromkeys((row["first_request_id"], row["last_request_id"])) if text]
            yield [self.time(row["snapshot_time"]), [escaped(row["endpoint_id"])], [row["outcome"]], [grouped(row["rows"])], ids, [escaped(row["run_key"])], [row["drawn_by"]]]

    def sample_holes(self):
        for row in self.rows("sample_holes"):
            to = ["no capture since"] if row["open"] else self.time(row["to"])
            yield [[escaped(row["endpoint_id"])], self.time(row["from"]), to, [row["drawn_by"], f"of {escaped(row['endpoint_id'])} {row['from']}"]]

    def findings(self, rule):
        for row in self.rows("findings"):
            if row["rule"] == rule:
                texts = ([name(row[column])] if row[column] else [] for column in ("identity", "connection_id", "detail"))
                who, session, detail = texts
                yield [who, self.time(row["at"]), session, detail]

    def configuration_changes(self):
        for row in self.rows("configuration_changes"):
            times = [self.time(row[column]) for column in ("from_snapshot", "to_snapshot")]
            values = [[name(row[column])] if row[column] is not None else [] for column in ("from_value", "to_value")]
            yield [*times, [escaped(row["endpoint_id"])], ["networks" if row["name"] in NETWORKS else CONFIGURED[row["kind"]]], [name(row["name"])], [row["change"]], *values]

    def differences(self):
        for row in self.rows("differences"):
            yield [[row["kind"]], [name(row["endpoint_id"])], [name(row["connection_id"])], self.time(row["began"])]

    def data_files(self):
        for path in sorted(self.folder.glob("*.jsonl")):
            with open(path.with_suffix(".csv"), newline="") as file:
                rows = len(list(csv.reader(file))) - 1
            lines = len(self.rows(path.stem))
            yield path.stem, lines if rows == lines else f"{rows} in CSV, {lines} in JSON"


def identity(row):
    return "no name" if row["identity"] is None else name(row["identity"])


# Tables by their caption: their data file and the rows that they must have.
TABLES = {
    "Every row and session, and every one that is left out": ("population", Exhibit.population),
    "Not read": ("unreadable", Exhibit.unreadable),
    "Endpoints": ("endpoints", Exhibit.endpoints),
    "Holes. Cause, action and ticket are for the entity to fill in": ("holes", Exhibit.holes),
    "Accounts and Regions": ("verified", Exhibit.verified),
    "Windows of connection logs that are missing": ("missing_windows", Exhibit.missing_windows),
    "Faults": ("faults", Exhibit.faults),
    "Access review": ("identities", Exhibit.review),
    "Those who moved most": ("identities", Exhibit.most_moved),
    "Active connections, by the complete captures of the period": ("captures", Exhibit.active),
    "Sampled sessions, and the captures that show each first and last": ("sample", Exhibit.sample),
    "Sampled captures: search CloudTrail for the request ids": ("sample_captures", Exhibit.sample_captures),
    "Sampled holes: ask the entity for cause, action and ticket": ("sample_holes", Exhibit.sample_holes),
    "Differences": ("differences", Exhibit.differences),
    "Changes of the configuration": ("configuration_changes", Exhibit.configuration_changes),
}
# Tables that have no data file, or more than one.
WITHOUT_DATA = {
    "Snapshots of the configuration",
    "Configuration at the beginning and at the end of the period",
    "About this report",
    "Fill in by hand",
    "Newest digest of each account and Region that was read",
    "Protection",
    "Run records that were sealed late",
    "Differences in seconds; negative: behind",
    "Captures whose times contradict each other",
    "Rules",
    "Sessions and events",
    "Controls",
    "Data files",
    "Words",
}
# Rules of findings, by the beginning of their words.
RULES = {
    "failed_attempt": "An attempt to connect failed",
    "outside_working_hours": "A session began outside ",
    "long_session": "A session lasted ",
    "overlapping_sessions": "Two sessions of one identity overlapped ",
    "several_addresses": "The same, from two public addresses",
    "posture_not_compliant": "A posture status that is not ",
    "policy_denied": "The authorization policy denied ",
    "failed_to_terminate": "A session was shown as failed-to-terminate",
    "not_in_user_list": "An identity is not in the list ",
    "without_session": "A user of that list had no session",
}


def rules(page):
    """The words of each rule in the table of rules."""
    texts = [row[0][0] for table in page["tables"] if table["caption"] == "Rules" for row in table["rows"]]
    return {rule: text for rule, begin in RULES.items() for text in texts if text.startswith(begin)}


def check_tables(exhibit, page, problems):
    """The figures of each table are those of its data file, and a table that does not show all of them says so."""
    known = TABLES | {text: ("findings", functools.partial(Exhibit.findings, rule=rule)) for rule, text in rules(page).items()}
    counts = {}
    for table in page["tables"]:
        caption = table["caption"]
        files, make = known.get(caption, (None, None))
        if make is None and caption not in WITHOUT_DATA:
            problems.append(f"{caption}: tests/python/check_page.py does not know this table")
        if make:
            if table["source"] != [f"{files}.csv", f"{files}.jsonl"]:
                problems.append(f"{caption}: the data line names {table['source']}, not {files}.csv")
            rows, wanted = table["rows"], list(make(exhibit))
            counts[caption] = len(rows)
            differing = [(row, want) for row, want in zip(rows, wanted, strict=False) if not is_row(row, want)]
            problems += [f"{caption}: {row} is not {want}" for row, want in differing[:MOST_TOLD]]
            note = re.search(r"[Tt]he first (\d+) of ([\d,]+) ", table["note"])
            said = (int(note[1]), int(note[2].replace(",", ""))) if note else (len(wanted), len(wanted))
            if said != (len(rows), len(wanted)):
                problems.append(f"{caption}: {len(rows)} rows of {len(wanted)}, and the note says {said}")
            if wanted and len(rows) < min(len(wanted), 20):
                problems.append(f"{caption}: only {len(rows)} rows")
    shown = {caption: [row for table in page["tables"] if table["caption"] == caption for row in table["rows"]] for caption in known}
    for caption, (file, make) in known.items():
        if not shown[caption] and list(make(exhibit)):
            problems.append(f"{caption}: there is no such table, although {file}.jsonl has rows")
    listed = {row[0][0].split(".csv")[0]: row[1] for table in page["tables"] if table["caption"] == "Data files" for row in table["rows"]}
    counted = dict(exhibit.data_files())
    if {file: [str(rows)] for file, rows in counted.items()} != {file: [rows[0].replace(",", "")] for file, rows in listed.items()}:
        problems.append(f"Data files: {listed} are not {counted}")
    return counts


def is_row(row, wanted):
    """The same lines in the same order; which of them share a cell is a question of layout."""
    lines, wanted = ([line for cell in cells for line in cell] for cells in (row, wanted))
    return len(lines) == len(wanted) and all(map(is_line, lines, wanted))


def is_line(line, wanted):
    return wanted.is_shown_as(line) if isinstance(wanted, Cut) else line == wanted


def check_sums(exhibit, page, problems):
    """Checks the identities and bytes that the answers of sections state."""
    identities = exhibit.rows("identities")
    sessions = sum(row["sessions"] for row in identities)
    if sessions != len(exhibit.rows("sessions")):
        problems.append(f"the identities have {sessions} sessions, not those of sessions.jsonl")
    sent, received = (min(sum(row[column] for row in identities), 2**63 - 1) for column in ("ingress_bytes", "egress_bytes"))
    known = [row for row in identities if row["identity_key"] is not None]
    found = [row["rule"] for row in exhibit.rows("findings")]
    of_rules = {row[0][0]: row for table in page["tables"] if table["caption"] == "Rules" for row in table["rows"]}
    if set(rules(page)) != set(RULES) or len(of_rules) != len(RULES):
        problems.append(f"Rules: {list(of_rules)} are not those of tests/python/check_page.py")
    for rule, text in rules(page).items():
        _, tested, *counts = of_rules[text][:4]
        number = lambda cell: int(cell[0].replace(",", "")) if cell else 0
        if found.count(rule) != (number(counts[0]) - number(counts[1]) if tested != ["not tested"] else 0):
            problems.append(f"Rules: {of_rules[text][:4]}, and findings.jsonl has {found.count(rule)}")
    kinds = [row["kind"] for row in exhibit.rows("differences")]
    events = {row[0][0]: row[1][0] for table in page["tables"] if table["caption"] == "Sessions and events" for row in table["rows"]}
    lines = {
        "no log event": "without one",
        "no session": "of these without a session, although captures",
        "no session, in a hole": "of these without a session, begun in a hole",
        "no session, not on record then": "of these without a session, of an endpoint",
        "no session in what could be read": "of these without a session in the captures",
        "no session yet": "of these without a session yet",
    }
    for kind, begin in lines.items():
        line = next((count for line, count in events.items() if line.startswith(begin)), None)
        if line != grouped(kinds.count(kind)):
            problems.append(f"Sessions and events: {begin} {line}, and differences.jsonl has {kinds.count(kind)}")
    named = sum(row["sessions"] for row in known)
    plural = lambda number, one, many: f"{number:,} {one if number == 1 else many}"
    people = f"{plural(len(known), 'identity', 'identities')} had {plural(named, 'session', 'sessions')} "
    observations = f"{len(found)} observations by "
    for text in (f"sent {size(sent)} and received {size(received)}.", people, observations):
        if not any(text in answer for answer in page["answers"]):
            problems.append(f"no section answers {text!r}")


def check_timeline(exhibit, page, problems):
    """The holes of the first 40 endpoints are drawn where they are."""
    begin, end = exhibit.period
    endpoints = [(row["account_id"], row["region"], row["endpoint_id"]) for row in exhibit.rows("endpoints")][:40]
    holes = [row for row in exhibit.rows("holes") if (row["account_id"], row["region"], row["endpoint_id"]) in endpoints]
    share = lambda text: min(max((datetime.datetime.fromisoformat(text) - begin) / (end - begin), 0), 1) * 1000
    wanted = [(share(row["from"]), max(share(row["to"]) - share(row["from"]), 0.5)) for row in holes]
    if len(wanted) != len(page["holes"]):
        problems.append(f"timeline: {len(page['holes'])} holes are drawn, not {len(wanted)}")
    for drawn, want in zip(page["holes"], wanted, strict=False):
        if any(abs(one - other) > 0.11 for one, other in zip(drawn, want, strict=True)):
            problems.append(f"timeline: a hole is drawn at {drawn}, not at {want}")


def check_structure(exhibit, page, problems):
    """Links have a target, headings are in order, the table of contents is that of the sections, and nothing could act."""
    if page["policy"] != ["default-src 'none'; style-src 'unsafe-inline'"]:
        problems.append(f"content security policy: {page['policy']}")
    problems += [f"the page has an element or attribute that could act or load: {element}" for element in page["active"][:MOST_TOLD]]
    problems += [f"id twice: {id}" for id in {id for id in page["ids"] if page["ids"].count(id) > 1}]
    for link in dict.fromkeys(page["links"]):
        if not link:
            problems.append("a link has no target")
        elif link.startswith("#"):
            if link[1:] not in page["ids"]:
                problems.append(f"link {link}: no such section")
        elif not re.fullmatch(r"[a-z0-9_]+\.[a-z0-9]+", link) or not (exhibit.folder / link).is_file():
            problems.append(f"link {link}: no such file in the exhibit")
    levels = [level for level, _ in page["headings"]]
    if levels[:1] != [1] or levels.count(1) != 1:
        problems.append(f"headings: the first and only h1 is not first: {levels}")
    problems += [
        f"headings: h{level} {text!r} follows h{before}"
        for (before, _), (level, text) in zip(page["headings"], page["headings"][1:], strict=False)
        if level > before + 1
    ]
    contents = [(f"#{section['id']}", section["heading"]) for section in page["sections"]]
    if contents != [(link, f"{index}. {text}") for index, (link, text) in enumerate(page["contents"], 1)]:
        problems.append(f"the contents {page['contents']} are not the sections {contents}")


def told(where, found, problems):
    """Adds problems with the place; of many of a kind, the first."""
    kinds = {}
    for problem in dict.fromkeys(found):
        kinds.setdefault(problem.split(":")[0], []).append(problem)
    for kind, of in kinds.items():
        problems += [f"{where}: {problem}" for problem in of[:MOST_TOLD]]
        if len(of) > MOST_TOLD:
            problems.append(f"{where}: {kind}: {len(of) - MOST_TOLD} more")


def open_page(browser, address, requests, problems, where, **options):
    """A tab with the page in it; every request but that of the page is noted and refused."""
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.on("console", lambda message: problems.append(f"{where}: console: {message.text}"))
    tab.on("pageerror", lambda error: problems.append(f"{where}: error: {error}"))

    def answer(route):
        if route.request.url == address:
            route.continue_()
        else:
            requests.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    tab.add_init_script(VIOLATIONS)
    tab.goto(address)
    problems += [f"{where}: violation of the content security policy: {text}" for text in tab.evaluate("window.violations")]
    return tab


def check_screens(browser, address, pictures, problems):
    """The page on each screen, light and dark; returns what was found, and what the page says."""
    axe = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text()
    requests, screens, page = [], {}, None
    for width in WIDTHS:
        for scheme in SCHEMES:
            where = f"{width} {scheme}"
            tab = open_page(
                browser, address, requests, problems, where, viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            page = page or tab.evaluate(CONTENT)
            layout = tab.evaluate(LAYOUT, {"smallest": SMALLEST["screen"], "contrast": LEAST_CONTRAST})
            told(where, layout.pop("problems"), problems)
            tab.screenshot(path=pictures / f"{width}-{scheme}.png")
            if width != 768:
                tab.evaluate(f"{axe}; 0")
                found = tab.evaluate(AXE, ROWS_FOR_AXE)
                told(f"{where}: axe-core", found["violations"], problems)
                layout["axe_rules"] = found["rules"]
            screens[where] = layout
            tab.context.close()
    # Without its policy the page would be free to load whatever it names.
    open_page(browser, address, requests, problems, "without policy", bypass_csp=True).context.close()
    problems += [f"the page requests {url}" for url in dict.fromkeys(requests)]
    return screens, page


def check_paper(browser, address, page, pictures, problems):
    """The page on paper. In dark too, which paper must not know of."""
    pages = {}
    for sheet, (width, height, inner) in SHEETS.items():
        for scheme in SCHEMES if sheet == "A4" else SCHEMES[:1]:
            where = f"{sheet} {scheme}"
            tab = open_page(
                browser, address, [], problems, where, viewport={"width": inner, "height": 1000}, color_scheme=scheme
            )
            tab.emulate_media(media="print", color_scheme=scheme)
            layout = tab.evaluate(LAYOUT, {"smallest": SMALLEST["print"], "contrast": LEAST_CONTRAST})
            told(where, layout["problems"], problems)
            if scheme == "light":
                path = pictures / f"{sheet}.pdf"
                tab.pdf(path=path, format=sheet, tagged=True)
                pages[sheet], found = check_pdf(path, (width, height), page)
                told(sheet, found, problems)
            tab.context.close()
    return pages


def check_pdf(path, extent, page):
    """The number of pages, and problems: what is out of the page, the footers, and what the tags show."""
    width, height = extent
    document = pypdfium2.PdfDocument(path)
    number, period = page["title"].removeprefix("Exhibit ").split(": AWS Client VPN, ")
    problems = []
    for index in range(len(document)):
        text = document[index].get_textpage()
        where = f"page {index + 1}"
        if any(abs(one - other) > 1 for one, other in zip(document[index].get_size(), extent, strict=True)):
            problems.append(f"wrong size: {where} has {document[index].get_size()}")
        boxes = [text.get_rect(number) for number in range(text.count_rects())]
        outside = [box for box in boxes if box[0] < MARGIN - 1 or box[2] > width - MARGIN + 1 or box[1] < 0 or box[3] > height]
        if outside:
            problems.append(f"text out of the page: {where} has {len(outside)}, the first at {outside[0]}")
        # The footer is first in the file, and at the bottom of the sheet.
        footer = f"Exhibit {number} · {period} {index + 1} of {len(document)}"
        if not "".join(text.get_text_range().split()).startswith("".join(footer.split())):
            problems.append(f"no footer: {where} has no {footer!r}")
        if not any(box[3] < FOOT for box in boxes):
            problems.append(f"no footer: nothing is at the foot of {where}")
    return len(document), problems + check_tags(path, page)


def check_tags(path, page):
    """By the tags of the PDF: the cover is one page, no row is on two, and a table that goes on repeats its head."""
    problems = []
    headings, tables = tags(path)
    second_level = [text for level, text in page["headings"] if level == 2]
    first = second_level.index(page["sections"][0]["heading"])
    if len(headings) != len(second_level) or headings[first] != 1:
        problems.append(f"the cover is not one page: the first section begins on page {headings[first] + 1}")
    if len(tables) != len(page["tables"]):
        problems.append(f"{len(tables)} tables are tagged, not {len(page['tables'])}")
    for table, rows in zip(page["tables"], tables, strict=False):
        caption = table["caption"]
        if len(rows) != len(table["rows"]) + 1:
            problems.append(f"{caption}: {len(rows)} rows are tagged, not the head and {len(table['rows'])}")
        split = [min(pages) + 1 for pages in rows[1:] if len(pages) > 1]
        if split:
            problems.append(f"{caption}: {len(split)} rows are on two pages, the first on page {split[0]}")
        # The head has the tags of all its repetitions.
        heads, body = rows[0], set().union(*rows[1:])
        problems += [f"{caption}: no head on page {number + 1}" for number in sorted(body - heads)]
        problems += [f"{caption}: a head alone on page {number + 1}" for number in sorted(heads - body) if body]
    return problems


def tags(path):
    """The page of each heading of the second level, and for each table the pages that each of its rows is on."""
    headings, tables = [], []

    def pages_of(element, page, rows):
        element = element.get_object()
        if not isinstance(element, dict):
            return {page}
        page = numbers[element.raw_get("/Pg").idnum] if "/Pg" in element else page
        kind = element.get("/S")
        if element.get("/Type") == "/MCR":
            return {page}
        if kind == "/Table":
            rows = []
            tables.append(rows)
        children = element.get("/K", [])
        children = children if isinstance(children, list) else [children]
        # Marks of a table or row itself are of its lines, not of its text.
        children = [child for child in children if kind not in ("/Table", "/TR") or isinstance(child.get_object(), dict)]
        pages = set().union(*(pages_of(child, page, rows) for child in children)) - {None}
        if kind == "/TR":
            rows.append(pages)
        if kind == "/H2":
            headings.append(min(pages))
        return pages

    with contextlib.closing(pypdf.PdfReader(path)) as reader:
        numbers = {page.indirect_reference.idnum: index for index, page in enumerate(reader.pages)}
        pages_of(reader.trailer["/Root"]["/StructTreeRoot"], None, None)
    return headings, tables


def find_chromium():
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None or shutil.which(path) is None:
        print("check_page.py: no Chromium: install the package `chromium`, or set CHROMIUM to the path of one", file=sys.stderr)
        sys.exit(3)
    return path


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    chromium = find_chromium()
    problems = []
    with contextlib.ExitStack() as stack:
        pictures = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else stack.enter_context(tempfile.TemporaryDirectory()))
        pictures.mkdir(parents=True, exist_ok=True)
        playwright = stack.enter_context(sync_playwright())
        # The sandbox of Chromium does not work for root, nor in most containers.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        address = (folder / "report.html").as_uri()
        screens, page = check_screens(browser, address, pictures, problems)
        exhibit = Exhibit(folder, page)
        tables = check_tables(exhibit, page, problems)
        check_sums(exhibit, page, problems)
        check_timeline(exhibit, page, problems)
        check_structure(exhibit, page, problems)
        pages = check_paper(browser, address, page, pictures, problems)
        browser.close()
    facts = {"screens": screens, "pages": pages, "tables": tables, "links": len(page["links"]), "holes_drawn": len(page["holes"])}
    print(json.dumps(facts | {"problems": problems}, ensure_ascii=False))


if __name__ == "__main__":
    main()
