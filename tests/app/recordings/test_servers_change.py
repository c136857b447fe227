"""The settings name another server: what is on the old one is unknown, never gone, and no other is asked for it."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from app import clock
from app.cli import main
from app.errors import UnavailableError
from app.meetings.ending import end_meeting
from app.meetings.following import follow
from app.meetings.models import EndReason, Meeting, MeetingState
from app.recordings.models import RecordingState, Wanted
from app.recordings.renaming import RenameRefusedError, rename_server, unite_all
from app.recordings.service import delete_recording, trash_recording
from app.recordings.syncing import ask_about, ask_for_due, reread
from app.recordings.telling import tell_all
from app.servers.addresses import is_same_server
from app.servers.models import Server
from app.servers.pool import Servers
from bbb_client.simulator import running_simulator
from tests.app.meetings.stories import passes, words_of
from tests.conftest import SECRET, new_person
from tests.factories import a_person, a_room, meeting_by, signed_in, start

pytestmark = pytest.mark.slow


@pytest.fixture
async def elsewhere():
    """Another BBB, with the same secret."""
    async with running_simulator(secret=SECRET) as running:
        yield running


@pytest.fixture
async def moved(settings, elsewhere):
    """The servers of a process whose settings name the other BBB."""
    async with Servers(settings.model_copy(update={"bbb_url": elsewhere.url})).connected() as servers:
        yield servers


@contextlib.asynccontextmanager
async def serving(site, servers):
    """The site's process runs with these servers."""
    kept, site.state.servers = site.state.servers, servers
    try:
        yield
    finally:
        site.state.servers = kept


async def whole_round(database, servers):
    await follow(database, servers)
    await unite_all(database, servers)
    await ask_for_due(database, servers)
    await reread(database, servers)
    await tell_all(database, servers)


async def days_pass(database, servers, move_clock, days=9):
    """More than enough for whatever is asked about, twice."""
    for _ in range(days):
        await move_clock(days=1)
        for _minute in range(2):
            await whole_round(database, servers)
            await move_clock(minutes=12)


async def server_at(database, url):
    async with database.transaction() as session:
        found = await session.execute(text("SELECT * FROM servers WHERE url = :url"), {"url": url})
        return found.one()


async def test_recordings_of_the_old_server_are_unknown_and_come_back(
    recorder, ada, site, database, moved, move_clock
):
    meeting = await recorder.meeting(ada)
    await move_clock(minutes=4)
    await recorder.ask(meeting)
    made = await recorder.row()
    stored = await recorder.stored(ada.holder_id)
    await days_pass(database, moved, move_clock)
    row = await recorder.row()
    assert (row.state, row.gone_at, row.server_id) == (RecordingState.PUBLISHED, None, made.server_id)
    assert await recorder.stored(ada.holder_id) == stored > 0
    old = await server_at(database, site.state.settings.bbb_url)
    async with signed_in(site, ada) as person:
        await person.open(f"/recordings/{row.key}")
        assert "Unknown" in person.words
        assert "isn’t connected to its meeting server" in person.words
        await person.open("/recordings")
        assert "Unknown" in person.words
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert old.url in operator.words
        assert "One recording is unknown." in operator.words
        assert "rename-server" in operator.words
    # The settings name it again: all goes on where it was.
    await whole_round(database, recorder.servers)
    async with signed_in(site, ada) as person:
        await person.open(f"/recordings/{row.key}")
        assert "Published" in person.words
    await days_pass(database, recorder.servers, move_clock)
    assert (await recorder.row()).state == RecordingState.PUBLISHED


async def test_a_deletion_on_the_old_server_waits_and_is_done_there(
    recorder, ada, site, database, moved, move_clock
):
    meeting = await recorder.meeting(ada)
    await move_clock(minutes=4)
    await recorder.ask(meeting)
    row = await recorder.row()
    for verb in (trash_recording, delete_recording):
        async with database.transaction() as session:
            await verb(session, await session.get_one(type(row), row.id))
    await days_pass(database, moved, move_clock, 2)
    waiting = await recorder.row()
    assert (waiting.wanted, waiting.bytes) == (Wanted.DELETED, row.bytes)
    async with signed_in(site, ada) as person:
        await person.open(f"/recordings/{row.key}")
        assert "It’ll be deleted, and its space freed, once we can" in person.words
    await whole_round(database, recorder.servers)
    assert await recorder.rows() == []
    assert await recorder.stored(ada.holder_id) == 0


