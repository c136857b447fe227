"""What becomes of rooms whose host leaves."""

import pytest
from sqlalchemy import select

from app.accounts.deletion import delete_account
from app.rooms.models import Room
from app.rooms.schemas import RoomInput
from app.rooms.service import create_room
from tests.factories import a_person, an_organisation, viewer


@pytest.mark.parametrize("others", [{"bela": "host"}, {}])
async def test_a_host_of_an_organisation_without_an_admin_can_leave(database, others):
    """Its rooms go to another host; with nobody left, they go too."""
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    made = await an_organisation(database, "The Mill", "consumer", ada="host", **others)
    async with database.transaction() as session:
        wanted = RoomInput(name="Assembly", holder_id=made.holder_id)
        room = await create_room(session, viewer(ada), wanted)
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    async with database.transaction() as session:
        host_id = await session.scalar(select(Room.host_id).where(Room.id == room.id))
    assert host_id == (bela.id if others else None)
