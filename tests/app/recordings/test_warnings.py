"""Who is written to when recordings end or the storage runs out, in which words, and how often."""

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from app import jobs
from app.alerts import Alerts
from app.memberships.limits import standing_of
from app.memberships.models import Holder, PolicyRow
from app.memberships.storage_notice import storage_notice
from app.recordings.models import Recording
from app.recordings.service import delete_recording, trash_recording
from app.worker import TASKS
from tests.app.recordings.kept import days_ago
from tests.app.recordings.rows import MEGABYTE
from tests.factories import a_person, an_organisation, put_on_tier, signed_in

FULL = 1000 * MEGABYTE


async def stores(house, holder_id, megabytes):
    """As the rounds would have written it after recordings arrived."""
    async with house.database.transaction() as session:
        await session.execute(
            update(Holder).where(Holder.id == holder_id).values(stored_bytes=megabytes * MEGABYTE)
        )


async def notice(house, holder_id):
    async with house.database.transaction() as session:
        holder = await session.get_one(Holder, holder_id)
        removal = (await session.get_one(PolicyRow, 1)).recording_removal
        return storage_notice(
            await standing_of(session, holder_id),
            removal,
            stored_bytes=holder.stored_bytes,
            over_since=holder.over_since,
        )


@pytest.mark.slow
async def test_the_holder_is_warned_once_a_step_and_again_after_it_was_left(house, ada):
    async with house.post_office():
        for megabytes, letters in (
            *((799, 0), (800, 1), (949, 1), (950, 2), (999, 2), (1000, 3), (999, 3), (1000, 4)),
            *((500, 4), (960, 5), (940, 5), (960, 6)),
        ):
            await stores(house, ada.holder_id, megabytes)
            await house.round()
            await house.round()
            assert len(house.letters) == letters, megabytes
        percent = [f"The space for recordings is {step} % full" for step in (80, 95)]
        full = "The space for recordings is full"
        assert house.subjects() == [*percent, full, full, percent[1], percent[1]]
        assert "960 MB of 1 GB for recordings are used." in house.body()
        assert "It comes once at 80, 95 and 100 %." in house.body()


async def test_what_is_skipped_is_not_made_up_for(house, ada):
    async with house.post_office():
        await stores(house, ada.holder_id, 1000)
        await house.round()
        assert house.subjects() == ["The space for recordings is full"]
        assert "No meeting is recorded until there is space again." in house.body()


async def test_deleting_a_recording_is_what_helps_and_the_next_rise_warns_again(house, ada):
    made = await house.a_recording(ada, bytes=900 * MEGABYTE)
    async with house.post_office():
        await house.round()
        assert len(house.letters) == 1
        await house.do(trash_recording, made)
        await house.round()
        assert (await house.holder(ada.holder_id)).storage_warned == 80
        await house.do(delete_recording, made)
        await house.round()
        await house.round()
        assert (await house.holder(ada.holder_id)).storage_warned == 0
        await house.a_recording(ada, bytes=900 * MEGABYTE)
        await house.round()
        assert len(house.letters) == 2


@pytest.mark.parametrize("tier", ["free", "unlimited"])
async def test_without_storage_or_without_a_limit_nobody_is_warned(house, tier):
    bela = await a_person(house.database, "bela@example.org", tier="session-organiser")
    if tier == "unlimited":
        await house.set_tier("session-organiser", storage_first_host=None)
        await stores(house, bela.holder_id, 10**6)
    else:
        await put_on_tier(house.database, bela.holder_id, "free")
    async with house.post_office():
        await house.days(2)
        assert house.letters == []
    assert await notice(house, bela.holder_id) is None


async def test_who_is_put_on_a_tier_without_storage_is_told_until_when_recordings_stay(house, ada):
    await stores(house, ada.holder_id, 10)
    await house.set_tier("session-organiser", storage_first_host=0)
    before = await notice(house, ada.holder_id)
    assert (before.step, before.title) == (100, "More is stored than the tier has")
    async with house.post_office():
        await house.round()
        assert house.subjects() == ["More recordings are stored than the tier has space for"]
    after = await notice(house, ada.holder_id)
    assert "the oldest recordings are unpublished, as many as are too much" in after.text
    await house.set_policy(recording_removal="delete")
    assert "the oldest recordings are deleted" in (await notice(house, ada.holder_id)).text


