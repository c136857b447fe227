"""kill -9 at the worst moment: what was reserved is freed or adopted within one sweep, never both, never lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from app.meetings.models import UNFINISHED, Attendance, Meeting, MeetingState
from app.rooms.models import Room
from tests.house import until
from tests.races.doors import TwoDoors
from tests.races.test_limits import an_organisation

pytestmark = pytest.mark.slow

SLOW = 2.0  # seconds: long enough to be killed in
# A worker that says nothing for 20 s is taken over by the next one, which looks every 10 s.
TAKEN_OVER = 60.0


class Start:
    """A start that takes the last of one limit, and a second one that asks for the same."""

    def __init__(self, house: TwoDoors, program: httpx.AsyncClient, rooms: list[Room], **wish: object):
        self.house, self.program, self.rooms, self.wish = house, program, rooms, wish
        self.holder_id = rooms[0].holder_id

    async def first(self) -> httpx.Response:
        return await self.program.post(f"/rooms/{self.rooms[0].slug}/start", json=self.wish)

    async def second(self) -> httpx.Response:
        return await self.program.post(f"/rooms/{self.rooms[1].slug}/start", json=self.wish)

    async def newest(self) -> Meeting:
        return (await self.house.meetings(Meeting.room_id == self.rooms[0].id))[-1]


@asynccontextmanager
async def starts(house: TwoDoors, door: str) -> AsyncIterator[dict[str, Start]]:
    """One start for each limit that a start reserves, each of a holder of its own."""
    ada = await house.person("Ada", tier="session-organiser")
    of_ada = [await house.room(ada, f"{ada.name} {number}") for number in range(2)]
    dyer, _dyers, of_dyers = await an_organisation(house, f"Dyers {ada.id}", "co-producer", 1, 2)
    many, _many, of_many = await an_organisation(house, f"Choirs {ada.id}", "co-producer", 1, 5)
    async with (
        await house.program(ada, door) as first,
        await house.program(dyer, door) as second,
        await house.program(many, door) as third,
    ):
        for room in of_many[2:]:
            made = await third.post(f"/rooms/{room.slug}/start", json={"people": 150})
            assert made.status_code == httpx.codes.CREATED, made.text
        yield {
            "at_once": Start(house, first, of_ada),
            "storage_full": Start(house, second, of_dyers, record=True, minutes=600),
            "large_sessions": Start(house, third, of_many, people=150),
        }


async def begin_and_kill(house: TwoDoors, begun: dict[str, Start]) -> list[Meeting]:
    """All of them begin at door 2, whose process is killed while it waits for BBB."""
    requests = [asyncio.create_task(start.first()) for start in begun.values()]
    rooms = [start.rooms[0].id for start in begun.values()]
    starting = (Meeting.room_id.in_(rooms), Meeting.state == MeetingState.STARTING)

    async def reserved() -> bool:
        orders = (await house.bbb("GET", "faults"))["faults"]
        heard = not any(order["kind"] == "slow" for order in orders)
        return heard and await house.count(*starting) == len(begun)

    await until(reserved, "all are reserved, and BBB has been asked")
    house.kill("door-2")
    assert all(
        isinstance(answer, httpx.HTTPError)
        for answer in await asyncio.gather(*requests, return_exceptions=True)
    )
    return await house.meetings(*starting)


def at_door_1(house: TwoDoors, start: Start) -> None:
    """The same program, at the door that is left."""
    start.program.base_url = f"{house.address('door-1')}/api/v1"


async def refused_as(start: Start, reason: str) -> bool:
    answer = await start.second()
    return answer.status_code == httpx.codes.CONFLICT and answer.json()["error"]["reason"] == reason


async def test_between_reserve_and_confirm_what_bbb_makes_later_is_adopted(house: TwoDoors):
    async with starts(house, "door-2") as begun:
        await house.bbb("POST", "faults", kind="slow", call="create", seconds=SLOW, times=len(begun))
        reserved = await begin_and_kill(house, begun)
        for reason, start in begun.items():
            at_door_1(house, start)
            assert await refused_as(start, reason)

        async def made() -> bool:
            return {meeting.external_id for meeting in reserved} <= set(await house.at_bbb())

        await until(made, "BBB has made them")
        await house.sweep()
        for reason, start in begun.items():
            assert (await start.newest()).state == MeetingState.RUNNING
            assert await refused_as(start, reason)
            again = await start.first()
            assert again.status_code == httpx.codes.OK
            assert again.json()["id"] in {meeting.id for meeting in reserved}
        # Its minutes count from when they were reserved, whoever died since.
        adopted = await begun["at_once"].newest()
        assert (adopted.started_at, adopted.minutes) == (adopted.reserved_at, 180)
        await house.move_clock(100)
        ada = begun["at_once"]
        await ada.program.post(f"/rooms/{ada.rooms[0].slug}/end")
        assert (await ada.first()).json()["minutes"] == 79


async def test_between_reserve_and_confirm_what_bbb_never_makes_is_freed(house: TwoDoors):
    async with starts(house, "door-2") as begun:
        for order in ({"kind": "slow", "seconds": 1}, {"kind": "error-500"}):
            await house.bbb("POST", "faults", call="create", times=len(begun), **order)
        reserved = await begin_and_kill(house, begun)
        names = {meeting.external_id for meeting in reserved}
        await asyncio.sleep(1)
        await house.sweep()
        for reason, start in begun.items():
            at_door_1(house, start)
            # BBB may be about to make it: it is kept for a minute.
            assert (await start.newest()).state == MeetingState.STARTING
            assert await refused_as(start, reason)
        await house.move_clock(2)
        await house.sweep()
        for start in begun.values():
            assert (await start.newest()).state == MeetingState.FAILED
            assert (await start.second()).status_code == httpx.codes.CREATED
        # Nothing of the room's sitting is spent by what never was.
        dyers = begun["storage_full"]
        assert await house.count(Meeting.holder_id == dyers.holder_id, Meeting.state.in_(UNFINISHED)) == 1
        ada = begun["at_once"]
        await ada.program.post(f"/rooms/{ada.rooms[1].slug}/end")
        assert (await ada.first()).json()["minutes"] == 180
        assert not names & set(await house.at_bbb())


async def test_while_a_meeting_is_being_ended_it_ends_all_the_same(house: TwoDoors):
    ada = await house.person("Ada", tier="session-organiser")
    room = await house.room(ada, "Ended by nobody")
    async with await house.program(ada, "door-2") as program:
        await program.post(f"/rooms/{room.slug}/start", json={})
        meeting = (await house.unfinished(ada.holder_id))[0]
        await house.bbb("POST", "faults", kind="slow", call="end", seconds=1, times=1)
        await house.bbb("POST", "faults", kind="dropped", call="end", times=1)
        ending = asyncio.create_task(program.post(f"/rooms/{room.slug}/end"))

        async def asked() -> bool:
            return not any(order["kind"] == "slow" for order in (await house.bbb("GET", "faults"))["faults"])

        await until(asked, "BBB has been asked to end it")
        house.kill("door-2")
        with pytest.raises(httpx.HTTPError):
            await ending
    await asyncio.sleep(1)
    assert meeting.external_id in await house.at_bbb()
    await house.sweep()
    over = (await house.meetings(Meeting.id == meeting.id))[0]
    assert (over.state, over.end_reason) == (MeetingState.ENDED, "by_host")
    await until(lambda: is_gone(house, meeting), "BBB has ended it")


async def is_gone(house: TwoDoors, meeting: Meeting) -> bool:
    return meeting.external_id not in await house.at_bbb()


async def test_in_the_middle_of_writing_nothing_is_written_and_no_lock_stays(house: TwoDoors):
    """The last room, the last place and the last meeting at once: decided, and killed before the commit."""
    ada = await house.person("Ada", tier="session-organiser")
    rooms = [await house.room(ada, f"Room {number} of {ada.id}") for number in range(4)]
    bela = await house.person("Bela")
    hall = await house.room(bela, f"Hall {bela.id}")
    async with await house.program(ada, "door-2") as adas, await house.program(bela, "door-2") as belas:
        await belas.post(f"/rooms/{hall.slug}/start", json={})
        for number in range(8):
            await belas.post(f"/rooms/{hall.slug}/join", json={"name": f"Guest {number}"})
        cora = await house.person("Cora", tier="session-organiser")
        theirs = [await house.room(cora, f"Two {number} of {cora.id}") for number in range(2)]
        async with await house.program(cora, "door-2") as coras:

            async def all_three() -> list[httpx.Response | BaseException]:
                return await asyncio.gather(
                    adas.post("/rooms", json={"name": "The last one"}),
                    belas.post(f"/rooms/{hall.slug}/join", json={"name": "The last guest"}),
                    coras.post(f"/rooms/{theirs[0].slug}/start", json={}),
                    return_exceptions=True,
                )

            async with house.database.transaction() as session:
                await session.execute(text("LOCK TABLE rooms, attendances, meetings IN SHARE MODE"))
                asked = asyncio.create_task(all_three())
                await until(lambda: waiting(house, 3), "all three are about to write")
                house.kill("door-2")
                assert all(isinstance(answer, httpx.HTTPError) for answer in await asked)
            await until(lambda: no_lock_stays(house), "PostgreSQL has let go of what was begun")
            meeting = (await house.unfinished(bela.holder_id))[0]
            assert await house.count(Room.holder_id == ada.holder_id) == len(rooms)
            assert await house.count(Attendance.meeting_id == meeting.id) == 8
            assert await house.unfinished(cora.holder_id) == []
            for program in (adas, belas, coras):
                program.base_url = f"{house.address('door-1')}/api/v1"
            got = await all_three()
            assert [answer.status_code for answer in got] == [201, 200, 201]
            assert [answer.status_code for answer in await all_three()] == [409, 409, 200]
            assert (await coras.post(f"/rooms/{theirs[1].slug}/start", json={})).status_code == 409


async def waiting(house: TwoDoors, number: int) -> bool:
    """Whether so many of the site's statements wait for a lock."""
    async with house.database.transaction() as session:
        found = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await session.scalar(found) >= number


async def no_lock_stays(house: TwoDoors) -> bool:
    """Whether no transaction of the dead process is still open."""
    async with house.database.transaction() as session:
        found = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return await session.scalar(found) == 0
