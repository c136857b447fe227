"""An organisation's sign-in provider: who it is, whose addresses it speaks for, whether it is the only way in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.models import (
    ExternalIdentity,
    HostRole,
    Organisation,
    OrganisationHost,
    SignInDomain,
    SignInProvider,
)
from app.organisations.sign_in_schemas import ProviderInput, VouchInput

SEALED_FOR = "sign-in-provider"


class NotTriedError(ConflictError):
    """Nobody has come back from the provider as it is set up now: to require it might lock everybody out."""

    code = "not_tried"
    message = lazy("Try it first. Once you have come back from it, it can be required.")


class NotProvenError(ConflictError):
    """No domain is confirmed: there is nobody of whom it could be required."""

    code = "not_proven"
    message = lazy("None of the domains is confirmed yet. The people who run this site do that.")


class DomainTakenError(ConflictError):
    """A domain belongs to one organisation."""

    code = "domain_taken"
    message = lazy("Another organisation has this domain.")


@dataclass(frozen=True)
class Provider:
    """A provider with its organisation, as sign-in needs it."""

    row: SignInProvider
    organisation: Organisation
    name: str
    proven: frozenset[str]


@dataclass(frozen=True)
class Affected:
    """How many hosts have an address of a confirmed domain, and how many another one."""

    inside: int
    outside: int


async def find_provider(session: AsyncSession, slug: str) -> Provider:
    """The provider of the organisation at an address, read anew. Raises NotFoundError."""
    found = (
        await session.execute(
            select(SignInProvider, Organisation, Holder.name)
            .join(Organisation, Organisation.id == SignInProvider.organisation_id)
            .join(Holder, Holder.id == Organisation.holder_id)
            .where(Organisation.slug == slug)
            .execution_options(populate_existing=True)
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError
    domains = await domains_of(session, found.SignInProvider.id)
    proven = frozenset(one.domain for one in domains if one.proven_at)
    return Provider(found.SignInProvider, found.Organisation, found.name, proven)


async def provider_of(session: AsyncSession, organisation: Organisation) -> SignInProvider | None:
    """The organisation's provider, read anew."""
    found: SignInProvider | None = await session.scalar(
        select(SignInProvider)
        .where(SignInProvider.organisation_id == organisation.id)
        .execution_options(populate_existing=True)
    )
    return found


async def domains_of(session: AsyncSession, provider_id: int) -> Sequence[SignInDomain]:
    """The domains it is for, confirmed or not."""
    found = select(SignInDomain).where(SignInDomain.provider_id == provider_id)
    return (
        await session.scalars(found.order_by(SignInDomain.domain).execution_options(populate_existing=True))
    ).all()


async def held_provider(session: AsyncSession, organisation: Organisation) -> SignInProvider | None:
    """The provider under the holder's lock: who saves, requires and signs in wait for each other."""
    await hold(session, organisation.holder_id)
    return await provider_of(session, organisation)


async def held_unchanged(session: AsyncSession, slug: str, version: int) -> Provider | None:
    """The provider under the holder's lock, as it is now; None if it was saved since that version was read.

    Between reading a provider and believing what it says lies a way over the internet. Raises NotFoundError.
    """
    await hold(session, (await find_provider(session, slug)).organisation.holder_id)
    provider = await find_provider(session, slug)
    return provider if provider.row.version == version else None


async def save_provider(
    session: AsyncSession, organisation: Organisation, typed: ProviderInput, *, issuer: str, sealed: str
) -> bool:
    """Write it; the caller has held it. False: it was required and must be tried again before it can be again.

    `issuer` is as the provider writes it; `sealed`: the new secret, empty keeps the old one.
    """
    row = await provider_of(session, organisation)
    if row is None:
        row = SignInProvider(organisation_id=organisation.id, client_secret=sealed, issuer="", client_id="")
        session.add(row)
    else:
        row.version += 1
    is_another = (row.issuer, row.client_id) != (issuer, typed.client_id) or bool(sealed)
    if row.issuer != issuer:
        # What an operator said was said of another issuer.
        row.names_own_addresses, row.name_is_address, row.vouched_by = False, False, None
    if row.id and row.issuer != issuer:
        # What a subject means only its own issuer says.
        await session.execute(delete(ExternalIdentity).where(ExternalIdentity.provider_id == row.id))
    was_required = bool(row.required)
    row.issuer, row.client_id = issuer, typed.client_id
    row.client_secret = sealed or row.client_secret
    row.role_claim, row.default_role = typed.role_claim, typed.default_role
    row.admin_values, row.host_values = typed.admin_values, typed.host_values
    if is_another:
        row.tried_at, row.required = None, False
    await session.flush()
    await _set_domains(session, row, typed.domains)
    return not was_required or bool(row.required)


