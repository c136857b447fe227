"""Whose contributions a bookkeeper would confirm to their own advantage."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.organisations.models import HostRole, Organisation, OrganisationHost


async def keeps_books(session: AsyncSession, holder_id: int) -> bool:
    """Whether a holder is a bookkeeper, or an organisation that one is an admin of.

    What they confirm of their own earns nothing by itself: an operator looks at it. Operators are none of them: what
    they want to grant themselves, they can grant.
    """
    organisations = (
        select(OrganisationHost.user_id)
        .join(Organisation, Organisation.id == OrganisationHost.organisation_id)
        .where(Organisation.holder_id == holder_id, OrganisationHost.role == HostRole.ADMIN)
    )
    keeper = select(User.id).where(
        User.is_bookkeeper,
        ~User.is_operator,
        User.banned_at.is_(None),
        or_(User.holder_id == holder_id, User.id.in_(organisations)),
    )
    return await session.scalar(keeper.limit(1)) is not None
