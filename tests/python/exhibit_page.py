"""Reads the page of an exhibit as HTML, and finds what it must not have."""

import html.parser
import re

VOID = {"meta", "br", "hr", "img", "link", "input", "col", "line", "rect"}
FORBIDDEN = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "video", "audio", "foreignobject"}


class Page(html.parser.HTMLParser):
    """The references of a page, and the table of its data files."""

    def __init__(self, text):
        super().__init__()
        self.problems = []
        #: What links lead to, and where they may lead on the page.
        self.targets, self.ids = set(), set()
        #: Rows and altered cells that the page states, by the name of the data file.
        self.altered = {}
        self.open = []
        self.cells = []
        self.feed(text)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self.open]
        # A text from outside may be an address, which nothing loads: it has no tag in it.
        own = re.sub(r"<bdi>[^<]*</bdi>", "", text)
        self.problems += [f"it has {word}" for word in re.findall(r"https?://|@import|url\((?!#)|javascript:|\son[a-z]+=[\"']", own)]

    def handle_starttag(self, tag, attributes):
        if tag in FORBIDDEN:
            self.problems.append(f"a tag {tag}")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.problems += [f"the id {value} twice"] if value in self.ids else []
                self.ids.add(value)
            elif name in ("href", "src", "action", "srcset", "xlink:href"):
                self.targets.add(value)
            elif name.startswith("on"):
                self.problems.append(f"an attribute {name}")
        if tag == "tr":
            self.cells = []
        elif tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"{tag} is closed and another is open")
        if tag == "tr" and self.cells:
            name = re.fullmatch(r"(\w+)\.csv, (\w+)\.jsonl", self.cells[0].strip())
            numbers = [cell.strip().replace(",", "") for cell in self.cells[1:]]
            if name and len(numbers) == 2 and all(number.isdigit() for number in numbers):
                self.altered[name[1]] = [int(number) for number in numbers]

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data
