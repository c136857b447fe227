"""What becomes of each address of a list that is invited: the same when it is shown and when it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.accounts.schemas import Address
from app.memberships.limits import Standing
from app.organisations.models import Invitation, Organisation, OrganisationHost
from app.organisations.service import still_open
from quotas.decisions import Refused
from quotas.rules import may_add_host

MOST_A_DAY = 3
ADDRESS = TypeAdapter(Address)


class Outcome(StrEnum):
    """What becomes of one line."""

    INVITED = "invited"
    HOSTS = "hosts"
    """hosts for it already"""
    OPEN = "open"
    """has an invitation that holds"""
    TWICE = "twice"
    """stands in the list above"""
    OFTEN = "often"
    """was invited three times since yesterday, and taken back each time: nobody is written to over and over"""
    INVALID = "invalid"
    NO_SEAT = "no_seat"


@dataclass(frozen=True)
class Line:
    """One line of the report: what was typed, and what becomes of it."""

    number: int
    typed: str
    outcome: Outcome


async def report(
    session: AsyncSession, standing: Standing, organisation: Organisation, typed: Sequence[str]
) -> list[Line]:
    """What would become of each line now: the same function shows it and, under the lock, decides it."""
    addresses = [_valid(one) for one in typed]
    wanted = {one.lower() for one in addresses if one}
    hosts = set(
        await session.scalars(
            select(func.lower(User.email))
            .join(OrganisationHost, OrganisationHost.user_id == User.id)
            .where(OrganisationHost.organisation_id == organisation.id, func.lower(User.email).in_(wanted))
        )
    )
    waiting = set(
        await session.scalars(select(func.lower(Invitation.email)).where(*still_open(organisation.id)))
    )
    often = await _often(session, organisation.id)
    taken = standing.hosts + len(waiting)
    lines, seen = [], set[str]()
    for number, (text, address) in enumerate(zip(typed, addresses, strict=True), 1):
        key = address.lower() if address else ""
        outcome = _known(key, hosts, waiting, seen) or (Outcome.OFTEN if key in often else None)
        if outcome is None:
            free = not isinstance(may_add_host(standing.limits, taken), Refused)
            outcome = Outcome.INVITED if free else Outcome.NO_SEAT
            taken += free
        seen.add(key)
        lines.append(Line(number, address or text, outcome))
    return lines


async def _often(session: AsyncSession, organisation_id: int) -> set[str]:
    """The addresses that have had as many invitations since yesterday as they may."""
    address = func.lower(Invitation.email)
    lately = select(address).where(
        Invitation.organisation_id == organisation_id, Invitation.created_at > clock.now() - timedelta(days=1)
    )
    return set(await session.scalars(lately.group_by(address).having(func.count() >= MOST_A_DAY)))


def _known(key: str, hosts: set[str], waiting: set[str], seen: set[str]) -> Outcome | None:
    """What stands in the way of an invitation besides the seats."""
    found = (
        (not key, Outcome.INVALID),
        (key in seen, Outcome.TWICE),
        (key in hosts, Outcome.HOSTS),
        (key in waiting, Outcome.OPEN),
    )
    return next((outcome for is_so, outcome in found if is_so), None)


def _valid(text: str) -> str | None:
    try:
        return ADDRESS.validate_python(text)
    except ValidationError:
        return None
