"""The calls that there are: who answers them, by which methods, signed or not (BBB_API.md section 1.4)."""

from dataclasses import dataclass

from bbb_client.simulator.api import hooks, info, recordings, sessions, tracks
from bbb_client.simulator.api.ask import Handler, Refuse, refuse_in_json, refuse_in_xml
from bbb_client.simulator.api.create import create
from bbb_client.simulator.api.documents import insert_document
from bbb_client.simulator.api.join import join
from bbb_client.simulator.api.join import refuse as refuse_join
from bbb_client.simulator.world import World

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
XML = ("application/xml",)
JSON = ("application/json",)
BOTH = frozenset({"GET", "POST"})
GET = frozenset({"GET"})
POST = frozenset({"POST"})
SOME_VERSIONS = frozenset({"enter", "sendChatMessage", "feedback"})  # Profile.extra_calls says which


@dataclass(frozen=True, kw_only=True)
class Call:
    """How one call is taken."""

    handler: Handler
    methods: frozenset[str] = BOTH
    signed: bool = True
    content_types: tuple[str, ...] = FORMS  # of a POST with a body (section 1.3)
    refuse: Refuse = refuse_in_xml


def _by_session(handler: Handler, methods: frozenset[str] = BOTH) -> Call:
    """A call that a session token opens instead of a checksum (section 1.1)."""
    return Call(handler=handler, methods=methods, signed=False, refuse=refuse_in_json)


CALLS = {
    "": Call(handler=info.index, signed=False),
    "create": Call(handler=create, content_types=FORMS + XML),
    "join": Call(handler=join, methods=GET, refuse=refuse_join),
    "isMeetingRunning": Call(handler=info.is_meeting_running),
    "end": Call(handler=info.end),
    "getMeetingInfo": Call(handler=info.get_meeting_info),
    "getMeetings": Call(handler=info.get_meetings),
    "getSessions": Call(handler=info.get_sessions),
    "insertDocument": Call(handler=insert_document, methods=POST, content_types=XML),
    "sendChatMessage": Call(handler=sessions.send_chat_message),
    "getRecordings": Call(handler=recordings.get_recordings),
    "publishRecordings": Call(handler=recordings.publish_recordings, methods=GET),
    "updateRecordings": Call(handler=recordings.update_recordings),
    "deleteRecordings": Call(handler=recordings.delete_recordings, methods=GET),
    "getRecordingTextTracks": Call(handler=tracks.get_tracks, refuse=refuse_in_json),
    "putRecordingTextTrack": Call(handler=tracks.put_track, methods=POST, refuse=refuse_in_json),
    "hooks/create": Call(handler=hooks.create_hook, methods=GET),
    "hooks/list": Call(handler=hooks.list_hooks, methods=GET),
    "hooks/destroy": Call(handler=hooks.destroy_hook, methods=GET),
    "getJoinUrl": _by_session(sessions.get_join_url),
    "learningDashboard": _by_session(sessions.learning_dashboard),
    "stuns": _by_session(sessions.stuns),
    "signOut": _by_session(sessions.sign_out),
    "guestWait": _by_session(sessions.guest_wait, GET),
    "enter": _by_session(sessions.enter),
    "feedback": Call(
        handler=sessions.feedback,
        methods=POST,
        signed=False,
        content_types=JSON,
        refuse=refuse_in_json,
    ),
}


def find_call(world: World, name: str) -> Call | None:
    """The call of a name, if this version and this server have it."""
    if name in SOME_VERSIONS and name not in world.profile.extra_calls:
        return None
    if name.startswith("hooks/") and not world.config.hooks:
        return None
    return CALLS.get(name)
