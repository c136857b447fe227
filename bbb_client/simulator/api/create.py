"""create: a new meeting, or the one that lives already (BBB_API.md section 2.1)."""

import re
import secrets
import string

from bbb_client.simulator.addresses import is_web_address
from bbb_client.simulator.answers import CallError, Fields, success, without_controls
from bbb_client.simulator.api.ask import Ask, Result
from bbb_client.simulator.api.documents import file_names
from bbb_client.simulator.clock import in_words
from bbb_client.simulator.events import tell
from bbb_client.simulator.meetings import Breakout, Meeting, internal_prefix
from bbb_client.simulator.world import World

DIAL_NUMBER = "613-555-1234"
GUEST_POLICIES = {"ALWAYS_ACCEPT", "ALWAYS_DENY", "ASK_MODERATOR", "ALWAYS_ACCEPT_AUTH"}
META = re.compile(r"meta_([A-Za-z][A-Za-z0-9-]*)")
SHORTEST, LONGEST, LONGEST_PW = 2, 256, 64  # characters
PW_LETTERS = string.ascii_letters + string.digits


def create(ask: Ask) -> Result:
    """Answer the call."""
    meeting_id, name = _identity(ask)
    _validate(ask)
    live = ask.world.find(meeting_id)
    if live is not None and live.external_id == meeting_id:
        return _again(ask, live)
    meeting = _new(ask, meeting_id, name)
    ask.world.meetings[meeting.internal_id] = meeting
    ask.world.wake.set()
    tell(ask.world, "meeting-created", meeting)
    return success(_fields(meeting), key="")


def metadata(ask: Ask) -> dict[str, str]:
    """The metadata that BBB keeps: names in small letters, odd names silently dropped (section 2.1)."""
    found = ((META.fullmatch(name), value) for name, value in ask.params.items())
    return {match[1].lower(): without_controls(value) for match, value in found if match}


def _identity(ask: Ask) -> tuple[str, str]:
    meeting_id, name = ask.text("meetingID"), ask.text("name")
    if not meeting_id:
        raise CallError("missingParamMeetingID", "You must specify a meeting ID for the meeting.")
    if not SHORTEST <= len(meeting_id) <= LONGEST:
        raise CallError("sizeError", "Meeting ID must be between 2 and 256 characters")
    if "," in meeting_id:
        raise CallError("validationError", "Meeting ID cannot contain ','")
    if not name:
        raise CallError("validationError", "You must provide a meeting name")
    if not SHORTEST <= len(name) <= LONGEST:
        raise CallError("sizeError", "Meeting name must be between 2 and 256 characters")
    return meeting_id, name


def _validate(ask: Ask) -> None:
    for name in ("attendeePW", "moderatorPW"):
        if ask.params.get(name) and not SHORTEST <= len(ask.params[name]) <= LONGEST_PW:
            raise CallError("invalidPassword", f"{name} must be between 2 and 64 characters")
    for name in ("record", "isBreakout"):
        ask.checked_switch(name)
    if ask.params.get("voiceBridge") and not ask.params["voiceBridge"].isdecimal():
        raise CallError("validationError", "Voice bridge must be an integer")
    upload = ask.params.get("presentationUploadExternalUrl", "")
    if upload and not is_web_address(upload):
        raise CallError("validationError", "presentationUploadExternalUrl must be an address")


def _again(ask: Ask, live: Meeting) -> Fields:
    """A second create: the stored values if no or both right passwords come, nothing is changed."""
    sent = (ask.params.get("attendeePW", ""), ask.params.get("moderatorPW", ""))
    if sent not in {("", ""), (live.attendee_pw, live.moderator_pw)}:
        raise CallError("idNotUnique", "A meeting already exists with that meeting ID.")
    words = "This conference was already in existence and may currently be in progress."
    return success(_fields(live), key="duplicateWarning", message=words)


