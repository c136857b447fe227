"""Tasks: suggested by anyone, taken by one, rewarded once in the ledger when an operator accepts the work."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, select

from app.accounts.deletion import delete_account
from app.accounts.export import export_data
from app.contributions.models import LedgerEntry
from app.joining import task_pages, tasks
from app.joining.models import Task
from app.memberships.models import Tier
from tests.app.contributions.books import grants_of, memberships_of
from tests.factories import a_person, a_task, put_on_tier, signed_in, viewer

EVIL = "<script>alert(1)</script>"


async def tier_id(database, key="session-organiser"):
    async with database.transaction() as session:
        return await session.scalar(select(Tier.id).where(Tier.key == key))


async def now_of(database, task) -> Task:
    async with database.transaction() as session:
        return await session.get_one(Task, task.id)


async def entries(database):
    async with database.transaction() as session:
        return list(await session.scalars(select(LedgerEntry)))


async def token_of(person) -> dict[str, str]:
    await person.open("/")
    return {"form_token": person.form("/language").fields["form_token"]}


async def test_a_suggestion_is_seen_by_its_author_and_operators_until_it_is_opened(
    site, at_ada_s, olu, someone, database
):
    await at_ada_s.open("/tasks/suggest")
    await at_ada_s.submit("/tasks/suggest", title=EVIL, description=EVIL, profile=EVIL, hours="3:30")
    path = at_ada_s.page.url.path
    assert EVIL in at_ada_s.words or "&lt;script&gt;alert" in at_ada_s.page.text
    assert "<script>alert" not in at_ada_s.page.text
    assert (await someone.open(path)).status_code == 404
    bo = await a_person(database, "bo@example.org")
    async with signed_in(site, bo) as other:
        assert (await other.open(path)).status_code == 404
        await other.open("/tasks?list=suggested")
        assert "alert(1)" not in other.page.text
    [mail] = await olu.mails("olu@example.org")
    assert "<script>" not in mail.html
    await olu.open(path)
    await olu.submit("/open")
    await someone.open("/tasks")
    assert "alert(1)" in someone.words
    assert "<script>alert" not in someone.page.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", "x" * 121),
        ("title", ""),
        ("title", "a\u202eb"),
        ("description", "x" * 4001),
        ("hours", "0"),
        ("hours", "many"),
        ("hours", "1001"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(at_ada_s, database, field, typed):
    await at_ada_s.open("/tasks/suggest")
    said = {"title": "Write", "description": "A text", "hours": "2"} | {field: typed}
    assert (await at_ada_s.submit("/tasks/suggest", **said)).status_code == 422
    assert f'id="f-{field}-error"' in at_ada_s.page.text
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Task)) == 0


async def test_who_suggests_too_often_is_told_and_loses_nothing(at_ada_s, database):
    await at_ada_s.open("/tasks/suggest")
    data = at_ada_s.form("/suggest").fields | {"title": "Write", "description": "A long text", "hours": "2"}
    answers = [await at_ada_s.client.post("/tasks/suggest", data=data) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert "A long text" in answers[-1].text


async def test_of_two_at_once_one_takes_it_and_the_other_is_told(site, database):
    task = await a_task(database)
    people = [await a_person(database, f"p{number}@example.org") for number in range(4)]

    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(signed_in(site, user)) for user in people]
        forms = [(person, await token_of(person)) for person in browsers]
        tries = (person.client.post(f"/tasks/{task.id}/take", data=data) for person, data in forms)
        answers = await asyncio.gather(*tries)
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert all("Someone else was faster" in one.text for one in answers if one.status_code == 409)
    assert (await now_of(database, task)).state == "taken"


async def test_who_comes_while_another_takes_it_waits_and_is_told(database, ada):
    task = await a_task(database)
    bo = await a_person(database, "bo@example.org")

    async def take(user):
        async with database.transaction() as session:
            await tasks.take(session, viewer(user), task.id)

    async with database.transaction() as session:
        await tasks.take(session, viewer(ada), task.id)
        second = asyncio.create_task(take(bo))
        await asyncio.sleep(0.1)
    with pytest.raises(tasks.TakenAlreadyError):
        await second
    assert (await now_of(database, task)).taken_by == ada.id


async def done(person, task):
    """Take it and hand it in."""
    await person.open(f"/tasks/{task.id}")
    await person.submit("/take")
    await person.submit("/hand-in", report="All of it is done.")


async def test_accepted_work_is_recorded_once_and_its_tier_is_awarded(at_ada_s, ada, olu, database):
    task = await a_task(database, tier_id=await tier_id(database), minutes=120)
    await done(at_ada_s, task)
    assert "Handed in" in at_ada_s.words
    await olu.open(f"/tasks/{task.id}")
    assert "All of it is done." in olu.words
    form = olu.form("/accept")
    answers = await asyncio.gather(
        *(olu.client.post(form.action, data=form.fields | {"answer": "Well done"}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    for action in ("accept", "return"):
        late = await olu.client.post(
            f"/tasks/{task.id}/{action}", data=form.fields | {"answer": "The last chapter"}
        )
        assert (late.status_code, "The last chapter" in late.text) == (409, True), "nothing typed is lost"
    late = await at_ada_s.client.post(
        f"/tasks/{task.id}/hand-in", data=at_ada_s.form("/give-back").fields | {"report": "And the index"}
    )
    assert (late.status_code, "And the index" in late.text) == (409, True)
    [entry] = await entries(database)
    assert (entry.cents, entry.minutes, entry.what) == (5_000, 120, "hours")
    assert (entry.kind, entry.task_id, entry.contributor_id) == ("confirmation", task.id, ada.holder_id)
    [membership] = await memberships_of(database, ada.holder_id)
    assert (membership.awarded, membership.tier_id) == (True, task.tier_id)
    assert (membership.ends_at - membership.starts_at).days in {364, 365}
    assert "Well done" in (await at_ada_s.mails("ada@example.org"))[-1].text


async def test_hours_that_a_rule_rewards_are_not_rewarded_twice(at_ada_s, ada, olu, database):
    task = await a_task(database, tier_id=await tier_id(database), minutes=300)
    await done(at_ada_s, task)
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/accept")
    assert await grants_of(database, ada.holder_id) == [("session-organiser", "granted")]
    assert len(await memberships_of(database, ada.holder_id)) == 1


async def test_an_award_never_ends_what_someone_has(at_ada_s, ada, olu, database):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    task = await a_task(database, tier_id=await tier_id(database), minutes=60)
    await done(at_ada_s, task)
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/accept")
    assert "they have the tier, or more, already" in olu.words
    [membership] = await memberships_of(database, ada.holder_id)
    assert membership.ends_at is None


async def test_work_comes_back_with_a_word_and_can_be_given_back(at_ada_s, ada, olu, database):
    task = await a_task(database)
    await done(at_ada_s, task)
    await olu.open(f"/tasks/{task.id}")
    assert (await olu.submit("/return")).status_code == 422
    await olu.submit("/return", answer="The last chapter is missing.")
    assert "The last chapter is missing." in (await at_ada_s.mails("ada@example.org"))[-1].text
    await at_ada_s.open(f"/tasks/{task.id}")
    assert "The last chapter is missing." in at_ada_s.words
    assert "All of it is done." in at_ada_s.page.text
    await at_ada_s.submit("/give-back")
    found = await now_of(database, task)
    assert (found.state, found.taken_by, found.report, found.answer) == ("open", None, "", "")
    assert await entries(database) == []


async def test_nobody_learns_who_took_it_or_what_they_reported(site, at_ada_s, someone, database):
    task = await a_task(database)
    await done(at_ada_s, task)
    bo = await a_person(database, "bo@example.org")
    async with signed_in(site, bo) as other:
        for person in (someone, other):
            await person.open(f"/tasks/{task.id}")
            assert "Handed in" in person.words
            for secret in ("Ada", "ada@", "All of it"):
                assert secret not in person.page.text
        data = await token_of(other)
        for action in ("hand-in", "give-back"):
            said = data | {"report": "Mine"}
            assert (await other.client.post(f"/tasks/{task.id}/{action}", data=said)).status_code == 409


async def test_two_operators_editing_one_task_lose_nothing(olu, database):
    task = await a_task(database)
    await olu.open(f"/tasks/{task.id}/edit")
    old = dict(olu.form("/edit").fields)
    await olu.submit("/edit", title="Translate the whole guide")
    answer = await olu.client.post(f"/tasks/{task.id}/edit", data=old | {"profile": "Patient"})
    assert answer.status_code == 409
    assert "Patient" in answer.text
    assert "Title is now: Translate the whole guide" in answer.text
    assert (await now_of(database, task)).profile == "Reads both."


async def test_a_task_awards_only_what_people_can_have(olu, database):
    task = await a_task(database)
    await olu.open(f"/tasks/{task.id}/edit")
    assert (await olu.submit("/edit", tier=str(await tier_id(database, "consumer")))).status_code == 422


async def test_a_closed_task_is_nobody_s_and_can_be_opened_again(at_ada_s, olu, someone, database):
    task = await a_task(database)
    await at_ada_s.open(f"/tasks/{task.id}")
    await at_ada_s.submit("/take")
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/close")
    assert (await someone.open(f"/tasks/{task.id}")).status_code == 404
    await olu.submit("/open")
    assert (await now_of(database, task)).taken_by is None


async def test_what_someone_took_goes_back_with_their_account_and_is_in_their_export(at_ada_s, ada, database):
    task = await a_task(database)
    await done(at_ada_s, task)
    async with database.transaction() as session:
        [told] = (await export_data(session, ada.id))["tasks"]
        await delete_account(session, ada.id)
    assert told["report"] == "All of it is done."
    found = await now_of(database, task)
    assert (found.state, found.taken_by, found.report) == ("open", None, "")


ANYONE, VERIFIED, OPERATOR = "anyone", "an account", "an operator"
ADDRESSES = {
    ("tasks.index", "GET"): ("/tasks", ANYONE),
    ("tasks.show", "GET"): ("/tasks/{task}", ANYONE),
    ("tasks.new", "GET"): ("/tasks/suggest", VERIFIED),
    ("tasks.suggest", "POST"): ("/tasks/suggest", VERIFIED),
    ("tasks.take", "POST"): ("/tasks/{task}/take", VERIFIED),
    ("tasks.give_back", "POST"): ("/tasks/{task}/give-back", VERIFIED),
    ("tasks.hand_in", "POST"): ("/tasks/{task}/hand-in", VERIFIED),
    ("tasks.edit", "GET"): ("/tasks/{task}/edit", OPERATOR),
    ("tasks.change", "POST"): ("/tasks/{task}/edit", OPERATOR),
    ("tasks.open", "POST"): ("/tasks/{task}/open", OPERATOR),
    ("tasks.close", "POST"): ("/tasks/{task}/close", OPERATOR),
    ("tasks.accept", "POST"): ("/tasks/{task}/accept", OPERATOR),
    ("tasks.send_back", "POST"): ("/tasks/{task}/return", OPERATOR),
}


def test_every_route_is_in_the_table():
    routes = task_pages.router.routes
    assert {(route.name, method) for route in routes for method in route.methods} == set(ADDRESSES)


async def ask(person, key, task):
    path = ADDRESSES[key][0].format(task=task.id)
    if key[1] == "GET":
        return (await person.client.get(path)).status_code
    return (await person.client.post(path, data=await token_of(person))).status_code


@pytest.mark.slow
async def test_every_address_from_the_wrong_side(site, someone, bruna, at_ada_s, database):
    task = await a_task(database)
    new = await a_person(database, "new@example.org", verified=False)
    async with signed_in(site, new) as unverified:
        for key, (_path, who) in ADDRESSES.items():
            assert await ask(someone, key, task) == (200 if who is ANYONE else 303), key
            wrong = {ANYONE: 200, VERIFIED: 403, OPERATOR: 404}[who]
            assert await ask(unverified, key, task) == wrong, key
            if who is OPERATOR:
                assert await ask(bruna, key, task) == 404, key
                assert await ask(at_ada_s, key, task) == 404, key
    assert (await now_of(database, task)).state == "open"
