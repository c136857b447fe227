"""Days as files write them: year, day or month first, in figures or with the month's name, with a time or none."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from app.contributions.importing.words import MONTHS, plain
from app.i18n import lazy
from app.web.forms import Problem


class Days(StrEnum):
    """What stands first in a file's days."""

    ISO = "iso"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"

    @classmethod
    def _missing_(cls, value: object) -> "Days | None":
        """What was kept before month-first days were known: they were all read with the day first."""
        return cls.DAY_FIRST if value in {"dots", "slashes"} else None


# A moment may follow the day: nobody's books need it.
_TIME = r"(?:[T ,]+(?:[^\W\d_]{1,3} )?[0-9]{1,2}[:.h][0-9]{2}.*|[+Z]\S*| [A-Z]{3,4})?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,? +)?"
_ORDINAL = r"(?:\.|st|nd|rd|th|er|[ºª°])?"
_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_YEAR = r"'?(?P<y>[0-9]{4}|[0-9]{2})"
_YEAR_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<y>[0-9]{{4}})(?P<s>[-./ ])(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}}){_TIME}"
)
_COMPACT = re.compile(r"(?P<y>(?:19|20)[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:T?[0-9]{4,6}|[T ].*)?")
_YEAR_LAST = re.compile(
    rf"{_WEEKDAY}(?P<a>[0-9]{{1,2}})(?P<s>[-./ ]) ?(?P<b>[0-9]{{1,2}})(?P=s) ?{_YEAR}{_TIME}"
)
_COMPACT_YEAR_LAST = re.compile(r"(?P<a>[0-9]{2})(?P<b>[0-9]{2})(?P<y>(?:19|20)[0-9]{2})")
_NAMED = (
    re.compile(
        rf"{_WEEKDAY}(?P<d>[0-9]{{1,2}}){_ORDINAL}[-./ ]*(?:de |d['’])?{_NAME}[-./ ,]*(?:del? )?{_YEAR}{_TIME}"
    ),
    re.compile(rf"{_WEEKDAY}{_NAME}[-./ ]*(?P<d>[0-9]{{1,2}}){_ORDINAL}[-./ ,]+{_YEAR}{_TIME}"),
    re.compile(rf"(?P<y>[0-9]{{4}})[-./ ]{_NAME}[-./ ](?P<d>[0-9]{{1,2}}){_TIME}"),
)
_POINTS = re.compile(r"[^0-9]*[0-9]+\.")
_LONGEST_DAY = 63  # characters: a day, and a time after it


def day_of(text: str, days: Days) -> date:
    """A day; of a year in two digits it is this century's. Raises Problem.

    A day that can be read in one way only, year first or with the month's name, is read so in every file.
    """
    readings = _readings(text)
    figures = readings.get(days) or readings.get(Days.ISO)
    if figures is None:
        raise Problem(lazy("This is not a day as this file writes them."))
    try:
        return date(*figures)
    except ValueError:
        raise Problem(lazy("There is no such day.")) from None


def is_day(text: str) -> bool:
    """Whether a cell has a day, in whatever order."""
    return any(_exists(figures) for figures in _readings(text).values())


def days_in(texts: Iterable[str]) -> Days | None:
    """How the days of a column are written; None if both day and month could stand first.

    Points between the figures are nowhere written with the month first; everything else is decided by a figure
    above twelve, or not at all.
    """
    counts: Counter[Days] = Counter()
    is_open = False
    for text in texts:
        orders = {days: figures for days, figures in _readings(text).items() if _exists(figures)}
        counts.update(list(orders))
        first, other = orders.get(Days.DAY_FIRST), orders.get(Days.MONTH_FIRST)
        is_open |= first is not None and other is not None and first != other and not _POINTS.match(text)
    day, month = counts[Days.DAY_FIRST], counts[Days.MONTH_FIRST]
    if counts[Days.ISO] > max(day, month) or not counts:
        return Days.ISO
    if day != month:
        return Days.DAY_FIRST if day > month else Days.MONTH_FIRST
    return None if is_open else Days.DAY_FIRST


def _exists(figures: tuple[int, int, int]) -> bool:
    try:
        date(*figures)
    except ValueError:
        return False
    return True


def _readings(text: str) -> Mapping[Days, tuple[int, int, int]]:
    """Year, month and day of a text, by what would stand first."""
    text = text.strip()
    if len(text) > _LONGEST_DAY:
        return {}
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return {Days.ISO: (int(match["y"]), int(match["m"]), int(match["d"]))}
    if match := _YEAR_LAST.fullmatch(text) or _COMPACT_YEAR_LAST.fullmatch(text):
        year, one, two = _year(match["y"]), int(match["a"]), int(match["b"])
        return {Days.DAY_FIRST: (year, two, one), Days.MONTH_FIRST: (year, one, two)}
    for pattern in _NAMED:
        if (match := pattern.fullmatch(text)) and (month := MONTHS.get(plain(match["name"]))):
            figures = _year(match["y"]), month, int(match["d"])
            return dict.fromkeys((Days.DAY_FIRST, Days.MONTH_FIRST, Days.ISO), figures)
    return {}


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else 2000 + int(text)  # noqa: PLR2004  two digits: this century
