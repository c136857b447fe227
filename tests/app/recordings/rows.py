"""Recordings for tests of what people see: rows as the rounds would have written them."""

import secrets
from datetime import timedelta

from sqlalchemy import func, select, update

from app import clock
from app.accounts.models import User
from app.db import Database
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder
from app.recordings.models import Recording, RecordingFormat, RecordingState
from app.rooms.models import Room
from app.servers.models import Server

MEGABYTE = 1_000_000
FORMATS = (
    ("presentation", "https://bbb.example.org/playback/presentation/2.3/{id}"),
    ("podcast", "https://bbb.example.org/podcast/{id}/audio.m4a"),
)


async def a_recording(
    database: Database, host: User, room: Room | None = None, *, hidden: tuple[str, ...] = (), **columns
) -> Recording:
    """A published recording of yesterday, of a room or of one that is deleted, with two formats."""
    at = columns.pop("recorded_at", clock.now() - timedelta(days=1))
    formats = columns.pop("formats", FORMATS)
    async with database.transaction() as session:
        server_id = await _server(session)
        holder_id = columns.pop("holder_id", room.holder_id if room else host.holder_id)
        meeting = _meeting(holder_id, server_id, room, at)
        session.add(meeting)
        await session.flush()
        recording = Recording(
            record_id=f"{secrets.token_hex(20)}-1",
            key=columns.pop("key", secrets.token_urlsafe(12)),
            server_id=server_id,
            holder_id=holder_id,
            meeting_id=meeting.id,
            room_id=room.id if room else None,
            host_id=columns.pop("host_id", host.id),
            name=columns.pop("name", "Weekly assembly"),
            state=columns.pop("state", RecordingState.PUBLISHED),
            bytes=columns.pop("bytes", 340 * MEGABYTE),
            estimated=columns.pop("estimated", False),
            minutes=columns.pop("minutes", 45),
            recorded_at=at,
            created_at=at,
            check_at=at + timedelta(days=30),
            seen_at=at,
            **columns,
        )
        session.add(recording)
        await session.flush()
        session.add_all(
            RecordingFormat(
                recording_id=recording.id,
                type=kind,
                url=url.replace("{id}", recording.record_id),
                size=100 * MEGABYTE,
                minutes=45,
                hidden=kind in hidden,
            )
            for kind, url in formats
        )
        charged = select(func.sum(Recording.bytes)).where(Recording.holder_id == holder_id).scalar_subquery()
        await session.execute(update(Holder).where(Holder.id == holder_id).values(stored_bytes=charged))
    return recording


def addresses(recording: Recording) -> list[str]:
    """What must not stand anywhere for who may not see it: the addresses, and what is secret in them."""
    return ["bbb.example.org", recording.record_id]


async def _server(session) -> int:
    found = await session.scalar(select(Server.id).order_by(Server.id).limit(1))
    if found is None:
        server = Server(url="https://bbb.example.org/")
        session.add(server)
        await session.flush()
        found = server.id
    return found


def _meeting(holder_id: int, server_id: int, room: Room | None, at) -> Meeting:
    return Meeting(
        holder_id=holder_id,
        server_id=server_id,
        room_id=room.id if room else None,
        name=room.name if room else "Weekly assembly",
        external_id=f"gh-{secrets.token_hex(8)}",
        callback_token="t",
        state=MeetingState.ENDED,
        sitting_id=secrets.token_hex(8),
        tier="free",
        recorded=True,
        reserved_at=at,
        started_at=at,
        ended_at=at + timedelta(minutes=45),
    )
