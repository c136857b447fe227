"""From a typed form to an entry: what the value is, and what is missing for it."""

import secrets
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.ledger import Entry, today
from app.contributions.models import EntryKind, LedgerEntry, What
from app.contributions.schemas import LARGEST_CENTS, ContributionInput, EntryInput
from app.i18n import lazy
from app.memberships.limits import Standing
from app.memberships.models import Holder, HolderKind, PolicyRow
from app.web.forms import Form
from quotas.contributions import in_euros, value_of_work


def new_key() -> str:
    """A form's own key, by which a double click is known."""
    return secrets.token_urlsafe(12)


async def entry_of(
    session: AsyncSession,
    form: Form[Any],
    standing: Standing,
    kind: EntryKind,
    confirms_id: int | None = None,
) -> Entry | None:
    """The entry that a form means for a contributor; None, with errors beside the fields, if it is not one."""
    typed = form.value
    if not isinstance(typed, ContributionInput):
        return None
    if typed.booked_on > today(standing):
        form.fail("booked_on", lazy("This day is yet to come. Entries are of today or before."))
    await _check_custodian(session, form, typed.custodian)
    cents = await _value(session, form, typed)
    if form.errors or cents is None:
        return None
    foreign = typed.currency != "EUR"
    return Entry(
        kind=typed.kind if isinstance(typed, EntryInput) else kind,
        what=typed.what,
        booked_on=typed.booked_on,
        contributor_id=standing.holder_id,
        cents=cents,
        custodian_id=typed.custodian,
        minutes=typed.hours if typed.what is What.HOURS else None,
        currency=typed.currency,
        currency_cents=typed.amount if foreign else None,
        rate=typed.rate if foreign else None,
        note=typed.note,
        evidence=typed.evidence,
        confirms_id=confirms_id,
        once=typed.once,
    )


async def _value(session: AsyncSession, form: Form[Any], typed: ContributionInput) -> int | None:
    """The agreed value in cents of EUR: as typed, converted, or of the hours."""
    if typed.what is What.HOURS and typed.hours is None:
        form.fail("hours", lazy("Write how many hours it was."))
        return None
    cents: int | None = typed.amount
    if typed.amount is None:
        if typed.what is not What.HOURS:
            form.fail("amount", lazy("Write what it is worth."))
            return None
        hour_cents = await session.scalar(select(PolicyRow.hour_cents)) or 0
        cents = value_of_work(typed.hours or 0, hour_cents)
    elif typed.currency != "EUR":
        if typed.rate is None:
            form.fail("rate", lazy("Write how many EUR one %(currency)s is.", currency=typed.currency))
            return None
        cents = in_euros(typed.amount, typed.rate)
    if not cents or cents > LARGEST_CENTS:
        form.fail("amount", lazy("Look at the amount again: its value in EUR is not possible."))
        return None
    return cents


async def _check_custodian(session: AsyncSession, form: Form[Any], holder_id: int | None) -> None:
    if holder_id is None:
        return
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id))
    if kind != HolderKind.ORGANISATION:
        form.fail("custodian", lazy("Choose one of the options."))


def values_of(entry: LedgerEntry) -> dict[str, str]:
    """An entry as the values of a form: for putting it right."""
    amount = entry.currency_cents if entry.currency_cents is not None else entry.cents
    return {
        "what": entry.what,
        "amount": f"{amount / 100:.2f}",
        "currency": entry.currency,
        "rate": "" if entry.rate is None else f"{entry.rate.normalize():f}",
        "hours": "" if entry.minutes is None else f"{entry.minutes // 60}:{entry.minutes % 60:02}",
        "booked_on": entry.booked_on.isoformat(),
        "custodian": str(entry.custodian_id or ""),
        "note": entry.note,
        "evidence": entry.evidence,
    }
