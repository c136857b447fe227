"""Before a start: what does not fit is said, and the host chooses; large sessions draw on the month's number."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder, PolicyRow
from app.memberships.refusals import RefusedError
from app.organisations.models import OrganisationHost
from tests.factories import a_person, a_room, an_organisation, signed_in, start

GIGABYTE = 1_000_000_000


async def newest(database) -> Meeting:
    async with database.transaction() as session:
        return await session.scalar(select(Meeting).order_by(Meeting.id.desc()).limit(1))


async def store(database, holder_id, stored):
    async with database.transaction() as session:
        await session.execute(update(Holder).where(Holder.id == holder_id).values(stored_bytes=stored))


async def test_the_page_says_what_fits_and_a_recorded_meeting_ends_as_it_said(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, record=True)
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        assert (
            "There is space for 2 h of recording. A recorded meeting ends then, one without recording after 3 h."
            in person.words
        )
        await person.submit("/start", follow=False)
    meeting = await newest(database)
    assert (meeting.recorded, meeting.minutes, meeting.reserved_bytes) == (True, 120, GIGABYTE)


async def test_without_the_tick_the_meeting_has_its_whole_length(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, record=True)
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        await person.submit("/start", record=None, follow=False)
    meeting = await newest(database)
    assert (meeting.recorded, meeting.minutes, meeting.reserved_bytes) == (False, 180, 0)


@pytest.mark.parametrize(
    ("button", "recorded", "minutes"), [("record=no", False, 180), ("record=yes&minutes=120", True, 120)]
)
async def test_a_start_in_one_click_asks_when_the_whole_does_not_fit(
    site, database, button, recorded, minutes
):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, record=True)
    async with signed_in(site, bela) as person:
        await person.open("/rooms")
        # The card's button posts through the page's form, which has nothing to choose.
        token = person.form("/sign-out").fields
        person.page = await person.client.post(f"/r/{room.slug}/start", data=token)
        assert person.page.status_code == 409
        assert "Start without recording" in person.words
        assert "Record, and end after 2 h" in person.words
        assert "Make room" not in person.words  # nothing is stored that could be deleted
        assert await newest(database) is None
        await person.submit(button, follow=False)
    meeting = await newest(database)
    assert (meeting.recorded, meeting.minutes) == (recorded, minutes)


async def test_what_the_page_promised_is_not_cut_when_somebody_was_faster(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, record=True)
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        await store(database, bela.holder_id, GIGABYTE // 2)
        await person.submit("/start")
        assert person.page.status_code == 409
        assert "Record, and end after 1 h" in person.words
        assert 'href="/recordings"' in person.page.text


async def test_a_guest_who_starts_a_room_is_not_stopped_by_its_full_storage(site, database, someone):
    bela = await a_person(database, tier="session-organiser")
    await store(database, bela.holder_id, GIGABYTE)
    room = await a_room(database, bela, record=True, who_may_start="anyone")
    await someone.open(f"/r/{room.slug}")
    typed = someone.form("/join").fields | {"name": "Ines", "consent": "yes"}
    await someone.client.post(f"/r/{room.slug}/start", data=typed)
    meeting = await newest(database)
    assert (meeting.recorded, meeting.state) == (False, MeetingState.RUNNING)


async def test_a_guest_cannot_choose_the_terms(site, database, someone):
    ada = await a_person(database)
    await an_organisation(database, "Riverside", "consumer", ada="admin")
    room = await a_room(database, ada, who_may_start="anyone")
    await someone.open(f"/r/{room.slug}")
    form = someone.form("/join")
    await someone.client.post(
        f"/r/{room.slug}/start?people=9&minutes=5&record=yes", data={**form.fields, "name": "Ines"}
    )
    meeting = await newest(database)
    assert (meeting.people, meeting.minutes, meeting.recorded) == (10, 60, False)


async def test_a_large_session_uses_one_of_the_months(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="admin")
    room = await a_room(database, ada, holder_id=made.holder_id)
    async with signed_in(site, ada) as person:
        await person.open(f"/r/{room.slug}")
        assert "From 51 to 150. 2 are left this month." in person.words
        await person.submit("/start", people="120", follow=False)
    meeting = await newest(database)
    assert (meeting.people, meeting.large_session) == (120, True)


@pytest.mark.parametrize(
    ("people", "status", "said"),
    [
        ("151", 409, "A large session on the tier “Consumer organisation” has up to 150 people."),
        ("many", 422, "Write a whole number."),
        ("0", 422, "This is too small: at least 1."),
        ("99999", 422, "This is too large: at most 10000."),
    ],
)
async def test_a_size_that_cannot_be_is_explained(site, database, people, status, said):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="admin")
    room = await a_room(database, ada, holder_id=made.holder_id)
    async with signed_in(site, ada) as person:
        await person.open(f"/r/{room.slug}")
        await person.submit("/start", people=people)
        assert person.page.status_code == status
        assert said in person.words
    assert await newest(database) is None


@pytest.mark.slow
async def test_fifty_large_sessions_at_the_same_moment_end_exactly_at_the_months_number(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "co-producer", ada="admin")
    rooms = [await a_room(database, ada, f"Room {n}", holder_id=made.holder_id) for n in range(50)]
    results = await asyncio.gather(*(start(site, room, people=120) for room in rooms), return_exceptions=True)
    refused = [result for result in results if isinstance(result, RefusedError)]
    assert {error.code for error in refused} == {"limit.large_sessions"}
    assert all(error.refused.frees_at > clock.now() for error in refused)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).where(Meeting.large_session)) == 4


async def test_a_large_session_that_failed_is_given_back_and_those_of_last_month_are_over(
    site, database, move_clock
):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="admin")
    rooms = [await a_room(database, ada, f"Room {n}", holder_id=made.holder_id) for n in range(3)]
    first = await start(site, rooms[0], people=60)
    await start(site, rooms[1], people=60)
    async with database.transaction() as session:
        await session.execute(update(Meeting).where(Meeting.id == first.id).values(state=MeetingState.FAILED))
    assert (await start(site, rooms[2], people=60)).large_session
    async with database.transaction() as session:
        await session.execute(update(Meeting).values(state=MeetingState.ENDED, ended_at=clock.now()))
    with pytest.raises(RefusedError) as refused:
        await start(site, rooms[0], people=60)
    assert refused.value.explanation.helps[0][0] == "Start as a usual meeting"
    days = (refused.value.refused.frees_at - clock.now()).days + 1
    await move_clock(days=days)
    assert (await start(site, rooms[0], people=60)).large_session


async def test_the_month_is_the_services_own(site, database, move_clock):
    async with database.transaction() as session:
        await session.execute(update(PolicyRow).values(time_zone="Pacific/Auckland"))
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="admin")
    rooms = [await a_room(database, ada, f"Room {n}", holder_id=made.holder_id) for n in range(3)]
    await start(site, rooms[0], people=60)
    await start(site, rooms[1], people=60)
    async with database.transaction() as session:
        await session.execute(update(Meeting).values(state=MeetingState.ENDED, ended_at=clock.now()))
    with pytest.raises(RefusedError) as refused:
        await start(site, rooms[2], people=60)
    # Midnight of the first of the month there is 11:00 or 12:00 of the day before in UTC.
    assert refused.value.refused.frees_at.hour in {11, 12}


async def test_too_little_space_is_said_as_it_is_and_leads_to_where_it_is_made(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela)
    for stored, said in (
        (890_000_000, "There is space for 13 min of recording. A meeting is recorded only if 15 min fit."),
        (GIGABYTE, "The space for recordings is used up."),
    ):
        await store(database, bela.holder_id, stored)
        async with signed_in(site, bela) as person:
            await person.open(f"/r/{room.slug}")
            assert said in person.words
            assert f'href="/recordings?holder={bela.holder_id}"' in person.page.text
            await person.open("/recordings")
            few = stored < GIGABYTE
            assert ("About 13 min of recording left." in person.words) is few
            assert ("A meeting is recorded only if 15 min fit." in person.words) is few


async def test_a_refusal_on_the_rooms_own_page_leads_elsewhere_than_to_this_page(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela)
    await start(site, await a_room(database, bela, "Choir"), bela)
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        assert "See your rooms" in person.words
        assert "Back to the room" not in person.words


@pytest.mark.parametrize(("stored", "leads"), [(GIGABYTE // 2, False), (GIGABYTE * 8 // 10, True)])
async def test_who_has_space_is_not_led_to_make_more(site, database, stored, leads):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela)
    await store(database, bela.holder_id, stored)
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        assert "of recording. A recorded meeting ends then" in person.words
        assert ("Make room" in person.words) is leads


async def test_the_share_that_is_full_is_named(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer", ada="host")
    room = await a_room(database, ada, holder_id=made.holder_id)
    async with signed_in(site, ada) as person:
        for share, said in (
            (0, "The share of Ada in the space for recordings is used up."),
            (100_000_000, "In the share of Ada there is space for 12 min of recording."),
        ):
            async with database.transaction() as session:
                await session.execute(update(OrganisationHost).values(storage_share=share))
            await person.open(f"/r/{room.slug}")
            assert said in person.words


async def test_the_last_minutes_of_a_sitting_can_be_recorded_where_they_fit(site, database, move_clock):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela)
    await start(site, room, bela)
    await move_clock(minutes=174, seconds=30)
    async with database.transaction() as session:
        await session.execute(update(Meeting).values(state=MeetingState.ENDED, ended_at=clock.now()))
    async with signed_in(site, bela) as person:
        await person.open(f"/r/{room.slug}")
        assert "There is space to record the whole meeting." in person.words
        await person.submit("/start", record="yes", follow=False)
    meeting = await newest(database)
    assert (meeting.recorded, meeting.minutes) == (True, 5)
