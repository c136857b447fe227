"""The plain text of a mail, made of its HTML: there is one source, so the two cannot say different things."""

import re
from html.parser import HTMLParser

WHITESPACE = re.compile(r"\s+")
# Where a signature begins (RFC 3676, 4.3); mail programs show what follows in small, and leave it out of answers.
SIGNATURE = "-- "
UNSEEN = {"head", "style", "script"}


class _Blocks(HTMLParser):
    """Collects paragraphs, lines of lists and the rule before the signature; Jinja has escaped what people typed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self._line = ""
        self._unseen = 0
        self._is_item = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in UNSEEN:
            self._unseen += 1
        elif tag in {"p", "li", "ul"}:
            self._end_block()
            self._is_item = tag == "li"
        elif tag == "br":
            self._line = self._line.rstrip(" ") + "\n"
        elif tag == "hr":
            self._end_block()
            self.blocks.append(SIGNATURE)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen -= 1
        elif tag in {"p", "li", "ul"}:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            text = WHITESPACE.sub(" ", data)
            self._line += text.lstrip(" ") if self._line[-1:] in {"", "\n", " "} else text

    def _end_block(self) -> None:
        text, self._line = self._line.strip(), ""
        if text:
            self.blocks.append(f"- {text}" if self._is_item else text)
        self._is_item = False


def plain(html: str) -> str:
    """The words of a mail's HTML, in the same order: paragraphs with an empty line between, lists line by line."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    text, before = "", ""
    for block in parser.blocks:
        together = before == SIGNATURE or (before.startswith("- ") and block.startswith("- "))
        text += ("" if not text else "\n" if together else "\n\n") + block
        before = block
    return text + "\n"
