"""Operators are made from the command line."""

import pytest
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.service import WeakPasswordError, ban, create_operator
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, is_signed_in, make_user, sign_in

pytestmark = pytest.mark.slow


async def test_an_operator_made_from_the_command_line_is_verified_and_can_sign_in(someone, database):
    async with database.transaction() as session:
        made = await create_operator(session, ADA, "Ada", PASSWORD)
    assert made.is_new
    assert made.user.is_operator
    assert made.user.verified_at is not None
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_an_account_that_exists_is_promoted_and_keeps_its_password(someone, database):
    user = await make_user(database, verified=False)
    async with database.transaction() as session:
        await ban(session, user.id, "by mistake")
    async with database.transaction() as session:
        made = await create_operator(session, ADA.upper(), "Someone", OTHER_PASSWORD)
    assert not made.is_new
    assert (made.user.id, made.user.name) == (user.id, "Ada")
    assert made.user.is_operator
    assert made.user.verified_at is not None
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_an_operator_with_a_weak_password_is_not_made(database):
    async with database.transaction() as session:
        with pytest.raises(WeakPasswordError):
            await create_operator(session, ADA, "Ada", "password1")
        assert await session.scalar(select(func.count()).select_from(User)) == 0
