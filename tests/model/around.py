"""What is around a site: BBB, the worker, time."""

from datetime import timedelta

from hypothesis.stateful import precondition, rule

from tests.model import checks
from tests.model.meetings import Meetings
from tests.model.spec import Wish
from tests.model.town import FOLLOW

FAULTS = [
    *("error-500", "broken-xml", "nonsense", "dropped", "answer-lost", "checksum-refused", "thousands"),
    *("callback-lost", "callback-doubled", "size-zero", "size-missing", "format-late", "stale-count"),
]
RESTART = "restart"
CALLS = [None, "create", "end", "getMeetings", "getMeetingInfo", "getRecordings", "deleteRecordings"]
MINUTES = [1, 5, 9, 10, 11, 30, 59, 61, 200, 24 * 60, 6 * 24 * 60, 21 * 24 * 60]
A_ROUND = timedelta(seconds=40)


class Around(Meetings):
    """It misbehaves, it has its rounds, it passes."""

    @rule()
    def misbehave(self) -> None:
        choice = self.chance.choice
        kind, call, times = choice([*FAULTS, RESTART]), choice(CALLS), choice([1, 3, 9])
        self.misbehaves = True
        if kind == RESTART:
            self._say("BBB is restarted")
            self.town.do(self.town.order(RESTART))
            return
        self._say(f"BBB: {kind} {times} times, {call or 'whatever is asked'}")
        fault = {"kind": kind, "times": times} | ({"call": call} if call else {})
        self.town.do(self.town.order("faults", **fault))
        if self.rooms:  # somebody meets it
            self.town.do(self._start(choice(self.rooms), Wish()))

    @rule()
    def time_passes(self) -> None:
        """With a worker that has its rounds meanwhile, or with one that is away."""
        minutes, works = self.chance.choice(MINUTES), self.chance.choice([True, True, False])
        steps = 3 if works else 1
        self._say(f"{minutes} minutes pass{'' if works else ', without a worker'}")
        for _step in range(steps):
            self.town.do(self.town.pass_time(timedelta(minutes=minutes) / steps))
            if works:
                self.town.do(self.town.work())

    @precondition(lambda self: self.misbehaves)
    @rule()
    def all_is_calm(self) -> None:
        self.town.do(self._calm())

    async def _calm(self) -> None:
        """BBB behaves and answers, the worker has its rounds: then both sides agree."""
        self._say("BBB behaves, and the worker has some rounds")
        await self.town.order("faults", "DELETE")
        self.misbehaves = False
        for _round in range(5):
            await self.town.pass_time(A_ROUND)
            await self.town.work(only=FOLLOW)
        self.town.failures.clear()
        await self.town.work()
        assert not self.town.failures, self.town.failures
        async with self.town.database.transaction() as session:
            await checks.when_all_is_calm(session, self.town)
