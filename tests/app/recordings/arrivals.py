"""Recordings as BBB makes them: a meeting that was recorded, what its server says, what is kept here."""

import httpx
from sqlalchemy import func, select

from app.meetings.ending import end_meeting
from app.meetings.models import EndReason, Meeting
from app.memberships.models import Holder
from app.recordings.models import Recording, RecordingFormat
from app.recordings.syncing import ask_about, ask_for_due, reread
from tests.factories import a_room, meeting_by, start

MADE_AFTER = 80  # seconds that the simulator takes from the end of a meeting to its formats


class Recorder:
    """One site and its BBB, with the rounds at hand."""

    def __init__(self, site, simulator, move_clock):
        self.site, self.simulator, self.move_clock = site, simulator, move_clock
        self.database, self.servers = site.state.database, site.state.servers

    async def bbb(self, path, **body):
        async with httpx.AsyncClient(base_url=self.simulator.control) as control:
            (await control.post(path, json=body)).raise_for_status()

    async def fault(self, kind, **order):
        await self.bbb("faults", kind=kind, **order)

    async def meeting(self, host, name="Weekly assembly", *, minutes=6, record=True, **settings) -> Meeting:
        """A meeting with two people that is over; `record`: somebody pressed the button."""
        room = await a_room(self.database, host, name, record=True, **settings)
        meeting = await start(self.site, room, host)
        await self.bbb("connect", meetingID=meeting.external_id, count=2)
        if record:
            await self.bbb("recording", meetingID=meeting.external_id, on=True)
        await self.move_clock(minutes=minutes)
        await end_meeting(self.database, self.servers, meeting.id, EndReason.BY_HOST)
        return await meeting_by(self.database, meeting.id)

    async def ask(self, meeting):
        await ask_about(self.database, self.servers, [meeting.external_id])

    async def due(self):
        await ask_for_due(self.database, self.servers)

    async def reread(self):
        await reread(self.database, self.servers)

    async def rows(self) -> list[Recording]:
        async with self.database.transaction() as session:
            return [*await session.scalars(select(Recording).order_by(Recording.id))]

    async def row(self) -> Recording:
        (row,) = await self.rows()
        return row

    async def formats(self) -> dict[str, int | None]:
        async with self.database.transaction() as session:
            found = select(RecordingFormat.type, RecordingFormat.size).order_by(RecordingFormat.type)
            return {row.type: row.size for row in await session.execute(found)}

    async def stored(self, holder_id) -> int:
        """The kept total, which must be the sum."""
        async with self.database.transaction() as session:
            kept = await session.scalar(select(Holder.stored_bytes).where(Holder.id == holder_id))
            total = func.coalesce(func.sum(Recording.bytes), 0)
            assert kept == await session.scalar(select(total).where(Recording.holder_id == holder_id))
            return kept

    async def reserved(self, meeting) -> int:
        return (await meeting_by(self.database, meeting.id)).reserved_bytes

    def at_bbb(self):
        """BBB's recordings, to spoil them."""
        return self.simulator.world.recordings
