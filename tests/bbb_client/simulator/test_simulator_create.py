import pytest
from simulated import Make, Sim, key, parse

ORDER = (
    "returncode meetingID internalMeetingID parentMeetingID attendeePW moderatorPW createTime voiceBridge "
    "dialNumber createDate hasUserJoined duration hasBeenForciblyEnded messageKey message"
)
SHA1 = "0e9770ee13188deca3cd34f598eb93650a2f97c3"


async def test_a_new_meeting_answers_in_the_documented_order(sim: Sim) -> None:
    answer = await sim.create(duration="45")
    assert [element.tag for element in answer] == ORDER.split()
    assert answer.findtext("internalMeetingID") == f"{SHA1}-1750000000000"
    assert answer.findtext("createDate") == "Sun Jun 15 15:06:40 UTC 2025"
    assert answer.findtext("parentMeetingID") == "bbb-none"
    assert answer.findtext("duration") == "45"
    assert len(answer.findtext("attendeePW") or "") == 8
    assert answer.findtext("attendeePW") != answer.findtext("moderatorPW")
    assert len(answer.findtext("voiceBridge") or "") == 5


async def test_a_second_create_returns_what_is_stored_and_changes_nothing(sim: Sim) -> None:
    first = await sim.create(duration="45", maxParticipants="5", meta_a="1")
    again = await sim.create(duration="99", maxParticipants="9", meta_a="2")
    assert key(again) == ("SUCCESS", "duplicateWarning")
    for name in ("internalMeetingID", "createTime", "attendeePW", "moderatorPW", "voiceBridge", "duration"):
        assert again.findtext(name) == first.findtext(name)
    info = await sim.info()
    assert info.findtext("maxUsers") == "5"
    assert info.findtext("metadata/a") == "1"


async def test_the_right_passwords_are_no_other_meeting_and_wrong_ones_are(sim: Sim) -> None:
    await sim.create(attendeePW="aa", moderatorPW="mm")
    assert key(await sim.create(attendeePW="aa", moderatorPW="mm"))[1] == "duplicateWarning"
    for other in ({"attendeePW": "aa"}, {"attendeePW": "aa", "moderatorPW": "xx"}, {"moderatorPW": "mm"}):
        assert key(await sim.create(**other)) == ("FAILED", "idNotUnique")


async def test_an_ended_meeting_makes_room_for_a_new_one_with_a_new_internal_id(sim: Sim) -> None:
    first = await sim.create()
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    second = await sim.create()
    assert key(second) == ("SUCCESS", "")
    assert second.findtext("internalMeetingID") != first.findtext("internalMeetingID")


async def test_two_meetings_of_one_millisecond_differ_in_their_internal_id(sim: Sim) -> None:
    first = await sim.create()
    token = await sim.join(role="MODERATOR")
    await sim.press("end", token)
    second = await sim.create()
    assert second.findtext("internalMeetingID") != first.findtext("internalMeetingID")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"meetingID": ""}, "missingParamMeetingID"),
        ({"meetingID": "\x07"}, "missingParamMeetingID"),
        ({"meetingID": "a"}, "sizeError"),
        ({"meetingID": "a" * 257}, "sizeError"),
        ({"meetingID": "a,b"}, "validationError"),
        ({"name": ""}, "validationError"),
        ({"name": "x"}, "sizeError"),
        ({"name": "x" * 257}, "sizeError"),
        ({"attendeePW": "x"}, "invalidPassword"),
        ({"moderatorPW": "x" * 65}, "invalidPassword"),
        ({"record": "yes"}, "validationError"),
        ({"isBreakout": "1"}, "validationError"),
        ({"voiceBridge": "12a"}, "validationError"),
        ({"presentationUploadExternalUrl": "nowhere"}, "validationError"),
        ({"isBreakout": "true"}, "parentMeetingIdMissing"),
        ({"isBreakout": "true", "parentMeetingID": "nobody"}, "parentMeetingDoesNotExist"),
    ],
)
async def test_a_bad_parameter_is_refused_with_its_key(
    sim: Sim, params: dict[str, str], expected: str
) -> None:
    answer = await sim.xml("create", **{"meetingID": "room-1", "name": "Room", **params})
    assert key(answer) == ("FAILED", expected)
    assert key(await sim.xml("getMeetings"))[1] == "noMeetings"


async def test_odd_numbers_silently_become_the_default(sim: Sim) -> None:
    answer = await sim.create(duration="12.5", maxParticipants="-3", guestPolicy="NOBODY")
    assert answer.findtext("duration") == "0"
    assert (await sim.info()).findtext("maxUsers") == "0"


async def test_a_voice_bridge_in_use_is_refused_as_a_list(sim: Sim) -> None:
    await sim.create(voiceBridge="70000")
    error = (await sim.create("room-2", voiceBridge="70000")).find("errors/error")
    assert error is not None
    assert error.attrib["key"] == "nonUniqueVoiceBridge"


