"""Recordings arrive a format at a time, in any order, doubled or late; their bytes are charged as they are known."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.meetings.queries import use_of
from app.memberships.limits import standing_of
from app.recordings.arriving import arrive
from app.recordings.models import Recording, RecordingFormat, RecordingState
from app.recordings.totals import check_totals
from bbb_client.errors import BBBError
from bbb_client.recording_requests import GetRecordings
from bbb_client.vocabulary import RecordingState as Said
from tests.app.recordings.arrivals import MADE_AFTER
from tests.factories import a_person, meeting_by

MEGABYTE = 1_000_000


@pytest.mark.slow
async def test_a_recording_replaces_the_estimate_of_its_meeting_by_its_true_size(recorder, ada):
    meeting = await recorder.meeting(ada)
    estimated = meeting.reserved_bytes
    assert 50 * MEGABYTE <= estimated <= 60 * MEGABYTE
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    row = await recorder.row()
    formats = await recorder.formats()
    assert row.bytes == sum(formats.values()) == await recorder.stored(ada.holder_id) != estimated
    assert (row.state, row.estimated, row.minutes) == (RecordingState.PUBLISHED, False, 6)
    assert (row.meeting_id, row.room_id, row.host_id) == (meeting.id, meeting.room_id, ada.id)
    assert (row.name, row.recorded_at) == ("Weekly assembly", meeting.started_at)
    assert await recorder.reserved(meeting) == 0


async def test_one_that_is_still_processed_is_charged_by_its_length(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=5)
    await recorder.ask(meeting)
    row = await recorder.row()
    assert (row.state, row.estimated) == (RecordingState.PROCESSING, True)
    assert 50 * MEGABYTE <= row.bytes <= 60 * MEGABYTE
    assert await recorder.stored(ada.holder_id) == row.bytes
    assert await recorder.reserved(meeting) == 0


async def test_a_late_format_adds_its_bytes(recorder, ada):
    await recorder.fault("format-late")
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    first = await recorder.stored(ada.holder_id)
    assert sorted(await recorder.formats()) == ["presentation", "video"]
    await recorder.move_clock(seconds=700)
    await recorder.ask(meeting)
    assert sorted(await recorder.formats()) == ["podcast", "presentation", "video"]
    assert await recorder.stored(ada.holder_id) > first


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["size-zero", "size-missing"])
async def test_what_has_no_size_is_charged_by_an_estimate_until_it_is_known(recorder, ada, kind):
    meeting = await recorder.meeting(ada, minutes=30)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.fault(kind)
    await recorder.ask(meeting)
    row = await recorder.row()
    assert row.estimated
    assert await recorder.stored(ada.holder_id) == row.bytes > 0
    recorder.simulator.world.faults.ordered.clear()
    await recorder.ask(meeting)
    row = await recorder.row()
    assert not row.estimated
    assert await recorder.stored(ada.holder_id) == row.bytes == sum((await recorder.formats()).values())


async def test_it_begins_as_its_room_says_and_keeps_what_its_host_has_changed(recorder, ada):
    meeting = await recorder.meeting(ada, recording_visibility="link", recording_days=30)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    row = await recorder.row()
    assert (row.visibility, row.keep_days) == ("link", 30)
    assert row.kept_until == row.recorded_at + timedelta(days=30)
    async with recorder.database.transaction() as session:
        await session.execute(update(Recording).values(name="The long one", visibility="hosts"))
        await session.execute(
            update(RecordingFormat).where(RecordingFormat.type == "video").values(hidden=True)
        )
    key = row.key
    await recorder.ask(meeting)
    row = await recorder.row()
    assert (row.name, row.visibility, row.key) == ("The long one", "hosts", key)
    async with recorder.database.transaction() as session:
        assert (await session.get(RecordingFormat, (row.id, "video"))).hidden


@pytest.mark.slow
async def test_the_same_answer_twenty_times_at_once_is_charged_once(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await asyncio.gather(*(recorder.ask(meeting) for _ in range(20)))
    row = await recorder.row()
    assert await recorder.stored(ada.holder_id) == row.bytes


@pytest.mark.slow
async def test_twenty_recordings_of_one_holder_at_once_add_up(recorder, database):
    people = [await a_person(database, f"p{n}@example.org", tier="session-organiser") for n in range(4)]
    meetings = [await recorder.meeting(person, minutes=2) for person in people]
    async with database.transaction() as session:
        # As if one holder had them all.
        from app.meetings.models import Meeting

        await session.execute(update(Meeting).values(holder_id=people[0].holder_id))
    await recorder.move_clock(seconds=MADE_AFTER)
    await asyncio.gather(*(recorder.ask(meeting) for meeting in meetings for _ in range(5)))
    assert await recorder.stored(people[0].holder_id) == sum(row.bytes for row in await recorder.rows()) > 0


@pytest.mark.slow
async def test_an_answer_about_another_meeting_is_left_alone(recorder, ada, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    mine, theirs = await recorder.meeting(ada), await recorder.meeting(bela)
    await recorder.move_clock(seconds=MADE_AFTER)
    for recording in recorder.at_bbb().values():
        recording.meeting_id = theirs.external_id
    await recorder.ask(mine)
    assert await recorder.rows() == []
    assert await recorder.reserved(mine) > 0


@pytest.mark.slow
async def test_a_recording_never_moves_to_another_meeting(recorder, ada, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    mine, theirs = await recorder.meeting(ada), await recorder.meeting(bela)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(mine)
    answer = await recorder.servers.client.get_recordings(
        GetRecordings(meeting_ids=[mine.external_id], states=[Said.ANY])
    )
    async with database.transaction() as session:
        await arrive(session, theirs.external_id, answer.recordings, clock.now())
    assert (await recorder.row()).holder_id == ada.holder_id
    assert await recorder.stored(bela.holder_id) == 0


@pytest.mark.slow
async def test_a_broken_answer_changes_nothing(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    for kind in ("nonsense", "error-500", "dropped"):
        await recorder.fault(kind, call="getRecordings", times=5)
        with pytest.raises(BBBError):
            await recorder.ask(meeting)
        recorder.simulator.world.faults.ordered.clear()
        assert await recorder.rows() == []
        assert await recorder.reserved(meeting) == meeting.reserved_bytes


async def test_while_a_recording_is_made_no_byte_is_promised_twice(recorder, ada, database):
    meeting = await recorder.meeting(ada, minutes=60)
    async with database.transaction() as session:
        before = await use_of(session, ada.holder_id)
    assert before.reserved_bytes == meeting.reserved_bytes > 0
    await recorder.move_clock(seconds=5)
    await recorder.ask(meeting)
    async with database.transaction() as session:
        after = await use_of(session, ada.holder_id)
        limit = (await standing_of(session, ada.holder_id)).limits.storage_bytes
    assert after.reserved_bytes == 0
    assert after.stored_bytes == (await recorder.row()).bytes <= limit


async def test_a_spoiled_total_is_found_at_night_repaired_and_said(recorder, ada, database):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    true = await recorder.stored(ada.holder_id)
    assert await check_totals(database) == []
    from app.memberships.models import Holder

    async with database.transaction() as session:
        await session.execute(update(Holder).values(stored_bytes=7))
    (said,) = await check_totals(database)
    assert f"7 → {true}" in said
    assert await recorder.stored(ada.holder_id) == true
    assert await check_totals(database) == []


async def test_a_server_whose_clock_is_off_does_not_move_the_day_of_a_recording(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    for recording in recorder.at_bbb().values():
        recording.started += 3_600_000 * 24 * 300
        recording.ended += 3_600_000 * 24 * 300
    await recorder.ask(meeting)
    row = await recorder.row()
    assert row.recorded_at == (await meeting_by(recorder.database, meeting.id)).started_at
    assert row.check_at > clock.now()