async def test_the_page_says_what_the_mail_says(house, ada):
    for megabytes, step, title in (
        (799, None, None),
        (800, 80, "The space for recordings is nearly full"),
        (950, 95, "The space for recordings is nearly full"),
        (1000, 100, "The space for recordings is full"),
    ):
        await stores(house, ada.holder_id, megabytes)
        said = await notice(house, ada.holder_id)
        assert (said.step, said.title) == (step, title) if said else (step, title) == (None, None)


@pytest.mark.slow
async def test_an_organisation_is_warned_through_its_admins_and_each_host_of_theirs(house):
    people = {
        name: await a_person(house.database, f"{name}@example.org") for name in ("ada", "bela", "cleo", "dan")
    }
    await house.set_tier("consumer", recording_days=30)
    hall = await an_organisation(
        house.database, "Choir", "consumer", ada="admin", bela="admin", cleo="host", dan="host"
    )
    for name in ("cleo", "dan", "dan"):
        await house.a_recording(
            people[name],
            holder_id=hall.holder_id,
            recorded_at=days_ago(20),
            name=f"of {name}",
            bytes=MEGABYTE,
        )
    async with house.post_office():
        await house.round()
        counts = {name: house.subjects(f"{name}@example.org") for name in people}
        assert {name: [said.partition(" are")[0] for said in found] for name, found in counts.items()} == {
            "ada": ["3 recordings"],
            "bela": ["3 recordings"],
            "cleo": [f"One recording is unpublished on {counts['cleo'][0].rpartition(' on ')[2]}"],
            "dan": ["2 recordings"],
        }
        assert "This is about recordings of Choir." in house.body()
        assert "of cleo" not in house.body()
        await stores(house, hall.holder_id, 7_500)
        await house.round()
        assert [len(house.subjects(f"{name}@example.org")) for name in people] == [2, 2, 1, 1]


async def test_the_mail_is_in_the_readers_language_with_the_days_of_their_zone(house):
    bela = await a_person(
        house.database, "bela@example.org", tier="session-organiser", language="ca", time_zone="Asia/Tokyo"
    )
    await house.set_tier("session-organiser", recording_days=30)
    await house.a_recording(bela, recorded_at=days_ago(20))
    async with house.post_office():
        await house.round()
        assert " de " in house.subjects()[0]
        assert "MB" in house.body()


@pytest.mark.slow
async def test_whose_holder_is_nobody_any_more_keeps_the_recordings(house, ada):
    await house.set_tier("session-organiser", recording_days=30)
    made = await house.a_recording(ada, recorded_at=days_ago(100))
    async with house.database.transaction() as session:
        nobody = Holder(kind="organisation", name="Empty", created_at=days_ago(1))
        session.add(nobody)
        await session.flush()
        await session.execute(update(Recording).values(holder_id=nobody.id, host_id=None))
    async with house.post_office():
        await house.days(40)
        assert house.letters == []
    assert house.at_bbb(made) == "published"


async def test_the_workers_own_jobs_send_the_mail_and_write_down_that_it_was_sent(house, ada):
    """The same through the library that runs jobs, in demo mode: a mail in the mailbox counts as sent."""
    await house.set_tier("session-organiser", recording_days=30)
    made = await house.a_recording(ada, recorded_at=days_ago(20))
    context = house.context.additional_context
    settings = house.settings.model_copy(update={"demo": True, "smtp_url": SecretStr("")})
    around = jobs.Surroundings(settings, house.database, Alerts(house.database))
    async with house.database.transaction() as session:
        await jobs.defer(session, "keeping:keep", timestamp=0)
    with jobs.runner(settings, TASKS) as app:
        async with app.open_async():
            await app.run_worker_async(
                queues=[jobs.QUEUE],
                wait=False,
                install_signal_handlers=False,
                delete_jobs="successful",
                additional_context={**context, "surroundings": around},
            )
    assert (await house.row(made)).first_warned_at is not None
    assert len(await house.waiting_mails()) == 1


async def test_the_operator_chooses_what_becomes_of_recordings_and_warnings_begin_anew(house, ada):
    await house.set_tier("session-organiser", recording_days=30)
    made = await house.a_recording(ada, recorded_at=days_ago(20), first_warned_at=days_ago(1))
    olu = await a_person(house.database, "olu@example.org", is_operator=True)
    async with signed_in(house.site, olu) as operator:
        await operator.open("/admin/policy")
        assert operator.form("/policy").fields["recording_removal"] == "unpublish"
        await operator.submit("/policy", retention_grace_days="30")
        assert (await house.row(made)).first_warned_at is not None
        await operator.open("/admin/policy")
        await operator.submit("/policy", recording_removal="delete")
        assert "Saved. It holds from now on." in operator.words
    assert (await house.row(made)).first_warned_at is None
