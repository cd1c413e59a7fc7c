#!/usr/bin/env python3
"""Writes the source of the site: the pages that docs/SUMMARY.md lists, and the files that they link to.

docs/site/pages.py FOLDER

Each page has the path that it has in the repository, so its links work on GitHub and in the site. Two kinds of links change: mdBook names
the page of a README.md index.html, and each question in queries/ has a page of its own, below that of docs/questions.md. A link to
anything else that the site does not have is an error, and so is a page of docs/ that is not listed.
"""

import pathlib
import posixpath
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).parents[2]
SUMMARY = "docs/SUMMARY.md"
QUESTIONS = "docs/questions.md"
LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)#]+)")
FENCE = re.compile(r"^(```.*?^```$)", re.M | re.S)


def main():
    book = pathlib.Path(sys.argv[1])
    source = book / "src"
    source.mkdir(parents=True)
    for file in ("book.toml", "site.css", "diagrams.js"):
        shutil.copy(ROOT / "docs/site" / file, book)
    summary = with_links((ROOT / SUMMARY).read_text(), lambda target: resolve(SUMMARY, target))
    pages = [target for _, target in LINK.findall(summary)]
    queries = sorted(path.stem for path in (ROOT / "queries").glob("*.sql"))
    write(source / "SUMMARY.md", with_questions(summary, queries))
    for name in queries:
        write(source / question_page(name), question((ROOT / "queries" / f"{name}.sql").read_text(), name))
    unlisted = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - {SUMMARY, *pages}
    problems = [f"{SUMMARY} does not list {page}" for page in sorted(unlisted)]
    problems += [problem for page in pages for problem in write_page(source, page, pages)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def write_page(source, page, pages):
    """Writes a page and the files that it links to, and returns its problems."""
    problems = []

    def in_site(target):
        path = resolve(page, target)
        if match := re.fullmatch(r"queries/(\w+)\.sql", path):
            return posixpath.relpath(question_page(match[1]), posixpath.dirname(page))
        if path.endswith(".md"):
            if path not in pages:
                problems.append(f"{page} links to {path}, which {SUMMARY} does not list")
        elif not (ROOT / path).is_file():
            problems.append(f"{page} links to {path}, which is no file")
        elif not path.endswith((".png", ".svg")):
            problems.append(f"{page} links to {path}, which is neither a page nor a picture, so the site does not have it")
        else:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, source / path)
        return re.sub(r"\bREADME\.md$", "index.md", target)

    write(source / page, with_links((ROOT / page).read_text(), in_site))
    return problems


def with_links(text, change):
    """Returns the text with the targets of its relative links changed, except in code blocks."""
    parts = FENCE.split(text)
    parts[::2] = [LINK.sub(lambda match: match[1] + change(match[2]), part) for part in parts[::2]]
    return "".join(parts)


def resolve(page, target):
    """Returns the path in the repository of a page's link."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def question_page(name):
    return f"queries/{name}.md"


def question(statement, name):
    """Returns the page of a saved query: its question, and the statement."""
    first, _, _ = statement.partition("\n")
    return f"# {name}\n\n{first.removeprefix('-- ')}\n\nThis is `queries/{name}.sql`. [The questions](../{QUESTIONS}) has the others.\n\n```sql\n{statement}```\n"


def with_questions(summary, names):
    """Returns the table of contents with a page for each question below that of the questions."""
    entry = re.search(rf"^- .*\({re.escape(QUESTIONS)}\)\n", summary, re.M)
    return summary[: entry.end()] + "".join(f"    - [{name}]({question_page(name)})\n" for name in names) + summary[entry.end() :]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
