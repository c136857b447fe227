"""A suspended membership grants nothing, whatever was before it, and all again when it is lifted."""

import pytest

from app.memberships.granting import put_on_tier
from app.memberships.limits import standing_of
from app.memberships.suspending import NothingToSuspendError, lift, suspend
from tests.factories import a_person


@pytest.fixture
async def ada(database):
    made = await a_person(database)
    async with database.transaction() as session:
        await put_on_tier(session, made.holder_id, "session-organiser", reason="a test", granted_by="Olu")
    return made


async def tier(database, holder_id):
    async with database.transaction() as session:
        return (await standing_of(session, holder_id)).tier_key


async def test_suspended_is_free_and_lifted_is_as_before(database, ada):
    async with database.transaction() as session:
        await suspend(session, ada.holder_id, by="Olu", reason="Not paid.")
    assert await tier(database, ada.holder_id) == "free"
    async with database.transaction() as session:
        await lift(session, ada.holder_id, by="Olu")
    assert await tier(database, ada.holder_id) == "session-organiser"


async def test_the_one_before_does_not_hold_in_its_place(database, ada):
    async with database.transaction() as session:
        # The first is ended by the second and in its grace.
        await put_on_tier(session, ada.holder_id, "session-organiser", reason="again", granted_by="Olu")
    async with database.transaction() as session:
        await suspend(session, ada.holder_id, by="Olu", reason="Not paid.")
    assert await tier(database, ada.holder_id) == "free"


async def test_there_must_be_something_to_suspend(database, ada):
    async with database.transaction() as session:
        await suspend(session, ada.holder_id, by="Olu", reason="Not paid.")
    with pytest.raises(NothingToSuspendError):
        async with database.transaction() as session:
            await suspend(session, ada.holder_id, by="Olu", reason="Twice.")
