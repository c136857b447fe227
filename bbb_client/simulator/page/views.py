"""What the pages do: loading one connects, its buttons leave, end, record, let in."""

import json
import re
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from bbb_client.simulator.addresses import is_web_address
from bbb_client.simulator.answers import without_controls
from bbb_client.simulator.checks import pairs
from bbb_client.simulator.ending import finish
from bbb_client.simulator.meetings import Ending, Meeting
from bbb_client.simulator.page import html
from bbb_client.simulator.people import Admission, Person
from bbb_client.simulator.seats import FULL, connect, leave, switch_recording
from bbb_client.simulator.world import World

NO_CONTENT, FOUND, SEE_OTHER, FORBIDDEN, NOT_FOUND, CONFLICT = 204, 302, 303, 403, 404, 409
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
ASSETS = {"page.css": "text/css", "page.js": "text/javascript"}
LEFT_LOBBY = "leftLobby"
REASONS = {
    LEFT_LOBBY: ("You have left the lobby", "To come back, join again the way you came."),
    FULL.key: (
        "The meeting is full",
        "There is no free place. Somebody has to leave before you can come in.",
    ),
    "duplicateUser": (
        "You joined from another device",
        "You are in this meeting from too many places at once.",
    ),
    "guestInvalid": ("You waited too long", "The lobby did not hear from this page any more. Join again."),
}


async def show(request: Request) -> Response:
    """The page of a session. Loading it is the client connecting (section 2.2)."""
    world, found = _session(request, request.query_params.get("sessionToken", ""))
    if found is None:
        return _unknown()
    meeting, person = found
    person.closed = None
    # The browser's own refresh must not bring somebody back whom the control address made leave.
    if request.query_params.get("again") and person.leaves and not person.online:
        return _away(world, meeting, person)
    if connect(world, meeting, person):
        return _page(html.conference(meeting, person, world.now), leads_to=_way_out(world, meeting, person))
    if meeting.ended is None and person.admission is Admission.WAIT and not person.removed:
        return _page(html.lobby(meeting, person), leads_to=_way_out(world, meeting, person))
    return _away(world, meeting, person)


async def live(request: Request) -> Response:
    """What the script of the page asks for; 409 with an address when the page has to go there."""
    world, found = _session(request, request.query_params.get("sessionToken", ""))
    if found is None:
        return PlainTextResponse(html.HERE + "/", CONFLICT)
    meeting, person = found
    person.heard, person.closed = world.monotonic(), None
    if person.online:
        return HTMLResponse(html.live(meeting, person, world.now), headers=_headers(""))
    if meeting.ended is None and person.registered_only and person.admission is Admission.WAIT:
        return Response(status_code=NO_CONTENT)
    place = "/left" if person.leaves and meeting.ended is None else "/"
    return PlainTextResponse(html.address(person, place), CONFLICT)


async def closed(request: Request) -> Response:
    """The page was closed or is being loaded again; which of both, the next seconds show."""
    world, found = _session(request, request.query_params.get("sessionToken", ""))
    if found is not None:
        found[1].closed = world.monotonic()
    return Response(status_code=NO_CONTENT)


async def left(request: Request) -> Response:
    """Where somebody is who left."""
    world, found = _session(request, request.query_params.get("sessionToken", ""))
    return _away(world, *found) if found else _unknown()


async def act(request: Request) -> Response:
    """A button was pressed: leave, end, record, admit."""
    form = dict(pairs((await request.body()).decode("utf-8", "replace")))
    world, found = _session(request, form.get("sessionToken", ""))
    if found is None:
        return _unknown()
    meeting, person = found
    action = request.path_params["action"]
    if action == "leave":
        leave(world, meeting, person, removed="" if person.joins else LEFT_LOBBY)
        return RedirectResponse(_way_out(world, meeting, person) or html.address(person, "/left"), SEE_OTHER)
    if not person.moderator or not person.online:
        return _page(
            html.message("Not for you", "Only a moderator who is in the meeting can do this."), FORBIDDEN
        )
    if action == "end":
        finish(world, meeting, Ending.MODERATOR)
    _moderate(world, meeting, action, form)
    return RedirectResponse(html.address(person), SEE_OTHER)


