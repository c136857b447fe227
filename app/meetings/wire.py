"""A room and the terms of its meeting, as BigBlueButton's create and join want them."""

from dataclasses import dataclass

from app.meetings.joining import Admission, Participant
from bbb_client.requests import CreateMeeting, JoinMeeting
from bbb_client.vocabulary import GuestPolicy, Role

ToCreate = CreateMeeting


@dataclass(frozen=True)
class Addresses:
    """Where BBB sends people afterwards, and where it reports to: whole addresses of this site.

    `ended`, `recording` and `analytics` are patterns with {meeting} and {token}. `keep_events`: whether BBB is
    asked to keep what happened in a meeting until it has reported it, names included.
    """

    room: str
    ended: str
    recording: str
    site_name: str
    analytics: str = ""
    keep_events: bool = False


@dataclass(frozen=True)
class NewMeeting:
    """A meeting that BBB is to make: its names, its room's settings, and the terms that were granted."""

    name: str
    lobby: bool
    external_id: str
    callback_token: str
    tier: str
    minutes: int | None
    people: int | None
    recorded: bool


def to_create(meeting: NewMeeting, addresses: Addresses) -> CreateMeeting:
    """The granted terms go to BBB with the create call (BBB_API.md 2.1); it holds the meeting to them."""
    place = {"meeting": meeting.external_id, "token": meeting.callback_token}
    return CreateMeeting(
        meeting_id=meeting.external_id,
        # BBB wants two characters (BBB_API.md 2.1), people may be content with one.
        name=meeting.name if len(meeting.name) > 1 else f"“{meeting.name}”",
        duration_minutes=meeting.minutes,
        max_participants=meeting.people,
        record=meeting.recorded,
        auto_start_recording=False,
        allow_start_stop_recording=True,
        # A breakout room's recording would be one of a meeting that nobody here has heard of, and counts.
        breakout_rooms_record=False,
        guest_policy=GuestPolicy.ASK_MODERATOR if meeting.lobby else GuestPolicy.ALWAYS_ACCEPT,
        logout_url=addresses.room,
        end_callback_url=addresses.ended.format(**place),
        recording_ready_url=addresses.recording.format(**place) if meeting.recorded else None,
        # Sent also without `keep_events`: a server may keep events by its own settings.
        analytics_callback_url=addresses.analytics.format(**place) or None,
        meeting_keep_events=True if addresses.keep_events else None,
        meta={"bbb-origin": "Guildhall", "bbb-origin-server-name": addresses.site_name, "tier": meeting.tier},
    )


def to_join(admission: Admission, who: Participant, back: str, *, lobby: bool) -> JoinMeeting:
    """A signed way in for one participant (BBB_API.md 2.2). `createTime` keeps it from a later meeting."""
    return JoinMeeting(
        full_name=who.name,
        meeting_id=admission.external_id,
        role=Role.MODERATOR if who.is_host else Role.VIEWER,
        create_time=admission.create_time,
        user_id=who.key,
        guest=True if lobby and not who.is_host else None,
        error_redirect_url=back,
        logout_url=back,
    )
