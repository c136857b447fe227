"""How meetings end, and what follows from it (BBB_API.md section 2.12)."""

from bbb_client.simulator.callbacks import queue_analytics, queue_end
from bbb_client.simulator.clock import as_ms
from bbb_client.simulator.events import tell
from bbb_client.simulator.meetings import Ending, Meeting
from bbb_client.simulator.recorder import begin
from bbb_client.simulator.seats import leave
from bbb_client.simulator.world import World


def request_end(world: World, meeting: Meeting, reason: Ending) -> None:
    """Hear that a meeting shall end: calls see it no more, people and callbacks follow a moment later (2.4)."""
    meeting.ending = (world.now + as_ms(world.config.end_delay_seconds), reason)
    world.wake.set()


def audit(world: World) -> None:
    """End every meeting whose time has come; the first cause in the documented order counts."""
    now = world.now
    for meeting in list(world.meetings.values()):
        due = next((reason for moment, reason in meeting.deadlines() if moment <= now), None)
        if (
            due is not None and meeting.ended is None
        ):  # a parent's end may have taken its breakout rooms along
            finish(world, meeting, due)


def next_end(world: World) -> int | None:
    """When the next meeting ends if nothing happens."""
    moments = (moment for meeting in world.meetings.values() for moment, _ in meeting.deadlines())
    return min(moments, default=None)


def finish(world: World, meeting: Meeting, reason: Ending) -> None:
    """End a meeting: its breakout rooms first, then everyone leaves, then the callbacks go out."""
    for child in world.children(meeting):
        finish(world, child, Ending.PARENT)
    for person in meeting.online:
        leave(world, meeting, person)
    meeting.stop_recording(world.now)
    meeting.ended, meeting.reason = world.now, reason
    del world.meetings[meeting.internal_id]
    world.ended[meeting.internal_id] = meeting
    tell(world, "meeting-ended", meeting)
    begin(world, meeting)
    if meeting.breakout is None:
        queue_end(world, meeting)
    queue_analytics(world, meeting)


def forget_old(world: World) -> None:
    """Forget meetings that ended long ago, and the sessions of those who were there."""
    kept = as_ms(world.config.farewell_seconds)
    old = {key for key, meeting in world.ended.items() if world.now >= (meeting.ended or 0) + kept}
    if old:
        world.ended = {key: meeting for key, meeting in world.ended.items() if key not in old}
        world.sessions = {
            token: pair for token, pair in world.sessions.items() if pair[0].internal_id not in old
        }
