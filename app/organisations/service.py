"""Making organisations, and who hosts for them."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.errors import ConflictError, NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.live import announce, holder_topic
from app.memberships.decision_log import Question, note_granted
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import Holder, HolderKind
from app.memberships.refusals import Help, refusal
from app.organisations.models import HostRole, Invitation, Organisation, OrganisationHost
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


# Of somebody who comes back. Recordings stand further right: asked by the table's name.
_STORED = text(
    "SELECT coalesce(sum(bytes), 0)::bigint FROM recordings WHERE holder_id = :holder AND host_id = :user"
)


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
    invited: bool = False,
) -> None:
    """Let a person host for an organisation, or give them another role. Raises LastAdminError, RefusedError.

    Under the holder's lock: the number of hosts is part of the limits. A new host takes a seat; whoever hosts
    already keeps theirs, also when there are fewer now. `helps`: what the refusal offers to do.
    `invited`: they accept an invitation; everyone else finds the seats of open invitations taken.
    """
    held = await hold(session, organisation.holder_id)
    hosts_already = select(OrganisationHost.user_id).where(
        OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user_id
    )
    is_new = await session.scalar(hosts_already) is None
    if is_new:
        promised = 0 if invited else await _promised(session, organisation.id, user_id)
        await _spend_a_seat(session, held, helps, promised)
    if role != HostRole.ADMIN:
        await _keep_an_admin(session, organisation.id, user_id, stays=True)
    host = insert(OrganisationHost).values(
        organisation_id=organisation.id,
        user_id=user_id,
        role=role,
        joined_at=clock.now(),
        stored_bytes=await session.scalar(_STORED, {"holder": organisation.holder_id, "user": user_id}),
    )
    keys = [OrganisationHost.organisation_id, OrganisationHost.user_id]
    await session.execute(host.on_conflict_do_update(index_elements=keys, set_={"role": role}))
    if is_new:
        await note_granted(session, held.holder_id, Question.ADD_HOST, held.holder_name)
    await announce(session, holder_topic(organisation.holder_id))


async def change_role(
    session: AsyncSession, organisation: Organisation, user_id: int, role: HostRole
) -> None:
    """Give somebody who hosts already another role. Raises NotFoundError, LastAdminError."""
    await hold(session, organisation.holder_id)
    if role != HostRole.ADMIN:
        await _keep_an_admin(session, organisation.id, user_id, stays=True)
    changed = (
        update(OrganisationHost)
        .where(OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user_id)
        .values(role=role)
        .returning(OrganisationHost.user_id)
    )
    if await session.scalar(changed) is None:
        raise NotFoundError
    await announce(session, holder_topic(organisation.holder_id))


async def suspend_host(session: AsyncSession, organisation: Organisation, user_id: int) -> None:
    """Keep a host from acting for the organisation; seat, rooms and recordings stay theirs.

    Raises NotFoundError, LastAdminError.
    """
    await hold(session, organisation.holder_id)
    await _keep_an_admin(session, organisation.id, user_id, stays=True)
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
    """Who has been admin for longest, besides someone who leaves: rooms without a host go to them.

    Somebody banned looks after nothing, and their rooms are closed.
    """
    return await session.scalar(
        select(OrganisationHost.user_id)
        .join(User, User.id == OrganisationHost.user_id)
        .where(
            User.banned_at.is_(None),
            OrganisationHost.organisation_id == organisation_id,
            OrganisationHost.role == HostRole.ADMIN,
            OrganisationHost.suspended_at.is_(None),
            OrganisationHost.user_id != but,
        )
        .order_by(OrganisationHost.joined_at, OrganisationHost.user_id)
        .limit(1)
    )


async def _promised(session: AsyncSession, organisation_id: int, user_id: int) -> int:
    """How many seats open invitations of others have taken."""
    found = select(func.count()).where(
        *still_open(organisation_id),
        func.lower(Invitation.email)
        != select(func.lower(User.email)).where(User.id == user_id).scalar_subquery(),
    )
    return await session.scalar(found) or 0


def still_open(organisation_id: int) -> tuple[ColumnElement[bool], ...]:
    """The conditions of an organisation's invitations that can still be accepted."""
    return (
        Invitation.organisation_id == organisation_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > clock.now(),
    )


def still_vouched() -> ColumnElement[bool]:
    """That whoever asks somebody to be an admin could still make them one: the asking ends with their right to it.

    Else an admin who is removed could have asked a second address of theirs before, and come back by it.
    """
    acts = exists().where(
        OrganisationHost.organisation_id == Invitation.organisation_id,
        OrganisationHost.user_id == Invitation.invited_by,
        OrganisationHost.role == HostRole.ADMIN,
        OrganisationHost.suspended_at.is_(None),
    )
    inviter = exists().where(
        User.id == Invitation.invited_by, User.banned_at.is_(None), or_(User.is_operator, acts)
    )
    return or_(Invitation.role != HostRole.ADMIN, inviter)


async def _spend_a_seat(
    session: AsyncSession, held: HeldLimits, helps: list[Help] | None, promised: int
) -> None:
    """Refuse one more host than the membership has seats for."""
    decision = may_add_host(held.limits, held.hosts + promised)
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


async def _keep_an_admin(
    session: AsyncSession, organisation_id: int, user_id: int, *, stays: bool = False
) -> None:
    """Refuse if this person is the only admin and there are others to look after. Raises LastAdminError.

    `stays`: they go on hosting for it, so there is somebody to look after in any case. Asked under the holder's lock:
    of two admins who step down at the same moment, one is refused.
    """
    role = await session.scalar(
        select(OrganisationHost.role).where(
            OrganisationHost.organisation_id == organisation_id, OrganisationHost.user_id == user_id
        )
    )
    if role != HostRole.ADMIN or await longest_admin(session, organisation_id, but=user_id) is not None:
        return
    if stays:
        raise LastAdminError
    others = select(func.count()).where(
        OrganisationHost.organisation_id == organisation_id, OrganisationHost.user_id != user_id
    )
    if await session.scalar(others):
        raise LastAdminError
