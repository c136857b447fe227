"""BBB does what is wanted of a recording, at once or when it answers again; what its people do is left alone."""

import asyncio

import pytest
from sqlalchemy import text

from app import clock
from app.recordings import telling
from app.recordings.models import RecordingState, Wanted
from app.recordings.service import change_recording, delete_recording, restore_recording, trash_recording
from app.rooms.models import Visibility
from bbb_client.simulator.recordings import State

AS_IT_IS = {"name": "Weekly assembly", "keep_days": None, "hidden": set()}


async def states(house, recording):
    row = await house.row(recording)
    return row.state, row.wanted, house.at_bbb(recording)


async def test_what_nobody_may_see_is_unpublished_and_published_again(house, ada):
    made = await house.a_recording(ada)
    await house.do(change_recording, made, visibility=Visibility.NOBODY, **AS_IT_IS)
    assert await states(house, made) == ("published", "unpublished", "published")
    await house.work()
    assert await states(house, made) == ("unpublished", None, "unpublished")
    await house.do(change_recording, made, visibility=Visibility.LINK, **AS_IT_IS)
    await house.work()
    assert await states(house, made) == ("published", None, "published")


async def test_nothing_is_told_when_nothing_else_is_wanted(house, ada):
    """BBB's own people unpublished it: another name, or other people who may see it, does not publish it."""
    made = await house.a_recording(ada, state=RecordingState.UNPUBLISHED)
    house.put(made, State.UNPUBLISHED)
    wish = {**AS_IT_IS, "name": "Assembly of spring"}
    await house.do(change_recording, made, visibility=Visibility.PUBLIC, **wish)
    await house.work()
    await telling.tell_all(house.database, house.site.state.servers)
    assert await states(house, made) == ("unpublished", None, "unpublished")
    assert (await house.row(made)).name == "Assembly of spring"


@pytest.mark.parametrize("kind", ["dropped", "answer-lost", "nonsense", "checksum-refused"])
async def test_bbb_is_told_again_until_it_has_agreed(house, ada, kind):
    made = await house.a_recording(ada)
    house.misbehave(kind, "publishRecordings")
    await house.do(trash_recording, made)
    await house.work()
    await telling.tell_all(house.database, house.site.state.servers)
    assert (await house.row(made)).wanted == Wanted.UNPUBLISHED
    house.simulator.world.faults.clear()
    await telling.tell_all(house.database, house.site.state.servers)
    assert await states(house, made) == ("unpublished", None, "unpublished")


async def test_a_refusal_of_one_does_not_keep_the_others_waiting(house, ada):
    made = [await house.a_recording(ada) for _ in range(2)]
    for each in made:
        await house.do(trash_recording, each)
    house.misbehave("checksum-refused", "publishRecordings", times=1)
    await telling.tell_all(house.database, house.site.state.servers)
    assert [(await house.row(each)).wanted for each in made] == [Wanted.UNPUBLISHED, None]


async def test_what_is_still_being_made_is_told_once_it_is_published(house, ada):
    made = await house.a_recording(ada, state=RecordingState.PROCESSING)
    house.put(made, State.PROCESSING)
    await house.do(trash_recording, made)
    await house.work()
    assert await states(house, made) == ("processing", "unpublished", "processing")
    house.put(made)
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE recordings SET state = 'published'"))
    await telling.tell_all(house.database, house.site.state.servers)
    assert await states(house, made) == ("unpublished", None, "unpublished")


async def test_what_bbb_has_no_longer_counts_as_deleted_and_frees_its_bytes(house, ada):
    made, other = await house.a_recording(ada, bytes=7), await house.a_recording(ada, bytes=5)
    await house.do(trash_recording, made)
    await house.do(delete_recording, made)
    del house.simulator.world.recordings[made.record_id]
    assert (await house.holder(ada.holder_id)).stored_bytes == 12
    await house.work()
    assert await house.row(made) is None
    assert await house.row(other) is not None
    assert (await house.holder(ada.holder_id)).stored_bytes == 5


async def test_what_bbb_does_not_know_is_read_again(house, ada):
    made = await house.a_recording(ada)
    del house.simulator.world.recordings[made.record_id]
    await house.do(trash_recording, made)
    await house.work()
    row = await house.row(made)
    assert (row.wanted, row.state) == (None, "published")
    assert row.check_at <= clock.now()


@pytest.mark.slow
async def test_the_last_wish_wins_however_late_an_earlier_one_arrives(house, ada):
    """The first word is still on its way to BBB when it is taken back, told, and agreed to."""
    made = await house.a_recording(ada)
    await house.do(trash_recording, made)
    house.misbehave("slow", "publishRecordings", seconds=1, times=1)
    late = asyncio.create_task(telling.tell(house.database, house.site.state.servers, made.id))
    await asyncio.sleep(0.3)
    await house.do(restore_recording, made)
    assert await telling.tell(house.database, house.site.state.servers, made.id)
    assert (await house.row(made)).wanted is None
    await late
    assert (await house.row(made)).wanted == Wanted.PUBLISHED
    await house.work()
    assert await states(house, made) == ("published", None, "published")


async def test_telling_of_what_is_gone_meanwhile_changes_nothing(house, ada):
    made = await house.a_recording(ada)
    assert await telling.tell(house.database, house.site.state.servers, made.id + 1)
    assert await telling.tell(house.database, house.site.state.servers, made.id)
    assert await states(house, made) == ("published", None, "published")


def test_what_arrives_for_nobody_is_unpublished_from_the_start():
    assert telling.first_wish(Visibility.NOBODY) == Wanted.UNPUBLISHED
    assert telling.first_wish(Visibility.HOSTS) is None
