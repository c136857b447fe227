"""The gate before the connections: in order, not for long, and who is finishing before all others."""

import asyncio
import contextvars

import pytest

from app.gate import LONGEST, BusyError, Gate


class Crowd:
    """People at a gate, each a request of its own."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.in_order: list[str] = []

    def come(self, name: str, *, seconds: float = 0.0, **which: bool) -> asyncio.Task[None]:
        """Somebody comes, and stays for so long once they are let in."""

        async def pass_through() -> None:
            async with self._gate.passed(**which):
                self.in_order.append(name)
                await asyncio.sleep(seconds)

        return asyncio.create_task(pass_through(), context=contextvars.Context())

    def come_back(self, name: str, before: asyncio.Event) -> asyncio.Task[None]:
        """Somebody who was in comes again once `before` is set."""

        async def twice() -> None:
            async with self._gate.passed():
                pass
            await before.wait()
            async with self._gate.passed():
                self.in_order.append(name)

        return asyncio.create_task(twice(), context=contextvars.Context())


async def test_who_comes_first_goes_first():
    crowd = Crowd(Gate(2, patience=5, kept=1))
    coming = []
    for number in range(5):
        coming.append(crowd.come(str(number), seconds=0.01))
        await asyncio.sleep(0)
    await asyncio.gather(*coming)
    assert crowd.in_order == ["0", "1", "2", "3", "4"]


async def test_who_has_waited_for_too_long_is_sent_away_and_told_when_to_come_back():
    crowd = Crowd(Gate(2, patience=0.05, kept=1))
    long = crowd.come("long", seconds=0.3)
    await asyncio.sleep(0)
    waits = crowd.come("waits")
    with pytest.raises(BusyError) as busy:
        await waits
    assert busy.value.status == 503
    assert int(busy.value.headers()["retry-after"]) > 0
    assert not long.done()
    await long
    # The place of who was sent away is nobody's.
    await crowd.come("later")
    assert crowd.in_order == ["long", "later"]


async def test_a_crowd_without_end_is_not_let_into_the_queue():
    gate = Gate(2, patience=5, kept=1)
    crowd = Crowd(gate)
    coming = [crowd.come(str(number)) for number in range(LONGEST + 3)]
    done = await asyncio.gather(*coming, return_exceptions=True)
    assert sum(isinstance(each, BusyError) for each in done) == 2
    assert len(crowd.in_order) == LONGEST + 1
    assert gate.waiting == 0


async def test_who_is_finishing_has_a_place_that_nobody_else_takes():
    crowd = Crowd(Gate(2, patience=0.05, kept=1))
    slow = crowd.come("slow", seconds=0.2)
    await asyncio.sleep(0)
    waits = crowd.come("waits")
    await crowd.come("finishes", is_finishing=True)
    with pytest.raises(BusyError):
        await waits
    await slow
    assert crowd.in_order == ["slow", "finishes"]


async def test_who_is_finishing_goes_before_all_and_who_has_begun_before_who_comes():
    crowd = Crowd(Gate(2, patience=5, kept=1))
    begun = asyncio.Event()
    back = crowd.come_back("comes back", begun)
    await asyncio.sleep(0.01)
    # Both places are taken, the kept one too.
    taken = [crowd.come("a", seconds=0.1), crowd.come("b", seconds=0.1, is_finishing=True)]
    await asyncio.sleep(0.01)
    coming = crowd.come("comes")
    await asyncio.sleep(0)
    begun.set()
    await asyncio.sleep(0)
    finishes = crowd.come("finishes", is_finishing=True)
    await asyncio.gather(*taken, coming, back, finishes)
    assert crowd.in_order == ["a", "b", "finishes", "comes back", "comes"]


@pytest.mark.parametrize("moment", ["while it waits", "when the place is given"])
async def test_who_goes_away_by_themselves_keeps_no_place(moment):
    gate = Gate(2, patience=5, kept=1)
    crowd = Crowd(gate)

    async def pass_and_end(other: list[asyncio.Task[None]]) -> None:
        async with gate.passed():
            await asyncio.sleep(0.02)
        if moment == "when the place is given":
            other[0].cancel()

    others: list[asyncio.Task[None]] = []
    first = asyncio.create_task(pass_and_end(others), context=contextvars.Context())
    await asyncio.sleep(0)
    others.append(crowd.come("second"))
    await asyncio.sleep(0)
    if moment == "while it waits":
        others[0].cancel()
    await first
    with pytest.raises(asyncio.CancelledError):
        await others[0]
    await asyncio.wait_for(crowd.come("third"), 1)
    assert crowd.in_order == ["third"]
    assert gate.waiting == 0
