"""A small, strict Markdown for the operators' own texts: paragraphs, headings, lists, emphasis, links; no HTML."""

import re
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.web.pages import local_path

MOST_NESTING = 10
LOWEST_HEADING = 4
RULES = ["heading", "list", "emphasis", "link", "escape", "newline", "balance_pairs", "fragments_join"]


def is_safe_link(href: str) -> bool:
    """Whether a link may stand in a text: of this site, on the web, or a mail address."""
    if re.search(r"[\x00-\x20\x7f]", href):
        return False
    try:
        scheme = urlsplit(href).scheme.lower()
    except ValueError:
        return False
    return scheme in {"http", "https", "mailto"} or (not scheme and local_path(href, "") == href)


class _Small(MarkdownIt):
    """The library's parser with our choice of links."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  the library calls it so
        return is_safe_link(url)


_PARSER = _Small("zero", {"html": False, "linkify": False, "maxNesting": MOST_NESTING}).enable(RULES)


def to_html(text: str) -> Markup:
    """The text as HTML; whatever is not of the small set stands there as it was typed.

    Headings begin at the second level: the first is the page's own.
    """
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, LOWEST_HEADING)}"
        for child in token.children or ():
            _dress(child)
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704  the parser escapes all text


def _dress(token: Any) -> None:
    """Links tell other sites nothing, and have no title."""
    if token.type == "link_open":
        token.attrs = {"href": token.attrGet("href"), "rel": "noreferrer"}