async def asset(request: Request) -> Response:
    """The style and the script of the pages."""
    name = request.path_params["name"]
    if name not in ASSETS:
        return PlainTextResponse("Not found", NOT_FOUND)
    text = files(__package__).joinpath("assets", name).read_text("utf-8")
    return Response(text, media_type=ASSETS[name], headers={"Cache-Control": "no-cache"})


async def start(request: Request) -> Response:
    """The bare address: what this is, and why a join was refused if that is what led here."""
    for entry in _errors(request.query_params.get("errors", "")):
        return _page(html.message("You could not join", entry))
    words = "A simulated BigBlueButton server for development. Its API is under /bigbluebutton/api/."
    return _page(html.message("BigBlueButton simulator", words))


async def playback(request: Request) -> Response:
    """Where the links of recordings lead."""
    world: World = request.app.state.world
    recording = world.recordings.get(request.path_params["record_id"])
    if recording is None or recording.state != "published":
        return _page(
            html.message("No recording here", "It was deleted, is not published, or never existed."),
            NOT_FOUND,
        )
    words = (
        f"This would be the {request.path_params['kind']} of “{recording.name}”. A simulator records nothing."
    )
    return _page(html.message("A simulated recording", words))


def _session(request: Request, token: str) -> tuple[World, tuple[Meeting, Person] | None]:
    world: World = request.app.state.world
    return world, world.sessions.get(token)


def _moderate(world: World, meeting: Meeting, action: str, form: dict[str, str]) -> None:
    if action == "record" and meeting.allow_start_stop:
        switch_recording(world, meeting, on=form.get("on") == "yes")
    guest = meeting.people.get(form.get("user", ""))
    if action == "admit" and guest is not None:
        admit(guest, allow=form.get("allow") == "yes")


def admit(guest: Person, *, allow: bool) -> None:
    """Let a waiting guest in or send them away."""
    if guest.admission is Admission.WAIT:
        guest.admission = Admission.ALLOW if allow else Admission.DENY


def _errors(text: str) -> list[str]:
    """The messages of `?errors=[…]`; whatever else stands there is nobody's business."""
    try:
        entries = json.loads(text or "[]")
    except ValueError:
        return []
    entries = entries if isinstance(entries, list) else []
    return [without_controls(str(entry.get("message"))) for entry in entries if isinstance(entry, dict)]


def _way_out(world: World, meeting: Meeting, person: Person) -> str:
    """The logoutURL that counts: the person's, the meeting's, the server's; only addresses of the web."""
    wanted = (person.logout_url, meeting.logout_url, world.config.default_logout_url)
    return next((url for url in wanted if is_web_address(url)), "")


def _away(world: World, meeting: Meeting, person: Person) -> Response:
    """Where somebody goes who is not in: to the logoutURL, or to a page that says what happened."""
    if person.removed in REASONS and meeting.ended is None:
        return _page(html.message(*REASONS[person.removed]), FORBIDDEN)
    if url := _way_out(world, meeting, person):
        return RedirectResponse(url, FOUND, headers={"Referrer-Policy": "no-referrer"})
    if meeting.ended is not None:
        return _page(html.message("The meeting has ended", f"“{meeting.name}” is over for everyone."))
    if person.admission is Admission.DENY:
        return _page(html.message("You were not let in", "A moderator refused you."), FORBIDDEN)
    back = (html.address(person), "Back into the meeting")
    return _page(html.message("You have left", f"“{meeting.name}” goes on without you.", link=back))


def _unknown() -> Response:
    words = "This session is not known here. Perhaps the server was started again, or it is long over."
    return _page(html.message("No such meeting", words), NOT_FOUND)


def _page(text: str, status: int = 200, *, leads_to: str = "") -> Response:
    return HTMLResponse(text, status, _headers(leads_to))


def _headers(leads_to: str) -> dict[str, str]:
    """Strict headers. The buttons may lead on to the logoutURL: browsers check form-action on redirects too."""
    parts = urlsplit(leads_to)
    origin = f"{parts.scheme}://{parts.netloc}"
    more = f" {origin}" if ORIGIN.fullmatch(origin) else ""
    return {
        "Content-Security-Policy": POLICY + more,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
