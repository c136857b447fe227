"""Expressions of interest: made, confirmed by mail, corrected and withdrawn by whoever made them."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.sessions import hash_of
from app.contributions.contributors import custodians
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.joining.interest_schemas import ApplyInput, CorrectInput, InterestInput
from app.joining.models import Interest, InterestState
from app.memberships.models import Holder
from app.organisations.models import Organisation
from app.web.browser import bare_token
from app.web.forms import Form
from app.web.pagination import PAGE_SIZE, Page, offset_of

FORGET_UNCONFIRMED = timedelta(days=7)
OPEN = {InterestState.NEW, InterestState.TALKING}


class DecidedError(ConflictError):
    """What was decided is not changed by its applicant."""

    code = "interest_decided"
    title = lazy("This is decided")
    message = lazy("The operators have decided about it. Write to them if something has changed.")


async def express(session: AsyncSession, typed: ApplyInput, language: str) -> str:
    """Keep what was typed until its mail address is confirmed; returns the token of the link in that mail."""
    token = secrets.token_urlsafe(32)
    interest = Interest(
        token_hash=hash_of(token),
        state=InterestState.NEW,
        created_at=clock.now(),
        email=typed.email,
        language=language,
    )
    typed.put_on(interest)
    session.add(interest)
    await session.flush()
    return token


async def by_token(session: AsyncSession, token: str, *, lock: bool = False) -> Interest:
    """The expression of interest behind a link, or NotFoundError; `lock`: for changing it."""
    found = select(Interest).where(Interest.token_hash == hash_of(bare_token(token)))
    interest = await session.scalar(found.with_for_update() if lock else found)
    if interest is None:
        raise NotFoundError
    return interest


async def confirm(session: AsyncSession, interest: Interest) -> bool:
    """Let the operators see it; False if they do already. It is locked."""
    if interest.confirmed_at is not None:
        return False
    interest.confirmed_at = clock.now()
    await session.flush()
    return True


async def correct(session: AsyncSession, interest: Interest, typed: CorrectInput) -> None:
    """Say something else; it is locked. Raises DecidedError."""
    if interest.state not in OPEN:
        raise DecidedError
    typed.put_on(interest)
    interest.version += 1
    await session.flush()


async def set_public(session: AsyncSession, interest: Interest, *, is_public: bool) -> None:
    """Agree to stand in the public table, or no longer: also when it is decided."""
    interest.is_public = is_public
    interest.version += 1
    await session.flush()


async def withdraw(session: AsyncSession, interest: Interest) -> None:
    """Delete it, with what was said about it. Raises DecidedError for what was accepted: that is an organisation."""
    if interest.state == InterestState.ACCEPTED:
        raise DecidedError
    await session.delete(interest)
    await session.flush()


async def forget_unconfirmed(session: AsyncSession) -> None:
    """Delete what nobody confirmed in a week."""
    too_old = clock.now() - FORGET_UNCONFIRMED
    await session.execute(
        delete(Interest).where(Interest.confirmed_at.is_(None), Interest.created_at < too_old)
    )


async def co_producers(session: AsyncSession) -> list[tuple[int, str]]:
    """The organisations that one may be a member of: number and name."""
    holders = [row.id for row in await custodians(session)]
    found = select(Organisation.id, Holder.name).join(Holder, Holder.id == Organisation.holder_id)
    rows = await session.execute(found.where(Holder.id.in_(holders)).order_by(func.lower(Holder.name)))
    return [(row.id, row.name) for row in rows]


async def check_custodian(session: AsyncSession, form: Form[Any]) -> None:
    """Put an error beside the field if the organisation is none of those."""
    typed = form.value
    if not isinstance(typed, InterestInput) or typed.custodian is None:
        return
    if typed.custodian not in {number for number, _name in await co_producers(session)}:
        form.fail("custodian", lazy("Choose one of the options."))


async def custodian_name(session: AsyncSession, interest: Interest) -> str | None:
    """The co-producer that it is a member of."""
    if interest.custodian_id is None:
        return None
    found = select(Holder.name).join(Organisation, Organisation.holder_id == Holder.id)
    return await session.scalar(found.where(Organisation.id == interest.custodian_id))


async def public_table(session: AsyncSession, number: int) -> Page[Any]:
    """Who agreed to be named and is accepted: what they said, and no address of anybody.

    Only what is decided, for that is what operators have read: until then its applicant may still write other words.
    """
    wanted = (Interest.is_public, Interest.state == InterestState.ACCEPTED)
    total = await session.scalar(select(func.count()).select_from(Interest).where(*wanted)) or 0
    columns = (Interest.name, Interest.as_producer, Interest.website, Interest.needs)
    found = select(*columns).where(*wanted).order_by(func.lower(Interest.name), Interest.id)
    return Page(list(await session.execute(found.limit(PAGE_SIZE).offset(offset_of(number)))), number, total)
