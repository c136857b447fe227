"""What tests of recordings that are kept share: a person with space for them, and the worker's part."""

import pytest

from tests.app.recordings.arrivals import Recorder
from tests.app.recordings.hall import CODE, Hall
from tests.app.recordings.kept import House
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, a_room, an_organisation


@pytest.fixture
async def ada(database):
    """A person with 1 GB for recordings."""
    return await a_person(database, tier="session-organiser")


@pytest.fixture
def house(site, simulator, move_clock):
    """The site with its worker, whose rounds are called one by one."""
    return House(site, simulator, move_clock)


@pytest.fixture
def recorder(site, simulator, move_clock):
    """The site with its BBB, whose rounds over recordings are called one by one."""
    return Recorder(site, simulator, move_clock)


@pytest.fixture
async def hall(site, database) -> Hall:
    """The host made the recording; the room is another's by now, the co-host's."""
    people = {
        "host": await a_person(database, "host@example.org"),
        "co-host": await a_person(database, "cohost@example.org"),
        "org admin": await a_person(database, "admin@example.org"),
        "unverified admin": await a_person(database, "newadmin@example.org", verified=False),
        "org host": await a_person(database, "other@example.org"),
        "account": await a_person(database, "account@example.org"),
        "unverified": await a_person(database, "unverified@example.org", verified=False),
        "operator": await a_person(database, "operator@example.org", is_operator=True),
        "banned": await a_person(database, "banned@example.org"),
    }
    made = await an_organisation(
        database, "Riverside", "consumer", cohost="host", admin="admin", newadmin="admin", other="host"
    )
    room = await a_room(database, people["co-host"], "Hall", holder_id=made.holder_id, access_code=CODE)
    recording = await a_recording(
        database, people["host"], room, name="The long evening", hidden=("podcast",)
    )
    return Hall(database, room, recording, people)
