"""Recordings in the story."""

from datetime import timedelta

from hypothesis import event
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from app.errors import ConflictError
from app.recordings.models import Recording
from app.recordings.service import delete_recording, restore_recording, trash_recording
from tests.model.meetings import Meetings
from tests.model.spec import (
    Wish,
)


class Recordings(Meetings):
    """Made by whole meetings, put away and deleted."""

    @precondition(lambda self: self.rooms)
    @rule()
    def record_a_meeting(self) -> None:
        """A whole one: started, recorded, ended, and processed by BBB."""
        door, minutes = self.chance.choice(self.rooms), self.chance.choice([3, 40, 100])

        async def happens() -> None:
            await self._start(door, Wish(record=True))
            await self._go_in(door, 0, arrives=True)
            await self._at_bbb(door, "recording")
            await self.town.pass_time(timedelta(minutes=minutes))
            await self._end(door)
            await self.town.pass_time(timedelta(minutes=3))
            await self.town.work()

        self.town.do(happens())

    @precondition(lambda self: self.recorded)
    @rule()
    def change_a_recording(self) -> None:
        """Into the trash, out of it again, or gone for good; what cannot be done says so."""
        what = self.chance.choice([trash_recording, restore_recording, delete_recording])
        record_id = self.chance.choice(self.recorded)

        async def change() -> None:
            async with self.town.database.transaction() as session:
                found = await session.scalar(select(Recording).where(Recording.record_id == record_id))
                await what(session, found)

        try:
            self.town.do(change())
        except ConflictError as error:
            self._say(f"{what.__name__} {record_id[-4:]}: {error.code}")
        else:
            event(what.__name__)
            self._say(f"{what.__name__} {record_id[-4:]}")
