"""What pages are compared with: FastAPI, the same engine and driver, the same settings of Jinja, nothing else.

A route reads as many rows by primary key, one statement each, as our page takes statements, all in one
transaction, and renders a page of the same kind and about the same size. For a list one of the reads brings all
its rows at once. No middleware, no sessions, no form tokens, no languages, no log lines.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.accounts.models import User
from app.meetings.models import Meeting
from app.memberships.models import Holder
from app.recordings.models import Recording
from app.rooms.models import Room

BY_KEY = [select(kind.__table__).where(kind.id == bindparam("id")) for kind in (Room, Holder, User, Meeting)]
ROOMS = select(Room.__table__).where(Room.id.in_(bindparam("ids", expanding=True)))
RECORDINGS = select(Recording.__table__).where(Recording.id.in_(bindparam("ids", expanding=True)))

engine = create_async_engine(os.environ["BARE_DATABASE"], pool_size=8, max_overflow=0)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Give the connections back at the end."""
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/health")
async def health() -> dict[str, str]:
    """It is there."""
    return {"status": "ok"}


@app.get("/room/{reads}/{key}")
async def room(reads: int, key: int) -> HTMLResponse:
    """A page with a form."""
    async with engine.begin() as connection:
        found = await _read(connection, reads, key)
    return _page("room.html", room=found[0], key=key)


@app.post("/join/{reads}/{key}")
async def join(request: Request, reads: int, key: int) -> RedirectResponse:
    """A form that leads elsewhere."""
    form = await request.form()
    async with engine.begin() as connection:
        found = await _read(connection, reads, key)
    return RedirectResponse(
        f"https://bbb.example.org/join?room={found[0].slug}&name={form['name']}&checksum=none", 303
    )


@app.get("/rooms/{reads}/{key}")
async def rooms(reads: int, key: int) -> HTMLResponse:
    """A list of 50."""
    async with engine.begin() as connection:
        found = await _read(connection, reads - 1, key)
        listed = (await connection.execute(ROOMS, {"ids": list(range(1, 51))})).all()
    return _page("rooms.html", owner=found[0], rooms=listed)


@app.get("/recordings/{reads}/{key}")
async def recordings(reads: int, key: int) -> HTMLResponse:
    """A list of 100."""
    async with engine.begin() as connection:
        found = await _read(connection, reads - 1, key)
        listed = (await connection.execute(RECORDINGS, {"ids": list(range(1, 101))})).all()
    return _page("recordings.html", owner=found[0], recordings=listed)


async def _read(connection: AsyncConnection, reads: int, key: int) -> list[Row[Any]]:
    return [
        (await connection.execute(BY_KEY[number % len(BY_KEY)], {"id": key})).one() for number in range(reads)
    ]


def _page(name: str, **context: Any) -> HTMLResponse:
    return HTMLResponse(templates.get_template(name).render(**context))


if __name__ == "__main__":
    uvicorn.run(
        "bench.bare:app",
        port=int(os.environ["BARE_PORT"]),
        workers=2,
        access_log=False,
        log_config=None,
        server_header=False,
    )
