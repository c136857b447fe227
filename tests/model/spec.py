"""The rules of DOMAIN.md once more, in the plainest arithmetic; no rule of the site is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

GIGABYTE = 1_000_000_000
BYTES_PER_HOUR = 500_000_000
GAP = timedelta(minutes=10)
GRACE = timedelta(days=14)
MINUTE = timedelta(minutes=1)
LEAST_RECORDED = 15  # minutes
DAY = 24 * 60


@dataclass(frozen=True)
class Tier:
    """A line of the table *Tiers that ship*; None is unlimited."""

    minutes: int
    people: int
    rooms_per_host: int | None
    at_once_per_host: int | None
    first_host: int
    further_host: int
    large_per_month: int = 0
    large_people: int = 0


TIERS = {
    "free": Tier(60, 10, 1, 1, 0, 0),
    "session-organiser": Tier(180, 25, 5, 1, GIGABYTE, 0),
    "consumer": Tier(DAY, 50, 20, 2, 5 * GIGABYTE, GIGABYTE, 2, 150),
    "co-producer": Tier(DAY, 100, None, None, 5 * GIGABYTE, GIGABYTE, 4, 150),
}


@dataclass
class Held:
    """A membership, as it was granted."""

    tier: str
    starts: datetime
    ends: datetime | None

    def works_at(self, now: datetime) -> bool:
        return self.starts <= now and (self.ends is None or now < self.ends + GRACE)


@dataclass
class Override:
    """A limit that an operator has set for one holder, over the tier's; the newest of a limit wins."""

    limit: str  # a field of `Limits`
    value: int | None
    ends: datetime | None
    id: int = 0  # the site's
    withdrawn: bool = False

    def works_at(self, now: datetime) -> bool:
        return not self.withdrawn and (self.ends is None or now < self.ends)


@dataclass(frozen=True)
class Limits:
    """What one holder may use; None is unlimited."""

    minutes: int | None
    people: int | None
    rooms: int | None
    at_once: int | None
    storage: int | None
    large_per_month: int | None
    large_people: int | None
    share: int | None
    """of an organisation's storage, for the host of its rooms: who hosts for it the longest"""


@dataclass
class Holder:
    """Whoever is charged, with the people who host for it; of a person that is the person."""

    id: int
    name: str
    hosts: list[Any]
    organisation: int | None = None
    memberships: list[Held] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    share: int | None = None  # that its admin gave to its first host

    def tier_at(self, now: datetime) -> str:
        working = [
            (held.starts, number) for number, held in enumerate(self.memberships) if held.works_at(now)
        ]
        return self.memberships[max(working)[1]].tier if working else "free"

    def limits_at(self, now: datetime) -> Limits:
        """The tier's, times hosts, with the overrides of this moment on top."""
        tier, hosts = TIERS[self.tier_at(now)], len(self.hosts)
        limits = Limits(
            minutes=tier.minutes,
            people=tier.people,
            rooms=None if tier.rooms_per_host is None else tier.rooms_per_host * hosts,
            at_once=None if tier.at_once_per_host is None else tier.at_once_per_host * hosts,
            storage=tier.first_host + tier.further_host * (hosts - 1),
            large_per_month=tier.large_per_month,
            large_people=tier.large_people,
            share=self._share_on(tier),
        )
        return replace(limits, **{each.limit: each.value for each in self.overrides if each.works_at(now)})

    def _share_on(self, tier: Tier) -> int | None:
        if self.organisation is None:
            return None
        return tier.first_host if self.share is None else self.share


@dataclass(frozen=True)
class Past:
    """A meeting of the room that has ended: when it was asked for, when it began and when it ended."""

    id: int
    asked: datetime
    began: datetime
    ended: datetime


