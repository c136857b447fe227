"""The limits page: what holds and why, what is used and was decided, and overrides that are set from there."""

import pytest
from sqlalchemy import event, func, select

from app.memberships.decision_log import Question, note_granted, note_refused
from app.memberships.granting import put_on_tier
from app.memberships.models import Holder, LimitOverride
from app.memberships.overrides import set_override
from quotas.decisions import Reason, Refused
from quotas.limits import LimitName
from tests.factories import a_person, a_room, an_organisation, signed_in, start


async def given(database, holder_id, name, value, **more):
    async with database.transaction() as session:
        made = await set_override(
            session, holder_id, name, value, reason="A hard winter", made_by="Mia", **more
        )
        return made.id


async def test_a_holder_is_found_by_a_part_of_the_name_and_of_the_address(olu, ada, database):
    await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open("/admin/limits?search=river")
    assert "One holder of limits" in olu.words
    assert "Riverside Housing Organisation Consumer organisation" in olu.words
    await olu.open("/admin/limits?search=ada@")
    assert "Ada Okafor ada@example.org Free" in olu.words
    await olu.open("/admin/limits?search=%25")
    assert "Nobody like this" in olu.words


async def test_every_limit_says_its_value_where_it_comes_from_and_what_is_used(olu, ada, database):
    bea = await a_person(database, "bea@example.org")
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin", bea="host")
    async with database.transaction() as session:
        await put_on_tier(session, made.holder_id, "consumer", reason="a test", granted_by="Olu", seats=3)
        holder = await session.get_one(Holder, made.holder_id)
        holder.stored_bytes = 640_000_000
    await a_room(database, bea, "Bea's", holder_id=made.holder_id)
    await given(database, made.holder_id, LimitName.AT_ONCE, 7)
    await olu.open(f"/admin/limits/{made.holder_id}")
    for words in (
        "Time of a sitting 24 h Tier “Consumer organisation” counted for each room",
        "People in a meeting 50 people Tier “Consumer organisation” counted in each meeting",
        "Rooms 40 rooms Tier “Consumer organisation”: 20 × 2 hosts 1 of 40 rooms",
        "Meetings at once 7 meetings Override, until further notice A hard winter 0 of 7 meetings",
        "Space for recordings 6 GB Tier “Consumer organisation”: 5 GB + 1 × 1 GB 640 MB of 6 GB",
        "Large sessions a month 2 a month Tier “Consumer organisation” 0 of 2 a month",
        "Hosts 3 hosts Seats of the membership 2 of 3 hosts",
        "Days a recording is kept unlimited Tier “Consumer organisation” counted for each recording",
    ):
        assert words in olu.words, words


async def test_running_meetings_are_shown_with_their_terms_and_what_they_keep_free(olu, ada, database, site):
    await given(database, ada.holder_id, LimitName.STORAGE_BYTES, 5_000_000_000)
    await start(site, await a_room(database, ada, "Weekly assembly"), ada, record=True)
    await olu.open(f"/admin/limits/{ada.holder_id}")
    assert "Weekly assembly Running 1 h, 10 people 500 MB" in olu.words
    assert "0 bytes stored, 500 MB kept free for meetings, of 5 GB" in olu.words
    assert "Start “Weekly assembly” Granted 1 h, 10 people, recorded, 500 MB kept free" in olu.words


async def test_decisions_are_shown_in_words_and_paged(olu, ada, database):
    async with database.transaction() as session:
        for number in range(21):
            await note_granted(session, ada.holder_id, Question.CREATE_ROOM, f"Room {number}")
        full = Refused(reason=Reason.GROUP_FULL, limit=10, used=9, asked=1)
        for _ in range(3):
            await note_refused(session, ada.holder_id, Question.JOIN_MEETING, "Weekly <assembly>", full)
        large = Refused(reason=Reason.GROUP_SIZE, limit=10, used=0, asked=60)
        await note_refused(session, ada.holder_id, Question.START_MEETING, "Weekly", large)
    await olu.open(f"/admin/limits/{ada.holder_id}?tier=free")
    assert "Join “Weekly &lt;assembly&gt;”" in olu.page.text
    assert "Refused The meeting was full 9 of 10 people used" in olu.words
    assert "3 times" in olu.words
    assert "Refused A larger group than the limit 60 asked for, the limit is 10 people" in olu.words
    assert "Page 1 of 2" in olu.words
    assert "Room 0”" not in olu.words
    await olu.open(f"/admin/limits/{ada.holder_id}?tier=free&page=2")
    assert "Room 0”" in olu.words


