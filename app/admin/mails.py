"""Mails that wait or were refused, for operators: to whom, why, when again; never what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from app.errors import NotFoundError
from app.i18n import Text, lazy
from app.mail.delivery import is_being_tried, retry
from app.mail.faults import Reason
from app.mail.models import OutgoingMail
from app.web.pagination import PAGE_SIZE, Page

# All that may be known here: subjects and texts carry names, and links that sign people in.
KNOWN = (
    OutgoingMail.id,
    OutgoingMail.to,
    OutgoingMail.mail,
    OutgoingMail.created_at,
    OutgoingMail.tries,
    OutgoingMail.next_try_at,
    OutgoingMail.ended_at,
    OutgoingMail.reason,
    OutgoingMail.words,
)

WHY: dict[str, Text] = {
    Reason.UNREACHABLE: lazy("The mail server can’t be reached."),
    Reason.TIMEOUT: lazy("The mail server didn’t answer in time."),
    Reason.DISCONNECTED: lazy("The mail server broke off."),
    Reason.LATER: lazy("The mail server asks to try later."),
    Reason.UNTRUSTED: lazy(
        "The mail server’s certificate isn’t trusted. Name its CA in GUILDHALL_CA_FILE, or use the name that the "
        "certificate is for."
    ),
    Reason.TLS: lazy("No TLS connection with the mail server."),
    Reason.LOGIN: lazy("The mail server refuses our login. Look at GUILDHALL_SMTP_URL."),
    Reason.SENDER: lazy("The mail server refuses our sender. Look at GUILDHALL_MAIL_FROM."),
    Reason.RELAY: lazy("The mail server doesn’t pass on mail from us. Look at GUILDHALL_SMTP_URL."),
    Reason.RECIPIENT: lazy("The address is refused for good."),
    Reason.LETTER: lazy("This mail is refused for good."),
}

KINDS: dict[str, Text] = {
    "account_exists": lazy("Account exists"),
    "address_again": lazy("Address tried again"),
    "address_change_asked": lazy("Address change asked"),
    "address_changed": lazy("Address changed"),
    "code_guessed": lazy("Code guessed"),
    "confirm_address": lazy("New address"),
    "goodbye": lazy("Account deleted"),
    "grant_made": lazy("Contribution"),
    "interest_accepted": lazy("Joining in: accepted"),
    "interest_confirm": lazy("Joining in: confirm"),
    "interest_declined": lazy("Joining in: declined"),
    "interest_new": lazy("Joining in: to operators"),
    "invitation": lazy("Invitation"),
    "membership_changed": lazy("Membership changed"),
    "membership_ending": lazy("Membership ends"),
    "new_password": lazy("New password"),
    "password_changed": lazy("Password changed"),
    "recording_ending": lazy("Recordings end"),
    "recording_storage": lazy("Space for recordings"),
    "task_news": lazy("Task"),
    "token_made": lazy("API token made"),
    "totals_repaired": lazy("Totals repaired"),
    "verify_address": lazy("Verification"),
    "worker_gone": lazy("Worker stopped"),
}


@dataclass(frozen=True)
class Line:
    """One mail that is not sent yet."""

    id: int
    to: str
    kind: Text | str
    created_at: datetime
    tries: int
    next_try_at: datetime | None
    """None: it is not tried any more"""
    why: Text | None
    """None: it has not been tried, or is being tried"""
    words: str


async def list_mails(session: AsyncSession, *, number: int = 1, size: int = PAGE_SIZE) -> Page[Line]:
    """Those refused for good first, then the oldest."""
    total = await session.scalar(select(func.count()).select_from(OutgoingMail)) or 0
    found = select(OutgoingMail).options(load_only(*KNOWN, raiseload=True))
    ordered = found.order_by(OutgoingMail.ended_at.is_(None), OutgoingMail.id)
    mails = await session.scalars(ordered.offset((number - 1) * size).limit(size))
    return Page([_line(mail) for mail in mails], number, total, size)


def _line(mail: OutgoingMail) -> Line:
    return Line(
        id=mail.id,
        to=mail.to,
        kind=KINDS.get(mail.mail, mail.mail),
        created_at=mail.created_at,
        tries=mail.tries,
        next_try_at=mail.next_try_at if mail.ended_at is None else None,
        why=WHY.get(mail.reason or ""),
        words=mail.words or "",
    )


async def retry_mails(session: AsyncSession, mail_id: int | None = None) -> int:
    """Try one now, or all; returns how many. Raises NotFoundError where the one is gone."""
    mails = await _held(session, select(OutgoingMail), mail_id)
    return await retry(session, mails)


async def drop_mail(session: AsyncSession, mail_id: int) -> bool:
    """Throw one away; False: it is being sent at this moment. Raises NotFoundError."""
    [mail] = await _held(session, select(OutgoingMail), mail_id)
    if is_being_tried(mail):
        return False
    await session.delete(mail)
    await session.flush()
    return True


async def _held(session: AsyncSession, found: Select[Any], mail_id: int | None) -> Sequence[OutgoingMail]:
    # Against the worker, which locks the row before and after each try.
    held = found.options(load_only(*KNOWN)).order_by(OutgoingMail.id).with_for_update()
    if mail_id is None:
        return list(await session.scalars(held))
    mail = await session.scalar(held.where(OutgoingMail.id == mail_id))
    if mail is None:
        raise NotFoundError
    return [mail]
