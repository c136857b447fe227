"""Rooms: made within the holder's limit, with addresses that never go to someone else."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.memberships.refusals import RefusedError
from app.rooms.models import Room, RoomAddress
from app.rooms.schemas import RoomInput
from app.rooms.service import (
    AddressTakenError,
    NotYourHolderError,
    change_room,
    create_room,
    delete_room,
)
from tests.factories import a_person, a_room, an_organisation, viewer


async def count(database, holder_id):
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).where(Room.holder_id == holder_id))


async def test_the_second_room_is_refused_on_the_free_tier(database):
    ada = await a_person(database)
    await a_room(database, ada)
    with pytest.raises(RefusedError) as refused:
        await a_room(database, ada, "Another one")
    assert refused.value.code == "limit.rooms"
    assert refused.value.refused.limit == 1
    assert "Session organiser" in [name for name, _how in refused.value.explanation.tiers]


async def test_twenty_simultaneous_rooms_end_exactly_at_the_limit(database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    results = await asyncio.gather(
        *(a_room(database, bela, f"Room {number}") for number in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, Room) for result in results) == 5
    assert all(isinstance(result, Room | RefusedError) for result in results)
    assert await count(database, bela.holder_id) == 5


async def test_an_organisations_rooms_are_charged_to_it_and_not_to_the_person(database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="host")
    for number in range(3):
        room = await a_room(database, ada, f"Room {number}", holder_id=made.holder_id)
        assert room.holder_id == made.holder_id
    assert (await a_room(database, ada, "My own")).holder_id == ada.holder_id


async def test_nobody_makes_a_room_for_an_organisation_of_others(database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside Housing", "consumer")
    with pytest.raises(NotYourHolderError):
        await a_room(database, ada, holder_id=made.holder_id)


async def test_an_address_is_made_from_the_name_and_numbered_when_it_is_taken(database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    slugs = [(await a_room(database, bela, "Café à Zürich!")).slug for _ in range(2)]
    assert slugs == ["cafe-a-zurich", "cafe-a-zurich-2"]
    assert (await a_room(database, bela, "会議室")).slug.startswith("room-")
    assert (await a_room(database, bela, "Admin")).slug.startswith("admin-")


async def test_an_address_that_someone_else_has_or_had_is_refused(database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    room = await a_room(database, ada, address="weekly-assembly")
    with pytest.raises(AddressTakenError):
        await a_room(database, bela, address="weekly-assembly")
    async with database.transaction() as session:
        await delete_room(session, await session.get_one(Room, room.id))
    with pytest.raises(AddressTakenError):
        await a_room(database, bela, address="weekly-assembly")
    assert (await a_room(database, ada, address="weekly-assembly")).slug == "weekly-assembly"


async def test_a_taken_address_leaves_no_room_behind(database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    await a_room(database, ada, address="weekly-assembly")
    with pytest.raises(AddressTakenError):
        await a_room(database, bela, address="weekly-assembly")
    assert await count(database, bela.holder_id) == 0


async def test_two_people_who_want_one_address_at_the_same_moment_do_not_both_get_it(database):
    people = [await a_person(database, f"p{number}@example.org") for number in range(8)]
    results = await asyncio.gather(
        *(a_room(database, person, address="the-hall") for person in people), return_exceptions=True
    )
    assert sum(isinstance(result, Room) for result in results) == 1
    assert sum(isinstance(result, AddressTakenError) for result in results) == 7


async def test_a_changed_address_leads_here_and_so_does_the_old_one(database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="old-place")
    async with database.transaction() as session:
        kept = await session.get_one(Room, room.id)
        await change_room(session, kept, RoomInput(name="Moved", address="new-place"))
    async with database.transaction() as session:
        leads = await session.execute(
            select(RoomAddress.slug, RoomAddress.room_id).order_by(RoomAddress.slug)
        )
        assert [tuple(row) for row in leads] == [("new-place", room.id), ("old-place", room.id)]


async def test_a_room_may_take_its_own_old_address_again(database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="old-place")
    for address in ("new-place", "old-place"):
        async with database.transaction() as session:
            kept = await session.get_one(Room, room.id)
            await change_room(session, kept, RoomInput(name="Moved", address=address))
            assert kept.slug == address


async def test_an_address_cannot_be_taken_from_another_room_of_the_same_holder(database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    await a_room(database, bela, address="first-place")
    second = await a_room(database, bela, address="second-place")
    async with database.transaction() as session:
        kept = await session.get_one(Room, second.id)
        with pytest.raises(AddressTakenError):
            await change_room(session, kept, RoomInput(name="Second", address="first-place"))


async def test_changing_a_room_does_not_change_whose_it_is(database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="host")
    room = await a_room(database, ada)
    async with database.transaction() as session:
        kept = await session.get_one(Room, room.id)
        await change_room(session, kept, RoomInput(name="Mine", holder_id=made.holder_id))
    async with database.transaction() as session:
        assert (await session.get_one(Room, room.id)).holder_id == ada.holder_id


async def test_a_room_is_made_under_the_limits_of_that_moment(database):
    ada = await a_person(database)
    await a_room(database, ada)
    from tests.factories import put_on_tier

    await put_on_tier(database, ada.holder_id, "session-organiser")
    async with database.transaction() as session:
        assert await create_room(session, viewer(ada), RoomInput(name="A second one"))