def _new(ask: Ask, meeting_id: str, name: str) -> Meeting:
    world = ask.world
    internal_id, created = _internal_id(world, meeting_id)
    return Meeting(
        external_id=meeting_id,
        internal_id=internal_id,
        name=name,
        created=created,
        attendee_pw=ask.params.get("attendeePW") or _password(),
        moderator_pw=ask.params.get("moderatorPW") or _password(),
        voice_bridge=_voice_bridge(ask),
        dial_number=ask.text("dialNumber") or DIAL_NUMBER,
        duration=max(0, ask.number("duration", 0)),
        max_users=max(0, ask.number("maxParticipants", 0)),
        record=ask.switch("record") and not world.config.disable_recording,
        auto_start=ask.switch("autoStartRecording"),
        allow_start_stop=ask.switch("allowStartStopRecording", default=True),
        keep_events=ask.switch("meetingKeepEvents", default=world.config.keep_events),
        logout_url=ask.params.get("logoutURL", ""),
        ended_url=ask.params.get("meetingEndedURL", ""),
        guest_policy=_guest_policy(ask),
        expire_not_joined=ask.number("meetingExpireIfNoUserJoinedInMinutes", 5),
        expire_last_left=ask.number("meetingExpireWhenLastUserLeftInMinutes", 1),
        end_without_moderator=ask.switch("endWhenNoModerator"),
        moderator_delay=ask.number("endWhenNoModeratorDelayInMinutes", 1),
        metadata=metadata(ask),
        disabled_features=_names(ask, "disabledFeatures") - _names(ask, "disabledFeaturesExclude"),
        breakout=_breakout(ask),
        documents=file_names(ask),
    )


def _internal_id(world: World, meeting_id: str) -> tuple[str, int]:
    """The internal id and the createTime in it: two meetings of one millisecond differ all the same."""
    prefix, created = internal_prefix(meeting_id), world.now
    while f"{prefix}-{created}" in {*world.ended, *world.meetings}:
        created += 1
    return f"{prefix}-{created}", created


def _names(ask: Ask, parameter: str) -> frozenset[str]:
    """The names of a comma-separated parameter."""
    return frozenset(filter(None, (name.strip() for name in ask.params.get(parameter, "").split(","))))


def _password() -> str:
    return "".join(secrets.choice(PW_LETTERS) for _ in range(8))


def _guest_policy(ask: Ask) -> str:
    policy = ask.params.get("guestPolicy", "")
    return policy if policy in GUEST_POLICIES else "ALWAYS_ACCEPT"


def _voice_bridge(ask: Ask) -> str:
    used = {meeting.voice_bridge for meeting in ask.world.meetings.values()}
    wanted = ask.params.get("voiceBridge", "")
    if wanted in used:
        raise CallError("nonUniqueVoiceBridge", "The selected voice bridge is already in use.", listed=True)
    while not wanted or wanted in used:
        wanted = str(10_000 + secrets.randbelow(90_000))
    return wanted


def _breakout(ask: Ask) -> Breakout | None:
    if not ask.checked_switch("isBreakout"):
        return None
    if not ask.params.get("parentMeetingID"):
        raise CallError("parentMeetingIdMissing", "No parent meeting ID was provided for the breakout room.")
    parent = ask.world.find(ask.params["parentMeetingID"])
    if parent is None:
        raise CallError("parentMeetingDoesNotExist", "No meeting exists with the given parent meeting ID.")
    return Breakout(parent.internal_id, ask.number("sequence", 0), ask.switch("freeJoin"))


def _fields(meeting: Meeting) -> Fields:
    """The reply's fields, in the order of section 2.1."""
    return [
        ("meetingID", meeting.external_id),
        ("internalMeetingID", meeting.internal_id),
        ("parentMeetingID", meeting.parent_id),
        ("attendeePW", meeting.attendee_pw),
        ("moderatorPW", meeting.moderator_pw),
        ("createTime", meeting.created),
        ("voiceBridge", meeting.voice_bridge),
        ("dialNumber", meeting.dial_number),
        ("createDate", in_words(meeting.created)),
        ("hasUserJoined", meeting.ever_joined),
        ("duration", meeting.duration),
        ("hasBeenForciblyEnded", False),
    ]
