"""A meeting while it lives, and the rules that need nothing but the meeting."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bbb_client.simulator.clock import MINUTE
from bbb_client.simulator.people import Person


class Ending(StrEnum):
    """Why a meeting ended, as web-hooks and akka name it (section 2.12)."""

    DURATION = "ENDED_AFTER_EXCEEDING_DURATION"
    NOT_JOINED = "ENDED_WHEN_NOT_JOINED"
    LAST_LEFT = "ENDED_WHEN_LAST_USER_LEFT"
    NO_MODERATOR = "ENDED_DUE_TO_NO_MODERATOR"
    API = "ENDED_FROM_API"
    MODERATOR = "ENDED_AFTER_USER_LOGGED_OUT"
    PARENT = "BREAKOUT_ENDED_BY_PARENT"


@dataclass(frozen=True)
class Breakout:
    """What makes a meeting a breakout room of another."""

    parent: str  # the parent's internal id
    sequence: int
    free_join: bool


@dataclass(kw_only=True, eq=False)
class Meeting:
    """One meeting; moments are milliseconds, the limits are in the units of `create` (section 2.1)."""

    external_id: str
    internal_id: str
    name: str
    created: int
    attendee_pw: str
    moderator_pw: str
    voice_bridge: str
    dial_number: str
    duration: int  # minutes from the creation; 0: no end
    max_users: int  # 0: no limit
    record: bool
    auto_start: bool
    allow_start_stop: bool
    keep_events: bool
    logout_url: str
    ended_url: str
    guest_policy: str
    expire_not_joined: int  # minutes
    expire_last_left: int  # minutes
    end_without_moderator: bool
    moderator_delay: int  # minutes
    metadata: dict[str, str]
    disabled_features: frozenset[str] = frozenset()
    breakout: Breakout | None = None
    people: dict[str, Person] = field(default_factory=dict)  # by internal user id
    documents: list[str] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)  # who, what
    spans: list[tuple[int, int]] = field(default_factory=list)  # what was recorded: from, to
    recording_since: int | None = None
    ending: tuple[int, Ending] | None = None  # the call `end` was heard: when it takes effect
    ended: int | None = None
    reason: Ending | None = None

    @property
    def parent_id(self) -> str:
        """The internal id of the parent, in BBB's word for none otherwise."""
        return self.breakout.parent if self.breakout else "bbb-none"

    @property
    def online(self) -> list[Person]:
        """Who is connected, in the order of joining."""
        return [person for person in self.people.values() if person.online]

    @property
    def ever_joined(self) -> bool:
        """Whether any client ever connected."""
        return any(person.joins for person in self.people.values())

    @property
    def presenter(self) -> Person | None:
        """The first moderator who is here, or the first person."""
        online = self.online
        return next((person for person in online if person.moderator), online[0] if online else None)

    @property
    def has_marks(self) -> bool:
        """Whether recording was ever started: `recordingmarks` of the end callback (section 4.1)."""
        return bool(self.spans) or self.recording_since is not None

    @property
    def ends_at(self) -> int | None:
        """When the duration is over, counted from the creation (section 2.12)."""
        return self.created + self.duration * MINUTE if self.duration > 0 else None

    def seats(self, now: int, grace: int) -> set[str]:
        """The external ids that hold a seat: unique, whatever the role (section 2.13)."""
        return {person.external_id for person in self.people.values() if person.holds_seat(now, grace)}

    def has_room_for(self, external_id: str, seats: set[str], *, fewer: int = 0) -> bool:
        """Whether a person fits; `fewer` takes places away (the N-1 quirk of section 2.13)."""
        return self.max_users == 0 or external_id in seats or len(seats) < self.max_users - fewer

    def start_recording(self, now: int) -> None:
        """Begin a recorded part."""
        if self.recording_since is None:
            self.recording_since = now

    def stop_recording(self, now: int) -> None:
        """Finish the recorded part."""
        if self.recording_since is not None:
            self.spans.append((self.recording_since, now))
            self.recording_since = None

    def deadlines(self) -> Iterator[tuple[int, Ending]]:
        """When the meeting would end as things are, in the order in which the audit asks (section 2.12)."""
        if self.ending is not None:
            yield self.ending
        if not self.breakout and self.expire_not_joined > 0 and not self.ever_joined:
            yield self.created + self.expire_not_joined * MINUTE, Ending.NOT_JOINED
        if self.ends_at is not None:
            yield self.ends_at, Ending.DURATION
        yield from self._after_leaving()

    def _after_leaving(self) -> Iterator[tuple[int, Ending]]:
        online = self.online
        if not online and self.ever_joined and not self.breakout and self.expire_last_left > 0:
            yield _last_leave(self.people.values()) + self.expire_last_left * MINUTE, Ending.LAST_LEFT
        moderators = [person for person in self.people.values() if person.moderator and person.joins]
        if self.end_without_moderator and moderators and not any(person.online for person in moderators):
            yield _last_leave(moderators) + self.moderator_delay * MINUTE, Ending.NO_MODERATOR


def _last_leave(people: Iterable[Person]) -> int:
    return max(person.leaves[-1] for person in people if person.leaves)


def internal_prefix(external_id: str) -> str:
    """The part of an internal id that follows from the external one: its sha1 (section 2.1)."""
    return hashlib.sha1(external_id.encode(), usedforsecurity=False).hexdigest()
