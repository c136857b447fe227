"""One call of the API as its handler sees it, and what a handler may answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.responses import JSONResponse, Response

from bbb_client.simulator.answers import CallError, Fields, failure, without_controls
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Person
from bbb_client.simulator.world import World

Result: TypeAlias = "Fields | Response"  # Fields become XML

NOT_FOUND = CallError("notFound", "A meeting with that ID does not exist")
TRUE, FALSE = "true", "false"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A call that passed its checksum."""

    world: World
    call: str
    base_url: str  # of this server, as browsers reach it, without a slash at its end
    params: Mapping[str, str]
    body: bytes = b""
    content_type: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A parameter without control characters; empty if it was not sent."""
        return without_controls(self.params.get(name, ""))

    def number(self, name: str, default: int) -> int:
        """A whole number; anything else silently becomes the default (section 2.1)."""
        try:
            return int(self.params.get(name, ""))
        except ValueError:
            return default

    def switch(self, name: str, *, default: bool = False) -> bool:
        """A boolean that is read leniently: true in any case, else false; the default if not sent."""
        return self.params[name].lower() == TRUE if name in self.params else default

    def checked_switch(self, name: str, *, default: bool = False) -> bool:
        """A boolean that is validated: `record`, `isBreakout`, `guest`, `auth` (section 2.1)."""
        if self.params.get(name, "").lower() not in {"", TRUE, FALSE}:
            raise CallError("validationError", f"{name} must be either true or false")
        return self.params[name].lower() == TRUE if self.params.get(name) else default

    def meeting(self) -> Meeting:
        """The live meeting that is meant, else CallError."""
        meeting_id = self.text("meetingID")
        if not meeting_id:
            raise CallError("missingParamMeetingID", "You must specify a meeting ID for the meeting.")
        meeting = self.world.find(meeting_id)
        if meeting is None:
            raise CallError(NOT_FOUND.key, NOT_FOUND.message)
        return meeting

    def session(self) -> tuple[Meeting, Person]:
        """The meeting and the person of a session token, else CallError (section 2.10)."""
        token = self.params.get("sessionToken", "")
        if not token:
            raise CallError("missingToken", "You must provide a session token")
        if token not in self.world.sessions:
            raise CallError("missingSession", "Invalid session token")
        return self.world.sessions[token]


Handler: TypeAlias = Callable[[Ask], Result]
Refuse: TypeAlias = Callable[[Ask, CallError], Result]


def refuse_in_xml(_ask: Ask, error: CallError) -> Result:
    """The usual refusal."""
    return failure(error)


def refuse_in_json(_ask: Ask, error: CallError) -> Result:
    """The refusal of the calls that answer in JSON."""
    return json_answer({"returncode": "FAILED", "messageKey": error.key, "message": error.message})


def json_answer(response: Mapping[str, object]) -> Response:
    """An answer in JSON, wrapped like the XML ones."""
    return JSONResponse({"response": dict(response)})
