"""The log of decisions: every refusal once, grants with their terms, repeated questions folded, nobody's name."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import clock
from app.accounts.deletion import delete_account
from app.accounts.export import export_data
from app.errors import ConflictError
from app.memberships.decision_log import Question, forget_old, note_granted, note_refused
from app.memberships.models import Holder, LoggedDecision
from app.memberships.refusals import RefusedError
from quotas.decisions import Reason, Refused
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start

FULL = Refused(reason=Reason.GROUP_FULL, limit=2, used=2, asked=1)


async def logged(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(LoggedDecision).order_by(LoggedDecision.id)))


async def test_what_is_granted_is_logged_with_its_terms(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada)
    await start(site, room, ada)
    made, started = await logged(database)
    assert (made.holder_id, made.question, made.subject) == (
        ada.holder_id,
        "create_room",
        "Weekly assembly",
    )
    assert (started.question, started.granted, started.reason) == ("start_meeting", True, None)
    assert (started.terms["minutes"], started.terms["people"], started.terms["recorded"]) == (60, 10, False)


async def test_what_is_refused_is_logged_once_although_its_transaction_is_undone(site, database):
    ada = await a_person(database, tier="session-organiser")
    rooms = [await a_room(database, ada, name) for name in ("One", "Two")]
    await start(site, rooms[0], ada)
    with pytest.raises(RefusedError):
        await start(site, rooms[1], ada)
    [refused] = [row for row in await logged(database) if not row.granted]
    assert (refused.holder_id, refused.question, refused.subject) == (ada.holder_id, "start_meeting", "Two")
    assert (refused.reason, refused.limit_value, refused.used, refused.asked) == ("at_once", 1, 1, 1)
    assert refused.times == 1


async def test_a_refused_form_is_logged_once_and_a_refusal_that_is_only_shown_is_not(site, database):
    ada = await a_person(database)
    await a_room(database, ada, "One")
    async with signed_in(site, ada) as browser:
        await browser.open("/rooms/new")
        await browser.submit("/rooms/new", name="Two")
        assert browser.page.status_code == 409
    async with database.transaction() as session:
        # Ten of the free tier's one room were used later: its page shows that it rests.
        await session.execute(text("UPDATE tiers SET rooms_per_host = 0 WHERE key = 'free'"))
    async with signed_in(site, ada) as browser:
        await browser.open("/r/one")
        assert "This room is resting" in browser.words
    refused = [(row.question, row.subject, row.times) for row in await logged(database) if not row.granted]
    assert refused == [("create_room", "Two", 1)]


async def test_a_raised_refusal_passes_through_two_transactions_and_is_logged_once(database):
    ada = await a_person(database)
    await a_room(database, ada, "One")
    with pytest.raises(RefusedError):
        async with database.transaction():
            await a_room(database, ada, "Two")
    assert len([row for row in await logged(database) if not row.granted]) == 1


async def test_who_waits_before_a_full_room_is_logged_once_an_hour(database, move_clock):
    ada = await a_person(database)

    async def ask(subject="Weekly assembly", question=Question.JOIN_MEETING):
        async with database.transaction() as session:
            await note_refused(session, ada.holder_id, question, subject, FULL)

    for _ in range(5):
        await ask()
        await move_clock(minutes=20)
    await ask("Another room")
    assert [(row.subject, row.times) for row in await logged(database)] == [
        ("Weekly assembly", 5),
        ("Another room", 1),
    ]
    assert (await logged(database))[0].at > clock.now() - timedelta(minutes=21)
    await move_clock(minutes=61)
    await ask()
    await ask(question=Question.START_MEETING)
    await ask(question=Question.START_MEETING)
    assert [row.times for row in await logged(database)] == [5, 1, 1, 1, 1]


async def test_large_figures_are_kept(database):
    ada = await a_person(database)
    refused = Refused(
        reason=Reason.STORAGE_FULL, limit=5_000_000_000, used=4_999_000_000, asked=12_000_000_000
    )
    async with database.transaction() as session:
        await note_refused(session, ada.holder_id, Question.START_MEETING, "Weekly assembly", refused)
    [row] = await logged(database)
    assert (row.limit_value, row.used, row.asked) == (5_000_000_000, 4_999_000_000, 12_000_000_000)


async def test_a_refusal_waits_for_nobody_who_deletes_the_holder(database):
    ada = await a_person(database)
    async with database.transaction() as deleting:
        await deleting.execute(select(Holder.id).where(Holder.id == ada.holder_id).with_for_update())
        async with asyncio.timeout(2), database.transaction() as session:
            await note_refused(session, ada.holder_id, Question.JOIN_MEETING, "Weekly assembly", FULL)
    assert await logged(database) == []


async def test_a_log_that_cannot_be_written_leaves_the_refusal_what_it_is(database):
    ada = await a_person(database)
    await a_room(database, ada, "One")
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE decisions RENAME TO decisions_away"))
    try:
        # A grant needs its log; what would be refused is refused with its figures all the same.
        with pytest.raises(RefusedError) as refusal:
            await a_room(database, ada, "Two")
        assert refusal.value.refused.reason is Reason.ROOMS
    finally:
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE decisions_away RENAME TO decisions"))


async def test_other_errors_leave_nothing(database):
    ada = await a_person(database)

    async def grant_and_fail():
        async with database.transaction() as session:
            await note_granted(session, ada.holder_id, Question.CREATE_ROOM, "One")
            raise ConflictError

    with pytest.raises(ConflictError):
        await grant_and_fail()
    assert await logged(database) == []


async def test_after_thirty_days_it_is_forgotten(database, move_clock):
    ada = await a_person(database)
    for _ in range(2):
        async with database.transaction() as session:
            await note_granted(session, ada.holder_id, Question.CREATE_ROOM, "One")
        await move_clock(days=20)
    async with database.transaction() as session:
        await forget_old(session)
    assert len(await logged(database)) == 1


async def test_the_log_is_part_of_ones_data_and_goes_with_the_account(database):
    ada = await a_person(database)
    await a_person(database, "olu@example.org", is_operator=True)
    await a_room(database, ada, "One")
    async with database.transaction() as session:
        data = await export_data(session, ada.id)
        assert [(row["question"], row["subject"]) for row in data["decisions"]] == [("create_room", "One")]
        await delete_account(session, ada.id)
    assert await logged(database) == []


async def test_who_finds_a_room_full_is_logged_without_a_name_a_host_and_a_guest_alike(site, database):
    ada = await a_person(database)
    async with database.transaction() as session:
        await session.execute(text("UPDATE tiers SET group_size = 1 WHERE key = 'free'"))
    await start(site, await a_room(database, ada, address="the-place"), ada)
    async with new_person(site) as guest:
        await guest.open("/r/the-place")
        await guest.submit("/join", name="Gil Ó Brien")
        assert "The room is full" in guest.words
    [row] = [row for row in await logged(database) if not row.granted]
    assert (row.question, row.subject, row.reason, row.times) == (
        "join_meeting",
        "Weekly assembly",
        "group_full",
        1,
    )
    assert (row.limit_value, row.used, row.asked) == (1, 0, 1)
    async with database.transaction() as session:
        written = (await session.execute(text("SELECT to_jsonb(d)::text FROM decisions d"))).scalars()
        assert "Gil" not in "".join(written)