async def _set_domains(session: AsyncSession, row: SignInProvider, domains: Sequence[str]) -> None:
    present = {one.domain: one for one in await domains_of(session, row.id)}
    for domain in present.keys() - set(domains):
        await session.delete(present[domain])
    for domain in domains:
        if domain not in present:
            session.add(SignInDomain(provider_id=row.id, domain=domain))
    if not any(one.proven_at for one in present.values() if one.domain in domains):
        row.required = False
    await session.flush()


async def confirm_domain(
    session: AsyncSession, organisation: Organisation, domain: str, *, by: int, proof: str
) -> None:
    """An operator knows that the domain is the organisation's. Raises NotFoundError, DomainTakenError."""
    row = await held_provider(session, organisation)
    found = await session.get(SignInDomain, (row.id, domain)) if row else None
    if found is None:
        raise NotFoundError
    try:
        async with session.begin_nested():
            found.proven_at, found.proven_by, found.proof = clock.now(), by, proof
            await session.flush()
    except IntegrityError:  # only the unique index can refuse this
        raise DomainTakenError from None


async def vouch(session: AsyncSession, organisation: Organisation, typed: VouchInput, *, by: int) -> bool:
    """An operator says what the issuer's silence means. False: it was changed meanwhile. Raises NotFoundError."""
    row = await held_provider(session, organisation)
    if row is None:
        raise NotFoundError
    if row.version != typed.version:
        return False
    row.names_own_addresses = typed.names_own_addresses
    row.name_is_address = typed.name_is_address and typed.names_own_addresses
    row.vouched_by = by
    await session.flush()
    return True


async def note_tried(session: AsyncSession, organisation: Organisation, version: int) -> bool:
    """An admin came back from it; False if it was changed meanwhile."""
    row = await held_provider(session, organisation)
    if row is None or row.version != version:
        return False
    row.tried_at = clock.now()
    await session.flush()
    return True


async def require(session: AsyncSession, organisation: Organisation, *, required: bool) -> None:
    """Make it the only way in for people of the confirmed domains, or one of two again.

    Raises NotFoundError, NotTriedError, NotProvenError.
    """
    row = await held_provider(session, organisation)
    if row is None:
        raise NotFoundError
    if required:
        if row.tried_at is None:
            raise NotTriedError
        if not any(one.proven_at for one in await domains_of(session, row.id)):
            raise NotProvenError
    row.required = required
    await session.flush()


async def remove_provider(session: AsyncSession, organisation: Organisation) -> None:
    """Take it away, with whom it knows. Raises NotFoundError."""
    row = await held_provider(session, organisation)
    if row is None:
        raise NotFoundError
    await session.delete(row)
    await session.flush()


async def affected(session: AsyncSession, organisation: Organisation, provider_id: int) -> Affected:
    """Of how many hosts it would be required."""
    proven = select(SignInDomain.domain).where(
        SignInDomain.provider_id == provider_id, SignInDomain.proven_at.is_not(None)
    )
    is_inside = func.split_part(func.lower(User.email), "@", 2).in_(proven)
    inside, everybody = (
        await session.execute(
            select(func.count().filter(is_inside), func.count())
            .select_from(OrganisationHost)
            .join(User, User.id == OrganisationHost.user_id)
            .where(OrganisationHost.organisation_id == organisation.id)
        )
    ).one()
    return Affected(inside, everybody - inside)


async def allow_passwords_again(session: AsyncSession, slug: str) -> bool:
    """The way out for whoever runs the machine: passwords sign the organisation's people in again."""
    ids = select(Organisation.id).where(Organisation.slug == slug)
    done = update(SignInProvider).where(SignInProvider.organisation_id.in_(ids)).values(required=False)
    return await session.scalar(done.returning(SignInProvider.id)) is not None


def roles_of(row: SignInProvider, values: set[str]) -> HostRole | None:
    """The role that these values of the claim stand for; None: none."""
    if values & set(row.admin_values):
        return HostRole.ADMIN
    if values & set(row.host_values) or row.default_role:
        return HostRole.HOST
    return None
