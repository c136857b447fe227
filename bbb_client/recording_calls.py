"""The calls about recordings and their text tracks (BBB_API.md section 3)."""

from collections.abc import Sequence
from dataclasses import replace

import httpx

from bbb_client.connection import Body, Call, Calls
from bbb_client.elements import Unread
from bbb_client.parameters import parameters
from bbb_client.recording_requests import GetRecordings, PutRecordingTextTrack, UpdateRecordings
from bbb_client.recording_responses import (
    Recording,
    RecordingPage,
    TextTrack,
    read_published,
    read_text_tracks,
)
from bbb_client.vocabulary import RecordingState

PAGE = 100
"""Recordings a page, the most that servers give."""


class RecordingCalls(Calls):
    """The part of the client that is about recordings."""

    async def get_recordings(self, request: GetRecordings) -> RecordingPage:
        """List recordings. Never poll for all: it takes servers seconds to minutes (section 3.1)."""
        call = Call("getRecordings", parameters(request), repeatable=True, slow=True)
        return await self._connection.xml(call, RecordingPage.read)

    async def all_recordings(self, request: GetRecordings) -> RecordingPage:
        """Give every recording that matches, page by page, each once; `total` is how many these are.

        Totals are wrong or missing on many servers, so the end is a page that is not full. A server that does
        not know paging answers the same list again: a page without news is the end too. Of the same recording
        twice (a balancer and a node, section 5) the one counts that is furthest from being deleted.
        """
        limit = request.limit or PAGE
        offset, known, unread = request.offset or 0, dict[str, Recording](), dict[Unread, None]()
        while True:
            page = await self.get_recordings(replace(request, offset=offset, limit=limit))
            before = len(known) + len(unread)
            for recording in page.recordings:
                double = known.setdefault(recording.record_id, recording)
                known[recording.record_id] = max(double, recording, key=_place)
            unread |= dict.fromkeys(page.unread)
            is_full = len(page.recordings) + len(page.unread) == limit
            if not is_full or len(known) + len(unread) == before:
                return RecordingPage(tuple(known.values()), len(known), tuple(unread))
            offset += limit

    async def publish_recordings(self, record_ids: Sequence[str], *, publish: bool) -> bool:
        """Publish recordings, or take them back; returns whether they are published now."""
        params = {"recordID": ",".join(record_ids), "publish": "true" if publish else "false"}
        return await self._connection.xml(Call("publishRecordings", params), read_published)

    async def update_recordings(self, request: UpdateRecordings) -> None:
        """Set or delete metadata of recordings."""
        await self._connection.xml(Call("updateRecordings", parameters(request)), lambda _: None)

    async def delete_recordings(self, record_ids: Sequence[str]) -> None:
        """Delete recordings; the server may keep them as `deleted` for a while (section 3.1)."""
        call = Call("deleteRecordings", {"recordID": ",".join(record_ids)})
        await self._connection.xml(call, lambda _: None)

    async def get_recording_text_tracks(self, record_id: str) -> tuple[TextTrack, ...]:
        """List subtitles and captions of a recording."""
        call = Call("getRecordingTextTracks", {"recordID": record_id}, repeatable=True)
        return await self._connection.json(call, read_text_tracks)

    async def put_recording_text_track(self, request: PutRecordingTextTrack) -> None:
        """Upload subtitles or captions; they are taken up some time later."""
        call = Call("putRecordingTextTrack", parameters(request), body=_form(request))
        await self._connection.json(call, lambda _: None)


_STATES = (
    RecordingState.DELETED,
    RecordingState.PROCESSING,
    RecordingState.PROCESSED,
    RecordingState.UNPUBLISHED,
    RecordingState.PUBLISHED,
)


def _place(recording: Recording) -> int:
    """Say how far a recording is from being deleted; a state that is new to us is as far as one can be."""
    return _STATES.index(recording.state) if recording.state in _STATES else len(_STATES)


def _form(request: PutRecordingTextTrack) -> Body:
    """Write the file as a multipart form, as httpx would."""
    files = {"file": (request.filename, request.content, request.content_type)}
    form = httpx.Request("POST", "http://unsent.invalid", files=files)
    return Body(form.read(), form.headers["Content-Type"])
