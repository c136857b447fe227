"""The calls that there are: who answers them, by which methods, signed or not (BBB_API.md section 1.4)."""

from dataclasses import dataclass

from bbb_client.simulator.api import info
from bbb_client.simulator.api.ask import Handler, Refuse, refuse_in_xml
from bbb_client.simulator.api.create import create
from bbb_client.simulator.api.documents import insert_document
from bbb_client.simulator.api.join import join
from bbb_client.simulator.api.join import refuse as refuse_join
from bbb_client.simulator.world import World

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
XML = ("application/xml",)
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
}


def find_call(world: World, name: str) -> Call | None:
    """The call of a name, if this version and this server have it."""
    if name in SOME_VERSIONS and name not in world.profile.extra_calls:
        return None
    if name.startswith("hooks/") and not world.config.hooks:
        return None
    return CALLS.get(name)
