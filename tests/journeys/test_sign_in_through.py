"""An organisation signs its people in by itself: set up, tried, confirmed, required; a host comes in by it."""

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.accounts.models import User
from app.organisations.models import HostRole, Organisation
from app.organisations.service import put_host
from tests import factories
from tests.house import House
from tests.journeys.visitor import Door, Visitor
from tests.openid_provider import CLIENT, SECRET, Provider, running_provider

pytestmark = pytest.mark.journey
DOMAIN = "harbour-radio.example"


async def made(house: House) -> tuple[Organisation, User]:
    """An organisation with an admin."""
    admin = await house.person("Rosa Vidal")
    radio = await factories.an_organisation(house.database, "Harbour Signs", "consumer")
    async with house.database.transaction() as session:
        organisation = await session.get_one(Organisation, radio.id)
        await put_host(session, organisation, admin.id, HostRole.ADMIN)
    return radio, admin


async def signs_in_there(person: Visitor, provider: Provider) -> None:
    """At the provider, which is another site, and back."""
    await person.page.get_by_role("link", name="I am ").click()
    await person.page.wait_for_url(f"{person.house.url}/**")
    person.troubles[:] = [one for one in person.troubles if provider.issuer not in one]


async def sets_it_up(person: Visitor, home: str, provider: Provider) -> None:
    await person.open(home)
    await person.fill(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, domains=DOMAIN, role_claim="groups"
    )
    await person.fill(admin_values="board")
    await person.press("Save")
    await tries_it(person, provider, "It works so far: the provider knows you as rosa@harbour-radio.example.")


async def tries_it(person: Visitor, provider: Provider, words: str) -> None:
    await person.reads("Nobody has tried it as it is set up now.")
    await person.page.get_by_role("link", name="Try it").click()
    await signs_in_there(person, provider)
    await person.reads(words)


async def test_a_host_comes_in_through_the_organisation_and_in_no_other_way(house: House, door: Door) -> None:
    radio, admin = await made(house)
    operator = await house.person("Olu Marsh", is_operator=True)
    home = f"/organisations/{radio.slug}/sign-in"
    rosa, olu, dov = await door.signed_in(admin), await door.signed_in(operator), await door.visitor()
    async with running_provider(
        sub="rosa", email=f"rosa@{DOMAIN}", name="Rosa Vidal", groups=["board"]
    ) as provider:
        provider.asks = True
        await sets_it_up(rosa, home, provider)
        await olu.open(home)
        await olu.fill(proof="Their treasurer wrote from it.")
        await olu.press("Confirm harbour-radio.example")
        await olu.reads("Confirmed")
        await rosa.open(home)
        await tries_it(rosa, provider, "It works. The provider knows you as rosa@harbour-radio.example")
        # The admin is warned before it is required.
        await rosa.reads("One host has another address and keeps the password.")
        await rosa.page.get_by_label("I have read this").check()
        await rosa.press("Require it")
        await rosa.reads("People of the confirmed domains sign in through the provider only.")
        # Dov's password, if he had one, would not do.
        await dov.open("/sign-in")
        await dov.fill(email=f"dov@{DOMAIN}", password="seven brown hens at noon")
        await dov.press("Sign in")
        await dov.reads("There is no password and no link by mail for it here.")
        provider.person = {"sub": "dov", "email": f"dov@{DOMAIN}", "name": "Dov Halevi", "groups": ["board"]}
        await dov.page.get_by_role("link", name="Sign in through Harbour Signs").click()
        await signs_in_there(dov, provider)
        await dov.reads("Welcome. You host for Harbour Signs now.")
        # As an admin, as the claim says; at the next sign-in he is one no more.
        assert await dov.open(f"/organisations/{radio.slug}/hosts") == 200
        await expect(dov.page.get_by_role("link", name="Dov Halevi")).to_be_visible()
        provider.person["groups"] = []
        await dov.open(f"/sign-in/with/{radio.slug}")
        await dov.page.get_by_role("link", name="Continue").click()
        await signs_in_there(dov, provider)
        assert await dov.open(f"/organisations/{radio.slug}/hosts") == 403
    async with house.database.transaction() as session:
        found = await session.scalar(select(User).where(User.email == f"dov@{DOMAIN}"))
        assert found is not None
        assert found.password_hash == ""
