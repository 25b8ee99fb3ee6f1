#!/usr/bin/env python3
"""Judges HTML by Python's parser: html_tags.py FILE

FILE has a JSON string a line. Prints for each a JSON object: its text, or what is wrong with it: a tag or an attribute that
is not on the list, a link that leads elsewhere than to the web or to mail, or tags that are not closed in their order.
"""

import html.parser
import json
import sys

VOID = {"br", "hr"}
ALLOWED = {
    "a": {"href"}, "blockquote": set(), "br": set(), "code": {"class"}, "del": set(), "em": set(), "h1": set(), "h2": set(),
    "h3": set(), "h4": set(), "h5": set(), "h6": set(), "hr": set(), "li": set(), "ol": {"start"}, "p": set(), "pre": set(),
    "strong": set(), "table": {"border", "cellpadding", "cellspacing"}, "tbody": set(), "td": {"align"}, "th": {"align"},
    "thead": set(), "tr": set(), "ul": set(),
}
# Which tags may be the parent of those that need one.
PARENTS = {"li": {"ul", "ol"}, "thead": {"table"}, "tbody": {"table"}, "tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.problem = [], [], None

    def fail(self, problem):
        self.problem = self.problem or problem

    def handle_starttag(self, tag, attributes):
        if tag not in ALLOWED:
            self.fail(f"tag {tag}")
        for name, value in attributes:
            if name not in ALLOWED.get(tag, set()):
                self.fail(f"attribute {name} of {tag}")
            if name == "href" and not value.lower().startswith(("http://", "https://", "mailto:")):
                self.fail(f"link to {value}")
            if name == "class" and not value.startswith("language-"):
                self.fail(f"class {value}")
        if tag in PARENTS and (not self.open or self.open[-1] not in PARENTS[tag]):
            self.fail(f"{tag} in {self.open[-1:]}")
        if tag == "a" and "a" in self.open:
            self.fail("link in a link")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        if tag not in VOID:
            self.fail(f"{tag} without content")
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.fail(f"{tag} is closed out of order")

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        self.fail("comment")

    def handle_decl(self, declaration):
        self.fail("declaration")

    def handle_pi(self, data):
        self.fail("processing instruction")


def main(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            reader = Reader()
            reader.feed(json.loads(line))
            reader.close()
            if reader.open:
                reader.fail(f"{reader.open} stay open")
            print(json.dumps({"error": reader.problem} if reader.problem else {"text": "".join(reader.text)}))


main(sys.argv[1])
