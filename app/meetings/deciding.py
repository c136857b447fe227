"""May this room's meeting start now, and under which terms: one question for enforcing and for showing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.accounts.models import User
from app.i18n import gettext as _
from app.meetings.models import Meeting, MeetingState
from app.meetings.queries import Use, sitting_of_room, use_of
from app.memberships.decision_log import Question
from app.memberships.limits import HeldLimits, Standing
from app.memberships.refusals import Explanation, Help, RefusedError, refusal
from app.organisations.shares import HostsShare, share_of
from app.rooms.models import Room
from quotas import decisions
from quotas.decisions import Decision, MeetingTerms, Reason
from quotas.limits import is_more
from quotas.periods import month_ends, month_starts
from quotas.rules import longest_recorded_minutes, may_start_meeting
from quotas.sittings import Sitting, minutes_left
from quotas.storage import headroom, recordable_minutes


@dataclass(frozen=True)
class Asked:
    """How the meeting is to be. `minutes` and `people` None: as the limits allow.

    `shorten`: whether a recorded meeting may be made as long as its recording fits; else the host is asked.
    """

    record: bool = False
    minutes: int | None = None
    people: int | None = None
    shorten: bool = True


@dataclass(frozen=True)
class Situation:
    """What the decision rests on, read once: the holder's use, the room's sitting, its host's share."""

    use: Use
    sitting_id: str | None
    sitting: Sitting | None
    share: HostsShare | None = None
    """of an organisation's storage; it bounds what is recorded in the rooms of that host"""


async def situation_of(session: AsyncSession, standing: Standing, room: Room) -> Situation:
    """The figures of this moment; before anything of them is spent, call `hold`."""
    found = await sitting_of_room(session, room.id)
    sitting_id, sitting = found or (None, None)
    share = await share_of(session, standing, room.host_id)
    return Situation(await use_of(session, room.holder_id), sitting_id, sitting, share)


async def decide(
    session: AsyncSession, held: HeldLimits, room: Room, asked: Asked
) -> tuple[MeetingTerms, str | None]:
    """The terms for the meeting, and the sitting it continues. Raises RefusedError."""
    situation = await situation_of(session, held, room)
    decision = await _ask_the_rule(session, held, room, situation, asked)
    if isinstance(decision, decisions.Refused):
        raise await _refusal(session, decision, held, room, situation, asked)
    return decision.terms, situation.sitting_id if decision.terms.continues_sitting else None


async def refused_now(session: AsyncSession, standing: Standing, row: Any) -> Explanation | None:
    """Why the room's host could not start it now, by the same rule; None if it can be started."""
    room = await session.get_one(Room, row.room_id)
    situation = await situation_of(session, standing, room)
    decision = await _ask_the_rule(session, standing, room, situation, Asked())
    if isinstance(decision, decisions.Refused):
        return (await _refusal(session, decision, standing, room, situation, Asked())).explanation
    return None


async def large_sessions_used(session: AsyncSession, standing: Standing, now: datetime) -> int:
    """How many large sessions of this month the holder has used; one that never came to be is given back."""
    used = select(func.count()).where(
        Meeting.holder_id == standing.holder_id,
        Meeting.large_session,
        Meeting.reserved_at >= month_starts(now, standing.zone),
        Meeting.state != MeetingState.FAILED,
    )
    return await session.scalar(used) or 0


async def _ask_the_rule(
    session: AsyncSession, standing: Standing, room: Room, situation: Situation, asked: Asked
) -> Decision[MeetingTerms]:
    """One question for enforcing and for showing, so that they cannot differ."""
    now, use = clock.now(), situation.use
    banned = await session.scalar(select(User.banned_at).where(User.id == room.host_id))
    return may_start_meeting(
        standing.limits,
        standing.policy,
        now=now,
        at_once=use.at_once,
        earliest_end=use.earliest_end,
        sitting=situation.sitting,
        record=asked.record,
        stored_bytes=use.stored_bytes,
        reserved_bytes=use.reserved_bytes,
        share=situation.share.share if situation.share else None,
        minutes=asked.minutes,
        shorten=asked.shorten,
        people=asked.people,
        large_sessions=0 if asked.people is None else await large_sessions_used(session, standing, now),
        month_ends=month_ends(now, standing.zone),
        newer_rooms=await _newer_rooms(session, room),
        banned=banned is not None,
    )


async def _newer_rooms(session: AsyncSession, room: Room) -> int:
    """How many of the holder's rooms were used more recently: after a downgrade those stay active."""
    newer = tuple_(Room.last_used_at, Room.id) > tuple_(room.last_used_at, room.id)
    return await session.scalar(select(func.count()).where(Room.holder_id == room.holder_id, newer)) or 0


