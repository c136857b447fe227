"""What an operator does to a holder's memberships: one function a form, each decided under the holder's lock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.admin.limits import HeldNow, held_now
from app.admin.membership_schemas import EndInput, GiveInput, ReasonInput, RenewInput
from app.contributions.membership_saying import Told, membership_of
from app.contributions.membership_telling import Done
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.changes import version_of
from app.memberships.ending import end_membership, withdraw
from app.memberships.granting import (
    EndsTooEarlyError,
    NotForThisHolderError,
    NothingToRenewError,
    put_on_tier,
    renew_or_begin,
)
from app.memberships.limits import hold
from app.memberships.models import MembershipAct
from app.memberships.shipped import FREE
from app.memberships.suspending import lift, suspend
from app.web.forms import Form
from app.web.versions import Change, changed_meanwhile
from quotas.memberships import State, a_year_after, unused_cents

ACTS = {
    "suspend": MembershipAct.SUSPENDED,
    "lift": MembershipAct.LIFTED,
    "end": MembershipAct.ENDED,
    "withdraw": MembershipAct.WITHDRAWN,
}
FIELDS = {NotForThisHolderError: "tier", EndsTooEarlyError: "until"}

Doing = Callable[[AsyncSession, Viewer, int, Any], Awaitable[object]]


@dataclass(frozen=True)
class Place:
    """A holder and its memberships as a page of operators shows them; `version`: see app.memberships.changes."""

    held: HeldNow
    told: Told
    version: int

    @property
    def holder_id(self) -> int:
        """The holder's number."""
        return self.held.standing.holder_id

    @property
    def is_organisation(self) -> bool:
        """Whether it has seats and a custodian."""
        return self.held.holder.organisation_id is not None

    @property
    def can_be_renewed(self) -> bool:
        """Whether there is an end to go on from; also after the grace, as a new beginning."""
        line = self.told.course.present or self.told.course.last
        return (
            line is not None
            and line.row.ends_at is not None
            and self.told.course.state is not State.SUSPENDED
        )

    @property
    def unused(self) -> int:
        """What of the present period's price is for days to come, in cents."""
        present = self.told.course.present
        if present is None or present.row.ends_at is None or not self.told.owed:
            return 0
        paid = min(int(self.told.owed.price), int(self.told.owed.paid))
        return unused_cents(paid, present.row.starts_at, present.row.ends_at, clock.now())


async def place_of(session: AsyncSession, holder_id: int) -> Place:
    """All that the pages show; NotFoundError without such a holder."""
    held = await held_now(session, holder_id)
    return Place(held, await membership_of(session, held.standing), await version_of(session, holder_id))


async def done(
    session: AsyncSession, viewer: Viewer, holder_id: int, form: Form[Any], do: Doing
) -> list[Change] | None:
    """Do what the form says, under the holder's lock; `form.value` is None afterwards if it is not done.

    Returns what somebody else has done meanwhile, if that is why.
    """
    held = await hold(session, holder_id)
    told = await membership_of(session, held)
    present = {"now": told.saying.sentence}
    changes = changed_meanwhile(form, await version_of(session, holder_id), present)
    if form.value is None:
        return changes
    try:
        await do(session, viewer, holder_id, form.value)
    except ConflictError as error:
        form.fail(FIELDS.get(type(error), "reason"), error.message)
    return None


def done_to(place: Place, act: str, typed: ReasonInput, membership_id: int | None) -> Done | None:
    """What its holder is told of by mail; None: nothing was taken or given back. `place` is what was before."""
    course = place.told.course
    line = course.lines.get(membership_id) if membership_id else course.present
    made = ACTS.get(act)
    if isinstance(typed, GiveInput) and typed.tier == FREE and typed.starts_at is None:
        made = MembershipAct.REPLACED
    if made is None or line is None or line.tier.key == FREE:
        return None
    return Done(made, line.tier.name, line.row.starts_at, typed.reason)


def check_give(form: Form[GiveInput]) -> None:
    """Back to free has neither an end nor a price."""
    if form.value is not None and form.value.tier == FREE and form.value.until is not None:
        form.fail("until", lazy("The free tier has no end. Leave the day empty."))


async def give(session: AsyncSession, viewer: Viewer, holder_id: int, typed: GiveInput) -> None:
    """Put the holder on a tier; only an organisation has seats."""
    held = await held_now(session, holder_id)
    await put_on_tier(
        session,
        holder_id,
        typed.tier,
        reason=typed.reason,
        granted_by=viewer.name,
        starts_at=typed.starts_at,
        ends_at=typed.ends_at,
        seats=typed.seats if held.holder.organisation_id is not None else None,
        cents=None if typed.awarded else typed.price,
        awarded=typed.awarded,
    )


async def renew(session: AsyncSession, viewer: Viewer, holder_id: int, typed: RenewInput) -> None:
    """Let the tier that the holder has, or had last, go on. Raises NothingToRenewError."""
    place = await place_of(session, holder_id)
    line, zone = place.told.course.present or place.told.course.last, place.held.standing.zone
    if line is None:
        raise NothingToRenewError

    def ends(start: datetime) -> datetime:
        return typed.ends_at or a_year_after(start, zone)

    await renew_or_begin(
        session,
        holder_id,
        line.tier.key,
        ends,
        reason=typed.reason,
        granted_by=viewer.name,
        cents=None if typed.awarded else typed.price,
        awarded=typed.awarded,
    )


async def suspend_it(session: AsyncSession, viewer: Viewer, holder_id: int, typed: ReasonInput) -> None:
    """Let it grant nothing."""
    await suspend(session, holder_id, by=viewer.name, reason=typed.reason)


async def lift_it(session: AsyncSession, viewer: Viewer, holder_id: int, typed: ReasonInput) -> None:
    """Let it grant its tier again."""
    await lift(session, holder_id, by=viewer.name, reason=typed.reason)


def end_of_one(membership_id: int) -> Doing:
    """End one, or withdraw it if it has not begun."""

    async def do(session: AsyncSession, viewer: Viewer, holder_id: int, typed: EndInput) -> None:
        place = await place_of(session, holder_id)
        said = {"by": viewer.name, "reason": typed.reason}
        if membership_id in {line.row.id for line in place.told.course.coming()}:
            await withdraw(session, holder_id, membership_id, **said)
        else:
            await end_membership(session, holder_id, membership_id, typed.ends_at, **said)

    return do
