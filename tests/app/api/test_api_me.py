"""GET /me: the person, the holders, the limits, the meters."""

from tests.app.api.conftest import program, token_of
from tests.factories import a_person, an_organisation

GB = 1_000_000_000


async def test_me_tells_who_one_is_and_what_is_left(ada, ada_user):
    await ada.room()
    me = (await ada.get("/me")).json()
    assert (me["id"], me["name"], me["email"]) == (ada_user.id, "Ada", "ada@example.org")
    assert (me["language"], me["time_zone"]) == ("en", "UTC")
    (own,) = me["holders"]
    assert (own["id"], own["kind"], own["role"]) == (ada_user.holder_id, "person", "own")
    assert (own["tier"], own["tier_name"]) == ("session-organiser", "Session organiser")
    assert own["limits"] == {
        "meeting_minutes": 180,
        "group_size": 25,
        "rooms": 5,
        "at_once": 1,
        "storage_bytes": GB,
        "large_sessions_per_month": 0,
        "large_session_people": 0,
        "hosts": 1,
        "recording_days": None,
    }
    assert own["meters"]["rooms"] == {"used": 1, "limit": 5, "left": 4, "level": "ok"}
    assert own["meters"]["at_once"] == {"used": 0, "limit": 1, "left": 1, "level": "ok"}


async def test_the_meters_follow_what_is_used(ada):
    await ada.room(record=True)
    await ada.post("/rooms/weekly-assembly/start", {"minutes": 60})
    meters = (await ada.get("/me")).json()["holders"][0]["meters"]
    assert meters["at_once"] == {"used": 1, "limit": 1, "left": 0, "level": "full"}
    assert meters["storage_bytes"] == {"used": GB // 2, "limit": GB, "left": GB // 2, "level": "ok"}


async def test_me_names_the_organisations_one_hosts_for_and_the_role_there(site, database):
    chidi = await a_person(database, "chidi@example.org")
    await an_organisation(database, "Riverside Housing", "consumer", chidi="host")
    await an_organisation(database, "Commons Cloud", "co-producer", chidi="admin")
    async with program(site, await token_of(database, chidi)) as his:
        own, cloud, riverside = (await his.get("/me")).json()["holders"]
    assert (own["name"], own["role"], own["tier"]) == ("Chidi", "own", "free")
    assert (cloud["name"], cloud["kind"], cloud["role"]) == ("Commons Cloud", "organisation", "admin")
    assert cloud["meters"]["rooms"] == {"used": 0, "limit": None, "left": None, "level": "ok"}
    assert (riverside["role"], riverside["limits"]["group_size"]) == ("host", 50)
