"""Tasks and those who try: nobody accepts their own work or keeps all tasks, and nothing typed is lost."""

import pytest

from tests.app.joining.test_tasks import done, entries, now_of, tier_id, token_of
from tests.factories import a_person, a_task, signed_in


async def test_an_operator_s_own_work_is_accepted_by_another(site, olu, database):
    task = await a_task(database, tier_id=await tier_id(database))
    second = await a_person(database, "noor@example.org", is_operator=True)
    await done(olu, task)
    await olu.open(f"/tasks/{task.id}")
    assert "This is your own work." in olu.words
    answer = await olu.client.post(f"/tasks/{task.id}/accept", data=await token_of(olu))
    assert answer.status_code == 409
    assert await entries(database) == []
    async with signed_in(site, second) as other:
        await other.open(f"/tasks/{task.id}")
        await other.submit("/accept")
    assert len(await entries(database)) == 1


async def test_the_only_operator_accepts_their_own_work(olu, database):
    task = await a_task(database)
    await a_person(database, "noor@example.org", is_operator=True, verified=False)
    await done(olu, task)
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/accept")
    assert (await now_of(database, task)).state == "accepted"


@pytest.mark.parametrize("action", ["hand-in", "give-back"])
async def test_who_writes_while_a_task_is_closed_is_told_and_keeps_the_words(at_ada_s, olu, database, action):
    task = await a_task(database, title="Count the chairs")
    await at_ada_s.open(f"/tasks/{task.id}")
    await at_ada_s.submit("/take")
    form = at_ada_s.form(f"/{action}")
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/close")
    data = form.fields | {"report": "There are <b>412</b> of them."}
    answer = await at_ada_s.client.post(form.action, data=data)
    assert answer.status_code == 404
    assert "This task is not on the list any more" in answer.text
    if action == "hand-in":
        assert "There are &lt;b&gt;412&lt;/b&gt; of them." in answer.text
    [mail] = await at_ada_s.mails("ada@example.org")
    assert mail.subject.strip() == "A task of yours is closed: Count the chairs"
    assert "/tasks" in mail.text
    assert f"/tasks/{task.id}" not in mail.text
    # One that never was looks the same: nobody learns which numbers there are.
    never = await at_ada_s.client.post(f"/tasks/987654/{action}", data=data)
    assert never.status_code == 404
    assert never.text.count("Count the chairs") == answer.text.count("Count the chairs") == 0


async def test_nobody_takes_all_the_tasks(at_ada_s, database):
    made = [await a_task(database, f"Task {number}") for number in range(6)]
    for task in made:
        await at_ada_s.open(f"/tasks/{task.id}")
        await at_ada_s.submit("/take")
    assert at_ada_s.page.status_code == 409
    assert "You have 5 tasks that are not done yet." in at_ada_s.words
    assert (await now_of(database, made[-1])).state == "open"


@pytest.mark.slow
async def test_handing_in_again_and_again_does_not_fill_the_operators_mail(at_ada_s, olu, database):
    task = await a_task(database)
    statuses = []
    for _ in range(21):
        await at_ada_s.open(f"/tasks/{task.id}")
        await at_ada_s.submit("/take")
        await at_ada_s.submit("/hand-in", report="Done, and done again.")
        statuses.append(at_ada_s.page.status_code)
        kept = "Done, and done again." in at_ada_s.page.text
        await at_ada_s.submit("/give-back")
    assert (statuses, kept) == ([200] * 20 + [429], True)
    assert len(await olu.mails("olu@example.org")) == 20


async def test_who_edits_a_task_while_it_is_accepted_is_told_and_loses_nothing(at_ada_s, olu, database):
    task = await a_task(database)
    await done(at_ada_s, task)
    await olu.open(f"/tasks/{task.id}/edit")
    form = olu.form("/edit")
    await olu.open(f"/tasks/{task.id}")
    await olu.submit("/accept")
    version = str((await now_of(database, task)).version)
    data = form.fields | {"version": version, "description": "Into Catalan, with the pictures."}
    late = await olu.client.post(f"/tasks/{task.id}/edit", data=data)
    assert (late.status_code, "Into Catalan, with the pictures." in late.text) == (409, True)
    assert "Someone has changed its state meanwhile" in late.text
