"""Custody: a co-producer holds the payments of consumer organisations on behalf of the collective."""

from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.contributions.contributors import custodians
from app.errors import ConflictError
from app.i18n import lazy
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.models import Organisation
from app.web.pagination import PAGE_SIZE, Page, offset_of


class NoCustodianError(ConflictError):
    """It is no co-producer, or the organisation itself."""

    code = "no_custodian"
    message = lazy("This organisation cannot take custody. Choose one of the options.")


async def custodian_of(session: AsyncSession, holder_id: int) -> str | None:
    """The name of the co-producer that takes custody of a holder's payments; None: the collective itself."""
    keeper, kept = aliased(Organisation), aliased(Organisation)
    found = (
        select(Holder.name)
        .join(keeper, keeper.holder_id == Holder.id)
        .join(kept, kept.custodian_id == keeper.id)
        .where(kept.holder_id == holder_id)
    )
    return await session.scalar(found)


async def choices(session: AsyncSession, organisation: Organisation) -> list[tuple[int, str]]:
    """Who can take custody of an organisation's payments: organisation and name. Nobody keeps their own."""
    known = {row.id: row.name for row in await custodians(session)}
    found = await session.execute(
        select(Organisation.id, Organisation.holder_id).where(
            Organisation.holder_id.in_(known), Organisation.id != organisation.id
        )
    )
    return sorted(((row.id, known[row.holder_id]) for row in found), key=lambda one: one[1].lower())


def version_of(organisation: Organisation) -> int:
    """What a form about its custodian is compared by: whoever keeps it now is all that the form changes."""
    return (organisation.custodian_id or 0) + 1


async def hold_custody(session: AsyncSession, organisation: Organisation) -> None:
    """Lock who keeps its payments, and read it anew."""
    await hold(session, organisation.holder_id)
    await session.refresh(organisation)


async def give_into_custody(
    session: AsyncSession, organisation: Organisation, custodian_id: int | None
) -> None:
    """Let a co-producer hold the payments that come from now on (None: the collective); what is recorded stays.

    The organisation is held (`hold_custody`). Raises NoCustodianError.
    """
    if custodian_id is not None and custodian_id not in {
        one for one, _ in await choices(session, organisation)
    }:
        raise NoCustodianError
    await session.execute(
        update(Organisation).where(Organisation.id == organisation.id).values(custodian_id=custodian_id)
    )


async def kept(session: AsyncSession, number: int = 1, size: int = PAGE_SIZE) -> Page[Any]:
    """Who has custody of whom, and what of it each custodian holds; custodians that hold more first.

    Rows: custodian_id (organisation), custodian, holds (cents of all that it holds, in the first row of each), and of
    each organisation in its custody organisation_id, name, cents (what it gave that this custodian holds); those are
    None where a custodian holds something and is nobody's any more.
    """
    rows = list(await session.execute(_KEPT, {"size": size, "offset": offset_of(number, size)}))
    return Page(rows, number, rows[0].total if rows else 0, size)


_KEPT = text("""
    WITH held AS (
        SELECT custodian_id, contributor_id, sum(cents) AS cents FROM ledger_entries
        WHERE counts_as = 'confirmation' AND custodian_id IS NOT NULL
        GROUP BY custodian_id, contributor_id
    ), sums AS (
        SELECT custodian_id, sum(cents) AS cents FROM held GROUP BY custodian_id
    )
    SELECT k.id AS custodian_id, kh.name AS custodian, coalesce(s.cents, 0) AS holds,
           o.id AS organisation_id, h.id AS holder_id, h.name, coalesce(e.cents, 0) AS cents,
           count(*) OVER () AS total
    FROM organisations k JOIN holders kh ON kh.id = k.holder_id
    LEFT JOIN sums s ON s.custodian_id = kh.id
    LEFT JOIN organisations o ON o.custodian_id = k.id
    LEFT JOIN holders h ON h.id = o.holder_id
    LEFT JOIN held e ON e.custodian_id = kh.id AND e.contributor_id = h.id
    WHERE s.custodian_id IS NOT NULL OR o.id IS NOT NULL
    ORDER BY coalesce(s.cents, 0) DESC, lower(kh.name), kh.id, lower(h.name), h.id
    LIMIT :size OFFSET :offset
""")
