"""What the forms of imports may set."""

import re
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from app.contributions.importing.columns import PARTS, Columns
from app.contributions.importing.days import Days
from app.contributions.importing.figures import Decimals
from app.contributions.importing.tables import MOST_COLUMNS
from app.contributions.schemas import NOTE_LENGTH, Id, Rate, Why
from app.i18n import lazy
from app.web.forms import Form, Input, Line, Lines, Problem, Tick, check_form
from app.web.versions import Version


def _none_if_empty(value: object) -> object:
    return None if value in {"", None} else value


Place = Annotated[int | None, Field(ge=0, lt=MOST_COLUMNS), BeforeValidator(_none_if_empty)]


class SettingsInput(Input):
    """How a file is read: which column is what, who holds the money. Rates are read beside it.

    Days and decimals that nobody chose are as the file shows them.
    """

    version: Version
    header_line: Annotated[int | None, Field(ge=0), BeforeValidator(_none_if_empty)] = None
    day: Place = None
    amount: Place = None
    credit: Place = None
    debit: Place = None
    direction: Place = None
    currency: Place = None
    name: Place = None
    first_name: Place = None
    email: Place = None
    payer: Place = None
    reference: Place = None
    reference_2: Place = None
    id: Place = None
    status: Place = None
    refunded: Place = None
    days: Annotated[Days | None, BeforeValidator(_none_if_empty)] = None
    decimals: Annotated[Decimals | None, BeforeValidator(_none_if_empty)] = None
    shared_out: Tick = False
    custodian: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None

    @property
    def columns(self) -> Columns:
        """The columns as they were chosen."""
        chosen = {name: getattr(self, name) for name in PARTS}
        places = {name: place for name, place in chosen.items() if place is not None}
        return Columns(places, self.days, self.decimals, self.shared_out)


class RateInput(Input):
    """EUR for one unit of a currency."""

    rate: Rate


class MatchInput(Input):
    """Whose a payment is."""

    holder: Id
    rate: Rate = None
    others: Tick = False  # the same payer's other payments that wait, too


class ChoiceInput(Input):
    """What becomes of a payment of a file that is not imported yet."""

    version: Version
    key: Annotated[Line, Field(min_length=1, max_length=40)]
    act: Literal["match", "wait", "leave_out", "undo"] = "match"
    holder: Id | None = None
    why: Annotated[Lines, Field(max_length=NOTE_LENGTH)] = ""

    @field_validator("why")
    @classmethod
    def _has_a_reason(cls, why: str, info: ValidationInfo) -> str:
        if info.data.get("act") == "leave_out" and not why:
            raise Problem(lazy("Write a reason. Whoever looks at this later needs it."))
        return why


class LeaveOutInput(Input):
    """Why a payment is not recorded."""

    why: Why


class VersionInput(Input):
    """The version of the file that was looked at."""

    version: Version


class LeaveLinesInput(VersionInput):
    """A line that cannot be read and is left out; `all`: every one of them, `none`: all are read again."""

    line: Annotated[str, Field(pattern=r"^(?:all|none|[0-9]{1,6})$")]


async def read_settings(request: Request) -> tuple[Form[SettingsInput], dict[str, str]]:
    """The form, and the rates that were typed in, by currency."""
    posted = await request.form()
    values = {name: value for name, value in posted.items() if isinstance(value, str)}
    form = check_form(values, SettingsInput)
    rates: dict[str, str] = {}
    for name, value in values.items():
        if named := re.fullmatch(r"rate_([A-Z]{3})", name):
            one = check_form({"rate": value}, RateInput)
            if one.errors:
                form.errors[name] = one.errors["rate"]
                form.value = None
            elif one.value is not None and one.value.rate is not None:
                rates[named[1]] = str(one.value.rate)
    return form, rates


def check_columns(form: Form[SettingsInput], columns: int) -> None:
    """Put errors beside columns that are missing, chosen twice, or not there."""
    said = form.value
    if said is None:
        return
    chosen = said.columns
    taken: set[int] = set()
    if "day" not in chosen.places:
        form.fail("day", lazy("Say which column this is."))
    if not {"amount", "credit", "debit"} & set(chosen.places):
        form.fail("amount", lazy("Say which column this is."))
    if "amount" in chosen.places and {"credit", "debit"} & set(chosen.places):
        form.fail("amount", lazy("Choose either one column of amounts, or the ones for money in and out."))
    if "direction" in chosen.places and "amount" not in chosen.places:
        form.fail("direction", lazy("This only goes with a single column of amounts."))
    for name, place in chosen.places.items():
        if place >= columns or place in taken:
            form.fail(name, lazy("This column is not there, or it is something else already."))
        taken.add(place)
