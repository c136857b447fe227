"""The long lists: people, rooms, meetings."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import insert, text, update

from app import clock
from app.accounts.models import User
from app.mail import OutgoingMail
from app.meetings.following import follow
from app.meetings.models import Meeting
from app.memberships.models import Holder
from app.rooms.models import Room
from app.servers.models import Server
from tests.browser import text_of
from tests.factories import a_person, a_room, meeting_by, start


def listed(person) -> str:
    """The page's table, without the frame around it."""
    return person.page.text.partition("<table")[2].partition("</table>")[0].replace("<wbr>", "")


async def many_people(database, count):
    async with database.transaction() as session:
        now = clock.now()
        holders = [{"kind": "person", "name": f"Person {n}", "created_at": now} for n in range(count)]
        ids = list(await session.scalars(insert(Holder).returning(Holder.id), holders))
        common = {"password_hash": "!", "language": "en", "time_zone": "UTC", "created_at": now}
        people = [
            {"holder_id": id_, "email": f"p{n}@many.example", "name": f"Person {n:03}", **common}
            for n, id_ in enumerate(ids)
        ]
        await session.execute(insert(User), people)


async def test_people_stand_fifty_a_page_the_newest_first(olu, database):
    await many_people(database, 60)
    await olu.open("/admin/people")
    assert "61 people" in olu.words
    assert listed(olu).count("@many.example") == 50
    assert "Person 059" in olu.words
    await olu.open("/admin/people?page=2")
    assert listed(olu).count("@many.example") == 10
    assert "Olu Marsh" in olu.words


@pytest.mark.parametrize("search", ["okaf", "ADA@", "  Ada   Okafor "])
async def test_people_are_found_by_a_part_of_name_or_address(olu, ada, search):
    del ada
    olu.page = await olu.client.get("/admin/people", params={"search": search})
    assert "One person" in olu.words
    assert "ada@example.org" in olu.words
    assert "olu@example.org" not in listed(olu)


@pytest.mark.parametrize("search", ["%", "_", "\\", "%' OR 1=1", "\0"])
async def test_what_means_something_to_the_database_is_searched_for_as_it_is(olu, ada, search):
    del ada
    page = await olu.client.get("/admin/people", params={"search": search})
    assert page.status_code == 200
    assert ("ada@example.org" in text_of(page.text)) == (search == "\0")


@pytest.mark.parametrize(
    ("shown", "names"), [("operators", {"olu"}), ("banned", {"bad"}), ("unverified", {"new"})]
)
async def test_people_are_filtered(olu, ada, database, shown, names):
    await a_person(database, "bad@example.org", banned_at=ada.created_at)
    await a_person(database, "new@example.org", verified=False)
    await olu.open(f"/admin/people?shown={shown}")
    seen = {name for name in ("olu", "ada", "bad", "new") if f"{name}@example.org" in listed(olu)}
    assert seen == names


async def test_a_person_s_page_shows_what_they_have(olu, site, ada, database):
    await start(site, await a_room(database, ada, "Weekly assembly"))
    await olu.open(f"/admin/people/{ada.id}")
    for words in ("ada@example.org", "Free", "Weekly assembly", "Recent meetings", "Running"):
        assert words in olu.words


async def test_rooms_are_found_and_their_meeting_can_be_ended(olu, site, ada, database):
    meeting = await start(site, await a_room(database, ada, "Weekly assembly"))
    await olu.open("/admin/rooms?search=assemb")
    assert "Running" in olu.words
    assert f"/admin/meetings/{meeting.id}/end" in olu.page.text
    await olu.open("/admin/rooms?search=nothing")
    assert "No room like this" in olu.words
    await olu.open(f"/admin/rooms?host={ada.id}")
    assert "Rooms of Ada Okafor" in olu.words
    await olu.open(f"/admin/rooms?holder={ada.holder_id + 1000}")
    assert "No room like this" in olu.words


async def test_an_operator_ends_a_meeting_for_everyone(olu, site, ada, database):
    meeting = await start(site, await a_room(database, ada))
    await olu.open(f"/admin/meetings/{meeting.id}/end")
    await olu.submit("/end")
    assert "The meeting is over." in olu.words
    over = await meeting_by(database, meeting.id)
    assert (over.state, over.end_reason) == ("ended", "by_operator")
    assert "An operator ended it" in olu.words
    # Once is enough: asking again leads back.
    await olu.open(f"/admin/meetings/{meeting.id}/end")
    assert "That meeting is over already." in olu.words


