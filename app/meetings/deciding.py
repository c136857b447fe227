"""May this room's meeting start now, and under which terms: one question for enforcing and for showing."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, wording
from app.i18n import gettext as _
from app.meetings.models import Meeting, MeetingState
from app.meetings.situation import RoomNow, Situation
from app.memberships.decision_log import Question
from app.memberships.limits import HeldLimits, Standing
from app.memberships.refusals import Explanation, Help, RefusedError, refusal
from app.organisations.shares import HostsShare
from quotas import decisions
from quotas.decisions import Decision, MeetingTerms, Reason
from quotas.limits import is_more
from quotas.periods import month_ends, month_starts
from quotas.rules import longest_recorded_minutes, may_start_meeting
from quotas.sittings import minutes_left
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


async def decide(
    session: AsyncSession, held: HeldLimits, situation: Situation, asked: Asked
) -> tuple[MeetingTerms, str | None]:
    """The terms for the meeting, and the sitting it continues. Raises RefusedError.

    `situation`: read after the holder was locked.
    """
    decision = _ask_the_rule(held, situation, asked)
    if isinstance(decision, decisions.Refused):
        raise await _refusal(session, decision, held, situation, asked)
    return decision.terms, situation.sitting_id if decision.terms.continues_sitting else None


async def refused_now(session: AsyncSession, standing: Standing, situation: Situation) -> Explanation | None:
    """Why the room's host could not start it now, by the same rule; None if it can be started."""
    decision = _ask_the_rule(standing, situation, Asked())
    if isinstance(decision, decisions.Refused):
        return (await _refusal(session, decision, standing, situation, Asked())).explanation
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


def _ask_the_rule(standing: Standing, situation: Situation, asked: Asked) -> Decision[MeetingTerms]:
    """One question for enforcing and for showing, so that they cannot differ."""
    now, use = clock.now(), situation.use
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
        large_sessions=situation.large_sessions,
        month_ends=month_ends(now, standing.zone),
        newer_rooms=situation.newer_rooms,
        banned=situation.banned,
    )


async def _refusal(
    session: AsyncSession,
    refused: decisions.Refused,
    standing: Standing,
    situation: Situation,
    asked: Asked,
) -> RefusedError:
    room = situation.room
    helps = _helps(refused.reason, standing, situation, asked)
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


def _helps(reason: Reason, standing: Standing, situation: Situation, asked: Asked) -> list[Help]:
    room = situation.room
    back = (_("Back to the room"), f"/r/{room.slug}", "get")
    if reason in {Reason.RECORDING_OFF, Reason.STORAGE_FULL, Reason.SHARE_FULL}:
        return [*_without_or_shorter(reason, standing, situation, asked), back]
    if reason in {Reason.AT_ONCE, Reason.ROOM_READ_ONLY}:
        return [(_("See your rooms"), "/rooms", "get"), back]
    if reason in {Reason.LARGE_SESSIONS, Reason.LARGE_SESSION_PEOPLE, Reason.GROUP_SIZE}:
        usual = _start(room, record=asked.record, minutes=asked.minutes)
        return [(_("Start as a usual meeting"), usual, "post"), back]
    return [back]


def _without_or_shorter(reason: Reason, standing: Standing, situation: Situation, asked: Asked) -> list[Help]:
    """The host's choice when the whole does not fit: shorter, without recording, or make room."""
    room, people = situation.room, asked.people
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


def _start(room: RoomNow, *, record: bool, **wish: int | None) -> str:
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
