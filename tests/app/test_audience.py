"""News of one thing is told once in a while, in slices, and the last piece of it is never lost."""

import asyncio
import time

import pytest

from app import audience
from app.audience import Audience, Subscription, spread_of


@pytest.fixture(autouse=True)
def short_pause(monkeypatch):
    monkeypatch.setattr(audience, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(audience, "HOLDER_PAUSE_SECONDS", 0.4)


async def heard_in(subscription, seconds):
    """How often it is told within so many seconds."""
    end, times = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        times += await subscription.wait(left)
    return times


async def test_fifty_joins_of_one_room_are_two_pieces_of_news():
    hall = Audience()
    with hall.subscribed("people:7") as ear:
        for _join in range(50):
            hall.hear("people:7")
        assert await ear.wait(0.1), "the first is told at once"
        for _join in range(50):
            hall.hear("people:7")
        assert await heard_in(ear, 0.5) == 1


async def test_what_comes_during_the_pause_is_told_at_its_end():
    hall = Audience()
    with hall.subscribed("room:7") as ear:
        hall.hear("room:7")
        assert await ear.wait(0.1)
        await asyncio.sleep(0.19)
        hall.hear("room:7")
        assert await ear.wait(0.1)
        hall.hear("room:7")
        assert not await ear.wait(0.1), "another pause begins with what was told"
        assert await ear.wait(0.2)


async def test_after_a_pause_news_is_told_at_once_again():
    hall = Audience()
    with hall.subscribed("room:7") as ear:
        for _time in range(2):
            hall.hear("room:7")
            assert await ear.wait(0.1)
            await asyncio.sleep(0.25)


async def test_state_and_people_of_one_room_are_one_piece_of_news():
    hall = Audience()
    with hall.subscribed("room:7", "people:7") as page, hall.subscribed("room:7") as waiting:
        hall.hear("people:7")
        hall.hear("room:7")
        assert (await heard_in(page, 0.5), await heard_in(waiting, 0.1)) == (1, 1)


async def test_rooms_do_not_wait_for_each_other():
    hall = Audience()
    with hall.subscribed("room:7") as one, hall.subscribed("room:8") as other:
        hall.hear("room:7")
        assert await one.wait(0.1)
        hall.hear("room:8")
        assert await other.wait(0.1)


async def test_dashboards_hear_less_often_than_rooms():
    hall = Audience()
    with hall.subscribed("holder:7") as ear:
        hall.hear("holder:7")
        assert await ear.wait(0.1)
        hall.hear("holder:7")
        assert not await ear.wait(0.3)
        assert await ear.wait(0.2)


async def test_who_comes_during_the_pause_hears_what_comes_then():
    hall = Audience()
    with hall.subscribed("room:7"):
        hall.hear("room:7")
        await asyncio.sleep(0.05)
    with hall.subscribed("room:7") as late:
        hall.hear("room:7")
        assert await late.wait(0.3)


async def test_nothing_is_kept_of_what_nobody_listens_to():
    hall = Audience()
    hall.hear("room:7")
    with hall.subscribed("room:8"):
        hall.hear("room:8")
        await asyncio.sleep(0.3)
    assert (hall.topics, hall._news) == (set(), {})  # noqa: SLF001  that it does not grow


class Counted(Subscription):
    """Notes in which turn of the loop it was told."""

    def __init__(self, turns, spreads):
        super().__init__()
        self._turns, self._spreads = turns, spreads

    def tell(self, spread=0.0):
        self._turns.append(self._turns_of())
        self._spreads.append(spread)
        super().tell(spread)

    turn = 0

    @classmethod
    def _turns_of(cls):
        return cls.turn


async def test_two_thousand_are_told_in_slices_and_others_have_their_turn_between():
    turns, spreads, hall = [], [], Audience()

    async def count_turns():
        while True:
            Counted.turn += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    for _number in range(2_000):
        hall.add(Counted(turns, spreads), ["room:7"])
    hall.hear("room:7")
    async with asyncio.timeout(10):
        while len(turns) < 2_000:
            await asyncio.sleep(0.01)
    counting.cancel()
    assert max(turns.count(turn) for turn in set(turns)) <= audience.SLICE
    assert set(spreads) == {spread_of(2_000)}, "all are told within how long they are to look"


async def test_news_while_others_are_still_being_told_reaches_everyone_once_more():
    hall = Audience()
    ears = [Subscription() for _number in range(100)]
    for ear in ears:
        hall.add(ear, ["room:7"])
    hall.hear("room:7")
    await asyncio.sleep(0.015)
    hall.tell_everyone()
    await asyncio.gather(*(ear.wait(1) for ear in ears))
    hall.hear("room:7")
    assert all(await asyncio.gather(*(ear.wait(1) for ear in ears)))


class Noted(Subscription):
    """Knows whether it was told."""

    is_told = False

    def tell(self, spread=0.0):
        self.is_told = True
        super().tell(spread)


async def test_who_leaves_while_others_are_told_is_not_told():
    hall, ears = Audience(), [Noted() for _number in range(60)]
    for ear in ears:
        hall.add(ear, ["room:7", "room:8"])
    hall.tell_everyone()
    leaver = next(ear for ear in ears if not ear.is_told)
    hall.remove(leaver, ["room:7", "room:8"])
    await asyncio.sleep(0.1)
    assert [ear for ear in ears if not ear.is_told] == [leaver]


@pytest.mark.parametrize(("listeners", "seconds"), [(1, 0.2), (500, 10.0), (5_000, 20.0)])
def test_the_more_hear_it_the_longer_they_take_to_look(listeners, seconds):
    assert spread_of(listeners) == seconds
