"""Inviting at a browser of a test, and what came of it."""

import re

from sqlalchemy import func, select, update

from app.accounts.models import User
from app.mail import OutgoingMail
from app.memberships.models import Membership
from app.organisations.models import OrganisationHost

PAGE = "/organisations/riverside-housing/invitations"


async def seats(database, riverside, number) -> None:
    """Riverside has this many seats; None: without end."""
    async with database.transaction() as session:
        await session.execute(
            update(Membership).where(Membership.holder_id == riverside.holder_id).values(seats=number)
        )


async def hosts(database) -> set[str]:
    """The addresses of all who host for an organisation."""
    async with database.transaction() as session:
        found = select(User.email).join(OrganisationHost, OrganisationHost.user_id == User.id)
        return set(await session.scalars(found))


async def link_to(database, email) -> str:
    """The path in the newest mail to this address."""
    async with database.transaction() as session:
        found = select(OutgoingMail.text).where(OutgoingMail.to == email).order_by(OutgoingMail.id.desc())
        text = await session.scalar(found.limit(1))
    return re.search(r"/invitations/[\w-]+", text)[0]


async def mails(database) -> int:
    """How many mails were written."""
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(OutgoingMail))


async def invited(at_ada_s, *emails, role="host") -> None:
    """Ada pastes the addresses, looks at the report and sends."""
    await at_ada_s.open(PAGE)
    await at_ada_s.submit("/invitations", emails="\n".join(emails), role=role)
    await at_ada_s.submit("/send")
