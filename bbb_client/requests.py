"""What can be asked of a meeting: each request is a frozen dataclass, each field a parameter (section 2).

A field left at None is not sent, and the server's default holds. Addresses for callbacks and passwords are kept
out of reprs, because callers put tokens into them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bbb_client.documents import Document, modules
from bbb_client.parameters import BODY, check_meta, check_userdata, named, prefixed
from bbb_client.vocabulary import Feature, GuestPolicy, Layout, Role

__all__ = [
    "CreateHook",
    "CreateMeeting",
    "Feature",
    "GetJoinUrl",
    "GuestPolicy",
    "InsertDocument",
    "JoinMeeting",
    "Layout",
    "Role",
    "SendChatMessage",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMeeting:
    """A meeting to be created (section 2.1). Limits hold from the first create on and cannot be changed after.

    Sent with POST if there are documents or client settings, as the XML body; parameters are in the address even
    then. Raises ValueError for what BigBlueButton would silently take for something else.
    """

    meeting_id: str  # 2 to 256 characters, no comma; best [A-Za-z0-9_-]
    name: str  # 2 to 64 characters to be safe
    attendee_pw: str | None = field(default=None, repr=False)  # deprecated; both or neither
    moderator_pw: str | None = field(default=None, repr=False)

    # limits
    duration_minutes: int | None = field(default=None, metadata=named("duration"))  # from create; 0 = endless
    max_participants: int | None = None  # counts moderators too; 0 = unlimited (section 2.13)
    user_camera_cap: int | None = None
    meeting_camera_cap: int | None = None
    max_pinned_cameras: int | None = None
    max_num_pages: int | None = None

    # when it ends by itself (section 2.12)
    meeting_expire_if_no_user_joined_in_minutes: int | None = None
    meeting_expire_when_last_user_left_in_minutes: int | None = None
    end_when_no_moderator: bool | None = None
    end_when_no_moderator_delay_in_minutes: int | None = None

    # recording
    record: bool | None = None
    auto_start_recording: bool | None = None
    allow_start_stop_recording: bool | None = None
    record_full_duration_media: bool | None = None
    notify_recording_is_on: bool | None = None
    meeting_keep_events: bool | None = None  # what the analytics callback needs, if nothing is recorded
    breakout_rooms_record: bool | None = None

    # words and looks
    welcome: str | None = None
    moderator_only_message: str | None = None
    banner_text: str | None = None
    banner_color: str | None = None  # #RRGGBB
    logo: str | None = None
    darklogo: str | None = None
    logout_url: str | None = field(default=None, repr=False)
    login_url: str | None = field(default=None, repr=False)
    meeting_layout: Layout | str | None = None

    # behaviour
    guest_policy: GuestPolicy | str | None = None
    mute_on_start: bool | None = None
    allow_mods_to_unmute_users: bool | None = None
    allow_mods_to_eject_cameras: bool | None = None
    allow_promote_guest_to_moderator: bool | None = None
    allow_requests_without_session: bool | None = None
    multi_user_whiteboard_enabled: bool | None = None
    webcams_only_for_moderator: bool | None = None
    disabled_features: Sequence[Feature | str] = ()
    disabled_features_exclude: Sequence[Feature | str] = ()
    groups: Sequence[Mapping[str, Any]] = ()  # {"id", "name", "roster": [user ids]}
    plugin_manifests: Sequence[Mapping[str, str]] = ()  # {"url", "checksum"}
    learning_dashboard_cleanup_delay_in_minutes: int | None = None

    # what viewers may not do
    lock_settings_disable_cam: bool | None = None
    lock_settings_disable_mic: bool | None = None
    lock_settings_disable_private_chat: bool | None = None
    lock_settings_disable_public_chat: bool | None = None
    lock_settings_disable_notes: bool | None = None
    lock_settings_hide_user_list: bool | None = None
    lock_settings_hide_viewers_cursor: bool | None = None
    lock_settings_hide_viewers_annotation: bool | None = None
    lock_settings_lock_on_join: bool | None = None
    lock_settings_lock_on_join_configurable: bool | None = None

    # telephone
    voice_bridge: str | None = None  # digits
    dial_number: str | None = None

    # breakout rooms
    is_breakout: bool | None = None
    parent_meeting_id: str | None = None
    sequence: int | None = None
    free_join: bool | None = None
    breakout_rooms_private_chat_enabled: bool | None = None
    breakout_rooms_capture_slides: bool | None = None
    breakout_rooms_capture_notes: bool | None = None

    # slides and settings
    pre_uploaded_presentation: str | None = field(default=None, repr=False)
    pre_uploaded_presentation_name: str | None = None
    pre_uploaded_presentation_override_default: bool | None = None
    presentation_upload_external_url: str | None = field(
        default=None, repr=False, metadata=named("presentationUploadExternalUrl")
    )
    presentation_upload_external_description: str | None = None
    documents: Sequence[Document] = field(default=(), metadata=BODY)
    client_settings_override: str | None = field(default=None, repr=False, metadata=BODY)  # JSON text

    # callbacks (section 4), unsigned but for recording ready and analytics: put a token of your own in them
    end_callback_url: str | None = field(default=None, repr=False, metadata=named("meta_endCallbackUrl"))
    recording_ready_url: str | None = field(
        default=None, repr=False, metadata=named("meta_bbb-recording-ready-url")
    )
    analytics_callback_url: str | None = field(
        default=None, repr=False, metadata=named("meta_analytics-callback-url")
    )
    meeting_ended_url: str | None = field(default=None, repr=False)  # reserved for operators and balancers
    meta: Mapping[str, str] = field(default_factory=dict, repr=False, metadata=prefixed("meta_"))

    def __post_init__(self) -> None:
        check_meta(self.meta)
        self._check_limits()
        if (self.attendee_pw is None) != (self.moderator_pw is None):
            raise ValueError("with one password only, a repeated create is refused: give both or neither")
        if self.record and self.allow_start_stop_recording is False and not self.auto_start_recording:
            raise ValueError(
                "a recording that nobody can start: set auto_start_recording or allow to start it"
            )

    def _check_limits(self) -> None:
        """Refuse numbers that mean 'unlimited' to BigBlueButton without saying so, or that nobody agrees on."""
        if (self.duration_minutes or 0) < 0 or (self.max_participants or 0) < 0:
            raise ValueError("a negative limit would be no limit: use 0 or None for that")
        if self.meeting_expire_when_last_user_left_in_minutes == 0:
            raise ValueError(
                "0 minutes after the last user left means 'never' to some servers, 'at once' to others"
            )
        if self.voice_bridge is not None and not (
            self.voice_bridge.isascii() and self.voice_bridge.isdigit()
        ):
            raise ValueError("a voice bridge is made of digits")

    def body(self) -> bytes | None:
        """Write the XML body; None if there is none and GET will do."""
        return modules(self.documents, self.client_settings_override)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinMeeting:
    """A person on the way into a meeting (section 2.2); becomes an address for a browser.

    The address can be used again and again and never expires, so send `create_time` (ms, as `create` and
    `get_meeting_info` tell it): it binds the address to this one meeting. `user_id` makes a person count once
    however many devices they use (section 2.13).
    """

    full_name: str
    meeting_id: str
    role: Role
    create_time: int | None = None
    user_id: str | None = None
    guest: bool | None = None
    auth: bool | None = None
    redirect: bool | None = None
    error_redirect_url: str | None = field(default=None, repr=False, metadata=named("errorRedirectUrl"))
    logout_url: str | None = field(default=None, repr=False)
    avatar_url: str | None = None
    webcam_background_url: str | None = None
    default_layout: Layout | str | None = None
    enforce_layout: Layout | str | None = None
    exclude_from_dashboard: bool | None = None
    first_name: str | None = None
    last_name: str | None = None
    bot: bool | None = None
    userdata: Mapping[str, str] = field(default_factory=dict, metadata=prefixed("userdata-"))

    def __post_init__(self) -> None:
        check_userdata(self.userdata)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertDocument:
    """Slides for a meeting that is running (section 2.8)."""

    meeting_id: str
    documents: Sequence[Document] = field(metadata=BODY)

    def body(self) -> bytes:
        """Write the XML body; raises ValueError if there is no document."""
        body = modules(self.documents)
        if body is None:
            raise ValueError("there is no document to insert")
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class SendChatMessage:
    """A line in the public chat of a meeting that somebody has joined (section 2.9; 3.0)."""

    meeting_id: str
    message: str  # 1 to 500 characters
    user_name: str | None = None  # up to 255 characters; the server says "System"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJoinUrl:
    """Ask for an address that opens somebody's session again, on another device (section 2.10)."""

    session_token: str = field(repr=False)
    replace_session: bool | None = None
    session_name: str | None = None
    enforce_layout: Layout | str | None = None
    revoke_previous_session: bool | None = None
    userdata: Mapping[str, str] = field(default_factory=dict, metadata=prefixed("userdata-"))

    def __post_init__(self) -> None:
        check_userdata(self.userdata)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateHook:
    """An address that bbb-webhooks shall tell of events (section 4.4); all meetings if none is named.

    Hooks vanish after failed deliveries: register again every few minutes, the same address changes nothing.
    """

    callback_url: str = field(repr=False)
    meeting_id: str | None = None
    event_ids: Sequence[str] = field(default=(), metadata=named("eventID"))
    get_raw: bool | None = None
