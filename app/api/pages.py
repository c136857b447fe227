"""/api: the API for people to read."""

from fastapi import APIRouter, Request, Response

from app.api.document import document
from app.api.rates import CHANGES, READS
from app.api.reading import Reader
from app.api.routes import calls
from app.web.browser import settings_of
from app.web.pages import page

router = APIRouter()


@router.get("/api", name="api.docs")
async def docs(request: Request) -> Response:
    """How to make a token, how to call, and every call with its fields: from the document itself."""
    reader = Reader(document(request, calls.routes))
    return page(
        request,
        "api/docs.html",
        groups=reader.groups(),
        things=reader.things(),
        errors=reader.errors(),
        changes=CHANGES.times,
        reads=READS.times,
        base=settings_of(request).public_url + "/api/v1",
    )
