"""Whether this process can serve, whether it should be asked, and whether a worker is at work: for machines."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from app import clock
from app.db import Reading, Session
from app.heartbeats import SILENT, last_round
from app.live import Switchboard
from app.revision import newest_revision

router = APIRouter()

_REVISION = text("SELECT max(version_num) FROM alembic_version")


@router.get("/health", name="web.health", response_class=Response)
async def health(session: Session) -> Response:
    """200 when the database answers; the error handler makes it 503 when it does not."""
    await session.execute(text("SELECT 1"))
    return _word("ok")


@router.get("/health/ready", name="web.ready", response_class=Response)
async def ready(request: Request, session: Reading) -> Response:
    """200 when requests should come here; 503 and a word if not: what is in the way."""
    switchboard: Switchboard = request.app.state.switchboard
    if switchboard.is_closing:
        return _word("stopping", 503)
    # Behind this program, not before it: the version of before works on a migrated database.
    if str(await session.scalar(_REVISION) or "") < newest_revision():
        return _word("schema", 503)
    if not switchboard.is_listening:
        return _word("listener", 503)
    return _word("ready")


@router.get("/health/worker", name="web.worker", response_class=Response)
async def worker(session: Reading) -> Response:
    """200 when a worker has finished a round within the last minute, 503 if not; its age in seconds."""
    last = await last_round(session)
    if last is None:
        return _word("never", 503)
    age = clock.now() - last
    return _word(f"{max(0, round(age.total_seconds()))} s", 503 if age > SILENT else 200)


def _word(word: str, status: int = 200) -> Response:
    return Response(f"{word}\n", status, {"cache-control": "no-store"}, "text/plain")
