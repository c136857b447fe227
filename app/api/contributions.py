"""/contributions: what you gave, or an organisation that you are an admin of, as the ledger says."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.accounts.scopes import Scope
from app.api.answers import Listed, figures
from app.api.errors import fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.rooms import PageNumber
from app.contributions.entries import Filter, list_entries
from app.contributions.models import EntryKind, What
from app.contributions.own import own_holders
from app.db import Session
from app.errors import NotFoundError
from app.i18n import marked as _

router = APIRouter(route_class=GuardedRoute, tags=[_("You")])


class Contribution(BaseModel):
    """One entry of the ledger. Entries never change: a wrong one is reversed by another."""

    id: int = Field(description=_("The number of the entry."))
    kind: EntryKind = Field(description=_("A pledge, a confirmation, or a correction of one."))
    what: What = Field(description=_("Money, hours, a server, or something else."))
    day: date = Field(description=_("The day it is booked on."))
    cents: int = Field(description=_("Its agreed value in cents of EUR; below zero in a correction."))
    minutes: int | None = Field(description=_("Minutes of work; null: it is not hours."))
    custodian: str | None = Field(description=_("Who holds it; null: the collective."))
    confirms: int | None = Field(description=_("The pledge that it confirms."))
    reverses: int | None = Field(description=_("The entry that it reverses."))
    reversed_by: int | None = Field(description=_("The correction that reverses it."))
    recorded_at: datetime = Field(description=_("When it was recorded."))

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of the ledger's list."""
        entry = row.LedgerEntry
        return cls(
            id=entry.id,
            kind=EntryKind(entry.kind),
            what=What(entry.what),
            day=entry.booked_on,
            cents=entry.cents,
            minutes=entry.minutes,
            custodian=row.custodian,
            confirms=entry.confirms_id,
            reverses=entry.reverses_id,
            reversed_by=row.reversed_by,
            recorded_at=entry.recorded_at,
        )


class Contributions(Listed):
    """One page of contributions, the newest first."""

    items: list[Contribution] = Field(description=_("The entries of this page."))


@router.get(
    "/contributions",
    name="api.list_contributions",
    dependencies=needs(Scope.READ),
    summary=_("List your contributions"),
    description=_("Yours, or with a holder those of an organisation that you are an admin of."),
    response_description=_("One page of contributions."),
    responses=fails_with(404),
)
async def list_contributions(
    session: Session,
    caller: Caller,
    number: PageNumber = 1,
    holder: Annotated[
        int | None, Query(ge=1, le=2**53, description=_("The number of the holder; without it, you."))
    ] = None,
) -> Contributions:
    """The same as the page *Your contributions*."""
    whose = holder or caller.holder_id
    if whose not in {one.holder_id for one in await own_holders(session, caller)}:
        raise NotFoundError
    page = await list_entries(session, Filter(contributor=whose), number)
    return Contributions(items=[Contribution.of(row) for row in page.items], **figures(page))
