"""Where a mail went: the page that says so is the same for every address, and can have it sent again."""

import hmac
import secrets
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import letters, rates
from app.accounts.access import AnyViewer
from app.accounts.models import User
from app.accounts.service import find_by_email
from app.db import Databased
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
    here, there = rates.from_here(request, rates.ASKED_MAILS), rates.to_address(rates.MAILS, email)
    await rates.count(database, request, here, there)
    async with database.transaction() as session:
        user = await find_by_email(session, email)
        theirs = viewer is not None and user is not None and viewer.id == user.id
        if user is not None:
            await _send_again(session, request, user, note.mark if note else "", theirs=theirs)
    if viewer is None:
        return go(request, path_of(request, "accounts.mailed"))
    return mailed(request, email)


async def _send_again(
    session: AsyncSession, request: Request, user: User, mark: str, *, theirs: bool
) -> None:
    made_here = hmac.compare_digest(mark, _mark_of(settings_of(request), str(user.id)))
    if user.verified_at is None and (theirs or made_here):
        await letters.send_verification(session, request, user)
    elif mark == FORGOTTEN:
        await letters.send_reset(session, request, user)
    else:
        await letters.send_account_exists(session, request, user)


def _mark_of(settings: Settings, text: str) -> str:
    return keyed_hash(settings, "made-here", text)


def _note_of(request: Request) -> Note | None:
    match unsigned(settings_of(request), COOKIE, get_cookie(request, COOKIE), seconds=SECONDS):
        case [str(email), str(mark)]:
            return Note(email, mark)
        case _:
            return None