async def _refusal(
    session: AsyncSession,
    refused: decisions.Refused,
    standing: Standing,
    room: Room,
    situation: Situation,
    asked: Asked,
) -> RefusedError:
    helps = _helps(refused.reason, standing, room, situation, asked)
    return await refusal(
        session,
        refused,
        standing,
        question=Question.START_MEETING,
        subject=room.name,
        asked=_("Start “%(room)s”", room=room.name),
        helps=helps,
        limit=_share_words(refused, standing, situation.share),
    )


def _share_words(refused: decisions.Refused, standing: Standing, share: HostsShare | None) -> str | None:
    """Whose share it is that has no space: the host's, whoever starts the room."""
    if refused.reason is not Reason.SHARE_FULL or share is None:
        return None
    return _(
        "%(holder)s shares its space for recordings among its hosts; the share of %(host)s is %(size)s.",
        holder=standing.holder_name,
        host=share.name,
        size=wording.size(refused.limit or 0),
    )


def _helps(reason: Reason, standing: Standing, room: Room, situation: Situation, asked: Asked) -> list[Help]:
    back = (_("Back to the room"), f"/r/{room.slug}", "get")
    if reason in {Reason.RECORDING_OFF, Reason.STORAGE_FULL, Reason.SHARE_FULL}:
        return [*_without_or_shorter(reason, standing, room, situation, asked), back]
    if reason in {Reason.AT_ONCE, Reason.ROOM_READ_ONLY}:
        return [(_("See your rooms"), "/rooms", "get"), back]
    if reason in {Reason.LARGE_SESSIONS, Reason.LARGE_SESSION_PEOPLE, Reason.GROUP_SIZE}:
        usual = _start(room, record=asked.record, minutes=asked.minutes)
        return [(_("Start as a usual meeting"), usual, "post"), back]
    return [back]


def _without_or_shorter(
    reason: Reason, standing: Standing, room: Room, situation: Situation, asked: Asked
) -> list[Help]:
    """The host's choice when the whole does not fit: shorter, without recording, or make room."""
    people = asked.people
    without = (_("Start without recording"), _start(room, record=False, people=people), "post")
    if reason is Reason.RECORDING_OFF:
        return [without]
    fits = fitting_minutes(standing, situation)
    words = _("Record, and end after %(length)s", length=wording.minutes(fits or 0))
    shorter = (words, _start(room, record=True, minutes=fits, people=people), "post")
    make_room = (_("Make room"), "/recordings", "get")
    choices = [*([shorter] if fits else []), without, *([make_room] if situation.use.stored_bytes else [])]
    if reason is Reason.SHARE_FULL and situation.share:
        # An admin finds the shares there, everyone else whom to ask.
        choices.append((_("Ask for a larger share"), f"/organisations/{situation.share.slug}", "get"))
    return choices


def _start(room: Room, *, record: bool, **wish: int | None) -> str:
    """The address that starts the meeting in another way."""
    said = {"record": "yes" if record else "no", **{name: value for name, value in wish.items() if value}}
    return f"/r/{room.slug}/start?{urlencode(said)}"


def fitting_minutes(standing: Standing, situation: Situation) -> int | None:
    """How long a recorded meeting can be that starts now: None without end.

    0 if less than the policy's least would fit, unless that is all that is left of the sitting.
    """
    minutes = longest_recorded_minutes(
        standing.limits,
        standing.policy,
        now=clock.now(),
        sitting=situation.sitting,
        stored_bytes=situation.use.stored_bytes,
        reserved_bytes=situation.use.reserved_bytes,
        share=situation.share.share if situation.share else None,
    )
    whole = minutes_left(standing.limits.meeting_minutes, situation.sitting, standing.policy, clock.now())
    if minutes is not None and minutes < standing.policy.recording_least_minutes and is_more(whole, minutes):
        return 0
    return minutes


def space_for(standing: Standing, situation: Situation) -> tuple[int, HostsShare | None]:
    """Minutes of recording that there is space for, and the share that bounds them (None: the whole does).

    For a holder or a host with a limit.
    """
    use, share = situation.use, situation.share
    free = headroom(standing.limits.storage_bytes, use.stored_bytes, use.reserved_bytes)
    of_share = share.share.free_bytes if share else None
    if is_more(free, of_share):
        return recordable_minutes(of_share, standing.policy) or 0, share
    return recordable_minutes(free, standing.policy) or 0, None
