"""A bank's archive (zip) of several statements: unpacked in memory, to a bounded size."""

import io
import zipfile
import zlib
from collections.abc import Sequence

from app.contributions.importing.payments import UnreadableError, tidied
from app.i18n import lazy

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an empty one
MOST_FILES, LARGEST_INSIDE = 400, 20_000_000
# What spreadsheets, which are archives too, have inside.
_SPREADSHEET = {"[Content_Types].xml", "mimetype"}
_LOOKED_PAST = ("__MACOSX/", ".")
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


def statements_in(content: bytes) -> list[bytes]:
    """The XML files of an archive, in the order of their names; other files are refused, PDFs apart.

    Raises UnreadableError.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _unpacked(archive, _files_of(archive))
    except _BROKEN:
        raise UnreadableError(
            lazy("This archive cannot be unpacked here. Unpack it, and choose the files in it one by one.")
        ) from None


def _files_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if not _SPREADSHEET.isdisjoint(one.filename for one in infos):
        raise UnreadableError(lazy("This is a spreadsheet. Save the sheet as CSV, and choose that file."))
    files = [one for one in infos if not one.is_dir() and not _is_looked_past(one.filename)]
    if len(files) > MOST_FILES:
        raise UnreadableError(
            lazy("This archive has more than %(most)s files. Choose them in parts.", most=MOST_FILES)
        )
    other = next((one.filename for one in files if not one.filename.lower().endswith(".xml")), None)
    if other is not None or not files:
        raise UnreadableError(
            lazy(
                "Only archives of bank statements in XML are read. Unpack this one, and choose the files in it: "
                "%(name)s.",
                name=tidied(other or "", 60) or "–",
            )
        )
    if any(one.flag_bits & _ENCRYPTED for one in files):
        raise UnreadableError(lazy("This archive has a password. Unpack it, and choose the files in it."))
    return sorted(files, key=lambda one: one.filename)


def _unpacked(archive: zipfile.ZipFile, files: Sequence[zipfile.ZipInfo]) -> list[bytes]:
    """Their contents. What an archive says of its sizes is not believed: reading ends at the bound."""
    contents, left = [], LARGEST_INSIDE
    for one in files:
        with archive.open(one) as packed:
            content = packed.read(left + 1)
        left -= len(content)
        if left < 0:
            raise UnreadableError(
                lazy(
                    "What is in this archive is larger than 20 MB. Unpack it, and choose the files in parts."
                )
            )
        contents.append(content)
    return contents


def _is_looked_past(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith(_LOOKED_PAST) or last.startswith(".") or last.lower().endswith(".pdf")