async def test_recordings_that_nobody_was_told_of_are_not_asked_for_elsewhere(
    recorder, ada, database, moved, move_clock
):
    meeting = await recorder.meeting(ada)
    await days_pass(database, moved, move_clock, 2)
    assert await recorder.rows() == []
    assert await recorder.reserved(meeting) == meeting.reserved_bytes > 0
    with pytest.raises(UnavailableError):
        await ask_about(database, moved, [meeting.external_id])
    await recorder.due()
    assert (await recorder.row()).state == RecordingState.PUBLISHED


async def test_a_running_meeting_of_the_old_server_is_unknown_and_nobody_is_sent_elsewhere(
    site, database, moved, elsewhere
):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    meeting = await start(site, room, ada)
    await follow(database, moved)
    assert "Unknown" in await words_of(site)
    async with serving(site, moved), new_person(site) as guest:
        await guest.open("/r/the-place")
        answer = await guest.submit("/join", name="Gil Guest")
        assert answer.status_code == 503
        assert "isn’t connected" in guest.words
        assert elsewhere.url not in answer.text
    async with serving(site, moved), signed_in(site, ada) as host:
        await host.open("/r/the-place")
        assert (await host.submit("/end")).status_code == 503
    with pytest.raises(UnavailableError):
        await end_meeting(database, moved, meeting.id, EndReason.BY_OPERATOR)
    for _ in range(3):
        passes(minutes=3)
        await follow(database, moved)
    kept = await meeting_by(database, meeting.id)
    assert (kept.state, kept.end_asked) == (MeetingState.RUNNING, EndReason.BY_OPERATOR)
    assert elsewhere.world.meetings == {}


@pytest.mark.parametrize("first", ["said", "set"])
async def test_a_renamed_server_is_the_same_whatever_came_first(
    recorder, ada, site, database, settings, move_clock, first
):
    """The simulator is reached by two addresses, as a server is that was given another name."""
    meeting = await recorder.meeting(ada)
    await move_clock(minutes=4)
    await recorder.ask(meeting)
    before = await recorder.row()
    old, new = settings.bbb_url, settings.bbb_url.replace("127.0.0.1", "localhost")
    renamed = Servers(settings.model_copy(update={"bbb_url": new}))
    async with renamed.connected():
        if first == "set":
            await whole_round(database, renamed)
            room = await a_room(database, await a_person(database, "bela@example.org"), address="the-place")
            around = SimpleNamespace(state=SimpleNamespace(database=database, servers=renamed))
            running = await start(around, room)
            assert running.server_id != before.server_id
        async with database.transaction() as session:
            there = await rename_server(session, f"{old}/".replace("/api", "/API"), new)
        assert (there.meetings, there.recordings) == (first == "set", 1)
        renamed.forget_rows()
        await whole_round(database, renamed)
        after = await recorder.row()
        assert (after.server_id, after.state) == (before.server_id, RecordingState.PUBLISHED)
        assert (await server_at(database, new)).id == before.server_id
        assert (await server_at(database, old)).same_as == before.server_id
        if first == "set":
            kept = await meeting_by(database, running.id)
            assert (kept.server_id, kept.state) == (before.server_id, MeetingState.RUNNING)
        await days_pass(database, renamed, move_clock, 8)
        assert (await recorder.row()).state == RecordingState.PUBLISHED
    # A process that still runs with the old address finds the same row, and so does one that had read the other.
    recorder.servers.forget_rows()
    assert (await recorder.servers.choose(database)).id == before.server_id
    await whole_round(database, recorder.servers)
    assert (await server_at(database, new)).failing_since is None
    # And back.
    async with database.transaction() as session:
        await rename_server(session, new, old)
    assert (await server_at(database, old)).id == before.server_id


