"""An operator at a browser, and the house they look after."""

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.db import Database
from app.memberships.models import Membership, Tier
from tests.browser import Person
from tests.factories import signed_in


@pytest.fixture
async def at_browsers(site):
    """Sign people in on browsers of their own that last as long as the test: `await at_browsers(user)`."""
    async with AsyncExitStack() as stack:

        async def sign_in(user: User) -> Person:
            return await stack.enter_async_context(signed_in(site, user))

        yield sign_in


async def history(database: Database, holder_id: int) -> list[tuple[str, Membership]]:
    """A holder's memberships with the key of their tier, oldest first."""
    async with database.transaction() as session:
        found = await session.execute(
            select(Tier.key, Membership)
            .join(Tier, Tier.id == Membership.tier_id)
            .where(Membership.holder_id == holder_id)
            .order_by(Membership.starts_at)
        )
        return [(row[0], row[1]) for row in found]


async def fresh(database: Database, user: User) -> User:
    """The account as it is in the database now."""
    async with database.transaction() as session:
        return await session.get_one(User, user.id)
