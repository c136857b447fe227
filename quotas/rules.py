"""The questions: one function for each thing that a limit can refuse."""

from datetime import datetime

from quotas.decisions import Decision, Granted, MeetingTerms, Reason, RecordingTerms, Refused
from quotas.limits import Limits, Policy, is_more
from quotas.moments import utc
from quotas.sittings import Sitting, minutes_left, minutes_used
from quotas.storage import Share, estimated_bytes, headroom, recordable_minutes, reservation

UNSEEN_OF_A_NETWORK = 3  # places


def _least(*numbers: int | None) -> int | None:
    """The smallest of some limits; None, unlimited, is the largest."""
    return min((number for number in numbers if number is not None), default=None)


def _one_more(
    reason: Reason, limit: int | None, used: int, frees_at: datetime | None = None
) -> Refused | None:
    """The refusal of one more of something that is counted; None when there is room for it."""
    if frees_at is not None:
        utc(frees_at)  # a moment without a time zone is a mistake even while nothing is refused
    if limit is None or used < limit:
        return None
    return Refused(reason=reason, limit=limit, used=used, asked=1, frees_at=frees_at)


def _at_least_one(asked: int, of_what: str) -> int:
    """What was asked for; `ValueError` below 1, which forms and schemas do not let through."""
    if asked < 1:
        raise ValueError(f"{asked} {of_what} asked for: BigBlueButton reads 0 as unlimited")
    return asked


def may_create_room(limits: Limits, used: int) -> Decision[None]:
    """One more room for a holder who has `used` of them; the same for a room that is handed over to it."""
    return _one_more(Reason.ROOMS, limits.rooms, used) or Granted(None)


def may_add_host(limits: Limits, used: int) -> Decision[None]:
    """One more host for an organisation that has `used` of them, within the seats of its membership."""
    return _one_more(Reason.HOSTS, limits.hosts, used) or Granted(None)


def is_read_only(limits: Limits, newer_rooms: int) -> bool:
    """Whether a room is above the cap after a downgrade: enough others were used more recently."""
    return limits.rooms is not None and newer_rooms >= limits.rooms


def is_large_session(people: int | None, policy: Policy) -> bool:
    """Whether a meeting with this group size cap is a large session; one without a cap is."""
    return people is None or people > policy.large_session_above


def may_gather(
    limits: Limits,
    *,
    people: int | None = None,
    large_sessions: int = 0,
    month_ends: datetime | None = None,
) -> Decision[int | None]:
    """A meeting for so many people; the terms are its cap. None asks for the tier's own group size.

    A cap above the group size uses one of the month's large sessions, of which `large_sessions` are used
    or booked; `month_ends` (aware) is when they come anew.
    """
    size = limits.group_size
    cap = size if people is None else _at_least_one(people, "people")
    if size is None or (cap is not None and 0 < cap <= size):
        return Granted(cap)
    asked = people or 1
    if limits.large_sessions_per_month == 0 or people is None:
        return Refused(reason=Reason.GROUP_SIZE, limit=size, used=0, asked=asked)
    most = limits.large_session_people
    if most is not None and people > most:
        return Refused(reason=Reason.LARGE_SESSION_PEOPLE, limit=most, used=0, asked=people)
    per_month = limits.large_sessions_per_month
    return _one_more(Reason.LARGE_SESSIONS, per_month, large_sessions, month_ends) or Granted(people)


def may_record(
    limits: Limits,
    policy: Policy,
    *,
    left: int | None,
    minutes: int | None = None,
    shorten: bool = True,
    stored_bytes: int = 0,
    reserved_bytes: int = 0,
    share: Share | None = None,
) -> Decision[RecordingTerms]:
    """A recording of a meeting that may last `left` minutes (None = no end): what it may become must fit.

    It must fit into the holder's storage, and into the `share` of the room's host if an organisation has shared it
    out.

    With `minutes` the host asks for that long and the whole of it must fit. Without, the meeting is made as
    long as fits, if that is at least the policy's least; or, if it may not be made shorter, all that is left
    must fit. So the whole sitting that is granted always fits.
    """
    used = stored_bytes + reserved_bytes
    asked = _recording_asked(policy, left, minutes, shorten=shorten)
    if limits.storage_bytes == 0:
        return Refused(reason=Reason.RECORDING_OFF, limit=0, used=used, asked=asked)
    whole = headroom(limits.storage_bytes, stored_bytes, reserved_bytes)
    free = _least(whole, share.free_bytes if share else None)
    if free is not None and asked > free:
        # Both may be too small: the smaller one is what has to change.
        if share is not None and is_more(whole, share.free_bytes):
            of_host = share.stored_bytes + share.reserved_bytes
            return Refused(reason=Reason.SHARE_FULL, limit=share.limit, used=of_host, asked=asked)
        return Refused(reason=Reason.STORAGE_FULL, limit=limits.storage_bytes, used=used, asked=asked)
    granted = _least(left, minutes, recordable_minutes(free, policy))
    return Granted(RecordingTerms(minutes=granted, reserved_bytes=reservation(granted, policy)))


