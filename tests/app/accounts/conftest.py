"""People with accounts, made the way the site makes them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from app import clock
from app.accounts import passwords
from app.accounts.models import User
from app.accounts.service import create_account
from app.accounts.tokens import create_token
from app.db import Database
from app.memberships.models import Membership, Tier
from tests.browser import Person

PASSWORD = "seven brown hens at noon"
OTHER_PASSWORD = "a kettle full of rain"
ADA = "ada@example.org"


@pytest.fixture(autouse=True, scope="session")
def cheap_hashes() -> Iterator[None]:
    """The same argon2 with parameters that cost nothing: hundreds of sign-ins are not what is tested."""
    dear = passwords.hasher
    passwords.hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    passwords.nobodys_hash.cache_clear()
    yield
    passwords.hasher = dear
    passwords.nobodys_hash.cache_clear()


@asynccontextmanager
async def person_from(site: FastAPI, host: str) -> AsyncIterator[Person]:
    """A browser that has never been here, at a network address."""
    transport = httpx.ASGITransport(app=site, client=(host, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield Person(client, site)


async def a_token(database: Database, user: User, **options: Any) -> str:
    """An API token of theirs; returns its secret."""
    async with database.transaction() as session:
        return (await create_token(session, user.id, "robot", **{"days": None, **options})).secret


async def make_user(
    database: Database, email: str = ADA, *, verified: bool = True, **columns: object
) -> User:
    """An account with PASSWORD; `columns` are set on top."""
    hashed = await passwords.hash_password(PASSWORD)
    async with database.transaction() as session:
        user = await create_account(
            session,
            email=email,
            name=email.partition("@")[0].title(),
            password_hash=hashed,
            verified=verified,
        )
        for name, value in columns.items():
            setattr(user, name, value)
    return user


async def sign_in(person: Person, email: str = ADA, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    await person.open("/sign-in")
    await person.submit("/sign-in", email=email, password=password)


async def is_signed_in(person: Person) -> bool:
    """Whether the account page opens for them."""
    page = await person.open("/account", follow=False)
    return page.status_code == 200


@pytest.fixture
async def ada(database: Database) -> User:
    """A verified account that nobody is signed in to."""
    return await make_user(database)


@pytest.fixture
async def her(someone: Person, ada: User) -> Person:
    """Ada at her browser, signed in."""
    del ada
    await sign_in(someone)
    assert await is_signed_in(someone)
    return someone


async def membership(database, user: User, reason: str = "gave 120 EUR") -> None:
    """The account's holder is a session organiser from now on."""
    async with database.transaction() as session:
        tier = await session.scalar(select(Tier.id).where(Tier.key == "session-organiser"))
        session.add(
            Membership(
                holder_id=user.holder_id,
                tier_id=tier,
                starts_at=clock.now(),
                reason=reason,
                granted_by="Olga Operator",
            )
        )


async def sign_up(
    person: Person, email: str = ADA, password: str = PASSWORD, **fields: str
) -> httpx.Response:
    """Fill in the form of a new account, Ada's."""
    await person.open("/sign-up")
    return await person.submit("/sign-up", **{"name": "Ada", "email": email, "password": password, **fields})


async def only_user(database) -> User:
    """The account, of which there is one."""
    async with database.transaction() as session:
        return (await session.scalars(select(User))).one()


async def verify(person: Person, email: str = ADA) -> None:
    """Open the newest link in a mail to that address, and press its button."""
    await person.open(await person.link_in_mail(email))
    await person.submit("/verify/")
