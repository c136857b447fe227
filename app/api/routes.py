"""The API, put together: every call under /api/v1, its document, and JSON for whatever is not there."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.routing import Match

from app import i18n
from app.api import (
    contributions,
    invitations,
    me,
    meetings,
    memberships,
    organisations,
    recordings,
    rooms,
    tiers,
)
from app.api.document import document
from app.api.errors import EVERY_CALL, OtherMethodError
from app.errors import NotFoundError
from app.web.browser import asked_for
from app.web.pages import path_of

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def operation_id(route: APIRoute) -> str:
    """The name of a call in the document: create_room."""
    return route.name.removeprefix("api.")


calls = APIRouter(
    prefix="/api/v1",
    responses=EVERY_CALL,
    generate_unique_id_function=operation_id,
)
for part in (me, memberships, contributions, tiers, rooms, meetings, recordings, organisations, invitations):
    calls.include_router(part.router)

router = APIRouter()
router.include_router(calls)


@router.get("/api/v1/openapi.json", name="api.document", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The document, for programs that make clients of it; it needs no token."""
    return JSONResponse(document(request, calls.routes), headers={"cache-control": "public, max-age=300"})


@router.api_route("/api/{path:path}", methods=METHODS, include_in_schema=False)
async def nothing_here(request: Request, path: str) -> Response:
    """Whatever no call answers. Without this the pages' own answer would look at the browser's cookie."""
    i18n.speak(asked_for(request))
    if not path and request.method == "GET":
        return RedirectResponse(path_of(request, "api.docs"), 308)
    if allowed := _methods_at(request):
        raise OtherMethodError(allowed)
    raise NotFoundError


def _methods_at(request: Request) -> set[str]:
    """The methods that this very address takes."""
    return {
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in calls.routes)
    }
