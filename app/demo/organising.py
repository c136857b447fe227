"""Riverside Housing in the demo: seats, a colour, hosts with shares of the space, open invitations."""

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import User
from app.accounts.sessions import hash_of
from app.memberships.models import Membership
from app.organisations.invitations import HOLDS
from app.organisations.models import (
    HostRole,
    Invitation,
    Organisation,
    OrganisationHost,
    SignInDomain,
    SignInProvider,
)

SEATS = 6
INVITED = {
    "noor@example.org": 2,
    "pau@example.org": 9,
    "greta@example.org": 20,
}  # days ago; the last has run out


async def fill_organising(
    session: AsyncSession, people: dict[str, User], organisations: dict[str, Organisation]
) -> None:
    """What its admin, Dolors, would have done by now."""
    riverside, dolors = organisations["riverside-housing"], people["dolors@example.org"]
    riverside.about = "Forty flats by the river, run by the people who live in them."
    riverside.address = "12 Mill Lane\nRiverside"
    riverside.website, riverside.contact = "https://riverside.example.org", "dolors@example.org"
    riverside.needs = "An assembly of 60 twice a year, a dozen working groups of 5 to 10 every week."
    riverside.accent = "#1f6f8b"
    await session.execute(
        update(Membership).where(Membership.holder_id == riverside.holder_id).values(seats=SEATS)
    )
    # She was there first, so hers is the larger share; Chidi, who records the assemblies, got a part of it.
    await _host(session, riverside, dolors, joined_at=clock.now() - timedelta(days=260), share=3_500_000_000)
    await _host(session, riverside, people["chidi@example.org"], share=2_500_000_000)
    for email, days in INVITED.items():
        sent_at = clock.now() - timedelta(days=days)
        session.add(
            Invitation(
                organisation_id=riverside.id,
                email=email,
                role=HostRole.HOST,
                token_hash=hash_of(secrets.token_urlsafe(32)),
                invited_by=dolors.id,
                created_at=sent_at,
                sent_at=sent_at,
                expires_at=sent_at + HOLDS,
            )
        )
    await _sign_in(session, riverside)
    await session.flush()


async def _sign_in(session: AsyncSession, organisation: Organisation) -> None:
    """A provider that was set up and waits for its second domain; nobody answers there."""
    provider = SignInProvider(
        organisation_id=organisation.id,
        issuer="https://login.riverside.example",
        client_id="guildhall",
        client_secret="",
        tried_at=clock.now() - timedelta(days=6),
        role_claim="groups",
        admin_values=["board"],
    )
    session.add(provider)
    await session.flush()
    session.add_all(
        [
            SignInDomain(
                provider_id=provider.id,
                domain="riverside.example",
                proven_at=clock.now() - timedelta(days=5),
                proof="Their treasurer wrote from it, and it stands on their invoices.",
            ),
            SignInDomain(provider_id=provider.id, domain="garden.riverside.example"),
        ]
    )


async def _host(
    session: AsyncSession, organisation: Organisation, user: User, *, share: int, **columns: object
) -> None:
    found = await session.scalar(
        select(OrganisationHost)
        .where(OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == user.id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        return
    found.storage_share = share
    for name, value in columns.items():
        setattr(found, name, value)
