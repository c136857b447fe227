"""join: somebody gets a session and is sent to the page that stands for the client (section 2.2)."""

import json
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from bbb_client.simulator.addresses import is_web_address
from bbb_client.simulator.answers import CallError, Fields, failure
from bbb_client.simulator.api.ask import FALSE, Ask, Result
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Admission, Person, new_user_id
from bbb_client.simulator.seats import register, require_seat

PARAMS_REQUIRED = "Params required"  # literally: BBB puts this where a key belongs
FOUND = 302


def join(ask: Ask) -> Result:
    """Register a session; the person is an attendee only when the client connects."""
    meeting = _meeting(ask)
    person = _person(ask, meeting)
    require_seat(ask.world, meeting, person.external_id, ask.call)
    if person.admission is Admission.DENY:
        raise CallError("guestDeniedAccess", "You were denied access to this meeting.")
    register(ask.world, meeting, person)
    url = client_url(ask, person)
    if ask.params.get("redirect", "").lower() != FALSE:
        return RedirectResponse(url, FOUND)
    return _in_words(meeting, person, url)


def client_url(ask: Ask, person: Person) -> str:
    """Where a browser meets the conference."""
    return f"{ask.base_url}{ask.world.profile.client_path}?sessionToken={person.session_token}"


def refuse(ask: Ask, error: CallError) -> Result:
    """Refusals redirect even with redirect=false; only missing parameters come as XML (section 2.2)."""
    if error.key == PARAMS_REQUIRED:
        return failure(error)
    entry = {"key": error.key, "message": error.message}
    query = urlencode({"errors": json.dumps([entry])}, quote_via=quote)
    url = _refusal_target(ask, error)
    return RedirectResponse(f"{url}{'&' if '?' in url else '?'}{query}", FOUND)


def _refusal_target(ask: Ask, error: CallError) -> str:
    own = ask.world.config.default_logout_url or f"{ask.base_url}/"
    if error.key == "checksumError":  # nobody vouched for the addresses in an unsigned call
        return own
    meeting = ask.world.find(ask.text("meetingID"))
    wanted = [
        ask.params.get("errorRedirectUrl", "") if ask.world.profile.error_redirect_url else "",
        ask.params.get("logoutURL", ""),
        meeting.logout_url if meeting else "",
    ]
    return next((url for url in wanted if is_web_address(url)), own)


def _meeting(ask: Ask) -> Meeting:
    if not ask.text("fullName"):
        raise CallError(
            "missingParamFullName", "You must specify a name for the attendee who will be joining."
        )
    meeting_id = ask.text("meetingID")
    meeting = ask.world.find(meeting_id)
    if meeting is None and ask.world.find_ended(meeting_id):
        raise CallError(
            "meetingForciblyEnded", "You can not re-join a meeting that has already been forcibly ended."
        )
    if meeting is None:
        raise CallError(
            "invalidMeetingIdentifier", "The meeting ID that you supplied did not match any existing meetings"
        )
    _check_create_time(ask, meeting)
    return meeting


def _check_create_time(ask: Ask, meeting: Meeting) -> None:
    given = ask.params.get("createTime")
    if given == "" and ask.world.profile.empty_create_time_fails:
        raise HTTPException(500)  # so does BBB (issue 21145)
    if given and given != str(meeting.created):
        raise CallError(
            "mismatchCreateTimeParam",
            "The createTime parameter submitted mismatches with the current meeting.",
        )


def _person(ask: Ask, meeting: Meeting) -> Person:
    moderator, user_id = _is_moderator(ask, meeting), new_user_id()
    admission = _admission(ask, meeting, moderator=moderator)
    return Person(
        user_id=user_id,
        external_id=ask.text("userID") or user_id,
        name=ask.text("fullName"),
        moderator=moderator,
        registered=ask.world.now,
        guest=ask.checked_switch("guest"),
        admission=admission,
        userdata=_userdata(ask),
        logout_url=ask.params.get("logoutURL", ""),
    )


def _is_moderator(ask: Ask, meeting: Meeting) -> bool:
    """The role wins over the password; one of the two is needed."""
    role, password = ask.params.get("role", "").upper(), ask.params.get("password", "")
    if role in {"MODERATOR", "VIEWER"}:
        return role == "MODERATOR"
    if not password:
        raise CallError(PARAMS_REQUIRED, "You must provide a role or a password")
    if password not in {meeting.moderator_pw, meeting.attendee_pw}:
        raise CallError(
            "invalidPassword",
            "The password supplied is neither the attendee or moderator password for this conference.",
        )
    return password == meeting.moderator_pw


def _admission(ask: Ask, meeting: Meeting, *, moderator: bool) -> Admission:
    """The outcome of the guest policy, by the table under section 2.2."""
    guest, trusted = ask.checked_switch("guest"), ask.checked_switch("auth")
    welcome = ask.params.get("guest", "").lower() == FALSE
    if moderator or welcome or meeting.guest_policy == "ALWAYS_ACCEPT":
        return Admission.ALLOW
    if meeting.guest_policy == "ALWAYS_DENY":
        return Admission.DENY
    if meeting.guest_policy == "ALWAYS_ACCEPT_AUTH" and trusted and not guest:
        return Admission.ALLOW
    return Admission.WAIT


def _userdata(ask: Ask) -> dict[str, str]:
    """userdata-*: a name with a second dash is dropped (section 2.2)."""
    names = [name for name in ask.params if name.startswith("userdata-") and name.count("-") == 1]
    return {name.removeprefix("userdata-"): ask.text(name) for name in names}


def _in_words(meeting: Meeting, person: Person, url: str) -> Fields:
    waits = person.admission is Admission.WAIT
    return [
        ("returncode", "SUCCESS"),
        ("messageKey", "guestWait" if waits else "successfullyJoined"),
        ("message", "Guest waiting for approval." if waits else "You have joined successfully."),
        ("meeting_id", meeting.internal_id),
        ("user_id", person.user_id),
        ("auth_token", person.auth_token),
        ("session_token", person.session_token),
        ("guestStatus", person.admission.value),
        ("url", url),
    ]
