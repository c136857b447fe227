"""What becomes of meetings when a room or an account goes, and what a person's export says of them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.export import exports
from app.accounts.models import User
from app.meetings.ending import ask_to_end_all
from app.meetings.models import Consent, EndReason, Meeting
from app.rooms.models import Room
from app.rooms.service import before_delete

# A recording that appears late is still covered by the consent to it.
CONSENTS_KEPT = timedelta(days=30)


async def end_with_room(session: AsyncSession, room: Room) -> None:
    """A deleted room's meeting ends: the worker tells BBB within its next round."""
    await ask_to_end_all(session, EndReason.ROOM_DELETED, room_id=room.id)


before_delete.append(end_with_room)


async def forget_consents(session: AsyncSession) -> None:
    """Forget who agreed to be recorded, once the meeting is long over and nothing of it is recorded."""
    # Recordings stand further right: asked by the table's name.
    nothing_recorded = text("NOT EXISTS (SELECT 1 FROM recordings WHERE meeting_id = meetings.id)")
    over = select(Meeting.id).where(
        Meeting.ended_at < clock.now() - CONSENTS_KEPT, Meeting.reserved_bytes == 0, nothing_recorded
    )
    await session.execute(delete(Consent).where(Consent.meeting_id.in_(over)))


@exports
async def consents_of(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """When the person agreed to be recorded, signed in, as a guest of other people's rooms."""
    found = await session.execute(
        select(Meeting.name, Consent.name.label("under"), Consent.agreed_at)
        .join(Meeting, Meeting.id == Consent.meeting_id)
        .where(Consent.participant == f"u-{user_id}")
        .order_by(Consent.id)
    )
    return {
        "consents_to_be_recorded": [
            {"meeting": row.name, "under_the_name": row.under, "agreed_at": row.agreed_at} for row in found
        ]
    }


@exports
async def meetings_of(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """The meetings that the person started or that were charged to them, without names of others."""
    holder_id = select(User.holder_id).where(User.id == user_id).scalar_subquery()
    mine = or_(Meeting.started_by == user_id, Meeting.holder_id == holder_id)
    meetings = await session.scalars(select(Meeting).where(mine).order_by(Meeting.id))
    return {
        "meetings": [
            {
                "name": meeting.name,
                "state": meeting.state,
                "tier": meeting.tier,
                "minutes_granted": meeting.minutes,
                "people_granted": meeting.people,
                "recorded": meeting.recorded,
                "started_at": meeting.started_at,
                "ended_at": meeting.ended_at,
                "end_reason": meeting.end_reason,
                "most_people_at_once": meeting.peak_people,
                "participant_minutes": round(meeting.person_seconds / 60),
            }
            for meeting in meetings
        ]
    }
