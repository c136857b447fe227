"""The operator's start page."""

from fastapi import APIRouter, Request, Response

from app.accounts.access import Operator
from app.admin.alert_words import words_of
from app.admin.overview import overview
from app.db import Session
from app.web.browser import settings_of
from app.web.pages import page

router = APIRouter()


@router.get("/admin", name="admin.index")
async def show(request: Request, session: Session, viewer: Operator) -> Response:
    """What needs a look, what runs now, how the server is."""
    del viewer
    return page(
        request, "admin/index.html", seen=await overview(session, settings_of(request)), alert_words=words_of
    )
