"""The trash: 7 days in which nobody can play it and it still counts; then it goes, and its bytes with it."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.errors import NotFoundError
from app.recordings.models import RecordingFormat, RecordingState, Wanted
from app.recordings.service import (
    DeletedError,
    InTrashError,
    NotInTrashError,
    change_recording,
    delete_recording,
    is_shown,
    publish_again,
    restore_recording,
    trash_recording,
)
from app.recordings.trash import empty_trash
from app.rooms.models import Visibility
from tests.app.recordings.kept import days_ago

CHANGES = {"name": "Other", "visibility": Visibility.LINK, "keep_days": None, "hidden": set()}


async def stored(house, holder_id):
    return (await house.holder(holder_id)).stored_bytes


async def test_after_seven_days_in_the_trash_it_is_deleted_and_its_bytes_are_free(house, ada):
    made = await house.a_recording(ada, bytes=10)
    await house.do(trash_recording, made)
    await house.work()
    assert house.at_bbb(made) == "unpublished"
    assert not is_shown(await house.row(made))
    await house.days(6)
    assert (await house.row(made)).wanted is None
    assert await stored(house, ada.holder_id) == 10
    await house.days(1)
    assert await house.row(made) is None
    assert house.at_bbb(made) == "deleted"
    assert await stored(house, ada.holder_id) == 0
    async with house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(RecordingFormat)) == 0


async def test_restored_within_seven_days_it_is_seen_by_the_same_people_again(house, ada):
    made = await house.a_recording(ada, visibility=Visibility.PUBLIC)
    await house.do(trash_recording, made)
    await house.days(6)
    await house.do(restore_recording, made)
    await house.work()
    row = await house.row(made)
    assert (house.at_bbb(made), row.visibility, is_shown(row)) == ("published", Visibility.PUBLIC, True)
    await house.days(3)
    assert (await house.row(made)).wanted is None


async def test_what_nobody_may_see_stays_unpublished_when_it_is_restored(house, ada):
    made = await house.a_recording(ada, visibility=Visibility.NOBODY, state=RecordingState.UNPUBLISHED)
    await house.do(trash_recording, made)
    await house.do(restore_recording, made)
    row = await house.row(made)
    assert (row.wanted, is_shown(row)) == (None, False)


async def test_bytes_stay_charged_until_bbb_has_agreed(house, ada):
    made = await house.a_recording(ada, bytes=10)
    await house.do(trash_recording, made)
    house.misbehave("error-500", "deleteRecordings")
    await house.days(8)
    assert (await house.row(made)).wanted == Wanted.DELETED
    assert await stored(house, ada.holder_id) == 10
    for verb in (restore_recording, trash_recording, delete_recording, publish_again):
        with pytest.raises(DeletedError):
            await house.do(verb, made)
    house.simulator.world.faults.clear()
    from app.recordings import telling

    await telling.tell_all(house.database, house.site.state.servers)
    assert await house.row(made) is None
    assert await stored(house, ada.holder_id) == 0


async def test_deleting_from_the_trash_does_not_wait_and_makes_room(house, ada):
    made = await house.a_recording(ada, bytes=10)
    with pytest.raises(NotInTrashError):
        await house.do(delete_recording, made)
    await house.do(trash_recording, made)
    await house.do(delete_recording, made)
    await house.work()
    assert await house.row(made) is None
    assert await stored(house, ada.holder_id) == 0


async def test_what_is_in_the_trash_cannot_be_changed(house, ada):
    made = await house.a_recording(ada)
    await house.do(trash_recording, made)
    for verb, values in ((change_recording, CHANGES), (publish_again, {}), (trash_recording, {})):
        with pytest.raises(InTrashError):
            await house.do(verb, made, **values)
    with pytest.raises(NotInTrashError):
        await house.do(restore_recording, await house.a_recording(ada))


async def test_what_bbb_has_no_longer_cannot_be_changed(house, ada):
    made = await house.a_recording(ada, state=RecordingState.GONE)
    for verb, values in ((change_recording, CHANGES), (trash_recording, {}), (publish_again, {})):
        with pytest.raises(DeletedError):
            await house.do(verb, made, **values)


@pytest.mark.parametrize(
    ("verb", "told"), [(trash_recording, InTrashError), (restore_recording, NotInTrashError)]
)
async def test_of_two_people_at_once_one_does_it_and_the_other_is_told(house, ada, verb, told):
    made = await house.a_recording(ada)
    if verb is restore_recording:
        await house.do(trash_recording, made)
    answers = await asyncio.gather(*(house.do(verb, made) for _ in range(5)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == sorted([told.__name__] * 4 + ["NoneType"])


async def test_restored_as_the_trash_is_emptied_it_is_either_kept_or_deleted_for_good(house, ada):
    made = [await house.a_recording(ada, trashed_at=days_ago(8)) for _ in range(6)]
    answers = await asyncio.gather(
        *(house.do(restore_recording, each) for each in made),
        empty_trash(house.database),
        return_exceptions=True,
    )
    for each, answer in zip(made, answers, strict=False):
        row = await house.row(each)
        if answer is None:
            assert (row.trashed_at, row.wanted) == (None, Wanted.PUBLISHED)
        else:
            assert isinstance(answer, DeletedError)
            assert row.wanted == Wanted.DELETED


async def test_a_recording_that_is_forgotten_meanwhile_is_not_found(house, ada):
    made = await house.a_recording(ada)
    async with house.database.transaction() as session:
        await session.delete(await session.merge(made))
    async with house.database.transaction() as session:
        with pytest.raises(NotFoundError):
            await trash_recording(session, made)
