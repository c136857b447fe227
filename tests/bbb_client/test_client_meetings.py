"""Calls about meetings: what is asked, and what is made of the answers, old and new, full and empty."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from answering import OK, SECRET, client_of, failed, sent, xml

from bbb_client.client import BBBClient, Server
from bbb_client.documents import LinkedDocument
from bbb_client.elements import Unread
from bbb_client.errors import CouldNotAsk, Reason, Refused, TooLong
from bbb_client.requests import CreateMeeting, InsertDocument, JoinMeeting, Role, SendChatMessage
from bbb_client.responses import ApiVersion
from bbb_client.signing import checksum

CREATED = f"""{OK}<meetingID>room-7</meetingID>
 <internalMeetingID>7c02-1717171717171</internalMeetingID><parentMeetingID>bbb-none</parentMeetingID>
 <attendeePW>uY3kPq1z</attendeePW><moderatorPW>bb90LmXe</moderatorPW><createTime>1717171717171</createTime>
 <voiceBridge>51234</voiceBridge><dialNumber>613-555-1234</dialNumber>
 <createDate>Fri May 31 16:08:37 UTC 2024</createDate><hasUserJoined>false</hasUserJoined>
 <duration>45</duration><hasBeenForciblyEnded>false</hasBeenForciblyEnded>"""
ATTENDEE = """<attendee><userID>u-42</userID><fullName>Ada &amp; co</fullName><role>MODERATOR</role>
 <isPresenter>true</isPresenter><isListeningOnly>false</isListeningOnly><hasJoinedVoice>true</hasJoinedVoice>
 <hasVideo>true</hasVideo><clientType>HTML5</clientType><customdata><x>1</x></customdata></attendee>"""
MEETING = """<meetingName>Demo</meetingName><meetingID>room-7</meetingID>
 <internalMeetingID>7c02-1717171717171</internalMeetingID><createTime>1,717,171,717,171</createTime>
 <createDate>x</createDate><voiceBridge>51234</voiceBridge><dialNumber>613-555-1234</dialNumber>
 <attendeePW>hidden-a</attendeePW><moderatorPW>hidden-m</moderatorPW><running>true</running>
 <duration>1,440</duration><hasUserJoined>true</hasUserJoined><recording>true</recording>
 <hasBeenForciblyEnded>false</hasBeenForciblyEnded><startTime>1717171718000</startTime><endTime>0</endTime>
 <participantCount>1,003</participantCount><listenerCount>1</listenerCount>
 <voiceParticipantCount>2</voiceParticipantCount><videoCount>3</videoCount><maxUsers>1,500</maxUsers>
 <moderatorCount>4</moderatorCount><attendees>{attendees}</attendees>
 <metadata><tier>free</tier><endcallbackurl>https://a.example/hidden</endcallbackurl></metadata>
 <isBreakout>false</isBreakout><parentMeetingID>p</parentMeetingID><sequence>2</sequence>
 <freeJoin>true</freeJoin><breakoutRooms><breakout> b1 </breakout><breakout>b2</breakout></breakoutRooms>"""
CREATED_AT = datetime(2024, 5, 31, 16, 8, 37, 171000, tzinfo=UTC)


async def test_the_index_is_asked_without_a_checksum() -> None:
    answer = xml(
        f"{OK}<version>2.0</version><apiVersion>2.0</apiVersion><bbbVersion>3.0.1</bbbVersion>"
        "<html5PluginSdkVersion>0.0.80</html5PluginSdkVersion><graphqlWebsocketUrl>wss://b/g</graphqlWebsocketUrl>"
        "<graphqlApiUrl>https://b/g</graphqlApiUrl>"
    )
    bbb, asked = client_of(answer)
    assert await bbb.index() == ApiVersion("2.0", "2.0", "3.0.1", "0.0.80", "wss://b/g", "https://b/g")
    assert str(asked[0].url) == "https://bbb.example/bigbluebutton/api"


async def test_an_index_that_hides_its_version_is_read() -> None:
    bbb, _ = client_of(xml(f"{OK}<version>2.0</version><bbbVersion/>"))
    assert await bbb.index() == ApiVersion("2.0", "", "", "", "", "")


async def test_a_created_meeting_comes_back_with_the_servers_own_time() -> None:
    bbb, asked = client_of(xml(f"{CREATED}<messageKey/><message/>"))
    created = await bbb.create(CreateMeeting(meeting_id="room-7", name="Demo", duration_minutes=45))
    assert (asked[0].method, sent(asked)) == (
        "GET",
        {"meetingID": "room-7", "name": "Demo", "duration": "45"},
    )
    assert (created.meeting_id, created.internal_meeting_id) == ("room-7", "7c02-1717171717171")
    assert (created.create_time, created.created_at) == (1717171717171, CREATED_AT)
    assert (created.attendee_pw, created.moderator_pw) == ("uY3kPq1z", "bb90LmXe")
    assert (created.voice_bridge, created.dial_number, created.duration_minutes) == (
        "51234",
        "613-555-1234",
        45,
    )
    assert (created.parent_meeting_id, created.message) == ("bbb-none", "")
    flags = (created.duplicate, created.has_user_joined, created.has_been_forcibly_ended)
    assert flags == (False, False, False)
    assert "uY3kPq1z" not in repr(created)
    assert "bb90LmXe" not in repr(created)


async def test_a_meeting_that_was_there_already_is_told_from_a_new_one() -> None:
    bbb, _ = client_of(xml(f"{CREATED}<messageKey>duplicateWarning</messageKey><message>Old.</message>"))
    created = await bbb.create(CreateMeeting(meeting_id="room-7", name="Demo"))
    assert (created.duplicate, created.message) == (True, "Old.")


async def test_slides_travel_in_the_body_and_everything_else_in_the_address() -> None:
    bbb, asked = client_of(xml(CREATED))
    request = CreateMeeting(
        meeting_id="room-7", name="Demo", documents=[LinkedDocument(url="https://a.example/x.pdf")]
    )
    await bbb.create(request)
    assert (asked[0].method, asked[0].headers["Content-Type"]) == ("POST", "application/xml")
    assert asked[0].content == request.body()
    assert sent(asked) == {"meetingID": "room-7", "name": "Demo"}
    assert "checksum" in asked[0].url.params


async def test_a_created_meeting_without_its_time_is_unreadable() -> None:
    bbb, _ = client_of(xml(f"{OK}<meetingID>room-7</meetingID><createTime/>"))
    with pytest.raises(CouldNotAsk) as failure:
        await bbb.create(CreateMeeting(meeting_id="room-7", name="Demo"))
    assert (failure.value.reason, failure.value.sent, failure.value.status) == (Reason.UNREADABLE, True, 200)


async def test_a_request_that_is_too_long_is_not_sent() -> None:
    bbb, asked = client_of(xml(CREATED))
    with pytest.raises(TooLong):
        await bbb.create(CreateMeeting(meeting_id="r", name="Demo", welcome="x" * 9000))
    assert asked == []


async def test_a_way_in_is_built_and_signed_without_asking() -> None:
    async with BBBClient(Server("https://bbb.example", SECRET)) as bbb:
        url = bbb.join_url(
            JoinMeeting(full_name="Ann O'Neil", meeting_id="r", role=Role.MODERATOR, create_time=7)
        )
    parts = urlsplit(url)
    query, _, found = parts.query.rpartition("&checksum=")
    assert url.startswith("https://bbb.example/bigbluebutton/api/join?")
    assert query == "fullName=Ann+O%27Neil&meetingID=r&role=MODERATOR&createTime=7"
    assert found == checksum("join", query, SECRET)


@pytest.mark.parametrize(("word", "running"), [("true", True), ("TRUE", True), ("false", False)])
async def test_a_meeting_runs_or_does_not(word: str, *, running: bool) -> None:
    bbb, asked = client_of(xml(f"{OK}<running>{word}</running>"))
    assert await bbb.is_meeting_running("room-7") is running
    assert sent(asked) == {"meetingID": "room-7"}


async def test_an_answer_that_does_not_say_whether_it_runs_is_no_answer() -> None:
    bbb, _ = client_of(xml(OK))
    with pytest.raises(CouldNotAsk):
        await bbb.is_meeting_running("room-7")


async def test_the_end_is_asked_for_with_or_without_a_password() -> None:
    bbb, asked = client_of(xml(f"{OK}<messageKey>sentEndMeetingRequest</messageKey>"))
    await bbb.end("room-7")
    assert sent(asked) == {"meetingID": "room-7"}
    await bbb.end("room-7", password="pw")
    assert sent(asked) == {"meetingID": "room-7", "password": "pw"}
    assert asked[0].url.path == "/bigbluebutton/api/end"


@pytest.mark.parametrize("key", ["notFound", "meetingNotFound", "invalidMeetingIdentifier"])
async def test_ending_what_is_not_there_is_refused_as_not_found(key: str) -> None:
    bbb, _ = client_of(failed(key, "Gone."))
    with pytest.raises(Refused) as refusal:
        await bbb.end("room-7")
    assert (refusal.value.call, refusal.value.key, refusal.value.message) == ("end", key, "Gone.")
    assert refusal.value.not_found


async def test_a_wrong_secret_is_refused_and_is_not_not_found() -> None:
    bbb, _ = client_of(failed("checksumError", "Checksums do not match"))
    with pytest.raises(Refused, match="getMeetings: refused: checksumError: Checksums") as refusal:
        await bbb.get_meetings()
    assert not refusal.value.not_found


async def test_a_meeting_is_described_with_everybody_in_it() -> None:
    bbb, _ = client_of(xml(OK + MEETING.format(attendees=ATTENDEE)))
    info = await bbb.get_meeting_info("room-7")
    assert (info.meeting_id, info.internal_meeting_id, info.name) == ("room-7", "7c02-1717171717171", "Demo")
    assert (info.create_time, info.created_at) == (1717171717171, CREATED_AT)
    assert (info.start_time, info.end_time) == (datetime(2024, 5, 31, 16, 8, 38, tzinfo=UTC), None)
    assert (info.duration_minutes, info.max_users, info.participant_count) == (1440, 1500, 1003)
    assert (info.listener_count, info.voice_participant_count, info.video_count, info.moderator_count) == (
        1,
        2,
        3,
        4,
    )
    assert info.running
    assert info.recording
    assert info.has_user_joined
    assert (info.has_been_forcibly_ended, info.is_breakout) == (False, False)
    assert (info.parent_meeting_id, info.sequence, info.free_join) == ("p", 2, True)
    assert info.breakout_rooms == ("b1", "b2")
    assert (info.voice_bridge, info.dial_number) == ("51234", "613-555-1234")
    assert (info.attendee_pw, info.moderator_pw) == ("hidden-a", "hidden-m")
    assert info.metadata == {"tier": "free", "endcallbackurl": "https://a.example/hidden"}
    assert "hidden" not in repr(info)
    [ada] = info.attendees
    assert (ada.user_id, ada.full_name, ada.role, ada.client_type) == (
        "u-42",
        "Ada & co",
        Role.MODERATOR,
        "HTML5",
    )
    assert (ada.is_presenter, ada.is_listening_only, ada.has_joined_voice, ada.has_video) == (
        True,
        False,
        True,
        True,
    )
    assert ada.custom_data == {"x": "1"}


async def test_a_role_that_is_not_known_survives() -> None:
    bbb, _ = client_of(xml(OK + MEETING.format(attendees=ATTENDEE + "<attendee><role>BOT</role></attendee>")))
    info = await bbb.get_meeting_info("room-7")
    assert [attendee.role for attendee in info.attendees] == [Role.MODERATOR, "BOT"]


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_no_meeting_one_or_many_come_as_a_list(count: int) -> None:
    meetings = "<meeting>" + MEETING.format(attendees="") + "</meeting>"
    bbb, asked = client_of(xml(f"{OK}<meetings>{meetings * count}</meetings>"))
    assert [info.meeting_id for info in await bbb.get_meetings()] == ["room-7"] * count
    assert sent(asked) == {}


async def test_a_server_that_says_no_meetings_has_none() -> None:
    bbb, _ = client_of(xml(f"{OK}<messageKey>noMeetings</messageKey>"))
    assert await bbb.get_meetings() == ()


@pytest.mark.parametrize(
    "content",
    [
        OK,
        "<meetings/>",
        "<returncode>MAYBE</returncode><meetings/>",
    ],
)
async def test_a_broken_list_never_reads_as_no_meetings(content: str) -> None:
    bbb, _ = client_of(xml(content))
    with pytest.raises(CouldNotAsk) as failure:
        await bbb.get_meetings()
    assert failure.value.reason is Reason.UNREADABLE


LIVING = "<meeting>" + MEETING.format(attendees="") + "</meeting>"


@pytest.mark.parametrize(
    ("unreadable", "whose"),
    [
        ("<meeting><meetingID>a</meetingID></meeting>", ("a", "")),
        ("<meeting><meetingID>a</meetingID><createTime></createTime></meeting>", ("a", "")),
        ("<meeting><meetingID>a</meetingID><createTime>0</createTime></meeting>", ("a", "")),
        ("<meeting><meetingID>a</meetingID><createTime>-7</createTime></meeting>", ("a", "")),
        ("<meeting><meetingID>a</meetingID><createTime>soon</createTime></meeting>", ("a", "")),
        (f"<meeting><meetingID>a</meetingID><createTime>{'9' * 30}</createTime></meeting>", ("a", "")),
        ("<meeting><internalMeetingID>i-1</internalMeetingID><meetingID/></meeting>", ("", "i-1")),
        ("<meeting><createTime>1</createTime></meeting>", ("", "")),
        ("<meeting/>", ("", "")),
        ('<meeting xmlns="urn:x" xmlns:y="urn:y"><y:meetingID>a</y:meetingID></meeting>', ("", "")),
        ("<meeting><meetingID>a</meetingID><meetingName>A & B</meetingName></meeting>", ("a", "")),
        ("<meeting><meetingID>a</meetingID><meetingName>A <b>& <br> B</meetingName></meeting>", ("a", "")),
        ("<meeting><meetingName><b></meetingName><meetingID><![CDATA[a]]></meetingID></meeting>", ("a", "")),
        (
            "<meeting><meetingID>a</meetingID><meetingName><meetingID>z</meetingID>&</meetingName></meeting>",
            ("", ""),
        ),
    ],
)
async def test_one_unreadable_meeting_in_a_list_costs_itself_only(unreadable: str, whose: object) -> None:
    bbb, _ = client_of(xml(f"{OK}<meetings>{LIVING}{unreadable}{LIVING}</meetings>"))
    found = await bbb.list_meetings()
    assert [info.meeting_id for info in found.meetings] == ["room-7"] * 2
    assert [(each.meeting_id, each.internal_meeting_id) for each in found.unread] == [whose]
    assert [each.is_nameless for each in found.unread] == [whose == ("", "")]


def test_what_is_unreadable_says_whose_it_is_by_any_of_its_ids() -> None:
    made_of = "0e9770ee13188deca3cd34f598eb93650a2f97c3"  # of room-1
    assert Unread("room-1", "", "").is_of("room-1")
    assert not Unread("room-2", f"{made_of}-1", "").is_of("room-1")
    assert Unread("", f"{made_of}-1717171717171", "").is_of("room-1")
    assert Unread("", "", f"{made_of}-1717171717171").is_of("room-1")
    assert not Unread("", made_of, "").is_of("room-2")
    assert not Unread("", "", "").is_of("room-1")


@pytest.mark.parametrize(
    "end", ["", "</meeting>", "</meeting></meetings>", "</meeting></meetings></response"]
)
async def test_a_list_that_broke_off_is_no_list_whatever_is_repaired(end: str) -> None:
    broken = f"<response>{OK}<meetings>{LIVING}<meeting><meetingID>a</meetingID><meetingName>A & B{end}"
    bbb, _ = client_of(broken.encode())
    with pytest.raises(CouldNotAsk):
        await bbb.list_meetings()


TAGS = sorted(set(re.findall(r"<(\w+)>", LIVING)) - {"meeting"})
GARBAGE = (
    "",
    "<b>Board</b>",
    "<br>",
    "&",
    "\x00",
    "9" * 400,
    "-1",
    "1.5e300",
    "NaN",
    "<x:y/>",
    "]]>",
    "<!--",
)


@pytest.mark.parametrize("tag", TAGS)
async def test_whatever_is_wrong_with_one_meeting_the_others_are_read(tag: str) -> None:
    whole = re.compile(f"<{tag}>.*?</{tag}>", re.DOTALL)
    for spoilt in ("", *(f"<{tag}>{garbage}</{tag}>" for garbage in GARBAGE), f"<{tag}/>", f"<{tag}>"):
        foreign = whole.sub(lambda _: spoilt, LIVING.replace("room-7", "elsewhere-1"))  # noqa: B023  used at once
        bbb, _ = client_of(xml(f"{OK}<meetings>{foreign}{LIVING}</meetings>"))
        found = await bbb.list_meetings()
        assert "room-7" in {info.meeting_id for info in found.meetings}, spoilt
        assert len(found.meetings) + len(found.unread) == 2


async def test_numbers_that_make_no_sense_are_none_or_as_they_are() -> None:
    odd = LIVING
    for said, instead in (
        ("<maxUsers>1,500<", "<maxUsers>many<"),
        ("<participantCount>1,003<", "<participantCount>-3<"),
        ("<startTime>1717171718000<", "<startTime>1717171718000.75<"),
        ("<endTime>0<", f"<endTime>{'9' * 18}<"),
        ("<videoCount>3<", "<videoCount>3e9<"),
    ):
        assert said in odd
        odd = odd.replace(said, instead)
    bbb, _ = client_of(xml(f"{OK}<meetings>{odd}</meetings>"))
    (info,) = await bbb.get_meetings()
    assert (info.max_users, info.participant_count, info.video_count, info.end_time) == (0, 0, 0, None)
    assert info.start_time == datetime(2024, 5, 31, 16, 8, 38, tzinfo=UTC)


async def test_a_page_that_is_not_the_api_never_reads_as_an_answer() -> None:
    bbb, _ = client_of(b"<html><returncode>SUCCESS</returncode><meetings/></html>")
    with pytest.raises(CouldNotAsk):
        await bbb.get_meetings()


async def test_everybody_who_was_let_in_is_listed() -> None:
    person = "<meetingID>7c02-1</meetingID><meetingName>Demo</meetingName><userName>Ada</userName>"
    session = f"<meeting>{person}</meeting>"
    bbb, _ = client_of(
        xml(f"{OK}<sessions>{session}</sessions>"), xml(f"{OK}<messageKey>noSessions</messageKey>")
    )
    [found] = await bbb.get_sessions()
    assert (found.internal_meeting_id, found.meeting_name, found.user_name) == ("7c02-1", "Demo", "Ada")
    assert await bbb.get_sessions() == ()


async def test_slides_are_inserted_and_a_line_is_said() -> None:
    bbb, asked = client_of(xml(f"{OK}<message>Presentation is being uploaded</message>"))
    await bbb.insert_document(
        InsertDocument(meeting_id="r", documents=[LinkedDocument(url="https://a.example/x")])
    )
    assert (asked[0].method, sent(asked)) == ("POST", {"meetingID": "r"})
    assert b'<document url="https://a.example/x"' in asked[0].content
    await bbb.send_chat_message(SendChatMessage(meeting_id="r", message="Hello"))
    assert (asked[1].method, sent(asked)) == ("GET", {"meetingID": "r", "message": "Hello"})


async def test_errors_that_stand_in_a_nested_list_are_found() -> None:
    bbb, _ = client_of(
        xml(
            "<returncode>FAILED</returncode><errors><error key='nonUniqueVoiceBridge' message='Taken.'/></errors>"
        )
    )
    with pytest.raises(Refused) as refusal:
        await bbb.create(CreateMeeting(meeting_id="room-7", name="Demo", voice_bridge="12345"))
    assert (refusal.value.key, refusal.value.message) == ("nonUniqueVoiceBridge", "Taken.")


async def test_a_balancer_may_refuse_without_a_key() -> None:
    bbb, _ = client_of(xml("<returncode>FAILED</returncode><message>Meeting limit reached.</message>"))
    with pytest.raises(Refused, match="create: refused: no key: Meeting limit reached") as refusal:
        await bbb.create(CreateMeeting(meeting_id="room-7", name="Demo"))
    assert refusal.value.key == ""
