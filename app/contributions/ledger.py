"""The ledger: pledges and confirmations are written once and never changed."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions import granting
from app.contributions.models import EntryKind, LedgerEntry, What
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.memberships.limits import Standing, hold


@dataclass(frozen=True)
class Entry:
    """What is to be written: a pledge, or a confirmation of one or by itself. All sums in hundredths.

    `cents` is the agreed value in EUR; `currency_cents` and `rate` say what it was in another currency. `once` is a
    key of the form or program that writes it: the same key is written once.
    """

    kind: EntryKind
    what: What
    booked_on: date
    contributor_id: int
    cents: int
    custodian_id: int | None = None
    minutes: int | None = None
    currency: str = "EUR"
    currency_cents: int | None = None
    rate: Decimal | None = None
    note: str = ""
    evidence: str = ""
    confirms_id: int | None = None
    import_line_id: int | None = None
    task_id: int | None = None
    once: str | None = None


class RecordedAlreadyError(ConflictError):
    """This very form was recorded before, as `entry_id`; `same`: with the same words, so it was a double click."""

    code = "recorded_already"
    message = lazy("This form is recorded already. Open a new one for another entry.")

    def __init__(self, entry_id: int, *, same: bool) -> None:
        self.entry_id, self.same = entry_id, same
        super().__init__()


class NoSuchPledgeError(ConflictError):
    """There is no such pledge of this contributor, or it was taken back."""

    code = "no_such_pledge"
    message = lazy("This pledge is not theirs, or it was taken back. Look at their account again.")


class PledgeMovedError(ConflictError):
    """Somebody else has confirmed a part of this pledge, or taken one back; `left`: cents that are open now."""

    code = "pledge_moved"
    message = lazy(
        "Someone else has recorded something for this pledge meanwhile. Look at what is still open of it, then send "
        "this again."
    )

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__()


async def record(session: AsyncSession, entry: Entry, by: str, *, left: int | None = None) -> LedgerEntry:
    """Write an entry; `by`: the name of who records it. A confirmation may earn a grant in the same transaction.

    `left`: what was open of the pledge that it confirms, in cents, as it was looked at; None: nobody looked.
    Takes the contributor's lock. Raises NotFoundError (no such contributor), NoSuchPledgeError, PledgeMovedError,
    RecordedAlreadyError.
    """
    held = await hold(session, entry.contributor_id)
    await _check_new(session, entry)
    if entry.confirms_id is not None:
        pledge = await _check_pledge(session, entry.confirms_id, entry.contributor_id)
        if left is not None and (now := await open_cents(session, pledge)) != left:
            raise PledgeMovedError(now)
    written = await write(session, entry, by)
    if entry.kind is EntryKind.CONFIRMATION:
        await granting.ask(session, held)
    return written


async def write(session: AsyncSession, entry: Entry, by: str) -> LedgerEntry:
    """Write the entry's row alone; the contributor is held. Raises RecordedAlreadyError."""
    await _check_new(session, entry)
    written = LedgerEntry(**columns_of(entry, by))
    session.add(written)
    await session.flush()
    return written


def columns_of(entry: Entry, by: str) -> dict[str, Any]:
    """The columns of a pledge or confirmation, the same for one as for ten thousand.

    Raises ValueError: the program has made an entry that cannot be.
    """
    if entry.kind is EntryKind.CORRECTION or entry.cents <= 0:
        raise ValueError(
            "corrections are made by app.contributions.corrections, and a contribution is above zero"
        )
    return asdict(entry) | {"counts_as": entry.kind, "recorded_at": clock.now(), "recorded_by": by}


async def find_entry(session: AsyncSession, entry_id: int) -> LedgerEntry:
    """An entry, or NotFoundError."""
    found = await session.get(LedgerEntry, entry_id)
    if found is None:
        raise NotFoundError
    return found


async def open_cents(session: AsyncSession, pledge: LedgerEntry) -> int:
    """What of a pledge is not confirmed yet, in cents; never below zero, since more may come than was pledged."""
    confirming = select(LedgerEntry.id).where(LedgerEntry.confirms_id == pledge.id).scalar_subquery()
    confirmed = select(func.coalesce(func.sum(LedgerEntry.cents), 0)).where(
        LedgerEntry.id.in_(confirming) | LedgerEntry.reverses_id.in_(confirming)
    )
    return max(0, pledge.cents - int(await session.scalar(confirmed) or 0))


async def reversal_of(session: AsyncSession, entry_id: int) -> LedgerEntry | None:
    """The correction that reverses an entry, if there is one."""
    return await session.scalar(select(LedgerEntry).where(LedgerEntry.reverses_id == entry_id))


def today(standing: Standing) -> date:
    """This day in the service's zone: entries are booked by it."""
    return clock.now().astimezone(standing.zone).date()


async def _check_new(session: AsyncSession, entry: Entry) -> None:
    if entry.once is None:
        return
    before = await session.scalar(select(LedgerEntry).where(LedgerEntry.once == entry.once))
    if before is not None:
        same = all(getattr(before, name) == value for name, value in asdict(entry).items())
        raise RecordedAlreadyError(before.id, same=same)


async def _check_pledge(session: AsyncSession, pledge_id: int, contributor_id: int) -> LedgerEntry:
    pledge = await session.get(LedgerEntry, pledge_id)
    if pledge is None or pledge.kind != EntryKind.PLEDGE or pledge.contributor_id != contributor_id:
        raise NoSuchPledgeError
    if await reversal_of(session, pledge_id) is not None:
        raise NoSuchPledgeError
    return pledge
