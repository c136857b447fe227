"""What the forms of imports may set."""

import re
from typing import Annotated

from fastapi import Request
from pydantic import BeforeValidator, Field

from app.contributions.importing.figures import Days, Decimals
from app.contributions.importing.mapped import NEEDED, PARTS, Columns
from app.contributions.importing.tables import MOST_COLUMNS
from app.contributions.schemas import Id, Rate, Why
from app.i18n import lazy
from app.web.forms import Form, Input, Tick, check_form
from app.web.versions import Version

Place = Annotated[
    int | None,
    Field(ge=0, lt=MOST_COLUMNS),
    BeforeValidator(lambda value: None if value in {"", None} else value),
]


class SettingsInput(Input):
    """How a file is read: which column is what, who holds the money. Rates are read beside it."""

    version: Version
    day: Place = None
    amount: Place = None
    currency: Place = None
    name: Place = None
    email: Place = None
    reference: Place = None
    payer: Place = None
    id: Place = None
    days: Days = Days.ISO
    decimals: Decimals = Decimals.POINT
    custodian: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None

    @property
    def columns(self) -> Columns:
        """The columns as they are read."""
        chosen = {name: getattr(self, name) for name in PARTS}
        return Columns(
            {name: place for name, place in chosen.items() if place is not None}, self.days, self.decimals
        )


class RateInput(Input):
    """EUR for one unit of a currency."""

    rate: Rate


class MatchInput(Input):
    """Whose a payment is."""

    holder: Id
    rate: Rate = None
    others: Tick = False  # the same payer's other payments that wait, too


class LeaveOutInput(Input):
    """Why a payment is not recorded."""

    why: Why


class VersionInput(Input):
    """The version of the file that was looked at."""

    version: Version


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
    taken: set[int] = set()
    for name in PARTS:
        place = getattr(said, name)
        if place is None and name in NEEDED:
            form.fail(name, lazy("Say which column this is."))
        elif place is not None and (place >= columns or place in taken):
            form.fail(name, lazy("This column is not there, or it is something else already."))
        elif place is not None:
            taken.add(place)
