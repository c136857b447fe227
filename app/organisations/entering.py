"""Whom a provider means: the account that is opened, linked or made for its claims, and the role that they give."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.elsewhere import domain_of, is_staff
from app.accounts.export import exports
from app.accounts.models import User
from app.accounts.schemas import NAME_LENGTH
from app.accounts.service import create_account, find_by_email, held, verify_address
from app.errors import ForbiddenError
from app.i18n import Text, lazy, spoken
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.memberships.refusals import RefusedError
from app.organisations.identity import Claims
from app.organisations.models import (
    ExternalIdentity,
    HostRole,
    Invitation,
    Organisation,
    OrganisationHost,
    SignInProvider,
)
from app.organisations.providers import Provider, roles_of
from app.organisations.service import (
    LastAdminError,
    change_role,
    put_host,
    resume_host,
    still_open,
    still_vouched,
    suspend_host,
)
from app.organisations.sign_in_errors import WentWrongError, Why

log = structlog.get_logger()


class StaffError(ForbiddenError):
    """Who looks after the site is not at the mercy of an organisation's provider."""

    code = "staff_sign_in"
    title = lazy("Sign in with your password")
    message = lazy("You look after this site or its books. Such accounts are opened by their password only.")


class OtherPersonError(ForbiddenError):
    """The account of this address is linked with another person at the provider."""

    code = "other_person"
    title = lazy("This account is somebody else’s there")
    message = lazy(
        "Your organisation’s sign-in has given this address to another person before. Ask the people who run this "
        "site to look at it."
    )


class NoRoleError(ForbiddenError):
    """The provider knows them, and nothing that it says lets them host."""

    code = "no_role"
    title = lazy("There is no role for you yet")
    message = lazy(
        "Your organisation signs you in, but gives you no role here. Ask one of its admins for one."
    )


@dataclass(frozen=True)
class Entered:
    """Who comes in; `said`: what they are told, if not all is as they may expect."""

    user: User
    is_new: bool
    said: Text | None = None


async def enter(session: AsyncSession, provider: Provider, claims: Claims, *, begun_at: datetime) -> Entered:
    """The account that these claims open, with the role that they give.

    `begun_at`: when the browser left for the provider; a password that was set since is for whoever comes after it.

    Raises WentWrongError, StaffError, OtherPersonError, NoRoleError, and RefusedError where a new host finds no seat.
    Under the holder's lock from the beginning: two windows of one person make one account.
    """
    await hold(session, provider.organisation.holder_id)
    _is_theirs_to_say(provider, claims)
    identity = await session.get(ExternalIdentity, (provider.row.id, claims.subject))
    user = await held(session, identity.user_id) if identity else await _by_address(session, claims)
    if is_staff(user):
        raise StaffError
    if (
        user is not None
        and user.credentials_changed_at is not None
        and begun_at < user.credentials_changed_at
    ):
        raise WentWrongError(Why.OVER)
    is_new = user is None
    if user is None:
        user = await _make(session, claims)
    if identity is None:
        identity = await link(session, provider, user, claims.subject)
    said = await _place(session, provider, user, identity, claims, is_new=is_new)
    return Entered(user, is_new, said)


async def known(session: AsyncSession, provider: Provider, claims: Claims) -> bool:
    """Whether these claims open an account that is there. Raises WentWrongError."""
    _is_theirs_to_say(provider, claims)
    identity = await session.get(ExternalIdentity, (provider.row.id, claims.subject))
    return identity is not None or await find_by_email(session, claims.email) is not None


def _is_theirs_to_say(provider: Provider, claims: Claims) -> None:
    """A provider speaks for the confirmed domains of its organisation, and for nobody else."""
    if domain_of(claims.email) not in provider.proven:
        raise WentWrongError(Why.OTHER_DOMAIN)


async def _by_address(session: AsyncSession, claims: Claims) -> User | None:
    found = await find_by_email(session, claims.email)
    return await held(session, found.id) if found else None


async def _make(session: AsyncSession, claims: Claims) -> User:
    """An account without a password: no password opens it."""
    return await create_account(
        session,
        email=claims.email,
        name=_name(claims),
        password_hash="",
        language=spoken(),
        verified=True,
    )


def _name(claims: Claims) -> str:
    seen = "".join(c for c in claims.name if unicodedata.category(c)[0] != "C")
    # Cut before it is composed, which takes the square of how many accents there are.
    cut = " ".join(seen.split())[: 4 * NAME_LENGTH]
    name = unicodedata.normalize("NFC", cut)[:NAME_LENGTH].strip()
    return name or claims.email.partition("@")[0][:NAME_LENGTH]


