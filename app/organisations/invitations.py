"""Invitations by mail: looked at before they are sent, sent as a whole while there are seats, again, taken back."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.deletion import goes_with_account
from app.accounts.models import User
from app.accounts.service import find_by_email
from app.accounts.sessions import hash_of
from app.errors import NotFoundError
from app.i18n import spoken
from app.live import announce, holder_topic
from app.mail import Mailer
from app.memberships.limits import HeldLimits, hold
from app.organisations.invitation_report import Line, Outcome, report
from app.organisations.models import HostRole, Invitation, Organisation
from app.organisations.service import still_open, still_vouched
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.decisions import Refused
from quotas.rules import may_add_host

HOLDS = timedelta(days=14)
KEPT = timedelta(days=30)
log = structlog.get_logger()


@dataclass(frozen=True)
class Post:
    """What invitations are written with: `link` has the place of the token, {token}."""

    mailer: Mailer
    link: str


async def invite(
    session: AsyncSession,
    post: Post,
    organisation: Organisation,
    typed: Sequence[str],
    *,
    role: HostRole,
    by: int,
    expected: int | None = None,
) -> tuple[list[Line], bool]:
    """Send what `report` said, as a whole, under the holder's lock; returns the report and whether it was sent.

    If fewer or more than `expected` would be invited now, nothing is sent: something has changed since it was looked
    at.
    """
    held = await hold(session, organisation.holder_id)
    lines = await report(session, held, organisation, typed)
    chosen = [line.typed for line in lines if line.outcome is Outcome.INVITED]
    if not chosen or (expected is not None and len(chosen) != expected):
        return lines, False
    await _let_go_of_old(session, organisation.id, chosen)
    for email in chosen:
        await _write(session, post, held, organisation.id, email=email, role=role, by=by)
    await announce(session, holder_topic(organisation.holder_id))
    log.info("organisation.invited", organisation=organisation.id, by=by, people=len(chosen))
    return lines, True


async def _let_go_of_old(session: AsyncSession, organisation_id: int, emails: Sequence[str]) -> None:
    """What ran out stands in the way of a new one: an address has one open invitation at most."""
    old = await session.scalars(
        select(Invitation).where(
            Invitation.organisation_id == organisation_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            func.lower(Invitation.email).in_([email.lower() for email in emails]),
        )
    )
    for one in old:
        one.withdrawn_at = one.expires_at
    await session.flush()


async def _write(
    session: AsyncSession,
    post: Post,
    held: HeldLimits,
    organisation_id: int,
    *,
    email: str,
    role: HostRole,
    by: int,
) -> None:
    token, now = secrets.token_urlsafe(32), clock.now()
    session.add(
        Invitation(
            organisation_id=organisation_id,
            email=email,
            role=role,
            token_hash=hash_of(token),
            invited_by=by,
            created_at=now,
            sent_at=now,
            expires_at=now + HOLDS,
        )
    )
    await _mail(session, post, held.holder_name, email, token)


async def _mail(session: AsyncSession, post: Post, organisation: str, email: str, token: str) -> None:
    """In the language of the account that there is, else in that of who invites."""
    user = await find_by_email(session, email)
    await post.mailer.send(
        session,
        email,
        "invitation",
        language=user.language if user else spoken(),
        organisation=organisation,
        days=HOLDS.days,
        link=post.link.format(token=token),
    )


async def list_invitations(
    session: AsyncSession, organisation_id: int, *, number: int = 1, size: int = PAGE_SIZE
) -> Page[Any]:
    """Those that nobody has accepted or withdrawn, the newest first: rows of Invitation and `holds`.

    One that has run out, or that an admin sent who is none any more, does not hold: it can be sent again.
    """
    waiting = (
        Invitation.organisation_id == organisation_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    total = await session.scalar(select(func.count()).where(*waiting)) or 0
    holds = and_(Invitation.expires_at > clock.now(), still_vouched())
    found = await session.execute(
        select(Invitation, holds.label("holds"))
        .where(*waiting)
        .order_by(Invitation.sent_at.desc(), Invitation.id.desc())
        .limit(size)
        .offset(offset_of(number))
    )
    return Page(found.all(), number, total)


async def _waiting(session: AsyncSession, organisation: Organisation, invitation_id: int) -> Invitation:
    found = await session.scalar(
        select(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.organisation_id == organisation.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFoundError
    return found


async def resend(
    session: AsyncSession, post: Post, organisation: Organisation, invitation_id: int, *, by: int
) -> bool:
    """Send it again with a new link, which holds for 14 days; the old link ends. False: no seat is left for it.

    One that has run out has given its seat back and takes one anew. From now on it is theirs who sent it again.
    Raises NotFoundError.
    """
    held = await hold(session, organisation.holder_id)
    found = await _waiting(session, organisation, invitation_id)
    others = select(func.count()).where(*still_open(organisation.id), Invitation.id != found.id)
    taken = held.hosts + (await session.scalar(others) or 0)
    if isinstance(may_add_host(held.limits, taken), Refused):
        return False
    token, now = secrets.token_urlsafe(32), clock.now()
    found.token_hash, found.sent_at, found.expires_at = hash_of(token), now, now + HOLDS
    found.invited_by = by
    await session.flush()
    await _mail(session, post, held.holder_name, found.email, token)
    return True


@goes_with_account
async def invitations_go(session: AsyncSession, user_id: int) -> None:
    """No invitation names who has deleted their account."""
    theirs = select(func.lower(User.email)).where(User.id == user_id).scalar_subquery()
    await session.execute(delete(Invitation).where(func.lower(Invitation.email) == theirs))


async def forget_old(session: AsyncSession) -> None:
    """Forget the addresses of whom was invited: 30 days after they have accepted, or could have for the last time."""
    over = func.coalesce(Invitation.accepted_at, Invitation.withdrawn_at, Invitation.expires_at)
    await session.execute(delete(Invitation).where(over < clock.now() - KEPT))


async def withdraw(session: AsyncSession, organisation: Organisation, invitation_id: int) -> None:
    """Take it back: its link ends, its seat is free. Raises NotFoundError."""
    await hold(session, organisation.holder_id)
    found = await _waiting(session, organisation, invitation_id)
    found.withdrawn_at = clock.now()
    await session.flush()
    await announce(session, holder_topic(organisation.holder_id))
