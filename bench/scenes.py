"""What is asked: for each scene the requests of our page, and those of the bare route that it is compared with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlencode

from starlette.requests import Request

from app.settings import Settings
from app.web.csrf import FIELD, csrf_field
from bench.fill import HOST_RUNNING, Size

VISITORS, CROWD, STARTS = 4_000, 200, 20_000
BROWSER = (
    b"host: 127.0.0.1\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0\r\n"
    b"accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\naccept-language: en-US,en;q=0.5\r\n"
)


@dataclass(frozen=True)
class Scene:
    """`ours` are used in turn, with `status` and, in the answer, `mark`; `bare` is the route, {reads} is put in.

    `once`: no request may be sent twice, each run takes new ones.
    """

    key: str
    name: str
    ours: list[bytes]
    bare: str
    bare_body: bytes = b""
    status: int = 200
    mark: bytes = b""
    once: bool = False


def get(path: str, cookies: str = "") -> bytes:
    """A request for a page, as a browser sends it."""
    cookie = f"cookie: {cookies}\r\n" if cookies else ""
    return f"GET {path} HTTP/1.1\r\n".encode() + BROWSER + f"{cookie}\r\n".encode()


def post(path: str, fields: dict[str, str], cookies: str = "", address: str = "") -> bytes:
    """A form on its way; `address`: where it comes from, as a proxy says it."""
    body = urlencode(fields).encode()
    head = f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n"
    if cookies:
        head += f"cookie: {cookies}\r\nsec-fetch-site: same-origin\r\n"
    if address:
        head += f"x-forwarded-for: {address}\r\nx-forwarded-proto: http\r\n"
    return f"POST {path} HTTP/1.1\r\n".encode() + BROWSER + f"{head}\r\n".encode() + body


def form_token(settings: Settings, browser: str) -> str:
    """What the hidden field of a form holds that this browser was shown."""
    state = SimpleNamespace(settings=settings)
    seen = Request(
        {
            "type": "http",
            "headers": [(b"cookie", f"browser={browser}".encode())],
            "app": SimpleNamespace(state=state),
            "state": {},
        }
    )
    found = re.search(r'value="([^"]+)"', csrf_field(seen))
    assert found is not None  # noqa: S101  it is a hidden field
    return found[1]


def session_of(account: int) -> str:
    """The cookie of the session that `fill` made for an account."""
    return f"session=session-of-{account}; browser=browser-of-{account}"


def running_rooms(size: Size) -> list[str]:
    """The addresses of the rooms whose meetings are running."""
    return [f"room-{n if n <= HOST_RUNNING else n + 41}" for n in range(1, size.running + 1)]


def scenes(settings: Settings, size: Size) -> Iterator[Scene]:
    """All of them, (a) to (e)."""
    running = running_rooms(size)
    # Every second room is one in which something is going on.
    resting = [f"room-{1 + number * 7919 % size.rooms}" for number in range(size.running)]
    pages = [get(f"/r/{slug}") for pair in zip(running, resting, strict=True) for slug in pair]
    yield Scene("a", "room page of a guest", pages, "/room/{reads}/77")
    goes_in = {"status": 303, "mark": b"checksum=", "bare": "/join/{reads}/77"}
    body = b"name=Wren&consent=yes"
    many = [join(settings, running[number % len(running)], number) for number in range(VISITORS)]
    yield Scene("b", "join to the signed redirect, many rooms", many, bare_body=body, **goes_in)
    crowd = [join(settings, running[-1], number) for number in range(CROWD)]
    yield Scene("b1", "the same, all into one room", crowd, bare_body=body, **goes_in)
    yield Scene("c", "dashboard, 50 rooms, 10 running", [get("/rooms", session_of(1))], "/rooms/{reads}/1")
    yield Scene("d", "recordings page with 100", [get("/recordings", session_of(1))], "/recordings/{reads}/1")
    starts = [start(settings, account) for account in size.starters[:STARTS]]
    yield Scene("e", "start of a meeting", starts, once=True, bare_body=body, **goes_in)


def join(settings: Settings, slug: str, visitor: int, **ticks: str) -> bytes:
    """One visitor's form at a room's door."""
    browser = f"visitor-{visitor}"
    fields = {FIELD: form_token(settings, browser), "name": f"Wren {visitor}", **ticks}
    # Each from an address of their own: one address has few places of people who have not arrived.
    address = f"10.{visitor >> 16 & 255}.{visitor >> 8 & 255}.{visitor & 255}"
    return post(f"/r/{slug}/join", fields, f"browser={browser}", address)


def start(settings: Settings, account: int) -> bytes:
    """A host's form that starts the meeting of their own room."""
    fields = {FIELD: form_token(settings, f"browser-of-{account}"), "asks_record": "yes"}
    return post(f"/r/room-{account + 49}/start", fields, session_of(account))
