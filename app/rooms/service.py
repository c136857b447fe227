"""Making, changing and deleting rooms."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.errors import ConflictError, ForbiddenError, NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.live import announce, holder_topic, room_topic
from app.memberships.decision_log import Question, note_granted
from app.memberships.limits import HeldLimits, hold
from app.memberships.refusals import refusal
from app.rooms import addresses
from app.rooms.access import acts_for
from app.rooms.models import Room, RoomAddress
from app.rooms.schemas import RoomInput
from quotas.decisions import Refused
from quotas.rules import may_create_room

# What must happen before a room is deleted; features that stand further right add theirs.
BeforeDelete = Callable[[AsyncSession, Room], Awaitable[None]]
before_delete: list[BeforeDelete] = []


class AddressTakenError(ConflictError):
    """The chosen address leads, or led, to somebody else's room."""

    code = "address_taken"
    title = lazy("This address is taken")
    message = lazy("This address is taken, or was once: links to it may still be around. Choose another one.")


class NotYourHolderError(ForbiddenError):
    """A room can be made for oneself and for organisations that one hosts for."""

    code = "not_your_holder"
    message = lazy("You do not host for this organisation.")


async def create_room(session: AsyncSession, viewer: Viewer, wanted: RoomInput) -> Room:
    """Make a room for the viewer or for an organisation they host for, within the holder's limit of rooms.

    Raises RefusedError, AddressTakenError, NotYourHolderError.
    """
    holder_id = await _chosen_holder(session, viewer, wanted.holder_id)
    held = await hold(session, holder_id)
    await spend_a_room(
        session,
        held,
        question=Question.CREATE_ROOM,
        room=wanted.name,
        asked=_("Make the room “%(room)s”", room=wanted.name),
    )
    now = clock.now()
    room = Room(
        holder_id=holder_id,
        host_id=viewer.id,
        slug=await _take_address(session, wanted, holder_id),
        created_at=now,
        last_used_at=now,
        inherited_sitting=await _left_sitting(session, held),
        **_settings(wanted),
    )
    session.add(room)
    await session.flush()
    await addresses.lead_to(session, room.slug, room.id)
    await note_granted(session, holder_id, Question.CREATE_ROOM, room.name)
    await announce(session, holder_topic(holder_id))
    return room


# Meetings stand further right: asked by the table's name. Of the sittings that rooms deleted within the gap have
# left, the one with the most used time that no other room goes on with.
_LEFT_SITTING = text("""
    SELECT m.sitting_id FROM meetings m
    WHERE m.holder_id = :holder AND m.room_id IS NULL
      AND (m.state IN ('starting', 'running') OR (m.state = 'ended' AND m.ended_at > :since))
      AND NOT EXISTS (SELECT FROM rooms r WHERE r.holder_id = :holder AND r.inherited_sitting = m.sitting_id)
      AND NOT EXISTS (SELECT FROM meetings other WHERE other.sitting_id = m.sitting_id AND other.room_id IS NOT NULL)
    GROUP BY m.sitting_id
    ORDER BY sum(coalesce(m.ended_at, m.started_at + m.minutes * interval '1 minute') - m.started_at) DESC NULLS LAST
    LIMIT 1
""")


async def _left_sitting(session: AsyncSession, held: HeldLimits) -> str | None:
    """The sitting that a new room goes on with: a deleted room's, if its gap is not over (DOMAIN.md rule 1)."""
    since = clock.now() - timedelta(minutes=held.policy.sitting_gap_minutes)
    found: str | None = await session.scalar(_LEFT_SITTING, {"holder": held.holder_id, "since": since})
    return found


async def change_room(session: AsyncSession, room: Room, wanted: RoomInput) -> None:
    """Change what a host may set. A new address leads here at once, the old one keeps leading here too.

    Raises AddressTakenError.
    """
    if wanted.address and wanted.address != room.slug:
        if await addresses.leads_to(session, wanted.address) != room.id:
            if not await addresses.take(session, wanted.address, room.holder_id):
                raise AddressTakenError
            await addresses.lead_to(session, wanted.address, room.id)
        room.slug = wanted.address
    for name, value in _settings(wanted).items():
        setattr(room, name, value)
    await session.flush()
    await announce(session, room_topic(room.id), holder_topic(room.holder_id))


async def delete_room(session: AsyncSession, room: Room) -> None:
    """Delete a room for good. Its addresses stay kept for its holder, its past meetings stay as figures.

    Raises NotFoundError when somebody else has just done so.
    """
    # The lock of every start: a meeting that is being reserved at this moment is seen here, and ends with the room.
    await hold(session, room.holder_id)
    if await session.scalar(select(Room.id).where(Room.id == room.id)) is None:
        raise NotFoundError
    for step in before_delete:
        await step(session, room)
    await session.execute(update(RoomAddress).where(RoomAddress.room_id == room.id).values(room_id=None))
    await session.delete(room)
    await session.flush()
    await announce(session, room_topic(room.id), holder_topic(room.holder_id))


async def count_rooms(session: AsyncSession, holder_id: int) -> int:
    """How many rooms a holder has."""
    return await session.scalar(select(func.count()).where(Room.holder_id == holder_id)) or 0


async def people_in(session: AsyncSession, room_id: int) -> int:
    """How many are in the room's meeting now. Meetings stand further right: asked by the table's name."""
    found = text("SELECT people_now FROM meetings WHERE room_id = :room AND state IN ('starting', 'running')")
    return await session.scalar(found, {"room": room_id}) or 0


async def recordings_in(session: AsyncSession, room_id: int) -> int:
    """How many recordings of the room there are, the trash included. Asked by the table's name, as above."""
    found = text("SELECT count(*) FROM recordings WHERE room_id = :room AND state <> 'gone'")
    return await session.scalar(found, {"room": room_id}) or 0


async def spend_a_room(
    session: AsyncSession, held: HeldLimits, *, question: Question, room: str, asked: str
) -> None:
    """Refuse one more room than the held limits allow (DOMAIN.md, tiers: rooms)."""
    decision = may_create_room(held.limits, await count_rooms(session, held.holder_id))
    if isinstance(decision, Refused):
        raise await refusal(
            session,
            decision,
            held,
            question=question,
            subject=room,
            asked=asked,
            helps=[(_("Your rooms"), "/rooms", "get")],
        )


async def _chosen_holder(session: AsyncSession, viewer: Viewer, holder_id: int | None) -> int:
    mine = {holder.holder_id for holder in await acts_for(session, viewer)}
    if holder_id is None:
        return viewer.holder_id
    if holder_id not in mine:
        raise NotYourHolderError
    return holder_id


async def _take_address(session: AsyncSession, wanted: RoomInput, holder_id: int) -> str:
    if not wanted.address:
        return await addresses.take_from_name(session, wanted.name, holder_id)
    if not await addresses.take(session, wanted.address, holder_id):
        raise AddressTakenError
    return wanted.address


def _settings(wanted: RoomInput) -> dict[str, object]:
    words = {name: str(getattr(wanted, name)) for name in ("who_may_start", "recording_visibility")}
    return wanted.model_dump(exclude={"address", "holder_id"}) | words
