"""Where a mail went: the page that says so is the same for every address, and can have it sent again."""

import hmac
import secrets
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from app.accounts import letters, rates
from app.accounts.access import AnyViewer, Viewer
from app.accounts.models import User
from app.accounts.service import find_by_email
from app.db import Database, Databased
from app.settings import Settings
from app.web.browser import get_cookie, keyed_hash, set_cookie, settings_of, signer, unsigned
from app.web.pages import go, page, path_of

router = APIRouter()
COOKIE = "mailed"
SECONDS = 3600
FORGOTTEN = "forgotten"


class Note(NamedTuple):
    """What this browser remembers: the address, and what may be sent there again.

    `mark` is FORGOTTEN, or a hash that only we can tell from any other: of the account that was made here, or of
    nothing, when there was one already. Its owner may not be who made it, so it is not verified from here.
    """

    email: str
    mark: str


def mailed(request: Request, email: str, *, made: User | None = None, forgotten: bool = False) -> Response:
    """To the page that says where the mail went."""
    settings = settings_of(request)
    mark = FORGOTTEN if forgotten else _mark_of(settings, str(made.id) if made else secrets.token_hex())
    response = go(request, path_of(request, "accounts.mailed"))
    set_cookie(request, response, COOKIE, signer(settings, COOKIE).dumps(Note(email, mark)), SECONDS)
    return response


@router.get("/mail-sent", name="accounts.mailed")
async def show(request: Request) -> Response:
    """Look into your mail."""
    note = _note_of(request)
    return page(request, "accounts/mailed.html", email=note.email if note else None)


@router.post("/verify", name="accounts.resend")
async def resend(request: Request, database: Databased, viewer: AnyViewer) -> Response:
    """The mail once more: to the viewer's address, or to the one that was just typed on this browser."""
    note = _note_of(request)
    email = viewer.email if viewer else note.email if note else None
    if email is None:
        return go(request, path_of(request, "accounts.sign_in"))
    await rates.count(
        database,
        request,
        rates.from_here(request, rates.ASKED_MAILS),
        rates.from_here_to(request, rates.MAILS_FROM_HERE, email),
    )
    await _send_again(database, request, viewer, email, note.mark if note else "")
    if viewer is None:
        return go(request, path_of(request, "accounts.mailed"))
    return mailed(request, email)


async def _send_again(
    database: Database, request: Request, viewer: Viewer | None, email: str, mark: str
) -> None:
    """What was sent before. Each kind of mail has a count of its own: none uses up what another one needs."""
    async with database.reading() as session:
        user = await find_by_email(session, email)
    theirs = viewer is not None and user is not None and viewer.id == user.id
    made_here = user is not None and hmac.compare_digest(mark, _mark_of(settings_of(request), str(user.id)))
    verifies = user is not None and user.verified_at is None and (theirs or made_here)
    this = rates.to_address(rates.VERIFY_MAILS, email) if verifies else rates.of_reset_mail(email, user)
    if not await rates.is_within(database, request, this) or user is None:
        return
    send = letters.send_account_exists
    if verifies:
        send = letters.send_verification
    elif mark == FORGOTTEN:
        send = letters.send_reset
    async with database.transaction() as session:
        await send(session, request, user)


def _mark_of(settings: Settings, text: str) -> str:
    return keyed_hash(settings, "made-here", text)


def _note_of(request: Request) -> Note | None:
    match unsigned(settings_of(request), COOKIE, get_cookie(request, COOKIE), seconds=SECONDS):
        case [str(email), str(mark)]:
            return Note(email, mark)
        case _:
            return None
