"""A crowd: fifty callers, half of them programs with a token and half browsers, at both doors in turn."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from app.accounts.models import User
from tests.browser import Person, text_of
from tests.races.doors import CROWD, TwoDoors, at_the_same_moment

ByProgram = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
ByBrowser = Callable[[Person, int], Awaitable[httpx.Response]]


class Crowd:
    """Callers by their number: `programs` and `browsers` have every second one each."""

    def __init__(self, programs: dict[int, httpx.AsyncClient], browsers: dict[int, Person]) -> None:
        self.programs = programs
        self.browsers = browsers

    async def open(self, page: Callable[[int], str]) -> None:
        """Let every browser have its page open, with the form that it is about to send."""
        for number, browser in self.browsers.items():
            shown = await browser.open(page(number))
            assert shown.status_code == httpx.codes.OK, shown.text[:300]

    async def ask(self, program: ByProgram, browser: ByBrowser) -> list[httpx.Response]:
        """Everybody at once; their answers by number."""
        asked = [(number, program(each, number)) for number, each in self.programs.items()]
        asked += [(number, browser(each, number)) for number, each in self.browsers.items()]
        asked.sort(key=lambda pair: pair[0])
        return await at_the_same_moment(call for _number, call in asked)


@asynccontextmanager
async def crowd_of(house: TwoDoors, user: User, *, strangers: bool = False) -> AsyncIterator[Crowd]:
    """Fifty callers for one person: a program at each door, and a browser for each click.

    `strangers`: the browsers are those of people whom nobody knows.
    """
    doors = list(house.doors)
    async with AsyncExitStack() as stack:
        programs = {door: await stack.enter_async_context(await house.program(user, door)) for door in doors}
        browsers = {}
        for number in range(1, CROWD, 2):
            browsers[number] = await house.browser(doors[number // 2 % 2], None if strangers else user)
            await stack.enter_async_context(browsers[number].client)
        yield Crowd({number: programs[doors[number // 2 % 2]] for number in range(0, CROWD, 2)}, browsers)


def granted(answers: Sequence[httpx.Response]) -> list[httpx.Response]:
    """Those that got what they asked for."""
    return [answer for answer in answers if answer.status_code < httpx.codes.BAD_REQUEST]


def all_others_are_told(answers: Sequence[httpx.Response], reason: str, title: str) -> None:
    """Every refusal is a 409 that says this reason: to programs in figures, to people in the page's words."""
    for answer in answers:
        if answer.status_code < httpx.codes.BAD_REQUEST:
            continue
        assert answer.status_code == httpx.codes.CONFLICT, answer.text[:300]
        if answer.headers["content-type"] == "application/json":
            error = answer.json()["error"]
            assert (error.get("reason"), error["message"]) == (reason, title), error
            kept = 1 if reason == "group_full" else 0  # the host's place
            assert error["used"] + error["asked"] > error["limit"] - kept, error
            assert error["explanation"]
        else:
            assert title in text_of(answer.text), text_of(answer.text)[:300]
