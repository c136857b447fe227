"""One simulated server: everything it knows, in memory."""

import asyncio
import time
from collections.abc import Callable, Iterable

import httpx

from bbb_client.simulator.clock import Clock, RunningClock, as_ms
from bbb_client.simulator.config import Config
from bbb_client.simulator.faults import Faults
from bbb_client.simulator.hooks import Hooks
from bbb_client.simulator.meetings import Meeting, internal_prefix
from bbb_client.simulator.outbox import Outbox
from bbb_client.simulator.people import Person
from bbb_client.simulator.profiles import PROFILES
from bbb_client.simulator.recordings import Recording

TIMEOUT = 5.0  # seconds a receiver of a callback has (sections 4.1 and 4.4)


class World:
    """The state of one server; the rules stand in the modules beside this one."""

    def __init__(
        self,
        config: Config,
        clock: Clock | None = None,
        http: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self.profile = PROFILES[config.profile]
        self.clock = clock or RunningClock()
        self.monotonic = monotonic  # real seconds, for what a browser does
        self.faults = Faults()
        # Proxies of the environment are left alone: callbacks of a simulator go to programs near by.
        self.http = http or httpx.AsyncClient(trust_env=False, timeout=TIMEOUT)
        self.outbox = Outbox(self.clock, self.faults, self.http)
        self.hooks = Hooks(numeric_ids=self.profile.numeric_hook_ids)
        self.wake = asyncio.Event()  # something may be due earlier than the next audit
        self.stopping = asyncio.Event()  # the server goes down: nobody is kept waiting any more
        self.reset()

    def reset(self) -> None:
        """As new: nothing is known, nothing waits, nothing is ordered."""
        self.restart()
        self.recordings: dict[str, Recording] = {}
        self.hooks.clear()
        self.outbox.waiting.clear()
        self.outbox.sent.clear()
        self.faults.clear()

    def restart(self) -> None:
        """All meetings are gone without a word, as after a crash: no end callback (section 4.1)."""
        self.meetings: dict[str, Meeting] = {}  # live, by internal id
        self.ended: dict[str, Meeting] = {}  # over, for those who still ask
        self.sessions: dict[str, tuple[Meeting, Person]] = {}  # by session token

    @property
    def now(self) -> int:
        """The simulated moment, in milliseconds."""
        return self.clock.now()

    @property
    def grace(self) -> int:
        """How long a seat stays taken after its person left, in milliseconds (section 2.13)."""
        return as_ms(self.config.seat_grace_seconds)

    @property
    def known(self) -> list[Meeting]:
        """The meetings that calls can see: one that `end` was called for is gone for them at once (section 2.4)."""
        return [meeting for meeting in self.meetings.values() if meeting.ending is None]

    def find(self, meeting_id: str) -> Meeting | None:
        """A meeting by its external id, its internal id or the beginning of that (section 2.1), none that ends."""
        return _find(self.known, meeting_id)

    def find_ended(self, meeting_id: str) -> Meeting | None:
        """A meeting that ended so recently that a join is told so."""
        kept = as_ms(self.config.ended_kept_seconds)
        recent = [meeting for meeting in self.ended.values() if self.now < (meeting.ended or 0) + kept]
        ending = [meeting for meeting in self.meetings.values() if meeting.ending is not None]
        return _find([*ending, *recent], meeting_id)

    def children(self, meeting: Meeting) -> list[Meeting]:
        """The breakout rooms of a meeting."""
        parent = meeting.internal_id
        return [
            child for child in self.meetings.values() if child.breakout and child.breakout.parent == parent
        ]


def _find(meetings: Iterable[Meeting], meeting_id: str) -> Meeting | None:
    by_prefix = None
    for meeting in meetings:
        if meeting.external_id == meeting_id:
            return meeting
        # An id that looks like the beginning of a sha1 hits a foreign meeting: so does BBB (section 2.1).
        if meeting_id and meeting.internal_id.startswith((meeting_id, internal_prefix(meeting_id))):
            by_prefix = by_prefix or meeting
    return by_prefix
