"""Whose a payment is: by the reference on it, by the payer's mail address, or as it was matched by hand before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.accounts.models import User
from app.contributions.importing.names import names_agree
from app.contributions.importing.payments import Payment
from app.contributions.importing.references import holders_in
from app.contributions.models import ImportLine, LedgerEntry, LineState, MatchedBy
from app.memberships.models import Holder
from app.organisations.models import HostRole, Organisation, OrganisationHost

# So many values stand in one statement.
AT_ONCE = 5_000


@dataclass(frozen=True)
class Match:
    """Whose a payment is and why, or why nobody can say; `others`: whom it could be as well.

    `differs`: the name on the payment is not the holder's.
    """

    holder_id: int | None = None
    by: MatchedBy | None = None
    others: Sequence[int] = field(default_factory=tuple)
    differs: bool = False


@dataclass(frozen=True)
class Remembered:
    """Whose a payer's payments were said to be by hand, and under which names they came."""

    holder_id: int
    holder_name: str
    names: Sequence[str]

    def is_called(self, name: str) -> bool:
        """Whether a payment of that name can be theirs."""
        return any(names_agree(name, each) for each in (self.holder_name, *self.names))


async def matches_of(session: AsyncSession, payments: Sequence[Payment]) -> list[Match]:
    """A match for each payment, in a fixed number of statements for each few thousand of them."""
    written = [holders_in(each.reference) for each in payments]
    real = await real_holders(session, {one for found in written for one in found})
    mails = {each.payer_email.lower() for each in payments} - {""}
    by_mail, by_contact = await _by_mail(session, mails), await _by_contact(session, mails)
    by_payer = await remembered(session, {each.payer_key for each in payments} - {""})
    matches = [
        _match(payment, found & real, (by_mail, by_contact), by_payer)
        for payment, found in zip(payments, written, strict=True)
    ]
    return await with_names(session, payments, matches)


async def with_names(
    session: AsyncSession, payments: Sequence[Payment], matches: Sequence[Match]
) -> list[Match]:
    """The matches, each with whether the name on the payment is another one than the holder's."""
    wanted = {one.holder_id for one in matches if one.holder_id is not None and one.by is not MatchedBy.PAYER}
    names: dict[int, str] = {}
    for part in parts_of(sorted(wanted)):
        rows = await session.execute(select(Holder.id, Holder.name).where(Holder.id.in_(part)))
        names |= {row.id: row.name for row in rows}
    return [
        replace(one, differs=not names_agree(payment.payer_name, names[one.holder_id]))
        if one.holder_id in names
        else one
        for payment, one in zip(payments, matches, strict=True)
    ]


def _match(
    payment: Payment,
    written: set[int],
    by_address: tuple[Mapping[str, set[int]], Mapping[str, set[int]]],
    by_payer: Mapping[str, Remembered],
) -> Match:
    if payment.booking is not None and payment.booking.is_batch:
        return Match(others=sorted(written))
    mailed, named = (found.get(payment.payer_email.lower(), set()) for found in by_address)
    if written:
        return _of(written, MatchedBy.REFERENCE, mailed)
    # What somebody decided by hand counts more than an address that two holders have.
    before = by_payer.get(payment.payer_key) if len(mailed) != 1 else None
    if before is not None and before.is_called(payment.payer_name):
        return Match(before.holder_id, MatchedBy.PAYER)
    if before is not None and not mailed:
        # An account under another name than before may be a service's, or have another owner: nobody is given it.
        return Match(others=sorted({before.holder_id, *named}), differs=True)
    return _of(mailed, MatchedBy.MAIL, named) if mailed else Match(others=sorted(named))


def _of(found: set[int], by: MatchedBy, contrary: set[int]) -> Match:
    if len(found) != 1:
        return Match(others=sorted(found))
    [holder_id] = found
    return Match(holder_id, by, sorted(contrary - found))


async def real_holders(session: AsyncSession, holder_ids: set[int]) -> set[int]:
    """Those that exist and have not left: a deleted account has no name."""
    found: set[int] = set()
    for part in parts_of(sorted(holder_ids)):
        found |= set(await session.scalars(select(Holder.id).where(Holder.id.in_(part), Holder.name != "")))
    return found


async def _by_mail(session: AsyncSession, mails: set[str]) -> dict[str, set[int]]:
    """Whose address it is: verified accounts, and the organisations that their owners speak for."""
    found: dict[str, set[int]] = defaultdict(set)
    for part in parts_of(sorted(mails)):
        people = select(func.lower(User.email), User.holder_id).where(
            func.lower(User.email).in_(part), User.verified_at.is_not(None)
        )
        organisations = _contacts(part).where(_is_an_admin_s())
        for mail, holder_id in await session.execute(union_all(people, organisations)):
            found[mail].add(holder_id)
    return found


async def _by_contact(session: AsyncSession, mails: set[str]) -> dict[str, set[int]]:
    """Organisations that name an address as their contact without having it: somebody typed it, nobody proved it.

    What is paid from there may be theirs, and is shown as that; or a stranger's, who would lose it.
    """
    found: dict[str, set[int]] = defaultdict(set)
    for part in parts_of(sorted(mails)):
        for mail, holder_id in await session.execute(_contacts(part).where(~_is_an_admin_s())):
            found[mail].add(holder_id)
    return found


def _contacts(mails: list[int] | list[str]) -> Select[Any]:
    contact = func.lower(Organisation.contact)
    return select(contact, Organisation.holder_id).where(contact.in_(mails))


def _is_an_admin_s() -> ColumnElement[bool]:
    return exists().where(
        OrganisationHost.organisation_id == Organisation.id,
        OrganisationHost.role == HostRole.ADMIN,
        OrganisationHost.suspended_at.is_(None),
        OrganisationHost.user_id == User.id,
        func.lower(User.email) == func.lower(Organisation.contact),
        User.verified_at.is_not(None),
    )


async def remembered(session: AsyncSession, payers: set[str]) -> dict[str, Remembered]:
    """Whose the payers' last payments were said to be by hand; a match that was reversed is forgotten."""
    found: dict[str, Remembered] = {}
    entry, reversal = aliased(LedgerEntry), aliased(LedgerEntry)
    was_reversed = exists().where(
        and_(entry.import_line_id == ImportLine.id, reversal.reverses_id == entry.id)
    )
    last = func.max(ImportLine.id)
    for part in parts_of(sorted(payers)):
        lines = (
            select(ImportLine.payer_key, Holder.id, Holder.name, ImportLine.payer_name)
            .join(Holder, and_(Holder.id == ImportLine.holder_id, Holder.name != ""))
            .where(
                ImportLine.payer_key.in_(part),
                ImportLine.matched_by == MatchedBy.HAND,
                ImportLine.state == LineState.MATCHED,
                ~was_reversed,
            )
            .group_by(ImportLine.payer_key, Holder.id, Holder.name, ImportLine.payer_name)
            .order_by(last)
        )
        for payer, holder_id, holder_name, name in await session.execute(lines):
            before = found.get(payer)
            names = before.names if before is not None and before.holder_id == holder_id else ()
            found[payer] = Remembered(holder_id, holder_name, (*names, name))
    return found


def parts_of(values: list[int] | list[str]) -> list[list[int] | list[str]]:
    """A long list in parts that a statement can carry."""
    return [values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE)]
