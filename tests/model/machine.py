"""The whole story: people, organisations, rooms, meetings and the clock, while BBB misbehaves as it likes."""

from datetime import timedelta
from random import Random

import hypothesis.strategies as st
from hypothesis.stateful import initialize, invariant
from sqlalchemy import select

from app.recordings.models import Recording
from tests import factories
from tests.model import checks
from tests.model.around import Around
from tests.model.facts import rooms_with_meetings
from tests.model.recordings import Recordings
from tests.model.rights import Rights
from tests.model.spec import (
    TIERS,
    Holder,
)
from tests.model.story import Door

ROOMS = 3  # that everybody asks for on the first morning


class Promises(Recordings, Rights, Around):
    """Everything that may happen, and what must be true after it."""

    @initialize(seed=st.integers(0, 2**64 - 1))
    def open(self, seed: int) -> None:
        """A person and an organisation on each tier, each with a room; BBB's clock may be five minutes off."""
        # What happens is hypothesis's choice; to whom, and how much of it, is chance, which is more even.
        self.chance = Random(seed)  # noqa: S311  no secret
        self.rooms: list[Door] = []
        self.busy: list[Door] = []  # whose meeting is starting or running
        self.recorded: list[str] = []
        self.made = 0
        self.misbehaves = False
        self.town.do(self._open(timedelta(minutes=self.chance.choice([0, 0, 0, -5, 5]))))

    async def _open(self, skew: timedelta) -> None:
        await self.town.begin_anew(skew)
        database = self.town.database
        self.olu = await factories.a_person(database, "olu@example.org", is_operator=True)
        self.ada, bela, self.cora = [
            await factories.a_person(database, f"{name}@example.org") for name in ("ada", "bela", "cora")
        ]
        self.holders = [Holder(each.holder_id, each.name, [each]) for each in (self.ada, bela)]
        for name in ("Weavers", "Dyers"):
            made = await factories.an_organisation(database, name, "free", ada="admin")
            self.holders.append(Holder(made.holder_id, name, [self.ada], organisation=made.id))
        for holder, tier in zip(self.holders, TIERS, strict=True):
            await self._put_on(holder, tier, None)
            for _room in range(ROOMS):
                await self._make_room(holder)

    # What is true

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        async def check() -> None:
            async with self.town.database.transaction() as session:
                await checks.after_every_step(session)
                there = await rooms_with_meetings(session)
                self.recorded = list(
                    await session.scalars(select(Recording.record_id).order_by(Recording.id))
                )
            self.busy = [door for door in self.rooms if door.id in there]

        self.town.do(check())

    def teardown(self) -> None:
        """Days later everything has ended."""
        if not hasattr(self, "holders"):
            return

        async def days_later() -> None:
            await self._calm()
            for _day in range(2):
                await self.town.pass_time(timedelta(days=1))
                await self.town.work()
            async with self.town.database.transaction() as session:
                await checks.at_last(session, self.town)

        self.town.do(days_later())
