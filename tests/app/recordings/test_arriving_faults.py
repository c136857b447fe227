"""What BBB may say at the wrong moment, twice, too large or not at all, and what must not come of it."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from app import clock
from app.meetings.models import Meeting
from app.recordings.arriving import arrive, note_missing
from app.recordings.models import Recording, RecordingFormat, RecordingState, Wanted
from app.recordings.syncing import ask_about
from app.recordings.telling import tell
from bbb_client.recording_requests import GetRecordings
from bbb_client.simulator.recordings import Format, State
from bbb_client.vocabulary import RecordingState as Said
from tests.app.recordings.arrivals import MADE_AFTER
from tests.factories import a_person

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow


async def arrived(recorder, host, **wish):
    """A recording that BBB has made and that has arrived here; its meeting."""
    meeting = await recorder.meeting(host, **wish)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    return meeting


async def again(recorder, row):
    """The round comes to a recording whose turn it is."""
    async with recorder.database.transaction() as session:
        await session.execute(update(Recording).where(Recording.id == row.id).values(check_at=clock.now()))
    await recorder.reread()


async def answer_about(recorder, meeting):
    """What BBB says of a meeting's recordings now."""
    request = GetRecordings(meeting_ids=[meeting.external_id], states=[Said.ANY])
    return (await recorder.servers.client.get_recordings(request)).recordings


async def test_a_format_that_is_hidden_stays_hidden_when_it_is_made_anew(recorder, ada, database):
    """As while an administrator of the server rebuilds a recording: its formats go, and come again."""
    meeting = await arrived(recorder, ada)
    async with database.transaction() as session:
        await session.execute(
            update(RecordingFormat).where(RecordingFormat.type == "video").values(hidden=True)
        )
    (there,) = recorder.at_bbb().values()
    formats, there.formats, there.state = there.formats, [], State.PROCESSING
    await recorder.ask(meeting)
    assert (await recorder.row()).estimated
    there.formats, there.state = formats, State.PUBLISHED
    await recorder.ask(meeting)
    row = await recorder.row()
    async with database.transaction() as session:
        shown = {
            kind: (await session.get(RecordingFormat, (row.id, kind))).hidden
            for kind in await recorder.formats()
        }
    assert shown == {"presentation": False, "video": True, "podcast": False}
    assert await recorder.stored(ada.holder_id) == sum(form.size for form in formats)


async def test_a_format_that_is_no_longer_listed_vanishes_with_its_bytes(recorder, ada):
    meeting = await arrived(recorder, ada)
    (there,) = recorder.at_bbb().values()
    there.formats = [form for form in there.formats if form.kind != "podcast"]
    await recorder.ask(meeting)
    assert sorted(await recorder.formats()) == ["presentation", "video"]
    assert await recorder.stored(ada.holder_id) == sum(form.size for form in there.formats)


@pytest.mark.parametrize(("minutes", "size"), [(1, 2**63), (1, 10**17), (1, -5), (10**17, 0)])
async def test_numbers_that_cannot_be_are_none_and_hold_nobody_up(recorder, ada, database, minutes, size):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    meetings = [await recorder.meeting(person) for person in (ada, bela)]
    await recorder.move_clock(seconds=MADE_AFTER)
    for there in recorder.at_bbb().values():
        if there.meeting_id == meetings[0].external_id:
            there.formats.append(Format("notes", 1, minutes, size))
    await ask_about(database, recorder.servers, [meeting.external_id for meeting in meetings])
    mine, theirs = sorted(await recorder.rows(), key=lambda row: row.holder_id != ada.holder_id)
    assert (mine.estimated, theirs.estimated) == (True, False)
    assert (mine.minutes, theirs.minutes) == (6, 6)
    assert await recorder.stored(ada.holder_id) == mine.bytes < 60_000_000
    assert await recorder.stored(bela.holder_id) == theirs.bytes


async def test_an_answer_that_was_overtaken_takes_no_format_away(recorder, ada, database):
    """Two jobs ask; the one that heard less writes last."""
    await recorder.fault("format-late")
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    asked_at, early = clock.now(), await answer_about(recorder, meeting)
    await recorder.move_clock(seconds=700)
    await recorder.ask(meeting)
    stored = await recorder.stored(ada.holder_id)
    async with database.transaction() as session:
        await arrive(session, meeting.external_id, early, asked_at)
    assert sorted(await recorder.formats()) == ["podcast", "presentation", "video"]
    assert await recorder.stored(ada.holder_id) == stored


async def test_what_was_listed_after_it_was_missed_is_not_missing(recorder, ada, database):
    await arrived(recorder, ada)
    row = await recorder.row()
    asked_at = clock.now()
    await recorder.move_clock(minutes=11)
    await again(recorder, row)
    for _ in range(2):
        async with database.transaction() as session:
            await note_missing(session, row.holder_id, [row.record_id], asked_at)
    assert (await recorder.row()).gone_at is None


async def test_an_answer_that_was_overtaken_brings_nothing_back(recorder, ada, database):
    meeting = await arrived(recorder, ada)
    asked_at, early = clock.now(), await answer_about(recorder, meeting)
    await recorder.move_clock(seconds=5)
    await recorder.servers.client.delete_recordings([(await recorder.row()).record_id])
    await recorder.ask(meeting)
    async with database.transaction() as session:
        await arrive(session, meeting.external_id, early, asked_at)
    assert (await recorder.row()).state == RecordingState.GONE
    assert await recorder.stored(ada.holder_id) == 0


async def test_an_answer_from_before_it_was_told_does_not_undo_what_bbb_agreed_to(recorder, ada, database):
    meeting = await arrived(recorder, ada)
    asked_at, early = clock.now(), await answer_about(recorder, meeting)
    await recorder.move_clock(seconds=5)
    row = await recorder.row()
    async with database.transaction() as session:
        await session.execute(update(Recording).values(visibility="nobody", wanted=Wanted.UNPUBLISHED))
    assert await tell(database, recorder.servers, row.id)
    async with database.transaction() as session:
        await arrive(session, meeting.external_id, early, asked_at)
    assert (await recorder.row()).state == RecordingState.UNPUBLISHED


async def test_what_is_reserved_goes_when_a_recording_is_known_that_bbb_no_longer_lists(
    recorder, ada, database
):
    """As when its end was heard after its recording had come and gone."""
    meeting = await arrived(recorder, ada)
    async with database.transaction() as session:
        await session.execute(update(Meeting).where(Meeting.id == meeting.id).values(reserved_bytes=7))
    recorder.at_bbb().clear()
    await recorder.ask(meeting)
    assert await recorder.reserved(meeting) == 0


async def test_what_nobody_may_see_is_unpublished_again_when_it_comes_back(recorder, ada, database):
    await arrived(recorder, ada, recording_visibility="nobody")
    async with database.transaction() as session:
        await session.execute(
            update(Recording).values(wanted=None, state=RecordingState.GONE, gone_at=clock.now())
        )
    (row,) = await recorder.rows()
    await again(recorder, row)
    row = await recorder.row()
    assert (row.state, row.wanted) == (RecordingState.PUBLISHED, Wanted.UNPUBLISHED)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", "//elsewhere.example/x"])
async def test_an_address_that_no_browser_should_open_is_not_kept(recorder, ada, database, url):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    said = await answer_about(recorder, meeting)
    spoiled = [
        replace(
            each,
            formats=tuple(replace(form, url=url) if form.type == "video" else form for form in each.formats),
        )
        for each in said
    ]
    async with database.transaction() as session:
        await arrive(session, meeting.external_id, spoiled, clock.now())
    assert sorted(await recorder.formats()) == ["podcast", "presentation"]
