"""Calls about recordings: sizes that are missing or zero, both shapes of paging and none, text tracks in JSON."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from answering import OK, client_of, failed, sent, xml

from bbb_client.errors import CouldNotAsk, Reason, Refused
from bbb_client.recording_requests import GetRecordings, PutRecordingTextTrack, UpdateRecordings
from bbb_client.recording_responses import PlaybackFormat, PreviewImage, Recording, TextTrack
from bbb_client.vocabulary import RecordingState, TextTrackKind

FORMAT = (
    "<format><type>{type}</type><url><![CDATA[ https://h/{type} ]]></url><length>30</length>{size}</format>"
)
RECORDING = """<recording><recordID>{id}</recordID><meetingID>room-7</meetingID>
 <internalMeetingID>7c02-1</internalMeetingID><name>Demo</name><isBreakout>true</isBreakout>
 <published>true</published><state>{state}</state><startTime>1717171717171</startTime>
 <endTime>1717173517171</endTime><participants>4</participants>{raw}
 <metadata><tier>free</tier></metadata>
 <breakout><parentId>p-1</parentId><sequence>1</sequence><freeJoin>false</freeJoin></breakout>
 <breakoutRooms><breakoutRoom>b-1</breakoutRoom></breakoutRooms>{size}
 <playback>{formats}</playback><data/></recording>"""
TRACKS = b'{"response":{"returncode":"SUCCESS","tracks":%s}}'


def recording(
    id: str = "rec-1",  # noqa: A002 - the name in the template
    state: str = "published",
    size: str = "<size>7,340,032</size>",
    raw: str = "<rawSize>52428800</rawSize>",
    formats: str = "",
) -> str:
    return RECORDING.format(id=id, state=state, size=size, raw=raw, formats=formats)


def form(kind: str, size: str = "<size>6291456</size>") -> str:
    return FORMAT.format(type=kind, size=size)


def listing(*recordings: str, more: str = "") -> bytes:
    return xml(f"{OK}<recordings>{''.join(recordings)}</recordings>{more}")


async def read(content: str) -> Recording:
    bbb, _ = client_of(listing(content))
    [found] = (await bbb.get_recordings(GetRecordings(record_ids=["rec-1"]))).recordings
    return found


async def test_a_recording_is_read_with_its_formats_and_sizes() -> None:
    images = (
        "<preview><images><image alt='Slide' height='136' width='176'>https://h/1.png</image>"
        "<image height='x'>https://h/2.png</image></images></preview>"
    )
    presentation = form("presentation").replace(
        "</format>", f"<processingTime>9000</processingTime>{images}</format>"
    )
    found = await read(recording(formats=presentation + form("podcast", "<size>1048576</size>")))
    assert (found.record_id, found.meeting_id, found.internal_meeting_id) == ("rec-1", "room-7", "7c02-1")
    assert (found.name, found.published, found.state) == ("Demo", True, RecordingState.PUBLISHED)
    assert found.start_time == datetime(2024, 5, 31, 16, 8, 37, 171000, tzinfo=UTC)
    assert found.end_time == datetime(2024, 5, 31, 16, 38, 37, 171000, tzinfo=UTC)
    assert (found.participants, found.size, found.raw_size) == (4, 7340032, 52428800)
    assert (found.metadata, found.is_breakout, found.parent_meeting_id) == ({"tier": "free"}, True, "p-1")
    assert found.breakout_rooms == ("b-1",)
    previews = (
        PreviewImage("https://h/1.png", "Slide", 176, 136),
        PreviewImage("https://h/2.png", "", None, None),
    )
    assert found.formats == (
        PlaybackFormat("presentation", "https://h/presentation", 6291456, 30, 9000, previews),
        PlaybackFormat("podcast", "https://h/podcast", 1048576, 30, 0, ()),
    )
    assert found.bytes_used == 7340032


@pytest.mark.parametrize(
    ("size", "formats", "used"),
    [
        ("<size>999</size>", form("presentation", "<size>5</size>") + form("video", "<size>6</size>"), 11),
        (
            "<size>999</size>",
            form("presentation", "<size>5</size>") + form("screenshare", "<size>0</size>"),
            999,
        ),
        ("<size>999</size>", form("presentation", "<size>5</size>") + form("video", ""), 999),
        ("<size>999</size>", "", 999),
        ("<size>0</size>", "", None),
        ("", form("presentation", ""), None),
        ("", form("presentation", "<size/>"), None),
        ("", form("presentation", "<size>5</size>"), 5),
    ],
)
async def test_the_bytes_used_are_the_formats_or_the_recordings_or_unknown(
    size: str, formats: str, used: int | None
) -> None:
    assert (await read(recording(size=size, formats=formats))).bytes_used == used


async def test_a_recording_without_sizes_or_with_a_new_state_is_read() -> None:
    bare = await read("<recording><recordID>rec-1</recordID><state>archived</state></recording>")
    assert (bare.size, bare.raw_size, bare.formats, bare.state) == (None, None, (), "archived")
    assert (bare.start_time, bare.parent_meeting_id, bare.breakout_rooms) == (None, "", ())
    assert (bare.published, bare.protected, bare.meeting_id) == (None, False, "")
    named = await read(
        "<recording><recordID>rec-1</recordID><published>TRUE</published><protected>true</protected>"
        "<metadata><meetingId>room-7</meetingId></metadata></recording>"
    )
    assert (named.published, named.protected, named.meeting_id) == (True, True, "room-7")


@pytest.mark.parametrize(
    ("unreadable", "whose"),
    [
        ("<recording><meetingID>room-8</meetingID><state>published</state></recording>", ("", "room-8")),
        ("<recording><recordID>rec-2</recordID></recording>", ("rec-2", "")),
        (
            "<recording><recordID>rec-2</recordID><published>yes</published><state/></recording>",
            ("rec-2", ""),
        ),
        ("<recording><recordID>rec-2</recordID><name>A & B</name></recording>", ("rec-2", "")),
        ("<recording/>", ("", "")),
    ],
)
async def test_one_unreadable_recording_costs_itself_only(unreadable: str, whose: object) -> None:
    bbb, _ = client_of(listing(recording("rec-1"), unreadable, recording("rec-3")), listing())
    for limit in (None, 3):
        page = await bbb.all_recordings(GetRecordings(meeting_ids=["a"], limit=limit))
        assert [found.record_id for found in page.recordings] == ["rec-1", "rec-3"]
        assert [(each.record_id, each.meeting_id) for each in page.unread] == [whose]
        bbb, asked = client_of(listing(recording("rec-1"), unreadable, recording("rec-3")), listing())
    assert len(asked) == 0


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        (("deleted", "published"), "published"),
        (("published", "deleted"), "published"),
        (("processing", "unpublished"), "unpublished"),
        (("archived", "published"), "archived"),
    ],
)
async def test_of_the_same_recording_twice_the_one_counts_that_is_not_deleted(
    states: tuple[str, str], counts: str
) -> None:
    bbb, _ = client_of(listing(*(recording(state=state) for state in states)))
    (found,) = (await bbb.all_recordings(GetRecordings(record_ids=["rec-1"]))).recordings
    assert found.state == counts


async def test_recordings_are_asked_for_by_meeting_and_state() -> None:
    bbb, asked = client_of(listing())
    page = await bbb.get_recordings(
        GetRecordings(meeting_ids=["a", "b"], states=[RecordingState.PROCESSING, RecordingState.PUBLISHED])
    )
    assert (page.recordings, page.total) == ((), None)
    assert sent(asked) == {"meetingID": "a,b", "state": "processing,published"}


@pytest.mark.parametrize(
    ("more", "total"),
    [
        ("<totalElements>1,234</totalElements>", 1234),
        ("<pagination><pageable/><totalElements>12</totalElements></pagination>", 12),
        ("<totalElements>0</totalElements><pagination><totalElements>12</totalElements></pagination>", 0),
        ("<pagination/>", None),
    ],
)
async def test_both_shapes_of_total_are_read(more: str, total: int | None) -> None:
    bbb, _ = client_of(listing(more=more))
    assert (await bbb.get_recordings(GetRecordings(limit=10))).total == total


async def test_no_recordings_is_an_empty_page_and_a_missing_list_is_unreadable() -> None:
    bbb, _ = client_of(xml(f"{OK}<messageKey>noRecordings</messageKey>"), xml(OK))
    assert (await bbb.get_recordings(GetRecordings())).recordings == ()
    with pytest.raises(CouldNotAsk):
        await bbb.get_recordings(GetRecordings())


def pages_of(ids: list[str]) -> Any:
    """A transport that pages through recordings as a server of 2.6 does, and what was asked of it."""
    asked: list[tuple[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        offset, limit = (request.url.params[name] for name in ("offset", "limit"))
        asked.append((offset, limit))
        wanted = ids[int(offset) : int(offset) + int(limit)]
        return httpx.Response(200, content=listing(*map(recording, wanted)))

    return httpx.MockTransport(handle), asked


async def ids_of(bbb: Any, request: GetRecordings) -> list[str]:
    return [found.record_id for found in (await bbb.all_recordings(request)).recordings]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10])
async def test_paging_gives_every_recording_once_and_stops(count: int) -> None:
    ids = [f"rec-{number}" for number in range(count)]
    transport, asked = pages_of(ids)
    bbb, _ = client_of(transport=transport)
    assert await ids_of(bbb, GetRecordings(meeting_ids=["a"], limit=5)) == ids
    assert asked == [(str(offset), "5") for offset in range(0, count + 1, 5)]


async def test_paging_goes_on_from_where_it_is_told_to() -> None:
    transport, asked = pages_of(["a", "b", "c"])
    bbb, _ = client_of(transport=transport)
    assert await ids_of(bbb, GetRecordings(offset=1)) == ["b", "c"]
    assert asked == [("1", "100")]


@pytest.mark.parametrize("count", [4, 5, 6])
async def test_a_server_that_does_not_page_is_not_asked_for_ever(count: int) -> None:
    ids = [f"rec-{number}" for number in range(count)]
    bbb, asked = client_of(listing(*map(recording, ids)))
    assert await ids_of(bbb, GetRecordings(limit=5)) == ids
    assert len(asked) == (2 if count == 5 else 1)


@pytest.mark.parametrize("publish", [True, False])
async def test_recordings_are_published_and_taken_back(*, publish: bool) -> None:
    word = "true" if publish else "false"
    bbb, asked = client_of(xml(f"{OK}<published>{word}</published>"))
    assert await bbb.publish_recordings(["a", "b"], publish=publish) is publish
    assert sent(asked) == {"recordID": "a,b", "publish": word}


async def test_recordings_are_updated_and_deleted() -> None:
    bbb, asked = client_of(xml(f"{OK}<updated>true</updated>"))
    await bbb.update_recordings(UpdateRecordings(record_ids=["a"], meta={"name": "New", "old": None}))
    assert sent(asked) == {"recordID": "a", "meta_name": "New", "meta_old": ""}
    await bbb.delete_recordings(["a", "b"])
    assert (asked[1].url.path, sent(asked)) == ("/bigbluebutton/api/deleteRecordings", {"recordID": "a,b"})


async def test_changing_a_recording_that_is_not_there_is_refused() -> None:
    bbb, _ = client_of(failed("notFound", "Could not find recording"))
    for change in (bbb.delete_recordings(["a"]), bbb.publish_recordings(["a"], publish=True)):
        with pytest.raises(Refused) as refusal:
            await change
        assert refusal.value.not_found


async def test_text_tracks_are_listed() -> None:
    track = b'[{"href":"https://h/t","kind":"captions","label":"Catal\xc3\xa0","lang":"ca","source":"upload"},{"kind":"new"}]'
    bbb, asked = client_of(TRACKS % track)
    assert await bbb.get_recording_text_tracks("rec-1") == (
        TextTrack("https://h/t", TextTrackKind.CAPTIONS, "Català", "ca", "upload"),
        TextTrack("", "new", "", "", ""),
    )
    assert sent(asked) == {"recordID": "rec-1"}


@pytest.mark.parametrize("tracks", [b"null", b'"x"', b"[1]"])
async def test_text_tracks_of_the_wrong_shape_are_unreadable(tracks: bytes) -> None:
    bbb, _ = client_of(TRACKS % tracks)
    with pytest.raises(CouldNotAsk) as failure:
        await bbb.get_recording_text_tracks("rec-1")
    assert failure.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    "answer",
    [
        b'{"response":{"returncode":"FAILED","messageKey":"noRecordings","message":"None."}}',
        failed("noRecordings", "None."),
    ],
)
async def test_json_calls_may_be_refused_in_json_or_in_xml(answer: bytes) -> None:
    bbb, _ = client_of(answer)
    with pytest.raises(Refused) as refusal:
        await bbb.get_recording_text_tracks("rec-1")
    assert (refusal.value.call, refusal.value.key, refusal.value.message) == (
        "getRecordingTextTracks",
        "noRecordings",
        "None.",
    )


async def test_a_text_track_is_uploaded_as_a_form_and_everything_else_is_in_the_address() -> None:
    bbb, asked = client_of(b'{"response":{"returncode":"SUCCESS","messageKey":"upload_text_track_success"}}')
    await bbb.put_recording_text_track(
        PutRecordingTextTrack(
            record_id="rec-1", kind=TextTrackKind.SUBTITLES, lang="ca", filename='a".vtt', content=b"WEBVTT\n"
        )
    )
    [request] = asked
    kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
    assert (request.method, kind) == ("POST", "multipart/form-data")
    assert request.content.startswith(f"--{boundary}\r\n".encode())
    assert (
        b'name="file"; filename="a%22.vtt"\r\nContent-Type: text/vtt\r\n\r\nWEBVTT\n\r\n' in request.content
    )
    assert sent(asked) == {"recordID": "rec-1", "kind": "subtitles", "lang": "ca", "contenttype": "text/vtt"}
