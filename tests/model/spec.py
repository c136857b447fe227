"""The rules of DOMAIN.md once more, in the plainest arithmetic; no rule of the site is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
class Holder:
    """Whoever is charged, with the people who host for it; of a person that is the person."""

    id: int
    name: str
    hosts: list[Any]
    organisation: int | None = None
    memberships: list[Held] = field(default_factory=list)

    def tier_at(self, now: datetime) -> str:
        working = [
            (held.starts, number) for number, held in enumerate(self.memberships) if held.works_at(now)
        ]
        return self.memberships[max(working)[1]].tier if working else "free"

    def limits_at(self, now: datetime) -> "Limits":
        return Limits(TIERS[self.tier_at(now)], len(self.hosts))


@dataclass(frozen=True)
class Limits:
    """A tier, times hosts."""

    tier: Tier
    hosts: int

    @property
    def rooms(self) -> int | None:
        return None if self.tier.rooms_per_host is None else self.tier.rooms_per_host * self.hosts

    @property
    def at_once(self) -> int | None:
        return None if self.tier.at_once_per_host is None else self.tier.at_once_per_host * self.hosts

    @property
    def storage(self) -> int:
        return self.tier.first_host + self.tier.further_host * (self.hosts - 1)


@dataclass(frozen=True)
class Past:
    """A meeting of the room that has ended: when it was asked for, when it began and when it ended."""

    asked: datetime
    began: datetime
    ended: datetime


def minutes_spent(pasts: Sequence[Past], now: datetime) -> int:
    """What a start now finds used of its sitting: back in time, as long as the gaps are under ten minutes."""
    spent, until = timedelta(), now
    for past in sorted(pasts, key=lambda past: past.asked, reverse=True):
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


def bytes_for(minutes: int) -> int:
    """What a recording of so many minutes may take."""
    return -(-minutes * BYTES_PER_HOUR // 60)


def may_not_make_a_room(limits: Limits, rooms: int) -> dict[str, No]:
    """Every true reason against one more room."""
    if limits.rooms is not None and rooms >= limits.rooms:
        return {"rooms": No(limits.rooms, rooms)}
    return {}


def may_not_start(limits: Limits, facts: Facts, wish: Wish, now: datetime) -> dict[str, No]:
    """Every true reason against a start, by the word that the site has for it; none: it must be granted."""
    tier = limits.tier
    against: dict[str, No] = {}
    if facts.banned:
        against["holder_banned"] = No(0, 0)
    if limits.rooms is not None and facts.newer_rooms >= limits.rooms:
        against["room_read_only"] = No(limits.rooms, facts.newer_rooms)
    if limits.at_once is not None and facts.at_once >= limits.at_once:
        against["at_once"] = No(limits.at_once, facts.at_once)
    spent = minutes_spent(facts.pasts, now)
    if spent >= tier.minutes:
        against["sitting_spent"] = No(tier.minutes, spent)
    if wish.people is not None and wish.people > tier.people:
        if tier.large_per_month == 0:
            against["group_size"] = No(tier.people, 0)
        elif wish.people > tier.large_people:
            against["large_session_people"] = No(tier.large_people, 0)
        elif facts.large_this_month >= tier.large_per_month:
            against["large_sessions"] = No(tier.large_per_month, facts.large_this_month)
    if wish.record:
        against |= _may_not_record(limits, facts, wish, max(0, tier.minutes - spent))
    return against


def _may_not_record(limits: Limits, facts: Facts, wish: Wish, left: int) -> dict[str, No]:
    used = facts.stored + facts.reserved
    if limits.storage == 0:
        return {"recording_off": No(0, used)}
    needed = wish.minutes or (LEAST_RECORDED if wish.shorten else left)
    return {"storage_full": No(limits.storage, used)} if used + bytes_for(needed) > limits.storage else {}


@dataclass(frozen=True)
class Terms:
    """What a start must be granted."""

    minutes: int
    people: int
    recorded: bool
    reserved: int
    large: bool


def terms_of(limits: Limits, facts: Facts, wish: Wish, now: datetime) -> Terms:
    """The terms of a start that nothing speaks against: all that is left, or what was asked for if that is less."""
    left = limits.tier.minutes - minutes_spent(facts.pasts, now)
    lengths = [left, *([wish.minutes] if wish.minutes else [])]
    if wish.record:
        free = max(0, limits.storage - facts.stored - facts.reserved)
        lengths.append(free * 60 // BYTES_PER_HOUR)
    people = wish.people or limits.tier.people
    return Terms(
        minutes=min(lengths),
        people=people,
        recorded=wish.record,
        reserved=bytes_for(min(lengths)) if wish.record else 0,
        large=people > limits.tier.people,
    )


def may_join(people: int, present: int, hosts_present: int, *, is_host: bool, already_in: bool) -> bool:
    """Everyone counts; the last place is a host's as long as no host is in."""
    kept = 0 if is_host or hosts_present else 1
    return already_in or present + kept < people
