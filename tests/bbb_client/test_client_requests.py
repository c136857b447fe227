"""Requests become parameters: named as on the wire, without what is empty, and never with what BBB misreads."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from bbb_client.parameters import parameters
from bbb_client.recording_requests import GetRecordings, PutRecordingTextTrack, UpdateRecordings
from bbb_client.requests import (
    CreateHook,
    CreateMeeting,
    Feature,
    GetJoinUrl,
    GuestPolicy,
    JoinMeeting,
    Layout,
    Role,
    SendChatMessage,
)
from bbb_client.vocabulary import RecordingState, TextTrackKind

CREATE_NAMES = """
    meetingID name attendeePW moderatorPW duration maxParticipants userCameraCap meetingCameraCap maxPinnedCameras
    maxNumPages meetingExpireIfNoUserJoinedInMinutes meetingExpireWhenLastUserLeftInMinutes endWhenNoModerator
    endWhenNoModeratorDelayInMinutes record autoStartRecording allowStartStopRecording recordFullDurationMedia
    notifyRecordingIsOn meetingKeepEvents breakoutRoomsRecord welcome moderatorOnlyMessage bannerText bannerColor
    logo darklogo logoutURL loginURL meetingLayout guestPolicy muteOnStart allowModsToUnmuteUsers
    allowModsToEjectCameras allowPromoteGuestToModerator allowRequestsWithoutSession multiUserWhiteboardEnabled
    webcamsOnlyForModerator disabledFeatures disabledFeaturesExclude groups pluginManifests
    learningDashboardCleanupDelayInMinutes lockSettingsDisableCam lockSettingsDisableMic
    lockSettingsDisablePrivateChat lockSettingsDisablePublicChat lockSettingsDisableNotes
    lockSettingsHideUserList lockSettingsHideViewersCursor lockSettingsHideViewersAnnotation
    lockSettingsLockOnJoin lockSettingsLockOnJoinConfigurable voiceBridge dialNumber isBreakout parentMeetingID
    sequence freeJoin breakoutRoomsPrivateChatEnabled breakoutRoomsCaptureSlides breakoutRoomsCaptureNotes
    preUploadedPresentation preUploadedPresentationName preUploadedPresentationOverrideDefault
    presentationUploadExternalUrl presentationUploadExternalDescription meta_endCallbackUrl
    meta_bbb-recording-ready-url meta_analytics-callback-url meetingEndedURL
"""
JOIN_NAMES = """
    fullName meetingID role createTime userID guest auth redirect errorRedirectUrl logoutURL avatarURL
    webcamBackgroundURL defaultLayout enforceLayout excludeFromDashboard firstName lastName bot