async def test_nothing_is_said_as_nothing(olu, ada):
    await olu.open(f"/admin/limits/{ada.holder_id}")
    for words in (
        "Large sessions a month none Tier “Free” none",
        "People in a large session none Tier “Free” none",
        "None. Try a limit under “What if”",
        "No meeting runs, and no space is kept free.",
        "Nothing was granted or refused in the last 30 days.",
    ):
        assert words in olu.words
    assert "Seats of" not in olu.words
    assert "0 of 0" not in olu.words


async def test_a_limit_is_tried_then_set_then_withdrawn(olu, ada, database):
    address = f"/admin/limits/{ada.holder_id}"
    await olu.open(f"{address}?tier=&limit=storage_bytes&value=2,5")
    assert "Space for recordings none 2.5 GB nothing above it" in olu.words
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LimitOverride)) == 0
    await olu.submit("/override", reason="")
    assert olu.page.status_code == 422
    assert "Write a reason." in olu.words
    await olu.submit("/override", reason="A hard winter", until="2199-05-03")
    assert "The limit is set." in olu.words
    assert "Space for recordings 2.5 GB Override, until 3 May 2199" in olu.words
    async with database.transaction() as session:
        [made] = await session.scalars(select(LimitOverride))
    assert (made.limit_name, made.value, made.reason, made.made_by) == (
        "storage_bytes",
        2_500_000_000,
        "A hard winter",
        "Olu Marsh",
    )
    await olu.submit(f"/override/{made.id}/withdraw")
    assert "The override is withdrawn." in olu.words
    assert "Space for recordings none Tier “Free” none" in olu.words


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("rooms", "", "Write what the limit is to be"),
        ("rooms", "-1", "Write a whole number, 0 or more."),
        ("rooms", "2.5", "Write a whole number, 0 or more."),
        ("rooms", "9" * 5000, "Write a whole number, 0 or more."),
        ("rooms", "1000001", "This is too large: at most 1,000,000."),
        ("recording_days", "40000", "This is too large: at most 36,500."),
        ("storage_bytes", "much", "Write gigabytes as a number: 5 or 2.5."),
        ("cats", "3", "Choose one of the options."),
    ],
)
async def test_what_is_no_limit_is_said_beside_its_field_and_nothing_is_set(
    olu, ada, database, limit, value, words
):
    address = f"/admin/limits/{ada.holder_id}"
    page = await olu.open(f"{address}?limit={limit}&value={value}")
    assert page.status_code == 422
    assert words in olu.words
    token = olu.form("/language").fields["form_token"]
    data = {"form_token": token, "limit": limit, "value": value, "reason": "a test"}
    answer = await olu.client.post(f"{address}/override", data=data)
    assert answer.status_code == 422
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LimitOverride)) == 0


async def test_a_person_has_no_seats_to_override(olu, ada, database):
    address = f"/admin/limits/{ada.holder_id}"
    assert (await olu.open(f"{address}?limit=hosts&value=3")).status_code == 404
    await olu.open(address)
    data = {
        "form_token": olu.form("/language").fields["form_token"],
        "limit": "hosts",
        "value": "3",
        "reason": "x",
    }
    answer = await olu.client.post(f"{address}/override", data=data)
    assert answer.status_code in {404, 422}
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LimitOverride)) == 0


async def test_what_is_left_of_a_deleted_account_has_no_page(olu, database):
    async with database.transaction() as session:
        gone = Holder(kind="person", name="", created_at=func.now())
        session.add(gone)
        await session.flush()
    assert (await olu.open(f"/admin/limits/{gone.id}")).status_code == 404


async def test_the_page_takes_as_many_statements_for_much_as_for_nothing(site, operator, ada, database):
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731  what SQLAlchemy calls
    engine = database.engine.sync_engine

    async def statements():
        async with signed_in(site, operator) as person:
            event.listen(engine, "before_cursor_execute", listener)
            try:
                await person.client.get(f"/admin/limits/{ada.holder_id}?limit=rooms&value=1")
            finally:
                event.remove(engine, "before_cursor_execute", listener)
        counted, seen[:] = len(seen), []
        return counted

    nothing = await statements()
    await given(database, ada.holder_id, LimitName.ROOMS, 9)
    rooms = [await a_room(database, ada, f"Room {number}") for number in range(6)]
    await start(site, rooms[0], ada)
    assert await statements() == nothing
    assert nothing <= 16
