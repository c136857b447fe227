"""How many statements and turns at the gate a start and a join take: what sets the pace at nine o'clock."""

import contextlib

from tests.app.statements import counting
from tests.conftest import new_person
from tests.factories import a_person, a_room, an_organisation, signed_in, start


@contextlib.contextmanager
def turns(database):
    """How often a connection is asked for while the block lasts."""
    taken = []
    passed = database.gate.passed

    def counted(**which):
        taken.append(which)
        return passed(**which)

    database.gate.passed = counted
    try:
        yield taken
    finally:
        del database.gate.passed


@contextlib.asynccontextmanager
async def counted_click(person, database, action, **fields):
    """The statements and the turns of sending the form of the page, from the cookie to the signed way in."""
    with counting(database) as said, turns(database) as taken:
        answer = await person.submit(action, follow=False, **fields)
    assert "checksum=" in answer.headers["location"], answer.text[:300]
    yield said, taken


async def test_a_start_takes_eight_statements_and_three_turns_its_hosts_way_in_included(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await site.state.servers.choose(database)  # what a process learns once
    async with signed_in(site, ada) as at_ada_s:
        await at_ada_s.open(f"/r/{room.slug}")
        async with counted_click(at_ada_s, database, "/start") as (said, taken):
            assert (len(said), len(taken)) == (8, 3), "\n".join(said)


async def test_a_recorded_start_in_an_organisation_takes_one_more_to_see_who_hosts_for_it(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="host")
    room = await a_room(database, ada, holder_id=made.holder_id, record=True)
    await site.state.servers.choose(database)
    async with signed_in(site, ada) as at_ada_s:
        await at_ada_s.open(f"/r/{room.slug}")
        async with counted_click(at_ada_s, database, "/start", record="on") as (said, taken):
            assert (len(said), len(taken)) == (9, 3), "\n".join(said)


async def test_a_join_takes_four_statements_and_one_turn(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await start(site, room, ada)
    async with new_person(site) as wren:
        await wren.open(f"/r/{room.slug}")
        async with counted_click(wren, database, "/join", name="Wren") as (said, taken):
            assert (len(said), len(taken)) == (4, 1), "\n".join(said)
