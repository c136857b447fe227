"""Reading the ledger: its list, filtered and paged, in two statements however long it is."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.contributions.models import GrantEntry, LedgerEntry
from app.db import Database
from app.memberships.models import Holder
from app.web.lists import like
from app.web.pagination import PAGE_SIZE, Page, offset_of

COLLECTIVE = "collective"
PART = 2000
Contributor, Custodian, Reversal = aliased(Holder), aliased(Holder), aliased(LedgerEntry)


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; empty: all. `custodian`: a holder's number, or "collective"."""

    contributor: int | None = None
    kind: str = ""
    what: str = ""
    quarter: str = ""
    custodian: str = ""
    search: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        """As it stands in an address."""
        return {name: str(value) for name, value in vars(self).items() if value}

    @property
    def days(self) -> tuple[date, date] | None:
        """The first day of the quarter or year and the first after it: 2027-Q2, 2027."""
        found = re.fullmatch(r"(\d{4})(?:-Q([1-4]))?", self.quarter)
        if found is None or not 1 <= int(found[1]) < date.max.year:
            return None
        year, quarter = int(found[1]), found[2]
        if quarter is None:
            return date(year, 1, 1), date(year + 1, 1, 1)
        months = year * 12 + 3 * (int(quarter) - 1)
        after = months + 3
        return date(year, months % 12 + 1, 1), date(after // 12, after % 12 + 1, 1)


async def list_entries(
    session: AsyncSession, wanted: Filter, number: int, size: int = PAGE_SIZE
) -> Page[Any]:
    """The newest first. Rows: `entry`, contributor, contributor_kind, custodian, reversed_by."""
    conditions = _conditions(wanted)
    # The count needs no names unless they are searched in.
    counted = select(func.count()).select_from(LedgerEntry)
    if wanted.search:
        counted = counted.join(Contributor, Contributor.id == LedgerEntry.contributor_id)
    total = await session.scalar(counted.where(*conditions)) or 0
    # The page first, the names for its fifty rows afterwards: a join over all of them would be thrown away.
    chosen = select(LedgerEntry.id)
    if wanted.search:
        chosen = chosen.join(Contributor, Contributor.id == LedgerEntry.contributor_id)
    newest = (LedgerEntry.booked_on.desc(), LedgerEntry.id.desc())
    ids = chosen.where(*conditions).order_by(*newest).limit(size).offset(offset_of(number, size)).subquery()
    found = _rows().join(ids, ids.c.id == LedgerEntry.id).order_by(*newest)
    return Page(list(await session.execute(found)), number, total, size)


async def entry_row(session: AsyncSession, entry_id: int) -> Any | None:
    """One entry as a row of the list."""
    return (await session.execute(_rows().where(LedgerEntry.id == entry_id))).one_or_none()


async def rows_of_grant(session: AsyncSession, grant_id: int) -> list[Any]:
    """The entries that a grant stands on, the oldest first, as rows of the list."""
    stood = select(GrantEntry.entry_id).where(GrantEntry.grant_id == grant_id)
    found = _rows().where(LedgerEntry.id.in_(stood)).order_by(LedgerEntry.booked_on, LedgerEntry.id)
    return list(await session.execute(found))


async def all_entries(database: Database, wanted: Filter) -> AsyncIterator[list[Any]]:
    """Every wanted entry in the order of recording, part by part: each part is a short transaction of its own."""
    after = 0
    while True:
        async with database.transaction() as session:
            part = _rows().where(*_conditions(wanted), LedgerEntry.id > after)
            rows = list(await session.execute(part.order_by(LedgerEntry.id).limit(PART)))
        if not rows:
            return
        yield rows
        after = rows[-1].LedgerEntry.id


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            LedgerEntry,
            Contributor.name.label("contributor"),
            Contributor.kind.label("contributor_kind"),
            Custodian.name.label("custodian"),
            Reversal.id.label("reversed_by"),
        )
        .join(Contributor, Contributor.id == LedgerEntry.contributor_id)
        .outerjoin(Custodian, Custodian.id == LedgerEntry.custodian_id)
        .outerjoin(Reversal, Reversal.reverses_id == LedgerEntry.id)
    )


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.contributor is not None:
        found.append(LedgerEntry.contributor_id == wanted.contributor)
    if wanted.kind:
        found.append(LedgerEntry.kind == wanted.kind)
    if wanted.what:
        found.append(LedgerEntry.what == wanted.what)
    if (days := wanted.days) is not None:
        found.append((LedgerEntry.booked_on >= days[0]) & (LedgerEntry.booked_on < days[1]))
    if wanted.custodian == COLLECTIVE:
        found.append(LedgerEntry.custodian_id.is_(None))
    elif wanted.custodian.isdecimal():
        found.append(LedgerEntry.custodian_id == int(wanted.custodian))
    if wanted.search:
        pattern = like(wanted.search)
        searched: list[ColumnElement[bool]] = [
            Contributor.name.ilike(pattern),
            LedgerEntry.note.ilike(pattern),
        ]
        if wanted.search.isdecimal() and len(wanted.search) < 18:  # noqa: PLR2004  digits of a bigint
            searched.append(LedgerEntry.id == int(wanted.search))
        found.append(or_(*searched))
    return found
