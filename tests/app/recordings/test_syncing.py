"""The rounds over recordings: small batches, nothing lost, nothing deleted that was not read again."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import text, update

from app import clock
from app.meetings.leaving import forget_consents
from app.meetings.models import Consent, Meeting, MeetingState
from app.recordings.models import Recording, RecordingState
from app.recordings.syncing import next_look
from app.recordings.webhooks import HEEDED, PATH, keep_hook
from bbb_client.signing import Algorithm, webhook_checksum
from tests.app.recordings.arrivals import MADE_AFTER
from tests.conftest import SECRET, new_person
from tests.factories import meeting_by

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


async def jobs_of(database, name):
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = :name"), {"name": name}
        )
        return [row.args for row in found]


async def test_a_recording_of_which_nobody_was_told_is_found_by_the_round(recorder, ada):
    await recorder.fault("callback-lost")
    meeting = await recorder.meeting(ada)
    await recorder.due()
    assert await recorder.rows() == []  # three minutes after the end at the earliest
    await recorder.move_clock(minutes=4)
    await recorder.due()
    row = await recorder.row()
    assert (row.state, row.meeting_id) == (RecordingState.PUBLISHED, meeting.id)


async def test_a_meeting_of_which_nothing_was_recorded_costs_nothing_after_a_day(recorder, ada):
    meeting = await recorder.meeting(ada, record=False)
    for _ in range(23):
        await recorder.move_clock(hours=1)
        await recorder.due()
    assert await recorder.reserved(meeting) > 0
    await recorder.move_clock(hours=2)
    await recorder.due()
    assert await recorder.reserved(meeting) == 0
    assert (await meeting_by(recorder.database, meeting.id)).recordings_due_at is not None
    await recorder.move_clock(days=7)
    await recorder.due()
    assert (await meeting_by(recorder.database, meeting.id)).recordings_due_at is None


async def test_a_server_that_does_not_answer_is_asked_again(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(minutes=4)
    await recorder.fault("error-500", call="getRecordings", times=5)
    await recorder.due()
    assert await recorder.rows() == []
    assert await recorder.reserved(meeting) == meeting.reserved_bytes
    recorder.simulator.world.faults.ordered.clear()
    await recorder.move_clock(minutes=11)
    await recorder.due()
    assert len(await recorder.rows()) == 1


async def test_many_meetings_are_asked_for_in_small_batches(recorder, ada, database):
    meeting = await recorder.meeting(ada)
    async with database.transaction() as session:
        server_id = meeting.server_id
        for number in range(45):
            session.add(
                Meeting(
                    holder_id=ada.holder_id,
                    server_id=server_id,
                    name="Past",
                    external_id=f"gh-past-{number}",
                    callback_token="t",
                    state=MeetingState.ENDED,
                    sitting_id=str(number),
                    tier="free",
                    recorded=True,
                    reserved_at=clock.now() - DAY,
                    started_at=clock.now() - DAY,
                    ended_at=clock.now() - timedelta(hours=2),
                    recordings_due_at=clock.now() - timedelta(minutes=1),
                )
            )
    await recorder.move_clock(minutes=4)
    await recorder.due()
    assert len(await recorder.rows()) == 1
    async with database.transaction() as session:
        waiting = await session.scalar(
            text("SELECT count(*) FROM meetings WHERE recordings_due_at <= :now"), {"now": clock.now()}
        )
    assert waiting == 0


async def test_what_bbb_no_longer_has_is_gone_when_two_answers_agree_and_forgotten_after_a_month(
    recorder, ada
):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    stored = await recorder.stored(ada.holder_id)
    kept = dict(recorder.at_bbb())
    recorder.at_bbb().clear()
    await recorder.ask(meeting)  # by meeting: what is not listed was not read again
    assert (await recorder.row()).gone_at is None
    await recorder.move_clock(days=9)
    await recorder.reread()
    row = await recorder.row()
    assert (row.state, await recorder.stored(ada.holder_id)) == (RecordingState.PUBLISHED, stored)
    recorder.at_bbb().update(kept)
    await recorder.move_clock(minutes=11)
    await recorder.reread()
    assert (await recorder.row()).gone_at is None  # one answer was wrong
    recorder.at_bbb().clear()
    await recorder.move_clock(days=9)
    await recorder.reread()
    await recorder.move_clock(minutes=11)
    await recorder.reread()
    assert (await recorder.row()).state == RecordingState.GONE
    assert await recorder.stored(ada.holder_id) == 0
    recorder.at_bbb().update(kept)
    await recorder.move_clock(days=2)
    await recorder.reread()
    assert (await recorder.row()).state == RecordingState.PUBLISHED
    assert await recorder.stored(ada.holder_id) == stored
    recorder.at_bbb().clear()
    for _ in range(45):
        await recorder.move_clock(days=1, minutes=30)
        await recorder.reread()
    assert await recorder.rows() == []
    assert await recorder.stored(ada.holder_id) == 0


async def test_what_bbb_says_is_deleted_is_gone_at_once(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    await recorder.servers.client.delete_recordings([(await recorder.row()).record_id])
    await recorder.ask(meeting)
    assert (await recorder.row()).state == RecordingState.GONE
    assert await recorder.stored(ada.holder_id) == 0


async def test_a_server_that_is_silent_takes_no_recording_away(recorder, ada):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    stored = await recorder.stored(ada.holder_id)
    await recorder.fault("dropped", call="getRecordings")
    for _ in range(3):
        await recorder.move_clock(days=9)
        await recorder.reread()
    row = await recorder.row()
    assert (row.state, row.gone_at, await recorder.stored(ada.holder_id)) == ("published", None, stored)


@pytest.mark.parametrize(
    ("age", "is_settled", "after"),
    [
        (timedelta(minutes=4), False, timedelta(minutes=10)),
        (timedelta(hours=4), False, timedelta(hours=2)),
        (timedelta(hours=20), False, timedelta(hours=4)),
        (timedelta(days=5), False, DAY),
        (timedelta(days=7), False, None),
        (timedelta(hours=4), True, timedelta(hours=20)),
        (timedelta(days=2), True, timedelta(days=5)),
        (timedelta(days=8), True, None),
    ],
)
def test_the_older_a_meeting_the_seldomer_it_is_asked_about(age, is_settled, after):
    now = clock.now()
    assert next_look(now, age, is_settled=is_settled) == (now + after if after else None)


async def test_consents_stay_while_something_is_recorded(recorder, ada, database):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    async with database.transaction() as session:
        session.add(
            Consent(meeting_id=meeting.id, participant="g-1", name="I", language="en", agreed_at=clock.now())
        )
    await recorder.move_clock(days=31)
    async with database.transaction() as session:
        await forget_consents(session)
        assert await session.scalar(text("SELECT count(*) FROM consents")) == 1
        await session.execute(text("DELETE FROM recordings"))
        await forget_consents(session)
        assert await session.scalar(text("SELECT count(*) FROM consents")) == 0


# Web-hooks


def delivery(event_id, *, meeting="", record=""):
    attributes = f'{{"meeting":{{"external-meeting-id":"{meeting}"}},"record-id":"{record}"}}'
    event = f'[{{"data":{{"type":"event","id":"{event_id}","attributes":{attributes},"event":{{"ts":1}}}}}}]'
    return f"domain=bbb.example&event={quote(event)}&timestamp=1717171720007".encode()


async def deliver(site, body, *, secret=SECRET, headers=None):
    address = f"http://127.0.0.1:8000{PATH}"
    checksum = webhook_checksum(address, body, secret, Algorithm.SHA1)
    sent = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    async with new_person(site) as server:
        path = PATH if headers else f"{PATH}?checksum={checksum}"
        return (await server.client.post(path, content=body, headers=sent)).status_code


@pytest.mark.parametrize("event", HEEDED)
async def test_a_webhook_about_a_recording_makes_the_worker_ask(site, recorder, ada, database, event):
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meeting)
    row = await recorder.row()
    assert await deliver(site, delivery(event, meeting=meeting.external_id, record=row.record_id)) == 200
    assert await deliver(site, delivery(event, record=row.record_id)) == 200
    asked = await jobs_of(database, "recordings:ask")
    assert asked.count({"external_id": meeting.external_id}) >= 2
    assert (await recorder.row()).check_at <= clock.now()


async def test_a_webhook_can_say_that_a_meeting_has_ended(site, recorder, ada, database):
    from tests.factories import a_room, start

    meeting = await start(site, await a_room(database, ada), ada)
    body = delivery("meeting-ended", meeting=meeting.external_id)
    assert [await deliver(site, body), await deliver(site, body)] == [200, 200]
    assert (await meeting_by(database, meeting.id)).state == MeetingState.ENDED


async def test_a_webhook_about_others_or_about_nothing_is_taken_and_left(site, database):
    assert await deliver(site, delivery("rap-publish-ended", meeting="somebody-elses")) == 200
    assert await deliver(site, delivery("rap-publish-ended")) == 200
    assert await deliver(site, delivery("user-joined", meeting="somebody-elses")) == 200
    assert await jobs_of(database, "recordings:ask") == []


async def test_a_forged_webhook_is_refused(site, database):
    body = delivery("rap-publish-ended", meeting="gh-x")
    assert await deliver(site, body, secret="another one") == 401
    assert await deliver(site, body, headers={"authorization": "Bearer another one"}) == 401
    assert await deliver(site, body, headers={"authorization": f"Bearer {SECRET}"}) == 200
    async with new_person(site) as server:
        assert (await server.client.post(PATH, content=body)).status_code == 401
    assert await deliver(site, b"event=nothing") == 400
    assert await deliver(site, b"event=" + b"x" * 5_000_000) in {400, 413}


async def test_the_hook_is_kept_and_a_server_without_hooks_is_one_without(site, simulator, recorder):
    settings, servers = site.state.settings, site.state.servers
    assert await keep_hook(settings, servers)
    assert await keep_hook(settings, servers)
    (hook,) = await servers.client.list_hooks()
    assert hook.callback_url.endswith(PATH)
    assert set(hook.event_ids) == {"meeting-ended", *HEEDED}
    await recorder.fault("error-500", call="hooks/create")
    assert not await keep_hook(settings, servers)
    assert not await keep_hook(settings, servers)


async def test_a_callback_asks_and_a_doubled_or_unknown_one_changes_nothing(site, recorder, ada, database):
    await recorder.fault("callback-doubled")
    meeting = await recorder.meeting(ada)
    async with database.transaction() as session:
        await session.execute(update(Recording).values(name="x"))
    path = f"/callbacks/meetings/{meeting.external_id}/{meeting.callback_token}/recording"
    async with new_person(site) as server:
        assert (await server.client.post(path, data={"signed_parameters": "a.b.c"})).status_code == 401
    assert await jobs_of(database, "recordings:ask") == []
