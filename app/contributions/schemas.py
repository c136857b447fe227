"""What the forms of the ledger may set, and how figures are read that people type."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from app.contributions.models import EntryKind, What
from app.i18n import lazy
from app.web.forms import Input, Line, Lines, Problem

NOTE_LENGTH, LINK_LENGTH = 500, 500
EARLIEST = date(2000, 1, 1)
LARGEST_CENTS = 10**11

_AMOUNT = re.compile(r"\d{1,9}(?:[.,]\d{1,2})?")
_RATE = re.compile(r"\d{1,6}(?:[.,]\d{1,8})?")
_HOURS = re.compile(r"(\d{1,5})(?:[.,](\d{1,2})|:([0-5]\d))?")


def cents_of(text: str) -> int:
    """An amount as people type it, in hundredths: 120, 120.50, 120,5. Groups of thousands would be guessed at.

    Raises Problem.
    """
    found = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    if not _AMOUNT.fullmatch(found):
        raise Problem(lazy("Write the amount in figures: 1200 or 1200.50."))
    cents = int(Decimal(found.replace(",", ".")) * 100)
    if cents == 0:
        raise Problem(lazy("This is nothing. Write an amount above zero."))
    return cents


def minutes_of(text: str) -> int:
    """Hours as people type them, in minutes: 3, 3.5, 3:30. Raises Problem."""
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if not found:
        raise Problem(lazy("Write the hours in figures: 3, 3.5 or 3:30."))
    hours, part, minutes = found.groups()
    total = int(hours) * 60 + (int(minutes) if minutes else round(float(f"0.{part or 0}") * 60))
    if total == 0:
        raise Problem(lazy("This is nothing. Write a time above zero."))
    return total


def _or_none(value: object) -> object:
    return None if value is None or (isinstance(value, str) and not value.strip()) else value


def _cents(value: object) -> object:
    return cents_of(value) if isinstance(value, str) else value


def _minutes(value: object) -> object:
    return minutes_of(value) if isinstance(value, str) else value


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = value.strip().replace(",", ".")
    if not _RATE.fullmatch(found) or Decimal(found) == 0:
        raise Problem(lazy("Write how many EUR one unit is: 0.92 or 1.1537."))
    return Decimal(found)


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise Problem(lazy("Write the day as year-month-day: 2027-05-03.")) from None


def _possible(day: date) -> date:
    if day < EARLIEST:
        raise Problem(lazy("This is too long ago. Look at the year again."))
    return day


def _currency(text: str) -> str:
    code = (text or "EUR").upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Problem(lazy("Write the three letters of the currency: EUR, CHF, USD."))
    return code


def web_link(text: str) -> str:
    """A link that may stand in a page, or nothing: only http and https, with a host, without spaces.

    Raises Problem.
    """
    if not text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s<>\"\\]", text):
        raise Problem(lazy("Write the whole address, beginning with https://."))
    return text


Cents = Annotated[int | None, BeforeValidator(_cents), BeforeValidator(_or_none)]
Id = Annotated[int, Field(ge=1, le=2**53)]
Rate = Annotated[Decimal | None, BeforeValidator(_rate), BeforeValidator(_or_none)]
Note = Annotated[Lines, Field(max_length=NOTE_LENGTH)]


class ContributionInput(Input):
    """What was contributed, what it is worth, who holds it."""

    what: What
    amount: Cents = None
    currency: Annotated[Line, AfterValidator(_currency)] = "EUR"
    rate: Rate = None
    hours: Annotated[int | None, BeforeValidator(_minutes), BeforeValidator(_or_none)] = None
    booked_on: Annotated[date, BeforeValidator(_day), AfterValidator(_possible)]
    custodian: Annotated[Id | None, BeforeValidator(_or_none)] = None
    note: Note = ""
    evidence: Annotated[Line, Field(max_length=LINK_LENGTH), AfterValidator(web_link)] = ""
    # What was open of the pledge that it confirms, as the page showed it.
    left: Annotated[Annotated[int, Field(ge=0, le=2**53)] | None, BeforeValidator(_or_none)] = None
    once: Annotated[Line, Field(min_length=8, max_length=40)]


class EntryInput(ContributionInput):
    """A new entry: a pledge, or a confirmation of one or by itself."""

    kind: Literal[EntryKind.PLEDGE, EntryKind.CONFIRMATION]


def _given(text: str) -> str:
    if not text:
        raise Problem(lazy("Write a reason. Whoever looks at this later needs it."))
    return text


Why = Annotated[Lines, Field(max_length=NOTE_LENGTH), AfterValidator(_given)]


class CorrectionInput(Input):
    """Why an entry is reversed, and whether another one takes its place."""

    why: Why
    replace: Annotated[bool, BeforeValidator(lambda value: value == "yes")] = False
    agreed: Annotated[Line, Field(max_length=200)] = ""
    once: Annotated[Line, Field(min_length=8, max_length=40)]

    @property
    def agreed_grants(self) -> frozenset[int]:
        """The grants that the page has shown as falling."""
        return frozenset(int(one) for one in self.agreed.split(",") if one.isdecimal())
