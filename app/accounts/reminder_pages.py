"""Which reminders one gets."""

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.access import SignedIn, Viewer
from app.accounts.reminders import WORDS
from app.db import Session
from app.i18n import lazy
from app.mail.reminders import allow, refusals_of, refuse
from app.web.forms import Input, Tick, read_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/account/reminders")
log = structlog.get_logger()
OF_OPERATORS = {"interests"}


class RemindersInput(Input):
    """What one wants to be reminded of; a box that is not ticked is not sent."""

    membership: Tick = False
    storage: Tick = False
    tasks: Tick = False
    interests: Tick = False


@router.get("", name="accounts.reminders")
async def show(request: Request, session: Session, viewer: SignedIn) -> Response:
    """A box for each kind."""
    refused = await refusals_of(session, viewer.id)
    kinds = [(kind, WORDS[kind], kind not in refused) for kind in _kinds(viewer)]
    return page(request, "accounts/reminders.html", kinds=kinds)


@router.post("")
async def change(request: Request, session: Session, viewer: SignedIn) -> Response:
    """What is ticked comes, what is not does not, from now on."""
    form = await read_form(request, RemindersInput)
    if form.value is not None:
        for kind in _kinds(viewer):
            await (allow if getattr(form.value, kind) else refuse)(session, viewer.id, kind)
        log.info("mail.reminders", person=viewer.id)
    return go(request, path_of(request, "accounts.reminders"), say=lazy("Saved."))


def _kinds(viewer: Viewer) -> list[str]:
    return [kind for kind in WORDS if viewer.is_operator or kind not in OF_OPERATORS]
