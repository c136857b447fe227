import pytest
from simulated import API, SECRET, Make, Sim, key, parse

from bbb_client.signing import signed_query


async def recorded(sim: Sim, meeting_id: str = "room-1", /, seconds: float = 600, **params: str) -> str:
    """Record a meeting, end it, and wait until it is published; its record id."""
    created = await sim.create(meeting_id, record="true", meetingExpireIfNoUserJoinedInMinutes="0", **params)
    await sim.control("POST", "connect", meetingID=meeting_id)
    await sim.control("POST", "recording", meetingID=meeting_id)
    await sim.advance(seconds)
    await sim.control("POST", "recording", meetingID=meeting_id, on=False)
    await sim.xml("end", meetingID=meeting_id)
    await sim.advance(100)
    return created.findtext("internalMeetingID") or ""


async def ids(sim: Sim, **params: str) -> list[str | None]:
    answer = await sim.xml("getRecordings", **params)
    assert answer.findtext("returncode") == "SUCCESS"
    return [recording.findtext("recordID") for recording in answer.iter("recording")]


async def test_a_recording_is_published_with_sizes_and_formats(sim: Sim) -> None:
    record_id = await recorded(sim, meta_tenant="acme")
    (recording,) = parse(await sim.get("getRecordings", meetingID="room-1")).iter("recording")
    order = (
        "recordID meetingID internalMeetingID name isBreakout published state startTime endTime participants "
        "rawSize metadata size playback data"
    )
    assert [element.tag for element in recording] == order.split()
    assert recording.findtext("recordID") == record_id
    assert (recording.findtext("state"), recording.findtext("participants")) == ("published", "1")
    metadata = {element.tag: element.text for element in recording.iterfind("metadata/*")}
    assert metadata == {
        "tenant": "acme",
        "meetingId": "room-1",
        "meetingName": "Weekly assembly",
        "isBreakout": "false",
    }
    formats = recording.findall("playback/format")
    assert [form.findtext("type") for form in formats] == ["presentation", "video", "podcast"]
    assert formats[0].findtext("url") == f"http://bbb.test/playback/presentation/{record_id}"
    assert [form.findtext("length") for form in formats] == ["10", "10", "10"]
    sizes = [int(form.findtext("size") or 0) for form in formats]
    assert sizes == [48_040_000, 30_040_000, 4_840_000]
    assert int(recording.findtext("size") or 0) == sum(sizes)
    assert int(recording.findtext("rawSize") or 0) == 120_000_000
    (told,) = (await sim.control("GET", "state"))["recordings"]
    assert (told["recordID"], told["size"]) == (record_id, sum(sizes))


async def test_a_recording_goes_through_its_states(sim: Sim) -> None:
    await sim.create(record="true", autoStartRecording="true")
    await sim.join()
    await sim.advance(30)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    for wait, state in (
        (0, "processing"),
        (59, "processing"),
        (1, "processed"),
        (14, "processed"),
        (1, "published"),
    ):
        await sim.advance(wait)
        answer = await sim.xml("getRecordings", state="any")
        assert answer.findtext("recordings/recording/state") == state
    assert answer.findtext("recordings/recording/playback/format/length") == "0"


@pytest.mark.parametrize(
    "params",
    [{"record": "false"}, {"record": "true"}, {"record": "true", "allowStartStopRecording": "false"}],
)
async def test_a_meeting_in_which_recording_never_started_leaves_none(
    sim: Sim, params: dict[str, str]
) -> None:
    await sim.create(**params)
    token = await sim.join(role="MODERATOR")
    if params != {"record": "true"}:
        await sim.press("record", token, on="yes")
    await sim.advance(10)
    await sim.xml("end", meetingID="room-1")
    await sim.advance(100)
    assert await ids(sim, state="any") == []


async def test_formats_can_be_left_out_and_others_made(make: Make) -> None:
    sim = make(formats=("video", "notes"))
    await recorded(sim, **{"meta_bbb-disable-recording-formats": "video"})
    answer = await sim.xml("getRecordings")
    assert [form.text for form in answer.iter("type")] == ["notes"]


