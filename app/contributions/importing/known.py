"""Which payments of a file are here already, by their number or by what they say, and which only look like it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.matching import parts_of
from app.contributions.importing.payments import Payment
from app.contributions.importing.twins import Earlier, Twin, Twins
from app.contributions.models import ImportLine


@dataclass(frozen=True)
class Known:
    """A payment under the key that it is kept by, with what is here of it: `known` is it, `alike` may be it."""

    payment: Payment
    known: Twin | None = None
    alike: Twin | None = None


async def known_of(session: AsyncSession, payments: Sequence[Payment]) -> list[Known]:
    """For each payment what is known of it. A number alone proves nothing: day and amount have to agree too."""
    here = await _by_key(session, [each.key for each in payments])
    others = [
        _under_another_key(each) for each in payments if each.key in here and _is_other(here[each.key], each)
    ]
    here |= await _by_key(session, [each.key for each in others])
    told = {each.key for each in payments if each.key in here and not _is_other(here[each.key], each)}
    twins = await Twins.of(session, payments, told | {each.key for each in others})
    found: list[Known] = []
    for start, end in _statements(payments):
        found += [_judged(one, here, twins) for one in payments[start:end]]
        for one in found[start:end]:
            if one.known is None and one.payment.why_out is None:
                twins.add(_told(one.payment))
    return found


def _judged(payment: Payment, here: dict[str, Earlier], twins: Twins) -> Known:
    earlier = here.get(payment.key)
    if earlier is not None and not _is_other(earlier, payment):
        return Known(payment, known=Twin(earlier, is_sure=True))
    twin = twins.take(payment)
    if earlier is not None:
        payment = _under_another_key(payment)
        if (again := here.get(payment.key)) is not None:
            return Known(payment, known=Twin(again, is_sure=True))
        twin = twin or Twin(earlier, is_sure=False)
    if twin is not None and twin.is_sure:
        return Known(payment, known=twin)
    return Known(payment, alike=twin)


def _is_other(earlier: Earlier, payment: Payment) -> bool:
    """Whether the same number stands for something else. Liberapay changes the amount when it gives some back."""
    if payment.key.startswith("liberapay:"):
        return earlier.booked_on != payment.booked_on
    return not earlier.agrees_with(payment)


def _under_another_key(payment: Payment) -> Payment:
    said = f"{payment.booked_on}={payment.cents}{payment.currency}"
    return replace(payment, key=f"{payment.key}~{said}")


def _told(payment: Payment) -> Earlier:
    said = (payment.payer_name, payment.payer_key, payment.reference)
    return Earlier(None, payment.key, payment.booked_on, payment.cents, payment.currency, *said)


def _statements(payments: Sequence[Payment]) -> list[tuple[int, int]]:
    """Where each statement of a file begins and ends: two payments of one statement are never the same."""
    if not payments:
        return []
    places = [each.booking.statement if each.booking else 0 for each in payments]
    starts = [place for place, each in enumerate(places) if place == 0 or each != places[place - 1]]
    return list(zip(starts, [*starts[1:], len(places)], strict=True))


async def _by_key(session: AsyncSession, keys: list[str]) -> dict[str, Earlier]:
    """What earlier files have kept under these keys."""
    found: dict[str, Earlier] = {}
    columns = (ImportLine.id, ImportLine.key, ImportLine.booked_on, ImportLine.cents, ImportLine.currency)
    for part in parts_of(keys):
        rows = await session.execute(select(*columns).where(ImportLine.key.in_(part)))
        found |= {row.key: Earlier(*row) for row in rows}
    return found
