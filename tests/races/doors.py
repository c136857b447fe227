"""Two server processes side by side, and the crowds that come to both of them at the same moment."""

import asyncio
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.tokens import create_token
from app.meetings.following import follow
from app.meetings.models import UNFINISHED, Meeting
from app.servers.pool import Servers
from tests.browser import Person
from tests.house import House, free_port

CROWD = 50
CLIENT: dict[str, Any] = {
    "timeout": 60,
    "trust_env": False,
    # A server closes a connection that rests, maybe at the very moment of the next request: each has its own.
    "limits": httpx.Limits(max_keepalive_connections=0),
}


class TwoDoors(House):
    """One database, one BBB, and two processes that know nothing of each other."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder)
        # BBB's callbacks come in at the first one: the second one is for killing.
        self.doors = {"door-1": self.port, "door-2": free_port()}
        self.servers = Servers(self.settings())

    def open(self) -> None:
        self.prepare()
        self.reopen()

    def reopen(self) -> None:
        """Open the doors whose process is gone."""
        for name, port in self.doors.items():
            if name not in self.processes:
                self.serve(name, port, 1)

    async def close_worker(self) -> None:
        """Stop the worker, if a test has started one."""
        worker = self.processes.pop("worker", None)
        if worker:
            await asyncio.to_thread(worker.stop)

    def address(self, door: str) -> str:
        return f"http://127.0.0.1:{self.doors[door]}"

    async def token(self, user: User) -> str:
        """A token for the API; each may be used for 120 changes a minute."""
        async with self.database.transaction() as session:
            return (await create_token(session, user.id, "a program", days=None)).secret

    async def program(self, user: User, door: str) -> httpx.AsyncClient:
        """A program of theirs at one door."""
        headers = {"authorization": f"Bearer {await self.token(user)}"}
        return httpx.AsyncClient(base_url=f"{self.address(door)}/api/v1", headers=headers, **CLIENT)

    async def browser(self, door: str, user: User | None = None) -> Person:
        """A browser at one door, on which this person, if any, is signed in."""
        client = httpx.AsyncClient(base_url=self.address(door), **CLIENT)
        if user:
            client.cookies.set("session", await self.session_of(user), domain="127.0.0.1", path="/")
        return Person(client, None)

    # One sweep

    async def sweep(self) -> None:
        """One round of the worker's, by the worker's own function."""
        self.follow_clock()
        await follow(self.database, self.servers)

    # What is there

    async def count(self, *which: Any) -> int:
        """How many rows there are of the table of these conditions."""
        async with self.database.transaction() as session:
            return await session.scalar(select(func.count()).where(*which)) or 0

    async def meetings(self, *which: Any) -> list[Meeting]:
        async with self.database.transaction() as session:
            return list(await session.scalars(select(Meeting).where(*which).order_by(Meeting.id)))

    async def unfinished(self, holder_id: int) -> list[Meeting]:
        """The holder's meetings that are starting or running, in the order in which they were reserved."""
        return await self.meetings(Meeting.holder_id == holder_id, Meeting.state.in_(UNFINISHED))

    async def at_bbb(self) -> dict[str, dict[str, Any]]:
        """The meetings that BBB has, by external id."""
        return {each["meetingID"]: each for each in (await self.bbb("GET", "state"))["meetings"]}


async def at_the_same_moment(
    asked: Iterable[Awaitable[httpx.Response]], *, but: frozenset[int] = frozenset()
) -> list[httpx.Response]:
    """Send all of them at once; none may break the site, whatever it answers. `but`: failures that are answers."""
    answers = await asyncio.gather(*asked)
    broken = [
        f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
        for answer in answers
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and answer.status_code not in but
    ]
    assert not broken, broken[:3]
    return list(answers)