async def test_what_a_process_did_that_had_not_heard_of_the_new_name_moves_too(
    recorder, ada, database, settings
):
    meeting = await recorder.meeting(ada)
    new = settings.bbb_url.replace("127.0.0.1", "localhost")
    async with database.transaction() as session:
        session.add(Server(url=new))
        await session.flush()
        await rename_server(session, new, settings.bbb_url)
    recorder.servers.forget_rows()
    here = (await recorder.servers.choose(database)).id
    async with database.transaction() as session:
        (stale,) = await session.scalars(select(Server.id).where(Server.id != here))
    async with database.transaction() as session:
        (await session.get_one(Meeting, meeting.id)).server_id = stale
    await unite_all(database, recorder.servers)
    assert (await meeting_by(database, meeting.id)).server_id == here


async def test_a_statement_that_says_nothing_is_refused(recorder, ada, database, settings):
    await recorder.meeting(ada)
    for old, new in (
        ("https://nowhere.example.org", "https://x.example.org"),
        (settings.bbb_url, settings.bbb_url),
    ):
        async with database.transaction() as session:
            with pytest.raises(RenameRefusedError):
                await rename_server(session, old, new)


def told(settings, monkeypatch, url):
    """What the command line is told."""
    for name, value in {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "BBB_URL": url,
        "BBB_SECRET": SECRET,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SMTP_URL": "smtp://127.0.0.1:2525",
        "MAIL_FROM": "hall@example.org",
    }.items():
        monkeypatch.setenv(f"GUILDHALL_{name}", value)


async def test_the_command_looks_first_whether_the_new_address_has_the_recordings(
    recorder, ada, database, settings, move_clock, elsewhere, monkeypatch, capsys
):
    meeting = await recorder.meeting(ada)
    await move_clock(minutes=4)
    await recorder.ask(meeting)
    old = settings.bbb_url
    told(settings, monkeypatch, elsewhere.url)
    assert await asyncio.to_thread(main, ["rename-server", old, elsewhere.url]) == 1
    assert "none of the 1 newest recordings" in capsys.readouterr().err
    assert (await server_at(database, old)).same_as is None
    new = old.replace("127.0.0.1", "localhost")
    told(settings, monkeypatch, new)
    assert await asyncio.to_thread(main, ["rename-server", old, new]) == 0
    assert "1 recordings" in capsys.readouterr().out
    assert (await server_at(database, old)).same_as == (await recorder.row()).server_id
    told(settings, monkeypatch, elsewhere.url)
    assert await asyncio.to_thread(main, ["rename-server", new, elsewhere.url, "--yes"]) == 0


@pytest.mark.parametrize(
    "typed",
    [
        "https://bbb.example.org/bigbluebutton",
        "https://bbb.example.org/bigbluebutton/",
        "https://bbb.example.org/bigbluebutton/api",
        "https://bbb.example.org/bigbluebutton/api/",
        "https://BBB.example.ORG/BigBlueButton/API/",
        "https://bbb.example.org",
        "https://bbb.example.org/",
        "https://bbb.example.org:443/",
        "http://bbb.example.org:80/bigbluebutton/",
        "bbb.example.org",
        " https://bbb.example.org/bigbluebutton/ ",
    ],
)
def test_an_address_is_the_same_however_it_is_typed(typed):
    assert is_same_server(typed, "https://bbb.example.org/bigbluebutton/api")


@pytest.mark.parametrize(
    "typed",
    [
        "https://bbb2.example.org",
        "https://bbb.example.org:8443",
        "https://bbb.example.org/a",
        "",
        "http://[",
        "x y",
    ],
)
def test_another_address_is_another_server(typed):
    assert not is_same_server(typed, "https://bbb.example.org/bigbluebutton/api")


async def test_rows_of_one_address_typed_in_two_ways_are_one_server(recorder, ada, database, settings):
    meeting = await recorder.meeting(ada)
    async with database.transaction() as session:
        twin = Server(url=settings.bbb_url.removesuffix("/api"), failing_since=clock.now(), failure="x")
        session.add(twin)
        await session.flush()
        (await session.get_one(Meeting, meeting.id)).server_id = twin.id
    recorder.servers.forget_rows()
    await whole_round(database, recorder.servers)
    here = await recorder.servers.choose(database)
    assert (await meeting_by(database, meeting.id)).server_id == here.id
    assert (await server_at(database, settings.bbb_url.removesuffix("/api"))).failing_since is None
