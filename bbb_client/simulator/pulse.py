"""What happens by itself as time goes by: audits, recordings, callbacks, closed browsers."""

import asyncio
from contextlib import suppress

from bbb_client.simulator.clock import as_ms
from bbb_client.simulator.ending import audit, forget_old, next_end
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Person
from bbb_client.simulator.recorder import next_step, progress
from bbb_client.simulator.seats import leave
from bbb_client.simulator.world import World

LONGEST_PAUSE = 1.0  # real seconds between two audits
SHORTEST_PAUSE = 0.05


def settle(world: World) -> None:
    """Do everything that is due now, except sending callbacks."""
    _clear_seats(world)
    audit(world)
    progress(world)
    forget_old(world)


async def tick(world: World) -> None:
    """Do everything that is due now."""
    settle(world)
    await world.outbox.deliver()


async def advance(world: World, seconds: float) -> None:
    """Move the clock forward, stopping wherever something is due, so that all happens at its own moment."""
    target = world.now + as_ms(seconds)
    while (due := _next_due(world)) is not None and due <= target:
        world.clock.move_to(due)
        await tick(world)
    world.clock.move_to(target)
    await tick(world)


async def run(world: World) -> None:
    """Audit about every second, and as soon as something is due; send callbacks beside it."""
    sending: asyncio.Task[None] | None = None
    try:
        while True:
            settle(world)
            if sending is None or sending.done():  # a slow receiver must not hold up the audits
                sending = asyncio.create_task(world.outbox.deliver())
            with suppress(TimeoutError):
                await asyncio.wait_for(world.wake.wait(), _pause(world))
            world.wake.clear()
    finally:
        if sending is not None:
            sending.cancel()


def _next_due(world: World) -> int | None:
    moments = (next_end(world), next_step(world), world.outbox.next_due())
    return min((moment for moment in moments if moment is not None), default=None)


def _pause(world: World) -> float:
    due = _next_due(world)
    if due is None:
        return LONGEST_PAUSE
    wait = (due - world.now) / 1000 / world.clock.speed
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, wait))


def _clear_seats(world: World) -> None:
    for meeting in world.meetings.values():
        for person in list(meeting.people.values()):
            if _silent(world, person):
                leave(world, meeting, person, removed="" if person.joins else "guestInvalid")
            elif _never_came(world, person):
                _drop(world, meeting, person)


def _silent(world: World, person: Person) -> bool:
    """Whether a page that used to ask has stopped; a person without a page's script is never silent."""
    now, config = world.monotonic(), world.config
    if person.closed is not None and now >= person.closed + config.closed_seconds:
        return True
    return person.heard is not None and now >= person.heard + config.silent_seconds


def _never_came(world: World, person: Person) -> bool:
    """Whether somebody joined and no browser followed (section 2.2); a fast clock does not hurry a browser."""
    if not person.registered_only or person.heard is not None:
        return False
    return world.now >= person.registered + as_ms(world.config.entered_seconds) * max(1.0, world.clock.speed)


def _drop(world: World, meeting: Meeting, person: Person) -> None:
    del meeting.people[person.user_id]
    world.sessions.pop(person.session_token, None)
