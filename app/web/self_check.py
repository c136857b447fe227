"""What the site sees of a request, told to whoever holds its key: `python -m app check` asks it from outside."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from app.errors import NotFoundError
from app.settings import Settings
from app.web.browser import settings_of, signer, unsigned

router = APIRouter()
PURPOSE = "self-check"
HOLDS = timedelta(minutes=5)
PAUSE = 1.0  # seconds between the two parts: a proxy that keeps answers back lets both through at once


def check_token(settings: Settings) -> str:
    """What opens the answer for five minutes: only who has the secret key can make it."""
    return str(signer(settings, PURPOSE).dumps("check"))


@router.get("/health/seen", name="web.seen", include_in_schema=False)
async def seen(request: Request, token: str = "") -> StreamingResponse:
    """A stream of two parts: that it began, and a second later where the request seems to come from."""
    settings = settings_of(request)
    if unsigned(settings, PURPOSE, token[:200], seconds=int(HOLDS.total_seconds())) != "check":
        raise NotFoundError
    told = {
        "client": request.client.host if request.client else "",
        "scheme": request.url.scheme,
        "host": request.headers.get("host", ""),
    }
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_parts(told), media_type="text/event-stream", headers=headers)


async def _parts(told: dict[str, str]) -> AsyncIterator[bytes]:
    yield b": begun\n\n"
    await asyncio.sleep(PAUSE)
    yield f"data: {json.dumps(told)}\n\n".encode()
