"""Days and amounts as files write them."""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.i18n import lazy
from app.web.forms import Problem


class Days(StrEnum):
    """How a file writes its days."""

    ISO = "iso"
    DOTS = "dots"
    SLASHES = "slashes"


class Decimals(StrEnum):
    """What stands before a file's cents."""

    POINT = "point"
    COMMA = "comma"


_DAYS = {
    # A moment may follow the day: nobody's books need it.
    Days.ISO: re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:[T ].*)?"),
    Days.DOTS: re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}|\d\d)(?: .*)?"),
    Days.SLASHES: re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4}|\d\d)(?: .*)?"),
}
_AMOUNTS = {
    Decimals.POINT: re.compile(r"(\d{1,3}(?:[,'’]\d{3})+|\d+)(?:\.(\d{1,8}))?"),
    Decimals.COMMA: re.compile(r"(\d{1,3}(?:[.'’]\d{3})+|\d+)(?:,(\d{1,8}))?"),
}
_SIGNS = re.compile(r"[\s€$£\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]")
_DIGITS = 13
_LONGEST_DAY = 63  # characters: a day, and a time after it


def day_of(text: str, days: Days) -> date:
    """A day; of a year in two digits it is this century's. Raises Problem."""
    found = _DAYS[days].fullmatch(text.strip()) if len(text) <= _LONGEST_DAY and text.isascii() else None
    if found is None:
        raise Problem(lazy("This is not a day as this file writes them."))
    year = int(found["y"])
    try:
        return date(year if year > 99 else 2000 + year, int(found["m"]), int(found["d"]))  # noqa: PLR2004  two digits: this century
    except ValueError:
        raise Problem(lazy("There is no such day.")) from None


def amount_of(text: str, decimals: Decimals) -> int:
    """An amount in hundredths, below zero for what went out: -1.234,50, 1234.5, +12, 12-, (12).

    Raises Problem.
    """
    found = _SIGNS.sub("", text).replace("\N{MINUS SIGN}", "-")
    minus = found.startswith("-") or found.endswith("-") or (found.startswith("(") and found.endswith(")"))
    figures = _AMOUNTS[decimals].fullmatch(found.strip("+-()")) if found.isascii() or "’" in found else None
    if figures is None or len(figures[0]) > _DIGITS:
        raise Problem(lazy("This is not an amount as this file writes them."))
    whole, part = re.sub(r"\D", "", figures[1]), figures[2] or ""
    if part[2:].strip("0"):
        raise Problem(lazy("This amount has more than two digits after its %(sign)s.", sign=decimals))
    cents = int(Decimal(f"{whole}.{part or 0}") * 100)
    return -cents if minus else cents
