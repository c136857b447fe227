"""Meetings in the story: started, joined, left, ended."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from hypothesis.stateful import precondition, rule

from app import clock
from app.meetings import wire
from app.meetings.ending import end_meeting
from app.meetings.joining import Participant, admit
from app.meetings.models import EndReason
from app.meetings.reservation import Start
from app.meetings.starting import start_or_find
from quotas.decisions import Granted
from tests import factories
from tests.model.facts import facts_of, newest_meeting, places_of
from tests.model.spec import (
    Wish,
    may_join,
    may_not_start,
    terms_of,
)
from tests.model.story import Door, Story

UNFINISHED = {"starting", "running"}


class Meetings(Story):
    """Whatever may happen to a room’s meeting."""

    @precondition(lambda self: self.rooms)
    @rule()
    def start(self) -> None:
        choice = self.chance.choice
        wish = Wish(
            record=choice([True, False]),
            minutes=choice([None, None, 1, 30, 60, 600]),
            people=choice([None, None, None, 8, 60, 150, 200]),
            shorten=choice([True, False]),
        )
        self.town.do(self._start(choice(self.rooms), choice([wish, Wish()])))

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

    @precondition(lambda self: self.busy)
    @rule()
    def come_back(self) -> None:
        """A meeting goes on for a while, is ended, and its room is started again a little later."""
        door = self.chance.choice(self.busy)
        lasts, waits = self.chance.choice([1, 20]), self.chance.choice([0, 9, 10, 11])

        async def happens() -> None:
            await self.town.pass_time(timedelta(minutes=lasts))
            await self._end(door)
            await self.town.pass_time(timedelta(minutes=waits))
            self._say(f"{waits} minutes after its end")
            await self._start(door, Wish())

        self.town.do(happens())

    def _is_as_promised(self, meeting: Any, terms: Any) -> None:
        """What was reserved is what the rules say, whether BBB has heard of it or not."""
        granted = (meeting.minutes, meeting.people, meeting.recorded, meeting.large_session)
        assert granted == (terms.minutes, terms.people, terms.recorded, terms.large), (
            f"{granted}, not {terms}"
        )
        assert meeting.reserved_bytes == (0 if meeting.state == "failed" else terms.reserved), meeting

    @precondition(lambda self: self.busy)
    @rule()
    def go_in(self) -> None:
        """Somebody wants in; the first is the host. A crowd is sent in, of whom one may arrive."""
        door, who = self.chance.choice(self.busy), self.chance.randrange(6)
        crowd, arrives = self.chance.choice([1, 1, 12, 27]), self.chance.choice([True, False])
        for number in range(who, who + crowd):
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
            there_is_room = meeting.people is None or now_in.present <= meeting.people
            assert there_is_room or places.mine, f"{now_in} in {meeting.people} places"
        if arrives:
            join = wire.to_join(decision.terms, who, "http://127.0.0.1:8000/", lobby=False)
            await self._arrive(self.town.servers.client.join_url(join))

    async def _arrive(self, url: str) -> None:
        """The browser goes to BBB, which may have forgotten the meeting, and loads its page."""
        try:
            answer = await self.town.control.get(url)
        except httpx.HTTPError:  # BBB misbehaves to browsers too
            return
        if answer.is_redirect:
            token = parse_qs(urlsplit(answer.headers["location"]).query).get("sessionToken")
            if token:
                await self.town.order("connect", sessionToken=token[0])

    @precondition(lambda self: self.busy)
    @rule()
    def at_bbb(self) -> None:
        """Everybody leaves, or the host presses record."""

        self.town.do(self._at_bbb(self.chance.choice(self.busy), self.chance.choice(["leave", "recording"])))

    async def _at_bbb(self, door: Door, what: str) -> None:
        async with self.town.database.transaction() as session:
            meeting = await newest_meeting(session, door.id)
        there = meeting and self.town.bbb.find(meeting.external_id)
        if there and (what == "leave" or there.record):
            self._say(f"{what} in {door.name}")
            await self.town.order(what, meetingID=meeting.external_id)

    @precondition(lambda self: self.busy)
    @rule()
    def end(self) -> None:
        self.town.do(self._end(self.chance.choice(self.busy)))

    async def _end(self, door: Door) -> None:
        async with self.town.database.transaction() as session:
            meeting = await newest_meeting(session, door.id)
        if meeting is None or meeting.state not in UNFINISHED:
            return
        with self._asks(f"end the meeting of {door.name}", {}):
            await end_meeting(self.town.database, self.town.servers, meeting.id, EndReason.BY_HOST)
