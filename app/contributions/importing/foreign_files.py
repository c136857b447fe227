"""Files that are no table and no statement in XML: each is named, with what to export instead."""

import re
from collections.abc import Sequence

from app.contributions.importing.payments import UnreadableError
from app.i18n import Text, lazy

_HEAD = 4_000
_SPREADSHEET: Text = lazy(
    "This is a spreadsheet (Excel or LibreOffice). Open it, save the sheet as CSV, and choose that file."
)
_ARCHIVE: Text = lazy("This is an archive. Unpack it, and choose the file in it.")
_PICTURE: Text = lazy("This is a picture. Export the payments as CSV, or as CAMT.053 from a bank.")
_PAGE: Text = lazy(
    "This is a web page and not the export: the site may have shown an error, or asked you to sign in. "
    "Export it again."
)
# What files begin with, and what they are then.
_BEGINNINGS: Sequence[tuple[tuple[bytes, ...], Text]] = (
    ((b"\xd0\xcf\x11\xe0", b"\x09\x08\x10\x00", b"\x09\x04\x06\x00", b"ID;P"), _SPREADSHEET),
    ((b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ"), _ARCHIVE),
    (
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00"),
        _PICTURE,
    ),
    ((b"%PDF",), lazy("This is a PDF. Export the payments as CSV, or as CAMT.053 from a bank.")),
    ((b"{\\rtf",), lazy("This is a text document. Export the payments as CSV, or as CAMT.053 from a bank.")),
    ((b"SQLite format 3",), lazy("This is a database. Export the payments as CSV.")),
)
_MT940 = re.compile(r"(?m)^(?:\{1:|:20:|:940:)")
_MT940_LINES = re.compile(r"(?m)^:(?:25|28C?|60[FM]|61|62[FM]|86|13D|34F):")
_QIF = re.compile(r"(?im)^!(?:type|account|option|clear):?")
_OFX = re.compile(r"(?i)\AOFXHEADER|<\?OFX|<OFX>")
_SPREADSHEET_XML = re.compile(r"urn:schemas-microsoft-com:office|mso-application|opendocument|<Workbook")
_PAGE_START = re.compile(
    r"(?i)\A\s*(?:<!doctype html|<html|<head|<body|<script|<table|<!--[^>]*-->\s*<(?:!doctype )?html)"
)
_ORDERS = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(?:pain\.|\w*pain)|:pain\.00")


def refuse_foreign(content: bytes) -> None:
    """Raise UnreadableError for a file of a kind that is known and cannot be read."""
    for beginnings, text in _BEGINNINGS:
        if content.startswith(beginnings):
            raise UnreadableError(text)
    if content[4:8] == b"ftyp" or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        raise UnreadableError(_PICTURE)
    _refuse_text(content[:_HEAD].decode("latin-1").removeprefix("ï»¿").replace("\r", "\n"))


def _refuse_text(head: str) -> None:
    if _MT940.search(head) and len(_MT940_LINES.findall(head)) > 1:
        raise UnreadableError(
            lazy(
                "This is a bank statement in MT940 (SWIFT, often .sta or .940). Export it as CAMT.053 (XML) instead, "
                "or as CSV."
            )
        )
    if _QIF.match(head.lstrip()):
        raise UnreadableError(
            lazy(
                "This is QIF, the format of Quicken. Export the payments as CSV or as CAMT.053 (XML) instead."
            )
        )
    if _OFX.search(head):
        raise UnreadableError(
            lazy(
                "This is OFX (also .qfx), for accounting programs. Export the payments as CSV or as CAMT.053 (XML) "
                "instead."
            )
        )
    if _PAGE_START.match(head):
        raise UnreadableError(_PAGE)
    if head.lstrip().startswith("<") and _SPREADSHEET_XML.search(head):
        raise UnreadableError(_SPREADSHEET)
    if _ORDERS.search(head):
        raise UnreadableError(
            lazy(
                "These are orders for a bank (pain) and no statement. Export the statement as CAMT.053 or as CSV."
            )
        )
    if re.match(r"\s*[{\[]\s*[\"{\[]", head) and not head.lstrip().startswith("{1:"):
        raise UnreadableError(lazy("This is JSON. Export the payments as CSV."))