@pytest.mark.slow
async def test_a_meeting_on_a_silent_server_ends_as_soon_as_it_answers(olu, site, ada, database, simulator):
    meeting = await start(site, await a_room(database, ada))
    await olu.open(f"/admin/meetings/{meeting.id}/end")
    async with httpx.AsyncClient() as bbb:
        await bbb.post(f"{simulator.root}/sim/faults", json={"kind": "error-500", "call": "end"})
    await olu.submit("/end")
    assert "The meeting ends as soon as it does." in olu.words
    assert "asked to end" in olu.words
    simulator.world.faults.clear()
    await follow(site.state.database, site.state.servers)
    assert (await meeting_by(database, meeting.id)).end_reason == "by_operator"


async def past_meetings(database, room, count):
    async with database.transaction() as session:
        server = Server(url="http://past.example")
        session.add(server)
        await session.flush()
        for n in range(count):
            at = clock.now() - timedelta(hours=count - n)
            session.add(
                Meeting(
                    room_id=room.id,
                    holder_id=room.holder_id,
                    server_id=server.id,
                    name=f"Past {n:03}",
                    external_id=f"past-{n}",
                    callback_token="t",
                    state="ended",
                    sitting_id=f"past-{n}",
                    tier="free",
                    minutes=60,
                    people=10,
                    recorded=False,
                    reserved_at=at,
                    started_at=at,
                    ended_at=at + timedelta(minutes=5),
                    end_reason="by_host",
                )
            )


async def test_meetings_go_back_fifty_at_a_time(olu, ada, database):
    await past_meetings(database, await a_room(database, ada), 60)
    await olu.open("/admin/meetings")
    assert "Past 059" in olu.words
    assert "Past 009" not in olu.words
    older = olu.page.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    await olu.open("/admin/meetings" + older)
    assert "Past 009" in olu.words
    assert "Past 010" not in olu.words
    assert "Older ones" not in olu.words
    assert "The newest" in olu.words


async def test_meetings_are_filtered_by_state_room_and_holder(olu, site, ada, database):
    room = await a_room(database, ada, "Weekly assembly")
    await past_meetings(database, room, 2)
    cy = await a_person(database, "cy@example.org", name="Cy Brandt")
    await start(site, await a_room(database, cy, "Choir"))
    expected = {
        "?shown=running": {"Choir"},
        "?shown=past": {"Past 000", "Past 001"},
        "?search=weekly-ass": {"Past 000", "Past 001"},
        "?search=Brandt": {"Choir"},
        "?search=cy@example": {"Choir"},
        f"?holder={ada.holder_id}": {"Past 000", "Past 001"},
        f"?room={room.id}&shown=running": set(),
    }
    for query, names in expected.items():
        await olu.open(f"/admin/meetings{query}")
        assert {name for name in ("Choir", "Past 000", "Past 001") if name in olu.words} == names, query


async def test_a_server_that_is_silent_makes_meetings_unknown_and_comes_first(olu, site, ada, database):
    await start(site, await a_room(database, ada, "Weekly assembly"))
    await olu.open("/admin")
    assert "One meeting runs now" in olu.words
    async with database.transaction() as session:
        silent = update(Server).values(failing_since=clock.now(), failure="getMeetings: no connection")
        await session.execute(silent)
    await olu.open("/admin")
    assert "Needs a look" in olu.words
    assert "One meeting is unknown until it answers. It is not ended." in olu.words
    assert "getMeetings: no connection" in olu.words
    assert "Unknown" in olu.words
    await follow(site.state.database, site.state.servers)
    await olu.open("/admin")
    assert "Needs a look" not in olu.words
    assert "Answers" in olu.words


async def test_rooms_and_people_are_counted(olu, ada, database):
    room = await a_room(database, ada)
    assert isinstance(room, Room)
    await olu.open("/admin")
    assert "People 2 Rooms 1 Meetings today 0 In meetings now 0" in olu.words
    assert "The house is quiet" in olu.words


async def test_failed_jobs_late_mails_and_an_idle_worker_need_a_look(olu, site, database):
    await follow(site.state.database, site.state.servers)
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 't', 'failed')")
        )
        for minutes in (1, 11):
            at = clock.now() - timedelta(minutes=minutes)
            session.add(OutgoingMail(to="a", subject="b", text="c", html="d", created_at=at))
    await olu.open("/admin")
    assert "One job failed and is not tried again." in olu.words
    assert "One mail waits for more than ten minutes." in olu.words
    assert "Look whether the worker runs." not in olu.words
    async with database.transaction() as session:
        await session.execute(update(Server).values(last_answer_at=clock.now() - timedelta(minutes=2)))
    await olu.open("/admin")
    assert "Look whether the worker runs." in olu.words
