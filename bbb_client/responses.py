"""What BigBlueButton answers about meetings: frozen dataclasses, read leniently where nothing depends on it.

Times are aware datetimes in UTC; `create_time` is the server's own number too, in milliseconds, because join
addresses must repeat it. What callers decide upon (ids, create times, the list itself) must be there: an answer
without it is unreadable, so that a broken list never reads as "no meeting is running". In a list, one meeting that is
unreadable leaves the others readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bbb_client.elements import Element, Unread, Unreadable, moment_of, read_each
from bbb_client.vocabulary import Role, word


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """What the index tells (section 2.0): no proof that the secret is right. Unrevealed versions are ""."""

    version: str
    api_version: str
    bbb_version: str
    html5_plugin_sdk_version: str
    graphql_websocket_url: str
    graphql_api_url: str

    @classmethod
    def read(cls, root: Element) -> Self:
        """Read the answer of the index."""
        return cls(
            version=root.must_string("version"),
            api_version=root.string("apiVersion"),
            bbb_version=root.string("bbbVersion"),
            html5_plugin_sdk_version=root.string("html5PluginSdkVersion"),
            graphql_websocket_url=root.string("graphqlWebsocketUrl"),
            graphql_api_url=root.string("graphqlApiUrl"),
        )


@dataclass(frozen=True, slots=True)
class CreatedMeeting:
    """The answer of `create` (section 2.1).

    `duplicate`: a meeting of this id was running already; all values are its own, nothing asked for now was
    applied. That meeting may be ours all the same, if the answer to our first attempt was lost.
    """

    meeting_id: str
    internal_meeting_id: str
    parent_meeting_id: str
    create_time: int
    created_at: datetime | None
    attendee_pw: str = field(repr=False)
    moderator_pw: str = field(repr=False)
    voice_bridge: str
    dial_number: str
    duration_minutes: int
    has_user_joined: bool
    has_been_forcibly_ended: bool
    duplicate: bool
    message: str

    @classmethod
    def read(cls, root: Element) -> Self:
        """Read the answer of `create`."""
        return cls(
            meeting_id=root.must_string("meetingID"),
            internal_meeting_id=root.string("internalMeetingID"),
            parent_meeting_id=root.string("parentMeetingID"),
            create_time=root.must_number("createTime"),
            created_at=root.moment("createTime"),
            attendee_pw=root.string("attendeePW"),
            moderator_pw=root.string("moderatorPW"),
            voice_bridge=root.string("voiceBridge"),
            dial_number=root.string("dialNumber"),
            duration_minutes=root.count("duration"),
            has_user_joined=root.flag("hasUserJoined"),
            has_been_forcibly_ended=root.flag("hasBeenForciblyEnded"),
            duplicate=root.string("messageKey") == "duplicateWarning",
            message=root.string("message"),
        )


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody whose client is connected (section 2.5); `user_id` is the one given when joining."""

    user_id: str
    full_name: str
    role: Role | str
    is_presenter: bool
    is_listening_only: bool
    has_joined_voice: bool
    has_video: bool
    client_type: str
    custom_data: Mapping[str, str]

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<attendee>`."""
        return cls(
            user_id=element.string("userID"),
            full_name=element.string("fullName"),
            role=word(Role, element.string("role")),
            is_presenter=element.flag("isPresenter"),
            is_listening_only=element.flag("isListeningOnly"),
            has_joined_voice=element.flag("hasJoinedVoice"),
            has_video=element.flag("hasVideo"),
            client_type=element.string("clientType"),
            custom_data=element.mapping("customdata"),
        )


@dataclass(frozen=True, slots=True)
class MeetingInfo:
    """A meeting as getMeetingInfo and getMeetings describe it (section 2.5).

    `running` is false until somebody is in. `duration_minutes` and `max_users` are 0 for "no limit". Counts lag
    behind and are approximate (section 2.14). `metadata` has lower-case names and may echo callback addresses.
    """

    meeting_id: str
    internal_meeting_id: str
    name: str
    create_time: int
    created_at: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    duration_minutes: int
    running: bool
    recording: bool
    has_user_joined: bool
    has_been_forcibly_ended: bool
    participant_count: int
    listener_count: int
    voice_participant_count: int
    video_count: int
    moderator_count: int
    max_users: int
    attendees: tuple[Attendee, ...]
    metadata: Mapping[str, str] = field(repr=False)
    voice_bridge: str
    dial_number: str
    attendee_pw: str = field(repr=False)
    moderator_pw: str = field(repr=False)
    is_breakout: bool
    parent_meeting_id: str
    sequence: int | None
    free_join: bool
    breakout_rooms: tuple[str, ...]

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<meeting>`, or the answer of getMeetingInfo, which has the same children."""
        create_time = element.must_number("createTime")
        if create_time <= 0:
            raise Unreadable("createTime is no time")
        return cls(
            meeting_id=element.must_string("meetingID"),
            internal_meeting_id=element.string("internalMeetingID"),
            name=element.string("meetingName"),
            create_time=create_time,
            created_at=moment_of(create_time),
            start_time=element.moment("startTime"),
            end_time=element.moment("endTime"),
            duration_minutes=element.count("duration"),
            running=element.flag("running"),
            recording=element.flag("recording"),
            has_user_joined=element.flag("hasUserJoined"),
            has_been_forcibly_ended=element.flag("hasBeenForciblyEnded"),
            participant_count=element.count("participantCount"),
            listener_count=element.count("listenerCount"),
            voice_participant_count=element.count("voiceParticipantCount"),
            video_count=element.count("videoCount"),
            moderator_count=element.count("moderatorCount"),
            max_users=element.count("maxUsers"),
            attendees=tuple(map(Attendee.read, element.all("attendees", "attendee"))),
            metadata=element.mapping("metadata"),
            voice_bridge=element.string("voiceBridge"),
            dial_number=element.string("dialNumber"),
            attendee_pw=element.string("attendeePW"),
            moderator_pw=element.string("moderatorPW"),
            is_breakout=element.flag("isBreakout"),
            parent_meeting_id=element.string("parentMeetingID"),
            sequence=element.number("sequence"),
            free_join=element.flag("freeJoin"),
            breakout_rooms=tuple(
                breakout.text.strip() for breakout in element.all("breakoutRooms", "breakout")
            ),
        )


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who was let in, whether or not the client has connected (section 2.7)."""

    internal_meeting_id: str
    meeting_name: str
    user_name: str

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read one `<meeting>` of getSessions, which calls the internal id `meetingID`."""
        return cls(
            internal_meeting_id=element.must_string("meetingID"),
            meeting_name=element.string("meetingName"),
            user_name=element.string("userName"),
        )


def read_running(root: Element) -> bool:
    """Read the answer of isMeetingRunning (section 2.3)."""
    return root.must_string("running").lower() == "true"


@dataclass(frozen=True, slots=True)
class MeetingList:
    """The meetings that a server lists, and what of its list could not be read: those run, or do not.

    Behind a balancer the same id may be there twice (section 5): a dead double beside the living one.
    """

    meetings: tuple[MeetingInfo, ...]
    unread: tuple[Unread, ...]

    @classmethod
    def read(cls, root: Element) -> Self:
        """Read the answer of getMeetings (section 2.6)."""
        return cls(*read_each(root.listed("meetings", "meeting", none="noMeetings"), MeetingInfo.read))


def read_sessions(root: Element) -> tuple[Session, ...]:
    """Read the answer of getSessions (section 2.7)."""
    return tuple(map(Session.read, root.listed("sessions", "meeting", none="noSessions")))
