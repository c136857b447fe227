"""/membership: what you have, until when and what is due; the same of an organisation for its admins."""

from dataclasses import replace
from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.scopes import Scope
from app.api.answers import Holder
from app.api.errors import fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.organisations import Slug
from app.contributions.custody import custodian_of
from app.contributions.importing.references import reference_of
from app.contributions.membership_saying import membership_of
from app.db import Session
from app.i18n import gettext
from app.i18n import marked as _
from app.memberships.course import HolderCourse, Line
from app.memberships.limits import standing_of
from app.organisations.access import administered
from quotas.memberships import State
from quotas.periods import works_until

router = APIRouter(route_class=GuardedRoute)


class Period(BaseModel):
    """One membership in time."""

    tier: str = Field(description=_("The key of its tier."))
    tier_name: str = Field(description=_("The name of its tier, for people."))
    since: datetime = Field(description=_("When it begins, or began."))
    until: datetime | None = Field(description=_("When it ends; null: until further notice."))
    grace_until: datetime | None = Field(
        description=_("Until when everything works all the same; null: it has no end.")
    )
    awarded: bool = Field(description=_("Nothing is to be paid for it."))
    suspended_since: datetime | None = Field(description=_("When it was suspended; null: it is not."))
    suspension_reason: str | None = Field(description=_("Why; null: it is not suspended."))

    @classmethod
    def of(cls, line: Line | None, course: HolderCourse) -> Self | None:
        """From a line of the page's list."""
        if line is None:
            return None
        row, ends_at = line.row, line.row.ends_at
        return cls(
            tier=line.tier.key,
            tier_name=gettext(line.tier.name),
            since=row.starts_at,
            until=ends_at,
            grace_until=works_until(ends_at, course.policy) if ends_at is not None else None,
            awarded=row.awarded,
            suspended_since=row.suspended_at,
            suspension_reason=row.suspension_reason,
        )


class Membership(BaseModel):
    """What a holder has, until when, and what to do next."""

    holder: Holder = Field(description=_("Whose it is."))
    state: State = Field(
        description=_("None: no membership so far. Ending: its end is near, and nothing follows it.")
    )
    sentence: str = Field(description=_("All of it in one sentence, for people."))
    tier: str = Field(description=_("The key of the tier whose limits hold now."))
    tier_name: str = Field(description=_("The name of that tier, for people."))
    present: Period | None = Field(description=_("What holds, also in its grace or while it is suspended."))
    last: Period | None = Field(description=_("What held last, if nothing does now."))
    next: Period | None = Field(description=_("What begins later, the first of it."))
    price_cents: int | None = Field(
        description=_("What is agreed for the present period, in cents of EUR; null: it has no price.")
    )
    paid_cents: int | None = Field(description=_("What of that has come in."))
    due_cents: int = Field(description=_("What is still to be given for it."))
    renewal_cents: int | None = Field(
        description=_("What another year costs, in cents of EUR; null: no price is set.")
    )
    reference: str = Field(description=_("Written on a payment, it says whose payment that is."))
    custodian: str | None = Field(description=_("Who holds what is paid; null: the collective."))


@router.get(
    "/membership",
    name="api.show_membership",
    dependencies=needs(Scope.READ),
    tags=[_("You")],
    summary=_("Your membership"),
    description=_("What you have, until when, and what is still to be given for it."),
    response_description=_("Your membership."),
)
async def show(session: Session, caller: Caller) -> Membership:
    """The same as the page *Membership*."""
    return await _of(session, caller.holder_id)


@router.get(
    "/organisations/{organisation}/membership",
    name="api.show_organisation_membership",
    dependencies=needs(Scope.READ),
    tags=[_("Organisations")],
    summary=_("The membership of an organisation"),
    description=_("The same of an organisation, for its admins."),
    response_description=_("Its membership."),
    responses=fails_with(404),
)
async def show_of_organisation(session: Session, caller: Caller, organisation: Slug) -> Membership:
    """An operator's token has no more rights here than anyone's."""
    place = await administered(session, organisation, replace(caller, is_operator=False))
    return await _of(session, place.organisation.holder_id)


async def _of(session: AsyncSession, holder_id: int) -> Membership:
    standing = await standing_of(session, holder_id)
    told = await membership_of(session, standing)
    course, owed = told.course, told.owed
    return Membership(
        holder=Holder(id=holder_id, name=standing.holder_name),
        state=course.state,
        sentence=told.saying.sentence,
        tier=standing.tier_key,
        tier_name=gettext(standing.tier_name),
        present=Period.of(course.present, course),
        last=Period.of(course.last, course),
        next=Period.of(course.next, course),
        price_cents=owed.price if owed is not None else None,
        paid_cents=owed.paid if owed is not None else None,
        due_cents=owed.due if owed is not None else 0,
        renewal_cents=told.price,
        reference=reference_of(holder_id),
        custodian=await custodian_of(session, holder_id),
    )
