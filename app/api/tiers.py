"""GET /tiers: the tiers that one can get, with what each grants and costs: what the public page compares."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.accounts.scopes import Scope
from app.api.gate import Caller, GuardedRoute, needs
from app.db import Session
from app.i18n import gettext
from app.i18n import marked as _
from app.memberships import models
from app.memberships.limits import offers
from app.memberships.models import HolderKind

router = APIRouter(route_class=GuardedRoute, tags=[_("Tiers")])


class OfferedTier(BaseModel):
    """A tier that one can get. A limit that is null: no limit; 0: nothing of it."""

    key: str = Field(description=_("What programs call it. It never changes."))
    name: str = Field(description=_("Its name, for people."))
    kind: HolderKind = Field(description=_("For a person or an organisation."))
    description: str = Field(description=_("A few lines about it; empty: there are none."))
    how_to_get: str = Field(description=_("How one gets it, in a sentence."))
    yearly_cents: list[int] = Field(
        description=_(
            "Cents of EUR for the first year, the second …; the last one holds on. Empty: no price."
        )
    )
    meeting_minutes: int | None = Field(description=_("Minutes of one sitting."))
    group_size: int | None = Field(description=_("People in one meeting at one time, hosts included."))
    rooms_per_host: int | None = Field(description=_("Rooms for each host; a person is one host."))
    at_once_per_host: int | None = Field(description=_("Meetings at once for each host."))
    storage_first_host: int | None = Field(description=_("Bytes of recordings of the first host; 0: none."))
    storage_further_host: int | None = Field(
        description=_("Bytes that each further host of an organisation adds.")
    )
    recording_days: int | None = Field(description=_("Days a recording is kept at most."))
    large_sessions_per_month: int | None = Field(description=_("Large sessions a month."))
    large_session_people: int | None = Field(description=_("People in one large session."))

    @classmethod
    def of(cls, tier: models.Tier) -> Self:
        """From its row, with its words in the owner's language."""
        words = ("name", "description", "how_to_get")
        values = {name: getattr(tier, name) for name in cls.model_fields if name not in words}
        return cls(**values, **{name: gettext(getattr(tier, name)) for name in words})


class Tiers(BaseModel):
    """All tiers that one can get; who gives more stands further down."""

    items: list[OfferedTier] = Field(description=_("The tiers, in their order."))


@router.get(
    "/tiers",
    name="api.list_tiers",
    dependencies=needs(Scope.READ),
    summary=_("Compare the tiers"),
    description=_("What each tier grants and costs, and how one gets it. /me says which one is yours."),
    response_description=_("The tiers."),
)
async def list_tiers(session: Session, caller: Caller) -> Tiers:
    """The same as the page that compares them: facts about tiers, none about who is on them."""
    del caller
    return Tiers(items=[OfferedTier.of(tier) for tier, _limits in (await offers(session)).values()])
