"""Sending what the table says as each role, and reading from the answer who was let in."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.app.permissions.rules import BROKEN, HIDDEN, MOVED_ON, OPEN, OUTSIDE, REFUSED, SIGN_IN
from tests.app.permissions.town import Town
from tests.browser import forms_of

BODIES: dict[str, Any] = {
    "/api/v1/rooms": {"name": "Mine"},
    "/api/v1/rooms/{slug}/join": {"as_host": True},
    "/tasks/{task_id:int}/hand-in": {"report": "All of it."},
    "/unsubscribe/{token}": {"List-Unsubscribe": "One-Click"},
    "/api/v1/organisations/{organisation}/hosts": {"emails": ["new@example.org"]},
}
NEVER_ENDS = ("/r/{slug}/events", "/rooms/events")
API = "/api/v1/"


@dataclass
class Asker:
    """One role at a browser, and with a program."""

    town: Town
    role: str
    client: httpx.AsyncClient
    form_token: str = ""

    async def begin(self) -> None:
        """Be shown a page, so that the forms are this browser's own."""
        cookie = self.town.cookies.get(self.role)
        if cookie:
            self.client.cookies.set("session", cookie, domain="127.0.0.1", path="/")
        page = await self.client.get("/about")
        form = next(form for form in forms_of(page.text) if form.action.endswith("/language"))
        self.form_token = form.fields["form_token"]
        self.cookies = {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}

    async def ask(self, method: str, path: str) -> str:
        """Send it and say what came: open, sign in, hidden or refused."""
        # What was signed out by an answer before is signed in again.
        self.client.cookies.clear()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        address = address_of(self.town, path)
        if path in NEVER_ENDS:
            return outcome(*await begun(self.town.site, address, cookie))
        if path.startswith(API):
            token = self.town.tokens.get(self.role)
            headers = {"cookie": cookie} | ({"authorization": f"Bearer {token}"} if token else {})
            answer = await self.client.request(method, address, headers=headers, json=BODIES.get(path, {}))
            assert self.role not in OUTSIDE or "set-cookie" not in answer.headers
        else:
            data = {"form_token": self.form_token, **BODIES.get(path, {})} if method == "POST" else None
            answer = await self.client.request(method, address, headers={"cookie": cookie}, data=data)
        assert "This form did not come from here" not in answer.text, path
        return outcome(answer.status_code, answer.headers.get("location", ""))


def address_of(town: Town, path: str) -> str:
    """The path with something that exists in its parameters."""
    word = path.split("/", 2)[1]

    def known(part: re.Match[str]) -> str:
        return str(town.at.get(f"{word}.{part[1]}", town.at.get(part[1])))

    return re.sub(r"\{(\w+)(?::\w+)?\}", known, path)


def outcome(status: int, location: str = "") -> str:
    """What an answer means for who asked."""
    if status == 401 or (status == 303 and location.startswith("/sign-in?")):
        return SIGN_IN
    return {404: HIDDEN, 403: REFUSED, 409: MOVED_ON, 500: BROKEN}.get(status, OPEN)


async def begun(site, address: str, cookie: str) -> tuple[int, str]:
    """The beginning of an answer that never ends; who asked goes away then."""
    started: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not started.done():
            found = dict(message["headers"])
            started.set_result((message["status"], found.get(b"location", b"").decode()))

    async def receive() -> dict[str, Any]:
        await started
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": address, "raw_path": address.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"cookie", cookie.encode()), (b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    answering = asyncio.create_task(site(scope, receive, send))
    found = await asyncio.wait_for(asyncio.shield(started), 10)
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    return found
