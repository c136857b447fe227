"""The messages inside BigBlueButton that a raw web-hook passes on as they are (BBB_API.md section 4.4)."""

from collections.abc import Mapping
from typing import Any

from bbb_client.simulator.clock import in_words
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Person

PUBLIC_CHAT = "MAIN-PUBLIC-GROUP-CHAT"
SYSTEM_USER = "SYSTEM_MESSAGES"  # who a message of the server itself is from

NAMES = {
    "chat-group-message-sent": "GroupChatMessageBroadcastEvtMsg",
    "meeting-created": "MeetingCreatedEvtMsg",
    "meeting-ended": "MeetingDestroyedEvtMsg",
    "meeting-recording-started": "RecordingStatusChangedEvtMsg",
    "meeting-recording-stopped": "RecordingStatusChangedEvtMsg",
    "user-joined": "UserJoinedMeetingEvtMsg",
    "user-left": "UserLeftMeetingEvtMsg",
}


def of_meeting(event: str, meeting: Meeting, moment: int) -> dict[str, Any]:
    """What akka says about a meeting; `moment` in milliseconds."""
    if event == "meeting-created":
        return _message(event, {"sender": "bbb-apps-akka"}, {}, _creation(meeting), moment)
    if event == "meeting-ended":
        return _message(event, {"sender": "bbb-apps-akka"}, {}, {"meetingId": meeting.internal_id}, moment)
    body: dict[str, Any] = {"recording": event == "meeting-recording-started", "setBy": "system"}
    return _about(event, meeting, "not-used", body, moment)


def of_person(event: str, meeting: Meeting, person: Person, moment: int) -> dict[str, Any]:
    """What akka says about somebody who comes or goes; `moment` in milliseconds."""
    body: dict[str, Any]
    if event == "user-left":
        body = {"intId": person.user_id, "eject": False, "ejectedBy": "", "reason": "", "reasonCode": ""}
        return _about(event, meeting, person.user_id, body, moment)
    body = {
        "intId": person.user_id,
        "extId": person.external_id,
        "name": person.name,
        "role": person.role,
        "guest": person.guest,
        "authed": True,
        "guestStatus": person.admission.value,
        "presenter": False,
        "locked": True,
        "clientType": person.client_type,
    }
    return _about(event, meeting, person.user_id, body, moment)


def of_message(meeting: Meeting, message: Mapping[str, Any], moment: int) -> dict[str, Any]:
    """What akka says about a message in the public chat; `moment` in milliseconds."""
    sender = {"id": SYSTEM_USER, "name": message["sender"]["name"], "role": "MODERATOR"}
    spoken = {"id": message["id"], "timestamp": moment, "sender": sender, "message": message["message"]}
    body = {"chatId": PUBLIC_CHAT, "msg": spoken}
    return _about("chat-group-message-sent", meeting, SYSTEM_USER, body, moment)


def of_recording(event: str, record_id: str, more: Mapping[str, Any], moment: int) -> dict[str, Any]:
    """What the scripts say about a recording; `moment` in seconds, as they count."""
    name = event.removeprefix("rap-").replace("-", "_")
    header = {"timestamp": moment * 1000, "name": name, "current_time": moment, "version": "0.0.1"}
    return {"header": header, "payload": {"meeting_id": record_id, "record_id": record_id, **more}}


def _about(
    event: str, meeting: Meeting, user_id: str, body: Mapping[str, Any], moment: int
) -> dict[str, Any]:
    about = {"meetingId": meeting.internal_id, "userId": user_id}
    return _message(event, {"msgType": "BROADCAST_TO_MEETING", **about}, about, body, moment)


def _message(
    event: str, routing: Mapping[str, str], about: Mapping[str, str], body: Mapping[str, Any], moment: int
) -> dict[str, Any]:
    name = NAMES[event]
    return {
        "envelope": {"name": name, "routing": dict(routing), "timestamp": moment},
        "core": {"header": {"name": name, **about}, "body": dict(body)},
    }


def _creation(meeting: Meeting) -> dict[str, Any]:
    props = {
        "meetingProp": {
            "name": meeting.name,
            "extId": meeting.external_id,
            "intId": meeting.internal_id,
            "isBreakout": meeting.breakout is not None,
            "disabledFeatures": sorted(meeting.disabled_features),
        },
        "breakoutProps": {"parentId": meeting.parent_id},
        "durationProps": {
            "duration": meeting.duration,
            "createdTime": meeting.created,
            "createdDate": in_words(meeting.created),
        },
        "password": {"moderatorPass": meeting.moderator_pw, "viewerPass": meeting.attendee_pw},
        "recordProp": {"record": meeting.record, "autoStartRecording": meeting.auto_start},
        "voiceProp": {"voiceConf": meeting.voice_bridge, "dialNumber": meeting.dial_number},
        "usersProp": {"maxUsers": meeting.max_users, "guestPolicy": meeting.guest_policy},
        "metadataProp": {"metadata": meeting.metadata},
    }
    return {"props": props}
