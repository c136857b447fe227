"""Whose contributions someone may see: one's own, and those of the organisations one is an admin of."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.export import exports
from app.accounts.models import User
from app.contributions.models import LedgerEntry
from app.errors import NotFoundError
from app.memberships.models import Holder
from app.organisations.models import HostRole, Organisation, OrganisationHost


@dataclass(frozen=True)
class Own:
    """A holder whose contributions are the viewer's to see."""

    holder_id: int
    name: str


async def own_holders(session: AsyncSession, viewer: Viewer) -> list[Own]:
    """The viewer, then the organisations that they are an admin of, by name; none before they are verified."""
    if not viewer.is_verified:
        return [Own(viewer.holder_id, viewer.name)]
    found = await session.execute(
        select(Holder.id, Holder.name)
        .join(Organisation, Organisation.holder_id == Holder.id)
        .join(OrganisationHost, OrganisationHost.organisation_id == Organisation.id)
        .where(
            OrganisationHost.user_id == viewer.id,
            OrganisationHost.role == HostRole.ADMIN,
            OrganisationHost.suspended_at.is_(None),
        )
        .order_by(func.lower(Holder.name), Holder.id)
    )
    return [Own(viewer.holder_id, viewer.name), *(Own(row.id, row.name) for row in found)]


async def check_may_see(session: AsyncSession, viewer: Viewer, holder_id: int) -> None:
    """NotFoundError, unless the contributions are the viewer's to see, or the viewer keeps the books."""
    if viewer.is_bookkeeper or viewer.is_operator:
        return
    if holder_id not in {one.holder_id for one in await own_holders(session, viewer)}:
        raise NotFoundError


@exports
async def _contributions(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """What stands of the person in the ledger; who recorded it is somebody else's name."""
    names = ("id", "kind", "what", "booked_on", "cents", "minutes", "currency", "currency_cents", "rate")
    columns = [getattr(LedgerEntry, name) for name in (*names, "note", "evidence", "recorded_at")]
    found = (
        select(*columns)
        .join(User, User.holder_id == LedgerEntry.contributor_id)
        .where(User.id == user_id)
        .order_by(LedgerEntry.id)
    )
    rows = [dict(row) for row in (await session.execute(found)).mappings()]
    for row in rows:
        # JSON has neither days nor decimals.
        row["booked_on"] = row["booked_on"].isoformat()
        row["rate"] = None if row["rate"] is None else str(row["rate"])
    return {"contributions": rows}
