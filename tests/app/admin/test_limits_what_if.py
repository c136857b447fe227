"""What if: every figure from the rules, nothing is changed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.admin.limits import held_now
from app.admin.limits_refusals import would_be_granted
from app.memberships.decision_log import Question, note_refused
from app.memberships.models import Holder
from quotas.decisions import Reason, Refused
from quotas.limits import Limits
from tests.factories import a_person, a_room, an_organisation, put_on_tier, start

UNLIMITED = Limits(
    meeting_minutes=None,
    group_size=None,
    rooms=None,
    at_once=None,
    storage_bytes=None,
    large_sessions_per_month=None,
    large_session_people=None,
)


async def test_a_lower_tier_shows_what_would_be_above_it(olu, ada, database, site):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    for name in ("One", "Two", "Three"):
        room = await a_room(database, ada, name)
    await start(site, room, ada)
    async with database.transaction() as session:
        (await session.get_one(Holder, ada.holder_id)).stored_bytes = 300_000_000
    await olu.open(f"/admin/limits/{ada.holder_id}?tier=free")
    assert "Rooms 5 rooms 1 room 2 rooms would be read-only: “Two”, “One”." in olu.words
    assert "Space for recordings 1 GB none 300 MB above: untouched for 90 days" in olu.words
    assert "Time of a sitting 3 h 1 h nothing above it" in olu.words
    assert "Meetings at once 1 meeting the same nothing above it" in olu.words
    await olu.open(f"/admin/limits/{ada.holder_id}?limit=at_once&value=0")
    assert (
        "Meetings at once 1 meeting none One meeting more than that runs: it goes on to its end." in olu.words
    )


async def test_more_rooms_than_are_named_are_counted(olu, ada, database):
    await put_on_tier(database, ada.holder_id, "co-producer")
    for number in range(8):
        await a_room(database, ada, f"R{number}")
    await olu.open(f"/admin/limits/{ada.holder_id}?limit=rooms&value=1")
    assert "7 rooms would be read-only: “R6”, “R5”, “R4”, “R3”, “R2” and 2 more." in olu.words


async def test_hosts_above_fewer_seats_stay(olu, ada, database):
    await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin", bea="host")
    await olu.open(f"/admin/limits/{made.holder_id}?limit=hosts&value=1")
    assert "Hosts unlimited 1 host One host more than that: they stay" in olu.words


async def test_refusals_that_would_have_passed_are_counted_with_their_times(olu, ada, database):
    async with database.transaction() as session:
        for used in (1, 2, 7):
            refused = Refused(reason=Reason.ROOMS, limit=1, used=used, asked=1)
            await note_refused(session, ada.holder_id, Question.CREATE_ROOM, "One", refused)
        full = Refused(reason=Reason.GROUP_FULL, limit=4, used=3, asked=1)
        for _ in range(5):
            await note_refused(session, ada.holder_id, Question.JOIN_MEETING, "One", full)
    await olu.open(f"/admin/limits/{ada.holder_id}?limit=rooms&value=5")
    assert "8 requests were refused in the last 30 days. 2 would have passed their limit." in olu.words
    assert "Of 5 the figures do not tell." in olu.words
    assert "No further room 3 2 0" in olu.words
    assert "The meeting was full 5 0 5" in olu.words


async def test_refusals_of_more_than_thirty_days_ago_do_not_count(olu, ada, database, move_clock):
    async with database.transaction() as session:
        refused = Refused(reason=Reason.ROOMS, limit=1, used=1, asked=1)
        await note_refused(session, ada.holder_id, Question.CREATE_ROOM, "One", refused)
    await move_clock(days=29)
    await olu.open(f"/admin/limits/{ada.holder_id}?tier=free")
    assert "One request was refused" in olu.words
    await move_clock(days=2)
    page = await olu.client.get(f"/admin/limits/{ada.holder_id}?tier=free")
    assert "One request was refused" not in page.text


@pytest.mark.parametrize(
    ("reason", "figures", "changed", "verdict"),
    [
        (Reason.ROOMS, (1, 1, 1), {"rooms": 2}, True),
        (Reason.ROOMS, (1, 1, 1), {"rooms": 1}, False),
        (Reason.ROOM_READ_ONLY, (1, 3, 1), {"rooms": 4}, True),
        (Reason.ROOM_READ_ONLY, (1, 3, 1), {"rooms": 3}, False),
        (Reason.HOSTS, (2, 2, 1), {"hosts": 3}, True),
        (Reason.HOSTS, (2, 2, 1), {"hosts": 2}, False),
        (Reason.AT_ONCE, (1, 1, 1), {"at_once": 2}, True),
        (Reason.AT_ONCE, (1, 1, 1), {"at_once": 1}, False),
        (Reason.SITTING_SPENT, (60, 60, 1), {"meeting_minutes": 61}, True),
        (Reason.SITTING_SPENT, (60, 60, 1), {"meeting_minutes": 60}, False),
        (Reason.GROUP_SIZE, (10, 0, 60), {"group_size": 60}, True),
        (Reason.GROUP_SIZE, (10, 0, 60), {"group_size": 59, "large_sessions_per_month": 0}, False),
        (Reason.GROUP_SIZE, (10, 0, 60), {"group_size": 50}, None),
        (Reason.LARGE_SESSION_PEOPLE, (150, 0, 200), {"group_size": 9, "large_session_people": 200}, None),
        (Reason.LARGE_SESSION_PEOPLE, (150, 0, 200), {"group_size": 9, "large_session_people": 199}, False),
        (Reason.LARGE_SESSIONS, (2, 2, 1), {"group_size": 9, "large_sessions_per_month": 3}, True),
        (Reason.LARGE_SESSIONS, (2, 2, 1), {"group_size": 9, "large_sessions_per_month": 2}, False),
        (Reason.LARGE_SESSIONS, (2, 2, 1), {"group_size": 9, "large_session_people": 20}, None),
        (Reason.LARGE_SESSIONS, (2, 2, 1), {}, True),
        (Reason.STORAGE_FULL, (10, 8, 3), {"storage_bytes": 11}, True),
        (Reason.STORAGE_FULL, (10, 8, 3), {"storage_bytes": 10}, False),
        (Reason.RECORDING_OFF, (0, 0, 3), {"storage_bytes": 0}, False),
        (Reason.RECORDING_OFF, (0, 0, 3), {}, True),
        (Reason.GROUP_FULL, (50, 49, 1), {"group_size": 51}, True),
        (Reason.GROUP_FULL, (50, 49, 1), {"group_size": 50}, False),
        (Reason.GROUP_FULL, (20, 19, 1), {"group_size": 100}, None),
        (Reason.HOLDER_BANNED, (0, 0, 1), {}, False),
        ("a reason of a later version", (0, 0, 1), {}, None),
    ],
)
async def test_the_rule_that_refused_is_asked_again(ada, database, reason, figures, changed, verdict):
    limit, used, asked = figures
    await put_on_tier(database, ada.holder_id, "consumer")
    async with database.transaction() as session:
        held = await held_now(session, ada.holder_id)
    row = SimpleNamespace(reason=str(reason), limit_value=limit, used=used, asked=asked)
    assert would_be_granted(held, row, replace(UNLIMITED, **changed)) is verdict
