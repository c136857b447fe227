"""Reading XML that may be broken or hostile: bounded, without entities, and repaired where BigBlueButton errs."""

import re
import sys
from collections.abc import Callable, Iterator
from xml.parsers import expat

from bbb_client.elements import Element, Unreadable

DEPTH_LIMIT = 32
ELEMENT_LIMIT = 500_000
"""About what fits a real answer of 16 MiB; a million empty elements would cost far more memory than bytes."""

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ILLEGAL_REFERENCE = re.compile(r"&#(?:x[0-9A-Fa-f]{1,8}|[0-9]{1,8});")
_CUSTOM_DATA = re.compile("<(customdata)>")
_ITEM = re.compile("<(meeting|recording)>")
_IDS = ("meetingID", "internalMeetingID", "recordID")


def parse(body: bytes) -> Element:
    """Read a document; raises Unreadable.

    Old servers let control characters into names, and names of userdata that are not XML names into elements
    (pitfall 12). So what does not parse is tried again without the former, then without custom data, at last with
    every meeting and recording that is not XML by itself cut down to its ids.
    """
    for attempt in _attempts(body):
        try:
            return _Tree().read(attempt)
        except expat.ExpatError:
            continue
    raise Unreadable("not XML")


def without_illegal(text: str) -> str:
    """Take out the characters that XML 1.0 cannot carry."""
    return _ILLEGAL.sub("", text)


def _attempts(body: bytes) -> Iterator[bytes]:
    """Yield the document as it came, then ever more repaired."""
    yield body
    text = without_illegal(_ILLEGAL_REFERENCE.sub(_legal_reference, body.decode(errors="replace")))
    yield text.encode()
    text = _with_each(_CUSTOM_DATA, text, lambda _name, _content: "")
    yield text.encode()
    # The frame stays as it is: a list that broke off within a meeting is no list.
    yield _with_each(_ITEM, text, _readable).encode()


def _with_each(opening: re.Pattern[str], text: str, change: Callable[[str, str], str]) -> str:
    """Change all elements of some names. Found one by one: a pattern for the whole would be quadratic."""
    pieces, at = list[str](), 0
    while found := opening.search(text, at):
        name = found[1]
        end = text.find(f"</{name}>", found.end())
        if end < 0:
            break
        pieces += text[at : found.start()], change(name, text[found.end() : end])
        at = end + len(f"</{name}>")
    return "".join([*pieces, text[at:]])


def _readable(name: str, content: str) -> str:
    """Keep a meeting or a recording that is XML; of one that is not, keep what tells whose it is."""
    item = f"<{name}>{content}</{name}>"
    try:
        _Tree().read(item.encode())
    except expat.ExpatError:
        return f"<{name}>{''.join(_only(id_name, content) for id_name in _IDS)}</{name}>"
    return item


def _only(name: str, content: str) -> str:
    """Give an element with an id, if there is exactly one: a title with elements in it may bring another."""
    ids = re.findall(rf"<{name}>(?:<!\[CDATA\[)?([\w-]{{1,256}})(?:\]\]>)?</{name}>", content)
    return f"<{name}>{ids[0]}</{name}>" if len(ids) == 1 else ""


def _legal_reference(found: re.Match[str]) -> str:
    """Keep a character reference if XML can carry the character, drop it else."""
    digits = found.group()[2:-1]
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    legal = code <= sys.maxunicode and not _ILLEGAL.match(chr(code))
    return found.group() if legal else ""


class _Tree:
    """Builds elements from expat's events; stops at, or leaves out, what no answer of BigBlueButton contains."""

    def __init__(self) -> None:
        self._document = Element("", {})
        self._open = [self._document]
        self._texts: list[list[str]] = [[]]  # joined once, at the end: adding to a string is quadratic
        self._count = 0
        self._too_deep = 0  # open elements that are left out

    def read(self, body: bytes) -> Element:
        """Read a document as UTF-8, whatever encoding it declares; raises ExpatError or Unreadable."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(body, True)
        return self._document.children[0]

    def _doctype(self, *_: object) -> None:
        """Refuse every DTD: entities are declared nowhere else, so none can be (billion laughs, local files)."""
        raise Unreadable("a document type is declared")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENT_LIMIT:
            raise Unreadable("too many elements")
        if self._too_deep or len(self._open) > DEPTH_LIMIT:
            self._too_deep += 1
            return
        element = Element(name, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        if self._too_deep:
            self._too_deep -= 1
            return
        self._open.pop().text = "".join(self._texts.pop())

    def _text(self, text: str) -> None:
        if not self._too_deep:
            self._texts[-1].append(text)
