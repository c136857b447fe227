"""What the recordings of a holder, and of each host of an organisation, are charged: the one place that keeps it."""

from collections.abc import Sequence

import structlog
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.models import Organisation, OrganisationHost
from app.recordings.models import Recording
from quotas.storage import ChargedBytes

log = structlog.get_logger()

NOTHING = ChargedBytes(bytes=0, estimated=False)


async def charge(session: AsyncSession, recording: Recording, charged: ChargedBytes) -> None:
    """Charge a recording these bytes from now on. The holder is held by the caller, so the total keeps step."""
    more = charged.bytes - recording.bytes
    recording.bytes, recording.estimated = charged.bytes, charged.estimated
    await session.flush()
    if more:
        await session.execute(
            update(Holder)
            .where(Holder.id == recording.holder_id)
            .values(stored_bytes=Holder.stored_bytes + more)
        )
        await session.execute(
            update(OrganisationHost)
            .where(
                OrganisationHost.user_id == recording.host_id,
                OrganisationHost.organisation_id == Organisation.id,
                Organisation.holder_id == recording.holder_id,
            )
            .values(stored_bytes=OrganisationHost.stored_bytes + more)
        )


async def uncharge(session: AsyncSession, recording: Recording) -> None:
    """Give back the bytes of a recording that BBB has no longer. The holder is held by the caller."""
    await charge(session, recording, NOTHING)


async def count_hosts(session: AsyncSession, holder_ids: Sequence[int]) -> None:
    """Count anew what each host of these organisations has stored: their recordings have got other hosts.

    The holders are held by the caller.
    """
    await session.execute(
        update(OrganisationHost)
        .where(
            OrganisationHost.organisation_id == Organisation.id,
            Organisation.holder_id.in_(holder_ids),
            OrganisationHost.stored_bytes != _of_host(),
        )
        .values(stored_bytes=_of_host())
        .execution_options(synchronize_session=False)
    )


def _of_host() -> ColumnElement[int]:
    """What the recordings of a host for an organisation are charged."""
    return (
        select(func.coalesce(func.sum(Recording.bytes), 0))
        .where(Recording.holder_id == Organisation.holder_id, Recording.host_id == OrganisationHost.user_id)
        .correlate(Organisation, OrganisationHost)
        .scalar_subquery()
    )


async def check_totals(database: Database) -> list[str]:
    """Compare every kept total with the sum of the recordings and repair it; returns what was repaired, in words.

    Who looks wrong is looked at again under its lock: a change in flight is no difference.
    """
    async with database.transaction() as session:
        suspects = (await session.scalars(_suspects())).all()
        shared = (await session.scalars(_suspect_hosts())).all()
    found = [await _repair(database, holder_id) for holder_id in suspects]
    found += [await _repair_hosts(database, holder_id) for holder_id in shared]
    return [said for said in found if said]


def _suspect_hosts() -> Select[int]:
    sums = (
        select(Recording.holder_id, Recording.host_id, func.sum(Recording.bytes).label("bytes"))
        .group_by(Recording.holder_id, Recording.host_id)
        .subquery()
    )
    return (
        select(Organisation.holder_id)
        .join(OrganisationHost, OrganisationHost.organisation_id == Organisation.id)
        .outerjoin(
            sums,
            (sums.c.holder_id == Organisation.holder_id) & (sums.c.host_id == OrganisationHost.user_id),
        )
        .where(OrganisationHost.stored_bytes != func.coalesce(sums.c.bytes, 0))
        .distinct()
        .order_by(Organisation.holder_id)
    )


async def _repair_hosts(database: Database, holder_id: int) -> str | None:
    """Repair the totals of an organisation's hosts."""
    async with database.transaction() as session:
        held = await hold(session, holder_id)
        if holder_id not in (await session.scalars(_suspect_hosts())).all():
            return None
        await count_hosts(session, [holder_id])
    log.error("recordings.hosts_totals_repaired", holder=holder_id)
    return f"{held.holder_name} ({holder_id}): by host"


def _suspects() -> Select[int]:
    sums = (
        select(Recording.holder_id, func.sum(Recording.bytes).label("bytes"))
        .group_by(Recording.holder_id)
        .subquery()
    )
    return (
        select(Holder.id)
        .outerjoin(sums, sums.c.holder_id == Holder.id)
        .where(Holder.stored_bytes != func.coalesce(sums.c.bytes, 0))
        .order_by(Holder.id)
    )


async def _repair(database: Database, holder_id: int) -> str | None:
    async with database.transaction() as session:
        await hold(session, holder_id)
        holder = await session.get_one(Holder, holder_id)
        true = select(func.coalesce(func.sum(Recording.bytes), 0)).where(Recording.holder_id == holder_id)
        total = int(await session.scalar(true) or 0)
        kept = holder.stored_bytes
        if kept == total:
            return None
        holder.stored_bytes = total
        await session.flush()
    log.error("recordings.total_repaired", holder=holder_id, kept=kept, true=total)
    return f"{holder.name} ({holder_id}): {kept} → {total}"
