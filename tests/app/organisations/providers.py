"""An organisation with a provider of its own, the way through it at a browser of a test, and what came of it."""

from urllib.parse import urlsplit

import httpx
from sqlalchemy import select, update

from app import clock
from app.accounts.models import User
from app.db import Database
from app.organisations.models import (
    Organisation,
    OrganisationHost,
    SignInDomain,
    SignInProvider,
)
from app.organisations.providers import SEALED_FOR
from app.web.sealing import seal
from tests.browser import Person
from tests.conftest import new_person
from tests.openid_provider import CLIENT, SECRET, Provider

DOMAIN = "riverside.example"
HERE = {"sec-fetch-site": "same-origin"}


async def set_up(
    database: Database,
    settings,
    organisation: Organisation,
    provider: Provider,
    domain: str = DOMAIN,
    **columns,
) -> SignInProvider:
    """The organisation's provider with one confirmed domain."""
    proven_at = columns.pop("proven_at", clock.now())
    async with database.transaction() as session:
        row = SignInProvider(
            organisation_id=organisation.id,
            issuer=provider.issuer,
            client_id=CLIENT,
            client_secret=seal(settings, SEALED_FOR, SECRET),
            **columns,
        )
        session.add(row)
        await session.flush()
        session.add(SignInDomain(provider_id=row.id, domain=domain, proven_at=proven_at))
    return row


async def begin(person: Person, slug: str = "riverside-housing", **query: str) -> str:
    """The browser leaves for the provider; returns the address it is sent to."""
    answer = await person.client.get(f"/sign-in/with/{slug}", params=query, headers=HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def at_provider(address: str) -> str:
    """What the provider sends the browser back to."""
    async with httpx.AsyncClient(verify=False) as client:  # noqa: S501  over plain HTTP on this machine
        answer = await client.get(address)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def come_back(person: Person, address: str) -> httpx.Response:
    """The browser follows the provider's redirect, and then ours."""
    parts = urlsplit(address)
    assert parts.netloc == "127.0.0.1:8000"
    return await person.open(f"{parts.path}?{parts.query}")


async def through(person: Person, slug: str = "riverside-housing", **query: str) -> httpx.Response:
    """All the way there and back."""
    return await come_back(person, await at_provider(await begin(person, slug, **query)))


async def host_of(database, organisation, email) -> OrganisationHost | None:
    """Whom the address hosts as for the organisation; None: not at all."""
    async with database.transaction() as session:
        found = select(OrganisationHost).join(User, User.id == OrganisationHost.user_id)
        return await session.scalar(
            found.where(OrganisationHost.organisation_id == organisation.id, User.email == email)
        )


async def change(database, signs_in, **columns) -> None:
    """Change what is saved of the provider."""
    async with database.transaction() as session:
        await session.execute(
            update(SignInProvider).where(SignInProvider.id == signs_in.id).values(**columns)
        )


async def one_more(site) -> Person:
    """Someone at a new browser goes there and comes back."""
    async with new_person(site) as person:
        await through(person)
        return person