"""


def filled(request: type, **given: Any) -> Any:
    """A request with a value in every field that makes one parameter."""
    values = {
        field.name: "7"
        for field in fields(request)
        if "prefix" not in field.metadata and "in_body" not in field.metadata
    }
    return request(**{**values, **given})


def test_every_parameter_of_create_has_its_name_on_the_wire() -> None:
    numbers = {"duration_minutes": 7, "max_participants": 7}
    assert list(parameters(filled(CreateMeeting, **numbers))) == CREATE_NAMES.split()


def test_every_parameter_of_join_has_its_name_on_the_wire() -> None:
    assert list(parameters(filled(JoinMeeting))) == JOIN_NAMES.split()


def test_a_request_sends_no_more_than_it_was_given() -> None:
    request = CreateMeeting(meeting_id="r", name="Room", welcome="", disabled_features=[], groups=())
    assert parameters(request) == {"meetingID": "r", "name": "Room"}


def test_false_and_zero_are_values_and_are_sent() -> None:
    request = CreateMeeting(meeting_id="r", name="Room", record=False, duration_minutes=0)
    assert parameters(request) == {"meetingID": "r", "name": "Room", "duration": "0", "record": "false"}


def test_values_are_written_as_bigbluebutton_reads_them() -> None:
    request = CreateMeeting(
        meeting_id="r",
        name="Room",
        mute_on_start=True,
        guest_policy=GuestPolicy.ASK_MODERATOR,
        meeting_layout=Layout.SMART,
        disabled_features=(Feature.CHAT, "aNewFeature"),
        groups=[{"id": "1", "name": "Zoë", "roster": ["a", "b"]}],
        meta={"tier": "free", "empty": ""},
        end_callback_url="https://app.example/end?token=t",
    )
    assert parameters(request) == {
        "meetingID": "r",
        "name": "Room",
        "meetingLayout": "SMART_LAYOUT",
        "guestPolicy": "ASK_MODERATOR",
        "muteOnStart": "true",
        "disabledFeatures": "chat,aNewFeature",
        "groups": '[{"id":"1","name":"Zoë","roster":["a","b"]}]',
        "meta_endCallbackUrl": "https://app.example/end?token=t",
        "meta_tier": "free",
    }


@pytest.mark.parametrize("name", ["with_underscore", "", "1st", "a b", "é", "-a"])
def test_metadata_that_bigbluebutton_would_drop_silently_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="metadata"):
        CreateMeeting(meeting_id="r", name="Room", meta={name: "x"})
    with pytest.raises(ValueError, match="metadata"):
        GetRecordings(meta={name: "x"})
    with pytest.raises(ValueError, match="metadata"):
        UpdateRecordings(record_ids=["a"], meta={name: "x"})


@pytest.mark.parametrize("meta", [{"endcallbackurl": "x"}, {"Tier": "a", "tier": "b"}])
def test_metadata_that_would_overwrite_other_metadata_is_refused(meta: dict[str, str]) -> None:
    request = CreateMeeting(meeting_id="r", name="Room", end_callback_url="https://a.example", meta=meta)
    with pytest.raises(ValueError, match="is given twice"):
        parameters(request)


@pytest.mark.parametrize(
    ("fields_given", "sentence"),
    [
        ({"duration_minutes": -1}, "a negative limit would be no limit"),
        ({"max_participants": -1}, "a negative limit would be no limit"),
        (
            {"meeting_expire_when_last_user_left_in_minutes": 0},
            "'never' to some servers, 'at once' to others",
        ),
        ({"voice_bridge": "12a"}, "made of digits"),
        ({"voice_bridge": "²"}, "made of digits"),
        ({"attendee_pw": "abc"}, "give both or neither"),
        ({"moderator_pw": "abc"}, "give both or neither"),
        ({"record": True, "allow_start_stop_recording": False}, "a recording that nobody can start"),
    ],
)
def test_what_bigbluebutton_takes_for_something_else_is_refused(
    fields_given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        CreateMeeting(meeting_id="r", name="Room", **fields_given)


@pytest.mark.parametrize(
    "fields_given",
    [
        {"record": True},
        {"record": True, "allow_start_stop_recording": False, "auto_start_recording": True},
        {"record": False, "allow_start_stop_recording": False},
        {"attendee_pw": "a-password", "moderator_pw": "another"},
        {"voice_bridge": "71234", "meeting_expire_when_last_user_left_in_minutes": 1},
    ],
)
def test_what_bigbluebutton_takes_as_it_is_meant_is_accepted(fields_given: dict[str, Any]) -> None:
    assert CreateMeeting(meeting_id="r", name="Room", **fields_given).body() is None


def test_a_value_with_a_comma_cannot_pass_for_two() -> None:
    with pytest.raises(ValueError, match="a comma separates values"):
        parameters(GetRecordings(meeting_ids=["a", "b,c"]))


def test_a_way_in_carries_what_binds_it_to_one_person_and_one_meeting() -> None:
    request = JoinMeeting(
        full_name="Zoë",
        meeting_id="r",
        role=Role.VIEWER,
        create_time=1717171717171,
        user_id="u-1",
        guest=True,
        userdata={"bbb_skip_check_audio": "true", "none": ""},
    )
    assert parameters(request) == {
        "fullName": "Zoë",
        "meetingID": "r",
        "role": "VIEWER",
        "createTime": "1717171717171",
        "userID": "u-1",
        "guest": "true",
        "userdata-bbb_skip_check_audio": "true",
    }


@pytest.mark.parametrize("name", ["has-hyphen", "1st", "", "a b", "<x>"])
def test_userdata_that_would_be_dropped_or_break_answers_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="userdata"):
        JoinMeeting(full_name="Zoë", meeting_id="r", role=Role.VIEWER, userdata={name: "x"})
    with pytest.raises(ValueError, match="userdata"):
        GetJoinUrl(session_token="t", userdata={name: "x"})


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (
            GetRecordings(
                meeting_ids=["a", "b"],
                record_ids=["c"],
                states=[RecordingState.ANY],
                meta={"tier": "%free"},
                offset=0,
                limit=10,
            ),
            {
                "meetingID": "a,b",
                "recordID": "c",
                "state": "any",
                "meta_tier": "%free",
                "offset": "0",
                "limit": "10",
            },
        ),
        (
            PutRecordingTextTrack(
                record_id="c", kind=TextTrackKind.SUBTITLES, lang="ca", label="Català", content=b"WEBVTT"
            ),
            {
                "recordID": "c",
                "kind": "subtitles",
                "lang": "ca",
                "label": "Català",
                "contenttype": "text/vtt",
            },
        ),
        (
            SendChatMessage(meeting_id="r", message="Hello", user_name="Clerk"),
            {
                "meetingID": "r",
                "message": "Hello",
                "userName": "Clerk",
            },
        ),
        (
            CreateHook(
                callback_url="https://a.example/",
                meeting_id="r",
                event_ids=["meeting-ended", "user-left"],
                get_raw=False,
            ),
            {
                "callbackURL": "https://a.example/",
                "meetingID": "r",
                "eventID": "meeting-ended,user-left",
                "getRaw": "false",
            },
        ),
        (
            GetJoinUrl(
                session_token="t",
                replace_session=True,
                session_name="phone",
                enforce_layout=Layout.VIDEO_FOCUS,
                revoke_previous_session=False,
                userdata={"bbb_x": "1"},
            ),
            {
                "sessionToken": "t",
                "replaceSession": "true",
                "sessionName": "phone",
                "enforceLayout": "VIDEO_FOCUS",
                "revokePreviousSession": "false",
                "userdata-bbb_x": "1",
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_smaller_requests_are_named_as_on_the_wire(asked: Any, sent: dict[str, str]) -> None:
    assert parameters(asked) == sent


def test_an_empty_value_deletes_metadata_of_a_recording_and_so_is_sent() -> None:
    request = UpdateRecordings(record_ids=["a", "b"], meta={"keep": "x", "drop": None, "drop-too": ""})
    assert parameters(request) == {
        "recordID": "a,b",
        "meta_keep": "x",
        "meta_drop": "",
        "meta_drop-too": "",
    }


def test_requests_do_not_change_and_do_not_show_what_may_carry_a_token() -> None:
    create = CreateMeeting(
        meeting_id="r",
        name="Room",
        attendee_pw="hidden",
        moderator_pw="hidden",
        logout_url="https://a.example/hidden",
        end_callback_url="https://a.example/hidden",
        recording_ready_url="https://a.example/hidden",
        analytics_callback_url="https://a.example/hidden",
        meeting_ended_url="https://a.example/hidden",
        meta={"token": "hidden"},
    )
    others = (
        JoinMeeting(
            full_name="Zoë",
            meeting_id="r",
            role=Role.VIEWER,
            error_redirect_url="hidden",
            logout_url="hidden",
        ),
        GetJoinUrl(session_token="hidden"),
        CreateHook(callback_url="hidden"),
    )
    for request in (create, *others):
        assert "hidden" in str(parameters(request))
        assert "hidden" not in repr(request)
    with pytest.raises(FrozenInstanceError):
        create.name = "Other"  # type: ignore[misc]  # just this is refused