async def test_recordings_are_found_by_meeting_record_state_and_metadata(sim: Sim) -> None:
    first = await recorded(sim, "room-1", meta_tenant="acme-north")
    second = await recorded(sim, "room-2", meta_tenant="acme-south", meta_kind="x")
    await sim.xml("publishRecordings", recordID=second, publish="false")
    for params, found in (
        ({}, [first, second]),
        ({"meetingID": "room-1"}, [first]),
        ({"meetingID": "room-1, room-2"}, [first, second]),
        ({"recordID": second[:10], "meetingID": "room-1"}, [second]),
        ({"state": "unpublished"}, [second]),
        ({"state": "published,unpublished"}, [first, second]),
        ({"state": "deleted"}, []),
        ({"meta_tenant": "acme%"}, [first, second]),
        ({"meta_tenant": "%south"}, [second]),
        ({"meta_tenant": "%me-n%"}, [first]),
        ({"meta_tenant": "acme"}, []),
        ({"meta_tenant": "acme%", "meta_kind": "x"}, [second]),
        ({"meta_other": "%"}, []),
    ):
        assert await ids(sim, **params) == found, params


async def test_nothing_found_is_a_success_with_a_key(sim: Sim) -> None:
    assert key(await sim.xml("getRecordings")) == ("SUCCESS", "noRecordings")


async def test_a_server_may_refuse_to_list_everything(make: Make) -> None:
    sim = make(fetch_all_recordings=False)
    record_id = await recorded(sim)
    assert await ids(sim) == []
    assert await ids(sim, meetingID="room-1") == [record_id]


async def test_pages_have_the_shape_of_their_version(sim: Sim, old: Sim) -> None:
    for server in (sim, old):
        for number in range(3):
            await recorded(server, f"room-{number}")
        everything = await ids(server)
        assert await ids(server, limit="2") == everything[:2]
        assert await ids(server, limit="2", offset="2") == everything[2:]
        assert len(await ids(server, limit="1000", offset="-5")) == 3
        assert len(await ids(server, limit="0")) == 1
    assert (await sim.xml("getRecordings", limit="1", meetingID="room-1")).findtext("totalElements") == "1"
    paged = await old.xml("getRecordings", limit="1", meetingID="room-1")
    assert paged.findtext("pagination/totalElements") == "3"
    assert paged.findtext("pagination/pageable/limit") == "1"


async def test_publishing_is_echoed_and_takes_effect(sim: Sim) -> None:
    record_id = await recorded(sim)
    assert (await sim.http.get(f"/playback/video/{record_id}")).status_code == 200
    answer = await sim.xml("publishRecordings", recordID=record_id, publish="false")
    assert (answer.findtext("returncode"), answer.findtext("published")) == ("SUCCESS", "false")
    assert (await sim.http.get(f"/playback/video/{record_id}")).status_code == 404
    listed = await sim.xml("getRecordings")
    assert listed.findtext("recordings/recording/published") == "false"
    assert (await sim.xml("publishRecordings", recordID=record_id, publish="true")).findtext(
        "published"
    ) == "true"


async def test_what_is_still_processed_cannot_be_published(sim: Sim) -> None:
    await sim.create(record="true", autoStartRecording="true")
    await sim.join()
    created = await sim.create()
    await sim.xml("end", meetingID="room-1")
    await sim.advance(2)
    record_id = created.findtext("internalMeetingID") or ""
    assert key(await sim.xml("publishRecordings", recordID=record_id, publish="true"))[0] == "SUCCESS"
    assert await ids(sim) == []


async def test_metadata_is_changed_and_an_empty_value_deletes(sim: Sim) -> None:
    record_id = await recorded(sim, meta_a="1", meta_b="2")
    answer = await sim.xml("updateRecordings", recordID=record_id, meta_A="3", meta_b="", meta_c="4")
    assert answer.findtext("updated") == "true"
    metadata = (await sim.xml("getRecordings")).find("recordings/recording/metadata")
    assert metadata is not None
    assert [(element.tag, element.text) for element in metadata][:2] == [("a", "3"), ("c", "4")]


async def test_a_deleted_recording_is_gone_but_listed_as_deleted(sim: Sim) -> None:
    record_id = await recorded(sim)
    assert (await sim.xml("deleteRecordings", recordID=record_id)).findtext("deleted") == "true"
    assert await ids(sim) == []
    assert await ids(sim, state="deleted") == [record_id]
    assert key(await sim.xml("deleteRecordings", recordID=record_id)) == ("FAILED", "notFound")


