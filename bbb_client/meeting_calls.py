"""The calls about meetings (BBB_API.md sections 2.0 to 2.9)."""

from bbb_client.connection import Body, Call, Calls
from bbb_client.elements import Element
from bbb_client.parameters import parameters
from bbb_client.requests import CreateMeeting, InsertDocument, JoinMeeting, SendChatMessage
from bbb_client.responses import (
    ApiVersion,
    CreatedMeeting,
    MeetingInfo,
    MeetingList,
    Session,
    read_running,
    read_sessions,
)

XML = "application/xml"  # without a charset: the first releases that looked at it refused one (section 1.3)


class MeetingCalls(Calls):
    """The part of the client that is about meetings."""

    async def index(self) -> ApiVersion:
        """Ask for the versions, unsigned; the answer says nothing about the secret."""
        return await self._connection.xml(Call("", signed=False, repeatable=True), ApiVersion.read)

    async def create(self, request: CreateMeeting) -> CreatedMeeting:
        """Create a meeting, or find it running already (`duplicate`).

        Repeatable by design: a second create of a live meeting changes nothing and returns the first's values
        (section 2.1). Has a longer time-out, since the answer may wait for slides (pitfall 17).
        """
        body = request.body()
        call = Call(
            "create",
            parameters(request),
            body=Body(body, XML) if body else None,
            repeatable=True,
            slow=True,
        )
        return await self._connection.xml(call, CreatedMeeting.read)

    def join_url(self, request: JoinMeeting) -> str:
        """Build the signed address that takes a browser into a meeting; nothing is asked. Raises TooLong.

        Whoever has it can enter, so it must not be logged.
        """
        server = self._connection.server
        return f"{server.address('join')}?{server.query('join', parameters(request))}"

    async def is_meeting_running(self, meeting_id: str) -> bool:
        """Tell whether somebody is in the meeting; false also for one that does not exist (section 2.3)."""
        call = Call("isMeetingRunning", {"meetingID": meeting_id}, repeatable=True)
        return await self._connection.xml(call, read_running)

    async def end(self, meeting_id: str, *, password: str | None = None) -> None:
        """Ask for the end of a meeting, which comes a moment later (section 2.4).

        Repeatable by design: what has ended cannot end again. Refused with `not_found` then means that it is
        over, which may well be the work of our own first attempt.
        """
        params = {"meetingID": meeting_id} | ({"password": password} if password else {})
        await self._connection.xml(Call("end", params, repeatable=True), _nothing)

    async def get_meeting_info(self, meeting_id: str) -> MeetingInfo:
        """Describe one meeting; Refused with `not_found` if there is none."""
        call = Call("getMeetingInfo", {"meetingID": meeting_id}, repeatable=True)
        return await self._connection.xml(call, MeetingInfo.read)

    async def list_meetings(self) -> MeetingList:
        """Describe all meetings of the server, with everybody in them; there is no filter (section 2.6)."""
        return await self._connection.xml(Call("getMeetings", repeatable=True), MeetingList.read)

    async def get_meetings(self) -> tuple[MeetingInfo, ...]:
        """Give those that can be read. Whoever decides by what is missing there asks for `list_meetings`."""
        return (await self.list_meetings()).meetings

    async def get_sessions(self) -> tuple[Session, ...]:
        """List everybody who was let in, connected or not (section 2.7)."""
        return await self._connection.xml(Call("getSessions", repeatable=True), read_sessions)

    async def insert_document(self, request: InsertDocument) -> None:
        """Add slides to a running meeting; returns before they are converted (section 2.8)."""
        call = Call("insertDocument", parameters(request), body=Body(request.body(), XML))
        await self._connection.xml(call, _nothing)

    async def send_chat_message(self, request: SendChatMessage) -> None:
        """Write into the public chat (section 2.9)."""
        await self._connection.xml(Call("sendChatMessage", parameters(request)), _nothing)


def _nothing(_: Element) -> None:
    """Read an answer that tells no more than success."""
