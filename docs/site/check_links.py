#!/usr/bin/env python3
"""Checks that each link in the site leads to a file of the site, and to an anchor that the file has.

docs/site/check_links.py FOLDER

Links to other sites are not followed.
"""

import html.parser
import pathlib
import sys
import urllib.parse

#: The attributes that are links, by element.
LINKS = {"a": "href", "img": "src", "link": "href", "script": "src", "iframe": "src", "source": "src"}


class Page(html.parser.HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if attributes.get(LINKS.get(tag)):
            self.links.append(attributes[LINKS[tag]])


def problem(site, path, pages, link):
    """Returns what is wrong with a link on the page at `path`, or None."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "begins at the root of the host, where the site need not be"
    target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(site):
        return "leads out of the site"
    if not target.is_file():
        return "leads to no file"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "leads to no anchor of that page"
    return None


def main():
    site = pathlib.Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    links = [(path, link) for path, page in pages.items() for link in page.links]
    problems = [f"{path.relative_to(site)}: {link} {found}" for path, link in links if (found := problem(site, path, pages, link))]
    for line in problems:
        print(line, file=sys.stderr)
    print(f"{len(pages)} pages and {len(links)} links of the site: {len(problems)} wrong")
    return 1 if problems or not links else 0


if __name__ == "__main__":
    sys.exit(main())
