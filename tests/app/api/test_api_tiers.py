"""GET /tiers: what the public page compares, for programs; nothing of who is on them."""

from sqlalchemy import update

from app import clock
from app.memberships.models import Tier

GB = 1_000_000_000


async def change(database, key, **values):
    async with database.transaction() as session:
        await session.execute(update(Tier).where(Tier.key == key).values(**values))


async def test_the_tiers_that_one_can_get_with_limits_and_prices(ada, database):
    await change(database, "consumer", yearly_cents=[50_000, 30_000], description="For small houses.")
    await change(database, "co-producer", retired_at=clock.now())
    free, organiser, consumer = (await ada.get("/tiers")).json()["items"]
    assert [free["key"], organiser["name"]] == ["free", "Session organiser"]
    assert consumer == {
        "key": "consumer",
        "name": "Consumer organisation",
        "kind": "organisation",
        "description": "For small houses.",
        "how_to_get": consumer["how_to_get"],
        "yearly_cents": [50_000, 30_000],
        "meeting_minutes": 1440,
        "group_size": 50,
        "rooms_per_host": 20,
        "at_once_per_host": 2,
        "storage_first_host": 5 * GB,
        "storage_further_host": GB,
        "recording_days": None,
        "large_sessions_per_month": 2,
        "large_session_people": 150,
    }


async def test_they_are_in_the_owners_language(ada, ada_user, database):
    async with database.transaction() as session:
        (await session.get_one(type(ada_user), ada_user.id)).language = "ca"
    names = [tier["name"] for tier in (await ada.get("/tiers")).json()["items"]]
    assert "Session organiser" not in names
    assert all(tier["description"] == "" for tier in (await ada.get("/tiers")).json()["items"])
