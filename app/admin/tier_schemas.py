"""What the forms of the tiers may set: every limit a figure or, ticked, none; prices; words; a place."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from app import wording
from app.i18n import lazy
from app.memberships.models import HolderKind, Tier
from app.memberships.tier_terms import (
    LEAST,
    LIMITS,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST,
    MOST_CENTS,
    MOST_YEARS,
    STORED_IN_BYTES,
    is_large_too_small,
)
from app.web.forms import Input, Line, Lines, Problem, Tick
from app.web.versions import Version
from quotas.limits import GIGABYTE

NONE = "_none"  # what follows a limit's name in the name of its box “no limit”

_WHOLE = re.compile(r"[0-9]{1,9}")
_GIGABYTES = re.compile(r"[0-9]{1,7}([.,][0-9]{1,3})?")
_AMOUNT = re.compile(r"[0-9]{1,9}([.,][0-9]{1,2})?")


def _prices(value: str) -> str:
    years = value.replace(";", " ").split()
    if not all(_AMOUNT.fullmatch(year) for year in years):
        raise Problem(lazy("Write amounts in figures, one for each year: 500; 300."))
    if len(years) > MOST_YEARS:
        raise Problem(
            lazy("These are more years than there can be prices: at most %(most)s.", most=MOST_YEARS)
        )
    if any(_cents(year) > MOST_CENTS for year in years):
        raise Problem(lazy("This is too large."))
    return value


def _cents(year: str) -> int:
    return int(Decimal(year.replace(",", ".")) * 100)


def _after(value: object) -> object:
    return value or None


class TermsInput(Input):
    """What a tier says. The boxes come first: with one ticked its figure is not read."""

    name: Annotated[Line, Field(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[Lines, Field(max_length=LONGEST_TEXT)] = ""
    how_to_get: Annotated[Line, Field(max_length=LONGEST_LINE)] = ""
    price: Annotated[Line, Field(max_length=200), AfterValidator(_prices)] = ""
    after: Annotated[Annotated[int, Field(ge=1, le=2**53)] | None, BeforeValidator(_after)] = None
    version: Version = 1

    meeting_minutes_none: Tick = False
    group_size_none: Tick = False
    rooms_per_host_none: Tick = False
    at_once_per_host_none: Tick = False
    storage_first_host_none: Tick = False
    storage_further_host_none: Tick = False
    recording_days_none: Tick = False
    large_sessions_per_month_none: Tick = False
    large_session_people_none: Tick = False

    meeting_minutes: Annotated[Line, Field(validate_default=True)] = ""
    group_size: Annotated[Line, Field(validate_default=True)] = ""
    rooms_per_host: Annotated[Line, Field(validate_default=True)] = ""
    at_once_per_host: Annotated[Line, Field(validate_default=True)] = ""
    storage_first_host: Annotated[Line, Field(validate_default=True)] = ""
    storage_further_host: Annotated[Line, Field(validate_default=True)] = ""
    recording_days: Annotated[Line, Field(validate_default=True)] = ""
    large_sessions_per_month: Annotated[Line, Field(validate_default=True)] = ""
    large_session_people: Annotated[Line, Field(validate_default=True)] = ""

    @field_validator(*LIMITS)
    @classmethod
    def _is_a_limit(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        if info.data.get(name + NONE):
            return ""
        if not value:
            raise Problem(lazy("Write what the limit is to be, or tick “No limit”."))
        is_size = name in STORED_IN_BYTES
        if is_size and not _GIGABYTES.fullmatch(value):
            raise Problem(lazy("Write gigabytes as a number: 5 or 2.5."))
        if not is_size and not _WHOLE.fullmatch(value):
            raise Problem(lazy("Write a whole number, 0 or more."))
        figure, least, most = _figure(name, value), LEAST.get(name, 0), MOST[name]
        if figure < least:
            raise Problem(lazy("This is too small: at least %(least)s.", least=least))
        if figure > most:
            shown = most // GIGABYTE if is_size else most
            raise Problem(lazy("This is too large: at most %(most)s.", most=wording.number(shown)))
        return value

    @field_validator("large_session_people")
    @classmethod
    def _is_larger(cls, value: str, info: ValidationInfo) -> str:
        names = ("group_size", "large_sessions_per_month")
        if all(name in info.data for name in names):
            said = {name: _limit(info.data, name) for name in names}
            said["large_session_people"] = _limit(
                {**info.data, "large_session_people": value}, "large_session_people"
            )
            if is_large_too_small(said):
                raise Problem(
                    lazy(
                        "A large session has more people than a meeting. Write more, or 0 large sessions a month."
                    )
                )
        return value

    @property
    def said(self) -> dict[str, Any]:
        """The columns of a tier that this sets."""
        return {
            "name": self.name,
            "description": self.description,
            "how_to_get": self.how_to_get,
            "yearly_cents": [_cents(year) for year in self.price.replace(";", " ").split()],
            **{name: _limit(vars(self), name) for name in LIMITS},
        }


class NewTierInput(TermsInput):
    """A new tier: also for whom it is."""

    kind: HolderKind


class VersionInput(Input):
    """What is done to a tier as it was seen."""

    version: Version


def _limit(values: Mapping[str, Any], name: str) -> int | None:
    return None if values[name + NONE] else _figure(name, values[name])


def _figure(name: str, value: str) -> int:
    return int(Decimal(value.replace(",", ".")) * GIGABYTE) if name in STORED_IN_BYTES else int(value)


def limit_typed(name: str, value: int | None) -> str:
    """A limit as its field takes it; empty for none."""
    if value is None:
        return ""
    if name in STORED_IN_BYTES:
        return f"{Decimal(value) / GIGABYTE:.3f}".rstrip("0").rstrip(".")
    return str(value)


def values_of(tier: Tier, after_id: int | None) -> dict[str, str]:
    """A tier as its form shows it."""
    boxes = {name + NONE: "yes" for name in LIMITS if getattr(tier, name) is None}
    return {
        "name": tier.name,
        "description": tier.description,
        "how_to_get": tier.how_to_get,
        "price": "; ".join(f"{cents / 100:.2f}".removesuffix(".00") for cents in tier.yearly_cents),
        "after": str(after_id or ""),
        "version": str(tier.version),
        **{name: limit_typed(name, getattr(tier, name)) for name in LIMITS},
        **boxes,
    }
