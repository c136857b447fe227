"""Whether this process can serve: for load balancers and container health checks."""

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.db import Session

router = APIRouter()


@router.get("/health", name="web.health", response_class=Response)
async def health(session: Session) -> Response:
    """200 when the database answers; the error handler makes it 503 when it does not."""
    await session.execute(text("SELECT 1"))
    return Response("ok", media_type="text/plain")
