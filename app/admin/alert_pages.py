"""Alerts of processes: an operator has looked at one."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import Field

from app import alerts
from app.accounts.access import Operator
from app.db import Session
from app.i18n import lazy
from app.web.forms import Input, read_form
from app.web.pages import go, path_of

router = APIRouter(prefix="/admin/alerts")
log = structlog.get_logger()


class AlertInput(Input):
    """Which alert."""

    kind: Annotated[str, Field(max_length=40)]
    subject: Annotated[str, Field(max_length=200)] = ""


@router.post("/dismiss", name="admin.dismiss_alert")
async def dismiss(request: Request, session: Session, viewer: Operator) -> Response:
    """Take it from the start page until it happens again."""
    form = await read_form(request, AlertInput)
    if form.value is not None:
        await alerts.dismiss(session, form.value.kind, form.value.subject)
        log.info("admin.alert.dismissed", operator=viewer.id, kind=form.value.kind)
    return go(
        request, path_of(request, "admin.index"), say=lazy("Done. We’ll show it again if it happens again.")
    )
