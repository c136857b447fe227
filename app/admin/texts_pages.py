"""The operators' own texts: which there are, one of them, with a preview."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import Field

from app.accounts.access import Operator
from app.db import Session
from app.errors import NotFoundError
from app.i18n import LANGUAGES, lazy
from app.web import site_texts
from app.web.forms import Form, Input, Lines, read_form
from app.web.markdown import to_html
from app.web.models import SiteText
from app.web.pages import go, page, path_of
from app.web.site_texts import LONGEST, TEXTS
from app.web.versions import Change, Version, changed_meanwhile

router = APIRouter(prefix="/admin/texts")
log = structlog.get_logger()


class TextInput(Input):
    """Other words; `preview`: only shown, not kept."""

    words: Annotated[Lines, Field(max_length=LONGEST)] = ""
    preview: str = ""
    version: Version


@router.get("", name="admin.texts")
async def index(request: Request, session: Session, viewer: Operator) -> Response:
    """Every text in every language, and whose words stand there."""
    del viewer
    return page(request, "admin/texts.html", texts=TEXTS, own=await site_texts.own_texts(session))


@router.get("/{key}/{language}", name="admin.text")
async def show(request: Request, session: Session, viewer: Operator, key: str, language: str) -> Response:
    """The form of one."""
    del viewer
    _check(key, language)
    row = await site_texts.find_text(session, key, language)
    words = row.words or site_texts.shipped(key, language)
    return _page(request, row, Form(values={"words": words, "version": str(row.version)}), words)


@router.post("/{key}/{language}", name="admin.change_text")
async def change(request: Request, session: Session, viewer: Operator, key: str, language: str) -> Response:
    """Show what was typed, or keep it; empty words, or those that ship, bring back what ships."""
    _check(key, language)
    form = await read_form(request, TextInput)
    row = await site_texts.find_text(session, key, language, lock=True)
    if form.value is not None and form.value.preview:
        return _page(request, row, form, form.value.words)
    words = site_texts.shipped(key, language)
    changes = changed_meanwhile(form, row.version, {"words": row.words or words})
    if form.value is None:
        return _page(request, row, form, row.words or words, 422 if changes is None else 409, changes)
    same = form.value.words == words
    await site_texts.change_text(session, row, "" if same else form.value.words, viewer.name)
    log.info("text.changed", operator=viewer.id, key=key, language=language)
    return go(request, path_of(request, "admin.texts"), say=lazy("Saved."))


def _check(key: str, language: str) -> None:
    if key not in TEXTS or language not in LANGUAGES:
        raise NotFoundError


def _page(
    request: Request,
    row: SiteText,
    form: Form[Any],
    preview: str,
    status: int = 200,
    changes: list[Change] | None = None,
) -> Response:
    return page(
        request,
        "admin/text.html",
        status,
        row=row,
        title=TEXTS[row.key].title,
        form=form,
        preview=to_html(preview),
        changes=changes,
    )
