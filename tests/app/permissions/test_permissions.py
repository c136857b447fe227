"""Every role tries every address of the site and of the API, by a table that has to name every route there is."""

import pytest

from app.api import rates
from app.web.index import every_route
from tests.app.permissions.asking import Asker
from tests.app.permissions.rows import TABLE
from tests.app.permissions.rules import MOVED_ON, OPEN, ROLES
from tests.app.permissions.town import Kept, Town, suspend
from tests.conftest import new_person

# What is no page and no call: the files, and what answers where nothing else does.
NO_DOORS = {"static", "nothing_here"}


def test_every_route_is_in_the_table(whole_site):
    found = {
        (method, route.path)
        for route in every_route(whole_site.routes)
        if route.name not in NO_DOORS
        for method in route.methods or ()
    }
    named = [(method, path.partition("?")[0]) for method, path, _rule in TABLE]
    assert set(named) == found
    assert len(named) == len(set(named))


@pytest.fixture
async def town(site):
    """Everybody and everything, as it was again after each answer that changed something."""
    rates.reads.forget()
    town = Town(site)
    await town.build()
    return town


@pytest.fixture
async def kept(database, town):
    """The rows of the town."""
    kept = Kept(database)
    yield kept
    await kept.drop()


@pytest.fixture
async def asker(site, database, town, role):
    """One role at a browser."""
    if role == "suspended host":
        async with database.transaction() as session:
            await suspend(session, town.people["host"])
    async with new_person(site) as person:
        asker = Asker(town, role, person.client)
        await asker.begin()
        yield asker


# In the quick loop three of them: who is outside, who has nothing, who has something.
QUICK = ("guest", "nobody", "host")


@pytest.mark.parametrize(
    "role", [role if role in QUICK else pytest.param(role, marks=pytest.mark.slow) for role in ROLES]
)
async def test_who_is_not_let_in_is_told_so_and_changes_nothing(asker, kept, role):
    await kept.keep()
    wrong = []
    for method, path, rule in TABLE:
        if rule[role] != OPEN and (found := await asker.ask(method, path)) != rule[role]:
            changed = sorted(await kept.changed())
            wrong.append(f"{method} {path}: {found}, not {rule[role]}; changed: {changed}")
            await kept.restore()
    assert "\n".join(wrong) == ""
    # What is typed without being signed in is kept for its browser; whoever is signed in leaves nothing.
    assert await kept.changed() <= ({"kept_forms"} if role in {"guest", "banned"} else set())


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
async def test_who_is_let_in_is_let_in(asker, kept, role):
    await kept.keep()
    wrong = []
    for method, path, rule in TABLE:
        if rule[role] == OPEN:
            if (found := await asker.ask(method, path)) not in {OPEN, MOVED_ON}:
                wrong.append(f"{method} {path}: {found}")
            if method != "GET":
                await kept.restore()
    assert "\n".join(wrong) == ""
