"""More starts at once than the site can take: nobody is told that it failed whose meeting has started."""

import asyncio
import contextlib

import pytest
from sqlalchemy import select, text

from app.accounts.tokens import create_token
from app.main import make_app
from app.meetings import confirmation, starting
from app.meetings.following import follow
from app.meetings.models import Meeting, MeetingState
from tests.app.api.conftest import program
from tests.app.meetings.test_starting import fault
from tests.browser import text_of
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in

HOSTS = 40
LOSE_WHO_WAITS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE meetings%'
"""


@contextlib.asynccontextmanager
async def slow_writing(database, seconds):
    """Every meeting that is written takes so long, as on a disk that is busy."""
    async with database.transaction() as session:
        await session.execute(
            text(
                "CREATE FUNCTION takes_long() RETURNS trigger LANGUAGE plpgsql AS "
                f"'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END'"
            )
        )
        await session.execute(
            text(
                "CREATE TRIGGER takes_long BEFORE INSERT OR UPDATE ON meetings "
                "FOR EACH ROW EXECUTE FUNCTION takes_long()"
            )
        )
    try:
        yield
    finally:
        async with database.transaction() as session:
            await session.execute(text("DROP FUNCTION takes_long CASCADE"))


@contextlib.asynccontextmanager
async def small_site(settings, **other):
    """A process with three connections that lets nobody wait for more than a third of a second."""
    small = make_app(settings.model_copy(update={"database_pool": 3, "database_queue_seconds": 0.3} | other))
    async with small.router.lifespan_context(small):
        yield small


async def states(database):
    """The states of all meetings, by room."""
    async with database.transaction() as session:
        return dict((await session.execute(text("SELECT room_id, state FROM meetings"))).all())


@pytest.mark.slow
async def test_no_answer_503_belongs_to_a_meeting_that_was_started(site, settings, database, simulator):
    hosts = [await a_person(database, f"p{number}@example.org") for number in range(HOSTS)]
    rooms = [await a_room(database, host, f"Room {number}") for number, host in enumerate(hosts)]
    async with small_site(settings) as small, contextlib.AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(signed_in(small, host)) for host in hosts]
        for browser, room in zip(browsers, rooms, strict=True):
            await browser.open(f"/r/{room.slug}")
        async with slow_writing(database, 0.1):
            answers = await asyncio.gather(*(browser.submit("/start", follow=False) for browser in browsers))
    told = {room.id: answer for room, answer in zip(rooms, answers, strict=True)}
    began = await states(database)
    refused = {room_id for room_id, answer in told.items() if answer.status_code == 503}
    assert {answer.status_code for answer in answers} <= {303, 202, 503}
    assert refused
    assert len(refused) < HOSTS
    assert [room_id for room_id in refused if room_id in began] == []
    assert len(await site.state.servers.client.get_meetings()) == HOSTS - len(refused)
    for room_id in refused:
        assert int(told[room_id].headers["retry-after"]) > 0
        assert "Send it again" in text_of(told[room_id].text)
    # Nobody is sent away after having been let in once: the work for it would be lost.
    assert {began[room_id] for room_id in told.keys() - refused} == {MeetingState.RUNNING}


@contextlib.asynccontextmanager
async def row_locked(database):
    """Once the meeting is reserved nobody else can write it."""
    async with database.transaction() as session:
        async with asyncio.timeout(10):
            while await session.scalar(select(Meeting.id).with_for_update()) is None:
                await asyncio.sleep(0.02)
        yield


@pytest.mark.slow
async def test_what_cannot_be_written_in_time_is_starting_and_goes_on_by_itself(
    site, database, simulator, monkeypatch
):
    monkeypatch.setattr(confirmation, "TRIED_SECONDS", 0.4)
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="slow", call="create", seconds=0.4)
    async with signed_in(site, ada) as at_ada_s:
        await at_ada_s.open(f"/r/{room.slug}")
        sending = asyncio.create_task(at_ada_s.submit("/start", follow=False))
        async with row_locked(database):
            answer = await sending
        assert answer.status_code == 202
        assert "The meeting is starting. It takes longer than usual." in text_of(answer.text)
        assert f'data-page="/r/{room.slug}/waiting"' in answer.text
        assert await states(database) == {room.id: MeetingState.STARTING}
        # What its script fetches meanwhile, and after the next round: the form that it then sends by itself.
        assert 'data-state="starting"' in (await at_ada_s.open(f"/r/{room.slug}/waiting")).text
        await follow(database, site.state.servers)
        page = await at_ada_s.open(f"/r/{room.slug}/waiting")
        assert 'data-state="running"' in page.text
        assert "checksum=" in (await at_ada_s.submit("/join", follow=False)).headers["location"]


@pytest.mark.slow
async def test_a_confirmation_whose_connection_is_lost_is_tried_again(site, database, simulator):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="slow", call="create", seconds=0.4)
    async with signed_in(site, ada) as at_ada_s:
        await at_ada_s.open(f"/r/{room.slug}")
        sending = asyncio.create_task(at_ada_s.submit("/start", follow=False))
        async with row_locked(database), asyncio.timeout(10):
            lost = False
            while not lost:
                async with database.reading() as session:
                    lost = await session.scalar(text(LOSE_WHO_WAITS))
        answer = await sending
    assert answer.status_code == 303
    assert "checksum=" in answer.headers["location"]


@pytest.mark.slow
async def test_an_answer_of_bbb_that_comes_late_is_no_failure(site, database, simulator, monkeypatch):
    monkeypatch.setattr(starting, "ANSWER_SECONDS", 0.3)
    ada = await a_person(database)
    room = await a_room(database, ada, who_may_start="anyone")
    await fault(simulator, kind="slow", call="create", seconds=1)
    async with new_person(site) as wren:
        await wren.open(f"/r/{room.slug}")
        typed = wren.form("/join").fields | {"name": "Wren"}
        wren.page = answer = await wren.client.post(f"/r/{room.slug}/start", data=typed)
        assert answer.status_code == 202
        assert "You go in as Wren." in text_of(answer.text)
        await asyncio.sleep(1)
        await follow(database, site.state.servers)
        await wren.open(f"/r/{room.slug}/waiting")
        assert "checksum=" in (await wren.submit("/join", follow=False)).headers["location"]


@pytest.mark.slow
async def test_a_start_that_bbb_never_made_leads_its_host_back_to_the_button(
    site, database, simulator, monkeypatch, move_clock
):
    monkeypatch.setattr(starting, "ANSWER_SECONDS", 0.3)
    ada = await a_person(database)
    room = await a_room(database, ada)
    await fault(simulator, kind="slow", call="create", seconds=1)
    async with signed_in(site, ada) as at_ada_s:
        await at_ada_s.open(f"/r/{room.slug}")
        assert (await at_ada_s.submit("/start", follow=False)).status_code == 202
        await asyncio.sleep(1)
        simulator.world.reset()
        await move_clock(seconds=61)
        await follow(database, site.state.servers)
        page = await at_ada_s.open(f"/r/{room.slug}/waiting")
        assert page.url.path == f"/r/{room.slug}"
        assert "Start the meeting" in text_of(page.text)


@pytest.mark.slow
async def test_a_program_is_told_that_it_starts_and_where_to_ask_again(
    site, database, simulator, monkeypatch
):
    monkeypatch.setattr(starting, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(starting, "WAIT_SECONDS", 0.3)
    ada = await a_person(database)
    room = await a_room(database, ada)
    async with database.transaction() as session:
        token = (await create_token(session, ada.id, "a program", days=None)).secret
    await fault(simulator, kind="slow", call="create", seconds=1)
    async with program(site, token) as hers:
        first = await hers.post(f"/rooms/{room.slug}/start")
        second = await hers.post(f"/rooms/{room.slug}/start")
        assert first.status_code == second.status_code == 202
        assert first.json() == second.json() == {"id": first.json()["id"], "state": "starting"}
        await asyncio.sleep(1)
        await follow(database, site.state.servers)
        path = first.headers["location"].removeprefix("/api/v1")
        assert (await hers.get(path)).json()["state"] == "running"
