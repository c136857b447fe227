"""What the forms about a holder's membership may set."""

from datetime import datetime, time
from typing import Annotated

from pydantic import BeforeValidator, Field

from app import wording
from app.admin.schemas import MOST_SEATS, Day, Reason, end_of
from app.contributions.schemas import cents_of
from app.web.forms import Input, Line, Tick
from app.web.versions import Version


def _or_none(value: object) -> object:
    """An empty field says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def _cents(value: object) -> object:
    value = _or_none(value)
    return cents_of(value) if isinstance(value, str) else value


class ReasonInput(Input):
    """Why something is done to it. `version` is that of all memberships of the holder."""

    reason: Reason
    version: Version


class EndInput(ReasonInput):
    """When it ends; empty: now."""

    until: Day = None

    @property
    def ends_at(self) -> datetime | None:
        """The last minute of the last day; None: what an empty field means there."""
        return end_of(self.until) if self.until else None


class RenewInput(EndInput):
    """Until when it goes on (empty: a year), for which price (empty: the tier's), or as an award."""

    price: Annotated[int | None, BeforeValidator(_cents)] = None
    awarded: Tick = False


class GiveInput(RenewInput):
    """Which tier from when (empty: now) until when (empty: until further notice); seats: of an organisation."""

    tier: Line
    begins: Day = None
    seats: Annotated[Annotated[int, Field(ge=0, le=MOST_SEATS)] | None, BeforeValidator(_or_none)] = None
    look: Tick = False  # only show what it would do

    @property
    def starts_at(self) -> datetime | None:
        """The first moment of the first day; None: now."""
        return datetime.combine(self.begins, time(0), wording.zone()) if self.begins else None
