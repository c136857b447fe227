"""Giving memberships: begun now or later, renewed at their end; what was before is ended, never overwritten."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.changes import write_down
from app.memberships.course import HolderCourse, course_of
from app.memberships.ending import end_at, withdraw_coming
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import Holder, Membership, MembershipAct, Tier
from app.memberships.shipped import FREE
from quotas.memberships import State

# From the first moment of a membership to its end; None: until further notice.
Ending = Callable[[datetime], datetime | None]


class NotForThisHolderError(ConflictError):
    """There is no such tier, or it is for people and the holder is an organisation, or the other way round."""

    code = "tier_not_for_this_holder"
    message = lazy("This tier is not for them. Choose one from the list.")


class NothingToRenewError(ConflictError):
    """The membership has no end, is suspended, or something else is promised for the time after it."""

    code = "nothing_to_renew"
    message = lazy("There is nothing to renew: it has no end, is suspended, or another tier follows it.")


class EndsTooEarlyError(ConflictError):
    """A membership would end before it begins."""

    code = "ends_too_early"
    message = lazy("It would end before it begins. Choose a later day.")


async def tiers_for(session: AsyncSession, kind: str) -> list[Tier]:
    """The tiers that a holder of this kind can be put on, in their order; the free one is open to all."""
    fits = or_(Tier.kind == kind, Tier.key == FREE)
    found = select(Tier).where(fits, Tier.retired_at.is_(None)).order_by(Tier.position)
    return list(await session.scalars(found))


async def put_on_tier(
    session: AsyncSession,
    holder_id: int,
    tier_key: str,
    *,
    reason: str,
    granted_by: str,
    ends_at: datetime | Ending | None = None,
    seats: int | None = None,
    starts_at: datetime | None = None,
    cents: int | None = None,
    awarded: bool = False,
) -> Membership:
    """Put a holder on a tier from now on, or from a later moment, until `ends_at`.

    That is a moment, or says from the start when it ends; None: until further notice. `seats` are the hosts that an
    organisation may have (None: as many as it likes); who hosts already stays. `cents` is the price agreed for this
    period (None: the tier's). What holds now ends as this one begins, and what was to come is withdrawn: the operator
    has decided anew. Meetings that run keep their terms. Back to free is a membership too: an ended one would go on
    through its grace. Raises NotFoundError, NotForThisHolderError, EndsTooEarlyError.
    """
    held = await hold(session, holder_id)
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id))
    tier = next((tier for tier in await tiers_for(session, kind or "") if tier.key == tier_key), None)
    if tier is None:
        raise NotForThisHolderError
    now = clock.now()
    begins = max(now, starts_at or now)
    until = ends_at(begins) if callable(ends_at) else ends_at
    if until is not None and until <= begins:
        raise EndsTooEarlyError
    course = await course_of(session, held)
    await _make_way(session, course, begins, by=granted_by)
    return await _make(
        session,
        Membership(
            holder_id=holder_id,
            tier_id=tier.id,
            starts_at=begins,
            ends_at=until,
            reason=reason,
            granted_by=granted_by,
            seats=seats,
            cents=cents,
            awarded=awarded,
        ),
        MembershipAct.GIVEN,
    )


async def renew(
    session: AsyncSession,
    held: HeldLimits,
    renewed: Membership,
    ends_at: datetime,
    *,
    reason: str,
    granted_by: str,
    cents: int | None = None,
    awarded: bool = False,
) -> Membership:
    """Let the same tier go on from a membership's end, with its seats: also in its grace there is no gap.

    The holder is held, so that the membership is as it says. Raises NothingToRenewError, EndsTooEarlyError.
    """
    if renewed.ends_at is None or renewed.holder_id != held.holder_id:
        raise NothingToRenewError
    if ends_at <= max(renewed.ends_at, clock.now()):
        raise EndsTooEarlyError
    return await _make(
        session,
        Membership(
            holder_id=renewed.holder_id,
            tier_id=renewed.tier_id,
            starts_at=renewed.ends_at,
            ends_at=ends_at,
            reason=reason,
            granted_by=granted_by,
            renews_id=renewed.id,
            seats=renewed.seats,
            cents=cents,
            awarded=awarded,
        ),
        MembershipAct.RENEWED,
    )


async def renew_or_begin(
    session: AsyncSession,
    holder_id: int,
    tier_key: str,
    ends: Ending,
    *,
    reason: str,
    granted_by: str,
    cents: int | None = None,
    awarded: bool = False,
) -> Membership:
    """Let a tier go on after the last of what the holder has of it; begin it now if they have none.

    `ends` says from the moment it begins when it ends. Raises NotFoundError, NotForThisHolderError,
    NothingToRenewError, EndsTooEarlyError.
    """
    held = await hold(session, holder_id)
    course = await course_of(session, held)
    renewed = _to_renew(course, tier_key)
    if renewed is None:
        return await put_on_tier(
            session,
            holder_id,
            tier_key,
            reason=reason,
            granted_by=granted_by,
            ends_at=ends,
            cents=cents,
            awarded=awarded,
            seats=course.last.row.seats if course.last and course.last.tier.key == tier_key else None,
        )
    ends_at = ends(renewed.ends_at) if renewed.ends_at else None
    if ends_at is None:
        raise NothingToRenewError
    return await renew(
        session, held, renewed, ends_at, reason=reason, granted_by=granted_by, cents=cents, awarded=awarded
    )


def _to_renew(course: HolderCourse, tier_key: str) -> Membership | None:
    """The last of the memberships of this tier that follow each other; None: none holds now."""
    present = course.present
    if present is None or present.tier.key != tier_key:
        return None
    last = course.last_of_chain(present)
    if course.state is State.SUSPENDED or last.tier.key != tier_key or last.row.ends_at is None:
        raise NothingToRenewError
    return last.row


async def _make_way(session: AsyncSession, course: HolderCourse, begins: datetime, *, by: str) -> None:
    """End what would go on beside a membership that begins then, and withdraw what was to come."""
    now = clock.now()
    await withdraw_coming(session, course, by=by)
    for line in course.lines.values():
        row = line.row
        goes_on = row.ends_at is None or row.ends_at > begins
        if row.withdrawn_at is None and row.starts_at <= now and goes_on:
            await end_at(session, row, begins, MembershipAct.REPLACED, by=by)


async def _make(session: AsyncSession, membership: Membership, act: MembershipAct) -> Membership:
    session.add(membership)
    await session.flush()
    await write_down(session, membership, act, by=membership.granted_by, reason=membership.reason)
    return membership
