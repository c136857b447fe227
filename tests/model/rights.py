"""Who may do how much: tiers, hosts, overrides, bans."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.admin.bans import ban, unban
from app.admin.organisations import let_go
from app.memberships.granting import put_on_tier
from app.memberships.overrides import set_override, withdraw_override
from app.organisations.models import HostRole, Organisation
from app.organisations.service import put_host
from quotas.limits import LimitName
from tests import factories
from tests.model.meetings import Meetings
from tests.model.rooms import Rooms
from tests.model.spec import (
    TIERS,
    Held,
    Holder,
    Override,
    Wish,
)
from tests.model.story import one_of_them

# A limit by the site's name: by the model's, and what it is set to.
OVERRIDES: dict[LimitName, tuple[str, list[int | None]]] = {
    LimitName.MEETING_MINUTES: ("minutes", [30, None]),
    LimitName.GROUP_SIZE: ("people", [5, 60, None]),
    LimitName.ROOMS: ("rooms", [0, 1, 3, None]),
    LimitName.AT_ONCE: ("at_once", [0, 1, 3, None]),
    LimitName.STORAGE_BYTES: ("storage", [0, 300_000_000, 2_000_000_000, None]),
    LimitName.LARGE_SESSIONS_PER_MONTH: ("large_per_month", [0, 1, None]),
    LimitName.LARGE_SESSION_PEOPLE: ("large_people", [100, None]),
}


class Rights(Rooms, Meetings):
    """What operators do."""

    @rule(whose=one_of_them, tier=st.sampled_from([*TIERS]), days=st.sampled_from([None, None, 1, 20]))
    def put_on_a_tier(self, whose: int, tier: str, days: int | None) -> None:
        holder = self._holder(whose)
        if (holder.organisation is None) == (tier in {"free", "session-organiser"}) or tier == "free":
            self.town.do(self._put_on(holder, tier, days))
            self._all_is_asked_again(holder)

    async def _put_on(self, holder: Holder, tier: str, days: int | None) -> None:
        now = clock.now()
        ends = now + timedelta(days=days) if days else None
        self._say(f"{holder.name} is on {tier} until {ends}")
        async with self.town.database.transaction() as session:
            await put_on_tier(session, holder.id, tier, reason="model", granted_by="model", ends_at=ends)
        for held in holder.memberships:
            held.ends = now if held.ends is None or held.ends > now else held.ends
        holder.memberships.append(Held(tier, now, ends))

    @rule(which=st.sampled_from([2, 3]))
    def change_hosts(self, which: int) -> None:
        """Cora hosts for an organisation, or no longer."""
        holder = self.holders[which]
        joins = self.cora not in holder.hosts
        self._say(f"Cora {'hosts' if joins else 'no longer hosts'} for {holder.name}")

        async def change() -> None:
            async with self.town.database.transaction() as session:
                organisation = await session.get_one(Organisation, holder.organisation)
                if joins:
                    await put_host(session, organisation, self.cora.id, HostRole.HOST)
                else:
                    await let_go(session, organisation, self.cora.id)

        self.town.do(change())
        holder.hosts = [self.ada, self.cora] if joins else [self.ada]
        self._all_is_asked_again(holder)

    @rule(whose=st.sampled_from([0, 1]))
    def close_to_someone(self, whose: int) -> None:
        """Ada or Bela is banned, or not any more; Ada hosts the rooms of both organisations too."""
        user = self.holders[whose].hosts[0]

        async def close() -> None:
            async with self.town.database.transaction() as session:
                if await session.scalar(select(User.banned_at).where(User.id == user.id)):
                    self._say(f"{user.name} is let in again")
                    await unban(session, user.id)
                else:
                    self._say(f"{user.name} is banned")
                    await ban(session, factories.viewer(self.olu), user.id, "model")

        self.town.do(close())
        self._all_is_asked_again(self.holders[whose])

    @rule(
        whose=one_of_them,
        limit=st.sampled_from([*OVERRIDES]),
        days=st.sampled_from([None, 1]),
        data=st.data(),
    )
    def override(self, whose: int, limit: LimitName, days: int | None, data: st.DataObject) -> None:
        """An operator sets one limit, of any holder, higher or lower than the tier has it."""
        name, values = OVERRIDES[limit]
        value = data.draw(st.sampled_from(values))
        holder, now = self._holder(whose), clock.now()
        ends = now + timedelta(days=days) if days else None
        self._say(f"{holder.name}: {limit} is {value} until {ends}")

        async def set_it() -> int:
            async with self.town.database.transaction() as session:
                made = await set_override(
                    session, holder.id, limit, value, reason="model", made_by="model", ends_at=ends
                )
            return made.id

        holder.overrides.append(Override(name, value, ends, id=self.town.do(set_it())))
        self._all_is_asked_again(holder)

    @precondition(lambda self: any(holder.overrides for holder in self.holders))
    @rule(which=one_of_them)
    def withdraw(self, which: int) -> None:
        there = [(holder, each) for holder in self.holders for each in holder.overrides]
        holder, chosen = there[which % len(there)]
        self._say(f"{holder.name}: {chosen.limit} is the tier's again")

        async def withdraw_it() -> None:
            async with self.town.database.transaction() as session:
                await withdraw_override(session, holder.id, chosen.id, withdrawn_by="model")

        self.town.do(withdraw_it())
        chosen.withdrawn = True
        self._all_is_asked_again(holder)

    def _all_is_asked_again(self, holder: Holder) -> None:
        """They may do other things now: they try one more room, and to start what they have in three ways."""
        self.town.do(self._make_room(holder))
        doors = [door for door in self.rooms if door.holder is holder]
        for door, wish in zip(doors, (Wish(), Wish(people=120), Wish(record=True)), strict=False):
            self.town.do(self._start(door, wish))
