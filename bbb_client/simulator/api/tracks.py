"""Text tracks of recordings, in JSON (BBB_API.md section 3.1)."""

import re

from bbb_client.simulator.answers import CallError
from bbb_client.simulator.api.ask import Ask, Result, json_answer
from bbb_client.simulator.recordings import Recording, State, Track

KINDS = {"subtitles", "captions"}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def get_tracks(ask: Ask) -> Result:
    """getRecordingTextTracks: the tracks of one recording."""
    recording = _recording(ask)
    tracks = [_entry(ask, recording, track) for track in recording.tracks.values()]
    return json_answer({"returncode": "SUCCESS", "tracks": tracks})


def put_track(ask: Ask) -> Result:
    """putRecordingTextTrack: add or replace the track of a language."""
    recording = _recording(ask)
    kind, lang = ask.params.get("kind", ""), ask.params.get("lang", "")
    if kind not in KINDS:
        raise CallError("invalidKind", "Invalid kind parameter, expected='subtitles|captions'")
    if not LANGUAGE.fullmatch(lang):
        raise CallError("invalidLang", "Malformed lang param")
    if not ask.files.get("file"):
        raise CallError("empty_uploaded_text_track", "Empty uploaded text track.")
    recording.tracks[lang] = Track(kind, ask.text("label") or lang, lang)
    return json_answer(
        {
            "returncode": "SUCCESS",
            "messageKey": "upload_text_track_success",
            "message": "Text track uploaded successfully",
            "recordId": recording.record_id,
        }
    )


def _recording(ask: Ask) -> Recording:
    record_id = ask.params.get("recordID", "")
    if not record_id:
        raise CallError("paramError", "Missing param recordID.")
    recording = ask.world.recordings.get(record_id)
    if recording is None or recording.state is State.DELETED:
        raise CallError("noRecordings", f"No recording found for {record_id}")
    return recording


def _entry(ask: Ask, recording: Recording, track: Track) -> dict[str, str]:
    return {
        "href": f"{ask.base_url}/textTracks/{recording.record_id}/{track.kind}_{track.lang}.vtt",
        "kind": track.kind,
        "label": track.label,
        "lang": track.lang,
        "source": "upload",
    }
