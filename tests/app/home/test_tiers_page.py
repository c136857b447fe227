"""The page that compares the tiers: for everyone, without those that are retired."""

from sqlalchemy import update

from app import clock
from app.memberships.models import Tier
from tests.factories import a_person, put_on_tier, signed_in


async def change(database, key, **values):
    async with database.transaction() as session:
        await session.execute(update(Tier).where(Tier.key == key).values(**values))


async def test_everyone_compares_limits_prices_and_how_to_get_each(database, someone):
    await change(database, "consumer", yearly_cents=[50000, 30000], description="For small houses.")
    await someone.open("/tiers")
    for said in (
        "Meetings of up to 3 h.",
        "Up to 25 people.",
        "No recordings.",
        "For small houses.",
        "1 GB more for each further host.",
    ):
        assert said in someone.words
    assert "€500.00 in the first year, €300.00 a year later on." in someone.words
    assert "Give 120 EUR in a year" in someone.words
    assert "Your tier now" not in someone.words


async def test_a_retired_tier_is_not_shown(database, someone):
    await change(database, "co-producer", retired_at=clock.now())
    await someone.open("/tiers")
    assert "Co-producer" not in someone.words
    assert "Consumer organisation" in someone.words


async def test_prices_of_several_years_and_words_that_are_empty_in_every_language(database, someone):
    await change(database, "consumer", yearly_cents=[50000, 40000, 30000, 30000], how_to_get="")
    await someone.open("/tiers")
    assert "By year: year 1: €500.00, year 2: €400.00, then €300.00 a year." in someone.words
    someone.client.cookies.set("language", "ca", domain="127.0.0.1", path="/")
    someone.client.headers["accept-language"] = "ca"
    await someone.open("/tiers")
    assert 'lang="ca"' in someone.page.text
    # What a catalogue says to an empty text.
    assert "Project-Id-Version" not in someone.page.text


async def test_ones_own_is_marked(database, site):
    ada = await a_person(database)
    await put_on_tier(database, ada.holder_id, "session-organiser")
    async with signed_in(site, ada) as hers:
        await hers.open("/tiers")
        assert "Session organiser Your tier now" in hers.words
        assert hers.words.count("Your tier now") == 1
