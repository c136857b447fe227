"""What is asked about meetings: running or not, everything, all of them, ending (sections 2.3 to 2.7)."""

from bbb_client.simulator.answers import CallError, Fields, is_xml_name, success
from bbb_client.simulator.api.ask import Ask, Result
from bbb_client.simulator.clock import in_words
from bbb_client.simulator.ending import request_end
from bbb_client.simulator.faults import Kind
from bbb_client.simulator.meetings import Ending, Meeting
from bbb_client.simulator.people import Person
from bbb_client.simulator.world import World


def index(ask: Ask) -> Result:
    """The bare address: versions, no secret needed (section 2.0)."""
    profile = ask.world.profile
    version = profile.version if ask.world.config.reveal_version else ""
    fields: Fields = [("version", "2.0"), ("apiVersion", "2.0"), ("bbbVersion", version)]
    if not profile.graphql:
        return success(fields)
    host = ask.base_url.partition("://")[2]
    graphql: Fields = [
        ("html5PluginSdkVersion", "0.0.80"),
        ("graphqlWebsocketUrl", f"wss://{host}/graphql"),
        ("graphqlApiUrl", f"{ask.base_url}/api/rest"),
    ]
    return success([*fields, *graphql])


def is_meeting_running(ask: Ask) -> Result:
    """True only while somebody is in; an unknown meeting is not running (section 2.3)."""
    meeting = ask.world.find(ask.text("meetingID"))
    return success([("running", bool(meeting and meeting.online))])


def end(ask: Ask) -> Result:
    """Answered at once; the end follows (section 2.4)."""
    meeting = ask.meeting()
    if ask.params.get("password", meeting.moderator_pw) != meeting.moderator_pw:
        raise CallError("invalidPassword", "You must supply the moderator password for this call.")
    request_end(ask.world, meeting, Ending.API)
    words = "A request to end the meeting was sent. Please wait a few seconds, and then use the getMeetingInfo or isMeetingRunning API calls to verify that it was ended."  # noqa: E501 - BBB's own sentence
    return success([], key="sentEndMeetingRequest", message=words)


def get_meeting_info(ask: Ask) -> Result:
    """Everything about one meeting (section 2.5)."""
    return success(_fields(ask, ask.meeting()))


def get_meetings(ask: Ask) -> Result:
    """Everything about all meetings (section 2.6)."""
    meetings = [("meeting", _fields(ask, meeting)) for meeting in ask.world.known]
    if meetings:
        return success([("meetings", meetings)])
    return success([("meetings", [])], key="noMeetings", message="no meetings were found on this server")


def get_sessions(ask: Ask) -> Result:
    """Who joined, connected or not (section 2.7)."""
    sessions = [
        ("meeting", _session(meeting, person))
        for meeting in ask.world.known
        for person in meeting.people.values()
        if person.in_session
    ]
    if sessions:
        return success([("sessions", sessions)])
    return success([("sessions", [])], key="noSessions", message="no sessions were found on this server")


def _session(meeting: Meeting, person: Person) -> Fields:
    return [
        ("meetingID", meeting.internal_id),
        ("meetingName", meeting.name),
        ("userName", person.name),
    ]


def _fields(ask: Ask, meeting: Meeting) -> Fields:
    """The fields in the order of section 2.5."""
    presenter = meeting.presenter  # looked up once: meetings can have thousands of people
    return [
        ("meetingName", meeting.name),
        ("meetingID", meeting.external_id),
        ("internalMeetingID", meeting.internal_id),
        ("createTime", meeting.created),
        ("createDate", in_words(meeting.created)),
        ("voiceBridge", meeting.voice_bridge),
        ("dialNumber", meeting.dial_number),
        ("attendeePW", meeting.attendee_pw),
        ("moderatorPW", meeting.moderator_pw),
        ("running", bool(meeting.online)),
        ("duration", meeting.duration),
        ("hasUserJoined", meeting.ever_joined),
        ("recording", meeting.record),
        ("hasBeenForciblyEnded", False),
        ("startTime", meeting.created),
        ("endTime", 0),
        *_counts(ask, meeting),
        ("attendees", [("attendee", _attendee(person, presenter)) for person in meeting.online]),
        ("metadata", list(meeting.metadata.items())),
        ("isBreakout", meeting.breakout is not None),
        *_family(ask.world, meeting),
    ]


def _counts(ask: Ask, meeting: Meeting) -> Fields:
    online = meeting.online
    stale = ask.world.faults.take(Kind.STALE_COUNT, ask.call)
    count = len(online) if stale is None else stale.counts.get(meeting.internal_id, 0)
    return [
        ("participantCount", count),
        ("listenerCount", sum(person.listen_only for person in online)),
        ("voiceParticipantCount", sum(person.voice for person in online)),
        ("videoCount", sum(person.video for person in online)),
        ("maxUsers", meeting.max_users),
        ("moderatorCount", sum(person.moderator for person in online)),
    ]


def _attendee(person: Person, presenter: Person | None) -> Fields:
    userdata = [(name, value) for name, value in person.userdata.items() if is_xml_name(name)]
    return [
        ("userID", person.external_id),
        ("fullName", person.name),
        ("role", person.role),
        ("isPresenter", person is presenter),
        ("isListeningOnly", person.listen_only),
        ("hasJoinedVoice", person.voice),
        ("hasVideo", person.video),
        ("clientType", person.client_type),
        ("customdata", userdata),
    ]


def _family(world: World, meeting: Meeting) -> Fields:
    if meeting.breakout is not None:
        return [
            ("parentMeetingID", meeting.breakout.parent),
            ("sequence", meeting.breakout.sequence),
            ("freeJoin", meeting.breakout.free_join),
        ]
    children = [("breakout", child.external_id) for child in world.children(meeting)]
    return [("breakoutRooms", children)] if children else []
