"""What operators do with expressions of interest: talk about them, accept or decline them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, i18n
from app.accounts.access import Viewer
from app.accounts.models import User
from app.accounts.service import find_by_email
from app.contributions.ledger import Entry, record, today
from app.contributions.models import EntryKind, What
from app.errors import ConflictError, NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.joining.interests import OPEN
from app.joining.models import Interest, InterestRemark, InterestState
from app.memberships.granting import put_on_tier
from app.memberships.limits import standing_of
from app.memberships.models import Holder, PolicyRow
from app.organisations.invitations import Post, invite
from app.organisations.models import HostRole, Organisation
from app.organisations.service import create_organisation, put_host
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.contributions import value_of_work


class DecidedAlreadyError(ConflictError):
    """Somebody else was faster."""

    code = "interest_decided_already"
    title = lazy("This is decided already")
    message = lazy(
        "Someone else has decided about it meanwhile. Your word is still here: say it to the other operators."
    )


@dataclass(frozen=True)
class Namesake:
    """An organisation that is here already: its address and its name."""

    slug: str
    name: str


@dataclass(frozen=True)
class Acceptance:
    """What an operator makes of an expression of interest. Sums in cents of EUR.

    `is_here`: the organisation of this address is here already, and the applicant belongs to it.
    """

    slug: str
    answer: str
    tier: str = ""  # none: it begins on the free tier
    ends_at: datetime | None = None
    seats: int | None = None
    money: int | None = None
    hours: int | None = None
    servers: int | None = None
    other: int | None = None
    is_here: bool = False


class NoSuchOrganisationError(NotFoundError):
    """The operator named an organisation that is not here."""

    code = "no_such_organisation"
    message = lazy("There’s no organisation with this address. Untick the box to create it.")


async def list_interests(session: AsyncSession, state: str, number: int) -> Page[Interest]:
    """The confirmed ones of a state (empty: all), the newest first."""
    wanted: list[ColumnElement[bool]] = [Interest.confirmed_at.is_not(None)]
    if state:
        wanted.append(Interest.state == state)
    total = await session.scalar(select(func.count()).select_from(Interest).where(*wanted)) or 0
    found = select(Interest).where(*wanted).order_by(Interest.id.desc())
    page = found.limit(PAGE_SIZE).offset(offset_of(number))
    return Page(list(await session.scalars(page)), number, total)


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many there are in each state."""
    found = select(Interest.state, func.count()).where(Interest.confirmed_at.is_not(None))
    return {row[0]: row[1] for row in await session.execute(found.group_by(Interest.state))}


async def find_interest(session: AsyncSession, interest_id: int, *, lock: bool = False) -> Interest:
    """A confirmed one, or NotFoundError; `lock`: for changing it."""
    found = select(Interest).where(Interest.id == interest_id, Interest.confirmed_at.is_not(None))
    interest = await session.scalar(found.with_for_update() if lock else found)
    if interest is None:
        raise NotFoundError
    return interest


async def remarks_of(session: AsyncSession, interest_id: int) -> Sequence[Any]:
    """What operators said to each other, oldest first."""
    found = select(InterestRemark).where(InterestRemark.interest_id == interest_id)
    return list(await session.scalars(found.order_by(InterestRemark.id)))


async def remark(session: AsyncSession, interest: Interest, words: str, by: str) -> None:
    """Say something about it to the other operators; a new one is under discussion then."""
    session.add(InterestRemark(interest_id=interest.id, at=clock.now(), by=by, words=words))
    if interest.state == InterestState.NEW:
        interest.state = InterestState.TALKING
    await session.flush()