def _recording_asked(policy: Policy, left: int | None, minutes: int | None, *, shorten: bool) -> int:
    """Bytes that must be free for a recording to be granted at all."""
    if minutes is not None:
        return estimated_bytes(_at_least_one(minutes, "minutes"), policy)
    if shorten:
        return estimated_bytes(max(1, policy.recording_least_minutes), policy)
    return reservation(left, policy)


def longest_recorded_minutes(
    limits: Limits,
    policy: Policy,
    *,
    now: datetime,
    sitting: Sitting | None,
    stored_bytes: int = 0,
    reserved_bytes: int = 0,
    share: Share | None = None,
) -> int | None:
    """The longest recorded meeting that could start now, in minutes; 0 = none, None = no end.

    For the page: below `minutes_left`, the host chooses between shorter, unrecorded, and making room.
    """
    free = _least(
        headroom(limits.storage_bytes, stored_bytes, reserved_bytes), share.free_bytes if share else None
    )
    return _least(
        minutes_left(limits.meeting_minutes, sitting, policy, now), recordable_minutes(free, policy)
    )


def may_join(
    group_size: int | None, *, present: int, hosts_present: int, is_host: bool, already_in: bool = False
) -> Decision[None]:
    """One more person in a meeting with that cap: everyone counts, one place is the host's (rule 2).

    `present` counts all who are in or on their way in, `hosts_present` the hosts among them. Who is in
    already (a second device, a reload) takes no further place.
    """
    if already_in or group_size is None:
        return Granted(None)
    kept = 0 if is_host or hosts_present else 1
    if present + kept < group_size:
        return Granted(None)
    return Refused(reason=Reason.GROUP_FULL, limit=group_size, used=present, asked=1)


def places_of_network(group_size: int | None, present: int) -> int:
    """How many places guests of one network address may hold before anybody has seen them arrive.

    Three, and never more than half of what is free, but always one: whoever opens a room's link again and again
    with fresh browsers does not keep everyone else out, and a school behind one address gets in by threes.
    """
    if group_size is None:
        return UNSEEN_OF_A_NETWORK
    return max(1, min(UNSEEN_OF_A_NETWORK, (group_size - present) // 2))


def may_start_meeting(
    limits: Limits,
    policy: Policy,
    *,
    now: datetime,
    at_once: int,
    sitting: Sitting | None,
    earliest_end: datetime | None = None,
    record: bool = False,
    stored_bytes: int = 0,
    reserved_bytes: int = 0,
    share: Share | None = None,
    minutes: int | None = None,
    shorten: bool = True,
    people: int | None = None,
    large_sessions: int = 0,
    month_ends: datetime | None = None,
    newer_rooms: int = 0,
    banned: bool = False,
) -> Decision[MeetingTerms]:
    """A meeting that starts now (aware), charged to the holder whose limits these are (rules 1, 3, 4, 5).

    `at_once` counts the holder's other meetings that are starting or running, and `earliest_end` is the first
    known end of them; `sitting` is the room's latest; `minutes` and `people` are what the host asks for at
    most, None = what the limits allow; `shorten` see `may_record`; `newer_rooms` see `is_read_only`, the large
    sessions see `may_gather`.
    """
    refused = (
        (Refused(reason=Reason.HOLDER_BANNED, limit=0, used=0, asked=1) if banned else None)
        or _one_more(Reason.ROOM_READ_ONLY, limits.rooms, newer_rooms)
        or _one_more(Reason.AT_ONCE, limits.at_once, at_once, earliest_end)
        or _sitting_spent(limits, policy, sitting, now)
    )
    if refused:
        return refused
    gathering = may_gather(limits, people=people, large_sessions=large_sessions, month_ends=month_ends)
    if isinstance(gathering, Refused):
        return gathering
    left = minutes_left(limits.meeting_minutes, sitting, policy, now)
    length = (
        may_record(
            limits,
            policy,
            left=left,
            minutes=minutes,
            shorten=shorten,
            stored_bytes=stored_bytes,
            reserved_bytes=reserved_bytes,
            share=share,
        )
        if record
        else _unrecorded(left, minutes)
    )
    if isinstance(length, Refused):
        return length
    return Granted(
        MeetingTerms(
            minutes=length.terms.minutes,
            people=gathering.terms,
            recorded=record,
            continues_sitting=sitting is not None and sitting.goes_on_at(now, policy),
            reserved_bytes=length.terms.reserved_bytes,
            large_session=is_large_session(gathering.terms, policy),
            above_group_size=is_more(gathering.terms, limits.group_size),
        )
    )


def _sitting_spent(limits: Limits, policy: Policy, sitting: Sitting | None, now: datetime) -> Refused | None:
    """The refusal of a start with under one minute of the budget left (rule 1)."""
    used = minutes_used(sitting, policy, now)
    frees_at = sitting.frees_at(policy) if sitting and limits.meeting_minutes else None
    return _one_more(Reason.SITTING_SPENT, limits.meeting_minutes, used, frees_at)


def _unrecorded(left: int | None, minutes: int | None) -> Granted[RecordingTerms]:
    """The length of a meeting that keeps no storage: what is left, or what the host asks for at most."""
    asked = None if minutes is None else _at_least_one(minutes, "minutes")
    return Granted(RecordingTerms(minutes=_least(left, asked), reserved_bytes=0))
