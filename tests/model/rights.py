"""Who may do how much: tiers, hosts, overrides, bans."""

from datetime import timedelta

from hypothesis.stateful import rule
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.admin.bans import ban, unban
from app.memberships.granting import put_on_tier
from app.memberships.overrides import set_override, withdraw_override
from app.organisations.leaving import let_go
from app.organisations.models import HostRole, Organisation
from app.organisations.service import put_host
from app.organisations.shares import Wish as ShareWish
from app.organisations.shares import give_share
from quotas.limits import LimitName
from tests import factories
from tests.model.meetings import Meetings
from tests.model.rooms import Rooms
from tests.model.spec import (
    Held,
    Holder,
    Override,
    Wish,
)

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

    @rule()
    def change_rights(self) -> None:
        """Then they may do other things: they try one more room, and to start what they have in three ways."""
        holder = self.chance.choice(self.holders)
        changes = [
            self._another_tier,
            self._override,
            self._override,
            self._withdraw,
            self._hosts,
            self._share,
            self._close,
        ]
        self.town.do(self.chance.choice(changes)(holder))
        self.town.do(self._make_room(holder))
        doors = [door for door in self.rooms if door.holder is holder]
        for door, wish in zip(doors, (Wish(), Wish(people=120), Wish(record=True)), strict=False):
            self.town.do(self._start(door, wish))

    async def _another_tier(self, holder: Holder) -> None:
        tiers = (
            ["free", "session-organiser"]
            if holder.organisation is None
            else ["free", "consumer", "co-producer"]
        )
        days = self.chance.choice([None, None, 1, 20])
        await self._put_on(holder, self.chance.choice(tiers), days)
        if days and self.chance.choice([True, False]):  # it ends; fourteen days later it has ended
            await self.town.pass_time(timedelta(days=days + self.chance.choice([13, 15])))
            await self.town.work()

    async def _put_on(self, holder: Holder, tier: str, days: int | None) -> None:
        now = clock.now()
        ends = now + timedelta(days=days) if days else None
        self._say(f"{holder.name} is on {tier} until {ends}")
        async with self.town.database.transaction() as session:
            await put_on_tier(session, holder.id, tier, reason="model", granted_by="model", ends_at=ends)
        for held in holder.memberships:
            held.ends = now if held.ends is None or held.ends > now else held.ends
        holder.memberships.append(Held(tier, now, ends))

    async def _override(self, holder: Holder) -> None:
        """An operator sets one limit, higher or lower than the tier has it."""
        limit, (name, values) = self.chance.choice(list(OVERRIDES.items()))
        value, now = self.chance.choice(values), clock.now()
        ends = self.chance.choice([None, now + timedelta(days=1)])
        self._say(f"{holder.name}: {limit} is {value} until {ends}")
        async with self.town.database.transaction() as session:
            made = await set_override(
                session, holder.id, limit, value, reason="model", made_by="model", ends_at=ends
            )
        holder.overrides.append(Override(name, value, ends, id=made.id))

    async def _withdraw(self, holder: Holder) -> None:
        if not holder.overrides:
            return
        chosen = self.chance.choice(holder.overrides)
        self._say(f"{holder.name}: {chosen.limit} is the tier's again")
        async with self.town.database.transaction() as session:
            await withdraw_override(session, holder.id, chosen.id, withdrawn_by="model")
        chosen.withdrawn = True

    async def _hosts(self, holder: Holder) -> None:
        """Cora hosts for an organisation, or no longer."""
        if holder.organisation is None:
            return
        joins = self.cora not in holder.hosts
        self._say(f"Cora {'hosts' if joins else 'no longer hosts'} for {holder.name}")
        async with self.town.database.transaction() as session:
            organisation = await session.get_one(Organisation, holder.organisation)
            if joins:
                await put_host(session, organisation, self.cora.id, HostRole.HOST)
            else:
                await let_go(session, organisation, self.cora.id)
        holder.hosts = [self.ada, self.cora] if joins else [self.ada]

    async def _share(self, holder: Holder) -> None:
        """The admin of an organisation gives its first host another share of the storage, if there is as much."""
        if holder.organisation is None:
            return
        share = self.chance.choice([None, 0, 300_000_000, 2_000_000_000])
        async with self.town.database.transaction() as session:
            organisation = await session.get_one(Organisation, holder.organisation)
            given = await give_share(session, organisation, ShareWish(self.ada.id, share, sure=True))
        self._say(
            f"{holder.name}: Ada's share is {share}{'' if given.is_kept else ', if there were as much'}"
        )
        if given.is_kept:
            holder.share = share

    async def _close(self, holder: Holder) -> None:
        """Its first host is banned, or not any more; Ada hosts the rooms of both organisations too."""
        user = holder.hosts[0]
        async with self.town.database.transaction() as session:
            if await session.scalar(select(User.banned_at).where(User.id == user.id)):
                self._say(f"{user.name} is let in again")
                await unban(session, factories.viewer(self.olu), user.id)
            else:
                self._say(f"{user.name} is banned")
                await ban(session, factories.viewer(self.olu), user.id, "model")
