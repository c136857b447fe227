"""Rooms in the story."""

from hypothesis.stateful import precondition, rule

from app import clock
from app.rooms.models import Room
from app.rooms.schemas import RoomInput
from app.rooms.service import create_room, delete_room
from tests import factories
from tests.model.spec import (
    Holder,
    may_not_make_a_room,
)
from tests.model.story import Door, Story


class Rooms(Story):
    """Made within the limit, and deleted."""

    @rule()
    def make_a_room(self) -> None:
        self.town.do(self._make_room(self.chance.choice(self.holders)))

    async def _make_room(self, holder: Holder) -> None:
        self.made += 1
        name = f"{holder.name} {self.made}"
        limits = holder.limits_at(clock.now())
        against = may_not_make_a_room(limits, sum(door.holder is holder for door in self.rooms))
        with self._asks(f"make room {name}", against) as answer:
            async with self.town.database.transaction() as session:
                wanted = RoomInput(name=name, holder_id=holder.id)
                room = await create_room(session, factories.viewer(holder.hosts[0]), wanted)
        if answer.granted:
            self.rooms.append(Door(room.id, name, holder))

    @precondition(lambda self: self.rooms)
    @rule()
    def delete_a_room(self) -> None:
        door = self.chance.choice(self.rooms)
        self.rooms.remove(door)
        self._say(f"delete room {door.name}")

        async def delete() -> None:
            async with self.town.database.transaction() as session:
                await delete_room(session, await session.get_one(Room, door.id))

        self.town.do(delete())
