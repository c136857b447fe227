"""The text of a file, in whatever encoding a bank wrote it."""

import re
from itertools import islice

from app.contributions.importing.payments import UnreadableError
from app.i18n import lazy

_CONTROLS = {chr(number) for number in range(32)} - {"\t", "\n", "\r"}
# What people's names and words have in the languages of the files, and what stands around words and amounts.
_LETTERS = set("äöüÄÖÜßéèêëÉÈÊËàâáãÀÂÁíìîïÍÌÎÏóòôõÓÒÔúùûÚÙÛñÑçÇœæøåØÅ")
_OPENING, _CLOSING, _ALONE = set("„“‘«"), set("”’»“"), set("€£§°–—…·\N{NO-BREAK SPACE}ºª¿¡")
_OLD = ("cp1252", "cp850", "mac_roman")  # Windows, DOS, and the first Macs: what banks' programs still write
_SAMPLE = 2_000  # of the bytes that are not ASCII
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16, with or without a mark, else what Windows, DOS and older banks write.

    Raises UnreadableError.
    """
    text = _text(content)
    for number, line in enumerate(text.split("\n"), 1):
        if not _CONTROLS.isdisjoint(line):
            column = next(place for place, each in enumerate(line, 1) if each in _CONTROLS)
            raise UnreadableError(
                lazy("This is not a text file. Export it as CSV, or as CAMT.053 from a bank."), number, column
            )
    return text


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _utf_16(content, "utf-16")
    if unmarked := _unmarked(content):
        return _utf_16(content, unmarked)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    places = [match.start() for match in islice(_NOT_ASCII.finditer(content), _SAMPLE)]
    around = [(content[max(0, at - 1) : at], content[at : at + 1], content[at + 1 : at + 2]) for at in places]
    best = max(_OLD, key=lambda encoding: sum(_likeness(each, encoding) for each in around))
    try:
        return content.decode(best)
    except UnicodeDecodeError:
        # Five bytes have no sign in cp1252; Latin-1 has one for each.
        return content.decode("latin-1")


def _utf_16(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise UnreadableError(
            lazy("This text in UTF-16 breaks off. Export it again, or save it as CSV in UTF-8.")
        ) from None


def _unmarked(content: bytes) -> str:
    """UTF-16 without its mark: every other byte of a text in Latin letters is zero then."""
    sample = content[:200]
    if len(sample) < 8 or b"\0" not in sample:  # noqa: PLR2004  four letters
        return ""
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > len(sample) * 0.4 and not sample[1 - offset :: 2].count(0):
            return encoding
    return ""


def _likeness(around: tuple[bytes, ...], encoding: str) -> int:
    """Whether a byte stands between its neighbours as people write; the first encoding wins a draw."""
    before, each, after = (part.decode(encoding, "replace") for part in around)
    if each in _LETTERS:
        is_inside = before.isalpha() or after.isalpha()
        return 0 if not is_inside else -2 if each.isupper() and before.islower() else 2
    if each in _ALONE:
        return 2
    if each in _CLOSING and before.isalpha() and (each == "’" or not after.isalpha()):
        return 2
    return 2 if each in _OPENING and after.isalpha() and not before.isalpha() else -2
