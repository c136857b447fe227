"""Meetings that are over, for long lists."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.meetings.models import EndReason, Meeting, MeetingState
from app.rooms.models import Room
from app.servers.models import Server


async def past_meetings(session: AsyncSession, room_id: int, count: int) -> None:
    """So many meetings of a room, an hour each, one a day."""
    room = await session.get_one(Room, room_id)
    server = Server(url="http://bbb.example.org/bigbluebutton")
    session.add(server)
    await session.flush()
    for number in range(count):
        began = clock.now() - timedelta(days=number + 1)
        session.add(
            Meeting(
                room_id=room.id,
                holder_id=room.holder_id,
                server_id=server.id,
                name=room.name,
                external_id=f"past-{number}",
                callback_token="x",
                state=MeetingState.ENDED,
                sitting_id=f"past-{number}",
                tier="free",
                minutes=60,
                people=10,
                recorded=False,
                reserved_at=began,
                started_at=began,
                ended_at=began + timedelta(hours=1),
                end_reason=EndReason.TIME_UP,
            )
        )
