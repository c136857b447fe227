"""Whose contributions a bookkeeper would confirm to their own advantage."""

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.organisations.models import HostRole, Organisation, OrganisationHost


async def keeps_books(session: AsyncSession, holder_id: int) -> bool:
    """Whether a holder is a bookkeeper, or an organisation that one is an admin of.

    What they confirm of their own earns nothing by itself: an operator looks at it. Operators are none of them: what
    they want to grant themselves, they can grant.
    """
    # Two questions, each by an index: asked as one, every account would be looked at, for everyone, every night.
    keeper = (User.is_bookkeeper, ~User.is_operator, User.banned_at.is_(None))
    themselves = exists().where(User.holder_id == holder_id, *keeper)
    as_admin = exists().where(
        Organisation.holder_id == holder_id,
        OrganisationHost.organisation_id == Organisation.id,
        OrganisationHost.role == HostRole.ADMIN,
        User.id == OrganisationHost.user_id,
        *keeper,
    )
    return bool(await session.scalar(select(or_(themselves, as_admin))))
