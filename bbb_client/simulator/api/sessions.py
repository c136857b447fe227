"""Calls by session token, in JSON, and sendChatMessage (BBB_API.md sections 2.9 and 2.10)."""

import json

from bbb_client.signing import signed_query
from bbb_client.simulator.answers import CallError, success
from bbb_client.simulator.api.ask import Ask, Result, json_answer
from bbb_client.simulator.api.join import client_url
from bbb_client.simulator.events import tell_of_message
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Admission, Person
from bbb_client.simulator.seats import leave

LONGEST_MESSAGE, LONGEST_USER = 500, 255  # characters


def send_chat_message(ask: Ask) -> Result:
    """Put a message into the public chat of a meeting that somebody is in (3.0)."""
    text, user = ask.text("message"), ask.text("userName") or "System"
    if not text:
        raise CallError("missingParamMessage", "You must specify a message")
    if len(text) > LONGEST_MESSAGE or len(user) > LONGEST_USER:
        raise CallError("sizeError", "The message or the name is too long")
    meeting = ask.world.find(ask.text("meetingID"))
    if meeting is None or not meeting.online:
        raise CallError("meetingNotFound", "The meeting was not found or is not active")
    meeting.messages.append((user, text))
    tell_of_message(ask.world, meeting, user, text)
    return success([], key="")


def get_join_url(ask: Ask) -> Result:
    """A signed join URL that brings the same person in on another device."""
    meeting, person = _living(ask)
    params = {
        "fullName": person.name,
        "meetingID": meeting.external_id,
        "role": person.role,
        "userID": person.external_id,
        "existingUserID": person.user_id,
        **{name: value for name, value in ask.params.items() if name.startswith("userdata-")},
    }
    if ask.params.get("sessionName"):
        params["sessionName"] = ask.text("sessionName")
    url = f"{ask.base_url}/bigbluebutton/api/join?{signed_query('join', params, ask.world.config.secret)}"
    return json_answer({"returncode": "SUCCESS", "message": "Join URL provided successfully.", "url": url})


def learning_dashboard(ask: Ask) -> Result:
    """What the dashboard of moderators shows: JSON in a string."""
    meeting, person = _living(ask)
    if not person.moderator:
        raise CallError("notAllowed", "Only a moderator can see the dashboard")
    users = {other.user_id: {"name": other.name, "isModerator": other.moderator} for other in meeting.online}
    data = {"intId": meeting.internal_id, "extId": meeting.external_id, "name": meeting.name, "users": users}
    return json_answer({"returncode": "SUCCESS", "data": json.dumps(data)})


def feedback(ask: Ask) -> Result:
    """Thanks for a rating, which is not kept (3.0)."""
    try:
        given = json.loads(ask.body or b"{}")
    except ValueError as error:
        raise CallError("invalidFeedback", "The feedback must be JSON") from error
    token = given.get("sessionToken") if isinstance(given, dict) else None
    if token is not None and str(token) not in ask.world.sessions:
        raise CallError("missingSession", "Invalid session token")
    return json_answer({"returncode": "SUCCESS"})


def stuns(ask: Ask) -> Result:
    """The STUN and TURN servers: none, nothing is sent."""
    _living(ask)
    return json_answer(
        {"returncode": "SUCCESS", "stunServers": [], "turnServers": [], "remoteIceCandidates": []}
    )


def sign_out(ask: Ask) -> Result:
    """The session is over."""
    meeting, person = ask.session()
    leave(ask.world, meeting, person)
    del ask.world.sessions[person.session_token]
    return json_answer(
        {"returncode": "SUCCESS", "messageKey": "signedOut", "message": "You have signed out."}
    )


def enter(ask: Ask) -> Result:
    """What a client up to 2.7 learns about its session."""
    meeting, person = _living(ask)
    answer = {
        "returncode": "SUCCESS",
        "fullname": person.name,
        "confname": meeting.name,
        "meetingID": meeting.internal_id,
        "externMeetingID": meeting.external_id,
        "externUserID": person.external_id,
        "internalUserID": person.user_id,
        "role": person.role,
        "record": meeting.record,
        "maxUsers": meeting.max_users,
    }
    return json_answer(answer)


def guest_wait(ask: Ask) -> Result:
    """How a guest in the lobby stands (section 2.2)."""
    meeting, person = _living(ask)
    person.heard = ask.world.monotonic()
    fits = meeting.has_room_for(person.external_id, meeting.seats(ask.world.now, ask.world.grace))
    key, words = _standing(person, fits=fits)
    answer = {
        "returncode": "SUCCESS",
        "messageKey": key,
        "message": words,
        "guestStatus": person.admission.value,
    }
    return json_answer({**answer, "meetingId": meeting.internal_id, "url": client_url(ask, person)})


def _standing(person: Person, *, fits: bool) -> tuple[str, str]:
    if person.admission is Admission.DENY:
        return "guestDeny", "Guest denied"
    if person.admission is Admission.WAIT:
        return "guestWait", "Guest waiting"
    return ("guestAllowed", "Guest allowed") if fits else ("seatWait", "Waiting for a free place")


def _living(ask: Ask) -> tuple[Meeting, Person]:
    """The session, if its meeting lives and the person was not put out."""
    meeting, person = ask.session()
    if meeting.ended is not None or person.removed:
        raise CallError("missingSession", "Invalid session token")
    return meeting, person