@pytest.mark.parametrize("call", ["publishRecordings", "updateRecordings", "deleteRecordings"])
async def test_a_record_id_is_needed_and_has_to_exist(sim: Sim, call: str) -> None:
    assert key(await sim.xml(call, publish="true")) == ("FAILED", "missingParamRecordID")
    assert key(await sim.xml(call, recordID="nobody", publish="true")) == ("FAILED", "notFound")


async def test_publishing_needs_a_value(sim: Sim) -> None:
    assert key(await sim.xml("publishRecordings", recordID="nobody")) == ("FAILED", "missingParamPublish")


async def test_one_known_id_among_unknown_ones_is_enough(sim: Sim) -> None:
    record_id = await recorded(sim)
    assert key(await sim.xml("deleteRecordings", recordID=f"nobody,{record_id}"))[0] == "SUCCESS"


async def test_the_recording_of_a_breakout_room_tells_its_parent(sim: Sim) -> None:
    parent = (await sim.create("parent", meetingExpireIfNoUserJoinedInMinutes="0")).findtext(
        "internalMeetingID"
    )
    await recorded(sim, "child", isBreakout="true", parentMeetingID="parent", sequence="1")
    (recording,) = (await sim.xml("getRecordings")).iter("recording")
    assert recording.findtext("breakout/parentId") == parent
    assert recording.findtext("metadata/isBreakout") == "true"


async def test_sizes_can_be_zero_or_missing_by_order(sim: Sim) -> None:
    await recorded(sim)
    await sim.control("POST", "faults", kind="size-zero", times=1)
    assert {size.text for size in (await sim.xml("getRecordings")).iter("size")} == {"0"}
    await sim.control("POST", "faults", kind="size-missing", times=1)
    answer = await sim.xml("getRecordings")
    assert list(answer.iter("size")) == list(answer.iter("rawSize")) == []
    assert len(list((await sim.xml("getRecordings")).iter("size"))) == 4


async def test_the_last_format_can_be_late_by_order(sim: Sim) -> None:
    await sim.control("POST", "faults", kind="format-late", times=1)
    record_id = await recorded(sim)
    assert [form.text for form in (await sim.xml("getRecordings")).iter("type")] == ["presentation", "video"]
    await sim.xml("publishRecordings", recordID=record_id, publish="false")
    await sim.advance(600)
    answer = await sim.xml("getRecordings")
    assert [form.text for form in answer.iter("type")] == ["presentation", "video", "podcast"]
    assert answer.findtext("recordings/recording/state") == "unpublished"


async def test_a_text_track_is_stored_listed_and_replaced(sim: Sim) -> None:
    record_id = await recorded(sim)
    track = {"recordID": record_id, "kind": "subtitles", "lang": "ca", "label": "Català"}
    for label in ("", "Català"):
        answer = await put(sim, {**track, "label": label})
        assert answer["messageKey"] == "upload_text_track_success"
    (listed,) = (await sim.json("getRecordingTextTracks", recordID=record_id))["tracks"]
    assert (listed["lang"], listed["label"], listed["kind"]) == ("ca", "Català", "subtitles")


async def put(sim: Sim, params: dict[str, str], text: bytes = b"WEBVTT") -> dict[str, str]:
    url = f"{API}/putRecordingTextTrack?{signed_query('putRecordingTextTrack', params, SECRET)}"
    answer: dict[str, str] = (await sim.http.post(url, files={"file": text}, data={"more": "x"})).json()[
        "response"
    ]
    return answer


@pytest.mark.parametrize(
    ("change", "text", "expected"),
    [
        ({"kind": "song"}, b"x", "invalidKind"),
        ({"lang": "?"}, b"x", "invalidLang"),
        ({}, b"", "empty_uploaded_text_track"),
        ({"recordID": ""}, b"x", "paramError"),
        ({"recordID": "nobody"}, b"x", "noRecordings"),
    ],
)
async def test_a_bad_text_track_is_refused_in_json(
    sim: Sim, change: dict[str, str], text: bytes, expected: str
) -> None:
    record_id = await recorded(sim)
    answer = await put(sim, {"recordID": record_id, "kind": "captions", "lang": "en", **change}, text)
    assert (answer["returncode"], answer["messageKey"]) == ("FAILED", expected)


async def test_a_wrong_checksum_of_a_json_call_is_refused_in_json(sim: Sim) -> None:
    answer = await sim.http.get("/bigbluebutton/api/getRecordingTextTracks?recordID=x&checksum=abc")
    assert answer.json()["response"]["messageKey"] == "checksumError"