async def link(session: AsyncSession, provider: Provider, user: User, subject: str) -> ExternalIdentity:
    """From now on this subject opens this account. Raises OtherPersonError, StaffError."""
    if is_staff(user):
        raise StaffError
    others = select(ExternalIdentity.subject).where(
        ExternalIdentity.provider_id == provider.row.id,
        (ExternalIdentity.user_id == user.id) | (ExternalIdentity.subject == subject),
    )
    if await session.scalar(others) is not None:
        raise OtherPersonError
    if user.verified_at is None:
        await _take_back(session, user)
    identity = ExternalIdentity(
        provider_id=provider.row.id, subject=subject, user_id=user.id, linked_at=clock.now()
    )
    session.add(identity)
    await session.flush()
    log.info("sign_in.linked", organisation=provider.organisation.id, person=user.id)
    return identity


async def _take_back(session: AsyncSession, user: User) -> None:
    """Somebody made the account and never showed that the address is theirs: now it is its owner's alone."""
    user.password_hash = ""
    await verify_address(session, user)


async def _place(
    session: AsyncSession,
    provider: Provider,
    user: User,
    identity: ExternalIdentity,
    claims: Claims,
    *,
    is_new: bool,
) -> Text | None:
    """Give the role that the claims stand for, or take it. Returns what to tell."""
    host = await session.get(OrganisationHost, (provider.organisation.id, user.id), populate_existing=True)
    if not provider.row.role_claim or (host and claims.is_left_out(provider.row.role_claim)):
        # There it is said that values were left out, being too many: nobody loses a role by that.
        role = HostRole(host.role) if host else roles_of(provider.row, set())
    else:
        role = roles_of(provider.row, claims.values(provider.row.role_claim))
    if host is None:
        return await _begin(session, provider, user, role, is_new=is_new)
    if role is None:
        return await _take_role(session, provider, identity, host)
    if host.suspended_at is not None and host.suspended_at == identity.role_taken_at:
        await resume_host(session, provider.organisation, user.id)
        identity.role_taken_at = None
    if host.role != role:
        try:
            await change_role(session, provider.organisation, user.id, role)
        except LastAdminError:
            return _kept(provider, user)
    return None


async def _begin(
    session: AsyncSession, provider: Provider, user: User, role: HostRole | None, *, is_new: bool
) -> Text | None:
    """They begin to host, if there is a role and a seat; who has an account already comes in without, too."""
    invited = await _invitation(session, provider, user)
    if invited is not None and not provider.row.role_claim:
        role = HostRole(invited.role)
    if role is None:
        if is_new:
            raise NoRoleError
        return lazy(
            "You are signed in. %(organisation)s gives you no role as a host.", organisation=provider.name
        )
    try:
        async with session.begin_nested():
            await put_host(session, provider.organisation, user.id, role, invited=invited is not None)
    except RefusedError:
        if is_new:
            raise
        return lazy(
            "You are signed in. %(organisation)s has no seat left, so you do not host for it. Its admins can help.",
            organisation=provider.name,
        )
    if invited is not None:
        invited.accepted_at = clock.now()
    return None


async def _invitation(session: AsyncSession, provider: Provider, user: User) -> Invitation | None:
    """The open invitation to their address: it keeps a seat for them."""
    found: Invitation | None = await session.scalar(
        select(Invitation).where(
            *still_open(provider.organisation.id),
            func.lower(Invitation.email) == user.email.lower(),
            still_vouched(),
        )
    )
    return found


async def _take_role(
    session: AsyncSession, provider: Provider, identity: ExternalIdentity, host: OrganisationHost
) -> Text | None:
    """No claim lets them host any more: suspended, so that seat, rooms and recordings stay until an admin decides."""
    if host.suspended_at is None:
        try:
            await suspend_host(session, provider.organisation, host.user_id)
        except LastAdminError:
            user = await session.get_one(User, host.user_id)
            return _kept(provider, user)
        await session.refresh(host)
        identity.role_taken_at = host.suspended_at
        await session.execute(
            update(OrganisationHost)
            .where(
                OrganisationHost.organisation_id == host.organisation_id,
                OrganisationHost.user_id == host.user_id,
            )
            .values(role=HostRole.HOST)
        )
        log.info("sign_in.role_taken", organisation=host.organisation_id, person=host.user_id)
    return lazy(
        "You are signed in. %(organisation)s gives you no role as a host any more.",
        organisation=provider.name,
    )


def _kept(provider: Provider, user: User) -> Text:
    log.warning("sign_in.last_admin_kept", organisation=provider.organisation.id, person=user.id)
    return lazy(
        "You stay an admin of %(organisation)s, since you are its only one, though its sign-in says otherwise.",
        organisation=provider.name,
    )


@exports
async def signed_in_through(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """Which organisations sign the person in, and as whom."""
    found = (
        select(Holder.name.label("organisation"), ExternalIdentity.subject, ExternalIdentity.linked_at)
        .join(SignInProvider, SignInProvider.id == ExternalIdentity.provider_id)
        .join(Organisation, Organisation.id == SignInProvider.organisation_id)
        .join(Holder, Holder.id == Organisation.holder_id)
        .where(ExternalIdentity.user_id == user_id)
        .order_by(ExternalIdentity.linked_at)
    )
    return {"signed_in_through": [dict(row) for row in (await session.execute(found)).mappings()]}