async def test_metadata_is_kept_in_small_letters_and_odd_names_are_dropped(sim: Sim) -> None:
    await sim.create(
        **{"meta_Bbb-Origin": "a\x07<b>", "meta_no_underscore": "x", "meta_1st": "x", "meta_": "x"}
    )
    found = (await sim.info()).find("metadata")
    assert found is not None
    assert [(element.tag, element.text) for element in found] == [("bbb-origin", "a<b>")]


async def test_control_characters_are_taken_out_of_names(sim: Sim) -> None:
    await sim.create(name="A\x0bB \x85🦊")
    assert (await sim.info()).findtext("meetingName") == "AB 🦊"


async def test_a_breakout_room_knows_its_parent_and_ends_with_it(sim: Sim) -> None:
    parent = await sim.create()
    child = await sim.create(
        "child", isBreakout="true", parentMeetingID="room-1", sequence="2", freeJoin="true"
    )
    assert child.findtext("parentMeetingID") == parent.findtext("internalMeetingID")
    info = await sim.info("child")
    assert [info.findtext(name) for name in ("isBreakout", "sequence", "freeJoin")] == ["true", "2", "true"]
    assert (await sim.info()).findtext("breakoutRooms/breakout") == "child"
    await sim.xml("end", meetingID="room-1")
    await sim.advance(1)
    assert not await sim.alive("child")
    reasons = {told["meetingID"]: told["reason"] for told in (await sim.control("GET", "state"))["ended"]}
    assert reasons == {"child": "BREAKOUT_ENDED_BY_PARENT", "room-1": "ENDED_FROM_API"}


async def test_a_meeting_is_found_by_its_internal_id_and_by_the_beginning_of_it(sim: Sim) -> None:
    internal = (await sim.create()).findtext("internalMeetingID") or ""
    for meeting_id in ("room-1", internal, internal[:6]):
        assert (await sim.info(meeting_id)).findtext("meetingID") == "room-1", meeting_id
    assert key(await sim.info("room")) == ("FAILED", "notFound")
    assert key(await sim.info("")) == ("FAILED", "missingParamMeetingID")


async def test_a_new_meeting_whose_id_looks_like_anothers_internal_id_is_a_new_one(sim: Sim) -> None:
    await sim.create()
    assert key(await sim.create(SHA1[:6])) == ("SUCCESS", "")
    assert (await sim.info(SHA1[:6])).findtext("meetingID") == SHA1[:6]


async def test_slides_are_remembered_by_name(sim: Sim) -> None:
    body = (
        b"<modules><module name='presentation'><document url='https://h/a/deck.pdf?x=1'/>"
        b"<document url='https://h/x' filename='named.pdf'/><document name='inline.pdf'>QQ==</document>"
        b"<document/></module><module name='other'><document name='no.pdf'/></module></modules>"
    )
    params = {"meetingID": "room-1", "name": "Room", "preUploadedPresentation": "https://h/first.pdf"}
    assert key(parse(await sim.post("create", body, "application/xml", **params)))[0] == "SUCCESS"
    more = b"<modules><module name='presentation'><document name='later.pdf'/></module></modules>"
    answer = parse(await sim.post("insertDocument", more, "application/xml", meetingID="room-1"))
    assert [element.tag for element in answer] == ["returncode", "message"]
    documents = (await sim.control("GET", "state"))["meetings"][0]["documents"]
    assert documents == ["first.pdf", "deck.pdf", "named.pdf", "inline.pdf", "default.pdf", "later.pdf"]


@pytest.mark.parametrize("body", [b"<modules>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><modules>&a;</modules>"])
async def test_modules_that_cannot_be_read_are_refused(sim: Sim, body: bytes) -> None:
    answer = await sim.post("create", body, "application/xml", meetingID="room-1", name="Room")
    assert key(parse(answer)) == ("FAILED", "validationError")


async def test_slides_need_the_feature(sim: Sim) -> None:
    await sim.create(disabledFeatures="chat,presentation")
    answer = parse(await sim.post("insertDocument", b"<modules/>", "application/xml", meetingID="room-1"))
    assert answer.findtext("returncode") == "FAILED"


async def test_a_feature_that_is_excluded_from_the_disabled_ones_stays(sim: Sim) -> None:
    await sim.create(disabledFeatures="chat, presentation", disabledFeaturesExclude="presentation,polls")
    answer = parse(await sim.post("insertDocument", b"<modules/>", "application/xml", meetingID="room-1"))
    assert answer.findtext("returncode") == "SUCCESS"
    (meeting,) = (await sim.control("GET", "state"))["meetings"]
    assert meeting["disabledFeatures"] == ["chat"]


async def test_a_server_without_recording_forces_it_off(make: Make) -> None:
    sim = make(disable_recording=True)
    await sim.create(record="true")
    assert (await sim.info()).findtext("recording") == "false"
