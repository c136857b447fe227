"""Rights that are taken away at this very moment, and accounts whose address nobody has verified."""

import asyncio

import pytest

from app.accounts.models import User
from app.memberships.limits import hold
from app.organisations.models import OrganisationHost
from tests.factories import a_person, signed_in

HOME = "/organisations/riverside-housing"


async def host_of(database, riverside, person) -> OrganisationHost:
    async with database.transaction() as session:
        return await session.get_one(OrganisationHost, (riverside.id, person.id))


@pytest.fixture
async def bea_is_admin(database, riverside, bea):
    """Bea is an admin too."""
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).role = "admin"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "action", "typed"),
    [
        ("/hosts/{ada}", "/role", {"role": "host"}),
        ("/hosts/{ada}", "/suspend", {}),
        ("/hosts/{ada}/remove", "/remove", {}),
        ("/invitations/list", "/send", {}),
        ("/profile", "/profile", {"about": "Mine now."}),
        ("/profile", "/logo", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("bea_is_admin")
async def test_what_an_admin_does_who_is_demoted_meanwhile_is_not_done(
    at_bea_s, database, ada, bea, riverside, page, action, typed
):
    if page == "/invitations/list":
        await at_bea_s.open(f"{HOME}/invitations")
        await at_bea_s.submit("/invitations", emails="bea.private@example.org", role="admin")
    else:
        await at_bea_s.open(HOME + page.format(ada=ada.id))
    async with database.transaction() as session:
        await hold(session, riverside.holder_id)
        asking = asyncio.create_task(at_bea_s.submit(action, **typed))
        await asyncio.sleep(0.3)
        assert not asking.done()
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).role = "host"
    assert (await asking).status_code == 403
    kept = await host_of(database, riverside, ada)
    assert (kept.role, kept.suspended_at) == ("admin", None)


async def test_an_account_that_was_never_verified_sees_nothing_of_it_whoever_made_it_a_host(
    site, database, riverside
):
    # Anybody can sign up under an address; that an operator adds it does not make it theirs.
    mallory = await a_person(database, "mallory@example.org", verified=False)
    for role in ("host", "admin"):
        async with database.transaction() as session:
            columns = {"role": role, "joined_at": riverside.created_at}
            keys = {"organisation_id": riverside.id, "user_id": mallory.id}
            await session.merge(OrganisationHost(**keys, **columns))
        async with signed_in(site, mallory) as person:
            for page in ("", "/leave", "/hosts", "/hosts.csv", "/figures.csv"):
                answer = await person.open(HOME + page)
                assert answer.status_code == 403, page
                assert "Verify your e-mail address first" in person.words
                assert "ada@example.org" not in answer.text
    async with database.transaction() as session:
        (await session.get_one(User, mallory.id)).verified_at = riverside.created_at
    async with signed_in(site, mallory) as person:
        assert (await person.open(HOME)).status_code == 200
