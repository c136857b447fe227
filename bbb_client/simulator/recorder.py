"""The scripts that make recordings: archived, processed, published, told (BBB_API.md sections 3.1 and 4.2)."""

from typing import Any

from bbb_client.simulator.callbacks import READY_KEYS, queue_ready
from bbb_client.simulator.clock import MINUTE, as_ms
from bbb_client.simulator.events import tell_of_recording
from bbb_client.simulator.faults import Kind
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.recordings import Format, Recording, State
from bbb_client.simulator.world import World

PROCESSED = "processed"
SOON = 10 * MINUTE


def begin(world: World, meeting: Meeting) -> None:
    """Make a recording of a meeting in which recording was started; others leave none (section 2.1)."""
    if not meeting.record or not meeting.spans:
        return
    recording = Recording(
        record_id=meeting.internal_id,
        meeting_id=meeting.external_id,
        name=meeting.name,
        breakout=meeting.breakout,
        started=meeting.created,
        ended=world.now,
        recorded_ms=sum(end - start for start, end in meeting.spans),
        participants=len({person.external_id for person in meeting.people.values() if person.joins}),
        metadata=dict(meeting.metadata),
        ready_url=next((meeting.metadata[key] for key in READY_KEYS if meeting.metadata.get(key)), ""),
        steps=_steps(world, meeting),
    )
    world.recordings[recording.record_id] = recording
    length = {"recorded": True, "duration": recording.recorded_ms // 1000}
    tell_of_recording(world, "rap-archive-ended", recording, length)


def keep(world: World, record_id: str, state: State, formats: list[str], length: int) -> Recording:
    """A recording from before, as long as `length` milliseconds; one that is processing gets its formats soon."""
    soon = world.now + SOON
    is_made = state is not State.PROCESSING
    kept = Recording(
        record_id=record_id,
        meeting_id="",
        name="",
        breakout=None,
        started=max(1, world.now - length),
        ended=world.now,
        recorded_ms=length,
        participants=1,
        metadata={},
        ready_url="",
        steps=[] if is_made else [(soon, PROCESSED), *((soon, kind) for kind in formats)],
        state=state,
    )
    for kind in formats if is_made else ():
        kept.make(kind)
    world.recordings[record_id] = kept
    return kept


def _steps(world: World, meeting: Meeting) -> list[tuple[int, str]]:
    unwanted = meeting.metadata.get("bbb-disable-recording-formats", "").split(",")
    formats = [kind for kind in world.config.formats if kind not in unwanted]
    processed = world.now + as_ms(world.config.processing_seconds)
    published = processed + as_ms(world.config.publishing_seconds)
    steps = [(processed, PROCESSED), *((published, kind) for kind in formats)]
    if world.faults.take(Kind.FORMAT_LATE, "create"):
        moment, kind = steps.pop()
        steps.append((moment + as_ms(world.config.late_seconds), kind))
    return steps


def next_step(world: World) -> int | None:
    """When the scripts have something to do."""
    moments = (moment for recording in world.recordings.values() for moment, _ in recording.steps)
    return min(moments, default=None)


def progress(world: World) -> None:
    """Do the steps that are due."""
    now = world.now
    for recording in world.recordings.values():
        while recording.steps and recording.steps[0][0] <= now:
            _, step = recording.steps.pop(0)
            _take(world, recording, step)


def _take(world: World, recording: Recording, step: str) -> None:
    if step == PROCESSED:
        recording.state = State.PROCESSED
        tell_of_recording(world, "rap-process-ended", recording)
        return
    made = recording.make(step)
    if recording.state is State.PROCESSED:  # a late format does not publish what was unpublished meanwhile
        recording.state = State.PUBLISHED
    tell_of_recording(
        world, "rap-publish-ended", recording, {"workflow": step, "recording": _told(recording, made)}
    )
    queue_ready(world, recording)


def _told(recording: Recording, made: Format) -> dict[str, Any]:
    """What rap-publish-ended says: the size is that of this one format (section 3.3)."""
    playback = {
        "format": made.kind,
        "link": f"/playback/{made.kind}/{recording.record_id}",
        "processing_time": made.processing_ms,
        "duration": recording.recorded_ms,
        "size": made.size,
    }
    return {
        "name": recording.name,
        "is-breakout": "true" if recording.breakout else "false",
        "start-time": recording.started,
        "end-time": recording.ended,
        "size": made.size,
        "raw-size": recording.raw_size,
        "metadata": recording.metadata,
        "playback": playback,
        "download": {},
    }
