"""The OpenAPI document, made from the calls themselves."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.i18n import marked as _
from app.web.browser import settings_of

VERSION = "1"
ABOUT = _(
    "Rooms and meetings for programs: what you can do in the browser, with the same limits and the same words. "
    "Send a personal API token of yours with every call. Bodies and answers are JSON in UTF-8, times RFC 3339, sizes "
    "bytes, lengths minutes; null is no limit. New fields may appear in answers; none changes its meaning in "
    "version 1."
)


def document(request: Request, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document: made once a process, since nothing in it changes while the process lives."""
    found: dict[str, Any] | None = getattr(request.app.state, "api_document", None)
    if found is None:
        settings = settings_of(request)
        found = get_openapi(
            title=f"{settings.site_name} API",
            version=VERSION,
            description=ABOUT,
            routes=routes,
            servers=[{"url": settings.public_url}],
        )
        request.app.state.api_document = found
    return found
