"""The pages as HTML: every text that came from outside is escaped here and nowhere else."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from bbb_client.simulator.clock import MINUTE
from bbb_client.simulator.meetings import Meeting
from bbb_client.simulator.people import Admission, Person

REFRESH = 5  # seconds between two looks of a browser without script
SHOWN = 100  # people on the page
HERE = "/html5client"
NOTICE = "<strong>Simulator.</strong> This stands in for BigBlueButton: no audio, no video, nothing is sent."
WAITING = "You wait in the lobby. A moderator lets you in, and this page goes on by itself."


def document(title: str, body: str, *, head: str = "", kind: str = "plain") -> str:
    """A whole page; `body` and `head` are HTML already."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{HERE}/assets/page.css">
{head}
</head>
<body class="{kind}">
<header class="notice">{NOTICE}</header>
{body}
</body>
</html>
"""


def message(title: str, words: str, *, link: tuple[str, str] | None = None) -> str:
    """A page that says one thing, with one way on: its address and its words."""
    way = f'<p><a class="button quiet" href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return document(title, f"<main><h1>{escape(title)}</h1><p>{escape(words)}</p>{way}</main>")


def conference(meeting: Meeting, person: Person, now: int) -> str:
    """The page of somebody who is in the meeting."""
    body = f"""<main>
<h1>{escape(meeting.name)}</h1>
<div id="live">{live(meeting, person, now)}</div>
<div class="actions">
{_button(person, "leave", "Leave the meeting")}
{_end(person) if person.moderator else ""}
</div>
</main>"""
    return document(meeting.name, body, head=_again(person), kind="conference")


def lobby(meeting: Meeting, person: Person) -> str:
    """The page of a guest who waits to be let in."""
    body = f"""<main>
<h1>{escape(meeting.name)}</h1>
<div id="live"><p role="status">{WAITING}</p></div>
<div class="actions">{_button(person, "leave", "Leave the lobby")}</div>
</main>"""
    return document(f"Lobby: {meeting.name}", body, head=_again(person), kind="conference")


def live(meeting: Meeting, person: Person, now: int) -> str:
    """What changes while the page is open: time, recording, people."""
    return "\n".join((_facts(meeting, person, now), _people(meeting, person), _waiting(meeting, person)))


def address(person: Person, place: str = "/", **more: str) -> str:
    """A page of one person's session."""
    return f"{HERE}{place}?" + urlencode({"sessionToken": person.session_token, **more})


def _again(person: Person) -> str:
    """What keeps the page fresh: a script, or without one the browser itself."""
    url = escape(address(person, again="1"))
    return f"""<script src="{HERE}/assets/page.js" defer></script>
<noscript><meta http-equiv="refresh" content="{REFRESH};url={url}"></noscript>"""


def _facts(meeting: Meeting, person: Person, now: int) -> str:
    recording = f'<span role="status">{_recording(meeting)}</span>{_record_button(meeting, person)}'
    return f"""<dl class="facts">
<div><dt>Time</dt><dd>{_time_left(meeting, now)}</dd></div>
<div><dt>Recording</dt><dd>{recording}</dd></div>
</dl>"""


def _time_left(meeting: Meeting, now: int) -> str:
    if meeting.ends_at is None:
        return "No limit"
    minutes = -(-max(0, meeting.ends_at - now) // MINUTE)
    return "Less than a minute left" if minutes <= 1 else f"{minutes} minutes left"


def _recording(meeting: Meeting) -> str:
    if not meeting.record:
        return "Off for this meeting"
    return (
        '<span class="dot"></span>Being recorded' if meeting.recording_since is not None else "Not recording"
    )


def _record_button(meeting: Meeting, person: Person) -> str:
    if not (person.moderator and meeting.record and meeting.allow_start_stop):
        return ""
    on = meeting.recording_since is None
    return _button(person, "record", "Start recording" if on else "Stop recording", on="yes" if on else "no")


def _people(meeting: Meeting, person: Person) -> str:
    online, presenter = meeting.online, meeting.presenter
    items = "".join(_item(other, person, presenter) for other in _shown(online, person))
    items += f"<li>and {len(online) - SHOWN} more</li>" if len(online) > SHOWN else ""
    return f'<h2>People here <span class="count">{len(online)}</span></h2><ul class="people">{items}</ul>'


def _shown(online: Sequence[Person], person: Person) -> Sequence[Person]:
    """The first people, and always the one who looks: a page of thousands helps nobody."""
    first = online[:SHOWN]
    return first if person in first else [*first[:-1], person]


def _item(other: Person, person: Person, presenter: Person | None) -> str:
    marks = [other.role.capitalize()]
    marks += ["presenter"] if other is presenter else []
    marks += ["you"] if other is person else []
    return (
        f'<li><span class="face" aria-hidden="true">{escape(other.name[:1].upper())}</span>'
        f'<span class="who"><span class="name"><bdi>{escape(other.name)}</bdi></span>'
        f'<span class="marks">{", ".join(marks)}</span></span></li>'
    )


def _waiting(meeting: Meeting, person: Person) -> str:
    guests = waiting_guests(meeting) if person.moderator else []
    if not guests:
        return ""
    items = "".join(_guest(guest, person) for guest in guests)
    return f'<h2>In the lobby <span class="count">{len(guests)}</span></h2><ul class="people">{items}</ul>'


def waiting_guests(meeting: Meeting) -> Sequence[Person]:
    """Who waits to be let in."""
    people = meeting.people.values()
    return [person for person in people if person.admission is Admission.WAIT and person.registered_only]


def _guest(guest: Person, person: Person) -> str:
    name, user = escape(guest.name), guest.user_id
    return (
        f'<li><span class="who name"><bdi>{name}</bdi></span><span class="choice">'
        f"{_button(person, 'admit', 'Let in', about=guest.name, user=user, allow='yes')}"
        f"{_button(person, 'admit', 'Refuse', about=guest.name, user=user, allow='no')}</span></li>"
    )


def _end(person: Person) -> str:
    """Ending for everybody takes a second press, without any script."""
    confirm = _button(person, "end", "End it for everyone", style="danger")
    return f'<details><summary class="button quiet">End the meeting</summary>{confirm}</details>'


def _button(
    person: Person, action: str, words: str, *, about: str = "", style: str = "quiet", **values: str
) -> str:
    fields = {"sessionToken": person.session_token, **values}
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
    )
    label = f' aria-label="{escape(f"{words}: {about}")}"' if about else ""
    key = "-".join([action, *values.values()])
    button = f'<button id="{escape(key)}" class="button {style}"{label}>{escape(words)}</button>'
    return f'<form method="post" action="{HERE}/{action}">{hidden}{button}</form>'
