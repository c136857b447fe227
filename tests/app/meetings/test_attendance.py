"""Attendance as figures without names: from the rounds, and exactly from BBB's analytics."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select

from app import clock
from app.meetings.attendance import seconds_between
from app.meetings.ending import mark_ended
from app.meetings.exact import Figures, figures_of
from app.meetings.following import follow
from app.meetings.models import Attendance, AttendanceFigure, MeetingState
from app.meetings.reservation import Start
from app.meetings.starting import start_meeting
from bbb_client.analytics import analytics
from bbb_client.simulator.callbacks import jwt
from tests.app.meetings.bbb import order
from tests.conftest import SECRET, new_person
from tests.factories import ADDRESSES, a_person, a_room, meeting_by, signed_in


async def figures(database, meeting):
    async with database.transaction() as session:
        found = await session.execute(
            select(AttendanceFigure.minute, AttendanceFigure.people).where(
                AttendanceFigure.meeting_id == meeting.id
            )
        )
        return {row.minute: row.people for row in found}


async def rounds(site, database, times, seconds=20):
    for _ in range(times):
        clock.set_offset(clock.offset() + timedelta(seconds=seconds))
        await follow(database, site.state.servers)


@pytest.mark.slow
async def test_the_rounds_count_the_most_people_of_each_minute(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=4)
    await follow(database, site.state.servers)
    await order(simulator, "leave", meetingID=running.external_id, count=3)
    await rounds(site, database, 4)
    assert await figures(database, running) == {0: 4, 1: 1}


@pytest.mark.slow
async def test_person_seconds_are_people_times_the_time_between_rounds(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=3)
    await follow(database, site.state.servers)
    await rounds(site, database, 6, seconds=30)
    counted = (await meeting_by(database, running.id)).person_seconds
    assert 3 * 180 <= counted <= 3 * 182


@pytest.mark.slow
async def test_nobody_is_present_in_a_gap_that_nobody_saw(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=3)
    await rounds(site, database, 2, seconds=30)
    before = (await meeting_by(database, running.id)).person_seconds
    await rounds(site, database, 1, seconds=61)
    assert (await meeting_by(database, running.id)).person_seconds == before
    await rounds(site, database, 1, seconds=30)
    assert before + 90 <= (await meeting_by(database, running.id)).person_seconds <= before + 93


def test_time_that_goes_back_counts_nothing():
    now = clock.now()
    assert seconds_between(now, now - timedelta(seconds=30)) == 0
    assert seconds_between(now, now + timedelta(seconds=30)) == 30
    assert seconds_between(None, now) == 0


async def test_what_is_left_until_the_end_is_counted_and_names_go(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=2, userID="g-1")
    async with database.transaction() as session:
        session.add(
            Attendance(
                meeting_id=running.id, participant="g-1", name="Gil", is_host=False, sent_at=clock.now()
            )
        )
    await rounds(site, database, 1)
    async with database.transaction() as session:
        await mark_ended(session, running.external_id, at=clock.now() + timedelta(seconds=40))
    ended = await meeting_by(database, running.id)
    assert 39 <= ended.person_seconds <= 41
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Attendance)) == 0
    assert await figures(database, running) == {0: 1}


async def test_rounds_of_two_workers_at_once_count_once(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=10)
    await follow(database, site.state.servers)
    clock.set_offset(clock.offset() + timedelta(seconds=50))
    await asyncio.gather(*(follow(database, site.state.servers) for _ in range(4)))
    assert 500 <= (await meeting_by(database, running.id)).person_seconds <= 530


# -- the analytics callback


def said(*attendees, meeting_id="gh-1", start="2026-05-03T10:00:00Z", finish="2026-05-03T10:10:00Z"):
    """What BBB reports; an attendee is `(id, (join, leave), ...)` in minutes from the start."""
    began = datetime(2026, 5, 3, 10, tzinfo=UTC)

    def moment(minutes):
        return (began + timedelta(minutes=minutes)).isoformat()

    return {
        "version": "1.0",
        "meeting_id": meeting_id,
        "data": {
            "start": start,
            "finish": finish,
            "attendees": [
                {
                    "ext_user_id": who,
                    "name": "Gil Guest",
                    "joins": [moment(stay[0]) for stay in stays],
                    "leaves": [moment(stay[1]) for stay in stays if stay[1] is not None],
                    "sessions": [
                        {
                            "joins": [moment(stay[0])],
                            "leaves": [] if stay[1] is None else [moment(stay[1])],
                        }
                        for stay in stays
                    ],
                }
                for who, *stays in attendees
            ],
        },
    }


def read(body):
    return figures_of(analytics(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (said(("a", (0, 2)), ("b", (1, 3))), Figures(240, 2, {0: 1, 1: 2, 2: 1})),
        # Two devices at a time, in one record or in two, are one person.
        (said(("a", (0, 2), (1, 3))), Figures(180, 1, {0: 1, 1: 1, 2: 1})),
        (said(("a", (0, 2)), ("a", (0, 2))), Figures(120, 1, {0: 1, 1: 1})),
        # Without an id nobody knows that they are one person.
        (said(("", (0, 1)), ("", (0, 1))), Figures(120, 2, {0: 2})),
        # A leave that was lost lasts to the end, and nobody is there before the start or after the end.
        (said(("a", (8, None))), Figures(120, 1, {8: 1, 9: 1})),
        (said(("a", (-5, 99))), Figures(600, 1, dict.fromkeys(range(10), 1))),
        (said(("a", (0.5, 0.75), (1.25, 1.5))), Figures(30, 1, {0: 1, 1: 1})),
        (said(("a", (5, 3))), Figures(0, 0, {})),
        (said(("a", (0, 2)), start=None, finish=None), Figures(120, 1, {0: 1, 1: 1})),
        (said(start=None), Figures(0, 0, {})),
    ],
)
def test_exact_figures(body, expected):
    assert read(body) == expected


def test_times_of_a_whole_record_do_without_sessions():
    body = said(("a", (0, 2), (4, 5)))
    del body["data"]["attendees"][0]["sessions"]
    assert read(body) == Figures(180, 1, {0: 1, 1: 1, 4: 1})


def test_a_month_is_the_most_that_is_kept():
    body = said(("a", (0, None)), finish="2029-01-01T00:00:00Z")
    assert len(read(body).minutes) == 31 * 24 * 60


async def post(site, meeting, body, *, token=None, authorization=None):
    if authorization is None:
        expires = int(clock.now().timestamp()) + 3600
        authorization = f"Bearer {jwt({'exp': expires}, SECRET, 'HS512')}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with new_person(site) as server:
        path = f"/callbacks/meetings/{meeting.external_id}/{token or meeting.callback_token}/analytics"
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        return (await server.client.post(path, content=content, headers=headers)).status_code


async def test_the_callback_of_a_real_meeting_replaces_the_rounds_figures(site, database, simulator, ada):
    room = await a_room(database, ada)
    addresses = replace(ADDRESSES, keep_events=True)
    meeting = await meeting_by(
        database, await start_meeting(database, site.state.servers, Start(room.id, ada.id), addresses)
    )
    for _ in range(2):
        await order(simulator, "connect", meetingID=meeting.external_id, userID="g-1", name="Gil Guest")
    await order(simulator, "connect", meetingID=meeting.external_id, userID="g-2")
    await follow(database, site.state.servers)
    await simulator.advance(120)
    await site.state.servers.client.end(meeting.external_id)
    await simulator.advance(2)
    (delivery,) = [each for each in simulator.world.outbox.waiting if each.kind == "analytics"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=site)) as bbb:
        assert (await delivery.send(bbb)).ok
        exact = await meeting_by(database, meeting.id)
        # The call comes twice, and a round that still saw the meeting comes late: nothing changes.
        assert (await delivery.send(bbb)).ok
    async with database.transaction() as session:
        await mark_ended(session, meeting.external_id, at=clock.now())
    after = await meeting_by(database, meeting.id)
    assert (exact.exact_figures, exact.peak_people) == (True, 2)
    assert 240 <= exact.person_seconds <= 246
    assert after.person_seconds == exact.person_seconds
    assert set((await figures(database, meeting)).values()) == {2}


async def test_rounds_leave_exact_figures_alone(site, database, simulator, running):
    body = said(("a", (0, 1)), meeting_id=running.external_id)
    assert await post(site, running, body) == 200
    await order(simulator, "connect", meetingID=running.external_id, count=5)
    await rounds(site, database, 3, seconds=30)
    meeting = await meeting_by(database, running.id)
    assert (meeting.people_now, meeting.peak_people, meeting.person_seconds) == (5, 1, 60)
    assert await figures(database, running) == {0: 1}
    twice = said(("a", (0, 9)), meeting_id=running.external_id)
    assert await post(site, running, twice) == 200
    assert (await meeting_by(database, running.id)).person_seconds == 60


async def test_a_report_without_anybody_does_not_wipe_out_what_was_seen(site, database, simulator, running):
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    await follow(database, site.state.servers)
    assert await post(site, running, said(meeting_id=running.external_id)) == 200
    meeting = await meeting_by(database, running.id)
    assert (meeting.exact_figures, meeting.peak_people) == (False, 2)


async def test_no_name_of_a_report_is_kept(site, database, running):
    await post(site, running, said(("a", (0, 1)), meeting_id=running.external_id))
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        for table in ("meetings", "attendances", "attendance_figures", "consents", "procrastinate_jobs"):
            rows = await raw.driver_connection.fetch(f"SELECT * FROM {table}")  # noqa: S608  our own tables
            assert "Gil Guest" not in str(rows)


async def test_forged_reports_change_nothing(site, database, running):
    body = said(("a", (0, 1)), meeting_id=running.external_id)
    expires = int(clock.now().timestamp()) + 3600
    wrong_key = f"Bearer {jwt({'exp': expires}, 'another secret', 'HS512')}"
    unsigned = f"Bearer {jwt({'exp': expires}, SECRET, 'HS512').rpartition('.')[0]}."
    late = f"Bearer {jwt({'exp': expires - 7200}, SECRET, 'HS512')}"
    for authorization in ("", "Bearer x", wrong_key, unsigned, late):
        assert await post(site, running, body, authorization=authorization or "Basic") == 401
    assert await post(site, running, body, token="wrong") == 404
    assert await post(site, running, said(("a", (0, 1)), meeting_id="gh-2")) == 404
    assert await post(site, running, b"[]") == 400
    assert await post(site, running, b'{"meeting_id": "x", ') == 400
    assert not (await meeting_by(database, running.id)).exact_figures


@pytest.mark.slow
async def test_a_report_may_be_large_but_not_endless(site, database, running):
    body = json.dumps(
        said(*((f"g-{number}", (0, 1)) for number in range(600)), meeting_id=running.external_id)
    )
    assert len(body) > 100_000
    assert await post(site, running, body.encode()) == 200
    assert (await meeting_by(database, running.id)).peak_people == 600
    assert await post(site, running, b" " * 4_100_000) == 413


async def test_hosts_and_operators_see_how_it_was_and_a_guest_does_not(
    site, database, simulator, ada, running
):
    await post(site, running, said(("a", (0, 10)), ("b", (0, 7)), meeting_id=running.external_id))
    async with database.transaction() as session:
        await mark_ended(session, running.external_id, at=clock.now())
    assert (await meeting_by(database, running.id)).state == MeetingState.ENDED
    async with signed_in(site, ada) as host:
        await host.open("/r/the-place")
        assert "2 people at most. 17 participant-minutes." in host.words
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin/meetings")
        assert "2 at most 17 participant-minutes" in operator.words
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        assert "participant-minute" not in guest.words


async def test_one_minute_of_one_person_is_said_in_the_singular(site, database, simulator, ada, running):
    await post(site, running, said(("a", (0, 1)), meeting_id=running.external_id))
    async with database.transaction() as session:
        await mark_ended(session, running.external_id, at=clock.now())
    async with signed_in(site, ada) as host:
        await host.open("/r/the-place")
        assert "1 person at most. 1 participant-minute." in host.words
