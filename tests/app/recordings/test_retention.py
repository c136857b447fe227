"""How long a recording is kept: the host's choice within the tier's, and seen again when there is time and space."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.memberships.models import Holder
from app.recordings.models import RecordingFormat, RecordingState, Wanted
from app.recordings.service import (
    KeptTooLongError,
    NoSpaceAgainError,
    TimeOverError,
    change_recording,
    is_shown,
    publish_again,
)
from app.rooms.models import Visibility
from tests.app.recordings.kept import days_ago
from tests.factories import put_on_tier

GIGABYTE = 1_000_000_000


async def change(house, made, **changes):
    wish = {"name": "Assembly", "visibility": Visibility.LINK, "keep_days": None, "hidden": set()}
    await house.do(change_recording, made, **{**wish, **changes})
    return await house.row(made)


async def test_a_host_may_keep_it_for_less_than_the_tier_does(house, ada):
    await house.set_tier("session-organiser", recording_days=30)
    made = await house.a_recording(ada, recorded_at=days_ago(1))
    assert (await change(house, made, keep_days=10)).kept_until == made.recorded_at + timedelta(days=10)
    assert (await change(house, made, keep_days=30)).kept_until == made.recorded_at + timedelta(days=30)
    with pytest.raises(KeptTooLongError, match="kept_too_long") as refused:
        await change(house, made, keep_days=31, name="Not this one")
    assert "30 days" in str(refused.value.message)
    assert (await house.row(made)).name == "Assembly"
    await house.round()
    assert (await change(house, made, keep_days=None)).kept_until == made.recorded_at + timedelta(days=30)


async def test_what_was_chosen_before_the_tier_was_lowered_does_not_keep_the_rest_from_being_changed(
    house, ada
):
    made = await house.a_recording(ada, keep_days=300)
    await house.set_tier("session-organiser", recording_days=30)
    row = await change(house, made, keep_days=300, name="Assembly of spring")
    assert (row.name, row.keep_days) == ("Assembly of spring", 300)


async def test_formats_are_hidden_and_shown_again(house, ada):
    made = await house.a_recording(ada)

    async def hidden():
        async with house.database.transaction() as session:
            found = select(RecordingFormat.type).where(RecordingFormat.hidden)
            return set(await session.scalars(found))

    await change(house, made, hidden={"podcast", "of no such kind"})
    assert await hidden() == {"podcast"}
    await change(house, made, hidden=set())
    assert await hidden() == set()


async def test_what_has_expired_is_published_by_choosing_a_longer_time(house, ada):
    made = await house.a_recording(
        ada, keep_days=5, recorded_at=days_ago(10), expired_at=days_ago(1), state=RecordingState.UNPUBLISHED
    )
    assert (await change(house, made, keep_days=5)).wanted is None
    assert (await change(house, made, keep_days=9)).expired_at is not None
    with pytest.raises(TimeOverError):
        await house.do(publish_again, made)
    row = await change(house, made, keep_days=40)
    assert (row.expired_at, row.wanted) == (None, Wanted.PUBLISHED)
    await house.work()
    assert is_shown(await house.row(made))


async def test_what_has_expired_is_published_again_once_the_tier_keeps_it_for_longer(house, ada):
    await house.set_tier("session-organiser", recording_days=5)
    made = await house.a_recording(
        ada, recorded_at=days_ago(10), expired_at=days_ago(1), state=RecordingState.UNPUBLISHED
    )
    with pytest.raises(TimeOverError):
        await house.do(publish_again, made)
    await house.set_tier("session-organiser", recording_days=None)
    await house.round()
    assert (await house.row(made)).expired_at is not None
    await house.do(publish_again, made)
    assert (await house.row(made)).wanted == Wanted.PUBLISHED


async def test_what_is_seen_anyway_can_be_published_again_and_stays_as_it_is(house, ada):
    made = await house.a_recording(ada)
    await house.do(publish_again, made)
    assert (await house.row(made)).wanted is None


async def test_what_went_for_space_comes_back_only_where_it_fits(house, ada):
    old = {"recorded_at": days_ago(10), "expired_at": days_ago(1), "state": RecordingState.UNPUBLISHED}
    gone = await house.a_recording(ada, bytes=GIGABYTE // 2, **old)
    await house.a_recording(ada, bytes=GIGABYTE // 2 + 1)
    async with house.database.transaction() as session:
        await session.execute(
            update(Holder).where(Holder.id == ada.holder_id).values(over_since=days_ago(89))
        )
    # As long as nothing is removed for space, it may be seen as all the others may.
    await house.do(publish_again, gone)
    async with house.database.transaction() as session:
        await session.execute(update(Holder).values(over_since=days_ago(91)))
        (await session.merge(gone)).expired_at = clock.now()
    with pytest.raises(NoSpaceAgainError):
        await house.do(publish_again, gone)
    with pytest.raises(NoSpaceAgainError):
        await change(house, gone, keep_days=100)
    await put_on_tier(house.database, ada.holder_id, "consumer")
    await house.do(publish_again, gone)
    assert (await house.row(gone)).expired_at is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({}, True),
        ({"wanted": Wanted.PUBLISHED}, True),
        ({"wanted": Wanted.UNPUBLISHED}, False),
        ({"wanted": Wanted.DELETED}, False),
        ({"visibility": Visibility.NOBODY}, False),
        ({"state": RecordingState.PROCESSING}, False),
        ({"state": RecordingState.UNPUBLISHED}, False),
        ({"state": RecordingState.UNPUBLISHED, "wanted": Wanted.PUBLISHED}, False),
        ({"state": RecordingState.GONE}, False),
        ({"trashed_at": clock.now()}, False),
        ({"expired_at": clock.now()}, False),
    ],
)
async def test_only_what_is_published_and_is_to_stay_so_is_shown(house, ada, columns, shown):
    assert is_shown(await house.a_recording(ada, **columns)) is shown