def minutes_spent(pasts: Sequence[Past], now: datetime) -> int:
    """What a start now finds used of its sitting: back in time, as long as the gaps are under ten minutes."""
    spent, until = timedelta(), now
    for past in sorted(pasts, key=lambda past: (past.asked, past.id), reverse=True):
        if until - past.ended >= GAP:
            break
        spent += past.ended - past.began
        until = past.asked
    return -(-spent // MINUTE)


@dataclass(frozen=True)
class Facts:
    """What the tables say of a room and its holder at this moment."""

    newer_rooms: int
    at_once: int
    pasts: Sequence[Past]
    stored: int
    reserved: int
    hosts_stored: int
    hosts_reserved: int
    large_this_month: int
    banned: bool


@dataclass(frozen=True)
class Wish:
    """How a meeting is to be. `minutes` and `people` None: as the limits allow."""

    record: bool = False
    minutes: int | None = None
    people: int | None = None
    shorten: bool = True


@dataclass(frozen=True)
class No:
    """A true reason to refuse, with its figures."""

    limit: int | None
    used: int


def bytes_for(minutes: int | None) -> int:
    """What a recording of so many minutes may take; of one without an end, a day is kept free."""
    return -(-(DAY if minutes is None else minutes) * BYTES_PER_HOUR // 60)


def may_not_make_a_room(limits: Limits, rooms: int) -> dict[str, No]:
    """Every true reason against one more room."""
    if limits.rooms is not None and rooms >= limits.rooms:
        return {"rooms": No(limits.rooms, rooms)}
    return {}


def _full(limit: int | None, used: int) -> bool:
    return limit is not None and used >= limit


def may_not_start(limits: Limits, facts: Facts, wish: Wish, now: datetime) -> dict[str, No]:
    """Every true reason against a start, by the word that the site has for it; none: it must be granted."""
    against: dict[str, No] = {}
    spent = minutes_spent(facts.pasts, now)
    if facts.banned:
        against["holder_banned"] = No(0, 0)
    if _full(limits.rooms, facts.newer_rooms):
        against["room_read_only"] = No(limits.rooms, facts.newer_rooms)
    if _full(limits.at_once, facts.at_once):
        against["at_once"] = No(limits.at_once, facts.at_once)
    if _full(limits.minutes, spent):
        against["sitting_spent"] = No(limits.minutes, spent)
    if wish.people and limits.people is not None and wish.people > limits.people:
        against |= _may_not_be_large(limits, facts, wish.people)
    if wish.record:
        against |= _may_not_record(limits, facts, wish, spent)
    return against


def _may_not_be_large(limits: Limits, facts: Facts, people: int) -> dict[str, No]:
    if limits.large_per_month == 0:
        return {"group_size": No(limits.people, 0)}
    if limits.large_people is not None and people > limits.large_people:
        return {"large_session_people": No(limits.large_people, 0)}
    if _full(limits.large_per_month, facts.large_this_month):
        return {"large_sessions": No(limits.large_per_month, facts.large_this_month)}
    return {}


def _may_not_record(limits: Limits, facts: Facts, wish: Wish, spent: int) -> dict[str, No]:
    used = facts.stored + facts.reserved
    if limits.storage == 0:
        return {"recording_off": No(0, used)}
    left = DAY if limits.minutes is None else max(0, limits.minutes - spent)
    needed = bytes_for(wish.minutes or (LEAST_RECORDED if wish.shorten else left))
    against = {}
    if limits.storage is not None and used + needed > limits.storage:
        against["storage_full"] = No(limits.storage, used)
    of_host = facts.hosts_stored + facts.hosts_reserved
    if limits.share is not None and of_host + needed > limits.share:
        against["share_full"] = No(limits.share, of_host)
    return against


def _free(limits: Limits, facts: Facts) -> list[int]:
    """Bytes that may still be recorded, by everything that bounds them."""
    bounds = [
        (limits.storage, facts.stored + facts.reserved),
        (limits.share, facts.hosts_stored + facts.hosts_reserved),
    ]
    return [max(0, limit - used) for limit, used in bounds if limit is not None]


@dataclass(frozen=True)
class Terms:
    """What a start must be granted; None is without end, and without limit."""

    minutes: int | None
    people: int | None
    recorded: bool
    reserved: int
    large: bool


def terms_of(limits: Limits, facts: Facts, wish: Wish, now: datetime) -> Terms:
    """The terms of a start that nothing speaks against: all that is left, or what was asked for if that is less."""
    lengths = [wish.minutes] if wish.minutes else []
    if limits.minutes is not None:
        lengths.append(limits.minutes - minutes_spent(facts.pasts, now))
    if wish.record:
        lengths += [free * 60 // BYTES_PER_HOUR for free in _free(limits, facts)]
    minutes = min(lengths, default=None)
    people = wish.people or limits.people
    return Terms(
        minutes=minutes,
        people=people,
        recorded=wish.record,
        reserved=bytes_for(minutes) if wish.record else 0,
        large=limits.people is not None and people is not None and people > limits.people,
    )


def may_join(
    people: int | None, present: int, hosts_present: int, *, is_host: bool, already_in: bool
) -> bool:
    """Everyone counts; the last place is a host's as long as no host is in."""
    kept = 0 if is_host or hosts_present else 1
    return people is None or already_in or present + kept < people
