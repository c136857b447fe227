"""What the forms of the limits page may set: a tier and a limit to try, an override to set."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from app import wording
from app.admin.schemas import Day, Reason, end_of
from app.i18n import lazy
from app.web.forms import Input, Line, Problem, Tick
from quotas.limits import GIGABYTE, LimitName

_WHOLE = re.compile(r"[0-9]{1,9}")
_GIGABYTES = re.compile(r"[0-9]{1,6}([.,][0-9]{1,3})?")

# What is more than this is a slip of the keyboard, or meant to be unlimited: a year's meeting, a century's recording.
MOST = {LimitName.MEETING_MINUTES: 525_600, LimitName.RECORDING_DAYS: 36_500}
MOST_OF_ANY = 1_000_000


def _chosen(value: object) -> object:
    """Nothing chosen in a list is sent as an empty text."""
    return value or None


class LimitInput(Input):
    """A limit and what it is to be: a number in the unit that the field names, or unlimited."""

    limit: Annotated[LimitName | None, BeforeValidator(_chosen)] = None
    unlimited: Tick = False
    value: Annotated[Line, Field(validate_default=True)] = ""

    @field_validator("value")
    @classmethod
    def _is_a_limit(cls, value: str, info: ValidationInfo) -> str:
        name = info.data.get("limit")
        if name is None or info.data.get("unlimited"):
            return ""
        if not value:
            raise Problem(lazy("Write what the limit is to be, or tick “Unlimited”."))
        if name is LimitName.STORAGE_BYTES:
            if not _GIGABYTES.fullmatch(value):
                raise Problem(lazy("Write gigabytes as a number: 5 or 2.5."))
            return value
        if not _WHOLE.fullmatch(value):
            raise Problem(lazy("Write a whole number, 0 or more."))
        most = MOST.get(name, MOST_OF_ANY)
        if int(value) > most:
            raise Problem(lazy("This is too large: at most %(most)s.", most=wording.number(most)))
        return value

    @property
    def number(self) -> int | None:
        """The limit in its own unit; None: unlimited."""
        if self.unlimited:
            return None
        if self.limit is LimitName.STORAGE_BYTES:
            return int(Decimal(self.value.replace(",", ".")) * GIGABYTE)
        return int(self.value)


class WhatIfInput(LimitInput):
    """What is tried: another tier, one other limit, or both."""

    tier: Annotated[Line, Field(max_length=100)] = ""


class OverrideInput(LimitInput):
    """A limit that is set for one holder, until when, and why."""

    limit: LimitName
    until: Day = None
    reason: Reason

    @property
    def ends_at(self) -> datetime | None:
        """The last minute of the last day; None: until it is withdrawn."""
        return end_of(self.until) if self.until else None
