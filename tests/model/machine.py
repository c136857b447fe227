"""The story: people, organisations, rooms, meetings and the clock, while BBB misbehaves as it likes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import hypothesis.strategies as st
from hypothesis import event, note
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from app import clock
from app.accounts.models import User
from app.admin.bans import ban, unban
from app.organisations.leaving import let_go
from app.errors import ConflictError, UnavailableError
from app.meetings import wire
from app.meetings.ending import end_meeting
from app.meetings.joining import Participant, admit
from app.meetings.models import EndReason
from app.meetings.starting import Start, start_or_find
from app.memberships.granting import put_on_tier
from app.memberships.refusals import RefusedError
from app.organisations.models import HostRole, Organisation
from app.organisations.service import put_host
from app.recordings.models import Recording
from app.recordings.service import delete_recording, restore_recording, trash_recording
from app.rooms.models import Room
from app.rooms.schemas import RoomInput
from app.rooms.service import create_room, delete_room
from quotas.decisions import Granted
from tests import factories
from tests.model import checks
from tests.model.facts import facts_of, newest_meeting, places_of, rooms_with_meetings
from tests.model.spec import (
    TIERS,
    Held,
    Holder,
    No,
    Wish,
    may_join,
    may_not_make_a_room,
    may_not_start,
    terms_of,
)
from tests.model.town import FOLLOW, Town

FAULTS = [
    *("error-500", "broken-xml", "nonsense", "dropped", "answer-lost", "checksum-refused", "thousands"),
    *("callback-lost", "callback-doubled", "size-zero", "size-missing", "format-late", "stale-count"),
]
RESTART = "restart"
CALLS = [None, "create", "end", "getMeetings", "getMeetingInfo", "getRecordings", "deleteRecordings"]
MINUTES = [1, 5, 9, 10, 11, 30, 59, 61, 200, 24 * 60, 6 * 24 * 60, 21 * 24 * 60]
UNFINISHED = {"starting", "running"}
A_ROUND = timedelta(seconds=40)

one_of_them = st.integers(0, 5)
wishes = st.builds(
    Wish,
    record=st.booleans(),
    minutes=st.sampled_from([None, None, 1, 30, 60, 600]),
    people=st.sampled_from([None, None, None, 8, 60, 150, 200]),
    shorten=st.booleans(),
)


@dataclass
class Door:
    """A room as the model knows it."""

    id: int
    name: str
    holder: Holder


class Promises(RuleBasedStateMachine):
    """One installation, from its first morning on."""

    town: ClassVar[Town]

    # The first morning

    @initialize(skew=st.sampled_from([0, 0, 0, -5, 5]))
    def open(self, skew: int) -> None:
        """A person and an organisation on each tier, each with a room; BBB's clock may be five minutes off."""
        self.rooms: list[Door] = []
        self.busy: list[Door] = []  # whose meeting is starting or running
        self.recorded: list[str] = []
        self.made = 0
        self.misbehaves = False
        self.town.do(self._open(timedelta(minutes=skew)))

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
            await self._make_room(holder)

    # Rooms

    @rule(whose=one_of_them)
    def make_a_room(self, whose: int) -> None:
        self.town.do(self._make_room(self._holder(whose)))

    async def _make_room(self, holder: Holder) -> None:
        self.made += 1
        name = f"{holder.name} {self.made}"
        limits = holder.limits_at(clock.now())
        against = may_not_make_a_room(limits, sum(door.holder is holder for door in self.rooms))
        with self._asks(f"make room {name}", against) as answer:
            async with self.town.database.transaction() as session:
                wanted = RoomInput(name=name, holder_id=holder.id)
                room = await create_room(session, factories.viewer(holder.hosts[0]), wanted)
        if answer.granted:
            self.rooms.append(Door(room.id, name, holder))

    @precondition(lambda self: self.rooms)
    @rule(which=one_of_them)
    def delete_a_room(self, which: int) -> None:
        door = self.rooms.pop(which % len(self.rooms))
        self._say(f"delete room {door.name}")

        async def delete() -> None:
            async with self.town.database.transaction() as session:
                await delete_room(session, await session.get_one(Room, door.id))

        self.town.do(delete())

    # Meetings

    @precondition(lambda self: self.rooms)
    @rule(which=one_of_them)
    def just_start(self, which: int) -> None:
        self.town.do(self._start(self._door(which), Wish()))

    @precondition(lambda self: self.rooms)
    @rule(which=one_of_them, wish=wishes)
    def start(self, which: int, wish: Wish) -> None:
        self.town.do(self._start(self._door(which), wish))

    async def _start(self, door: Door, wish: Wish) -> None:
        limits, now = door.holder.limits_at(clock.now()), clock.now()
        async with self.town.database.transaction() as session:
            facts = await facts_of(session, door.id, now)
            before = await newest_meeting(session, door.id)
        if before and before.state == "starting":
            return  # nobody knows yet whether BBB makes it: whoever asks now waits
        runs = before is not None and before.state == "running"
        against = {} if runs else may_not_start(limits, facts, wish, now)
        asked = Start(
            door.id,
            door.holder.hosts[0].id,
            record=wish.record,
            minutes=wish.minutes,
            people=wish.people,
            shorten=wish.shorten,
        )
        with self._asks(f"start {door.name}, {wish}", against) as answer:
            started = await start_or_find(self.town.database, self.town.servers, asked, factories.ADDRESSES)
            answer.says = f"meeting {started.id}{'' if started.is_new else ', which runs already'}"
        async with self.town.database.transaction() as session:
            after = await newest_meeting(session, door.id)
        if runs or against:
            assert after == before, f"{after} instead of {before}"
        elif not before or after.id != before.id:
            self._is_as_promised(after, terms_of(limits, facts, wish, now))

    def _is_as_promised(self, meeting: Any, terms: Any) -> None:
        """What was reserved is what the rules say, whether BBB has heard of it or not."""
        granted = (meeting.minutes, meeting.people, meeting.recorded, meeting.large_session)
        assert granted == (terms.minutes, terms.people, terms.recorded, terms.large), (
            f"{granted}, not {terms}"
        )
        assert meeting.reserved_bytes == (0 if meeting.state == "failed" else terms.reserved), meeting

    @precondition(lambda self: self.busy)
    @rule(which=one_of_them, who=one_of_them, arrives=st.booleans(), crowd=st.sampled_from([0, 0, 0, 7, 30]))
    def go_in(self, which: int, who: int, arrives: bool, crowd: int) -> None:  # noqa: FBT001  drawn, not called
        """Somebody wants in; the first is the host. A crowd is sent in without ever arriving."""
        door = self.busy[which % len(self.busy)]
        for number in range(who, who + crowd + 1):
            self.town.do(self._go_in(door, number, arrives=arrives and number == who))

    async def _go_in(self, door: Door, number: int, *, arrives: bool) -> None:
        key, now = ("u-host" if number == 0 else f"g-{number}"), clock.now()
        async with self.town.database.transaction() as session:
            meeting = await newest_meeting(session, door.id)
            if meeting is None or meeting.state != "running":
                return
            places = await places_of(session, meeting.id, key, now)
            expected = may_join(
                meeting.people, places.present, places.hosts, is_host=number == 0, already_in=places.mine > 0
            )
            who = Participant(key, key.title(), is_host=number == 0, agrees=True)
            decision = await admit(session, meeting.id, who)
            self._say(f"{key} wants into {door.name}: {decision}")
            assert isinstance(decision, Granted) is expected, f"{places} of {meeting.people}: {decision}"
            if not isinstance(decision, Granted):
                assert (decision.limit, decision.used) == (meeting.people, places.present)
                return
            now_in = await places_of(session, meeting.id, key, now)
            assert now_in.present <= meeting.people or places.mine, f"{now_in} in {meeting.people} places"
        if arrives:
            join = wire.to_join(decision.terms, who, "http://127.0.0.1:8000/", lobby=False)
            await self._arrive(self.town.servers.client.join_url(join))

    async def _arrive(self, url: str) -> None:
        """The browser goes to BBB, which may have forgotten the meeting, and loads its page."""
        answer = await self.town.control.get(url)
        if answer.is_redirect:
            token = parse_qs(urlsplit(answer.headers["location"]).query).get("sessionToken")
            if token:
                await self.town.order("connect", sessionToken=token[0])

    @precondition(lambda self: self.busy)
    @rule(which=one_of_them, what=st.sampled_from(["leave", "recording"]))
    def at_bbb(self, which: int, what: str) -> None:
        """Everybody leaves, or the host presses record."""

        self.town.do(self._at_bbb(self.busy[which % len(self.busy)], what))

    async def _at_bbb(self, door: Door, what: str) -> None:
        async with self.town.database.transaction() as session:
            meeting = await newest_meeting(session, door.id)
        there = meeting and self.town.bbb.find(meeting.external_id)
        if there and (what == "leave" or there.record):
            self._say(f"{what} in {door.name}")
            await self.town.order(what, meetingID=meeting.external_id)

    @precondition(lambda self: self.busy)
    @rule(which=one_of_them)
    def end(self, which: int) -> None:
        self.town.do(self._end(self.busy[which % len(self.busy)]))

    async def _end(self, door: Door) -> None:
        async with self.town.database.transaction() as session:
            meeting = await newest_meeting(session, door.id)
        if meeting is None or meeting.state not in UNFINISHED:
            return
        with self._asks(f"end the meeting of {door.name}", {}):
            await end_meeting(self.town.database, self.town.servers, meeting.id, EndReason.BY_HOST)

    # Recordings

    @precondition(lambda self: self.rooms)
    @rule(which=one_of_them, minutes=st.sampled_from([3, 40, 100]))
    def record_a_meeting(self, which: int, minutes: int) -> None:
        """A whole one: started, recorded, ended, and processed by BBB."""
        door = self._door(which)

        async def happens() -> None:
            await self._start(door, Wish(record=True))
            await self._go_in(door, 0, arrives=True)
            await self._at_bbb(door, "recording")
            await self.town.pass_time(timedelta(minutes=minutes))
            await self._end(door)
            await self.town.pass_time(timedelta(minutes=3))
            await self.town.work()

        self.town.do(happens())

    @precondition(lambda self: self.recorded)
    @rule(which=one_of_them, what=st.sampled_from([trash_recording, restore_recording, delete_recording]))
    def change_a_recording(self, which: int, what: Any) -> None:
        """Into the trash, out of it again, or gone for good; what cannot be done says so."""
        record_id = self.recorded[which % len(self.recorded)]

        async def change() -> None:
            async with self.town.database.transaction() as session:
                found = await session.scalar(select(Recording).where(Recording.record_id == record_id))
                await what(session, found)

        try:
            self.town.do(change())
        except ConflictError as error:
            self._say(f"{what.__name__} {record_id[-4:]}: {error.code}")
        else:
            event(what.__name__)
            self._say(f"{what.__name__} {record_id[-4:]}")

    # Who may do how much

    @rule(whose=one_of_them, tier=st.sampled_from([*TIERS]), days=st.sampled_from([None, None, 1, 20]))
    def put_on_a_tier(self, whose: int, tier: str, days: int | None) -> None:
        holder = self._holder(whose)
        if (holder.organisation is None) == (tier in {"free", "session-organiser"}) or tier == "free":
            self.town.do(self._put_on(holder, tier, days))

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

    # BBB, the worker and time

    @rule(
        kind=st.sampled_from([*FAULTS, RESTART]),
        call=st.sampled_from(CALLS),
        times=st.sampled_from([1, 3, 9]),
    )
    def misbehave(self, kind: str, call: str | None, times: int) -> None:
        self.misbehaves = True
        if kind == RESTART:
            self._say("BBB is restarted")
            self.town.do(self.town.order(RESTART))
            return
        self._say(f"BBB: {kind} {times} times, {call or 'whatever is asked'}")
        fault = {"kind": kind, "times": times} | ({"call": call} if call else {})
        self.town.do(self.town.order("faults", **fault))

    @rule(minutes=st.sampled_from(MINUTES), works=st.sampled_from([True, True, False]))
    def time_passes(self, minutes: int, works: bool) -> None:  # noqa: FBT001  drawn, not called
        """With a worker that has its rounds meanwhile, or with one that is away."""
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
            for _day in range(3):
                await self.town.pass_time(timedelta(days=1))
                await self.town.work()
            await self._calm()
            async with self.town.database.transaction() as session:
                await checks.at_last(session, self.town)

        self.town.do(days_later())

    # Telling

    def _say(self, sentence: str) -> None:
        note(f"{clock.now():%d %b %H:%M:%S}  {sentence}")

    def _holder(self, number: int) -> Holder:
        return self.holders[number % len(self.holders)]

    def _door(self, number: int) -> Door:
        return self.rooms[number % len(self.rooms)]

    @contextmanager
    def _asks(self, what: str, against: dict[str, No]) -> Iterator["Answer"]:
        """Ask for something: it is refused for a reason that is true, and only then."""
        answer = Answer()
        try:
            yield answer
        except RefusedError as error:
            said = error.refused
            event(f"refused: {said.reason}")
            self._say(f"{what}: refused, {said.reason}: {said.used} of {said.limit}, asked {said.asked}")
            assert said.reason in against, f"{said.reason} is not true, but {against}"
            assert No(said.limit, said.used) == against[said.reason], f"{said}, but {against[said.reason]}"
        except UnavailableError as error:
            event(error.code)
            self._say(f"{what}: {error.code}")
            assert self.misbehaves, "BBB behaves"
            assert not against, f"to be refused: {against}"
        else:
            answer.granted = True
            self._say(f"{what}: {answer.says}")
            assert not against, f"granted, to be refused: {against}"


@dataclass
class Answer:
    """What came of a question."""

    granted: bool = False
    says: str = "granted"
