"""What the control address tells of the server's state, without passwords, tokens and callback addresses."""

from typing import Any

from bbb_client.simulator.clock import iso
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Person
from bbb_client.simulator.recordings import Recording
from bbb_client.simulator.world import World


def describe(world: World) -> dict[str, Any]:
    """Everything, as JSON."""
    return {
        "profile": world.profile.name,
        "now": iso(world.now),
        "meetings": [_meeting(world, meeting) for meeting in world.meetings.values()],
        "ended": [_meeting(world, meeting) for meeting in world.ended.values()],
        "recordings": [_recording(recording) for recording in world.recordings.values()],
        "hooks": [
            {"hookID": hook.hook_id, "meetingID": hook.meeting_id or "", "events": list(hook.events or ())}
            for hook in world.hooks.by_id.values()
        ],
    }


def _meeting(world: World, meeting: Meeting) -> dict[str, Any]:
    return {
        "meetingID": meeting.external_id,
        "internalMeetingID": meeting.internal_id,
        "name": meeting.name,
        "created": meeting.created,
        "ended": meeting.ended,
        "reason": meeting.reason,
        "duration": meeting.duration,
        "maxParticipants": meeting.max_users,
        "seats": len(meeting.seats(world.now, world.grace)),
        "record": meeting.record,
        "recording": meeting.recording_since is not None,
        "disabledFeatures": sorted(meeting.disabled_features),
        "documents": meeting.documents,
        "messages": [{"userName": name, "message": text} for name, text in meeting.messages],
        "people": [_person(person) for person in meeting.people.values()],
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "userID": person.external_id,
        "internalUserID": person.user_id,
        "name": person.name,
        "role": person.role,
        "online": person.online,
        "guestStatus": person.admission,
        "removed": person.removed,
    }


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "recordID": recording.record_id,
        "meetingID": recording.meeting_id,
        "state": recording.state,
        "size": recording.size,
        "formats": [made.kind for made in recording.formats],
    }
