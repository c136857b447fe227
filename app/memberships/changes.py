"""What was done to the memberships of a holder: written down with who and why; its newest is their version."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.live import announce, holder_topic
from app.memberships.models import Membership, MembershipAct, MembershipChange
from app.web.pagination import PAGE_SIZE, Page, offset_of


async def write_down(
    session: AsyncSession, membership: Membership, act: MembershipAct, *, by: str, reason: str = ""
) -> None:
    """Keep what was done to a membership (it has its number already), and tell the pages of its holder."""
    change = MembershipChange(
        holder_id=membership.holder_id,
        membership_id=membership.id,
        at=clock.now(),
        by=by,
        act=act,
        reason=reason,
    )
    session.add(change)
    await session.flush()
    await announce(session, holder_topic(membership.holder_id))


async def version_of(session: AsyncSession, holder_id: int) -> int:
    """Of all memberships of a holder; it grows with whatever is done to one of them. 1: nothing was."""
    newest = select(func.max(MembershipChange.id)).where(MembershipChange.holder_id == holder_id)
    return (await session.scalar(newest) or 0) + 1


async def changes_of(session: AsyncSession, holder_id: int, number: int = 1) -> Page[MembershipChange]:
    """What was done to a holder's memberships, the newest first."""
    theirs = MembershipChange.holder_id == holder_id
    found = select(MembershipChange).where(theirs).order_by(MembershipChange.id.desc())
    rows = (await session.scalars(found.limit(PAGE_SIZE).offset(offset_of(number)))).all()
    total = await session.scalar(select(func.count()).select_from(MembershipChange).where(theirs))
    return Page(rows, number, total or 0)
