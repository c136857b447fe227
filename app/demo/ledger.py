"""The ledger of the demo: two years of contributions, a mistake put right, a membership to decide about."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.corrections import reverse
from app.contributions.ledger import Entry, record
from app.contributions.models import EntryKind, What
from app.memberships.models import Holder, Membership, Tier
from app.organisations.models import Organisation, OrganisationHost
from app.organisations.service import create_organisation
from quotas.contributions import in_euros

BY = "Bruna Keller"
PRICES = {"session-organiser": 12_000, "consumer": 50_000, "co-producer": 70_000}
FRANC = Decimal("1.0537")


async def fill_ledger(session: AsyncSession) -> None:
    """Record it all as a bookkeeper does; the demo's memberships have a price, which most have paid."""
    for key, cents in PRICES.items():
        tier_id = select(Tier.id).where(Tier.key == key).scalar_subquery()
        await session.execute(update(Membership).where(Membership.tier_id == tier_id).values(cents=cents))
    await session.execute(update(OrganisationHost).values(joined_at=clock.now() - timedelta(days=250)))
    holders: dict[str, int] = {
        row.name: row.id for row in await session.execute(select(Holder.id, Holder.name))
    }
    commons, riverside = holders["Commons Cloud"], holders["Riverside Housing"]
    await session.execute(
        update(Organisation).where(Organisation.holder_id == riverside).values(custodian_id=_of(commons))
    )
    await _year_before(session, commons, riverside, holders["Béla Szabó"])
    await _gave(session, commons, 50_000, 38, what=What.HOURS, minutes=20 * 60, note="On call, twenty hours")
    await _gave(session, commons, 40_000, 30, what=What.SERVER, note="A server for a year")
    promise = await _gave(session, riverside, 50_000, 40, kind=EntryKind.PLEDGE, custodian_id=commons)
    await _gave(session, riverside, 30_000, 21, custodian_id=commons, confirms_id=promise)
    await _gave(session, holders["Béla Szabó"], 12_000, 39, evidence="https://liberapay.com/")
    await _gave(
        session,
        holders["Ada Okafor"],
        in_euros(2_000, FRANC),
        12,
        currency="CHF",
        currency_cents=2_000,
        rate=FRANC,
        note="In the tin at the fair",
    )
    wrong = await _gave(session, holders["Chidi Brandt"], 5_000, 9, note="Bank transfer")
    right = _entry(holders["Chidi Brandt"], 500, 9, note="Bank transfer")
    await reverse(session, wrong, "Five euros, not fifty", BY, instead=right)
    harbour = await create_organisation(session, name="Harbour Radio", slug="harbour-radio")
    await _gave(session, harbour.holder_id, 25_000, 5, custodian_id=commons)
    await _gave(
        session, harbour.holder_id, 27_500, 2, what=What.HOURS, minutes=11 * 60, note="Streaming set up"
    )


def _of(holder_id: int) -> Any:
    return select(Organisation.id).where(Organisation.holder_id == holder_id).scalar_subquery()


async def _year_before(session: AsyncSession, commons: int, riverside: int, bela: int) -> None:
    """So that the pictures have something to show."""
    for number, ago in enumerate((690, 600, 510, 420)):
        await _gave(
            session, commons, 15_000 + 2_500 * number, ago, what=What.HOURS, minutes=360 + 60 * number
        )
        await _gave(session, riverside, 12_500, ago - 20, custodian_id=commons)
        await _gave(session, bela, 1_000 * (number + 1), ago - 10)
    await _gave(session, riverside, 50_000, 700, kind=EntryKind.PLEDGE, custodian_id=commons)


async def _gave(session: AsyncSession, holder_id: int, cents: int, ago: int, **said: Any) -> int:
    return (await record(session, _entry(holder_id, cents, ago, **said), BY)).id


def _entry(holder_id: int, cents: int, ago: int, **said: Any) -> Entry:
    day: date = (clock.now() - timedelta(days=ago)).date()
    values: dict[str, Any] = {"kind": EntryKind.CONFIRMATION, "what": What.MONEY} | said
    return Entry(booked_on=day, contributor_id=holder_id, cents=cents, **values)
