"""How many statements a scene takes: the site in this process, one request, PostgreSQL's side of it counted."""

import asyncio

import httpx
from sqlalchemy import event

from app.main import make_app
from app.settings import Settings
from bench.scenes import Scene


def statements(settings: Settings, found: list[Scene]) -> dict[str, int]:
    """The statements of each scene's last request, by its key; BEGIN and COMMIT are not counted, for neither side."""
    return asyncio.run(_count(settings, found))


async def _count(settings: Settings, found: list[Scene]) -> dict[str, int]:
    app = make_app(settings)
    said: list[str] = []
    event.listen(
        app.state.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: said.append(statement),
    )
    app.state.database.heard.append(said.append)
    counts = {}
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            for scene in found:
                for _time in range(2):  # the first time a process learns what it remembers
                    said.clear()
                    await _ask(client, scene.ours[(-1 - _time) % len(scene.ours)])
                counts[scene.key] = len(said)
    return counts


async def _ask(client: httpx.AsyncClient, raw: bytes) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    answer = await client.request(method, path, headers=headers, content=body)
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        raise RuntimeError(f"{first}: {answer.status_code}")
