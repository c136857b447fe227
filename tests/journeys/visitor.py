"""People at browsers: a window of their own each, with a network address of their own."""

import itertools
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from app.accounts.models import User
from tests.browser import forms_of, text_of
from tests.house import PATIENCE, House

expect.set_options(timeout=PATIENCE * 1000)

# The browser's own lines about answers that are errors: the tests look at those answers themselves.
EXPECTED = ("Failed to load resource", "net::ERR_")
_addresses = itertools.count(1)


class Visitor:
    """Someone at a browser that has never been here."""

    def __init__(self, house: House, context: BrowserContext, page: Page) -> None:
        self.house = house
        self.context = context
        self.page = page
        self.troubles: list[str] = []
        hosts = {urlsplit(house.url).netloc, urlsplit(house.simulator_url).netloc}

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error" and not any(word in message.text for word in EXPECTED):
                self.troubles.append(f"console: {message.text}")

        def asked(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in {"http", "https"} and parts.netloc not in hosts:
                self.troubles.append(f"another host: {request.url}")

        context.on("console", heard)
        context.on("request", asked)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))

    async def open(self, path: str) -> int:
        """Go to an address of the site; returns the answer's status."""
        answer = await self.page.goto(path)
        assert answer is not None
        return answer.status

    async def close(self) -> None:
        await self.context.close()
        assert not self.troubles, self.troubles

    # What one does

    def button(self, words: str) -> Locator:
        return self.page.get_by_role("button", name=words)

    async def press(self, words: str) -> None:
        await self.button(words).click()

    async def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            await self.page.locator(f"main [name={name}]").fill(value)

    async def join(self, slug: str, name: str, **more: str) -> None:
        """Open the room's link, give a name, press whatever the door's button says."""
        await self.open(f"/r/{slug}")
        await self.fill(name=name, **more)
        await self.page.locator("[data-region=go] button").click()

    # What one sees

    async def reads(self, words: str) -> None:
        """The page says these words, now or soon."""
        await expect(self.page.locator("main")).to_contain_text(words)

    async def is_in_meeting(self) -> None:
        """The page is the conference's, with this person in it."""
        await self.page.wait_for_url(
            lambda url: url.startswith(self.house.simulator_url), timeout=PATIENCE * 1000
        )
        await expect(self.page.locator("body")).to_contain_text("People here")

    async def is_at_room(self, slug: str) -> None:
        await self.page.wait_for_url(f"**/r/{slug}", timeout=PATIENCE * 1000)

    async def is_waiting(self, slug: str) -> None:
        await self.page.wait_for_url(f"**/r/{slug}/waiting", timeout=PATIENCE * 1000)


class Door:
    """Where browsers come from: all of one test's are closed, and looked at for trouble, at its end."""

    def __init__(self, house: House, browser: Browser) -> None:
        self.house = house
        self.browser = browser
        self.visitors: list[Visitor] = []

    async def visitor(self, *, session: str = "", **options: Any) -> Visitor:
        """A new browser; `session`: the cookie of someone signed in. Everyone has a network address of their own."""
        number = next(_addresses)
        options.setdefault("extra_http_headers", {})
        options["extra_http_headers"].setdefault(
            "X-Forwarded-For", f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
        )
        context = await self.browser.new_context(base_url=self.house.url, locale="en-GB", **options)
        context.set_default_timeout(PATIENCE * 1000)
        if session:
            await context.add_cookies([{"name": "session", "value": session, "url": self.house.url}])
        visitor = Visitor(self.house, context, await context.new_page())
        self.visitors.append(visitor)
        return visitor

    async def signed_in(self, user: Any, **options: Any) -> Visitor:
        """A browser on which this person is signed in."""
        return await self.visitor(session=await self.house.session_of(user), **options)


async def quiet_guest(house: House, slug: str, name: str) -> str:
    """Somebody in the meeting without a browser's weight: joins by the form, loads the conference's page."""
    async with httpx.AsyncClient(base_url=house.url, timeout=PATIENCE) as client:
        client.headers["X-Forwarded-For"] = f"10.200.0.{next(_addresses) % 250}"
        shown = await client.get(f"/r/{slug}")
        form = next(form for form in forms_of(shown.text) if form.action.endswith("/join"))
        page = await client.post(form.action, data={**form.fields, "name": name}, follow_redirects=True)
    assert "People here" in page.text, text_of(page.text)
    return str(page.url)


async def send_quietly(house: House, user: User, path: str, action: str) -> None:
    """A form of one button, sent by someone who is signed in, without a browser's weight."""
    cookies = {"session": await house.session_of(user)}
    async with httpx.AsyncClient(base_url=house.url, cookies=cookies, timeout=PATIENCE) as client:
        shown = await client.get(path)
        form = next(form for form in forms_of(shown.text) if form.action.endswith(action))
        answer = await client.post(form.action, data=form.fields)
    assert answer.status_code == httpx.codes.SEE_OTHER, text_of(answer.text)
