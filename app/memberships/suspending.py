"""Suspending the memberships that a holder has now or will have, and lifting that again."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.changes import write_down
from app.memberships.course import HolderCourse, course_of
from app.memberships.limits import hold
from app.memberships.models import Membership, MembershipAct


class NothingToSuspendError(ConflictError):
    """The holder has no membership now, or it is suspended already."""

    code = "nothing_to_suspend"
    message = lazy("There is no membership to suspend, or it is suspended already.")


class NothingToLiftError(ConflictError):
    """Nothing is suspended."""

    code = "nothing_to_lift"
    message = lazy("No membership is suspended. Look at it again.")


async def suspend(session: AsyncSession, holder_id: int, *, by: str, reason: str) -> Membership:
    """From now on the present membership and its renewals grant nothing: the limits of the free tier hold.

    What runs goes on under the terms it started with; the time of the membership goes on too. Raises NotFoundError,
    NothingToSuspendError.
    """
    course = await course_of(session, await hold(session, holder_id))
    if course.present is None or course.present.row.suspended_at is not None:
        raise NothingToSuspendError
    for row in _rows(course):
        row.suspended_at, row.suspension_reason = clock.now(), reason
    await session.flush()
    await write_down(session, course.present.row, MembershipAct.SUSPENDED, by=by, reason=reason)
    return course.present.row


async def lift(session: AsyncSession, holder_id: int, *, by: str, reason: str = "") -> Membership:
    """The memberships grant their tier again, till the end they had. Raises NotFoundError, NothingToLiftError."""
    course = await course_of(session, await hold(session, holder_id))
    if course.present is None or course.present.row.suspended_at is None:
        raise NothingToLiftError
    for row in _rows(course):
        row.suspended_at = row.suspension_reason = None
    await session.flush()
    await write_down(session, course.present.row, MembershipAct.LIFTED, by=by, reason=reason)
    return course.present.row


def _rows(course: HolderCourse) -> list[Membership]:
    """What holds now, and what follows."""
    lines = [course.present, *course.coming()]
    return [line.row for line in lines if line is not None]
