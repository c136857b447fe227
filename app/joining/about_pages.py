"""What the co-operative is, what is free, what contributing brings: for visitors, in the operators' own words."""

from fastapi import APIRouter, Request, Response

from app.db import Session
from app.i18n import spoken
from app.web import site_texts
from app.web.markdown import to_html
from app.web.pages import page

router = APIRouter()


@router.get("/about", name="joining.about")
async def about(request: Request, session: Session) -> Response:
    """All of it."""
    words = await site_texts.texts_for(session, spoken())
    parts = [(key, text.title, to_html(words[key])) for key, text in site_texts.TEXTS.items()]
    return page(request, "joining/about.html", parts=parts)
