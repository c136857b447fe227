"""Programs with tokens, and the people they belong to."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.accounts.scopes import ALL, Scope
from app.accounts.tokens import create_token
from app.api import rates
from app.db import Database
from tests.factories import a_person

BASE = "http://127.0.0.1:8000"


class Program:
    """Something that calls the API, with a token or without."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One call; `path` without /api/v1."""
        if body is not None:
            options["json"] = body
        return await self.client.request(method, f"/api/v1{path}", **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.call("POST", path, body, **options)

    async def room(self, name: str = "Weekly assembly", **fields: Any) -> dict[str, Any]:
        """A new room."""
        made = await self.post("/rooms", {"name": name, **fields})
        assert made.status_code == 201, made.text
        return made.json()


async def token_of(
    database: Database, user: User, *, days: int | None = None, scopes: frozenset[Scope] = ALL
) -> str:
    """A token of theirs."""
    async with database.transaction() as session:
        return (await create_token(session, user.id, "a program", days=days, scopes=scopes)).secret


@contextlib.asynccontextmanager
async def program(site: FastAPI, token: str | None = None, **headers: str) -> AsyncIterator[Program]:
    """One more program."""
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield Program(client)


@pytest.fixture(autouse=True)
def _nothing_read_yet() -> None:
    rates.reads.forget()


@pytest.fixture
async def ada_user(database: Database) -> User:
    """Ada, a session organiser: 5 rooms, 3 hours, one meeting at once, 1 GB."""
    return await a_person(database, tier="session-organiser")


@pytest.fixture
async def ada(site: FastAPI, database: Database, ada_user: User) -> AsyncIterator[Program]:
    """Ada's program."""
    async with program(site, await token_of(database, ada_user)) as running:
        yield running


@pytest.fixture
async def eve(site: FastAPI, database: Database) -> AsyncIterator[Program]:
    """The program of someone with nothing to do with Ada, on the free tier."""
    user = await a_person(database, "eve@example.org")
    async with program(site, await token_of(database, user)) as running:
        yield running


def error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, which must have this status, this code and the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    found = answer.json()["error"]
    assert found["code"] == code, found
    assert found["title"]
    assert found["message"]
    return found
