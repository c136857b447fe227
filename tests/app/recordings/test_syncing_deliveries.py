"""What comes to the addresses that are open to everyone: signed by the simulator, or by nobody that we know."""

import asyncio
import json
from urllib.parse import urlencode

import httpx
import pytest

from app.memberships.models import Holder
from app.recordings.jobs import totals
from app.recordings.models import RecordingState
from app.recordings.webhooks import PATH
from bbb_client.signing import Algorithm, webhook_checksum
from bbb_client.simulator.callbacks import jwt
from tests.app.recordings.arrivals import MADE_AFTER
from tests.app.recordings.test_syncing import jobs_of
from tests.conftest import SECRET, new_person
from tests.factories import a_person

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow

HOOK = f"http://127.0.0.1:8000{PATH}"
ASK = "recordings:ask"


@pytest.fixture
async def wired(site, simulator, monkeypatch):
    """BBB's calls reach the site's program."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=site)) as http:
        monkeypatch.setattr(simulator.world.outbox, "_http", http)
        yield site.state.servers.client


async def deliver(site, body):
    checksum = webhook_checksum(HOOK, body, SECRET, Algorithm.SHA256)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with new_person(site) as server:
        return await server.client.post(f"{PATH}?checksum={checksum}", content=body, headers=headers)


@pytest.mark.parametrize(
    "event",
    [
        "[" * 20_000,
        '[{"data":{"id":"meeting-ended","attributes":{"meeting":{"external-meeting-id":"a\\u0000b"}}}}]',
        '[{"data":{"id":"rap-deleted","attributes":{"record-id":"\\u0000"}}}]',
        '[{"data":{"id":"rap-deleted","attributes":{"record-id":"\\ud800"}}}]',
        '[{"data":{"id":["rap-deleted"],"attributes":[]}}]',
        "[]",
        "7",
    ],
)
async def test_whatever_a_signed_delivery_holds_nothing_breaks(site, database, event):
    answer = await deliver(site, urlencode({"event": event}).encode())
    assert answer.status_code in {200, 400}
    assert await jobs_of(database, ASK) == []


async def test_a_delivery_that_is_no_text_or_too_large_is_refused(site):
    assert (await deliver(site, b"event=\xff\xfe")).status_code == 400
    assert (await deliver(site, b"event=" + b"x" * 5_000_000)).status_code == 413


async def test_a_changed_delivery_is_forged(site, recorder, ada, database):
    meeting = await recorder.meeting(ada)
    said = {
        "data": {"id": "rap-deleted", "attributes": {"meeting": {"external-meeting-id": meeting.external_id}}}
    }
    body = urlencode({"event": json.dumps([said])}).encode()
    checksum = webhook_checksum(HOOK, body, SECRET, Algorithm.SHA256)
    other = checksum.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    async with new_person(site) as server:
        for path in (f"{PATH}?checksum={checksum}&more=1", f"{PATH}?checksum={other}"):
            changed = body if "more" not in path else body + b"&x=1"
            assert (await server.client.post(path, content=changed)).status_code == 401
    assert await jobs_of(database, ASK) == []
    assert (await deliver(site, body)).status_code == 200
    assert await jobs_of(database, ASK) == [{"external_id": meeting.external_id}]


@pytest.mark.parametrize(
    ("claims", "secret", "status"),
    [
        ({"record_id": "r"}, SECRET, 400),
        ({"meeting_id": "{it}", "record_id": 7}, SECRET, 400),
        ({"meeting_id": "gh-another", "record_id": "r"}, SECRET, 404),
        ({"meeting_id": "{it}", "record_id": "r"}, "another secret", 401),
        ({"meeting_id": "{it}", "record_id": "r"}, SECRET, 202),
    ],
)
async def test_a_callback_counts_for_its_own_meeting_and_signed_only(
    site, recorder, ada, database, claims, secret, status
):
    meeting = await recorder.meeting(ada)
    filled = {name: meeting.external_id if value == "{it}" else value for name, value in claims.items()}
    path = f"/callbacks/meetings/{meeting.external_id}/{meeting.callback_token}/recording"
    async with new_person(site) as server:
        answer = await server.client.post(path, data={"signed_parameters": jwt(filled, secret)})
    assert answer.status_code == status
    assert len(await jobs_of(database, ASK)) == (status == 202)


@pytest.mark.parametrize("fault", [None, "callback-doubled", "callback-lost"])
async def test_what_bbb_calls_and_what_the_round_finds_agree(wired, site, recorder, ada, database, fault):
    if fault:
        await recorder.fault(fault, call="recording-ready")
    meeting = await recorder.meeting(ada)
    await recorder.move_clock(seconds=MADE_AFTER)
    asked = await jobs_of(database, ASK)
    assert len(asked) == {None: 3, "callback-doubled": 6, "callback-lost": 0}[fault]
    for _ in asked:
        await recorder.ask(meeting)
    await recorder.move_clock(minutes=5)
    await recorder.due()
    row = await recorder.row()
    assert (row.state, row.estimated, len(await recorder.formats())) == (RecordingState.PUBLISHED, False, 3)
    assert await recorder.stored(ada.holder_id) == row.bytes
    assert await recorder.reserved(meeting) == 0


async def test_recordings_that_come_and_go_at_once_leave_a_true_total(recorder, ada):
    """All of one holder's, asked for twenty times at once: two arrive while one is found to be deleted."""
    meetings = [await recorder.meeting(ada, f"Room {number}", minutes=1) for number in range(3)]
    await recorder.move_clock(seconds=MADE_AFTER)
    await recorder.ask(meetings[0])
    before = await recorder.stored(ada.holder_id)
    await recorder.servers.client.delete_recordings([(await recorder.row()).record_id])
    asks = [recorder.ask(meeting) for meeting in meetings for _ in range(6)]
    await asyncio.gather(*asks, recorder.reread(), recorder.due())
    rows = await recorder.rows()
    assert [row.state for row in rows].count(RecordingState.GONE) == 1
    assert await recorder.stored(ada.holder_id) == sum(row.bytes for row in rows) > before


async def test_operators_are_told_at_night_of_a_total_that_was_wrong(house, recorder, ada, database):
    await a_person(database, "olga@example.org", is_operator=True)
    await totals.func(house.context, timestamp=0)
    assert await house.waiting_mails() == []
    async with database.transaction() as session:
        (await session.get_one(Holder, ada.holder_id)).stored_bytes = 7
    await totals.func(house.context, timestamp=0)
    (told,) = await house.waiting_mails()
    assert told.to == "olga@example.org"
    assert "7" in str(vars(told))
    assert await recorder.stored(ada.holder_id) == 0
