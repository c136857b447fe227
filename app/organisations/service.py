"""Making organisations, and who hosts for them."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import ConflictError, NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.live import announce, holder_topic
from app.memberships.decision_log import Question, note_granted
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import Holder, HolderKind
from app.memberships.refusals import Help, refusal
from app.organisations.models import HostRole, Organisation, OrganisationHost
from quotas.decisions import Refused
from quotas.rules import may_add_host


class AddressTakenError(ConflictError):
    """Another organisation has this address."""

    code = "address_taken"
    message = lazy("Another organisation has this address. Choose another one.")


class LastAdminError(ConflictError):
    """Its rooms and hosts would be left to nobody."""

    code = "last_admin"
    message = lazy("They are its only admin. Make someone else an admin first.")


async def create_organisation(session: AsyncSession, *, name: str, slug: str) -> Organisation:
    """An organisation without hosts, on the limits of the free tier. Raises AddressTakenError."""
    now = clock.now()
    try:
        async with session.begin_nested():
            holder = Holder(kind=HolderKind.ORGANISATION, name=name, created_at=now)
            session.add(holder)
            await session.flush()
            organisation = Organisation(holder_id=holder.id, slug=slug, created_at=now)
            session.add(organisation)
            await session.flush()
    except IntegrityError as error:  # the unique address decides between two at once
        if "uq_organisations_slug" not in str(error.orig):
            raise
        raise AddressTakenError from None
    return organisation


async def find_organisation(session: AsyncSession, organisation_id: int) -> Organisation:
    """The organisation, or NotFoundError."""
    found = await session.get(Organisation, organisation_id)
    if found is None:
        raise NotFoundError
    return found


async def put_host(
    session: AsyncSession,
    organisation: Organisation,
    user_id: int,
    role: HostRole,
    *,
    helps: list[Help] | None = None,
) -> None:
    """Let a person host for an organisation, or give them another role. Raises LastAdminError, RefusedError.

    Under the holder's lock: the number of hosts is part of the limits. A new host takes a seat; whoever hosts
    already keeps theirs, also when there are fewer now. `helps`: what the refusal offers to do.
    """
    held = await hold(session, organisation.holder_id)
    hosts_already = select(OrganisationHost.user_id).where(
        OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user_id
    )
    is_new = await session.scalar(hosts_already) is None
    if is_new:
        await _spend_a_seat(session, held, helps)
    if role != HostRole.ADMIN:
        await _keep_an_admin(session, organisation.id, user_id)
    host = insert(OrganisationHost).values(
        organisation_id=organisation.id, user_id=user_id, role=role, joined_at=clock.now()
    )
    keys = [OrganisationHost.organisation_id, OrganisationHost.user_id]
    await session.execute(host.on_conflict_do_update(index_elements=keys, set_={"role": role}))
    if is_new:
        await note_granted(session, held.holder_id, Question.ADD_HOST, held.holder_name)
    await announce(session, holder_topic(organisation.holder_id))


async def suspend_host(session: AsyncSession, organisation: Organisation, user_id: int) -> None:
    """Keep a host from acting for the organisation; seat, rooms and recordings stay theirs.

    Raises NotFoundError, LastAdminError.
    """
    await hold(session, organisation.holder_id)
    await _keep_an_admin(session, organisation.id, user_id)
    await _set_suspended(session, organisation, user_id, clock.now())


async def resume_host(session: AsyncSession, organisation: Organisation, user_id: int) -> None:
    """Let a suspended host act for it again. Raises NotFoundError."""
    await hold(session, organisation.holder_id)
    await _set_suspended(session, organisation, user_id, None)


async def _set_suspended(
    session: AsyncSession, organisation: Organisation, user_id: int, at: datetime | None
) -> None:
    done = (
        update(OrganisationHost)
        .where(OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user_id)
        .values(suspended_at=at)
        .returning(OrganisationHost.user_id)
    )
    if await session.scalar(done) is None:
        raise NotFoundError
    await announce(session, holder_topic(organisation.holder_id))


async def remove_host(session: AsyncSession, organisation: Organisation, user_id: int) -> None:
    """Let a person no longer host for an organisation. Raises NotFoundError, LastAdminError."""
    await hold(session, organisation.holder_id)
    await _keep_an_admin(session, organisation.id, user_id)
    gone = delete(OrganisationHost).where(
        OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user_id
    )
    if await session.scalar(gone.returning(OrganisationHost.user_id)) is None:
        raise NotFoundError
    await announce(session, holder_topic(organisation.holder_id))


async def longest_admin(session: AsyncSession, organisation_id: int, *, but: int) -> int | None:
    """Who has been admin for longest, besides someone who leaves: rooms without a host go to them."""
    return await session.scalar(
        select(OrganisationHost.user_id)
        .where(
            OrganisationHost.organisation_id == organisation_id,
            OrganisationHost.role == HostRole.ADMIN,
            OrganisationHost.suspended_at.is_(None),
            OrganisationHost.user_id != but,
        )
        .order_by(OrganisationHost.joined_at, OrganisationHost.user_id)
        .limit(1)
    )


async def _spend_a_seat(session: AsyncSession, held: HeldLimits, helps: list[Help] | None) -> None:
    """Refuse one more host than the membership has seats for."""
    decision = may_add_host(held.limits, held.hosts)
    if isinstance(decision, Refused):
        raise await refusal(
            session,
            decision,
            held,
            question=Question.ADD_HOST,
            subject=held.holder_name,
            asked=_("Add a host to %(organisation)s", organisation=held.holder_name),
            helps=helps,
        )


async def _keep_an_admin(session: AsyncSession, organisation_id: int, user_id: int) -> None:
    """Refuse if this person is the only admin and there are others, or rooms, to look after."""
    role = await session.scalar(
        select(OrganisationHost.role).where(
            OrganisationHost.organisation_id == organisation_id, OrganisationHost.user_id == user_id
        )
    )
    if role != HostRole.ADMIN or await longest_admin(session, organisation_id, but=user_id) is not None:
        return
    others = select(func.count()).where(
        OrganisationHost.organisation_id == organisation_id, OrganisationHost.user_id != user_id
    )
    if await session.scalar(others):
        raise LastAdminError
