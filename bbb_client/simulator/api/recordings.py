"""The calls about recordings: list, publish, update, delete (BBB_API.md section 3)."""

from collections.abc import Sequence

from bbb_client.simulator.answers import CallError, Fields, success
from bbb_client.simulator.api.ask import FALSE, TRUE, Ask, Result
from bbb_client.simulator.api.create import metadata
from bbb_client.simulator.events import tell_of_recording
from bbb_client.simulator.faults import Kind
from bbb_client.simulator.meetings import internal_prefix
from bbb_client.simulator.recordings import Format, Recording, State

DEFAULT_STATES = "published,unpublished"
ANY_STATE = "any"
MOST = 100  # recordings on one page (section 3.1)


def get_recordings(ask: Ask) -> Result:
    """What matches the filters, newest last, a page of it if `limit` is there (section 3.1)."""
    filters = ("meetingID", "recordID", "state", "limit")
    narrowed = any(ask.params.get(name) for name in filters) or bool(metadata(ask))
    found = _matching(ask) if narrowed or ask.world.config.fetch_all_recordings else []
    shown, paging = _page(ask, found)
    if not shown:
        words = "There are no recordings for the meeting(s)."
        return success([("recordings", []), *paging], key="noRecordings", message=words)
    zero = ask.world.faults.take(Kind.SIZE_ZERO, ask.call) is not None
    missing = ask.world.faults.take(Kind.SIZE_MISSING, ask.call) is not None
    listed = [("recording", _fields(ask, recording, zero=zero, missing=missing)) for recording in shown]
    return success([("recordings", listed), *paging])


def publish_recordings(ask: Ask) -> Result:
    """Publish or unpublish what is published already or was once."""
    _require_record_id(ask)
    if not ask.params.get("publish"):
        raise CallError("missingParamPublish", "You must specify a publish value true or false.")
    publish = ask.switch("publish")
    for recording in _existing(ask):
        if recording.public:
            recording.state = State.PUBLISHED if publish else State.UNPUBLISHED
            tell_of_recording(ask.world, "rap-published" if publish else "rap-unpublished", recording)
    return success([("published", publish)])


def update_recordings(ask: Ask) -> Result:
    """Change metadata; an empty value deletes the key."""
    _require_record_id(ask)
    for recording in _existing(ask):
        changed = {**recording.metadata, **metadata(ask)}
        recording.metadata = {name: value for name, value in changed.items() if value}
    return success([("updated", True)])


def delete_recordings(ask: Ask) -> Result:
    """Delete; the recording is still listed by `state=deleted`."""
    _require_record_id(ask)
    for recording in _existing(ask):
        recording.state = State.DELETED
        recording.steps.clear()
        tell_of_recording(ask.world, "rap-deleted", recording)
    return success([("deleted", True)])


def _require_record_id(ask: Ask) -> None:
    if not ask.params.get("recordID"):
        raise CallError("missingParamRecordID", "You must specify one or more a record IDs.")


def _existing(ask: Ask) -> list[Recording]:
    """The recordings that are meant and not deleted; only if there is none at all it is an error."""
    known = [ask.world.recordings.get(record_id) for record_id in _items(ask, "recordID")]
    existing = [recording for recording in known if recording and recording.state is not State.DELETED]
    if not existing:
        raise CallError("notFound", "We could not find recordings")
    return existing


def _items(ask: Ask, name: str) -> list[str]:
    return [item.strip() for item in ask.params.get(name, "").split(",") if item.strip()]


def _matching(ask: Ask) -> list[Recording]:
    states = _items(ask, "state") or DEFAULT_STATES.split(",")
    prefixes = _prefixes(ask)
    wanted = metadata(ask)
    return [
        recording
        for recording in ask.world.recordings.values()
        if (ANY_STATE in states or recording.state in states)
        and (prefixes is None or recording.record_id.startswith(prefixes))
        and all(_like(recording.metadata.get(name), pattern) for name, pattern in wanted.items())
    ]


def _prefixes(ask: Ask) -> tuple[str, ...] | None:
    """What record ids must begin with: recordID wins, a meetingID stands for its sha1 (section 3.1)."""
    if record_ids := _items(ask, "recordID"):
        return tuple(record_ids)
    if meeting_ids := _items(ask, "meetingID"):
        return tuple(internal_prefix(meeting_id) for meeting_id in meeting_ids)
    return None


def _like(value: str | None, pattern: str) -> bool:
    """Whether metadata matches; `%` at an end of the pattern stands for anything."""
    if value is None:
        return False
    inner = pattern.strip("%")
    if pattern.startswith("%"):
        return inner in value if pattern.endswith("%") else value.endswith(inner)
    return value.startswith(inner) if pattern.endswith("%") else value == pattern


def _page(ask: Ask, found: Sequence[Recording]) -> tuple[Sequence[Recording], Fields]:
    """One page, and the total in the version's shape; without `limit` everything (section 3.1)."""
    if not ask.params.get("limit"):
        return found, []
    limit = min(MOST, max(1, ask.number("limit", MOST)))
    offset = max(0, ask.number("offset", 0))
    shown = found[offset : offset + limit]
    if ask.world.profile.total_on_top:
        return shown, [("totalElements", len(found))]
    pageable: Fields = [("offset", offset), ("limit", limit), ("paged", True), ("unpaged", False)]
    total = len(ask.world.recordings)  # too high with filters, as it was (issue 24132)
    return shown, [("pagination", [("pageable", pageable), ("totalElements", total), ("empty", not shown)])]


def _fields(ask: Ask, recording: Recording, *, zero: bool, missing: bool) -> Fields:
    """The fields in the order of section 3.2."""
    formats = [
        ("format", _format(ask, recording, made, zero=zero, missing=missing)) for made in recording.formats
    ]
    return [
        ("recordID", recording.record_id),
        ("meetingID", recording.meeting_id),
        ("internalMeetingID", recording.record_id),
        ("name", recording.name),
        ("isBreakout", recording.breakout is not None),
        ("published", recording.state is State.PUBLISHED),
        ("state", recording.state.value),
        ("startTime", recording.started),
        ("endTime", recording.ended),
        ("participants", recording.participants),
        *([] if missing else [("rawSize", recording.raw_size)]),
        ("metadata", _metadata(recording)),
        *_breakout(recording),
        *([] if missing else [("size", 0 if zero else recording.size)]),
        ("playback", formats),
        ("data", ""),
    ]


def _metadata(recording: Recording) -> Fields:
    own = [
        ("meetingId", recording.meeting_id),
        ("meetingName", recording.name),
        ("isBreakout", TRUE if recording.breakout else FALSE),
    ]
    return [*recording.metadata.items(), *own]


def _breakout(recording: Recording) -> Fields:
    if recording.breakout is None:
        return []
    parent, sequence, free = (
        recording.breakout.parent,
        recording.breakout.sequence,
        recording.breakout.free_join,
    )
    return [("breakout", [("parentId", parent), ("sequence", sequence), ("freeJoin", free)])]


def _format(ask: Ask, recording: Recording, made: Format, *, zero: bool, missing: bool) -> Fields:
    return [
        ("type", made.kind),
        ("url", f"{ask.base_url}/playback/{made.kind}/{recording.record_id}"),
        ("processingTime", made.processing_ms),
        ("length", made.minutes),
        *([] if missing else [("size", 0 if zero else made.size)]),
    ]
