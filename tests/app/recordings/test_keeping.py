"""Nothing is removed without two warnings that were sent, whatever happens to dates, mails and workers meanwhile."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app import clock, wording
from app.mail import OutgoingMail
from app.recordings import keeping
from app.recordings.models import Recording, Wanted
from app.recordings.retention import forget_warnings
from app.recordings.service import change_recording
from app.rooms.models import Visibility
from tests.app.recordings.kept import days_ago

# Whole stories with rounds and days that pass: too many seconds for the loop.
pytestmark = pytest.mark.slow

UNPUBLISHED, DELETED = "One recording is unpublished on", "One recording is deleted on"


@pytest.fixture
async def ending(house, ada):
    """A recording of ten days ago, on a tier that keeps recordings for 30."""
    await house.set_tier("session-organiser", recording_days=30)
    return await house.a_recording(ada, recorded_at=days_ago(10), name="Assembly <of> spring")


def _day(number):
    return wording.day(clock.now() + timedelta(days=number))


async def marks(house, recording):
    row = await house.row(recording)
    return row.first_warned_at is not None, row.last_warned_at is not None, row.expired_at is not None


async def test_14_days_3_days_the_day_and_it_can_still_be_published_again(house, ending):
    async with house.post_office():
        await house.days(5)
        assert (house.subjects(), await marks(house, ending)) == ([], (False, False, False))
        await house.days(1)
        assert house.subjects() == [f"{UNPUBLISHED} {_day(14)}"]
        assert await marks(house, ending) == (True, False, False)
        said = house.body()
        assert "Assembly <of> spring, recorded on" in said
        assert "nobody can play them any more. They stay on the server" in said
        assert "You get one more mail about this, 3 days before." in said
        assert "http://127.0.0.1:8000/recordings" in said
        assert "Assembly &lt;of&gt; spring" in house.body("html")
        await house.days(10)
        assert (len(house.letters), await marks(house, ending)) == (1, (True, False, False))
        await house.days(1)
        assert house.subjects()[1:] == [f"{UNPUBLISHED} {_day(3)}"]
        assert "This is the last mail about it." in house.body()
        await house.days(2)
        assert (await marks(house, ending), house.at_bbb(ending)) == ((True, True, False), "published")
        await house.days(1)
        assert (await marks(house, ending), house.at_bbb(ending)) == ((False, False, True), "unpublished")
        await house.days(40)
        assert len(house.letters) == 2
        assert (await house.holder(ending.holder_id)).stored_bytes == ending.bytes


async def test_as_long_as_the_mail_server_refuses_nothing_is_removed_and_one_mail_waits(house, ending):
    await house.days(12)
    assert await marks(house, ending) == (False, False, False)
    assert len(await house.waiting_mails()) == 1
    await house.days(10)
    assert (await marks(house, ending), house.at_bbb(ending)) == ((False, False, False), "published")
    (waiting,) = await house.waiting_mails()
    assert waiting.subject.startswith(UNPUBLISHED)
    assert waiting.created_at > days_ago(3)
    async with house.post_office():
        await house.work()
        assert house.subjects() == [waiting.subject]
        await house.days(13)
        assert (await marks(house, ending), house.at_bbb(ending)) == ((True, True, False), "published")
        await house.days(1)
    assert await marks(house, ending) == (False, False, True)


async def test_a_last_warning_that_cannot_be_sent_leaves_the_recording_alone(house, ending):
    async with house.post_office():
        await house.days(8)
    await house.days(15)
    assert (await marks(house, ending), house.at_bbb(ending)) == ((True, False, False), "published")


async def test_a_longer_time_chosen_in_between_forgets_the_warnings_and_warns_anew(house, ending):
    async with house.post_office():
        await house.days(18)
        assert await marks(house, ending) == (True, True, False)
        await house.set_tier("session-organiser", recording_days=90)
        await house.days(30)
        assert (len(house.letters), await marks(house, ending)) == (2, (False, False, False))
        await house.days(30)
        assert (len(house.letters), await marks(house, ending)) == (4, (True, True, False))


async def test_a_date_that_comes_nearer_puts_the_removal_off_instead_of_skipping_a_warning(house, ada):
    made = await house.a_recording(ada, recorded_at=days_ago(200))
    async with house.post_office():
        await house.days(1)
        assert house.letters == []
        wish = {"name": "x", "visibility": Visibility.LINK, "hidden": set()}
        await house.do(change_recording, made, keep_days=7, **wish)
        await house.round()
        assert house.subjects() == [f"{UNPUBLISHED} {_day(14)}"]
        await house.days(13)
        assert (len(house.letters), await marks(house, made)) == (2, (True, True, False))
        await house.days(1)
        assert await marks(house, made) == (False, False, True)


async def test_the_policy_to_delete_says_so_and_deletes_straight_away(house, ending):
    await house.set_policy(recording_removal="delete")
    async with house.post_office():
        await house.days(19)
        assert [subject.startswith(DELETED) for subject in house.subjects()] == [True, True]
        assert "deleted from the server, for good. They do not go through the trash." in house.body()
        assert house.at_bbb(ending) == "published"
        await house.days(1)
    assert (await house.row(ending), house.at_bbb(ending)) == (None, "deleted")
    assert (await house.holder(ending.holder_id)).stored_bytes == 0


async def test_what_was_warned_of_being_unpublished_is_not_deleted_without_new_warnings(house, ending):
    async with house.post_office():
        await house.days(18)
        # As the operator's form does it; a mail of the old policy that is still under way counts for nothing.
        await house.set_policy(recording_removal="delete")
        async with house.database.transaction() as session:
            await forget_warnings(session)
        await house.days(14)
        assert [subject.startswith(DELETED) for subject in house.subjects()] == [False, False, True, True]
        assert await house.row(ending) is not None
        await house.days(1)
    assert await house.row(ending) is None


async def test_a_warning_of_another_policy_that_arrives_late_counts_for_nothing(house, ending):
    await house.days(6)
    await house.set_policy(recording_removal="delete")
    async with house.post_office():
        await house.work()
        assert [subject.startswith(UNPUBLISHED) for subject in house.subjects()] == [True]
        assert await marks(house, ending) == (False, False, False)
        await house.round()
        assert [subject.startswith(DELETED) for subject in house.subjects()] == [False, True]
        assert await marks(house, ending) == (True, False, False)


async def test_what_was_unpublished_is_deleted_under_a_new_policy_after_new_warnings(house, ending):
    async with house.post_office():
        await house.days(20)
        assert await marks(house, ending) == (False, False, True)
        await house.set_policy(recording_removal="delete")
        await house.days(14)
        assert len(house.letters) == 4
        assert await house.row(ending) is not None
        await house.days(1)
        assert await house.row(ending) is None


async def test_a_mail_that_was_overtaken_by_a_longer_time_counts_for_nothing(house, ending):
    await house.days(6)
    await house.set_tier("session-organiser", recording_days=None)
    async with house.post_office():
        await house.work()
        assert (len(house.letters), await marks(house, ending)) == (1, (False, False, False))
        await house.days(60)
    assert (await marks(house, ending), house.at_bbb(ending)) == ((False, False, False), "published")


async def test_two_workers_at_once_write_one_mail(house, ending):
    await house.move_clock(days=6)
    await asyncio.gather(*(house.look() for _ in range(4)))
    await house.look()
    assert len(await house.waiting_mails()) == 1


async def test_a_worker_killed_between_the_mail_and_its_mark_sends_one_more_at_worst(house, ending):
    await house.move_clock(days=6)
    await house.look()
    async with house.post_office():
        # It handed the mail over, and was killed before it could say so: another one does the job again.
        job = await house.next_job()
        (mail,) = await house.waiting_mails()
        copy = {column.name: getattr(mail, column.name) for column in OutgoingMail.__table__.columns}
        await house.do_job(job)
        async with house.database.transaction() as session:
            await session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'keeping:warned'"))
            session.add(OutgoingMail(**copy))
        await house.round()
        assert (len(house.letters), await marks(house, ending)) == (2, (True, False, False))
        # Killed after that, with the mark still to be made: no further mail meanwhile, and nothing sooner.
        await house.move_clock(days=11)
        await house.look()
        await house.do_job(await house.next_job())
        await house.look()
        assert (len(await house.waiting_mails()), await marks(house, ending)) == (0, (True, False, False))
        await house.days(2)
        assert (len(house.letters), await marks(house, ending)) == (3, (True, True, False))
        await house.days(1)
        assert await marks(house, ending) == (True, True, False)
        await house.days(1)
        assert await marks(house, ending) == (False, False, True)


async def test_one_mail_names_all_that_end_within_a_day_and_counts_the_rest(house, ada):
    await house.set_tier("session-organiser", recording_days=30)
    for index in range(60):
        await house.a_recording(
            ada, name=f"Recording {index:02}", recorded_at=days_ago(15.2 + index / 100), bytes=1
        )
    async with house.post_office():
        await house.round()
        assert house.letters == []
        await house.move_clock(hours=6)
        await house.round()
        assert [subject.partition(" are")[0] for subject in house.subjects()] == ["60 recordings"]
        assert house.body().count("recorded on") == 50
        assert "And 10 more. Your page shows them all." in house.body()
        await house.days(1)
        assert len(house.letters) == 1
    async with house.database.transaction() as session:
        warned = select(func.count(Recording.first_warned_at))
        assert await session.scalar(warned) == 60


async def test_what_is_in_the_trash_or_deleted_is_not_warned_of(house, ada):
    await house.set_tier("session-organiser", recording_days=30)
    for columns in ({"trashed_at": clock.now()}, {"wanted": Wanted.DELETED}, {"state": "gone"}):
        await house.a_recording(ada, recorded_at=days_ago(100), bytes=1, **columns)
    async with house.post_office():
        await house.look()
        assert await house.waiting_mails() == []


async def test_a_holder_who_is_busy_is_looked_at_in_the_next_round(house, ending):
    await house.move_clock(days=6)
    async with house.database.transaction() as session:
        await session.execute(text("SELECT id FROM holders FOR UPDATE"))
        await house.look()
    assert await house.waiting_mails() == []
    await house.look()
    assert len(await house.waiting_mails()) == 1


async def test_the_round_of_the_worker_runs_by_the_hour_and_in_the_demo_by_the_minute(house, ending):
    await house.move_clock(days=6)
    context = house.context
    await keeping.keep_all.func(context, timestamp=keeping.AT_MINUTE * 60 + 60)
    assert await house.waiting_mails() == []
    await keeping.keep_all.func(context, timestamp=keeping.AT_MINUTE * 60)
    assert len(await house.waiting_mails()) == 1