async def accept(
    session: AsyncSession, interest: Interest, terms: Acceptance, by: Viewer, post: Post
) -> User | None:
    """Make the organisation, or take the one that is here; its admin and its pledges. The interest is locked.

    Returns the account that is its admin now; None: the address has no verified one, and is invited. Raises
    DecidedAlreadyError, organisations.service.AddressTakenError and NoSuchOrganisationError (and nothing is done),
    NotForThisHolderError, RefusedError if an organisation that is here has no seat left for its new admin.
    """
    if interest.state not in OPEN:
        raise DecidedAlreadyError
    made = await _organisation(session, interest, terms)
    made.needs, made.website = made.needs or interest.needs, made.website or interest.website
    made.contact = made.contact or interest.email
    made.custodian_id = made.custodian_id or interest.custodian_id
    if terms.tier:
        await put_on_tier(
            session,
            made.holder_id,
            terms.tier,
            reason=_("Expression of interest %(number)s", number=interest.id),
            granted_by=by.name,
            ends_at=terms.ends_at,
            seats=terms.seats,
        )
    await _pledge(session, interest, made, terms, by.name)
    user = await find_by_email(session, interest.email)
    # An account that was never verified may be anybody's.
    admin = user if user is not None and user.verified_at is not None and user.banned_at is None else None
    if admin is not None:
        await put_host(session, made, admin.id, HostRole.ADMIN)
    else:
        await _invite(session, interest, made, by, post)
    _decide(interest, InterestState.ACCEPTED, terms.answer, by.name)
    interest.organisation_id = made.id
    await session.flush()
    return admin


async def _organisation(session: AsyncSession, interest: Interest, terms: Acceptance) -> Organisation:
    """A new organisation, or the one that is here."""
    if not terms.is_here:
        return await create_organisation(session, name=interest.name, slug=terms.slug)
    organisation = await session.scalar(select(Organisation).where(Organisation.slug == terms.slug))
    if organisation is None:
        raise NoSuchOrganisationError
    return organisation


async def namesake(session: AsyncSession, interest: Interest, slug: str) -> Namesake | None:
    """The organisation that an expression of interest is probably about: of the same name, or of this address."""
    is_it = or_(func.lower(Holder.name) == interest.name.strip().lower(), Organisation.slug == slug)
    found = await session.execute(
        select(Organisation.slug, Holder.name)
        .join(Holder, Holder.id == Organisation.holder_id)
        .where(is_it)
        .order_by(Organisation.slug != slug, Organisation.id)
        .limit(1)
    )
    row = found.first()
    return Namesake(row.slug, row.name) if row else None


async def decline(session: AsyncSession, interest: Interest, answer: str, by: str) -> None:
    """Say no, with a word; the interest is locked. Raises DecidedAlreadyError."""
    if interest.state not in OPEN:
        raise DecidedAlreadyError
    _decide(interest, InterestState.DECLINED, answer, by)
    await session.flush()


async def _invite(
    session: AsyncSession, interest: Interest, made: Organisation, by: Viewer, post: Post
) -> None:
    """Ask the applicant to become its first admin, in the language of their expression of interest."""
    before = i18n.spoken()
    i18n.speak(interest.language)
    try:
        await invite(session, post, made, [interest.email], role=HostRole.ADMIN, by=by.id)
    finally:
        i18n.speak(before)


def _decide(interest: Interest, state: InterestState, answer: str, by: str) -> None:
    interest.state, interest.answer = state, answer
    interest.decided_at, interest.decided_by = clock.now(), by
    interest.version += 1


async def _pledge(
    session: AsyncSession, interest: Interest, made: Organisation, terms: Acceptance, by: str
) -> None:
    """Write down what it promised, by kind."""
    hour_cents = await session.scalar(select(PolicyRow.hour_cents)) or 0
    minutes = (terms.hours or 0) * 60
    custodian = None
    if made.custodian_id is not None:
        custodian = await session.scalar(
            select(Organisation.holder_id).where(Organisation.id == made.custodian_id)
        )
    promised = (
        (What.MONEY, terms.money, None, ""),
        (What.HOURS, value_of_work(minutes, hour_cents), minutes, interest.offers_people),
        (What.SERVER, terms.servers, None, interest.offers_servers),
        (What.OTHER, terms.other, None, interest.offers_other),
    )
    day = today(await standing_of(session, made.holder_id))
    for what, cents, work, note in promised:
        if cents:
            entry = Entry(
                kind=EntryKind.PLEDGE,
                what=what,
                booked_on=day,
                contributor_id=made.holder_id,
                cents=cents,
                custodian_id=custodian,
                minutes=work,
                note=note[:500],
                once=f"interest-{interest.id}-{what}",
            )
            await record(session, entry, by)
