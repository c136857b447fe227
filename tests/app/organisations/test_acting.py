"""Who hosts for several organisations always sees for whom they act."""

from sqlalchemy import select

from app.rooms.models import Room
from tests.factories import a_person, an_organisation, signed_in

RIVERSIDE = "For Riverside Housing"


async def test_the_top_bar_says_for_whom_one_acts_and_a_new_room_is_theirs(site, database, bea, riverside):
    await an_organisation(database, "Allotments", "consumer", bea="admin")
    async with signed_in(site, bea) as person:
        await person.open("/account")
        assert "For whom you act As yourself" in person.words
        assert RIVERSIDE in person.words
        await person.open(f"/rooms?holder={riverside.holder_id}")
        assert "For whom you act Riverside Housing" in person.words
        await person.open("/recordings")
        assert "For whom you act Riverside Housing" in person.words
        await person.open("/rooms/new")
        await person.submit("/rooms/new", name="Workshop")
        await person.open(f"/rooms?holder={bea.holder_id}")
        assert "For whom you act As yourself" in person.words
    async with database.transaction() as session:
        assert (await session.scalar(select(Room))).holder_id == riverside.holder_id


async def test_nobody_acts_for_whom_they_do_not_host(site, database, riverside):
    eve = await a_person(database, "eve@example.org")
    async with signed_in(site, eve) as person:
        await person.open(f"/rooms?holder={riverside.holder_id}")
        assert "Riverside" not in person.words
        for made_up in (str(riverside.holder_id), "9" * 40, "-1", "x"):
            person.client.cookies.set("acting", made_up, domain="127.0.0.1", path="/")
            for page in ("/rooms", "/tiers", "/membership"):
                assert (await person.open(page)).status_code == 200
                assert "Riverside" not in person.words


async def test_the_tiers_page_says_what_holds_for_whom_one_acts_for(site, database, bea, riverside):
    async with signed_in(site, bea) as person:
        await person.open(f"/rooms?holder={riverside.holder_id}")
        await person.open("/tiers")
        assert "Riverside Housing is on the tier “Consumer organisation” now." in person.words
