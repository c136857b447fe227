"""Whether mail arrives at one's address: a link that shows it again, after a mail server had refused it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import delete, exists, func
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import rates
from app.accounts.access import SignedIn
from app.accounts.export import exports
from app.accounts.links import Link, LinkOverError
from app.accounts.models import User
from app.db import Databased, Session
from app.i18n import lazy
from app.mail import Mailer
from app.mail.bounces import bounce_of, forgive
from app.mail.models import Bounce
from app.mail.reminders import refusals_of
from app.settings import Settings
from app.web.browser import settings_of, unsigned
from app.web.pages import address_of, go, page, path_of

router = APIRouter(prefix="/account/email")
log = structlog.get_logger()
KEEP_STRANGERS = timedelta(days=30)


@dataclass(frozen=True)
class ReachLink(Link):
    """Shows that mail to an address is read; of no use once the account has another one."""

    purpose = "reach"
    holds = timedelta(days=3)
    user_id: int
    email: str

    @classmethod
    def read(cls, settings: Settings, token: str) -> "ReachLink | None":
        """The link behind a token that is ours and not too old."""
        match unsigned(settings, cls.purpose, token, seconds=int(cls.holds.total_seconds())):
            case [int(user_id), str(email)]:
                return cls(user_id, email)
            case _:
                return None


@router.post("/again", name="accounts.reach")
async def send(request: Request, database: Databased, viewer: SignedIn) -> Response:
    """A mail to one's own address: if it arrives, the mark can go."""
    here, there = (
        rates.from_here(request, rates.ASKED_MAILS),
        rates.to_address(rates.REACH_MAILS, viewer.email),
    )
    await rates.count(database, request, here, there)
    async with database.transaction() as session:
        token = ReachLink(viewer.id, viewer.email).sign(settings_of(request))
        mailer: Mailer = request.app.state.mailer
        link = address_of(request, "accounts.reached", reach_token=token)
        await mailer.send(session, viewer.email, "address_again", language=viewer.language, link=link)
    said = lazy("We have sent a mail to %(email)s. Open the link in it to finish.", email=viewer.email)
    return go(request, path_of(request, "accounts.email"), say=said)


@router.get("/again/{reach_token}", name="accounts.reached")
async def ask(request: Request, session: Session, reach_token: str) -> Response:
    """One button, on whatever browser the mail was opened."""
    user = await _of_link(session, request, reach_token)
    return page(request, "accounts/reached.html", token=reach_token, email=user.email)


@router.post("/again/{reach_token}")
async def confirm(request: Request, session: Session, reach_token: str) -> Response:
    """It arrives: the mark goes."""
    user = await _of_link(session, request, reach_token)
    await forgive(session, user.email)
    log.info("mail.address_again", person=user.id)
    target = "accounts.email" if request.state.viewer else "accounts.sign_in"
    return go(
        request, path_of(request, target), say=lazy("Thank you. Mail to %(email)s arrives.", email=user.email)
    )


async def _of_link(session: AsyncSession, request: Request, token: str) -> User:
    link = ReachLink.read(settings_of(request), token)
    user = await session.get(User, link.user_id) if link else None
    if link is None or user is None or user.email != link.email:
        raise LinkOverError("accounts.email", lazy("Go to your address"))
    return user


async def forget_strangers(session: AsyncSession) -> None:
    """Delete marks of addresses that are nobody's account, after a month."""
    is_somebodys = exists().where(func.lower(User.email) == Bounce.address)
    old = Bounce.bounced_at < clock.now() - KEEP_STRANGERS
    await session.execute(delete(Bounce).where(old, ~is_somebodys))


@exports
async def _mail(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """Whether mail to them was refused, and which reminders they want none of."""
    user = await session.get_one(User, user_id)
    bounce = await bounce_of(session, user.email)
    refused = {"at": bounce.bounced_at, "words": bounce.words} if bounce else None
    return {"mail": {"refused": refused, "unwanted_reminders": sorted(await refusals_of(session, user_id))}}
