"""What stories of meetings are made of: time that passes, where a meeting stands, who comes in."""

from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.meetings.joining import Participant, admit
from app.servers.models import Server
from bbb_client.requests import CreateMeeting
from tests.conftest import SECRET, new_person
from tests.factories import meeting_by

MINUTE = timedelta(minutes=1)


async def foreign_meeting(simulator, meeting_id="someone-elses"):
    """A meeting that no room of ours has is made there."""
    from bbb_client.client import BBBClient
    from bbb_client.server import Server as Address

    async with BBBClient(Address(simulator.url, SECRET)) as client:
        await client.create(CreateMeeting(meeting_id=meeting_id, name="Of another site"))


async def now(database, meeting):
    """The meeting as it stands at this moment."""
    return await meeting_by(database, meeting.id)


async def server_of(database):
    """The one server that there is."""
    async with database.transaction() as session:
        return await session.scalar(select(Server))


async def words_of(site, path="/r/the-place"):
    """What a guest reads there."""
    async with new_person(site) as guest:
        await guest.open(path)
        return guest.words


def passes(**delta):
    """Time passes here and not at BBB."""
    clock.set_offset(clock.offset() + timedelta(**delta))


def lives_at(simulator, meeting):
    """Whether it runs at BBB."""
    return meeting.external_id in {each.external_id for each in simulator.world.meetings.values()}


async def enter(database, meeting, number, *, is_host=False, agrees=True):
    """A guest, or a host, takes a place in it: what the rule says."""
    who = Participant(key=f"g-{number}", name=f"Guest {number}", is_host=is_host, agrees=agrees)
    async with database.transaction() as session:
        return await admit(session, meeting.id, who)
