"""Memberships of the demo in every state: ending, in their grace, ended, suspended, awarded, renewed, to come."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.service import create_account
from app.memberships.models import Membership, MembershipAct, MembershipChange, Tier

OPERATOR = "Olu Marsh"
YEAR = 365


@dataclass(frozen=True)
class Lasting:
    """Someone whose membership began so many days ago, for a year."""

    name: str
    days_ago: int
    reason: str = "Gave 120 EUR."
    is_awarded: bool = False
    is_renewed: bool = False
    suspended: str = ""


PEOPLE = (
    Lasting("Gerda Holm", YEAR - 12),
    Lasting("Hugo Ferrer", YEAR + 5),
    Lasting("Ida Kowalska", YEAR + 40),
    Lasting("Jonas Weber", 120, suspended="The bank sent the payment back."),
    Lasting("Kala Nair", 30, "Translated the guide into Catalan.", is_awarded=True),
    Lasting("Lluís Serra", YEAR - 20, is_renewed=True),
    Lasting("Mina Haddad", -21),
)


async def fill_lasting(session: AsyncSession, password_hash: str) -> None:
    """A session organiser in each state, with who did what; each signs in as the others do."""
    tier = await session.scalar(select(Tier).where(Tier.key == "session-organiser"))
    if tier is None:
        return
    for person in PEOPLE:
        user = await create_account(
            session,
            email=f"{person.name.split()[0].lower()}@example.org",
            name=person.name,
            password_hash=password_hash,
            time_zone="Europe/Madrid",
            verified=True,
        )
        await _memberships(session, person, user.holder_id, tier.id)
    await session.flush()


async def _memberships(session: AsyncSession, person: Lasting, holder_id: int, tier_id: int) -> None:
    starts_at = clock.now() - timedelta(days=person.days_ago)
    first = Membership(
        holder_id=holder_id,
        tier_id=tier_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=YEAR),
        reason=person.reason,
        granted_by=OPERATOR,
        awarded=person.is_awarded,
        # What they gave then is not in the demo's ledger: nothing is due.
        cents=0,
        suspended_at=clock.now() - timedelta(days=3) if person.suspended else None,
        suspension_reason=person.suspended or None,
    )
    await _keep(session, first, MembershipAct.GIVEN, first.reason, days_ago=max(person.days_ago, 7))
    if person.suspended:
        await _keep(session, first, MembershipAct.SUSPENDED, person.suspended, days_ago=3)
    if person.is_renewed:
        again = Membership(
            holder_id=holder_id,
            tier_id=tier_id,
            starts_at=first.ends_at,
            ends_at=starts_at + timedelta(days=2 * YEAR),
            reason="Gave 120 EUR again.",
            granted_by=OPERATOR,
            renews_id=first.id,
            cents=0,
        )
        await _keep(session, again, MembershipAct.RENEWED, again.reason, days_ago=9)


async def _keep(
    session: AsyncSession, membership: Membership, act: MembershipAct, reason: str, *, days_ago: int
) -> None:
    session.add(membership)
    await session.flush()
    change = MembershipChange(
        holder_id=membership.holder_id,
        membership_id=membership.id,
        at=clock.now() - timedelta(days=days_ago),
        by=OPERATOR,
        act=act,
        reason=reason,
    )
    session.add(change)
    await session.flush()
